#!/bin/bash
# Debian's kernel, v4l2loopback built for it and an initramfs, for a virtual machine whose root is
# this machine's. Nothing is installed: packages are only unpacked.
#
#   vm_setup.sh FOLDER      made, or left as it is if it was made of the same versions and scripts
#
# Needs apt on Debian, gcc-12, make, busybox (static), kmod, cpio. Prints the folder to use.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=$1
kernel=$(apt-cache depends linux-image-amd64 |
    sed -n 's/.*Depends: linux-image-\([0-9].*\)-amd64.*/\1/p' | head -n 1)
[ -n "$kernel" ] || { echo 'vm_setup.sh: apt knows no linux-image-amd64' >&2; exit 1; }
packages=("linux-image-$kernel-amd64" "linux-headers-$kernel-amd64" "linux-headers-$kernel-common"
    "linux-kbuild-${kernel%.*}" v4l2loopback-dkms)
versions=$(apt-cache policy "${packages[@]}" | sed -n 's/^\([a-z].*\):$/\1/p; s/^  Candidate: //p')
hash=$(cat "$here/vm_setup.sh" "$here/vm_init.sh" - <<<"$versions" | sha256sum | cut -c1-16)
made=$cache/vm-$hash
if [ -f "$made/initrd.gz" ]; then
    echo "$made"
    exit
fi

# On the same file system, so that it gets its name in one step when it is whole.
mkdir -p "$cache"
work=$(mktemp -d "$cache/vm-making-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/debs" "$work/tree" "$work/done"
(cd "$work/debs" && apt-get -qq download "${packages[@]}" >&2)
for deb in "$work"/debs/*.deb; do
    dpkg -x "$deb" "$work/tree"
done

# The headers name their common part by its place after an installation.
name=$kernel-amd64
headers=$work/tree/usr/src/linux-headers-$name
sed -i "s#^include .*#include $work/tree/usr/src/linux-headers-$kernel-common/Makefile#" \
    "$headers/Makefile"
cp -r "$work"/tree/usr/src/v4l2loopback-* "$work/loopback"
make -s -C "$headers" M="$work/loopback" modules >"$work/make.log" 2>&1 ||
    { tail -n 20 "$work/make.log" >&2; exit 1; }
install -D "$work/loopback/v4l2loopback.ko" "$work/tree/lib/modules/$name/extra/v4l2loopback.ko"
depmod -b "$work/tree" "$name"

init=$work/initramfs
mkdir -p "$init"/{bin,dev,proc,sys,mod,newroot,lower,ovl}
cp "$(command -v busybox)" "$init/bin/busybox"
: >"$init/mod/order"
for module in virtio_pci 9pnet_virtio 9p overlay vivid v4l2loopback virtio_rng; do
    modprobe -d "$work/tree" -S "$name" --show-depends "$module" |
        awk '$1 == "insmod" { print $2 }' | while read -r file; do
        base=$(basename "$file")
        [ ! -e "$init/mod/$base" ] || continue
        cp "$file" "$init/mod/"
        strip --strip-debug "$init/mod/$base"
        echo "$base" >>"$init/mod/order"
    done
done
cp "$here/vm_init.sh" "$init/init"
chmod +x "$init/init"
(cd "$init" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/done/initrd.gz"
cp "$work/tree/boot/vmlinuz-$name" "$work/done/vmlinuz"
rm -rf "$cache"/vm-????????????????
mv "$work/done" "$made"
echo "$made"
