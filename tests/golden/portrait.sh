#!/bin/sh
# NASA's public-domain portrait from the Debian package python3-imageio as 512x512 RGBA bytes; an
# empty file where it or ffmpeg is lacking.
picture=$(dpkg -L python3-imageio 2>/dev/null | grep '/astronaut.png$')
: >"$1"
[ -n "$picture" ] && command -v ffmpeg >/dev/null || exit 0
exec ffmpeg -nostdin -v error -y -i "$picture" -f rawvideo -pix_fmt rgba "$1"
