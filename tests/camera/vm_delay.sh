# Inside the virtual machine: what mien-cam adds to the delay of a plain v4l2src ! v4l2sink. PROGRAM
# and TESTS are set above this line. The device for readers is the exclusive one, whose state tells
# that it has a writer.
plain_once() {
    timeout 200 python3 "$TESTS/measure_delay.py" /dev/video10 /dev/video11 \
        gst-launch-1.0 -q --no-position v4l2src device=/dev/video10 ! \
        video/x-raw,format=YUY2,width=640,height=480 ! identity drop-allocation=true ! \
        v4l2sink device=/dev/video11 sync=false
}
# v4l2src at times gets no buffer of the loopback device; that is not what is measured here.
plain() {
    for _ in 1 2 3; do
        plain_once && return
    done
}
ours() {
    timeout 200 python3 "$TESTS/measure_delay.py" /dev/video10 /dev/video11 \
        "$PROGRAM" --no-keys --device cpu --camera /dev/video10 --output /dev/video11
}
# The best of three turns each: what else the machine does only adds to a delay.
least() { printf '%s\n' "$@" | sort -g | head -n 1; }
plain_medians=() our_medians=()
for turn in 1 2 3; do
    read -r plain_median plain_worst <<<"$(plain 2>/run/plain.log)"
    read -r our_median our_worst <<<"$(ours 2>/run/ours.log)"
    echo "# delay in ms, median and worst: plain $plain_median $plain_worst," \
        "mien-cam $our_median $our_worst"
    sed 's/^/# /' /run/ours.log
    plain_medians+=("$plain_median") our_medians+=("$our_median")
done
what='no more than a frame longer than v4l2src ! v4l2sink'
if awk -v a="$(least "${plain_medians[@]}")" -v b="$(least "${our_medians[@]}")" \
    'BEGIN { exit !(a > 0 && b > 0 && b <= a + 100) }'; then
    echo "ok - $what"
else
    sed 's/^/# /' /run/plain.log
    echo "not ok - $what"
    exit 1
fi
