#!/bin/bash
# add_to_tree.sh SRCDIR: adds the filter `mien` to an FFmpeg source tree (5.1 or later), so that
# `configure --enable-libmien` builds it. Run again, it changes nothing but an outdated vf_mien.c.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=${1:?usage: add_to_tree.sh SRCDIR}

fail() { echo "add_to_tree.sh: error: $*" >&2; exit 1; }
[ -e "$tree/libavfilter/allfilters.c" ] || fail "$tree is no FFmpeg source tree"

# Copies only what differs, so that make rebuilds no more than it must.
copy() { cmp -s "$1" "$2" || cp "$1" "$2"; }

# insert FILE ANCHOR LINE: puts LINE before the one line that matches ANCHOR (a basic regular
# expression; \1 in LINE is its group), unless a line that matches `present` is there.
insert() {
    local file=$tree/$1 anchor=$2 line=$3 present=$4
    grep -q "$present" "$file" && return
    [ "$(grep -c "$anchor" "$file")" = 1 ] ||
        fail "$file has no place for the filter (looked for one line '$anchor'): not" \
            "FFmpeg 5.1 or a near relative?"
    sed -i "s|$anchor|$line\n&|" "$file"
    [ "$(grep -c "$present" "$file")" = 1 ] || fail "the edit of $file did not take"
}

copy "$here/vf_mien.c" "$tree/libavfilter/vf_mien.c"
copy "$here/../../core/params.def" "$tree/libavfilter/vf_mien_params.def"
insert libavfilter/allfilters.c '^\(extern const [A-Za-z]*\) ff_vf_minterpolate;$' \
    '\1 ff_vf_mien;' ' ff_vf_mien;$'
insert libavfilter/Makefile '^OBJS-$(CONFIG_MINTERPOLATE_FILTER) .*$' \
    'OBJS-$(CONFIG_MIEN_FILTER)                   += vf_mien.o' '^OBJS-$(CONFIG_MIEN_FILTER) '
insert configure '^  --enable-libmodplug .*$' \
    '  --enable-libmien         enable the filter mien via libmien [no]' '^  --enable-libmien '
insert configure '^    libmodplug$' '    libmien' '^    libmien$'
insert configure '^frei0r_filter_deps="frei0r"$' 'mien_filter_deps="libmien"' '^mien_filter_deps='
insert configure '^enabled libmodplug .*$' \
    'enabled libmien           \&\& require_pkg_config libmien mien mien/mien.h mien_version' \
    '^enabled libmien '
