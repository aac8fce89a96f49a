#!/bin/bash
# Builds the drop-in libavfilter and runs the distribution's own ffmpeg with it: nothing is lost,
# `mien` is added, and it makes the frames that the frei0r plugin makes.
set -euo pipefail
. "$(dirname "$0")/ffmpeg_checks.sh"

out=${FFMPEG_DROPIN:-$top/.cache/ffmpeg-dropin}
status=0
MIEN_BUILD=$build "$top/plugin/ffmpeg/build_dropin.sh" "$out" || status=$?
if [ "$status" = 77 ]; then
    echo "skipped: the drop-in cannot be built on this machine, for the reason above"
    exit 77
fi
[ "$status" = 0 ]
ff=(env "LD_LIBRARY_PATH=$out" ffmpeg)
style=mien=style=cartoon:smooth=0

# It is Debian's library in all but one filter.
library() { ldd "$(command -v ffmpeg)" | sed -n 's/^.*libavfilter[^ ]* => \([^ ]*\) .*/\1/p'; }
filters() { "$@" -v quiet -filters | awk '{ print $2 }'; }
stock=$(library)
symbols() { nm -D --defined-only "$1" | cut -d' ' -f2-; }
same "exported symbols" "$(symbols "$stock")" "$(symbols "$out/$(basename "$stock")")"
same "filters: one more" "> mien" \
    "$(diff <(filters ffmpeg) <(filters "${ff[@]}") | grep '^[<>]')"
same "ffmpeg uses it" "$out/$(basename "$stock")" "$(LD_LIBRARY_PATH=$out library)"

plain=$(hashes 96x64 4 format=yuv420p)
same "bypass" "$plain" "$(hashes 96x64 4 format=yuv420p,mien)"
styled=$(hashes 96x64 4 "format=rgba,$style")
differ "style" "$(hashes 96x64 4 format=rgba)" "$styled"
same "enable" "$plain" "$(hashes 96x64 4 "format=yuv420p,$style:enable='gte(t,5)'")"
same "sendcmd" 4 "$(hashes 96x64 4 "sendcmd=c='0.2 mien style cartoon',mien" | wc -l)"
refused "unknown style" nosuchstyle mien=style=nosuchstyle

frei0r=$build/plugin/frei0r
if [ -e "$frei0r/mien.so" ]; then
    chain="format=rgba,frei0r=mien:filter_params=style=cartoon smooth=0"
    same "the frei0r plugin makes the same frames" "$styled" \
        "$(FREI0R_PATH=$frei0r hashes 96x64 4 "$chain")"
else
    skip "no frei0r plugin in $build to compare with"
fi

# A file as people have it, by the distribution's codecs.
x264=(-c:v libx264 -preset ultrafast)
run_ff -f lavfi -i "$(source_of 96x64)" -f lavfi -i sine -t 0.5 "${x264[@]}" -c:a aac \
    -y "$work/in.mp4" || true
run_ff -i "$work/in.mp4" -vf "$style" "${x264[@]}" -c:a copy -y "$work/out.mp4" || true
streams=$(ffprobe -v error -count_frames -show_entries stream=codec_type,nb_read_frames \
    -of csv=p=0 "$work/out.mp4" | sed 's/^audio.*/audio/' | tr '\n' ' ' | sed 's/ $//') || true
same "mp4 to mp4" "video,5 audio" "$streams"
finish
