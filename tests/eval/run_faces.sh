#!/bin/bash
# The figures of the face analysis on clips of known motion.
#
#   tests/eval/run_faces.sh [--all] [--program PRINT_FACES | --alone] [--limits] [CLIP ...]
#
# Makes the clips that are missing (.cache/eval-faces), runs samples/print_faces (default: of
# build/) on them and writes out/faces/faces.md, people.md and faces.json. Without --all: the clips
# of the everyday test. --all: every clip, with the pictures of ../shared/data where they are, half
# an hour. --alone: the networks by themselves (face_reference.py) instead of print_faces. CLIP:
# only these clips; may hold * and ?.
# Needs the packages of tests/requirements.txt in .venv (tests/run.sh makes it).
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
program=$root/build/samples/print_faces
python=${MIEN_PYTHON:-$root/.venv/bin/python3}
words=()
while [ $# -gt 0 ]; do
    case $1 in
    --all) words+=(--set all) ;;
    --limits) words+=(--limits) ;;
    --alone) program= ;;
    --program)
        program=$2
        shift
        ;;
    --help | -h)
        sed -n '2,/^set/{/^#/p}' "$0"
        exit 0
        ;;
    *) words+=("$1") ;;
    esac
    shift
done
if ! "$python" -c 'import cv2, numpy' 2>/dev/null; then
    echo "skipped: the packages of tests/requirements.txt are not installed (tests/run.sh does)"
    exit 77
fi
for name in detect-short detect-full mesh lips eye-left eye-right; do
    [ -f "$root/models/face-$name.onnx" ] ||
        { echo "skipped: no models/face-$name.onnx (models/fetch_faces.sh gets it)"; exit 77; }
done
run=("$program" --points --times "models=$root/models" cache=none)
if [ -z "$program" ]; then
    run=("$python" "$root/tests/eval/face_reference.py")
elif [ ! -x "$program" ]; then
    echo "run_faces.sh: there is no $program: build it first" >&2
    exit 1
fi
status=0
rm -f "$root/out/faces/faces.md"
"$python" "$root/tests/eval/face_figures.py" --out "$root/out/faces" \
    --run "$(printf '%q ' "${run[@]}")" "${words[@]}" || status=$?
[ ! -f "$root/out/faces/faces.md" ] || cat "$root/out/faces/faces.md"
exit "$status"
