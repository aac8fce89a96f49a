#!/bin/bash
# Compares mien's networks with its peers: ncnn on the same Vulkan device, ONNX Runtime on the CPU.
#
#   tests/bench/run_bench.sh [--quick] [--out FOLDER] [--rounds N] [--device NAME] [--threads N]
#                            [NETWORK ...]
#
# Writes docs/bench.md and docs/bench.svg, and with --quick (five networks, three rounds) or with
# names of networks out/bench/ instead; --out: elsewhere. The figures of every round are in
# out/bench/bench.json. Installs the peers into .cache/venv-bench (75 MB from PyPI, once), builds
# into build-bench and fetches the face networks if they are lacking. The whole takes ten minutes.
# A network: a file of models/ without its .onnx, johnson-12, johnson-32.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/python_packages.sh"
venv=$root/.cache/venv-bench build=$root/build-bench
made=$root/out/bench docs=
words=() part=
command="tests/bench/run_bench.sh${*:+ $*}"

die() {
    printf 'run_bench: %s\n' "$1" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
    --quick) part=1 words+=(--quick) ;;
    --out | --rounds | --device | --threads)
        [ $# -gt 1 ] || die "$1 wants a value"
        if [ "$1" = --out ]; then docs=$2; else words+=("$1" "$2"); fi
        shift
        ;;
    --help | -h)
        sed -n '2,/^set/{/^#/p}' "$0"
        exit 0
        ;;
    -*) die "'$1' is no option" ;;
    *) part=1 words+=("$1") ;;
    esac
    shift
done
[ -n "$docs" ] || docs=$([ -n "$part" ] && echo "$made" || echo "$root/docs")

python_packages "$venv" "$root/tests/bench/requirements.txt" --no-deps ||
    die "the packages of tests/bench/requirements.txt could not be installed"
"$root/models/fetch_faces.sh" || echo "run_bench: without the face networks" >&2
[ -f "$build/build.ninja" ] ||
    meson setup "$build" "$root" -Dgst=disabled -Dfrei0r=disabled >/dev/null
ninja -C "$build" tests/bench/bench_net >"$build/build.log" ||
    { tail -n 30 "$build/build.log"; exit 1; }
status=0
"$venv/bin/python3" "$root/tests/bench/compare_peers.py" \
    --bench-net "$build/tests/bench/bench_net" \
    --models "$root/models" --out "$made" --command "$command" "${words[@]}" || status=$?
if [ "$status" -le 1 ] && [ "$docs" != "$made" ]; then
    mkdir -p "$docs"
    cp "$made/bench.md" "$made/bench.svg" "$docs/"
fi
echo "written: $docs/bench.md, $docs/bench.svg"
exit "$status"
