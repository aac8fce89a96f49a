"""Eyes of the data folder's faces that look into the camera, as crops with lids, iris and depth.

A crop is the patch of gaze_patch.py, finer and with room around it: SCALE pixels an outer-eye
distance, WIDTH x HEIGHT, right eyes mirrored. Points and the iris come from the face networks of
models/fetch_faces.sh (tests/face/reference_faces.py). The result is cached.
"""
import dataclasses
import os

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

import content_pictures
import gaze_patch
import visible_data
import visible_faces

SCALE = 1.5 * gaze_patch.SCALE
WIDTH, HEIGHT = 192, 128
DEPTH_STEP = 8              # pixels of a crop in one of its map of depths
LEVEL = 2.9                 # degrees by which brow and chin are out of the upright, on average
LEAST = 80                  # outer-eye distance, pixels: smaller faces show no iris
# Upper and lower lid of the left and the right eye, from the outer corner.
LID = (((33, 246, 161, 160, 159, 158, 157, 173, 133),
        (33, 7, 163, 144, 145, 153, 154, 155, 133)),
       ((263, 466, 388, 387, 386, 385, 384, 398, 362),
        (263, 249, 390, 373, 374, 380, 381, 382, 362)))


@dataclasses.dataclass(frozen=True)
class Eye:
    name: str               # kind/file/left or right
    person: str
    held_out: bool
    image: np.ndarray       # HEIGHT x WIDTH RGB uint8
    upper: np.ndarray       # 9 x 2, outer to inner corner, pixels of the crop, whole in the middle
    lower: np.ndarray
    iris: np.ndarray        # 5 x 2: middle and four points on the rim
    depth: np.ndarray       # every DEPTH_STEP pixels, towards the camera, in pixels; 0: the corners
    size: float             # outer-eye distance in the picture, pixels
    turn: np.ndarray        # of the face: head_turn()
    glasses: int            # visible_data.WITH, WITHOUT, UNKNOWN

    @property
    def kind(self):
        return self.name.split("/")[0]


def find_points(finder, rgb, square):
    """478 x 3, pixels of the picture."""
    seen = visible_faces.shrunk(rgb, visible_faces.crop_matrix(square, visible_faces.MESH),
                                visible_faces.MESH)
    presence, points = finder.networks.crop_points(seen.astype(np.float32) / 255)
    xy = square.place(points[:, :2] / visible_faces.MESH)
    z = points[:, 2:] * square.side / visible_faces.MESH
    return presence, np.concatenate([xy, z], 1)


def face_points(finder, rgb):
    """478 x 3 of the largest face, or None."""
    square = finder.square(rgb)
    if square is None:
        return None
    for _ in range(2):
        presence, points = find_points(finder, rgb, square)
        square = finder.reference.roi_of_points(points)
    return points if presence > 0.5 else None


def head_turn(points):
    """Yaw (to the viewer's right) and pitch (up) of a face, degrees, by the depths of its outer
    corners, and of brow and chin: coarse, but enough to tell the network."""
    across = points[263] - points[33]
    down = points[152] - points[10]
    return np.rad2deg([np.arctan2(across[2], np.linalg.norm(across[:2])),
                       np.arctan2(-down[2], np.linalg.norm(down[:2]))]) + (0.0, LEVEL)


def _depth(points, m, eye):
    """Coarse map of how far the face stands out towards the camera, pixels of the crop."""
    corner = (points[gaze_patch.OUTER[eye], 2] + points[gaze_patch.INNER[eye], 2]) / 2
    xy = points[:468, :2] @ m[:, :2].T + m[:, 2]
    z = -(points[:468, 2] - corner) * np.hypot(m[0, 0], m[0, 1])
    near = (np.abs(xy - (WIDTH / 2, HEIGHT / 2)) < (WIDTH * 0.8, HEIGHT * 0.9)).all(1)
    smooth = RBFInterpolator(xy[near], z[near], smoothing=20.0)
    y, x = np.mgrid[0:HEIGHT + 1:DEPTH_STEP, 0:WIDTH + 1:DEPTH_STEP]
    grid = np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)
    return smooth(grid).reshape(y.shape).astype(np.float32)


def cut(rgb, points, eye):
    """(crop, upper, lower, iris, depth)"""
    m = gaze_patch.for_opencv(gaze_patch.matrix(points, eye, SCALE, (WIDTH, HEIGHT)))
    image = visible_faces.shrunk(rgb, m, (WIDTH, HEIGHT))
    place = points[:, :2] - 0.5
    place = place @ m[:, :2].T + m[:, 2]
    iris = place[468 + 5 * eye:473 + 5 * eye]
    shifted = np.column_stack([points[:, :2] - 0.5, points[:, 2]])
    return image, place[list(LID[eye][0])], place[list(LID[eye][1])], iris, _depth(shifted, m, eye)


def _rows(data, finder):
    label = visible_data.read_glasses()
    for name, person, held_out, rgb in visible_faces.pictures(data):
        points = None if rgb is None else face_points(finder, rgb)
        if points is None:
            continue
        size = gaze_patch.axes(points)[1]
        if size < LEAST:
            continue
        for eye, side in enumerate(("left", "right")):
            yield (name + "/" + side, person, held_out, *cut(rgb, points, eye), size,
                   head_turn(points), label.get(name, visible_data.WITHOUT))


KEYS = tuple(f.name for f in dataclasses.fields(Eye))


def load(shared, models, cache):
    """[Eye], from the cache file or found now."""
    path = os.path.join(cache, "gaze-eyes-%d.npz" % WIDTH)
    if not os.path.exists(path):
        rows = list(_rows(os.path.join(shared, "data"), visible_faces.Finder(models)))
        if not rows:
            raise FileNotFoundError("no faces in " + os.path.join(shared, "data"))
        np.savez(path[:-4] + ".part.npz", **{k: np.array(v) for k, v in zip(KEYS, zip(*rows))})
        os.replace(path[:-4] + ".part.npz", path)
    z = np.load(path)
    kept = [z[k] for k in KEYS]
    return [Eye(str(n), str(p), bool(h), *rest) for n, p, h, *rest in zip(*kept)]
