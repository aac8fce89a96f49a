"""Hands cut out of the hands clips by skin colour, to be laid over other faces.

The skin's colour is taken from the clip's own face; what has that colour away from the face, in one
piece of a hand's size, is a hand (with its forearm where the sleeve is short). Kept with a soft
edge and some room around.
"""
import dataclasses
import glob
import os

import cv2
import numpy as np

import visible_faces

# The same few people appear in all clips: {person: clips}. HELD_OUT were never trained on.
PEOPLE = {
    "skull": ("again", "brother", "help", "no", "student", "yes"),
    "grey": ("bird", "milk", "please", "sorry", "thanks"),
    "orange": ("book", "learn", "school", "walk"),
    "letters": ("eat", "night", "sister"),
    "plaid": ("hungry", "want"),
}
HELD_OUT = ("grey", "letters")
CLIP_PERSON = {clip: person for person, clips in PEOPLE.items() for clip in clips}
STEP = 2                    # every second frame
FACE_SIZE = 60              # visible_masks.face_size of the clips' faces, pixels
AREA = (1200, 16000)        # pixels at 640 x 480


@dataclasses.dataclass(frozen=True)
class Hand:
    person: str
    image: np.ndarray       # RGB uint8
    alpha: np.ndarray       # uint8

    @property
    def held_out(self):
        return self.person in HELD_OUT


def frames(path):
    video, found = cv2.VideoCapture(path), []
    while True:
        ok, bgr = video.read()
        if not ok:
            return found
        found.append(np.ascontiguousarray(bgr[:, :, ::-1]))


def _chroma(rgb):
    return cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2YCrCb).astype(np.float32)


def _skin_model(rgb, oval):
    """Mean and inverse covariance of (Cr, Cb) of the face, and its median lightness."""
    inside = np.zeros(rgb.shape[:2], np.uint8)
    cv2.fillPoly(inside, [oval.astype(np.int32)], 1)
    x = _chroma(rgb)[inside > 0]
    x = x[x[:, 0] > np.percentile(x[:, 0], 30)]
    return x[:, 1:].mean(0), np.linalg.inv(np.cov(x[:, 1:].T) + 2 * np.eye(2)), np.median(x[:, 0])


def _skin(rgb, model):
    mean, inverse, light = model
    x = _chroma(cv2.GaussianBlur(rgb, (0, 0), 1.0))
    d = x[:, :, 1:] - mean
    far = np.einsum("ijk,kl,ijl->ij", d, inverse, d)
    return ((far < 9) & (x[:, :, 0] > 0.35 * light) & (x[:, :, 0] < 1.6 * light)).astype(np.uint8)


def _pieces(rgb, model, keep_out):
    skin = _skin(rgb, model)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    skin = cv2.morphologyEx(cv2.morphologyEx(skin, cv2.MORPH_OPEN, disc), cv2.MORPH_CLOSE, disc)
    chroma = _chroma(rgb)
    count, label, stats, _ = cv2.connectedComponentsWithStats(skin)
    for i in range(1, count):
        x, y, w, h, area = stats[i]
        piece = label == i
        border = x <= 1 or y <= 1 or x + w >= skin.shape[1] - 1 or y + h >= skin.shape[0] - 1
        if (AREA[0] <= area <= AREA[1] and not border and not (piece & keep_out).any()
                and _is_hand(piece, model, chroma)):
            yield x, y, w, h, piece


def _is_hand(piece, model, chroma):
    """As red as the face (walls and prints are greyer), and compact (thin arms are not)."""
    if chroma[:, :, 1][piece].mean() < model[0][0] - 6:
        return False
    contours, _ = cv2.findContours(piece.astype(np.uint8), cv2.RETR_EXTERNAL,
                                   cv2.CHAIN_APPROX_SIMPLE)
    outline = max(contours, key=cv2.contourArea)
    (_, size, _) = cv2.minAreaRect(outline)
    return (cv2.contourArea(outline) > 0.6 * cv2.contourArea(cv2.convexHull(outline))
            and max(size) < 3.2 * min(size))


def _cut(rgb, x, y, w, h, piece):
    m = 6
    rows, cols = slice(max(0, y - m), y + h + m), slice(max(0, x - m), x + w + m)
    alpha = piece[rows, cols].astype(np.uint8)
    contours, _ = cv2.findContours(alpha, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    alpha[:] = 0
    cv2.drawContours(alpha, contours, -1, 255, -1)      # no holes
    alpha = cv2.GaussianBlur(cv2.erode(alpha, np.ones((3, 3), np.uint8)), (0, 0), 0.8)
    return np.ascontiguousarray(rgb[rows, cols]), alpha


def collect(data, finder):
    """[Hand] of all clips under `data`/hands."""
    hands = []
    for path in sorted(glob.glob(os.path.join(data, "hands", "*.mkv"))):
        person = CLIP_PERSON.get(os.path.splitext(os.path.basename(path))[0])
        clip = frames(path)
        square = finder.square(clip[0], "full") if person else None
        if square is None:
            continue
        points = finder.points(clip[0], square)
        oval = cv2.convexHull(points.astype(np.float32))[:, 0]
        model = _skin_model(clip[0], oval)
        face = np.zeros(clip[0].shape[:2], np.uint8)
        cv2.fillPoly(face, [oval.astype(np.int32)], 1)
        # Neck and the head's movement.
        reach = int(0.5 * np.ptp(oval[:, 0]))
        face = cv2.dilate(face, np.ones((2 * reach, reach), np.uint8)) > 0
        last = None
        for rgb in clip[::STEP]:
            for piece in _pieces(rgb, model, face):
                # A hand that rests is the same picture again and again.
                if last is None or np.abs(np.subtract(last, piece[:4])).max() > 3:
                    hands.append(Hand(person, *_cut(rgb, *piece)))
                    last = piece[:4]
    return hands


def load(shared, models, cache):
    """[Hand], from the cache file or cut now."""
    path = os.path.join(cache, "visible-hands.npz")
    if not os.path.exists(path):
        hands = collect(os.path.join(shared, "data"), visible_faces.Finder(models))
        flat = {"person": np.array([h.person for h in hands]),
                "size": np.array([h.alpha.shape for h in hands]),
                "image": np.concatenate([h.image.reshape(-1, 3) for h in hands]),
                "alpha": np.concatenate([h.alpha.reshape(-1) for h in hands])}
        np.savez(path[:-4] + ".part.npz", **flat)
        os.replace(path[:-4] + ".part.npz", path)
    z = np.load(path)
    image, alpha, hands, at = z["image"], z["alpha"], [], 0
    for person, (h, w) in zip(z["person"], z["size"]):
        part = slice(at, at + h * w)
        hands.append(Hand(str(person), image[part].reshape(h, w, 3), alpha[part].reshape(h, w)))
        at += h * w
    return hands
