"""Faces of the data folder in the age network's square, kept as one array file.

The square is mi_face_square() of core/face: about the eyes and the mouth, 2.4 x the distance of
the eyes' outer corners in space. Kept is SPAN times that square, so that it can still be shifted,
turned and scaled, with all 478 points in it. Finding a face takes a tenth of a second; the result
is cached.

Positions are pixels of the kept picture; the middle of the first pixel is (0.5, 0.5).
"""
import csv
import dataclasses
import os

import cv2
import numpy as np

import content_pictures
import visible_masks
from visible_faces import Finder

SIDE = 256              # pixels of the square
SPAN = 1.25
KEPT = round(SIDE * SPAN)
KINDS = ("london", "avatars", "synthetic", "portraits")
# Smaller faces (outer-eye distance in the source's pixels) have nothing to learn from.
SMALLEST = 30
LEFT_EYE, RIGHT_EYE, LEFT_MOUTH, RIGHT_MOUTH = 33, 263, 61, 291


@dataclasses.dataclass(frozen=True)
class AgeFace:
    name: str               # kind/file
    person: str
    held_out: bool
    age: float              # from the set's table, 0: unknown; of portraits an upper bound
    scale: float            # pixels of the source in one of the square
    image: np.ndarray       # KEPT x KEPT RGB uint8
    points: np.ndarray      # 478 x 3
    hair: np.ndarray        # KEPT x KEPT uint8, 0..255: hair and hats over the mesh's oval

    @property
    def kind(self):
        return self.name.split("/")[0]


def face_square(roi, points):
    """mi_face_square(): a Roi from 478 x 3 points; `roi` is any object of its class."""
    left, right = points[LEFT_EYE], points[RIGHT_EYE]
    eyes = (left + right) / 2
    mouth = (points[LEFT_MOUTH] + points[RIGHT_MOUTH]) / 2
    unit = (np.linalg.norm(right - left) + np.linalg.norm(eyes - mouth) / 0.769) / 2
    middle = eyes[:2] + 0.43 * (mouth[:2] - eyes[:2])
    angle = np.arctan2(right[1] - left[1], right[0] - left[0])
    return dataclasses.replace(roi, x=float(middle[0]), y=float(middle[1]), side=float(2.4 * unit),
                               angle=float(angle))


def matrix_to(square, size):
    """Picture -> square of `size` pixels, 2x3, positions with halves at the pixels' middles."""
    c, s = (f(square.angle) * size / square.side for f in (np.cos, np.sin))
    m = np.array([[c, s, 0], [-s, c, 0]])
    m[:, 2] = size / 2 - m[:, :2] @ (square.x, square.y)
    return m


def for_opencv(m):
    """The same map where the middle of a pixel is whole."""
    m = m.copy()
    m[:, 2] += m[:, :2] @ (0.5, 0.5) - 0.5
    return m


def cut(rgb, m, size):
    """Warped with an average over the pixels that fall together; the border is repeated."""
    shrink = 1 / np.hypot(m[0, 0], m[0, 1])
    if shrink > 1.3:
        small = cv2.resize(rgb, None, fx=1.3 / shrink, fy=1.3 / shrink,
                           interpolation=cv2.INTER_AREA)
        m = m.copy()
        m[:, 0] *= rgb.shape[1] / small.shape[1]
        m[:, 1] *= rgb.shape[0] / small.shape[0]
        rgb = small
    return cv2.warpAffine(rgb, for_opencv(m), (size, size), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)


class AgeFinder(Finder):
    def all_points(self, rgb):
        """478 x 3 in the picture's pixels, or None; looked at three times, as a face that is
        followed."""
        square = self.square(rgb)
        points = None
        for _ in range(2 if square is not None else 0):
            seen = cut(rgb, matrix_to(square, 192), 192).astype(np.float32) / 255
            presence, found = self.networks.crop_points(seen)
            if presence < 0.5:
                return None
            points = np.column_stack([square.place(found[:, :2] / 192),
                                      found[:, 2] * square.side / 192])
            square = self.reference.roi_of_points(points)
        return points

    def square_of(self, points):
        return face_square(self.reference.Roi(0, 0, 1), points)


def ages(data):
    """{kind/file: years}"""
    found = {}

    def rows(name):
        path = os.path.join(data, name + ".csv")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                for row in csv.DictReader(f):
                    yield os.path.splitext(row["file"])[0], row
    for name, row in rows("london"):
        found[name] = float(row["age"]) if row["age"].replace(".", "").isdigit() else 0.0
    for name, row in rows("synthetic"):
        found[name] = float(row["estimated_age"] or 0)
    for name, row in rows("portraits"):
        found[name] = float(row["last_term_start_year"]) - float(row["birth_year"])
    return found


def view(rgb, points, square):
    """(image, points, scale) of AgeFace; one matrix for pixels and points."""
    m = matrix_to(dataclasses.replace(square, side=square.side * SPAN), KEPT)
    q = np.column_stack([points[:, :2] @ m[:, :2].T + m[:, 2],
                         points[:, 2] * KEPT / (square.side * SPAN)])
    return cut(rgb, m, KEPT), q.astype(np.float32), square.side / SIDE


def _collect(data, finder):
    known, kinds = ages(data), content_pictures.find(data)
    for kind in KINDS:
        for picture in kinds.get(kind, []):
            name = "%s/%s" % (kind, os.path.splitext(os.path.basename(picture.path))[0])
            rgb = picture.read()
            points = None if rgb is None else finder.all_points(rgb)
            if points is None:
                continue
            square = finder.square_of(points)
            if square.side / 2.4 < SMALLEST:
                continue
            image, q, scale = view(rgb, points, square)
            hair = visible_masks.hair(image, q[:468, :2])
            yield (name, picture.person, picture.held_out, known.get(name, 0.0), scale, image, q,
                   np.round(255 * hair).astype(np.uint8))


FIELDS = ("name", "person", "held_out", "age", "scale", "image", "points", "hair")


def load(shared, models, cache):
    """[AgeFace], from the cache file or found now."""
    path = os.path.join(cache, "age-faces.npz")
    if not os.path.exists(path):
        rows = list(_collect(os.path.join(shared, "data"), AgeFinder(models)))
        np.savez(path[:-4] + ".part.npz", **{k: np.array(v) for k, v in zip(FIELDS, zip(*rows))})
        os.replace(path[:-4] + ".part.npz", path)
    z = {k: v for k, v in np.load(path).items()}
    return [AgeFace(str(n), str(p), bool(o), float(a), float(s), i, q, h)
            for n, p, o, a, s, i, q, h in zip(*(z[k] for k in FIELDS))]
