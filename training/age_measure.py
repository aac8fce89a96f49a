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
LOOKS = 2               # jittered crops of a picture, of which the mean is taken
# Of each judge: the crop's side in pupil distances (of the others the better one of 2.6 and 3.4, on
# people whose ages are known) and in pixels (face-api's age network takes 112 of them, its identity
# network 150).
JUDGES = {"face-api": (2.6, 160), "ssr-net": (3.4, 128), "faceres-deep": (3.4, 224)}
OTHERS = tuple(JUDGES)[1:]


def _crop(rgb, points, rng, span, pixels):
    """A square about the face, eyes at 42 % of its height."""
    left, right = points[LEFT_IRIS, :2], points[RIGHT_IRIS, :2]
    across = right - left
    side = span * np.linalg.norm(across) * np.exp(rng.normal(0, 0.01))
    angle = np.arctan2(across[1], across[0])
    down = np.array([-np.sin(angle), np.cos(angle)])
    middle = (left + right) / 2 + 0.08 * side * down + rng.normal(0, 0.01, 2) * side
    c, s = np.cos(angle) * pixels / side, np.sin(angle) * pixels / side
    m = np.array([[c, s, 0], [-s, c, 0]])
    m[:, 2] = pixels / 2 - m[:, :2] @ middle
    return age_faces.cut(rgb, m, pixels)


def _judged(pictures, name):
    """The judge's rows, LOOKS of each picture."""
    crops = []
    for rgb, points in pictures:
        rng = np.random.default_rng(5)      # the same jitter for all: differences count
        crops += [_crop(np.ascontiguousarray(rgb), points, rng, *JUDGES[name])
                  for _ in range(LOOKS)]
    with tempfile.NamedTemporaryFile(suffix=".bin") as f:
        f.write(struct.pack("<II", len(crops), JUDGES[name][1]))
        f.write(b"".join(c.tobytes() for c in crops))
        f.flush()
        run = subprocess.run(["node", os.path.join(HERE, "age_judge.js"), name, f.name],
                             check=False, capture_output=True, text=True)
    if run.returncode:
        lines = [x for x in run.stderr.splitlines() if "rror" in x]
        raise SystemExit("age_judge.js: " + (lines or ["failed"])[0])
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def _mean_age(rows):
    return np.array([r["age"] for r in rows]).reshape(-1, LOOKS).mean(1)


def ages(pictures, name):
    """Of [(RGB uint8, 478 x 2 or 3 points in it)]: [n], by one of JUDGES."""
    return _mean_age(_judged(pictures, name))


def judge(pictures):
    """(ages [n], identity descriptors [n,128] of length 1) by face-api."""
    rows = _judged(pictures, "face-api")
    who = np.array([r["descriptor"] for r in rows]).reshape(len(pictures), LOOKS, -1).mean(1)
    return _mean_age(rows), who / np.linalg.norm(who, axis=1, keepdims=True)


def spoiled(rgb, quality=75, sigma=1.0):
    """Blur and JPEG: what an effect that is no adversarial noise outlives."""
    x = cv2.GaussianBlur(rgb, (0, 0), sigma)
    return cv2.imdecode(cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, quality])[1],
                        cv2.IMREAD_COLOR)
