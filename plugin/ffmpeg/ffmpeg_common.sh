# Sourced by build_ffmpeg.sh and build_dropin.sh: messages, the FFmpeg source, libmien, cache keys.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
program=$(basename "$0")
jobs=${JOBS:-$(nproc)}
export LC_ALL=C # what apt says is read below

say() { printf '%s: %s\n' "$program" "$*" >&2; }
fail() { printf '%s: error: %s\n' "$program" "$*" >&2; exit 1; }
need() { command -v "$1" >/dev/null || fail "$1 is missing: apt-get install $2"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this step needs root: run as root or install sudo"
    fi
}

# Runs a long command with its output in a log and a dot every ten seconds. step TEXT LOG COMMAND...
step() {
    local text=$1 log=$2 start=$SECONDS pid
    shift 2
    printf '%s: %s ' "$program" "$text" >&2
    "$@" >"$log" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        (((SECONDS - start) % 10)) || printf . >&2
    done
    if wait "$pid"; then
        printf ' %d s\n' $((SECONDS - start)) >&2
    else
        printf ' failed\n' >&2
        tail -n 15 "$log" >&2
        return 1
    fi
}

# Hash of file contents and words: digest FILE... -- WORD...
digest() {
    {
        while [ $# -gt 0 ] && [ "$1" != -- ]; do
            cat "$1"
            shift
        done
        printf '%s\n' "$@"
    } | sha256sum | cut -c1-32
}

# Version of FFmpeg's Debian source: the one of the installed libavfilter, else what apt would
# install. No network is used.
ffmpeg_version() {
    local package version
    package=$(apt-cache depends ffmpeg 2>/dev/null |
        sed -n 's/^ *Depends: \(libavfilter[0-9]*\)$/\1/p' | head -n 1)
    [ -n "$package" ] ||
        fail "apt knows no package ffmpeg: apt-get update (Debian 12 is what this is made for)"
    version=$(dpkg-query -W -f '${db:Status-Status} ${source:Version}' "$package" 2>/dev/null |
        sed -n 's/^installed //p')
    if [ -z "$version" ]; then
        version=$(apt-cache show --no-all-versions "$package" | sed -n 's/^Version: //p')
        # A rebuild of the package alone has a version that the source has not.
        version=${version%+b[0-9]*}
    fi
    printf '%s\n' "$version"
}

# The configuration that the distribution's ffmpeg was built with, one switch a line.
stock_flags() {
    ffmpeg -hide_banner -buildconf | sed -n 's/^ *\(--.*\)/\1/p'
}

# Unpacks that source as DIR. The deb-src entries live in a folder of their own, made from the
# machine's deb entries; the system's apt configuration stays as it is. FFMPEG_SOURCE=<folder>
# takes an unpacked source instead. fetch_source VERSION DIR
fetch_source() {
    local version=$1 dir=$2 apt entries
    if [ -n "${FFMPEG_SOURCE:-}" ]; then
        [ -x "$FFMPEG_SOURCE/configure" ] ||
            fail "FFMPEG_SOURCE=$FFMPEG_SOURCE holds no FFmpeg source"
        rm -rf "$dir"
        cp -a "$FFMPEG_SOURCE" "$dir"
        return
    fi
    need dpkg-source dpkg-dev
    entries=$(apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | sort -u)
    [ -n "$entries" ] || fail "apt has no package lists: apt-get update"
    apt=$(mktemp -d)
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/source"
    printf '%s\n' "$entries" >"$apt/sources.list"
    cat >"$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$apt/state/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "";
Acquire::Languages "none";
CONF
    step "source lists" "$apt/update.log" env APT_CONFIG="$apt/apt.conf" apt-get -q update ||
        fail "the source lists could not be fetched: is the package mirror reachable?"
    if ! (cd "$apt/source" && step "source of ffmpeg $version" "$apt/fetch.log" \
        env APT_CONFIG="$apt/apt.conf" apt-get -q source "ffmpeg=$version"); then
        rm -rf "$apt"
        fail "the mirror has no source of ffmpeg $version: apt-get update && apt-get upgrade," \
            "then again"
    fi
    rm -rf "$dir"
    mv "$apt"/source/ffmpeg-*/ "$dir"
    rm -rf "$apt"
}

# Finds libmien: pkg-config's choice, else a build folder of this checkout (MIEN_BUILD names one
# and goes first). Sets mien_libdir (of libmien.so) and mien_include.
find_mien() {
    need pkg-config pkg-config
    local path=${PKG_CONFIG_PATH:-} build=${MIEN_BUILD:-$top/build} source
    if [ -n "${MIEN_BUILD:-}" ] || ! pkg-config --exists mien; then
        path=$build/meson-uninstalled${path:+:$path}
    fi
    mien_variable() { PKG_CONFIG_PATH=$path pkg-config --variable="$1" mien; }
    PKG_CONFIG_PATH=$path pkg-config --exists mien ||
        fail "libmien is neither installed nor built: meson setup build && ninja -C build"
    mien_libdir=$(mien_variable libdir)
    mien_include=$(mien_variable includedir)
    source=$(mien_variable srcdir) # only the file of a build folder has it
    if [ -n "$source" ]; then
        mien_libdir=$(mien_variable prefix)/core
        mien_include=$source/core/include
    fi
    [ -e "$mien_libdir/libmien.so" ] || fail "there is no $mien_libdir/libmien.so: ninja -C $build"
}

# Makes DIR/mien, which stands for that libmien: FFmpeg is configured with it and looks for the
# library there at run time, so another libmien needs no new build. link_mien DIR
link_mien() {
    local dir=$1/mien
    mkdir -p "$dir/include"
    ln -sfn "$mien_include/mien" "$dir/include/mien"
    ln -sf "$mien_libdir/libmien.so" "$mien_libdir"/libmien.so.[0-9] "$dir/"
    mien_package "$dir" >"$dir/mien.pc"
}

# mien_package DIR: the pkg-config file. What libmien itself links to need not be there.
mien_package() {
    cat <<PC
Name: mien
Description: libmien
Version: 0
Libs: -L$1 -lmien -Wl,--allow-shlib-undefined
Cflags: -I$1/include
PC
}
