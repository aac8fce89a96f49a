#!/bin/bash
# build_ffmpeg.sh [--full] [OUTDIR]: builds OUTDIR/ffmpeg and OUTDIR/ffprobe with the filter `mien`
# from Debian's FFmpeg source. OUTDIR is .cache/ffmpeg-native of this checkout unless given. A
# second run builds what has changed, mostly nothing. --full takes the configuration of the
# distribution's ffmpeg and needs its build dependencies.
# Environment: MIEN_BUILD=<meson build folder>, FFMPEG_SOURCE=<unpacked source>, JOBS=<number>.
set -euo pipefail
. "$(dirname "$0")/ffmpeg_common.sh"

# What FFmpeg itself can do without other packages and what a video needs, no more: the build
# takes minutes, not a quarter of an hour.
small=(
    --disable-everything --disable-autodetect --disable-network --enable-zlib
    --enable-protocol=file,pipe,fd --enable-indev=lavfi,v4l2 --enable-outdev=v4l2
    --enable-bsf=h264_mp4toannexb,hevc_mp4toannexb,aac_adtstoasc,extract_extradata
    --enable-bsf=vp9_superframe,null
    --enable-parser=h264,hevc,mpeg4video,mpegvideo,mjpeg,png,vp8,vp9,aac,mpegaudio,opus,flac,ac3
    --enable-demuxer=mov,matroska,avi,mpegts,flv,ogg,wav,mp3,aac,flac,h264,hevc,m4v,mjpeg,gif
    --enable-demuxer=image2,image2pipe,image_png_pipe,image_jpeg_pipe,rawvideo,yuv4mpegpipe,concat
    --enable-muxer=mov,mp4,matroska,webm,avi,mpegts,wav,h264,mjpeg,gif,image2,image2pipe,rawvideo
    --enable-muxer=yuv4mpegpipe,null,md5,framemd5,framehash
    --enable-decoder=h264,hevc,mpeg4,mpeg2video,mjpeg,png,gif,ffv1,huffyuv,vp8,vp9,rawvideo
    --enable-decoder=wrapped_avframe,aac,mp3,opus,vorbis,flac,ac3,pcm_s16le
    --enable-encoder=mpeg4,mjpeg,png,gif,ffv1,huffyuv,rawvideo,wrapped_avframe,aac,flac,pcm_s16le
    --enable-filter=mien,null,copy,format,noformat,scale,fps,framerate,setpts,settb,setparams,setsar
    --enable-filter=setdar,trim,select,loop,reverse,tpad,concat,split,sendcmd,realtime,metadata
    --enable-filter=showinfo,perms,crop,pad,hflip,vflip,transpose,rotate,zoompan,overlay,hstack
    --enable-filter=vstack,xstack,tile,blend,fade,drawbox,drawgrid,lut,lutyuv,lutrgb,unsharp,noise
    --enable-filter=gblur,yadif,bwdif,colorspace,colorchannelmixer,hue,alphaextract,alphamerge
    --enable-filter=extractplanes,mergeplanes,psnr,ssim,signalstats,testsrc,testsrc2,color,nullsrc
    --enable-filter=smptebars,mandelbrot,anull,acopy,aformat,aresample,atrim,asetpts,volume,amix
    --enable-filter=asplit,apad,afade,anullsrc,sine,thumbnail
)

full=
if [ "${1:-}" = --full ]; then
    full=1
    shift
fi
case ${1:-} in -*) fail "usage: build_ffmpeg.sh [--full] [OUTDIR]" ;; esac
out=${1:-$top/.cache/ffmpeg-native}
mkdir -p "$out"
out=$(cd "$out" && pwd)

need gcc gcc
need make make
find_mien
link_mien "$out"
export PKG_CONFIG_PATH=$out/mien${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
version=$(ffmpeg_version)

flags=(--enable-libmien --disable-doc --disable-debug "--extra-ldexeflags=-Wl,-rpath,$out/mien")
if [ -n "$full" ]; then
    need ffmpeg ffmpeg
    # All but what is about the distribution's packages and its debugger.
    mapfile -t -O ${#flags[@]} flags < <(stock_flags |
        grep -Ev '^--(enable-shared|prefix=|[a-z]*dir=|extra-version=|disable-stripping)')
else
    pkg-config --exists zlib || fail "zlib is missing: apt-get install zlib1g-dev"
    flags+=("${small[@]}")
    if pkg-config --exists x264; then
        flags+=(--enable-gpl --enable-libx264 --enable-encoder=libx264)
    else
        say "no libx264 (apt-get install libx264-dev): mpeg4 is the encoder for mp4"
    fi
    if ! command -v nasm >/dev/null; then
        say "no nasm (apt-get install nasm): codecs and scaler will be slow"
        flags+=(--disable-x86asm)
    fi
fi

# Three depths: what the source tree is made of, what configure was told, what make has compiled.
# Only what has changed is done again; a changed vf_mien.c is one object and a link.
tree_key=$(digest "$here/add_to_tree.sh" -- "$version" "${FFMPEG_SOURCE:-}")
build_key=$(digest -- "$tree_key" "${flags[@]}")
key=$(digest "$here/vf_mien.c" "$top/core/params.def" "$mien_include/mien/mien.h" -- "$build_key")
stamp() { cat "$out/$1" 2>/dev/null || true; }

if [ "$(stamp stamp)" = "$key" ] && [ -x "$out/ffmpeg" ] && [ -x "$out/ffprobe" ]; then
    say "$out/ffmpeg is up to date (FFmpeg $version)"
    exit 0
fi
rm -f "$out/stamp"
if [ "$(stamp tree.stamp)" != "$tree_key" ]; then
    rm -rf "$out/tree.stamp" "$out/build.stamp" "$out/build"
    fetch_source "$version" "$out/source"
    echo "$tree_key" >"$out/tree.stamp"
fi
if [ -n "$full" ] &&
    ! (cd "$out/source" && dpkg-checkbuilddeps -B -P nodoc) >"$out/builddeps.log" 2>&1; then
    fail "build dependencies are missing (list: $out/builddeps.log):" \
        "apt-get build-dep -P nodoc ffmpeg"
fi
"$here/add_to_tree.sh" "$out/source"
if [ "$(stamp build.stamp)" != "$build_key" ]; then
    rm -rf "$out/build.stamp" "$out/build"
    mkdir "$out/build"
    configure() (cd "$out/build" && "$out/source/configure" "${flags[@]}")
    step "configure" "$out/configure.log" configure ||
        fail "configure failed: see $out/configure.log and $out/build/ffbuild/config.log"
    echo "$build_key" >"$out/build.stamp"
fi
step "compile with $jobs jobs" "$out/make.log" make -C "$out/build" -j"$jobs" ffmpeg ffprobe ||
    fail "the compiler failed: see $out/make.log"
cp "$out/build/ffmpeg" "$out/build/ffprobe" "$out/"
"$out/ffmpeg" -hide_banner -h filter=mien 2>/dev/null | grep -q '^Filter mien' ||
    fail "$out/ffmpeg was built without the filter mien"
echo "$key" >"$out/stamp"
say "built $out/ffmpeg (FFmpeg $version)"
