#!/bin/bash
# mien-cam with a camera of the kernel's and v4l2loopback, in a virtual machine with Debian's
# kernel: no module is loaded here. What the machine is made of is kept in .cache of the checkout.
#
#   test_cam_vm.sh PROGRAM JOB.sh OUT
set -euo pipefail
tests=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$tests/../.." && pwd)
program=$(realpath "$1")
job=$2
out=$3
for needed in qemu-system-x86_64 busybox modprobe cpio gcc-12 make v4l2-ctl apt-get; do
    command -v "$needed" >/dev/null || { echo "skipped: $needed is not installed"; exit 77; }
done
mkdir -p "$out" "$top/.cache"
out=$(realpath "$out")
vm=$("$tests/vm_setup.sh" "$top/.cache")
# Looking at all plugins takes a minute in there.
GST_REGISTRY=$out/registry.bin "$program" --list >/dev/null
chmod 644 "$out/registry.bin" # for other users in there, too
{
    echo "export PROGRAM='$program' TESTS='$tests' GST_REGISTRY=/out/registry.bin"
    cat "$job"
} >"$out/whole_job.sh"
start=$SECONDS
status=0
"$tests/vm_run.sh" "$vm" "$out/whole_job.sh" "$out" || status=$?
echo "# the virtual machine ran for $((SECONDS - start)) s"
exit $status
