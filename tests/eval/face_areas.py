"""Where in a frame an effect is judged, and where it must not touch anything."""
import cv2
import numpy as np

from face_clips import REGIONS
from face_sources import OVAL

JUDGED = {"face": 0.92, "background": 1.5}     # sizes against the face's oval, around its middle
UNTOUCHED = {"face": 1.6, "background": 0.6}
PATCHES = sorted({p for region in REGIONS for p in region if p < 468})
PATCH = 1 / 20      # side of a patch, against the width of the face


def patch_side(points):
    """Pixels, odd."""
    return max(1, int(round(PATCH * np.ptp(points[:468, 0]))) | 1)


def oval(points, scale, size):
    """H x W bool: the face's oval, larger or smaller."""
    edge = points[list(OVAL), :2]
    middle = (edge.min(0) + edge.max(0)) / 2
    out = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(out, [np.round(((edge - middle) * scale + middle - 0.5) * 16).astype(np.int32)], 1,
                 cv2.LINE_8, 4)
    return out.astype(bool)


def judged(area, faces, size):
    """`faces`: points of every face."""
    if area == "frame":
        return np.ones(size[::-1], bool)
    inside = np.zeros(size[::-1], bool)
    for points in faces:
        inside |= oval(points, JUDGED[area], size)
    return inside if area == "face" else ~inside


def untouched(area, faces, size):
    """Pixels of which every byte has to be the input's, or None: the effect may be anywhere."""
    if area == "frame":
        return None
    inside = np.zeros(size[::-1], bool)
    for points in faces:
        inside |= oval(points, UNTOUCHED[area], size)
    return ~inside if area == "face" else inside


def identical(before, after, mask):
    """(equal samples, samples) of two I420 pictures within a mask of pixels; a chroma sample
    counts where all its pixels do."""
    h, w = mask.shape
    odd = np.pad(mask, ((0, h % 2), (0, w % 2)), mode="edge")
    half = odd.reshape((h + 1) // 2, 2, (w + 1) // 2, 2).all((1, 3)).ravel()
    whole = np.concatenate([mask.ravel(), half, half])
    return int((before == after)[whole].sum()), int(whole.sum())
