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
# What the machine does besides changes from minute to minute, and weighs on both chains: each turn
# measures one right after the other, and what counts is by how much they differ in the same turn,
# in the median of the turns.
differences=()
for turn in 1 2 3; do
    read -r plain_median plain_worst <<<"$(plain 2>/run/plain.log)"
    read -r our_median our_worst <<<"$(ours 2>/run/ours.log)"
    echo "# delay in ms, median and worst: plain $plain_median $plain_worst," \
        "mien-cam $our_median $our_worst"
    sed 's/^/# /' /run/ours.log
    if [ -z "$plain_median" ] || [ -z "$our_median" ]; then
        sed 's/^/# /' /run/plain.log
        echo "not ok - turn $turn was measured"
        exit 1
    fi
    differences+=("$(awk -v a="$plain_median" -v b="$our_median" 'BEGIN { print b - a }')")
done
median=$(printf '%s\n' "${differences[@]}" | sort -g | sed -n 2p)
what="no more than a frame (100 ms) longer than v4l2src ! v4l2sink: $median ms (${differences[*]})"
if awk -v d="$median" 'BEGIN { exit !(d <= 100) }'; then
    echo "ok - $what"
else
    echo "not ok - $what"
    exit 1
fi
