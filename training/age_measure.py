"""Apparent age and identity of pictures by networks that no training here sees (age_judge.js)."""
import json
import os
import struct
import subprocess
import tempfile

import cv2
import numpy as np

import age_faces

HERE = os.path.dirname(os.path.abspath(__file__))
LEFT_IRIS, RIGHT_IRIS = 468, 473
SIDE = 160              # pixels of a crop; the age network takes 112, the identity network 150
LOOKS = 2               # jittered crops of a picture, of which the mean is taken


def _crop(rgb, points, rng):
    """A square of 2.6 pupil distances, eyes at 42 % of its height, as age_judge.js wants them."""
    left, right = points[LEFT_IRIS, :2], points[RIGHT_IRIS, :2]
    across = right - left
    side = 2.6 * np.linalg.norm(across) * np.exp(rng.normal(0, 0.01))
    angle = np.arctan2(across[1], across[0])
    down = np.array([-np.sin(angle), np.cos(angle)])
    middle = (left + right) / 2 + 0.08 * side * down + rng.normal(0, 0.01, 2) * side
    c, s = np.cos(angle) * SIDE / side, np.sin(angle) * SIDE / side
    m = np.array([[c, s, 0], [-s, c, 0]])
    m[:, 2] = SIDE / 2 - m[:, :2] @ middle
    return age_faces.cut(rgb, m, SIDE)


def judge(pictures):
    """Of [(RGB uint8, 478 x 2 or 3 points in it)]: (ages [n], descriptors [n,128] of length 1)."""
    crops = []
    for rgb, points in pictures:
        rng = np.random.default_rng(5)      # the same jitter for all: differences count
        crops += [_crop(np.ascontiguousarray(rgb), points, rng) for _ in range(LOOKS)]
    with tempfile.NamedTemporaryFile(suffix=".bin") as f:
        f.write(struct.pack("<II", len(crops), SIDE) + b"".join(c.tobytes() for c in crops))
        f.flush()
        run = subprocess.run(["node", os.path.join(HERE, "age_judge.js"), f.name], check=False,
                             capture_output=True, text=True)
    if run.returncode:
        lines = [x for x in run.stderr.splitlines() if "rror" in x]
        raise SystemExit("age_judge.js: " + (lines or ["failed"])[0])
    rows = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    ages = np.array([r["age"] for r in rows]).reshape(len(pictures), LOOKS).mean(1)
    who = np.array([r["descriptor"] for r in rows]).reshape(len(pictures), LOOKS, -1).mean(1)
    return ages, who / np.linalg.norm(who, axis=1, keepdims=True)


def spoiled(rgb, quality=75, sigma=1.0):
    """Blur and JPEG: what an effect that is no adversarial noise outlives."""
    x = cv2.GaussianBlur(rgb, (0, 0), sigma)
    return cv2.imdecode(cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, quality])[1],
                        cv2.IMREAD_COLOR)
