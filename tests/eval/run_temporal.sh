#!/bin/bash
# How steady an effect is: NTRE, warping error, tOF, flicker, ghosts, step response, landmark drift,
# untouched pixels and the joint score J, and the same for cheats. MEASURES in temporal_docs.py
# says what each figure is.
#
#   tests/eval/run_temporal.sh --effect style=cartoon:smooth=0.8 [--effect ...] [CLIP ...]
#       an effect of mien, on clips of known motion that are made from still photos.
#       --set suite|one|all: a few short clips; every kind of motion (the default); with the people
#       of ../shared/data too. CLIP: only these; may hold * and ?.
#   tests/eval/run_temporal.sh --effect ... --real [VIDEO ...]
#       the same on videos, by measured motion; without names those of ../shared/data/clips
#       and some of hands.
#   tests/eval/run_temporal.sh --input IN --output OUT [--per-frame FRAMES] [--area face|background]
#       any video and what any program made of it. FRAMES: the same effect without smoothing; only
#       with it are there E, F and J.
#   tests/eval/run_temporal.sh --docs
#       all shipped styles, age and gaze, into docs/temporal.md. --from DIR: with the results that
#       lie there. --no-videos: without the table of the videos, which take longest.
#
# --no-cheats: without them, faster. --limits: exit status 1 where a limit is missed. --build DIR:
# the build of mien (default: build/). --jobs N: processes (default: one a core). --out DIR: for
# tables, JSON and plots (default: out/temporal).
# Needs the packages of tests/requirements.txt in .venv (tests/run.sh makes it), and the face
# networks for the landmarks of videos (models/fetch_faces.sh).
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${MIEN_PYTHON:-$root/.venv/bin/python3}
case ${1:-} in
--help | -h | '')
    sed -n '2,/^set/{/^#/p}' "$0"
    exit 0
    ;;
esac
if ! "$python" -c 'import cv2, numpy' 2>/dev/null; then
    echo "skipped: the packages of tests/requirements.txt are not installed (tests/run.sh does)"
    exit 77
fi
program=figures
if [ "$1" = --docs ]; then
    program=docs
    shift
fi
exec "$python" "$root/tests/eval/temporal_$program.py" "$@"
