#!/bin/bash
# Makes a moving clip from a still picture: it pans, zooms and rolls slowly, with a little noise,
# 4 s of 1280x720 at 25 frames a second. Arguments: PICTURE (about square) CLIP.mp4
set -euo pipefail

picture=$1
clip=$2

# A window of 16:9 moves over the picture; perspective's four corners are the window's, turned by
# a small angle. `in` counts the 100 frames; everything is in widths of the (square) picture.
half='(0.40-0.10*in/100)'
across='(0.43+0.06*sin(in/100*PI))'
down='(0.25-0.05*in/100)'
roll='(0.05*sin(in/100*2*PI))'
corner() { # X Y, each -1 or 1: the source position of a corner of the clip
    local x="($1*$half)" y="($2*$half*9/16)"
    echo "W*($across+$x*cos($roll)-$y*sin($roll))|H*($down+$x*sin($roll)+$y*cos($roll))"
}
quad=
number=0
for signs in '-1 -1' '1 -1' '-1 1' '1 1'; do
    # shellcheck disable=SC2086 # two words
    position=$(corner $signs)
    quad+=":x$number='${position%|*}':y$number='${position#*|}'"
    number=$((number + 1))
done

ffmpeg -nostdin -hide_banner -v error -y -loop 1 -framerate 25 -t 4 -i "$picture" -vf "
    scale=1280:1280:flags=lanczos,format=yuv444p,
    perspective=sense=source:eval=frame:interpolation=linear$quad,
    scale=1280:720:out_color_matrix=bt709:flags=bicubic,noise=alls=5:allf=t,format=yuv420p" \
    -c:v libx264 -preset veryfast -crf 20 \
    -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv \
    -movflags +faststart -f mp4 "$clip"
