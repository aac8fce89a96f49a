#!/bin/bash
# Runs the tests on Debian 12, as root or with sudo; installs what they need.
#
#   tests/run.sh [everyday|slow|all]      (default: all)
#
# everyday: all but the slow suite, under the Vulkan validation layers (not eval), then once more
# with the address and undefined-behaviour sanitizers, then a build with clang. slow: FFmpeg from
# source, training. The last line is "N passed, N failed"; the exit status is 0 if none failed.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tests/python_packages.sh"
build=$root/build-test
what=${1:-all}
passed=0 failed=0 skipped=0
packages=(
    gcc clang libc6-dev pkg-config meson ninja-build libcmocka-dev python3-venv
    libvulkan-dev vulkan-validationlayers glslang-tools spirv-tools mesa-vulkan-drivers
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-tools
    gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
    frei0r-plugins-dev ffmpeg
    # mien-cam, and its readers; for the slow suite a virtual machine with V4L2
    libv4l-dev libpipewire-0.3-dev dbus pipewire pipewire-bin wireplumber
    gstreamer1.0-pipewire libglib2.0-bin
    chromium firefox-esr obs-studio xvfb xdg-desktop-portal xdg-desktop-portal-gtk
    # its window, and who looks at that
    libgtk-4-dev xdotool at-spi2-core gir1.2-atspi-2.0 python3-gi
    qemu-system-x86 busybox-static kmod cpio v4l-utils gcc-12
    # the face networks; a picture
    python3-pip python3-numpy python3-onnx python3-imageio
    # ONNX's own cases
    libonnx-testdata
    # for the slow suite: FFmpeg from source
    dpkg-dev make nasm zlib1g-dev libx264-dev mmdebstrap ca-certificates
)

case $what in
everyday | slow | all) ;;
*)
    echo "run.sh: '$what' is not everyday, slow or all" >&2
    exit 2
    ;;
esac

say() { printf '\n== %s\n' "$1"; }

count() { # RESULT NAME: for what is no Meson test
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok      $2"
    else
        failed=$((failed + 1))
        echo "FAILED  $2"
    fi
}

finish() {
    printf '\n'
    [ "$skipped" = 0 ] || echo "skipped: $skipped (each says why above)"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}

install_packages() {
    local missing=() package as_root=()
    for package in "${packages[@]}"; do
        [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null)" = 'ii ' ] ||
            missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    echo "to install: ${missing[*]}"
    "${as_root[@]}" apt-get -qq update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Runs Meson suites and adds up their results. Skipped tests print their reason.
suites() { # NAME BUILD SUITE...; slower: how many times as long they may take
    local name=$1 folder=$2 suite args=() log
    shift 2
    for suite; do
        args+=(--suite "$suite")
    done
    meson test -C "$folder" --no-rebuild --print-errorlogs --logbase "$name" \
        --timeout-multiplier "${slower:-1}" "${args[@]}" 2>&1 |
        grep -vE '^(ninja|ERROR: No|Full log)|^$'
    log=$folder/meson-logs/$name.json
    [ -f "$log" ] || { count 1 "$name: no test ran"; return; }
    eval "$(python3 - "$log" <<'PY'
import json, sys
n = {"passed": 0, "skipped": 0, "failed": 0}
for line in open(sys.argv[1]):
    t = json.loads(line)
    kind = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}.get(t["result"], "failed")
    n[kind] += 1
    if kind == "skipped":
        out = (t.get("stdout", "") + t.get("stderr", "")).strip().splitlines()
        said = json.dumps("skipped: %s: %s" % (t["name"], out[-1] if out else ""))
        print("echo %s" % said.replace("$", "").replace("`", ""))
for k, v in n.items():
    print("%s=$((%s + %d))" % (k, k, v))
PY
)"
}

configure() { # FOLDER OPTIONS...
    local folder=$1
    shift
    if [ -f "$folder/build.ninja" ]; then
        meson setup --reconfigure "$folder" "$root" -Dwerror=true "$@" >/dev/null
    else
        meson setup "$folder" "$root" -Dwerror=true "$@" >/dev/null
    fi && ninja -C "$folder" >"$folder/build.log" 2>&1 && return
    tail -n 30 "$folder/build.log"
    return 1
}

everyday() {
    say "unit, network, shader and front-end tests under the validation layers"
    rm -f "$build"/meson-logs/everyday.*
    VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation \
        suites everyday "$build" unit net shader golden gst frei0r camera meta
    ! grep -qE 'Validation (Error|Warning)|Vulkan validation:|VUID-' \
        "$build/meson-logs/everyday.txt"
    count $? "no message from the validation layers"

    say "faces and steadiness on clips of known motion"
    suites eval "$build" eval

    say "the same code under the sanitizers"
    configure "$build-asan" -Dbuildtype=debugoptimized -Db_sanitize=address,undefined \
        -Db_lundef=false -Dgst=disabled -Dfrei0r=disabled
    count $? "build with the sanitizers"
    # The CPU's Vulkan driver frees small blocks of large alignment by the thousand; the quarantine
    # counts their bytes only, and at its usual 256 MB kept 24 GB of pages.
    slower=2 ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=32 \
        LSAN_OPTIONS=suppressions=$root/tests/lsan.supp:print_suppressions=0 \
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        suites sanitizers "$build-asan" unit net golden

    say "clang"
    CC=clang configure "$build-clang" -Dbuildtype=debugoptimized
    count $? "build with clang, no warning"
}

slow() {
    say "FFmpeg from source; cameras in QEMU; training smoke"
    python_packages "$root/.cache/venv-training" "$root/training/requirements.txt" ||
        echo "training packages could not be installed"
    suites slow "$build" slow
}

cd "$root" || exit 1
say "packages"
if ! install_packages; then
    count 1 "installing packages: $(printf '%s ' "${packages[@]}")"
    finish
fi
python_packages "$root/.venv" "$root/tests/requirements.txt" ||
    echo "the ONNX Runtime comparison will be skipped: its packages could not be installed"
models/fetch_faces.sh
count $? "the face networks are fetched"
say "build"
configure "$build"
count $? "build with gcc, no warning"
[ "$failed" = 0 ] || finish
[ "$what" = slow ] || everyday
[ "$what" = everyday ] || slow
finish
