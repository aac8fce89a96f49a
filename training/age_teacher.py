"""The teacher: how a face looks older or younger, as layers over its texture (age_atlas.py).

What is the same for everybody stands in Teacher.older, so that lines lie where they lie in faces;
own() makes, once for a face, what depends on it; change() puts them together for any number of
years, as a change of log R, G, B at each texel. All depends on nothing but the picture: the same
face always ages alike, and a network can learn it.

older    lines  of one old face, log luma
         soft   folds of the mean old face, coarse shading and colour, spots
own      fine, fold   the person's own lines and folds, made deeper; log luma
         grey   of brows and beard
         young  own lines, folds and blotches taken back towards the mean young face
         skin   where there is any, 0..1
         share  of what is the same for everybody: of skin, more where the picture is contrasty
         tint   0..1, the same everywhere: a picture without colours stays without

Eyes, teeth, lips' inside, nostrils, hair, what hides the face and the mesh's rim are 0 in all.
"""
import math

import cv2
import numpy as np

import age_atlas as atlas
import age_bank
import visible_masks
from age_atlas import N, TEXELS, blur, smooth
from age_bank import DARK, FOLD, LUMA
from visible_masks import EYES, LIPS

OLD, YOUNG = 45.0, 20.0         # years at which the layers are defined
LAYERS = (("fine", 1), ("fold", 1), ("grey", 3), ("young", 3), ("skin", 1), ("share", 1),
          ("tint", 1))
# Shadows of skin are warm: light comes back red from its sides. Lights keep its colour.
WARM = np.array([0.84, 1.01, 1.16], np.float32)
LIGHT = np.array([1.0, 1.0, 0.96], np.float32)
# Old skin is sallow, and cheeks and nose are red and blotchy.
SALLOW = np.array([0.006, -0.003, -0.012], np.float32)
RED = np.array([0.030, -0.024, -0.024], np.float32)
# Lines are shadows: what stands up beside them is hardly lighter than the skin.
RIDGES, BULGES = 0.4, 0.35
LINES = 0.094                   # deviation of the lines, log luma
EVEN = 0.5                     # of what lines and folds darken and tint a face that is taken back
# Contrast (RMS of log luma in the bands MASKING) at which the lines have their own strength, and
# how they go with it: an eye sees less of them on a rough or harshly lit face.
MASKING, CONTRAST, POWER, LEAST, MOST = (2, 3, 4), 0.056, 1.45, 0.62, 3.0
SOFT_MOST = 1.7                 # of it for folds and tone: harsh light has shadows of its own
# A grey that is not blue beside warm skin, and the brown of spots.
GREY = np.array([0.45, 0.42, 0.37], np.float32)
PALE = 0.85     # of a hair's colour goes: thin brows let the skin through and would be golden
SPOT = np.array([0.75, 1.0, 1.25], np.float32)
FINE_MOST = 1.15                # of the lines' share
# Younger: shares of a band's deviation that go, everywhere and from the shadows of folds besides.
SMOOTHED = (0.40, 0.70, 0.85, 0.75, 0.38, 0.0)
FINER = 0.7                     # of what is finer than the square's pixels, at -20 years
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


def shaded(luma):
    """[h,w] -> [h,w,3]: what a change of log luma is in log R, G, B."""
    luma = luma[..., None]
    return np.where(luma < 0, luma * WARM, luma * LIGHT)


def _by_width(x, *sigmas):
    """What goes at each blur, and what is left after the last; texels."""
    levels = [x] + [blur(x, s) for s in sigmas]
    return [a - b for a, b in zip(levels, levels[1:])] + levels[-1:]


def _blotches():
    """[N,N] 0..1: where blood shows on cheeks and nose."""
    rng = np.random.default_rng(5)
    noise = sum(blur(rng.standard_normal((N, N)).astype(np.float32), s) * s for s in (4, 8))
    return smooth(noise / noise.std(), -1.0, 2.2)


def strength(years):
    """Shares of the layers (soft, fine, grey, young) at a change of so many years."""
    t = 1.25 * (max(years, 0) / OLD) ** 1.02
    u = 1.6 * math.tanh(max(-years, 0) / YOUNG * 1.4 / 1.6)
    # Lines that only got deeper would look etched: they come first, folds and tone go on.
    fine = FINE_MOST * math.tanh(t / FINE_MOST)
    return t, fine, float(np.clip((years - 5) / 40, 0, 1.1)), u


def _spots():
    """Log luma of age spots: many small, few large, on temples, cheeks and forehead."""
    rng, spots = np.random.default_rng(21), np.zeros((N, N), np.float32)
    y, x = np.mgrid[:N, :N].astype(np.float32)
    for _ in range(70):
        place, size = rng.uniform(0.08, 0.92, 2) * N, 1.6 * np.exp(rng.exponential(0.5))
        wide = size * rng.uniform(0.8, 1.5)
        d = ((x - place[0]) / wide) ** 2 + ((y - place[1]) / size) ** 2
        spots = np.maximum(spots, np.float32(rng.uniform(0.3, 1)) * np.exp(-d ** 1.5 / 2))
    return -0.13 * spots


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
        """What is the same for all."""
        bank = self.bank
        lines = bank["wrinkles"] * self.fine * (1 - 0.55 * self.nose)
        lines = lines / np.sqrt((lines ** 2).sum() / self.fine.sum())
        # Furrows are wide: the deepest lines are taken softer.
        deep = smooth(blur(np.abs(lines), 3), 0.6, 2.0)
        lines = limited(lines + deep * (1.25 * blur(lines, 1.3) - lines), 1.9)
        lines = np.where(lines < 0, lines, RIDGES * lines)
        # Old people's brows are thin: that is the brows' own matter.
        where = self.soft * (1 - 0.6 * self.nose) * (1 - blur(self.brows, 3))
        folds = bank["folds"] - (bank["folds"] * where).sum() / where.sum()
        folds = np.where(folds < 0, folds, BULGES * folds)  # a fold is a shadow, not a light
        self.folds = limited(folds * where, 0.30)
        self.shadows = smooth(-blur(folds * where, 3), 0.02, 0.10)
        colour = bank["colour"] * self.soft[..., None]
        # The portraits' colours are those of their lamps, and of grey hair at the temples.
        luma = colour @ LUMA
        luma -= blur(luma, 60)
        self.colour = limited(luma, 0.05)
        red = np.maximum(blur(self.cheeks.astype(np.float32), 14), self.nose)
        tone = SALLOW + (red * _blotches())[..., None] * RED
        spots = _spots() * self.fine * (1 - blur(self.beard, 4)) * (1 - self.nose)
        soft = shaded(1.5 * self.folds + 1.9 * OLD / 10 * self.colour)
        # A face is not darker and browner than its neck: where lines and folds are shadows the rest
        # makes up for most of it.
        whole = soft + shaded(LINES * lines)
        mean = (whole * self.soft[..., None]).sum((0, 1)) / self.soft.sum()
        soft = soft - self.soft[..., None] * EVEN * mean
        soft = soft + self.soft[..., None] * tone + spots[..., None] * SPOT
        soft = soft + self.lips[..., None] * np.float32((-0.05, -0.02, 0.0))
        self.older = {"lines": at_texels(LINES * lines), "soft": at_texels(soft),
                      "zone": at_texels(self.fine)}

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
        return hair[..., None] * (PALE * pale + GREY)

    def _older(self, parts, weight):
        """The person's own lines and folds."""
        own = 0.35 * parts[0] + 0.4 * parts[1] + 0.5 * parts[2]
        fold = sum((p - y) * k for p, y, k in zip(parts[FOLD:], self.bank["young"][FOLD:],
                                                  (0.35, 0.25)))
        fine = limited(own * self.fine * (1 - 0.5 * self.nose), 0.12)
        fold = limited(fold * self.soft * (1 - 0.6 * self.nose), 0.10)
        return fine * weight, fold * weight

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
        luma = luma - 1.6 * YOUNG / 10 * self.colour * weight
        young = shaded(luma) + even - 0.3 * (SALLOW * self.soft[..., None]) * weight[..., None]
        return young + self.lips[..., None] * np.float32((0.08, -0.01, 0.0)) * weight[..., None]

    def _share(self, parts, seen):
        """What is the same for everybody, relative to skin of CONTRAST."""
        weight = self.fine * seen + 1e-4
        found = sum(np.square(parts[k]) for k in MASKING)
        contrast = np.sqrt(blur(found * weight, 40) / blur(weight, 40))
        return np.clip((contrast / CONTRAST) ** POWER, LEAST, MOST)

    def roughness(self, picture):
        """What _share() goes by, of a texture 0..1 as the network sees it: for the whole face."""
        luma = np.log(np.clip(picture @ age_bank.LUMA, 0, 1) + np.float32(DARK))
        first, last = (age_bank.SIGMAS[k] * TEXELS / N for k in (MASKING[0] - 1, MASKING[-1]))
        between = np.square(blur(luma, first) - blur(luma, last))
        zone = self.older["zone"]
        return float(np.sqrt((between * zone).sum() / zone.sum()))

    def own(self, face):
        """[TEXELS, TEXELS, 11] in the order of LAYERS."""
        texture, seen = age_bank.texture_of(face)
        texture = age_bank.filled(texture, seen)
        skin, tone = self.skin(texture, seen)
        lab = cv2.cvtColor(np.clip(texture / 255, 0, 1), cv2.COLOR_RGB2LAB)
        parts = age_bank.bands(age_bank.log_luma(texture))
        weight = skin * seen
        fine, fold = self._older(parts, weight)
        young = self._younger(parts, texture, weight)
        grey = self._grey(texture, lab, tone) * seen[..., None]
        tint = np.full((N, N), smooth(np.hypot(*tone[1:]), 2, 10), np.float32)
        share = weight * self._share(parts, seen)
        return at_texels(np.dstack([fine, fold, grey, young, weight, share, tint]))

    def known(self, years):
        """[6,TEXELS,TEXELS]: what is the same for all in a change of so many years, log luma; its
        sum is all of it. Shadows of the lines by their width, their ridges so, and the rest."""
        soft, fine, _, _ = strength(years)
        lines = fine * self.older["lines"]
        dark, light = np.minimum(lines, 0), np.maximum(lines, 0)
        return np.stack(_by_width(dark, 0.9, 2.2) + _by_width(light, 1.5) +
                        [soft * (self.older["soft"] @ LUMA)]).astype(np.float32)

    def change(self, own, years, older=None):
        """The change of log R, G, B at each texel; `older` instead of what is the same for all."""
        older = older or self.older
        soft, fine, grey, young = strength(years)
        p = parts_of(own)
        if years < 0:
            found = young * p["young"]
        else:
            tone = np.minimum(p["share"], SOFT_MOST * p["skin"])
            found = soft * older["soft"] * tone + shaded(fine * older["lines"]) * p["share"]
            found = found + shaded((soft * p["fold"] + fine * p["fine"])[..., 0]) + \
                grey * p["grey"]
        luma = (found @ LUMA)[..., None]
        return luma + p["tint"] * (found - luma)

    def gain(self, own, years):
        """[TEXELS, TEXELS]: of what of the frame is finer than the pixels of the face's square."""
        less = min(1.0, max(-years, 0) / YOUNG)
        return np.float32(-FINER * less) * self.older["zone"] * parts_of(own)["skin"][..., 0]


def at_texels(x):
    """From the bank's N to the network's texels."""
    parts = [cv2.resize(np.ascontiguousarray(v, np.float32), (TEXELS, TEXELS),
                        interpolation=cv2.INTER_AREA)
             for v in (cv2.split(x) if x.ndim == 3 else [x])]
    return np.dstack(parts) if x.ndim == 3 else parts[0]


def shared_again(own, factor):
    """Of layers in place: skin that is `factor` times as rough as it was."""
    p = parts_of(own)
    p["share"][:] = np.clip(p["share"] * np.float32(factor ** POWER), LEAST * p["skin"],
                            MOST * p["skin"])


def parts_of(own):
    """{name: view} of [..., 11]."""
    at, found = 0, {}
    for name, count in LAYERS:
        found[name] = own[..., at:at + count]
        at += count
    return found


def residual(rgb, change):
    """What a change of log R, G, B adds to R'G'B' 0..1."""
    return np.clip((rgb + DARK) * np.exp(change) - DARK, 0, 1) - rgb
