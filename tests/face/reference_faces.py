#!/usr/bin/env python3
"""The face analysis of one picture in Python on ONNX Runtime: what the C code is held against.

    reference_faces.py [--detector short|full] [--threshold T] [--passes N] [--mediapipe]
                       MODELS_FOLDER PICTURE [JSON]

writes {"width", "height", "faces": [{"score", "box": [x, y, width, height], "keys": 6 x [x, y],
"roi": {"x", "y", "side", "angle"}, "presence", "points": 478 x [x, y, z]}]}, best face first, to
JSON or standard output. "roi" is the square in which the points were found. With --passes 2 or
more the points are looked for again in the square of the points found before, as for a face that
is followed.

Conventions
  Positions are pixels of the picture; the middle of the top left pixel is (0.5, 0.5), so a pixel
  [row, column] covers column..column+1, row..row+1.
  A square (Roi) has a middle, a side and an angle in radians, clockwise in the picture. Position
  (u, v) in 0..1 of it lies at x + side * ((u - 0.5) cos - (v - 0.5) sin),
  y + side * ((u - 0.5) sin + (v - 0.5) cos).
  A crop of size s has pixel [row, column] at u = (column + 0.5) / s, v = (row + 0.5) / s. With
  n = ceil(side / s), at most 8: if n is 1 it is the bilinear sample there, else the mean of n x n
  nearest samples at u = (column + (k + 0.5) / n) / s and so on. Beyond the picture the detectors
  see black, the mesh network sees the picture's border repeated.
  Detectors look at the square around the whole picture: its middle, its longer edge, angle 0.
  Square of a detected face: middle of the box, 1.5 times its longer edge, angle of the line from
  the left to the right eye key.
  Square of a face with known points: angle of the line from point 33 to point 263; in axes turned
  by that angle, the middle of the box around the 468 mesh points and 1.5 times its longer edge.
  (MediaPipe takes the box in the picture's own axes.)
  z of a mesh point is the network's, on the scale of x and y; that of an iris is the mean of its
  eye's 16 lid points.

--mediapipe crops as MediaPipe does on a CPU, for comparisons with it: bilinear without averaging,
and a sample's position without the half pixels. See also face-networks.md beside the models.
"""
import argparse
import dataclasses
import json
import math
import pathlib
import sys

import numpy as np

MESH_POINTS, POINTS = 468, 478
MESH_SIZE = 192
FEATURE_STRIDE = 4          # pixels of the crop in one of the feature map
BRANCH_STRIDE = 4           # branches speak of 64 pixels where their input has 16
LID_POINTS = 16             # of a branch's subset: around the eye, the first ones
EYE_LEFT, EYE_RIGHT = 33, 263
CROP_SCALE = 1.5
TAPS_MAX = 8                # samples of a crop's pixel each way
OVERLAP = 0.3               # intersection over union from which two boxes are one face


@dataclasses.dataclass
class Roi:
    x: float
    y: float
    side: float
    angle: float = 0.0

    def place(self, uv):
        """Positions in the picture of positions (..., 2) in 0..1 of the square."""
        p = (np.asarray(uv, np.float64) - 0.5) * self.side
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return np.stack([self.x + p[..., 0] * cos - p[..., 1] * sin,
                         self.y + p[..., 0] * sin + p[..., 1] * cos], -1)


@dataclasses.dataclass
class Detection:
    score: float
    box: np.ndarray          # x, y, width, height
    keys: np.ndarray         # 6 x 2: left eye, right eye, nose, mouth, left ear, right ear


@dataclasses.dataclass
class Detector:
    file: str
    size: int
    anchors: tuple           # of each pair of maps, in a cell


DETECTORS = {"short": Detector("face-detect-short.onnx", 128, (2, 6)),
             "full": Detector("face-detect-full.onnx", 192, (1,))}


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -80, 80)))  # beyond, float32 cannot tell


def load_picture(path):
    from PIL import Image, ImageOps
    with Image.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))


# ---- crops ----

def fetch(picture, row, column, black):
    height, width = picture.shape[:2]
    values = picture[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)].astype(np.float64)
    if black:
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        values = values * inside[..., None]
    return values


def bilinear(picture, xy, black):
    x, y = xy[..., 0] - 0.5, xy[..., 1] - 0.5
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - column)[..., None], (y - row)[..., None]
    upper = fetch(picture, row, column, black) * (1 - fx) + \
        fetch(picture, row, column + 1, black) * fx
    lower = fetch(picture, row + 1, column, black) * (1 - fx) + \
        fetch(picture, row + 1, column + 1, black) * fx
    return upper * (1 - fy) + lower * fy


def nearest(picture, xy, black):
    column, row = np.floor(xy[..., 0]).astype(int), np.floor(xy[..., 1]).astype(int)
    return fetch(picture, row, column, black)


def grid(size, across, down):
    """u, v of every pixel, at the fractions `across` and `down` of it."""
    v, u = np.mgrid[0:size, 0:size]
    return np.stack([(u + across) / size, (v + down) / size], -1)


def crop(picture, roi, size, black=False, like_mediapipe=False):
    """A square of an RGB picture (H,W,3, 0..255) as [size, size, 3], 0..1."""
    n = min(max(1, math.ceil(roi.side / size)), TAPS_MAX)
    if like_mediapipe:
        values = bilinear(picture, roi.place(grid(size, 0, 0)) + 0.5, black)
    elif n == 1:
        values = bilinear(picture, roi.place(grid(size, 0.5, 0.5)), black)
    else:
        values = np.zeros((size, size, 3))
        for i in range(n):
            for k in range(n):
                at = roi.place(grid(size, (k + 0.5) / n, (i + 0.5) / n))
                values += nearest(picture, at, black)
        values /= n * n
    return (values / 255).astype(np.float32)


def planes(values):
    """[H,W,3] as a network's input."""
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


# ---- squares ----

def roi_of_picture(picture):
    height, width = picture.shape[:2]
    return Roi(width / 2, height / 2, max(width, height))


def roi_of_detection(face):
    x, y, width, height = face.box
    across, down = face.keys[1] - face.keys[0]
    return Roi(x + width / 2, y + height / 2, CROP_SCALE * max(width, height),
               math.atan2(down, across))


def roi_of_points(points):
    across, down = points[EYE_RIGHT, :2] - points[EYE_LEFT, :2]
    angle = math.atan2(down, across)
    cos, sin = math.cos(angle), math.sin(angle)
    mesh = points[:MESH_POINTS]
    level = np.stack([mesh[:, 0] * cos + mesh[:, 1] * sin,
                      mesh[:, 1] * cos - mesh[:, 0] * sin], -1)
    low, high = level.min(0), level.max(0)
    x, y = (low + high) / 2
    return Roi(x * cos - y * sin, x * sin + y * cos, CROP_SCALE * (high - low).max(), angle)


# ---- detection ----

def decode(detector, maps, roi, threshold):
    """Every anchor with a score of at least `threshold`. `maps`: scores, boxes, scores, boxes
    of the network, each [planes, rows, columns]."""
    faces = []
    for level, anchors in enumerate(detector.anchors):
        scores, boxes = sigmoid(maps[2 * level]), maps[2 * level + 1]
        rows = scores.shape[1]
        for anchor, row, column in zip(*np.nonzero(scores >= threshold)):
            value = boxes[16 * anchor:16 * anchor + 16, row, column].astype(np.float64)
            value = value.reshape(8, 2) / detector.size
            centre = np.array([column + 0.5, row + 0.5]) / rows
            size = value[1] * roi.side
            middle = roi.place(centre + value[0])
            faces.append(Detection(float(scores[anchor, row, column]),
                                   np.concatenate([middle - size / 2, size]),
                                   roi.place(centre + value[2:])))
    return faces


def overlap(a, b):
    low = np.maximum(a[:2], b[:2])
    high = np.minimum(a[:2] + a[2:], b[:2] + b[2:])
    shared = np.prod(np.maximum(high - low, 0))
    whole = np.prod(a[2:]) + np.prod(b[2:]) - shared
    return shared / whole if whole > 0 else 0.0


def merge(faces):
    """MediaPipe's weighted suppression: the best box takes in all that overlap it, each counting
    by its score, and keeps its own score."""
    left, merged = sorted(faces, key=lambda face: -face.score), []
    while left:
        best = left[0]
        same = [face for face in left
                if face is best or overlap(face.box, best.box) > OVERLAP]
        weight = np.array([face.score for face in same])
        weight /= weight.sum()
        merged.append(Detection(best.score,
                                sum(w * face.box for w, face in zip(weight, same)),
                                sum(w * face.keys for w, face in zip(weight, same))))
        left = [face for face in left if not any(face is one for one in same)]
    return merged


# ---- the mesh network's custom operators ----

class Branch:
    """One of the networks that refine a part of the mesh."""

    def __init__(self, session):
        words = session.get_modelmeta().custom_metadata_map
        self.session = session
        self.subset = [int(k) for k in words["mien.subset"].split()]
        self.rotation = [int(k) for k in words["mien.rotation"].split()]
        self.scale = float(words["mien.crop.scale"])
        self.size = int(words["mien.crop.size"])

    def matrix(self, mesh):
        """Landmarks2TransformMatrix: from positions in the branch's crop to positions in the
        feature map, both in pixels with half-integers at their middles: linear part, shift.
        `mesh`: 468 x 2, pixels of the feature map."""
        left, right = mesh[self.rotation[0]], mesh[self.rotation[1]]
        angle = math.atan2(right[1] - left[1], right[0] - left[0])
        turn = np.array([[math.cos(angle), -math.sin(angle)],
                         [math.sin(angle), math.cos(angle)]])
        level = mesh[self.subset] @ turn  # turned by -angle
        low, high = level.min(0), level.max(0)
        linear = turn @ np.diag((high - low) * self.scale / self.size)
        shift = turn @ (low + high) / 2 - linear @ np.full(2, self.size / 2)
        return linear, shift

    def sample(self, features, linear, shift):
        """TransformTensorBilinear. `features`: [32,48,48]; 0 outside of the pixels' middles."""
        channels, rows, columns = features.shape
        v, u = np.mgrid[0:self.size, 0:self.size] + 0.5
        x, y = np.tensordot(linear, np.stack([u, v]), 1) + shift[:, None, None] - 0.5
        inside = (x >= 0) & (x <= columns - 1) & (y >= 0) & (y <= rows - 1)
        column = np.clip(np.floor(x), 0, columns - 2).astype(int)
        row = np.clip(np.floor(y), 0, rows - 2).astype(int)
        fx, fy = x - column, y - row
        upper = features[:, row, column] * (1 - fx) + features[:, row, column + 1] * fx
        lower = features[:, row + 1, column] * (1 - fx) + features[:, row + 1, column + 1] * fx
        return np.where(inside, upper * (1 - fy) + lower * fy, 0).astype(np.float32)[None]

    def run(self, features, mesh):
        """Lists of points in pixels of the mesh network's crop: refined ones, and the iris."""
        linear, shift = self.matrix(mesh / FEATURE_STRIDE)
        outputs = self.session.run(None, {"features": self.sample(features, linear, shift)})
        # TransformLandmarks; a quarter of a branch's pixel is four of the crop's: no factor left.
        return [out.reshape(-1, 2) @ (linear * FEATURE_STRIDE / BRANCH_STRIDE).T +
                shift * FEATURE_STRIDE for out in outputs]


# ---- all of it ----

class Networks:
    def __init__(self, folder, like_mediapipe=False):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        folder = pathlib.Path(folder)

        def load(name):
            return onnxruntime.InferenceSession(str(folder / name), options,
                                                providers=["CPUExecutionProvider"])
        self.like_mediapipe = like_mediapipe
        self.detector = {name: load(one.file) for name, one in DETECTORS.items()}
        self.mesh = load("face-mesh.onnx")
        self.lips = Branch(load("face-lips.onnx"))
        self.eyes = [Branch(load("face-eye-left.onnx")), Branch(load("face-eye-right.onnx"))]

    def detect(self, picture, detector="short", threshold=0.5, roi=None):
        """Faces in an RGB picture (H,W,3, 0..255), best first."""
        roi = roi or roi_of_picture(picture)
        kind = DETECTORS[detector]
        seen = crop(picture, roi, kind.size, True, self.like_mediapipe)
        maps = self.detector[detector].run(None, {"image": planes(seen * 2 - 1)})
        return merge(decode(kind, [one[0] for one in maps], roi, threshold))

    def crop_points(self, seen):
        """Presence and points (478 x 3, pixels of the crop) of a crop [192,192,3], 0..1."""
        mesh, flag, features = self.mesh.run(["mesh", "flag", "features"], {"image": planes(seen)})
        points = np.zeros((POINTS, 3))
        points[:MESH_POINTS] = base = mesh.reshape(MESH_POINTS, 3).astype(np.float64)
        points[self.lips.subset, :2] = self.lips.run(features[0], base[:, :2])[0]
        for k, eye in enumerate(self.eyes):
            lids, iris = eye.run(features[0], base[:, :2])
            points[eye.subset, :2] = lids
            at = slice(MESH_POINTS + 5 * k, MESH_POINTS + 5 * k + 5)
            points[at, :2] = iris
            points[at, 2] = points[eye.subset[:LID_POINTS], 2].mean()
        return float(sigmoid(flag).item()), points

    def points(self, picture, roi):
        """Presence and points (478 x 3, pixels of the picture) of the face in a square."""
        presence, points = self.crop_points(
            crop(picture, roi, MESH_SIZE, False, self.like_mediapipe))
        xy = roi.place(points[:, :2] / MESH_SIZE)
        return presence, np.column_stack([xy, points[:, 2] * roi.side / MESH_SIZE])

    def analyse(self, picture, detector="short", threshold=0.5, passes=1):
        faces = []
        for face in self.detect(picture, detector, threshold):
            roi = roi_of_detection(face)
            presence, points = self.points(picture, roi)
            for _ in range(passes - 1):
                roi = roi_of_points(points)
                presence, points = self.points(picture, roi)
            faces.append({"score": face.score, "box": face.box.tolist(),
                          "keys": face.keys.tolist(), "roi": dataclasses.asdict(roi),
                          "presence": presence, "points": points.tolist()})
        return faces


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--detector", choices=sorted(DETECTORS), default="short")
    words.add_argument("--threshold", type=float, default=0.5)
    words.add_argument("--passes", type=int, default=1)
    words.add_argument("--mediapipe", action="store_true")
    words.add_argument("models")
    words.add_argument("picture")
    words.add_argument("json", nargs="?")
    given = words.parse_args()
    picture = load_picture(given.picture)
    networks = Networks(given.models, given.mediapipe)
    result = {"width": picture.shape[1], "height": picture.shape[0],
              "faces": networks.analyse(picture, given.detector, given.threshold, given.passes)}
    text = json.dumps(result, indent=1)
    if given.json:
        pathlib.Path(given.json).write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
