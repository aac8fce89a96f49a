#!/bin/bash
# The whole training paths on drawn scenes, a minute: scenes, teacher, training, export, evaluation.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
python=$top/.cache/venv-training/bin/python3
if ! "$python" -c 'import torch, onnxruntime, cv2' 2>/dev/null; then
    echo "skipped: the packages of training/requirements.txt are not installed (tests/run.sh does)"
    exit 77
fi
cd "$(mktemp -d)"
"$python" "$top/training/train_style.py" cartoon --smoke
"$python" "$top/training/train_visible.py" --smoke
"$python" "$top/training/train_gaze.py" --smoke
"$python" "$top/training/train_age.py" --smoke
"$python" "$top/training/age_shade.py" --smoke
"$python" "$top/training/age_dose.py" --smoke
"$python" "$top/training/train_age.py" --smoke --high
