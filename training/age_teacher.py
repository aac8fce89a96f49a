"""The teacher: how a face looks older or younger, as layers over its picture.

layers() makes, once for a face, changes of log R, G, B at each pixel; aged() puts them together for
any number of years. What a layer does stands in mesh coordinates (age_atlas.py), so that lines
lie where they lie in faces, and depends on nothing but the picture: the same face always ages
alike, and a network can learn it.

older    soft   folds of the mean old face, coarse shading and colour
         fine   lines, and the person's own ones made deeper; log luma
         grey   of brows and beards
younger  young  own lines, folds and blotches taken back towards the mean young face
skin     where detail finer than the square's pixels goes with the younger layer, 0..1

Eyes, teeth, lips' inside, nostrils, hair, what hides the face and the mesh's rim are 0 in all.
"""
import cv2
import numpy as np

import age_atlas as atlas
import age_bank
import visible_masks
from age_atlas import N, blur, smooth
from age_bank import DARK, FOLD, LUMA
from visible_masks import EYES, LIPS

OLD, YOUNG = 45.0, 20.0         # years at which the layers are defined
LAYERS = (("soft", 3), ("fine", 3), ("grey", 3), ("young", 3), ("skin", 1))
# Shadows of skin are warm: what a darker luma does to R, G, B.
WARM = np.array([0.86, 1.0, 1.12], np.float32)
# Younger: shares of a band's deviation that go, everywhere and from the shadows of folds besides.
SMOOTHED = (0.40, 0.70, 0.85, 0.75, 0.38, 0.0)
FILLED = (0.0, 0.0, 0.0, 0.15, 0.5, 0.6)
LIPS_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178,
              88, 95)
NOSTRILS = (98, 97, 2, 326, 327, 358, 279, 331, 294, 455, 305, 4, 75, 235, 64, 102, 49, 129)
NOSE = (168, 193, 122, 196, 236, 198, 209, 49, 64, 98, 97, 2, 326, 327, 294, 279, 429, 420, 456,
        419, 351, 417)
CHEEKS = ((50, 101, 118, 117, 123, 147, 187, 205), (280, 330, 347, 346, 352, 376, 411, 425))
BROW_OUTLINES = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
                 (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))
BEARD = (58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 435, 411, 426,
         327, 2, 98, 206, 187, 215)


def limited(x, bound):
    return bound * np.tanh(x / bound)


def _tinted(change, share):
    luma = (change @ LUMA)[..., None]
    return luma + np.float32(share) * (change - luma)


def strength(years):
    """Shares of the layers (soft, fine, grey, young) at a change of so many years."""
    t, u = (max(years, 0) / OLD) ** 0.9, 1.6 * np.tanh(max(-years, 0) / YOUNG * 1.4 / 1.6)
    return t, t, float(np.clip((years - 5) / 40, 0, 1.1)), u


def outside(face):
    """[KEPT, KEPT, 1]: 0 on the eyes and in the mouth, which is a slit in mesh coordinates."""
    shape = face.image.shape[:2]
    mask = visible_masks.grown(
        visible_masks.polygon(shape, face.points[list(LIPS_INNER), :2] - 0.5), 1)
    for eye in EYES:
        mask = np.maximum(mask, visible_masks.polygon(shape, face.points[list(eye), :2] - 0.5))
    return 1 - blur(mask, 0.8)[..., None]


class Teacher:
    def __init__(self, bank):
        self.bank = bank
        eyes = atlas.polygon(*EYES, grow=4, soft=2)
        mouth = atlas.polygon(LIPS_INNER, grow=1, soft=1.2)
        lips = atlas.polygon(LIPS, soft=1.2)
        nostrils = atlas.polygon(NOSTRILS, soft=2)
        self.brows = atlas.polygon(*BROW_OUTLINES, grow=4, soft=2.5)
        self.nose = atlas.polygon(NOSE, soft=5)
        self.cheeks = atlas.polygon(*CHEEKS) > 0.5
        self.beard = atlas.polygon(BEARD, soft=6) * (1 - lips)
        depth = cv2.distanceTransform(np.pad(atlas.COVER, 1).astype(np.uint8), cv2.DIST_L2, 5)
        depth = depth[1:-1, 1:-1]
        self.open = (1 - eyes) * (1 - mouth)
        keep = self.open * (1 - lips) * (1 - 0.9 * nostrils)
        self.fine = keep * (1 - self.brows) * smooth(depth, 4, 34)
        self.soft = blur(keep, 2.5) * self.open * smooth(depth, 2, 44)
        self.lips = lips * (1 - mouth)
        self._direction()

    def _direction(self):
        """The layers that are the same for all."""
        bank = self.bank
        lines = bank["wrinkles"] * self.fine * (1 - 0.55 * self.nose)
        lines = lines / np.sqrt((lines ** 2).sum() / self.fine.sum())
        self.lines = limited(lines, 2.2)
        # Old people's brows are thin: that is the brows' own matter.
        where = self.soft * (1 - 0.6 * self.nose) * (1 - blur(self.brows, 3))
        folds = bank["folds"] - (bank["folds"] * where).sum() / where.sum()
        folds = np.where(folds < 0, folds, 0.5 * folds)     # a fold is a shadow, not a light
        self.folds = limited(folds * where, 0.30)
        self.shadows = smooth(-blur(folds * where, 3), 0.02, 0.10)
        colour = bank["colour"] * self.soft[..., None]
        luma = colour @ LUMA
        tint = colour - luma[..., None]
        luma -= blur(luma, 60)
        self.colour = limited(luma, 0.05)[..., None] + limited(tint, 0.03)

    def skin(self, texture, seen):
        """Skin-like texels: hair, glasses, hands and burnt-out places drop out."""
        x = blur(age_bank.filled(texture, seen), 2)
        lab = cv2.cvtColor(np.clip(x / 255, 0, 1), cv2.COLOR_RGB2LAB)
        sure = self.cheeks & (seen > 0.5)
        if sure.sum() < 60:
            sure = self.fine * seen > 0.5
        if sure.sum() < 60:
            return np.zeros((N, N), np.float32), np.float32([50, 10, 10])
        tone = np.median(lab[sure], 0)
        # Light from one side darkens half of a face; that is still skin.
        local = np.minimum(tone[0], blur(lab[..., 0], 26))
        d = lab - tone
        dark = np.clip(local - lab[..., 0] - 15, 0, None) / 11
        chroma = np.clip(np.hypot(d[..., 1], d[..., 2]) - 13, 0, None) / 8
        s = np.maximum(np.exp(-dark ** 2 - chroma ** 2), self.nose * 0.9)
        bright = 1 - 0.8 * smooth(x.max(-1), 243, 254)
        return blur(cv2.erode(s * bright, np.ones((3, 3))), 2.5), tone

    def _grey(self, texture, lab_texture, tone):
        """Log changes that turn the hairs of brows and beard grey, strands kept."""
        luma = age_bank.log_luma(texture)
        strands = smooth(blur(luma, 12) - luma, 0.04, 0.30)
        rough = smooth(blur(np.abs(luma - blur(luma, 1.5)), 5), 0.025, 0.06)
        dark = smooth(tone[0] - lab_texture[..., 0], 9, 26) * rough
        hair = np.clip(self.brows * strands + self.beard * blur(dark, 1.5), 0, 1) * self.open
        log = age_bank.log_rgb(texture)
        pale = luma[..., None] - log                    # to a grey of the same luma
        return hair[..., None] * (0.6 * pale + 0.30)

    def _older(self, parts, weight):
        own = 0.35 * parts[0] + 0.4 * parts[1] + 0.5 * parts[2]
        fold = sum((p - y) * k for p, y, k in zip(parts[FOLD:], self.bank["young"][FOLD:],
                                                  (0.35, 0.25)))
        fine = 0.072 * self.lines + limited(own * self.fine * (1 - 0.5 * self.nose), 0.12)
        soft = 1.15 * self.folds + limited(fold * self.soft * (1 - 0.6 * self.nose), 0.10)
        soft = soft[..., None] * WARM + 1.3 * OLD / 10 * self.colour
        soft = soft + self.lips[..., None] * np.float32((-0.10, 0.0, 0.0))
        return soft * weight[..., None], (fine * weight)[..., None] * WARM

    def _younger(self, parts, texture, weight):
        out = np.zeros((N, N), np.float32)
        for k, (part, gain, fill) in enumerate(zip(parts, SMOOTHED, FILLED)):
            over = part - self.bank["young"][k] if k >= FOLD else part
            over = over * np.exp(-np.square(np.square(over / 0.22)))    # strong marks stay
            out -= gain * np.where(over < 0, over, 0.8 * over)
            out -= fill * np.minimum(over, 0) * self.shadows
        zone = self.fine * (1 - 0.6 * self.nose)
        # How much of the mean old face's folds there is in this face.
        over = sum(p - y for p, y in zip(parts[FOLD:], self.bank["young"][FOLD:]))
        sure = self.folds * weight
        has = float(np.clip((over * sure).sum() / max((self.folds * sure).sum(), 1e-3), 0, 1))
        luma = limited(out * zone - 0.6 * has * self.folds, 0.35) + 0.03 * self.soft
        luma = luma * weight
        log = age_bank.log_rgb(texture)
        tint = log - (log @ LUMA)[..., None]
        even = (blur(tint, 11) - blur(tint, 1.2)) * 0.55 * (self.fine * weight)[..., None]
        young = luma[..., None] * WARM + even - 1.6 * YOUNG / 10 * self.colour * weight[..., None]
        return young + self.lips[..., None] * np.float32((0.08, -0.01, 0.0)) * weight[..., None]

    def textures(self, face):
        """Layers in mesh coordinates."""
        texture, seen = age_bank.texture_of(face)
        texture = age_bank.filled(texture, seen)
        skin, tone = self.skin(texture, seen)
        lab = cv2.cvtColor(np.clip(texture / 255, 0, 1), cv2.COLOR_RGB2LAB)
        parts = age_bank.bands(age_bank.log_luma(texture))
        weight = skin * seen
        soft, fine = self._older(parts, weight)
        young = self._younger(parts, texture, weight)
        # A picture without colours stays without.
        colour = smooth(np.hypot(*tone[1:]), 2, 10)
        soft, fine, young = (_tinted(x, colour) for x in (soft, fine, young))
        grey = self._grey(texture, lab, tone) * seen[..., None]
        return {"soft": soft, "fine": fine, "grey": grey,
                "young": young, "skin": self.fine * weight}

    def layers(self, face):
        """[KEPT, KEPT, 13] in the order of LAYERS."""
        found = self.textures(face)
        maps = np.dstack([found[name] for name, _ in LAYERS]).astype(np.float32)
        return atlas.wrap(maps, face.points, face.image.shape[:2]) * outside(face)


def parts_of(layers):
    """{name: view} of [..., 13]."""
    at, found = 0, {}
    for name, count in LAYERS:
        found[name] = layers[..., at:at + count]
        at += count
    return found


def change(layers, years):
    """The change of log R, G, B."""
    soft, fine, grey, young = strength(years)
    p = parts_of(layers)
    if years < 0:
        return young * p["young"]
    return soft * p["soft"] + fine * p["fine"] + grey * p["grey"]


def aged(image, layers, years):
    """RGB 0..255 float."""
    x = image.astype(np.float32) / 255 + DARK
    return np.clip(255 * (x * np.exp(change(layers, years)) - DARK), 0, 255)
