#!/bin/bash
# Builds FFmpeg with the filter `mien` and runs it: options, bypass, style, changes while it plays,
# errors. The pictures are small, because the device may be a CPU.
set -euo pipefail
. "$(dirname "$0")/ffmpeg_checks.sh"

out=${FFMPEG_NATIVE:-$top/.cache/ffmpeg-native}
MIEN_BUILD=$build "$top/plugin/ffmpeg/build_ffmpeg.sh" "$out"
ff=("$out/ffmpeg")
style=mien=style=cartoon:smooth=0

# The options are the library's table.
help=$("${ff[@]}" -hide_banner -h filter=mien)
names=$(sed -n 's/^MI_PARAM_[A-Z]*([A-Z_]*, "\([a-z-]*\)".*/\1/p' "$top/core/params.def")
listed=$(sed -n 's/^  \{1,\}\([a-z-]*\) *<.*\.\.FV.*T\..*/\1/p' <<<"$help" |
    grep -v '^enable$') || true
same "help lists the table" "$names" "$listed"

grep -q ' face_meta  *<boolean>  *\.\.FV.*T\.\.* ' <<<"$help" &&
    ok "help lists face_meta" || not_ok "help does not list face_meta"

# Every format, odd sizes; ffmpeg converts what the filter does not take.
for format in yuv420p yuvj420p nv12 yuyv422 rgba bgra rgb0 bgr0; do
    for size in 64x48 101x77 16x17; do
        same "bypass $format $size" "$(hashes $size 2 "format=$format")" \
            "$(hashes $size 2 "format=$format,mien,format=$format")"
    done
    plain=$(hashes 101x77 2 "format=$format")
    styled=$(hashes 101x77 2 "format=$format,$style")
    same "style $format 101x77: frames" 2 "$(wc -l <<<"$styled")"
    differ "style $format 101x77" "$plain" "$styled"
    same "strength 0, $format" "$plain" \
        "$(hashes 101x77 2 "format=$format,$style:style-strength=0")"
done
for format in yuv444p10le gray rgb24; do
    same "converted: $format" 2 "$(hashes 101x77 2 "format=$format,$style" | wc -l)"
done
same "one frame in, one out" 7 "$(hashes 64x64 7 "$style" | wc -l)"
same "the same frames each run" "$(hashes 96x64 3 "$style:smooth=1")" \
    "$(hashes 96x64 3 "$style:smooth=1")"

# A frame that another filter holds is not written to, and one upside down is read right.
plain=$(hashes 96x64 3 format=rgba)
styled=$(hashes 96x64 3 "format=rgba,$style")
same "shared frames" "$plain" \
    "$(hashes 96x64 3 "format=rgba,split[a][b];[a]$style[c];[c][b]hstack,crop=96:64:96:0")"
same "read-only frames" "$styled" "$(hashes 96x64 3 "format=rgba,perms=ro,$style")"
same "negative strides" "$(hashes 96x64 3 "format=rgba,vflip,copy,$style")" \
    "$(hashes 96x64 3 "format=rgba,vflip,$style")"

# Timeline: hard on and off.
frames() { sed -n "$1" <<<"$2"; }
plain=$(hashes 64x64 8 format=yuv420p)
styled=$(hashes 64x64 8 "format=yuv420p,$style")
timed=$(hashes 64x64 8 "format=yuv420p,$style:enable='between(t,0.2,0.45)'")
same "enable: before" "$(frames 1,2p "$plain")" "$(frames 1,2p "$timed")"
same "enable: while" "$(frames 3,5p "$styled")" "$(frames 3,5p "$timed")"
same "enable: after" "$(frames 6,8p "$plain")" "$(frames 6,8p "$timed")"

# Changes while it plays: a number ramps over 200 ms, two frames here.
changed() { hashes 64x64 8 "format=yuv420p,sendcmd=c='0.25 $1',$2"; }
moved=$(changed "mien style-strength 0" "$style")
same "sendcmd strength: before" "$(frames 1,3p "$styled")" "$(frames 1,3p "$moved")"
differ "sendcmd strength: ramp leaves the old" "$(frames 4p "$styled")" "$(frames 4p "$moved")"
differ "sendcmd strength: ramp is not yet at the new" "$(frames 4p "$plain")" \
    "$(frames 4p "$moved")"
same "sendcmd strength: after" "$(frames 6,8p "$plain")" "$(frames 6,8p "$moved")"
moved=$(changed "mien style cartoon" mien=smooth=0)
same "sendcmd style: before" "$(frames 1,3p "$plain")" "$(frames 1,3p "$moved")"
differ "sendcmd style: fades in" "$(frames 4p "$styled")" "$(frames 4p "$moved")"
differ "sendcmd style: is on at once" "$(frames 4p "$plain")" "$(frames 4p "$moved")"
same "sendcmd style: after" "$(frames 6,8p "$styled")" "$(frames 6,8p "$moved")"
while read -r parameter value; do
    same "sendcmd $parameter $value: frames" 8 \
        "$(changed "mien $parameter $value" "$style" | wc -l)"
done <<'COMMANDS'
smooth 0.5
quality low
device cpu
max-faces 2
on-lost blur
COMMANDS

# A change that cannot be made: one line that says so, and the stream goes on as it was.
while IFS='|' read -r text parameter value chain; do
    same "sendcmd $parameter $value: goes on" "$(hashes 64x64 8 "format=yuv420p,$chain")" \
        "$(changed "mien $parameter $value" "$chain")"
    if grep -q -- "$text" "$work/log"; then ok "sendcmd $parameter $value: says so"; else
        not_ok "sendcmd $parameter $value: no line with '$text'"
    fi
done <<COMMANDS
out of range|style-strength|7|$style
style-strength=lots was refused|style-strength|lots|$style
is not one of auto.low.high|quality|ultra|$style
is not a whole number|max-faces|2.5|$style
joined by|overlay|eyes|$style
nosuchstyle|style|nosuchstyle|mien
no parameter 'wrinkles'|wrinkles|3|mien
COMMANDS

# Faces as side data of the frames: NASA's astronaut has one, a test picture has none.
portrait=$("$top/tests/portrait_path.sh")
boxes_of() { # CHAIN INPUT...: the boxes that showinfo sees in two frames
    VERBOSITY=info run_ff "${@:2}" -frames:v 2 -vf "$1,showinfo" -f null - || true
    local n='([0-9]*)' point
    point="\\($n, $n\\)"
    sed -nE "s|.*index: $n,.*region: $point -> $point, label: ([a-z]*), confidence: $n/10000.*|\
\\1 \\2 \\3 \\4 \\5 \\6 \\7|p" "$work/log" |
        sed 2q # the filters run a frame ahead
}
near() { # LINES: two, each box 0, within 6 pixels of the face, sure of it
    awk '{ n++; for (i = 2; i <= 5; i++) { d = $i - want[i]; if (d < -6 || d > 6) bad = 1 }
           if ($1 != 0 || $6 != "face" || $7 < 5000 || $7 > 10000) bad = 1 }
         BEGIN { split("0 179 71 271 177", want) } END { exit !(n == 2 && !bad) }' <<<"$1"
}
if [ ! -e "$top/models/face-mesh.onnx" ] || [ -z "$portrait" ]; then
    skip "no face networks in models/ or no portrait (python3-imageio): face_meta, age"
else
    looped=(-loop 1 -i "$portrait")
    boxes=$(boxes_of format=yuv420p,mien=face_meta=1 "${looped[@]}")
    if near "$boxes"; then
        ok "face_meta: $(tail -n 1 <<<"$boxes")"
    else
        not_ok "face_meta: $boxes"
    fi
    same "face_meta=0: none" "none" "none$(boxes_of mien "${looped[@]}")"
    same "face_meta: none on a picture without" "none" \
        "none$(boxes_of mien=face_meta=1 -f lavfi -i "$(source_of 128x96)")"
    boxes=$(boxes_of "sendcmd=c='0 mien face_meta 1',format=yuv420p,mien" "${looped[@]}")
    if near "$boxes"; then ok "face_meta by command"; else not_ok "face_meta by command: $boxes"; fi
    same "face_meta alone leaves the frames" "$(hashes 96x64 3 format=rgba)" \
        "$(hashes 96x64 3 format=rgba,mien=face_meta=1)"

    # Age: the face is another picture, what is above it is not; by command from the fourth frame.
    aged() { hashes_of 8 "format=rgba,$1" -r 10 "${looped[@]}"; }
    face=crop=96:110:177:69
    bare=$(aged "$face")
    older=$(aged "mien=age=30,$face")
    differ "age changes the face" "$(frames 1p "$bare")" "$(frames 1p "$older")"
    same "and nothing above it" "$(aged crop=512:66:0:0)" "$(aged mien=age=30,crop=512:66:0:0)"
    moved=$(aged "sendcmd=c='0.25 mien age 0',mien=age=30,$face")
    same "sendcmd age: before" "$(frames 1,3p "$older")" "$(frames 1,3p "$moved")"
    differ "sendcmd age: ramps" "$(frames 4p "$bare")" "$(frames 4p "$moved")"
    same "sendcmd age: after" "$(frames 6,8p "$bare")" "$(frames 6,8p "$moved")"
fi

# Sizes that change in mid-stream: ffmpeg makes the graph anew, a filter before this one does not.
run_ff -f lavfi -i "$(source_of 64x48)" -frames:v 3 -c:v ffv1 -y "$work/small.mkv"
run_ff -f lavfi -i "$(source_of 99x67)" -frames:v 3 -c:v ffv1 -y "$work/large.mkv"
printf "file '%s'\n" "$work/small.mkv" "$work/large.mkv" >"$work/list"
frames_of_list() {
    run_ff -f concat -safe 0 -i "$work/list" -vf "$1,scale=80:80" -f framemd5 - |
        grep -vc '^#' || true
}
same "size change by concat" 6 "$(frames_of_list "$style")"
chain="sendcmd=c='0.3 scale w 99',scale=64:64,$style,scale=80:80"
same "size change by scale" 8 "$(hashes 64x64 8 "$chain" | wc -l)"

refused "unknown style" nosuchstyle mien=style=nosuchstyle
refused "style that is no network" params.def "mien=style=$top/core/params.def"
refused "unknown option" "'wrinkles' not found" mien=wrinkles=3
refused "out of range" "'style-strength' out of range" mien=style-strength=7
refused "no number" 'value "lots"' mien=style-strength=lots
refused "no choice" "is not one of auto.low.high" mien=quality=ultra
refused "no whole number" "is not a whole number" mien=max-faces=2.5
refused "no flag" "words joined by '+'" mien=overlay=faces+eyes
refused "no such device" nosuchdevice mien=style=cartoon:device=nosuchdevice
refused "too small" "frame of 8x8 pixels" "$style" 8x8

# Colour: the YUV path must agree with the RGB path through swscale under the frame's own matrix
# and range. A soft picture, since the chroma filters differ: 44 dB; a wrong matrix or range gives
# 20 to 33 dB with the three styles.
size=160x96
soft="testsrc2=s=$size:r=10,gblur=sigma=8,format=rgb24"
raw() { # NAME CHAIN
    run_ff -f lavfi -i "$soft" -frames:v 2 -vf "$2" -pix_fmt rgb24 -f rawvideo -y "$work/$1" || true
}
full_chroma=flags=bilinear+accurate_rnd+full_chroma_int
while read -r matrix wrong; do
    space=${matrix%:*} range=${matrix#*:}
    to="scale=out_color_matrix=$space:out_range=$range:$full_chroma,format=yuv420p"
    from="scale=in_color_matrix=$space:in_range=$range:$full_chroma,format=rgba"
    raw rgba "$to,$from,$style"
    raw plain "$to,$from"
    raw yuv "$to,setparams=colorspace=$space:range=$range,$style,$from"
    differ "style is visible, $matrix" inf "$(psnr $size "$work/plain" "$work/rgba")"
    at_least "YUV and RGB agree, $matrix" "$(psnr $size "$work/yuv" "$work/rgba")" 37
    raw yuv "$to,setparams=colorspace=${wrong%:*}:range=${wrong#*:},$style,$from"
    at_most "and not under $wrong" "$(psnr $size "$work/yuv" "$work/rgba")" 35
done <<'MATRICES'
bt709:tv smpte170m:tv
smpte170m:tv bt709:tv
bt709:pc bt709:tv
MATRICES

# Chroma location: the same samples with another label give another picture; none means left.
sited() {
    run_ff -f lavfi -i "$(source_of $size)" -frames:v 1 -pix_fmt yuv420p -c:v ffv1 \
        -chroma_sample_location "$1" -y "$work/sited.mkv" || true
    run_ff -i "$work/sited.mkv" -vf "$style" -f md5 - || true
}
left=$(sited left)
same "chroma location: none is left" "$(sited unspecified)" "$left"
differ "chroma location: center" "$(sited center)" "$left"
differ "chroma location: top left" "$(sited topleft)" "$left"

# The other front end: frei0r in the distribution's ffmpeg.
raw rgba "format=rgba,$style"
frei0r=$build/plugin/frei0r
if ls "$frei0r"/*.so >/dev/null 2>&1 && command -v ffmpeg >/dev/null; then
    FREI0R_PATH=$frei0r ffmpeg -hide_banner -nostdin -v error -f lavfi -i "$soft" -frames:v 2 \
        -vf "format=rgba,frei0r=mien:filter_params=style=cartoon smooth=0" \
        -pix_fmt rgb24 -f rawvideo -y "$work/frei0r" || true
    at_least "the frei0r plugin makes the same picture" \
        "$(psnr $size "$work/frei0r" "$work/rgba")" 50
else
    skip "no frei0r plugin in $build or no stock ffmpeg to compare with"
fi

# A second build finds nothing to do.
start=$SECONDS
MIEN_BUILD=$build "$top/plugin/ffmpeg/build_ffmpeg.sh" "$out"
took=$((SECONDS - start))
if [ $took -le 20 ]; then ok "second build"; else not_ok "second build took $took s"; fi
finish
