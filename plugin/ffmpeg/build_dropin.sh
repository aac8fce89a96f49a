#!/bin/bash
# build_dropin.sh [OUTDIR]: builds OUTDIR/libavfilter.so.N, Debian's own library plus the filter
# `mien`, for the ffmpeg of the distribution:
#     LD_LIBRARY_PATH=OUTDIR ffmpeg -i in.mp4 -vf mien=style=cartoon out.mp4
# OUTDIR is .cache/ffmpeg-dropin of this checkout unless given. Where FFmpeg's build dependencies
# are not installed, a chroot with them (2.2 GB, root needed) is made in OUTDIR and kept. Exits
# with 77 where that cannot be done on this machine.
# Environment: MIEN_BUILD=<meson build folder>, FFMPEG_SOURCE=<unpacked source>, JOBS=<number>.
set -euo pipefail
. "$(dirname "$0")/ffmpeg_common.sh"

cannot() { printf '%s: cannot: %s\n' "$program" "$*" >&2; exit 77; }

case ${1:-} in -*) fail "usage: build_dropin.sh [OUTDIR]" ;; esac
out=${1:-$top/.cache/ffmpeg-dropin}
mkdir -p "$out"
out=$(cd "$out" && pwd)
root=$out/chroot

need ffmpeg ffmpeg
need dpkg-source dpkg-dev
find_mien
link_mien "$out"
version=$(ffmpeg_version)
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

mapfile -t flags < <(stock_flags)
[ ${#flags[@]} -gt 0 ] || fail "$(command -v ffmpeg) does not tell its configuration"
flags+=(--disable-doc --disable-debug --enable-libmien)

tree_key=$(digest "$here/add_to_tree.sh" -- "$version" "${FFMPEG_SOURCE:-}")
build_key=$(digest "$here/compile_libavfilter.sh" -- "$tree_key" "${flags[@]}" "$out")
key=$(digest "$here/vf_mien.c" "$top/core/params.def" "$mien_include/mien/mien.h" -- "$build_key")
stamp() { cat "$out/$1" 2>/dev/null || true; }

if [ "$(stamp stamp)" = "$key" ] && ls "$out"/libavfilter.so.* >/dev/null 2>&1; then
    say "$out/libavfilter.so is up to date (FFmpeg $version)"
    exit 0
fi
rm -f "$out/stamp"
if [ "$(stamp tree.stamp)" != "$tree_key" ]; then
    rm -f "$out/tree.stamp"
    fetch_source "$version" "$out/source"
    echo "$tree_key" >"$out/tree.stamp"
fi
"$here/add_to_tree.sh" "$out/source"

unmount_proc() { ! mountpoint -q "$root/proc" || as_root umount "$root/proc"; }

make_chroot() {
    command -v mmdebstrap >/dev/null ||
        cannot "no build dependencies of ffmpeg and no mmdebstrap: apt-get install mmdebstrap"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || cannot "a chroot needs root or sudo"
    [ "$(df --output=avail -k "$out" | tail -n 1)" -gt 4000000 ] ||
        cannot "the chroot needs 4 GB in $out"
    unmount_proc
    as_root rm -rf --one-file-system "$root"
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)
deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
        sort -u >"$out/sources.list"
    # The way to the mirror, where there is a proxy between.
    local options=(--aptopt='APT::Install-Recommends "false"') line
    while read -r line; do
        options+=("--aptopt=${line%;}")
    done < <(apt-config dump | grep -E '^Acquire::(http|https)::Proxy ' || true)
    step "chroot" "$out/chroot.log" as_root mmdebstrap --variant=apt "${options[@]}" \
        --include=build-essential,ca-certificates "$codename" "$root" "$out/sources.list" ||
        cannot "mmdebstrap makes no chroot here: see $out/chroot.log"
    echo "$codename" >"$out/chroot.stamp"
}

install_builddeps() {
    step "build dependencies of ffmpeg (about 300 MB)" "$out/builddep.log" \
        as_root chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -c "apt-get -q update &&
            apt-get -q -y build-dep --no-install-recommends -P nodoc ffmpeg=$version" ||
        cannot "the build dependencies cannot be installed in the chroot: see $out/builddep.log"
    as_root chroot "$root" apt-get clean
    echo "$version" >"$out/builddep.stamp"
}

# FFmpeg's other libraries as the stock ffmpeg finds them.
stock_libraries() {
    local others='avutil|avcodec|avformat|swscale|swresample|postproc'
    ldd "$(command -v ffmpeg)" | sed -nE "s/^.*lib($others)\\.so[^ ]* => ([^ ]*) .*/\\2/p"
}

# All that the compilation needs, under one folder, which is /mien-work in the chroot.
fill_work() {
    local work=$1
    mkdir -p "$work/mien/include/mien" "$work/stock"
    stock_libraries | xargs cp -Lt "$work/stock"
    cp "$mien_libdir/libmien.so" "$work/mien/"
    cp -p "$mien_include/mien/mien.h" "$work/mien/include/mien/mien.h"
    mien_package "$seen/mien" >"$work/mien/mien.pc"
    printf '%s\n' "${flags[@]}" >"$work/flags"
    rm -rf "$work/source"
    cp -a "$out/source" "$work/source"
    cp "$here/compile_libavfilter.sh" "$work/"
}

if (cd "$out/source" && dpkg-checkbuilddeps -B -P nodoc) 2>/dev/null; then
    work=$out/work
    inside=()
    seen=$work
else
    if [ "$(stamp chroot.stamp)" != "$codename" ] || [ ! -x "$root/usr/bin/gcc" ]; then
        rm -f "$out/chroot.stamp" "$out/builddep.stamp"
        make_chroot
    fi
    work=$root/mien-work
    as_root install -d -o "$(id -u)" -g "$(id -g)" "$work"
    # Most tools do without /proc, and a container may not allow the mount.
    mountpoint -q "$root/proc" || as_root mount -t proc proc "$root/proc" 2>/dev/null || true
    trap unmount_proc EXIT
    [ "$(stamp builddep.stamp)" = "$version" ] || install_builddeps
    inside=(as_root chroot "--userspec=$(id -u):$(id -g)" "$root")
    seen=/mien-work
fi
fill_work "$work"
[ "$(stamp build.stamp)" = "$build_key" ] || rm -rf "$work/build"
echo "$build_key" >"$out/build.stamp"
step "compile libavfilter with $jobs jobs" "$out/make.log" \
    "${inside[@]}" env JOBS="$jobs" RPATH="$out/mien" bash "$seen/compile_libavfilter.sh" "$seen" ||
    fail "the build failed: see $out/make.log and $work/build/ffbuild/config.log"
rm -f "$out"/libavfilter.so.*
cp "$work"/result/libavfilter.so.* "$out/"
LD_LIBRARY_PATH=$out ffmpeg -hide_banner -h filter=mien 2>/dev/null | grep -q '^Filter mien' ||
    fail "the stock ffmpeg does not see the filter mien in $out"
echo "$key" >"$out/stamp"
say "built $(ls "$out"/libavfilter.so.*) (FFmpeg $version)"
