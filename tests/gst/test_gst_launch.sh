#!/bin/bash
# The element in stock gst-launch-1.0. Arguments: folder of libgstmien.so, folder for the registry.
# Exit 77 skips: no gst-launch-1.0.
set -euo pipefail

plugin_dir=$1
registry_dir=$2
size='width=128,height=96,framerate=25/1'
styled='mien style=cartoon device=cpu quality=low'

if ! command -v gst-launch-1.0 >/dev/null; then
    echo 'skipped: gst-launch-1.0 is not installed'
    exit 77
fi
export GST_PLUGIN_PATH=$plugin_dir GST_REGISTRY=$registry_dir/registry-system.bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

failures=0
check() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then echo "ok - $what"; else echo "not ok - $what"; failures=$((failures + 1)); fi
}

# Frames of a pipeline with ELEMENT in it go to FILE.
play() { # FILE FORMAT ELEMENT
    # shellcheck disable=SC2086 # the element's words are meant to be split
    gst-launch-1.0 -q videotestsrc num-buffers=3 ! "video/x-raw,format=$2,$size" ! $3 ! \
        filesink location="$1" 2>"$work/err"
}

differs() { ! cmp -s "$1" "$2"; }
filled() { [ -s "$1" ]; }
said() { grep -q -e "$1" "$work/err"; }

# The pipeline must fail, and say TEXT.
fails_with() { # TEXT ELEMENT
    if play "$work/out" I420 "$2"; then
        echo 'it did not fail'
        return 1
    fi
    [ "$(grep -c -e "$1" "$work/err")" = 1 ] || { cat "$work/err"; return 1; } # once, at that
}

inspect() {
    gst-inspect-1.0 mien >"$work/inspect" && grep -q 'style-strength ' "$work/inspect" &&
        grep -q 'Range: *0 - *1 Default: *0.8' "$work/inspect" &&
        grep -q 'License *MIT/X11' "$work/inspect"
}
check 'gst-inspect-1.0 shows the element' inspect

for format in I420 YUY2 RGBA; do
    play "$work/plain" "$format" identity
    check "without a style $format passes" play "$work/bypass" "$format" mien
    check "bit by bit" cmp "$work/plain" "$work/bypass"
done

check 'an unknown device ends it and is named' fails_with 'no-such-gpu' \
    'mien style=cartoon device=no-such-gpu'
check 'an unknown property ends it and is named' fails_with 'no-such-thing' 'mien no-such-thing=1'
check 'an unknown choice ends it and is named' fails_with 'quality.*best' 'mien quality=best'

if ! play "$work/styled" I420 "$styled" && said 'no Vulkan'; then
    echo "skipped the styled part: $(grep -m1 Vulkan "$work/err")"
else
    check 'an unknown style ends it and is named' fails_with 'no-such-style' \
        'mien style=no-such-style device=cpu'
    for format in I420 NV12 BGRx; do
        play "$work/plain" "$format" identity
        check "a styled $format plays" play "$work/styled" "$format" "$styled"
        check 'it has frames' filled "$work/styled"
        check 'it differs' differs "$work/plain" "$work/styled"
    done
    check 'strength 0 is bypass' play "$work/styled" BGRx "$styled style-strength=0"
    check 'bit by bit' cmp "$work/plain" "$work/styled"
fi

[ "$failures" = 0 ]
