"""Samples of the training: textures of faces, as cameras and landmarks give them, and what is to
be added.

A sample starts from a face's texture and the teacher's layers of it (age_pairs.py):
  - occluders and drawn glasses are laid over some (visible_occluders.py): nothing changes there;
  - landmarks err: the picture slips over the texels, smoothly, and what depends on the person with
    it. What is the same for everybody stays, as the library draws it by the same landmarks;
  - the input is the face as it is, or as the teacher has aged it already: ageing further, and back;
  - light, blur, few pixels, noise and compression. Blur is the camera's and takes the change with
    it; noise and compression do not;
  - of turned heads a side is not seen.
"""
import cv2
import numpy as np
import torch

import age_atlas as atlas
import age_teacher
import visible_occluders
from age_atlas import TEXELS
from age_bank import LUMA
from age_faces import KEPT
from age_network import YEARS

SHARES = {"london": 0.28, "avatars": 0.09, "synthetic": 0.36, "portraits": 0.27}
COVERED, POOL, AGED = 0.36, 96, 0.35
HATS = 0.35             # of what covers a face: lines would be drawn on them
SLIP, KNOTS = 1.6, 7            # of landmarks: deviation, texels; places a side where it is drawn
OLDEST, YOUNGEST = 50, -40
# What the critic compares: real faces that are so old, and those of the same sets that were made to
# look older by so many years.
OLD, MADE_OLD, JUDGED = 62, 25, ("synthetic", "portraits")


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
            kind = "hat" if rng.random() < HATS else None
            visible_occluders.cover(canvas, self.stock, rng, kind)
        image = np.clip(canvas.image, 0, 255).astype(np.uint8)
        keep = (keep * np.clip(canvas.bare, 0, 1)).astype(np.float32)
        return index, atlas.texture(image, face.points), atlas.texture(keep, face.points)

    def take(self, index, face, rng):
        """(index, texture, where it may change)"""
        if len(self.kept) < 12 or rng.random() < 0.3:
            self.kept = self.kept[-POOL + 1:] + [self._draw(index, face, rng)]
            return self.kept[-1]
        return self.kept[rng.integers(len(self.kept))]


class _Flat:
    """What the occluders want to know of a face."""

    def __init__(self, image, points):
        self.image, self.points = image, points


def slipped(rng):
    """[TEXELS,TEXELS,2]: the texel that is seen at each."""
    y, x = np.mgrid[:TEXELS, :TEXELS].astype(np.float32)
    if rng.random() < 0.5:
        x = TEXELS - 1 - x
    angle, scale = rng.normal(0, 0.012), np.exp(rng.normal(0, 0.012, 2))
    cx, cy = x - TEXELS / 2, y - TEXELS / 2
    turned = np.dstack([scale[0] * (np.cos(angle) * cx - np.sin(angle) * cy),
                        scale[1] * (np.sin(angle) * cx + np.cos(angle) * cy)]) + TEXELS / 2
    knots = rng.normal(0, SLIP * rng.uniform(0.2, 1), (KNOTS, KNOTS, 2)) + rng.normal(0, 0.8, 2)
    field = cv2.resize(knots.astype(np.float32), (TEXELS, TEXELS), interpolation=cv2.INTER_CUBIC)
    return (turned + field).astype(np.float32)


def _moved(x, places, border=cv2.BORDER_REPLICATE):
    """remap() of any number of channels."""
    parts = [cv2.remap(np.ascontiguousarray(x[..., k:k + 4]), places, None, cv2.INTER_LINEAR,
                       borderMode=border) for k in range(0, x.shape[2], 4)]
    return np.dstack(parts)


def _blurred(rng):
    """A lens out of focus, or what moves: a function of pictures."""
    sigma = float(np.exp(rng.uniform(np.log(0.4), np.log(4.5))))
    across = sigma * float(rng.uniform(0.3, 1)) if rng.random() < 0.3 else sigma
    wide, high = (sigma, across) if rng.random() < 0.7 else (across, sigma)
    return lambda x: cv2.GaussianBlur(x, (0, 0), sigmaX=wide, sigmaY=high)


def _few_pixels(rng):
    """A camera that has fewer pixels than there are texels: a function of pictures."""
    side = int(TEXELS * rng.uniform(0.18, 0.8))

    def seen(x):
        x = cv2.resize(x, (side, side), interpolation=cv2.INTER_AREA)
        return cv2.resize(x, (TEXELS, TEXELS), interpolation=cv2.INTER_LINEAR)
    return seen


def _flattened(x, sigma, noise):
    """What a camera or a codec makes that takes noise away: skin gets flat, edges stay (a guided
    filter, the picture its own guide)."""
    side = 2 * round(1.5 * sigma) + 1

    def mean(v):
        return cv2.blur(v, (side, side))
    middle = mean(x)
    varies = np.maximum(mean(x * x) - middle * middle, 0)
    kept = varies / (varies + noise * noise)
    return mean(kept) * x + mean((1 - kept) * middle)


def softened(x, y, rng):
    """The picture and what it should become as a camera shows them: neither has lines that are
    sharper than the rest."""
    kind = rng.random()
    if kind < 0.32:
        seen = _blurred(rng)
        return seen(x), seen(y)
    if kind < 0.46:
        seen = _few_pixels(rng)
        return seen(x), seen(y)
    if kind < 0.64:
        sigma = float(rng.uniform(0.8, 4))
        flat = _flattened(x, sigma, float(rng.uniform(0.02, 0.08)))
        return flat, flat + cv2.GaussianBlur(y - x, (0, 0), 0.75 * sigma)
    return x, y


def _hidden(rng):
    """[TEXELS,TEXELS]: 0 on the side that a turned head hides; smooth."""
    across = np.linspace(0, 1, TEXELS, dtype=np.float32)
    edge = rng.uniform(0.08, 0.42)
    seen = atlas.smooth(across, edge - 0.04, edge + 0.04)
    return np.broadcast_to(seen if rng.random() < 0.5 else seen[::-1], (TEXELS, TEXELS))


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
        lamp = cv2.resize(rng.uniform(0.6, 1.15, (2, 2)).astype(np.float32), (TEXELS, TEXELS))
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


class Samples:
    def __init__(self, pairs, teacher, stock):
        self.pairs, self.teacher, self.covered = pairs, teacher, Covered(stock)
        self.refresh()

    def refresh(self):
        """Looks how many faces the teacher has done."""
        faces = self.pairs.faces[:self.pairs.done()]
        kinds = np.array([f.kind for f in faces])
        weight = np.zeros(len(faces))
        for kind, share in SHARES.items():
            weight[kinds == kind] = share / max((kinds == kind).sum(), 1)
        self.weight = weight / weight.sum()
        self.old = [i for i, f in enumerate(faces) if f.kind in JUDGED and
                    (f.age >= OLD or "/old_" in f.name)] or [0]

    def real(self, rng):
        """[3,TEXELS,TEXELS]: an old face, seen as the inputs are."""
        x = _moved(self.pairs.textures[rng.choice(self.old)], slipped(rng)).astype(np.float32)
        x, _ = relit(x / 255, rng)
        return spoiled(softened(x, x, rng)[0], rng).astype(np.float32).transpose(2, 0, 1)

    def _face(self, rng):
        """(texture 0..1, the teacher's layers of it), both slipped, and its set."""
        i, keep = int(rng.choice(len(self.weight), p=self.weight)), None
        texture = self.pairs.textures[i]
        if rng.random() < COVERED:
            i, texture, keep = self.covered.take(i, self.pairs.faces[i], rng)
        # NumPy takes ten times as long for float16.
        own = torch.from_numpy(np.array(self.pairs.layers[i])).float().numpy()
        if keep is not None:
            own[..., :-1] *= keep[..., None]
        places = slipped(rng)
        kind = self.pairs.faces[i].kind
        return _moved(texture, places).astype(np.float32) / 255, _moved(own, places), kind

    def draw(self, rng, copies=1):
        """inputs [copies,4,TEXELS,TEXELS], target of the same shape, seen [1,TEXELS,TEXELS],
        whether the critic may see it"""
        given, wanted = years_drawn(rng)
        x, own, kind = self._face(rng)
        before = self.teacher.roughness(x)
        x, left = relit(x, rng)
        own[..., -1] *= min(left, 1.0)
        # The teacher goes by what is seen: what no picture tells would be learnt as a mean.
        age_teacher.shared_again(own, (self.teacher.roughness(x) + 1e-3) / (before + 1e-3))
        if rng.random() < 0.15:
            seen = _hidden(rng)
            own[..., :-1] *= seen[..., None]
            x = x * seen[..., None] + (1 - seen[..., None]) * rng.uniform(0, 1, 3)
            x = x.astype(np.float32)
        else:
            seen = np.ones((TEXELS, TEXELS), np.float32)
        y = x + age_teacher.residual(x, self.teacher.change(own, given + wanted))
        if given:
            x = x + age_teacher.residual(x, self.teacher.change(own, given))
        x, y = softened(x, y, rng)
        gain = self.teacher.gain(own, wanted)
        target = np.dstack([y - x, gain]).astype(np.float32).transpose(2, 0, 1)
        plane = np.full((1, TEXELS, TEXELS), wanted / YEARS, np.float32)
        inputs = np.stack([np.concatenate([spoiled(x, rng).transpose(2, 0, 1), plane])
                           for _ in range(copies)])
        judged = kind in JUDGED and given + wanted >= MADE_OLD and seen.min() == 1
        return inputs, target, seen[None], judged
