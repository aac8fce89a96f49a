# Sourced by ffmpeg_native.sh and ffmpeg_dropin.sh: how a check is made and counted. The ffmpeg
# under test is the array `ff`.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${MIEN_BUILD:-$top/build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

ok() { passed=$((passed + 1)); echo "ok - $*"; }
not_ok() { failed=$((failed + 1)); echo "NOT OK - $*"; }
skip() { echo "skip - $*"; }
# same TEXT A B, differ TEXT A B: nothing on a side (a command that failed) is always wrong.
same() {
    if [ -n "$2" ] && [ "$2" = "$3" ]; then ok "$1"; else
        not_ok "$1: $(printf '%s / %s' "$2" "$3" | tr '\n' ' ' | head -c 400)"
    fi
}
differ() {
    if [ -n "$2" ] && [ -n "$3" ] && [ "$2" != "$3" ]; then ok "$1"; else
        not_ok "$1: no difference: $(printf '%s / %s' "$2" "$3" | tr '\n' ' ' | head -c 400)"
    fi
}
finish() { echo "$passed passed, $failed failed"; [ "$failed" = 0 ]; }

# Runs the ffmpeg under test, quietly. What it says goes to $work/log as well.
run_ff() {
    local status=0
    "${ff[@]}" -hide_banner -nostdin -v "${VERBOSITY:-warning}" "$@" 2>"$work/log" || status=$?
    [ "$status" = 0 ] || [ -n "${EXPECT_FAILURE:-}" ] || sed 's/^/    /' "$work/log" >&2
    return "$status"
}

# A small moving picture as a lavfi source: source WIDTHxHEIGHT
source_of() { echo "testsrc2=s=$1:r=10"; }

# Hashes of the frames that a filter chain makes, one a line: hashes SIZE FRAMES CHAIN, or of
# another input hashes_of FRAMES CHAIN INPUT...
hashes() { hashes_of "$2" "$3" -f lavfi -i "$(source_of "$1")"; }
hashes_of() {
    run_ff "${@:3}" -frames:v "$1" -vf "$2" -f framemd5 - |
        sed -n 's/.*, *//; /^[0-9a-f]\{32\}$/p' || true # no lines then, and the check fails
}

# Lowest PSNR (dB, "inf" if equal) over the frames of two raw RGB files: psnr SIZE FILE FILE
psnr() {
    run_ff -s "$1" -f rawvideo -pix_fmt rgb24 -i "$2" -s "$1" -f rawvideo -pix_fmt rgb24 -i "$3" \
        -lavfi "psnr=stats_file=$work/psnr" -f null - >/dev/null || true
    sed -n 's/.*psnr_avg:\([0-9.inf]*\).*/\1/p' "$work/psnr" | sort -g | sed 1q || true
}

# at_least TEXT DB LIMIT, at_most TEXT DB LIMIT
at_least() { compare "$1" "$2" '>=' "$3"; }
at_most() { compare "$1" "$2" '<=' "$3"; }
compare() {
    if [ -n "$2" ] && awk -v a="${2/inf/999}" -v b="$4" "BEGIN { exit !(a $3 b) }"; then
        ok "$1 ($2 dB)"
    else
        not_ok "$1: ${2:-no} dB, wanted $3 $4"
    fi
}

# A command line that must fail with one line of the filter that holds TEXT:
# refused NAME TEXT CHAIN [SIZE]
refused() {
    local lines
    if EXPECT_FAILURE=1 VERBOSITY=error run_ff -f lavfi -i "$(source_of "${4:-64x64}")" \
        -frames:v 2 -vf "$3" -f null -; then
        not_ok "$1: ffmpeg went on"
        return
    fi
    lines=$(grep '^\[[^]]*mien' "$work/log" | grep -c -- "$2") || true
    if [ "$lines" = 1 ]; then
        ok "$1: $(grep -- "$2" "$work/log" | sed 's/^\[[^]]*\] *//; q')"
    else
        not_ok "$1: $lines lines of the filter hold '$2':"
        sed 's/^/    /' "$work/log"
    fi
}
