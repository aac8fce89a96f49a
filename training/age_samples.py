"""Samples of the training: parts of squares of faces, as cameras see them, and what is to be added.

A sample starts from a face's picture and the teacher's layers of it (age_pairs.py):
  - occluders and drawn glasses are laid over some (visible_occluders.py): nothing changes there;
  - the square lies as far off as landmarks err, the change moves with it;
  - the input is the face as it is, or as the teacher has aged it already: ageing further, and back;
  - light, blur, noise and compression. Blur is the camera's and takes the change with it; noise
    and compression do not.
"""
import cv2
import numpy as np
import torch

import age_teacher
import visible_occluders
from age_bank import DARK, LUMA
from age_faces import KEPT, SIDE
from age_network import CELL, YEARS

HEIGHT, WIDTH = 224, 192        # of the parts: about what the mesh covers
SHARES = {"london": 0.28, "avatars": 0.09, "synthetic": 0.36, "portraits": 0.27}
COVERED, POOL, AGED = 0.33, 96, 0.35
SMOOTHED = 0.7                  # of the detail finer than the square's pixels, at -20 years
OLDEST, YOUNGEST = 50, -40


class Covered:
    """A few faces with occluders on them, drawn anew little by little."""

    def __init__(self, stock):
        self.stock, self.kept = stock, []

    def _draw(self, index, face, rng):
        flat = _Flat(face.image, face.points[:468, :2])
        canvas = visible_occluders.Canvas(flat, np.ones((KEPT, KEPT), np.float32), rng)
        worn = rng.random() < 0.4
        if worn:
            visible_occluders.wear_glasses(canvas, self.stock, rng)
        # Frames and tinted lenses are what glasses have changed.
        change = np.abs(canvas.image - face.image).max(2)
        keep = 1 - np.clip((cv2.GaussianBlur(change, (0, 0), 0.8) - 5) / 12, 0, 1)
        for _ in range(int(rng.integers(0 if worn else 1, 3))):
            visible_occluders.cover(canvas, self.stock, rng)
        image = np.clip(canvas.image, 0, 255).astype(np.uint8)
        return index, image, (keep * np.clip(canvas.bare, 0, 1)).astype(np.float32)

    def take(self, index, face, rng):
        """(index, picture, where it may change)"""
        if len(self.kept) < 12 or rng.random() < 0.3:
            self.kept = self.kept[-POOL + 1:] + [self._draw(index, face, rng)]
            return self.kept[-1]
        return self.kept[rng.integers(len(self.kept))]


class _Flat:
    """What the occluders want to know of a face."""

    def __init__(self, image, points):
        self.image, self.points = image, points


def shake(rng):
    """Matrix kept picture -> square, for OpenCV: landmark errors, turned heads, mirror."""
    angle, scale = np.clip(rng.normal(0, 2), -6, 6), np.exp(rng.normal(0, 0.03))
    m = np.vstack([cv2.getRotationMatrix2D((0, 0), float(angle), float(scale)), [0, 0, 1]])
    if rng.random() < 0.2:
        m = np.array([[rng.uniform(0.85, 1), 0, 0], [rng.normal(0, 0.04), 1, 0], [0, 0, 1]]) @ m
    if rng.random() < 0.5:
        m = np.diag([-1.0, 1, 1]) @ m
    centre = np.array([[1, 0, (0.5 - KEPT / 2)], [0, 1, (0.5 - KEPT / 2)], [0, 0, 1]])
    m = m @ centre
    m[:2, 2] += SIDE / 2 - 0.5 + np.clip(rng.normal(0, 0.012, 2), -0.04, 0.04) * SIDE
    return m[:2]


def years_drawn(rng):
    """(age the input has been given, change that is asked for)"""
    wanted = float(rng.uniform(-35, 47)) if rng.random() < 0.85 else \
        float(rng.choice((YOUNGEST, -20, -10, 10, 20, 30, 45, OLDEST)))
    given = 0.0
    if rng.random() < AGED:
        given = float(rng.uniform(5, 45))
        if wanted > 0:
            given = min(given, max(OLDEST - wanted, 0.0))
    return given, wanted


def relit(x, rng):
    """Light and colours. (picture 0..1, how much of its colour is left)"""
    x = x ** np.float32(np.exp(rng.normal(0, 0.18)))
    x = (x - 0.45) * np.float32(rng.uniform(0.75, 1.15)) + np.float32(0.45 + rng.normal(0, 0.03))
    x = x * np.exp(rng.normal(0, 0.06, 3)).astype(np.float32)
    if rng.random() < 0.12:
        x = x * np.float32(rng.uniform(0.25, 0.7))
    left = 1.0
    if rng.random() < 0.3:
        left = 0.0 if rng.random() < 0.15 else float(rng.uniform(0.5, 1.3))
        grey = (x @ LUMA)[..., None]
        x = grey + np.float32(left) * (x - grey)
    if rng.random() < 0.25:
        lamp = cv2.resize(rng.uniform(0.6, 1.15, (2, 2)).astype(np.float32), (WIDTH, HEIGHT))
        x = x * lamp[:, :, None]
    return np.clip(x, 0, 1), left


def spoiled(x, rng):
    """Noise and compression, 0..1."""
    if rng.random() < 0.7:
        sigma = np.float32(rng.uniform(0, 0.03))
        grain = rng.standard_normal(x.shape, np.float32)
        if rng.random() < 0.4:
            grain = cv2.GaussianBlur(grain, (0, 0), 0.7) * np.float32(2.2)
        x = np.clip(x + sigma * grain, 0, 1)
    if rng.random() < 0.3:
        coded = cv2.imencode(".jpg", (x * 255).astype(np.uint8),
                             [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 93))])[1]
        x = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32) / 255
    return x


def _toned(change, left):
    luma = (change @ LUMA)[..., None]
    return luma + np.float32(min(left, 1.0)) * (change - luma)


class Samples:
    def __init__(self, pairs, stock):
        self.pairs, self.covered = pairs, Covered(stock)
        self.refresh()

    def refresh(self):
        """Looks how many faces the teacher has done."""
        faces = self.pairs.faces[:self.pairs.done()]
        kinds = np.array([f.kind for f in faces])
        weight = np.zeros(len(faces))
        for kind, share in SHARES.items():
            weight[kinds == kind] = share / max((kinds == kind).sum(), 1)
        self.weight = weight / weight.sum()

    def draw(self, rng, where, copies=1):
        """inputs [copies,4,HEIGHT,WIDTH], target [4,HEIGHT,WIDTH], corner (y, x) of the part, which
        `where` draws"""
        i, keep = int(rng.choice(len(self.weight), p=self.weight)), None
        image = self.pairs.faces[i].image
        if rng.random() < COVERED:
            i, image, keep = self.covered.take(i, self.pairs.faces[i], rng)
        given, wanted = years_drawn(rng)
        # NumPy takes ten times as long for float16.
        layers = torch.from_numpy(np.array(self.pairs.layers[i])).float().numpy()
        before = age_teacher.change(layers, given) if given else None
        after = age_teacher.change(layers, given + wanted)
        skin = age_teacher.parts_of(layers)["skin"]

        m = shake(rng)
        corner = (CELL * int(where.integers(0, 3)),
                  CELL * int(where.choice(5, p=(0.05, 0.2, 0.5, 0.2, 0.05))))
        m[:, 2] -= corner[::-1]

        def moved(x, border=cv2.BORDER_CONSTANT):
            x = np.ascontiguousarray(x, np.float32)
            return cv2.warpAffine(x, m, (WIDTH, HEIGHT), borderMode=border)
        x, left = relit(moved(image, cv2.BORDER_REPLICATE) / 255, rng)
        free = np.ones((HEIGHT, WIDTH, 1), np.float32) if keep is None else moved(keep)[..., None]
        base = x + np.float32(DARK)
        y = np.clip(base * np.exp(_toned(moved(after), left) * free) - DARK, 0, 1)
        if given:
            x = np.clip(base * np.exp(_toned(moved(before), left) * free) - DARK, 0, 1)
        if rng.random() < 0.4:
            sigma = float(rng.uniform(0.4, 1.6))
            x, y = (cv2.GaussianBlur(v, (0, 0), sigma) for v in (x, y))
        gain = np.zeros((HEIGHT, WIDTH), np.float32)
        if wanted < 0:
            gain = -SMOOTHED * min(1.0, -wanted / 20) * moved(skin) * free[..., 0]
        target = np.dstack([y - x, gain]).transpose(2, 0, 1)
        plane = np.full((1, HEIGHT, WIDTH), wanted / YEARS, np.float32)
        inputs = np.stack([np.concatenate([spoiled(x, rng).transpose(2, 0, 1), plane])
                           for _ in range(copies)])
        return inputs, target, corner
