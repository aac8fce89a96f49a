# What is tried inside the virtual machine: mien-cam between vivid, a camera of the kernel's, and
# v4l2loopback. PROGRAM, TESTS (this folder) and the GStreamer registry are set above this line.
. "$TESTS/vm_checks.sh"
export AV_LOG_FORCE_NOCOLOR=1 # what clears escapes off the console eats the next word
# After it was away it may have another number.
vivid() { basename "$(dirname "$(grep -lx vivid.* /sys/class/video4linux/*/name | head -n 1)")"; }
size_is() { v4l2-ctl -d "$1" --get-fmt-video 2>/dev/null | grep -q "Width/Height.*: $2"; }

# Five frames, of which some differ, through each of three readers.
ffmpeg_reads() { # DEVICE SIZE
    local sums=/run/sums
    timeout 60 ffmpeg -hide_banner -nostdin -v error -f v4l2 -i "$1" -frames:v 5 \
        -fps_mode passthrough -f framemd5 -y "$sums" || return 1
    [ "$(grep -vc '^#' "$sums")" = 5 ] && [ "$(grep -v '^#' "$sums" | awk '{print $5}' |
        sort -u | wc -l)" = 1 ] && grep -v '^#' "$sums" | grep -q " $2, " &&
        [ "$(grep -v '^#' "$sums" | awk '{print $6}' | sort -u | wc -l)" -ge 3 ]
}
v4l2_ctl_reads() { # DEVICE BYTES
    rm -f /run/raw
    timeout 60 v4l2-ctl -d "$1" --stream-mmap --stream-count=5 --stream-to=/run/raw >/dev/null 2>&1
    [ "$(stat -c %s /run/raw)" = "$2" ]
}
gstreamer_reads() { # DEVICE BYTES
    rm -f /run/raw
    timeout 60 gst-launch-1.0 --no-position -q v4l2src device="$1" num-buffers=5 ! \
        video/x-raw,format=YUY2 ! filesink location=/run/raw
    [ "$(stat -c %s /run/raw)" -ge "$2" ]
}
brightness() { # DEVICE: mean luma of a frame
    timeout 60 ffmpeg -hide_banner -nostdin -v error -f v4l2 -i "$1" -frames:v 1 -vf \
        scale=1:1,format=gray -f rawvideo - | od -An -tu1 | tr -d ' '
}
is_black() { [ "$(brightness "$1")" -lt 24 ]; }
is_bright() { [ "$(brightness "$1")" -gt 40 ]; }

only_gives() {
    local about
    about=$(v4l2-ctl -d "$1" --info | sed -n '/Device Caps/,$p')
    grep -q 'Video Capture' <<<"$about" && ! grep -q 'Video Output' <<<"$about"
}

echo '# devices'
"$PROGRAM" --list >/run/list
head -n 12 /run/list | sed 's/^/# /'
check 'the camera is listed with a format' grep -q 'YUYV  *640x480  *at .*10' /run/list
check 'and the loopback devices' grep -q '/dev/video11  exclusive' /run/list

echo '# from the camera to a loopback device, both found by themselves'
start --size 640x480 --fps 10
check 'it runs' wait_for 60 is output-state running
check 'the camera is vivid' is camera '/dev/video0 .*640x480 at 10'
check 'the output is the first loopback device' is output /dev/video10
check 'ffmpeg reads it' ffmpeg_reads /dev/video10 614400
check 'v4l2-ctl reads it' v4l2_ctl_reads /dev/video10 3072000
check 'GStreamer reads it' gstreamer_reads /dev/video10 3072000
check 'ffmpeg reads it again' ffmpeg_reads /dev/video10 614400

echo '# the camera goes and comes back'
echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
# of the one or, where it is gone by the time it is looked for, of all
check 'its loss is told' wait_for 20 said 'not there: waiting\|no camera: waiting'
check 'the output stays' is output-state running
sleep 2
check 'readers see black' is_black /dev/video10
echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
check 'it is taken again' wait_for 30 is camera-state running
sleep 2
check 'and seen' is_bright /dev/video10
check 'an orderly end' stop

echo '# another program has the camera'
v4l2-ctl -d /dev/$(vivid) --set-fmt-video=width=640,height=480,pixelformat=YUYV --set-parm=10 \
    --stream-mmap >/dev/null 2>&1 &
holder=$!
sleep 2
start --size 640x360 --fps 10 --output /dev/video11
check 'it says which one' wait_for 30 said "in use by v4l2-ctl ($holder)"
check 'and waits' wait_for 10 is camera-state waiting
kill $holder
wait $holder
check 'then it runs' wait_for 30 is camera-state running
check 'a size that is no multiple of a page' ffmpeg_reads /dev/video11 460800
check 'an orderly end' stop

echo '# no permission'
chmod 600 /dev/$(vivid)
chmod 666 /dev/video10
mkdir -m 777 /run/nobody
: >"$log"
XDG_RUNTIME_DIR=/run/nobody HOME=/run/nobody setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$PROGRAM" --no-keys --device cpu --size 640x480 --fps 10 2>"$log" &
program=$!
# As another user: GStreamer may look through its plugins anew, which takes its time in here.
check 'it says what to do' wait_for 120 said 'no permission to open camera /dev/video.*usermod'
chmod 666 /dev/$(vivid)
check 'and runs when it may' wait_for 30 said 'camera: /dev/video'
check 'an orderly end' stop

echo '# another program writes to the loopback device'
ffmpeg -hide_banner -nostdin -v error -re -f lavfi -i testsrc2=s=640x480:r=10 -pix_fmt yuyv422 \
    -f v4l2 /dev/video11 &
writer=$!
wait_for 30 size_is /dev/video11 640.480
start --size 640x480 --fps 10 --output /dev/video11
check 'it says so' wait_for 30 said "/dev/video11 is in use by .*ffmpeg ($writer)"
check 'and waits' wait_for 10 is output-state waiting
kill $writer
wait $writer
check 'then it runs' wait_for 30 is output-state running
check 'as a device for browsers: it gives frames and takes none' only_gives /dev/video11
check 'an orderly end' stop

echo '# formats of cameras'
start --size 640x480 --fps 10 --input-format NV12 --output /dev/video10
check 'NV12' wait_for 30 is camera '/dev/video.*NV12 640x480'
check 'ffmpeg reads it' ffmpeg_reads /dev/video10 614400
stop
ffmpeg -hide_banner -nostdin -v error -re -f lavfi -i testsrc2=s=640x480:r=10 -c:v mjpeg -q:v 5 \
    -f v4l2 /dev/video11 &
writer=$!
wait_for 30 size_is /dev/video11 640.480
start --camera /dev/video11 --output /dev/video10
check 'MJPEG' wait_for 30 is camera '/dev/video11 .*MJPG 640x480'
check 'ffmpeg reads it' ffmpeg_reads /dev/video10 614400
stop
kill $writer
wait $writer
for format in I420 NV12; do
    start --size 640x360 --fps 10 --format $format --output /dev/video10
    wait_for 30 is output-state running
    check "output in $format" ffmpeg_reads /dev/video10 345600
    stop
done

echo '# OBS'
# A scene with the camera in it, and no questions at the first start.
write_obs_config() { # FOLDER
    mkdir -p "$1/obs-studio/basic/profiles/P" "$1/obs-studio/basic/scenes"
    printf '%s\n' '[General]' FirstRun=true LastVersion=486539266 '[Basic]' Profile=P \
        ProfileDir=P SceneCollection=S SceneCollectionFile=S >"$1/obs-studio/global.ini"
    printf '%s\n' '[General]' Name=P '[Video]' BaseCX=320 BaseCY=180 OutputCX=320 OutputCY=180 \
        FPSType=1 FPSInt=5 >"$1/obs-studio/basic/profiles/P/basic.ini"
    cat >"$1/obs-studio/basic/scenes/S.json" <<'JSON'
{"current_scene": "Scene", "current_program_scene": "Scene", "name": "S",
 "scene_order": [{"name": "Scene"}],
 "sources": [
  {"id": "v4l2_input", "versioned_id": "v4l2_input", "name": "mien", "enabled": true,
   "settings": {"device_id": "/dev/video11", "input": 0, "pixelformat": -1, "resolution": -1,
                "framerate": -1}},
  {"id": "scene", "versioned_id": "scene", "name": "Scene", "enabled": true,
   "settings": {"id_counter": 1, "items": [
    {"name": "mien", "id": 1, "visible": true, "rot": 0.0, "align": 5, "bounds_type": 0,
     "pos": {"x": 0.0, "y": 0.0}, "scale": {"x": 1.0, "y": 1.0}}]}}]}
JSON
}
obs_has_frames() { # whole ones, YUY2 of 320x180
    [ "$(grep -c 'v4l2-input: /dev/video11: ts:.* used 115200$' /run/obs.log)" -ge 20 ]
}
obs_shows_bars() { # of vivid's colour bars the magenta one: on 1 % of the screen or more
    DISPLAY=:7 ffmpeg -hide_banner -nostdin -v error -f x11grab -i :7 -frames:v 1 \
        -vf scale=80:60:flags=neighbor -pix_fmt rgb24 -f rawvideo - | od -An -v -w3 -tu1 |
        awk '$1 > 150 && $2 < 90 && $3 > 150 { n++ } END { exit n < 48 }'
}

if command -v obs >/dev/null && command -v Xvfb >/dev/null; then
    start --size 320x180 --fps 5 --output /dev/video11
    wait_for 30 is output-state running
    write_obs_config /run/config
    Xvfb :7 -screen 0 800x600x24 -nolisten tcp >/run/xvfb.log 2>&1 &
    display=$!
    wait_for 60 test -S /tmp/.X11-unix/X7
    # Not Mesa's llvmpipe: under emulation it mostly ends with a segmentation fault of its own.
    DISPLAY=:7 XDG_CONFIG_HOME=/run/config GALLIUM_DRIVER=softpipe QT_QPA_PLATFORM=xcb \
        dbus-run-session -- obs --multi --verbose >/run/obs.log 2>&1 &
    obs=$!
    check 'it takes frames, by its own log' wait_for 150 obs_has_frames
    check 'its window shows them' wait_for 60 obs_shows_bars
    obs_has_frames || tail -n 30 /run/xvfb.log /run/obs.log | sed 's/^/# /'
    kill $obs $display
    check 'an orderly end' stop
else
    echo '# not tried: obs or Xvfb is not installed'
fi

dmesg | grep -E 'BUG|Oops' | head -n 3
exit $failed
