#!/bin/bash
# compile_libavfilter.sh WORK: the part of build_dropin.sh that runs where FFmpeg's build
# dependencies are. WORK holds source/ (with the filter), flags, mien/ and stock/, the
# distribution's other FFmpeg libraries. Makes WORK/result/.
set -euo pipefail
work=$1
cd "$work"

export PKG_CONFIG_PATH=$work/mien
CFLAGS="$(dpkg-buildflags --get CFLAGS) $(dpkg-buildflags --get CPPFLAGS)"
LDFLAGS="$(dpkg-buildflags --get LDFLAGS) -Wl,-rpath,$RPATH"
export CFLAGS LDFLAGS

mkdir -p build result
cd build
if [ ! -e configured ]; then
    mapfile -t flags <../flags
    ../source/configure "${flags[@]}"
    touch configured
fi

# Links in the build folder stand for the other libraries, and make is told that they are old
# enough to be left alone.
old=()
for file in ../stock/lib*.so.*; do
    soname=$(basename "$file")
    name=${soname%%.*}
    mkdir -p "$name"
    ln -sf "../$file" "$name/$soname"
    ln -sf "../$file" "$name/$name.so"
    old+=(-o "$name/$soname" -o "$name/$name.so")
done
major=$(sed -n 's/^#define LIBAVFILTER_VERSION_MAJOR *//p' ../source/libavfilter/version_major.h)
make -j"$JOBS" "${old[@]}" "libavfilter/libavfilter.so.$major"
strip -o "../result/libavfilter.so.$major" "libavfilter/libavfilter.so.$major"
