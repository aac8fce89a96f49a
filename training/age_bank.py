"""What ageing adds to a face, in mesh coordinates, found in the pictures of the data folder.

wrinkles  [N,N]   lines of one old face: its bands below FOLD, less the mean young face
folds     [N,N]   what the mean of old faces has beyond the mean of young ones in the bands from
                  FOLD on: bags, nasolabial folds, jowls. A mean has no fold of a single person
young     [B,N,N] the bands of the mean young face: structure that no age takes away
colour    [N,N,3] change of log R, G, B in ten years, of coarse bands: regression over portraits

All are of log colours (log_rgb), left and right alike but for the wrinkles. Old faces are synthetic
ones, chosen by eye for even light and clean zones.
"""
import os
import sys

import cv2
import numpy as np

import age_atlas as atlas
from age_atlas import N, blur
from source_key import source_key

DARK = 0.03                 # added before the logarithm: shadows and dark skin change less
SIGMAS = (0.75, 1.5, 3, 6, 12, 24)      # texels; bands are what lies between
FOLD = 3                    # first band of the folds
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# The face whose fine lines are taken: crisp, even on both sides, clean from forehead to chin.
LINES = "Ethnicity_x_Age_1_1_9"
FOLDS = ("Age_5_0", "Ethnicity_x_Age_1_0_9", "Ethnicity_x_Age_1_5_8", "Ethnicity_x_Age_1_0_6",
         "Ethnicity_x_Age_1_1_5", "Ethnicity_x_Age_2_4_0", "Ethnicity_4_2", "Jewelry_3_2",
         "Ethnicity_4_6", "Jewelry_1_5", "Ethnicity_x_Age_1_1_8", "Expression_x_Sex_4_7",
         "Ethnicity_x_Age_1_1_9", "Ethnicity_x_Age_2_4_8", "Hair_Style_x_Sex_3_5", "Jewelry_3_1",
         "Age_x_Ethnicity_x_Sex_1_5_1")
AGES = (30, 85)             # of portraits in the regression


def log_rgb(rgb):
    """0..255"""
    return np.log(np.clip(rgb, 0, 255) / np.float32(255) + np.float32(DARK))


def log_luma(rgb):
    return np.log(np.clip(rgb @ LUMA, 0, 255) / np.float32(255) + np.float32(DARK))


def bands(x):
    """[finer than SIGMAS[0], between 0 and 1, ..., coarser than the last]"""
    levels = [x] + [blur(x, s) for s in SIGMAS]
    return [a - b for a, b in zip(levels, levels[1:])] + levels[-1:]


def filled(texture, seen, reach=18):
    """Texels that are not seen well: by the other half of the face, else by what is around."""
    w = seen[..., None] if texture.ndim == 3 else seen
    other = w[:, ::-1] * (1 - w)
    total = w + other
    mixed = texture * w + texture[:, ::-1] * other
    low, share = blur(mixed, reach), blur(total[..., 0] if texture.ndim == 3 else total, reach)
    share = share[..., None] if texture.ndim == 3 else share
    return mixed + (1 - total) * low / np.maximum(share, 1e-3)


def texture_of(face):
    texture, seen = atlas.unwrap(face.image.astype(np.float32), face.points)
    hair, _ = atlas.unwrap(face.hair.astype(np.float32), face.points)
    return texture, seen * (1 - blur(np.clip(hair / 255, 0, 1), 1.5))


def both_halves(x):
    return (x + x[:, ::-1]) / 2


def _weighted(rows):
    """Mean of (value, weight) pairs."""
    total = sum(w for _, w in rows) + 1e-3
    return sum(v * w for v, w in rows) / total


def _clean(seen):
    """Away from the outline and from what is hidden."""
    ok = (seen > 0.6).astype(np.float32)
    return blur(cv2.erode(ok, np.ones((15, 15))), 6)


def _wrinkles(old, young):
    texture, seen = texture_of(old)
    parts = np.stack(bands(log_luma(filled(texture, seen)))[:-1])
    clean = _clean(seen)
    clean += clean[:, ::-1] * (1 - clean)
    return clean * sum((parts - young)[:FOLD])


def _mean_bands(faces):
    rows = [[] for _ in SIGMAS]
    for face in faces:
        texture, seen = texture_of(face)
        weight = seen * seen + 1e-4
        for row, band in zip(rows, bands(log_luma(filled(texture, seen)))):
            row.append((band, weight))
    return np.stack([both_halves(_weighted(row)) for row in rows])


def _colour(faces):
    """Slope of the coarse colour per ten years; the picture's own exposure and cast taken out."""
    small = (N // 2, N // 2)
    sums = np.zeros((3, *small)), np.zeros((2, *small, 3))
    for face in faces:
        if face.kind != "portraits" or not AGES[0] <= face.age <= AGES[1] or face.held_out:
            continue
        texture, seen = texture_of(face)
        texture = cv2.resize(texture, small, interpolation=cv2.INTER_AREA)
        seen = cv2.resize(seen, small, interpolation=cv2.INTER_AREA) ** 2
        x = log_rgb(texture)
        inner = seen > 0.5
        x = np.clip(x - np.median(x[inner], 0), -0.8, 0.6)
        t = (face.age - 57) / 10
        for k in range(3):
            sums[0][k] += seen * t ** k
        for k in range(2):
            sums[1][k] += (seen * t ** k)[..., None] * x
    (s0, s1, s2), (x0, x1) = sums
    below = np.maximum(s0 * s2 - s1 * s1, 1e-3 * s0.max() ** 2 + 1e-6)
    slope = (s0[..., None] * x1 - s1[..., None] * x0) / below[..., None]
    slope = cv2.resize(both_halves(slope).astype(np.float32), (N, N))
    return blur(slope, 6)


def load(faces, cache):
    key = source_key(sys.modules[__name__], atlas)
    path = os.path.join(cache, "age-bank-%s.npz" % key)
    if not os.path.exists(path):
        olds = {f.name.split("/old_")[-1]: f for f in faces
                if f.name.startswith("synthetic/old_") and not f.held_out}
        young = [f for f in faces if f.kind == "london" and f.name.endswith("_neutral")
                 and not f.held_out and f.age <= 28]
        if not young or not {LINES, *FOLDS} <= set(olds):
            raise SystemExit("'synthetic' or 'london' of the data folder lack faces for the bank")
        mean_young = _mean_bands(young)
        mean_old = _mean_bands([olds[n] for n in FOLDS])
        np.savez(path[:-4] + ".part.npz", young=mean_young,
                 wrinkles=_wrinkles(olds[LINES], mean_young),
                 folds=sum((mean_old - mean_young)[FOLD:]), colour=_colour(faces))
        os.replace(path[:-4] + ".part.npz", path)
    return {k: v.astype(np.float32) for k, v in np.load(path).items()}
