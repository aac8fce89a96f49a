"""Faces of the data folder as upright squares with mesh points, kept as one array file.

The network that is trained sees the square of the face mesh (1.5 x the longer edge of the face's
box, eyes level; core/face/face.h). Kept is SPAN times that square, so that it can still be shifted,
turned and scaled, with the mesh's points in it. Finding a face takes a tenth of a second; the
result is cached.

The mesh is MediaPipe's as models/fetch_faces.sh makes it, run by tests/face/reference_faces.py.
"""
import dataclasses
import os
import sys

import cv2
import numpy as np

import content_pictures
import evaluate

SPAN = 1.5      # kept side / mesh square
SIZE = 192      # pixels of the kept side
MESH = 192      # pixels of the mesh network's input
KINDS = ("london", "portraits", "synthetic", "avatars")
# Frames of a clip of the hands that are looked at.
CLIP_STEP = 3


@dataclasses.dataclass(frozen=True)
class Face:
    name: str               # kind/file or clip/frame
    person: str
    held_out: bool
    image: np.ndarray       # SIZE x SIZE RGB uint8
    points: np.ndarray      # 468 x 2, pixels of `image`


class Finder:
    def __init__(self, models):
        sys.path.insert(0, os.path.join(evaluate.REPO, "tests", "face"))
        import reference_faces
        self.reference = reference_faces
        self.networks = reference_faces.Networks(models)

    def square(self, rgb, detector="short"):
        """The square in which the largest face is followed, or None."""
        roi, kind = self.reference.roi_of_picture(rgb), self.reference.DETECTORS[detector]
        seen = shrunk(rgb, crop_matrix(roi, kind.size), kind.size, cv2.BORDER_CONSTANT)
        maps = self.networks.detector[detector].run(None, {"image": _planes(seen) * 2 - 1})
        faces = self.reference.merge(self.reference.decode(kind, [m[0] for m in maps], roi, 0.5))
        if not faces:
            return None
        face = max(faces, key=lambda f: f.box[2] * f.box[3])
        presence, points = self._mesh(rgb, self.reference.roi_of_detection(face))
        return self.reference.roi_of_points(points) if presence >= 0 else None

    def _mesh(self, rgb, square):
        seen = shrunk(rgb, crop_matrix(square, MESH), MESH)
        mesh, flag = self.networks.mesh.run(["mesh", "flag"], {"image": _planes(seen)})
        points = mesh.reshape(468, 3)[:, :2].astype(np.float64)
        return flag.item(), square.place(points / MESH)

    def points(self, rgb, square):
        """468 x 2, pixels of the picture."""
        return self._mesh(rgb, square)[1].astype(np.float32)

    def view(self, rgb, square):
        """(image, points) as in Face."""
        wide = dataclasses.replace(square, side=square.side * SPAN)
        m = crop_matrix(wide, SIZE)
        points = (self.points(rgb, square) - 0.5) @ m[:, :2].T + m[:, 2]
        return shrunk(rgb, m, SIZE), points.astype(np.float32)


def _planes(seen):
    return np.ascontiguousarray(seen.transpose(2, 0, 1)[None], np.float32) / 255


def crop_matrix(square, size):
    """Picture -> crop of `size` pixels, for OpenCV, where the middle of a pixel is whole."""
    c, s = (f(square.angle) * size / square.side for f in (np.cos, np.sin))
    m = np.array([[c, s, 0], [-s, c, 0]])
    m[:, 2] = size / 2 - 0.5 - m[:, :2] @ (square.x - 0.5, square.y - 0.5)
    return m


def shrunk(square, matrix, size, border=cv2.BORDER_REPLICATE):
    """Warp to `size` (side, or width and height) with an average over the pixels that fall
    together; the edge is repeated."""
    scale = 1 / np.hypot(matrix[0, 0], matrix[0, 1])
    if scale > 1.3:
        factor = 1.3 / scale
        square = cv2.resize(square, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        matrix = matrix.copy()
        matrix[:, :2] /= factor
        matrix[:, 2] += matrix[:, :2] @ ((1 - factor) / 2, (1 - factor) / 2)
    size = size if isinstance(size, tuple) else (size, size)
    return cv2.warpAffine(square, matrix, size, borderMode=border)


def pictures(data):
    kinds = content_pictures.find(data)
    for kind in KINDS:
        for picture in kinds.get(kind, []):
            name = "%s/%s" % (kind, os.path.splitext(os.path.basename(picture.path))[0])
            yield name, picture.person, picture.held_out, picture.read()


def _clips(data):
    rooms = content_pictures.find(data).get("room", [])
    for path, room in sorted({p.path: p for p in rooms}.items()):
        clip = os.path.splitext(os.path.basename(path))[0]
        video, n = cv2.VideoCapture(path), 0
        while True:
            ok, bgr = video.read()
            if not ok:
                break
            if n % CLIP_STEP == 0:
                yield "hands/%s-%03d" % (clip, n), room.person, room.held_out, bgr[:, :, ::-1]
            n += 1


def _collect(data, finder):
    for name, person, held_out, rgb in pictures(data):
        square = None if rgb is None else finder.square(rgb)
        if square is not None:
            yield (name, person, held_out) + finder.view(rgb, square)
    last = (None, None)
    for name, person, held_out, rgb in _clips(data):
        clip, rgb = name.rsplit("-", 1)[0], np.ascontiguousarray(rgb)
        # A hand hides the face from the detector; a track goes on where the face was.
        square = finder.square(rgb, "full") or (last[1] if last[0] == clip else None)
        if square is not None:
            last = (clip, square)
            yield (name, person, held_out) + finder.view(rgb, square)


def load(shared, models, cache):
    """[Face], from the cache file or found now."""
    path = os.path.join(cache, "visible-faces-%d-%d.npz" % (SIZE, round(SPAN * 100)))
    if not os.path.exists(path):
        rows = list(_collect(os.path.join(shared, "data"), Finder(models)))
        keys = ("name", "person", "held_out", "image", "points")
        np.savez(path[:-4] + ".part.npz", **{k: np.array(v) for k, v in zip(keys, zip(*rows))})
        os.replace(path[:-4] + ".part.npz", path)
    z = np.load(path)
    return [Face(str(n), str(p), bool(h), i, q) for n, p, h, i, q in zip(
        *(z[k] for k in ("name", "person", "held_out", "image", "points")))]
