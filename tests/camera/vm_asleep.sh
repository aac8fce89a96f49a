# The job of vm_suspend.sh once it is in memory: suspends the machine with mien-cam and a reader at
# work. As any job's, the status goes to /out/rc; then the machine ends.
outside=$failed
. /bin/vm_checks.sh
failed=$outside
clock=/sys/class/rtc/rtc0

slept() { # SECONDS: to memory (S3; from "freeze" this machine's clock does not wake it)
    local before
    before=$(cat $clock/since_epoch)
    echo "+$1" >$clock/wakealarm
    echo mem >/sys/power/state && [ $(($(cat $clock/since_epoch) - before)) -ge "$1" ]
}
frames() { grep -c 'cap dqbuf' /run/reader.log; }
more_than() { [ "$(frames)" -gt "$1" ]; }
is_bright() { # what a new reader gets
    rm -f /run/raw
    timeout 20 v4l2-ctl -d /dev/video10 --stream-mmap --stream-count=1 --stream-to=/run/raw \
        >/dev/null 2>&1
    od -An -v -tu1 -w2 /run/raw | awk '{ sum += $1 } END { exit !(sum > 40 * NR && NR > 0) }'
}

umount /proc/1/root/out
start --size 640x480 --fps 10 --output /dev/video10
wait_for 60 is output-state running
v4l2-ctl -d /dev/video10 --stream-mmap --verbose >/run/reader.log 2>&1 &
reader=$!
check 'a reader has frames' wait_for 30 more_than 10

: >"$log"
check 'the machine slept' slept 8
before=$(frames)
check 'mien-cam has noticed' wait_for 10 said 'the machine slept'
check 'its camera runs again' wait_for 10 is camera-state running
check 'its output stayed' is output-state running
check 'the same reader gets frames again' wait_for 10 more_than $((before + 20))
kill $reader # v4l2loopback takes its buffers away when the next one comes
check 'and a new one frames that show something' is_bright
check 'an orderly end' stop

# The share that takes the status is the device's from before until its driver is bound anew.
for device in /sys/bus/virtio/drivers/9pnet_virtio/virtio*; do
    [ "$(tr -d '\0' <"$device/mount_tag")" = out ] || continue
    name=$(basename "$device")
    echo "$name" >/sys/bus/virtio/drivers/9pnet_virtio/unbind
    echo "$name" >/sys/bus/virtio/drivers/9pnet_virtio/bind
done
mount -t 9p -o trans=virtio,version=9p2000.L,rw,cache=none out /out && echo $failed >/out/rc
sync
reboot -f # after a suspend this machine's ACPI does not turn it off; -no-reboot ends it, too
