#!/bin/bash
# Runs a job in the virtual machine of vm_setup.sh. Its root is this machine's, read-only; OUT is
# /out there. Under TCG: where this machine is a virtual one itself, KVM hangs or crawls. On a busy
# machine the kernel finds its timer too slow to be one and stops, unless it is told not to look.
#
#   vm_run.sh FOLDER JOB.sh OUT      the exit status is the job's; 125: it did not end
set -u
vm=$1 job=$2 out=$3
mkdir -p "$out"
cp "$job" "$out/job.sh"
rm -f "$out/rc"
timeout "${VM_TIMEOUT:-900}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -M q35 -smp 2 \
    -m "${VM_MEMORY:-3072}" -nodefaults -no-user-config -no-reboot -display none -serial stdio \
    -kernel "$vm/vmlinuz" -initrd "$vm/initrd.gz" \
    -append 'console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off no_timer_check' \
    -virtfs local,path=/,mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap \
    -virtfs "local,path=$out,mount_tag=out,security_model=none" -device virtio-rng-pci \
    </dev/null | sed -u 's/\r//g; s/\x1b[^ ]*//g'
exit "$(cat "$out/rc" 2>/dev/null || echo 125)"
