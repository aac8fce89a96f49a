#!/bin/bash
# The figures of the face analysis on clips of known motion.
#
#   tests/eval/run_faces.sh [--all] [--program PRINT_FACES] [--limits] [CLIP ...]
#
# Makes the clips that are missing (.cache/eval-faces), runs samples/print_faces (default: of
# build/) on them and writes out/faces/faces.md and faces.json. Without --all: the clips of the
# everyday test. --all: every clip, with the pictures of ../shared/data where they are, half an
# hour. CLIP: only these of them; may hold * and ?.
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
if [ ! -x "$program" ]; then
    echo "run_faces.sh: there is no $program: build it first" >&2
    exit 1
fi
status=0
"$python" "$root/tests/eval/face_figures.py" --out "$root/out/faces" \
    --run "$(printf '%q ' "$program" --points --times "models=$root/models" cache=none)" \
    "${words[@]}" || status=$?
[ "$status" != 0 ] && [ "$status" != 1 ] || cat "$root/out/faces/faces.md"
exit "$status"
