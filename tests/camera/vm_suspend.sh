# Inside the virtual machine: mien-cam and a reader while the machine is suspended. PROGRAM, TESTS
# and the GStreamer registry are set above this line. Linux' 9p, on which this root is, does not
# outlive a suspend: what is needed is copied into memory, where vm_asleep.sh has the rest of the
# job, and this root is not touched again.
. "$TESTS/vm_checks.sh"
ram=/run/ram

mapped() { # PID... : the files that they run on
    local pid
    for pid in "$@"; do
        awk '$6 ~ "^/" { print $6 }' "/proc/$pid/maps"
    done | sort -u | while read -r file; do
        if [ -f "$file" ]; then echo "$file"; fi
    done
}

echo '# awake'
start --size 640x480 --fps 10 --output /dev/video10
check 'it runs' wait_for 60 is output-state running
v4l2-ctl -d /dev/video10 --stream-mmap >/dev/null 2>&1 &
reader=$!
sleep 2
mapped $$ $program $reader >/run/files
kill $reader
check 'an orderly end' stop

# Libraries are found by other names than those of their files; ldconfig makes them.
mkdir -p $ram/{bin,dev,proc,sys,out,run,etc,usr/lib64}
ln -s usr/lib usr/lib64 $ram
cp -P /lib64/ld-* $ram/usr/lib64/
cp -r /etc/ld.so.conf* $ram/etc/
xargs -a /run/files cp --parents -p -t $ram
cp --parents /usr/share/vulkan/icd.d/* $ram
cp "$GST_REGISTRY" $ram/run/registry.bin
cp /bin/busybox "$TESTS/vm_checks.sh" "$TESTS/vm_asleep.sh" $ram/bin/
ldconfig -r $ram "$(dirname "$(grep libmien /run/files)")"
chroot $ram /bin/busybox --install -s /bin
ln -sf "$(grep '/bash$' /run/files)" "$(grep '/v4l2-ctl$' /run/files)" $ram/bin/
mount -t proc proc $ram/proc
mount -t sysfs sys $ram/sys
mount -t devtmpfs dev $ram/dev
cd / || exit 1
exec env -i PATH=/bin HOME=/run XDG_RUNTIME_DIR=/run GST_REGISTRY=/run/registry.bin \
    GST_REGISTRY_UPDATE=no PROGRAM="$PROGRAM" failed=$failed \
    "$(command -v chroot)" $ram /bin/bash /bin/vm_asleep.sh
