#!/bin/bash
# compile_libavfilter.sh WORK: the part of build_dropin.sh that runs where FFmpeg's build
# dependencies are. WORK holds source/ (with the filter), flags, mien/. Makes WORK/result/.
set -euo pipefail
work=$1
libraries=/usr/lib/$(gcc -print-multiarch)
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

# The other libraries are the distribution's: links in the build folder stand for them, and make
# is told that they are old enough to be left alone.
old=()
for name in avutil avcodec avformat swscale swresample postproc; do
    file=$(readlink -f "$libraries/lib$name.so")
    soname=$(basename "$file" | sed -E 's/(\.so\.[0-9]+).*/\1/')
    mkdir -p "lib$name"
    ln -sf "$file" "lib$name/$soname"
    ln -sf "$file" "lib$name/lib$name.so"
    old+=(-o "lib$name/$soname" -o "lib$name/lib$name.so")
done
major=$(sed -n 's/^#define LIBAVFILTER_VERSION_MAJOR *//p' ../source/libavfilter/version_major.h)
make -j"$JOBS" "${old[@]}" "libavfilter/libavfilter.so.$major"
strip -o "../result/libavfilter.so.$major" "libavfilter/libavfilter.so.$major"
