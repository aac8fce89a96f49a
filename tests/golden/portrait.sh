#!/bin/sh
# The picture of the tests as 512x512 RGBA bytes; an empty file where it or ffmpeg is lacking.
picture=$("$(dirname "$0")/../portrait_path.sh")
: >"$1"
[ -n "$picture" ] && command -v ffmpeg >/dev/null || exit 0
exec ffmpeg -nostdin -v error -y -i "$picture" -f rawvideo -pix_fmt rgba "$1"
