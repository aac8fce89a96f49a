#!/bin/busybox sh
# The virtual machine's first program: modules, this machine's root (read-only, with a layer in
# memory over it), the job in /out, its status into /out/rc, off.
B=/bin/busybox
$B mount -t proc proc /proc
$B mount -t sysfs sys /sys
$B mount -t devtmpfs dev /dev
die() {
    echo "vm_init: $*"
    $B poweroff -f
}
# vivid: one camera. Loopback devices: one for every program, one that browsers take.
for module in $($B cat /mod/order); do
    case $module in
    vivid.ko)
        options='n_devs=1 node_types=0x1 input_types=0x00 num_inputs=1 multiplanar=1'
        options="$options no_error_inj=1"
        ;;
    v4l2loopback.ko)
        options='devices=2 video_nr=10,11 card_label=plain,exclusive exclusive_caps=0,1'
        options="$options max_buffers=4"
        ;;
    *) options= ;;
    esac
    # shellcheck disable=SC2086 # words of options
    $B insmod "/mod/$module" $options || echo "vm_init: no module $module"
done
share=trans=virtio,version=9p2000.L,msize=524288
$B mount -t 9p -o "$share,ro,cache=loose" hostroot /lower || die 'no root'
$B mount -t tmpfs tmpfs /ovl
$B mkdir /ovl/u /ovl/w
$B mount -t overlay -o lowerdir=/lower,upperdir=/ovl/u,workdir=/ovl/w ov /newroot ||
    die 'no overlay'
$B mkdir -p /newroot/out
$B mount -t 9p -o "$share,rw,cache=none" out /newroot/out || die 'no /out'
for folder in dev proc sys; do
    $B mount --move /$folder /newroot/$folder
done
$B mkdir -p /newroot/dev/shm /newroot/dev/pts
$B mount -t tmpfs tmpfs /newroot/dev/shm
$B mount -t devpts devpts /newroot/dev/pts
$B mount -t tmpfs tmpfs /newroot/run
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/home LANG=C.UTF-8 XDG_RUNTIME_DIR=/run
exec $B chroot /newroot /bin/bash -c 'busybox ifconfig lo 127.0.0.1 up; mkdir -p $HOME
    bash /out/job.sh; echo $? >/out/rc; sync; exec /bin/busybox poweroff -f'
