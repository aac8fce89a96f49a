#!/bin/bash
# The plugin in its stock hosts, ffmpeg and GStreamer. Arguments: folder of mien.so, folder for
# GStreamer's registry, folder of the models, the portrait that portrait.sh has made. Exit 77 skips:
# neither host is there.
set -euo pipefail

export FREI0R_PATH=$1 GST_REGISTRY=$2/registry-frei0r.bin
models=$3
portrait=$4
size=128x96
styled='style=cartoon device=cpu quality=low'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

failures=0
check() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then echo "ok - $what"; else echo "not ok - $what"; failures=$((failures + 1)); fi
}

differs() { ! cmp -s "$1" "$2"; }
said() { grep -q -e "$1" "$work/err"; }
said_once() { [ "$(grep -c -e "$1" "$work/err")" = 1 ]; }
no_device() { said 'no Vulkan'; }

# FRAMES frames through GRAPH into FILE as raw RGBA.
ff() { # FILE FRAMES GRAPH
    ffmpeg -nostdin -hide_banner -v error -y -f lavfi -i "testsrc2=s=$size:r=25,format=rgba" \
        -frames:v "$2" -vf "$3" -f rawvideo -pix_fmt rgba "$1" 2>"$work/err"
}

# Frame NUMBER (from 0) of a file, on standard output.
frame() { # FILE NUMBER
    dd if="$1" bs=$((128 * 96 * 4)) skip="$2" count=1 status=none
}
same_frame() { cmp -s <(frame "$1" "$3") <(frame "$2" "$3"); }
other_frame() { ! same_frame "$@"; }

test_ffmpeg() {
    local command="sendcmd=c='0.4 frei0r filter_params style-strength=1'"
    ff "$work/plain" 20 null
    check 'ffmpeg: without a style' ff "$work/bypass" 20 frei0r=mien
    check 'bit by bit' cmp "$work/plain" "$work/bypass"
    check 'ffmpeg: a bad value is no crash' ff "$work/out" 3 \
        'frei0r=mien:filter_params=style-strength=7'
    check 'and is named' said 'mien: style-strength=7 is out of range'
    check 'ffmpeg: an unknown device passes frames' ff "$work/out" 20 \
        'frei0r=mien:filter_params=style=cartoon device=no-such-gpu'
    check 'and is named once' said_once 'no-such-gpu'
    check 'bit by bit' cmp "$work/plain" "$work/out"

    ff "$work/styled" 20 "frei0r=mien:filter_params=$styled"
    if no_device; then
        echo "skipped the styled part: $(grep -m1 Vulkan "$work/err")"
        return
    fi
    check 'ffmpeg: a style' differs "$work/plain" "$work/styled"
    check 'nothing on stderr' test ! -s "$work/err"
    check 'ffmpeg: the single parameters' ff "$work/single" 20 \
        'frei0r=mien:||||||cartoon|1|frame|0.8|0.43|hold|low|cpu'
    check 'are the same' cmp "$work/styled" "$work/single"
    # The strength is 0 until 0.4 s (frame 10); the ramp up takes 5 frames.
    check 'ffmpeg: a change while it plays' ff "$work/live" 20 \
        "$command,frei0r=mien:filter_params=$styled style-strength=0"
    check 'before it the frames pass' same_frame "$work/plain" "$work/live" 8
    check 'after it they do not' other_frame "$work/plain" "$work/live" 16
    check 'ffmpeg: an unknown style passes frames' ff "$work/out" 20 \
        'frei0r=mien:filter_params=style=no-such-style device=cpu'
    check 'and is named once' said_once 'no-such-style'
    check 'bit by bit' cmp "$work/plain" "$work/out"
    test_age
}

# Two frames of the portrait through GRAPH into FILE.
face() { # FILE GRAPH
    ffmpeg -nostdin -hide_banner -v error -y -stream_loop 1 -f rawvideo -pix_fmt rgba -s 512x512 \
        -i "$portrait" -vf "$2" -f rawvideo "$1" 2>"$work/err"
}

# Part of each frame of the portrait: the rows above the face, those with it, those below.
rows() { # FILE FROM COUNT
    local frame
    for frame in 0 1; do
        dd if="$1" bs=2048 skip=$((frame * 512 + $2)) count="$3" status=none
    done
}
same_rows() { cmp -s <(rows "$1" "$3" "$4") <(rows "$2" "$3" "$4"); }
other_rows() { ! same_rows "$@"; }

test_age() {
    if [ ! -s "$portrait" ] || [ ! -e "$models/face-mesh.onnx" ]; then
        echo 'skipped age: no portrait, or no face networks (models/fetch_faces.sh)'
        return
    fi
    face "$work/bare" null
    check 'ffmpeg: age' face "$work/aged" 'frei0r=mien:filter_params=age=30 device=cpu'
    check 'nothing on stderr' test ! -s "$work/err"
    check 'changes the rows of the face' other_rows "$work/bare" "$work/aged" 90 70
    check 'none above' same_rows "$work/bare" "$work/aged" 0 69
    check 'none below' same_rows "$work/bare" "$work/aged" 179 333
    # The first of the single parameters, as a share of -40..50.
    check 'ffmpeg: age as a single parameter' face "$work/single" \
        'frei0r=mien:|1||||||1|frame|0.8|0.43|hold|auto|cpu'
    check 'is more at its end' other_rows "$work/aged" "$work/single" 90 70
    check 'and the same' face "$work/most" 'frei0r=mien:filter_params=age=50 device=cpu'
    check 'as by name' cmp "$work/most" "$work/single"
}

gst() { # FILE PROPERTIES...
    local file=$1
    shift
    gst-launch-1.0 -q videotestsrc num-buffers=3 ! \
        video/x-raw,format=RGBA,width=128,height=96,framerate=25/1 ! \
        frei0r-filter-mien "$@" ! filesink location="$file" 2>"$work/err"
}

test_gstreamer() {
    gst-launch-1.0 -q videotestsrc num-buffers=3 ! \
        video/x-raw,format=RGBA,width=128,height=96,framerate=25/1 ! filesink location="$work/plain"
    check 'GStreamer: without a style' gst "$work/bypass"
    check 'bit by bit' cmp "$work/plain" "$work/bypass"
    gst "$work/styled" params="$styled"
    no_device && return
    check 'GStreamer: a style in parameter 0' differs "$work/plain" "$work/styled"
    check 'GStreamer: the single parameters' gst "$work/single" style=cartoon device=cpu quality=low
    check 'are the same' cmp "$work/styled" "$work/single"
}

hosts=0
if command -v ffmpeg >/dev/null && [[ $(ffmpeg -v quiet -filters) == *frei0r* ]]; then
    test_ffmpeg
    hosts=$((hosts + 1))
else
    echo 'skipped: no ffmpeg with frei0r'
fi
if command -v gst-inspect-1.0 >/dev/null && gst-inspect-1.0 frei0r-filter-mien >/dev/null 2>&1; then
    test_gstreamer
    hosts=$((hosts + 1))
else
    echo 'skipped: no GStreamer with frei0r (gstreamer1.0-plugins-bad)'
fi
[ "$hosts" -gt 0 ] || exit 77
[ "$failures" = 0 ]
