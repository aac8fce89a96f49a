#!/bin/bash
# samples/bench --start: two starts, the second of which compiles nothing that the first has stored.
#
#   test_bench_start.sh BENCH MODELS
set -uo pipefail
failures=0

check() { # WHAT, then a command
    local what=$1
    shift
    if "$@"; then
        echo "ok - $what"
    else
        echo "NOT OK - $what"
        failures=$((failures + 1))
    fi
}

TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
out=$("$1" --start --size 64x48 "models=$2" style=cartoon 2>&1)
status=$?
# What the Vulkan driver leaks has no name once it is unloaded: the sanitizers' status is no sign.
case $out in *"no Vulkan"*) echo "$out"; exit 77 ;; esac
echo "$out"
check 'it ends well' test "$status" = 0
first=$(sed -n '/^first start/,/^second start/p' <<<"$out")
second=$(sed -n '/^second start/,$p' <<<"$out")
for run in first second; do
    text=${!run}
    for line in "device '" 'compiling kernels: ' 'prepared' 'first frame' 'second frame'; do
        check "$run start: $line" grep -q "$line" <<<"$text"
    done
done
# The first one compiles for the check of the network and then for the rest; the second at once.
compiled() { grep -c 'compiling kernels: .*done' <<<"$1"; }
check 'the first start checks the network' test "$(compiled "$first")" = 2
check 'the second does not' test "$(compiled "$second")" = 1
check 'nothing is left behind' test -z "$(ls -A "$TMPDIR")"
exit "$((failures > 0))"
