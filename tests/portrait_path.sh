#!/bin/sh
# Prints where the picture of the tests is, NASA's public-domain portrait of Eileen Collins in the
# Debian package python3-imageio, 512x512 RGB; nothing where it is not installed.
dpkg -L python3-imageio 2>/dev/null | sed -n '/\/astronaut\.png$/p'
