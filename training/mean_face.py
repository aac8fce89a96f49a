#!/usr/bin/env python3
"""Makes core/face/mean_face.c: the mean face of the mesh network (core/face/face_shape.h).

    mean_face.py [--shared DIR] [--models DIR] [--check]

Runs the converted networks of models/ (see tests/face/reference_faces.py) on the frontal pictures
of the Face Research Lab London Set (DeBruine & Jones 2017, CC BY 4.0: 80 people, neutral and
smiling), puts the neutral faces upon one another and takes the mean. Needs about two minutes on
one core; the same file comes out each time. --check writes nothing and fails if the file differs.

  points     mean of the neutral faces after similarity fits over the rigid points, made mirror
             symmetric (which takes out yaw and roll), turned so that the London faces look up by
             0 degrees in the mean
  weight     of the rigid fit: small where a smile moves the point against the rest of the head,
             0 where the face moves in ways that these pictures do not show (lids, lips, jaw, brows)
  uv         around an upright axis in the head, nearly angle preserving, heights unrolled along the
             profile
  triangles  Delaunay in uv, within the face's outline, eyes and mouth covered
"""
import argparse
import pathlib
import re
import sys

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import Delaunay
from scipy.spatial.distance import cdist

import evaluate

ROOT = pathlib.Path(__file__).resolve().parent.parent
MESH, LEFT, RIGHT = 468, 33, 263
PASSES = 3                  # looks at a picture, each in the square of the points found before
ROUNDS = 8                  # of fits against the mean that they make
SMILE = 0.012               # motion, in outer-eye distances, that halves a point's weight
MARGIN = 0.03               # of uv around the face
AXIS = 0.62                 # of the unrolling: behind the eye corners, in outer-eye distances
MOVING = {                  # by their middle and reach in outer-eye distances: weight 0
    "lids": (0.37, 0.0, 0.22, 0.14),
    "brows": (0.33, -0.27, 0.30, 0.13),
}
CHIN = 0.62                 # below: jaw and lips


# ---- measuring ----

def measure(shared, models):
    """{kind: people x 478 x 3} in pixels, the same people in the same order."""
    sys.path.insert(0, str(ROOT / "tests" / "face"))
    import reference_faces
    networks = reference_faces.Networks(models)
    folder = pathlib.Path(shared) / "data" / "london"
    people = sorted(path.name[:3] for path in folder.glob("*_neutral.jpg")
                    if (folder / (path.name[:3] + "_smiling.jpg")).exists())
    found = {}
    for kind in ("neutral", "smiling"):
        found[kind] = []
        for person in people:
            picture = cv2.imread(str(folder / f"{person}_{kind}.jpg"))[:, :, ::-1]
            faces = networks.analyse(np.ascontiguousarray(picture), passes=PASSES)
            if len(faces) != 1 or faces[0]["presence"] < 0.5:
                raise SystemExit(f"{person}_{kind}: {len(faces)} faces")
            found[kind].append(faces[0]["points"])
        found[kind] = np.array(found[kind])
    return found


# ---- shape ----

def fit(points, target, weight):
    """Similarity (scale, rotation, shift) that puts points upon target (Umeyama 1991)."""
    weight = weight / weight.sum()
    a, b = weight @ points, weight @ target
    u, d, vt = np.linalg.svd((target - b).T @ ((points - a) * weight[:, None]))
    sign = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    turn = u @ sign @ vt
    scale = np.sum(d * np.diag(sign)) / (weight @ ((points - a) ** 2).sum(1))
    return scale, turn, b - scale * turn @ a


def moved(points, similarity):
    scale, turn, shift = similarity
    return scale * points @ turn.T + shift


def normalise(points):
    middle = (points[LEFT] + points[RIGHT]) / 2
    return (points - middle) / np.linalg.norm(points[RIGHT] - points[LEFT])


def mirror(points):
    """Which point is which one's mirror image, and the mean of both."""
    flip = np.array([-1.0, 1.0, 1.0])
    image = points * flip
    for _ in range(10):
        _, partner = linear_sum_assignment(cdist(image, points))
        image = moved(image, fit(image, points[partner], np.ones(len(points))))
    assert (partner[partner] == np.arange(len(points))).all() and partner[LEFT] == RIGHT
    middle = (points + image[partner]) / 2      # symmetric about a plane that is a little turned
    across = middle[RIGHT] - middle[LEFT]
    yaw = np.arctan2(across[2], across[0])
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    middle = normalise(middle @ turn.T)
    roll = np.arctan2(*(middle[RIGHT] - middle[LEFT])[[1, 0]])
    turn = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    middle = normalise(middle @ turn.T)
    return partner, (middle + (middle * flip)[partner]) / 2


def pitch_of(turn):
    return np.arcsin(np.clip(turn[1, 2], -1, 1))


def sparseness(mean):
    """Wide where points stand far apart, so that the many points of the nose do not outweigh the
    few of the forehead."""
    return np.clip(np.sort(cdist(mean[:MESH], mean[:MESH]), 1)[:, 1:5].mean(1) / 0.09, 0.3, 2.0)


def weights(found, mean, partner):
    """Of the rigid fit, from how a smile moves the points against the rest of the head."""
    moving = np.zeros(MESH, bool)
    x, y = np.abs(mean[:MESH, 0]), mean[:MESH, 1]
    for middle_x, middle_y, reach_x, reach_y in MOVING.values():
        moving |= ((x - middle_x) / reach_x) ** 2 + ((y - middle_y) / reach_y) ** 2 < 1
    moving |= y > CHIN
    moving[[33, 133, 263, 362]] = False         # corners of the eyes stand still
    weight = np.where(moving, 0.0, 1.0)
    for _ in range(ROUNDS):
        motion = np.zeros(MESH)
        for rest, smile in zip(found["neutral"], found["smiling"]):
            rest = moved(rest, fit(rest[:MESH], mean[:MESH], weight))[:MESH]
            smile = smile[:MESH]
            motion += ((moved(smile, fit(smile, rest, weight)) - rest) ** 2).sum(1)
        motion = (motion + motion[partner[:MESH]]) / 2 / len(found["neutral"])
        weight = np.where(moving, 0.0, 1 / (1 + motion / SMILE ** 2))
    weight = weight * sparseness(mean)
    weight /= weight.max()
    return np.where(weight < 0.05, 0.0, weight)


def mean_face(found):
    faces = found["neutral"]
    mean = normalise(faces[0])
    weight = np.ones(478)
    for step in range(ROUNDS):
        mean = np.mean([moved(face, fit(face, mean, weight)) for face in faces], 0)
        partner, mean = mirror(normalise(mean))
        turns = [fit(mean, face, weight)[1] for face in faces]
        pitch = np.mean([pitch_of(turn) for turn in turns])
        c, s = np.cos(pitch), np.sin(pitch)
        mean = normalise(mean @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]]).T)
        if step >= 2:
            weight = np.concatenate([weights(found, mean, partner), np.zeros(10)])
    return mean[:MESH], weight[:MESH], partner[:MESH]


# ---- texture ----

def unrolled_heights(mean, partner):
    """Heights along the face instead of along y: the forehead and the chin lean back, and so take
    more of the texture than a view from the front gives them."""
    midline = np.flatnonzero(partner == np.arange(MESH))
    order = midline[np.argsort(mean[midline, 1])]
    y = np.linspace(mean[:, 1].min(), mean[:, 1].max(), 64)
    # A smooth profile: nose and lips would fold it.
    z = np.polynomial.Polynomial.fit(mean[order, 1], mean[order, 2], 4)(y)
    along = np.concatenate([[0], np.cumsum(np.hypot(np.diff(y), np.diff(z)))])
    return np.interp(mean[:, 1], y, along)


def texture(mean, partner):
    angle = np.arctan2(mean[:, 0], AXIS - mean[:, 2])
    u = angle * np.median(np.hypot(mean[:, 0], AXIS - mean[:, 2]))
    v = unrolled_heights(mean, partner)
    u = (u - u[partner]) / 2
    v = (v + v[partner]) / 2
    span = 1 - 2 * MARGIN
    u = 0.5 + u * span / (2 * u.max())
    v = MARGIN + (v - v.min()) * span / (v.max() - v.min())
    return np.stack([u, v], 1)


def area(a, b, c):
    return (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - \
        (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])


def outline():
    text = (ROOT / "core" / "face_points.c").read_text(encoding="utf-8")
    numbers = re.search(r"mi_face_oval\[MI_OVAL\] = \{([^}]*)\}", text)[1]
    return [int(k) for k in numbers.replace(",", " ").split()]


def triangulate(uv):
    """Triangles with the same sense as the frame's axes (x right, y down: clockwise as seen)."""
    oval = outline()
    triangles = Delaunay(uv).simplices
    shape = uv[oval].astype(np.float32)
    middles = uv[triangles].mean(1).astype(np.float32)
    inside = [cv2.pointPolygonTest(shape, tuple(map(float, m)), False) > 0 for m in middles]
    triangles = triangles[np.array(inside)]
    flipped = area(*(uv[triangles[:, k]] for k in range(3))) < 0
    triangles[flipped] = triangles[flipped][:, ::-1]
    triangles = np.array([np.roll(t, -int(t.argmin())) for t in triangles])
    triangles = triangles[np.lexsort(triangles.T[::-1])]
    edges = {frozenset(e) for t in triangles for e in zip(t, np.roll(t, -1))}
    assert all(frozenset(e) in edges for e in zip(oval, np.roll(oval, -1))), "outline is cut"
    covered = area(*(uv[triangles[:, k]] for k in range(3)))
    whole = np.float64(cv2.contourArea(shape)) * 2
    assert covered.min() > 0 and abs(covered.sum() - whole) < 1e-4 * whole
    assert len(np.unique(triangles)) == MESH
    return triangles


# ---- writing ----

def rows(values, form, each):
    text = [form(value) for value in values]
    return "".join("    " + " ".join(text[k:k + each]) + "\n" for k in range(0, len(text), each))


def number(value):
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    text = "0" if text in ("-0", "") else text
    text = re.sub(r"^(-?)0\.", r"\1.", text)
    return text + ("f" if "." in text else "")


def write(mean, weight, uv, triangles):
    group = lambda row: "{" + ",".join(number(v) for v in row) + "},"
    return f"""\
/* Made by training/mean_face.py, which says how; do not edit. The data is averaged output of
 * MediaPipe's face mesh (Apache-2.0) over pictures of the Face Research Lab London Set (DeBruine &
 * Jones 2017, CC BY 4.0). */
#include "face_shape.h"

static const uint16_t triangles[{len(triangles)}][3] = {{
{rows(triangles, lambda t: "{" + ",".join(str(k) for k in t) + "},", 7)}}};

const mi_shape mi_mean_face = {{
    .point = {{
{rows(mean, group, 5)}    }},
    .weight = {{
{rows(weight, lambda v: number(round(v, 2)) + ",", 15)}    }},
    .uv = {{
{rows(uv, group, 6)}    }},
    .triangles = {len(triangles)},
    .triangle = triangles,
}};
"""


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    evaluate.add_shared(words)
    words.add_argument("--models", default=ROOT / "models")
    words.add_argument("--check", action="store_true")
    given = words.parse_args()
    mean, weight, partner = mean_face(measure(given.shared, given.models))
    uv = texture(mean, partner).round(4)
    text = write(mean, weight, uv, triangulate(uv))
    path = ROOT / "core" / "face" / "mean_face.c"
    if given.check:
        return 0 if path.read_text(encoding="utf-8") == text else "mean_face.c differs"
    path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
