#!/bin/bash
# mien in two commands' time, on a fresh Debian 12:
#
#   samples/quickstart.sh [video]
#
# installs what is needed, builds into build/, paints the video (or a clip it makes) through the
# stock ffmpeg and through gst-launch-1.0, and turns the eyes in it to the camera. What it makes is
# in out/. A second run is quick: it makes only what is missing or older than what it is made from.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build
out=$root/out
packages=(
    gcc libc6-dev pkg-config meson ninja-build                   # building
    libvulkan-dev glslang-tools mesa-vulkan-drivers              # Vulkan, with a CPU driver
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev         # the element
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
    gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
    frei0r-plugins-dev ffmpeg fonts-dejavu-core                  # the plugin for ffmpeg; labels
    python3-imageio                                              # has NASA's picture
    python3-pip python3-numpy python3-onnx                       # to fetch the face networks
)

step() { # NUMBER TEXT
    printf '[%s/9] %s\n' "$1" "$2"
}

die() { # one line that says what to do
    printf 'quickstart: %s\n' "$1" >&2
    exit 1
}

# Runs a command with its output in out/log/NAME.log; a failure shows the end of it.
logged() { # NAME ADVICE COMMAND...
    local log=$out/log/$1.log advice=$2
    shift 2
    "$@" >"$log" 2>&1 && return
    tail -n 8 "$log" >&2
    die "$advice (all of it: $log)"
}

# Is FILE there and newer than the files it is made from?
up_to_date() { # FILE SOURCE...
    local file=$1 source
    shift
    [ -s "$file" ] || return 1
    for source; do
        [ ! "$source" -nt "$file" ] || return 1
    done
}

in_build() { # with the paths that make ffmpeg and GStreamer find the build
    meson devenv -C "$build" "$@"
}

missing_packages() {
    local package
    for package in "${packages[@]}"; do
        [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null)" = 'ii ' ] ||
            echo "$package"
    done
}

install_packages() {
    local missing as_root=()
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
        die 'this is no Debian: install what this script lists, by hand, and see README.md'
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] || return 0
    printf '      %s\n' "to install: ${missing[*]}"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null && sudo -v ||
            die "run this as root, or have an administrator run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    logged apt-update 'apt-get update failed: check the network and /etc/apt, then run this again' \
        "${as_root[@]}" apt-get update
    logged apt-install 'apt-get install failed: repair what it says, then run this again' \
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
}

build_all() {
    [ -f "$build/build.ninja" ] ||
        logged meson-setup "setting up failed: remove $build and run this again" \
            meson setup "$build" "$root"
    logged build "building failed: remove $build and run this again" meson compile -C "$build"
    [ -f "$build/plugin/gst/libgstmien.so" ] && [ -f "$build/plugin/frei0r/mien.so" ] ||
        die "the plugins were not built: remove $build and run this again"
}

# A file appears only when it is whole.
make_clip() { # CLIP
    local picture
    up_to_date "$1" "$root/samples/make_clip.sh" && return
    picture=$(dpkg -L python3-imageio | grep '/astronaut.png$') ||
        die 'python3-imageio has no astronaut.png: give a video, as in samples/quickstart.sh my.mp4'
    logged clip 'making the clip failed: give a video, as in samples/quickstart.sh my.mp4' \
        "$root/samples/make_clip.sh" "$picture" "$1.part"
    mv "$1.part" "$1"
}

probe() { # OPTIONS... VIDEO
    ffprobe -v quiet -of csv=p=0 "$@"
}

# width, height: of the picture as it is shown (phones turn it), even, for the encoders; wide: the
# width rounded up to 16; matrix: of its colours; middle: a time in seconds.
measure() { # VIDEO
    local tag duration size
    tag=$(probe -select_streams v:0 -show_entries stream=color_space "$1" | head -n 1) || tag=
    duration=$(probe -show_entries format=duration "$1") || duration=
    middle=$(awk -v d="${duration:-0}" 'BEGIN { printf "%.2f", d / 2 }')
    rm -f "$before"
    ffmpeg -nostdin -v quiet -y -ss "$middle" -i "$1" -frames:v 1 -update 1 "$before" || true
    [ -s "$before" ] ||
        die "$1 is no video that ffmpeg can read: give another one"
    size=$(probe -show_entries stream=width,height "$before")
    width=$((${size%,*} / 2 * 2))
    height=$((${size#*,} / 2 * 2))
    wide=$(((width + 15) / 16 * 16))
    [ "$width" -ge 16 ] && [ "$height" -ge 16 ] || die "$1 is smaller than 16x16: give another one"
    matrix=bt709
    case ${tag%,} in
    smpte170m | bt470bg | fcc) matrix=smpte170m ;;
    bt709) ;;
    *) [ "$height" -ge 720 ] || matrix=smpte170m ;;
    esac
}

# frei0r takes RGBA only, and ffmpeg 5.1 hands it rows that are skewed unless the width is a
# multiple of 16: hence the border around it, which repeats the last column so that the style
# sees no edge there.
ffmpeg_graph() { # PARAMETERS
    local border=$((wide - width)) graph="scale=in_color_matrix=$matrix,format=rgba,"
    graph+="crop=$width:$height:0:0"
    [ "$border" = 0 ] || graph+=",pad=$wide:$height:0:0,fillborders=right=$border:mode=smear"
    graph+=",frei0r=mien:filter_params='$1'"
    [ "$border" = 0 ] || graph+=",crop=$width:$height:0:0"
    echo "$graph"
}

# frei0r cannot tell ffmpeg that it failed, but it says so.
check_frei0r() { # LOG
    local line
    line=$(grep -m 1 '^mien: ' "$1") || return 0
    die "the filter failed: ${line#mien: }"
}

with_ffmpeg() { # VIDEO PARAMETERS OUTPUT
    local log=$out/log/ffmpeg.log audio=copy progress=-nostats
    case $(probe -select_streams a:0 -show_entries stream=codec_name "$1") in
    '' | aac | mp3 | ac3 | eac3 | opus | flac | alac) ;;
    *) audio=aac ;; # mp4 players do not know it
    esac
    [ ! -t 1 ] || progress=-stats
    in_build ffmpeg -nostdin -hide_banner -v error "$progress" -y -i "$1" -map 0:v:0 -map '0:a?' \
        -vf "$(ffmpeg_graph "$2"),scale=out_color_matrix=$matrix:out_range=tv,format=yuv420p" \
        -c:v libx264 -preset veryfast -crf 18 -colorspace "$matrix" -color_range tv \
        -c:a "$audio" -movflags +faststart -f mp4 "$3.part" 2>&1 | tee "$log" ||
        die "ffmpeg failed on $1: give another video (all it said: $log)"
    check_frei0r "$log"
    mv "$3.part" "$3"
}

with_gstreamer() { # VIDEO PARAMETER OUTPUT
    local log=$out/log/gstreamer.log
    in_build gst-launch-1.0 -q filesrc location="$1" ! decodebin ! videoconvert ! \
        videoflip video-direction=auto ! videoscale ! \
        "video/x-raw,format=I420,width=$width,height=$height" ! mien "$2" ! \
        progressreport update-freq=2 ! \
        x264enc pass=quant quantizer=20 speed-preset=veryfast ! h264parse ! mp4mux ! \
        filesink location="$3.part" 2>&1 | tee "$log" ||
        die "gst-launch-1.0 failed: $(sed -n '/^ERROR/{s/^.*mien0: //;p;q}' "$log") (see $log)"
    mv "$3.part" "$3"
}

# A picture, as PNG, after some frames that stand still.
still() { # PICTURE PARAMETERS PNG
    local log=$out/log/still.log
    in_build ffmpeg -nostdin -hide_banner -v error -y -i "$1" \
        -vf "loop=5:1:0,$(ffmpeg_graph "$2")" -pix_fmt rgb24 -f image2 -update 1 "$3" \
        >"$log" 2>&1 || die "no picture with $2 could be made (see $log)"
    check_frei0r "$log"
}

# The part of a picture around the eyes of its first face, as words of ffmpeg's crop; none without
# a face.
eyes_of() { # PICTURE
    ffmpeg -nostdin -v error -loop 1 -i "$1" -frames:v 2 -pix_fmt yuv420p -f yuv4mpegpipe - |
        in_build "$build/samples/print_faces" --points - | python3 -c '
import json, sys
width, height = map(int, sys.argv[1:])
faces = json.loads(sys.stdin.readlines()[-1])["faces"]
if faces:
    points = faces[0]["points"]
    (ax, ay, _), (bx, by, _) = points[33], points[263]
    wide = min(int(1.8 * ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5) // 2 * 2, width)
    high = min(wide // 4 * 2, height)
    x, y = (ax + bx - wide) / 2, (ay + by - high) / 2
    print(f"{wide}:{high}:{min(max(int(x), 0), width - wide)}"
          f":{min(max(int(y), 0), height - high)}")' "$width" "$height" 2>"$out/log/eyes.log" ||
        die "no face could be looked for (see $out/log/eyes.log)"
}

# Parts of pictures side by side, each with its name below.
sheet() { # PNG COLUMNS WIDTH:HEIGHT[:X:Y] (LABEL PICTURE)...
    local png=$1 columns=$2 part=$3 graph='' inputs=() count=0 rows layout='' x y cell=640 high
    shift 3
    high=${part#*:}
    high=$((cell * ${high%%:*} / ${part%%:*} / 2 * 2))
    while [ $# -gt 0 ]; do
        inputs+=(-i "$2")
        graph+="[$count]crop=$part,scale=$cell:$high:flags=bicubic,pad=iw:ih+36:0:0:white,"
        graph+="drawtext=text='$1':x=(w-tw)/2:y=h-12-ascent:fontsize=22:fontcolor=black[c$count];"
        x=$((count % columns * cell))
        y=$((count / columns * (high + 36)))
        layout+="${layout:+|}${x}_$y"
        count=$((count + 1))
        shift 2
    done
    for ((rows = 0; rows < count; rows++)); do graph+="[c$rows]"; done
    graph+="xstack=inputs=$count:layout=$layout:fill=white"
    logged sheet 'the overview picture could not be made' ffmpeg -nostdin -hide_banner -v error -y \
        "${inputs[@]}" -filter_complex "$graph" -frames:v 1 -update 1 "$png"
}

[ $# -le 1 ] || die 'usage: samples/quickstart.sh [video]'
if [ $# = 1 ]; then
    [ -f "$1" ] && [ -r "$1" ] || die "there is no file $1 to read"
    video=$(realpath "$1")
fi
mkdir -p "$out/log" 2>/dev/null && [ -w "$out/log" ] ||
    die "$out cannot be written: make it writable, or clone mien into a folder of yours"

step 1 'packages'
install_packages
step 2 'face networks'
"$root/models/fetch_faces.sh" | sed 's/^/      /' || exit 1
step 3 'build'
build_all

styles=()
for model in "$root"/models/style-*.onnx; do
    name=${model##*/style-}
    [ ! -f "$model" ] || styles+=("${name%.onnx}")
done
[ "${#styles[@]}" -gt 0 ] || die 'models/ has no style: get the whole repository'
first=${styles[0]}
second=${styles[1]:-$first}
looks='' # where the eyes of the video are turned first: nowhere
made_by=("$build/core/libmien.so" "$root/samples/quickstart.sh")

if [ -n "${video:-}" ]; then
    step 4 "video: $video"
else
    step 4 "video: a moving clip from NASA's portrait of Eileen Collins (public domain)"
    video=$out/clip.mp4
    looks='gaze=1 gaze-x=-18' # she looks into the camera
    make_clip "$video"
fi
stem=$(basename "${video%.*}")
before=$out/$stem-before.png
measure "$video"

ffmpeg_video=$out/$stem-$first-ffmpeg.mp4
step 5 "$first with ffmpeg and frei0r: $ffmpeg_video"
up_to_date "$ffmpeg_video" "$video" "$root/models/style-$first.onnx" "${made_by[@]}" ||
    with_ffmpeg "$video" "style=$first" "$ffmpeg_video"

gst_video=$out/$stem-$second-gstreamer.mp4
step 6 "$second with gst-launch-1.0: $gst_video"
up_to_date "$gst_video" "$video" "$root/models/style-$second.onnx" "${made_by[@]}" ||
    with_gstreamer "$video" "style=$second" "$gst_video"

gaze_video=$out/$stem-gaze-gstreamer.mp4
step 7 "eye contact with gst-launch-1.0: $gaze_video"
up_to_date "$gaze_video" "$video" "$root/models/gaze.onnx" "${made_by[@]}" ||
    with_gstreamer "$video" gaze=1 "$gaze_video"

age_video=$out/$stem-age-gstreamer.mp4
step 8 "thirty years older with gst-launch-1.0: $age_video"
up_to_date "$age_video" "$video" "$root/models/face-age.onnx" "${made_by[@]}" ||
    with_gstreamer "$video" age=30 "$age_video"

before_after=$out/$stem-before-after.png
all_styles=$out/$stem-styles.png
eyes=$out/$stem-gaze.png
ages=$out/$stem-ages.png
step 9 "pictures: $before_after, $all_styles, $eyes and $ages"
if ! up_to_date "$before_after" "$ffmpeg_video"; then
    after=$out/$stem-after.png
    logged after 'no frame of the result could be read' ffmpeg -nostdin -v error -y -ss "$middle" \
        -i "$ffmpeg_video" -frames:v 1 -update 1 "$after"
    sheet "$before_after" 2 "$width:$height" before "$before" "$first" "$after"
fi
if ! up_to_date "$all_styles" "$video" "$root"/models/style-*.onnx "${made_by[@]}"; then
    cells=(original "$before")
    for style in "${styles[@]}"; do
        still "$before" "style=$style" "$out/$stem-still-$style.png"
        cells+=("$style" "$out/$stem-still-$style.png")
    done
    sheet "$all_styles" 3 "$width:$height" "${cells[@]}"
fi
if ! up_to_date "$eyes" "$video" "$root/models/gaze.onnx" "${made_by[@]}"; then
    aside=$before
    if [ -n "$looks" ]; then
        aside=$out/$stem-still-aside.png
        still "$before" "$looks" "$aside"
    fi
    part=$(eyes_of "$aside")
    if [ -n "$part" ]; then
        still "$aside" gaze=1 "$out/$stem-still-gaze.png"
        sheet "$eyes" 2 "$part" "${looks:-before}" "$aside" 'gaze=1' "$out/$stem-still-gaze.png"
    else
        printf '      %s\n' "no face is in the frame at $middle s: no picture of eyes"
    fi
fi
if ! up_to_date "$ages" "$video" "$root/models/face-age.onnx" "${made_by[@]}"; then
    cells=()
    for years in -20 0 20 40; do
        still "$before" "age=$years" "$out/$stem-still-age$years.png"
        cells+=("age=$years" "$out/$stem-still-age$years.png")
    done
    sheet "$ages" 2 "$width:$height" "${cells[@]}"
fi
echo "done: look at $out"
