"""Pictures of faces for the known-motion clips: the picture, the true points, a cut-out.

Truth is what the reference networks say of the clean, large, upright picture, averaged over
jittered crops; so it holds the networks' opinion of where a point lies, not the noise. NASA's
astronaut (Debian package python3-imageio) is always there, its points lie beside this file; the
other pictures come from the shared data folder when there is one.

Coordinates: pixels, the middle of the top left pixel is (0.5, 0.5), as in mien_face.
"""
import dataclasses
import glob
import hashlib
import json
import os
import sys

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "face"))
import portrait  # noqa: E402

ASTRONAUT_TRUTH = os.path.join(HERE, "astronaut_points.json")
OUTER_EYES = (33, 263)
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
        152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
JITTERS = 16
# The outline of NASA's astronaut, without flag and helmet, drawn by hand.
ASTRONAUT = (
    (115, 190), (125, 166), (140, 154), (160, 149), (184, 150), (183, 131), (176, 131), (170, 118),
    (161, 112), (156, 95), (155, 70), (161, 58), (173, 46), (190, 36), (200, 26), (215, 19),
    (235, 16), (255, 19), (275, 29), (289, 43), (297, 60), (300, 80), (297, 105), (289, 121),
    (276, 132), (268, 137), (258, 165), (256, 174), (270, 181), (285, 194), (298, 214), (305, 236),
    (325, 246), (341, 266), (349, 291), (357, 326), (363, 350), (330, 365), (310, 380), (290, 410),
    (280, 440), (278, 480), (280, 512), (100, 512), (60, 495), (25, 465), (21, 430), (21, 390),
    (26, 350), (41, 300), (51, 270), (76, 241), (106, 213))


@dataclasses.dataclass
class Source:
    name: str
    rgb: np.ndarray     # H x W x 3 uint8
    points: np.ndarray  # 478 x 3, pixels of rgb
    alpha: np.ndarray   # H x W uint8: the person, or a soft oval around the head
    cut_out: bool       # alpha follows the person's outline

    @property
    def width(self):
        """Width of the box around the mesh, pixels."""
        return float(np.ptp(self.points[:468, 0]))

    @property
    def middle(self):
        low, high = self.points[:468, :2].min(0), self.points[:468, :2].max(0)
        return (low + high) / 2


def read_rgb(path):
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(path)
    return np.ascontiguousarray(image[:, :, ::-1])


def outer_eyes(points):
    """Distance of the eyes' outer corners, pixels, in the picture plane."""
    return float(np.linalg.norm(points[OUTER_EYES[0], :2] - points[OUTER_EYES[1], :2]))


def roi_of_points(points):
    """(x, y, side, angle) of the mesh network's square: 1.5 x the box, eyes level."""
    d = points[OUTER_EYES[1], :2] - points[OUTER_EYES[0], :2]
    angle = np.arctan2(d[1], d[0])
    c, s = np.cos(angle), np.sin(angle)
    turned = points[:468, :2] @ np.array([[c, -s], [s, c]])
    low, high = turned.min(0), turned.max(0)
    x, y = np.array([[c, -s], [s, c]]) @ ((low + high) / 2)
    return x, y, 1.5 * float((high - low).max()), angle


def true_points(reference, rgb, seed=1):
    """478 x 3 of the largest face, or None. Small pictures are looked at enlarged, so that the
    crop is never coarser than the network."""
    found = reference.detect(rgb)
    if not found:
        return None
    _, centre, size, keys = max(found, key=lambda f: f[2].max())
    d = keys[1] - keys[0]
    roi = (*centre, 1.5 * size.max(), np.arctan2(d[1], d[0]))
    for _ in range(3):
        points, presence = reference.mesh(rgb, roi)
        roi = roi_of_points(points)
    if presence < 0.5:
        return None
    dice = np.random.default_rng(seed)
    total = np.zeros((478, 3))
    for _ in range(JITTERS):
        move, grow, turn = (dice.uniform(-1, 1, 2) * 0.03 * roi[2], 1 + dice.uniform(-0.04, 0.04),
                            dice.uniform(-1, 1) * np.radians(4))
        points, _ = reference.mesh(rgb, (roi[0] + move[0], roi[1] + move[1], roi[2] * grow,
                                         roi[3] + turn))
        total += points
    return total / JITTERS


def soft_oval(shape, points):
    """255 around the head, 0 at one and a half faces from its middle or at the picture's border."""
    h, w = shape[:2]
    low, high = points[:468, :2].min(0), points[:468, :2].max(0)
    centre, size = (low + high) / 2 - (0, 0.12 * (high[1] - low[1])), high - low
    y, x = np.mgrid[0:h, 0:w] + 0.5
    distance = np.hypot((x - centre[0]) / size[0], (y - centre[1]) / size[1])
    inside = np.clip((1.35 - distance) / 0.35, 0, 1)
    border = np.minimum(np.minimum(x, w - x), np.minimum(y, h - y)) / (0.15 * size[0])
    return ((np.minimum(inside, np.clip(border, 0, 1)) ** 2 * (3 - 2 * np.minimum(
        inside, np.clip(border, 0, 1)))) * 255).astype(np.uint8)


def faded(alpha, points):
    """The bottom of the picture fades out."""
    h = len(alpha)
    rows = np.clip((h - 0.5 - np.arange(h)) / (0.25 * np.ptp(points[:468, 1])), 0, 1)
    return (alpha * rows[:, None]).astype(np.uint8)


def astronaut(rgb, points):
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    cv2.fillPoly(alpha, [np.array(ASTRONAUT, np.int32) * 16], 255, cv2.LINE_AA, 4)
    alpha = cv2.erode(alpha, np.ones((3, 3), np.uint8))
    return faded(cv2.GaussianBlur(alpha, (0, 0), 1.0), points)


def darker(rgb):
    """Another complexion, so that two people with one picture can be told apart."""
    light = (rgb / 255.0) ** 1.7 * (0.95, 0.88, 0.8)
    return (light * 255 + 0.5).astype(np.uint8)


def person(rgb, points):
    """The person's outline by GrabCut, softened."""
    h, w = rgb.shape[:2]
    step = max(1, round(max(h, w) / 450))
    small = cv2.resize(rgb, (w // step, h // step), interpolation=cv2.INTER_AREA)[:, :, ::-1]
    p = points[:, :2] / step
    low, high = p[:468].min(0), p[:468].max(0)
    centre, size = (low + high) / 2, high - low
    mask = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    middle = (int(centre[0]), int(centre[1] - 0.2 * size[1]))
    axes = (int(size[0] * 0.95), int(size[1] * 1.0))
    away = np.full(mask.shape, 255, np.uint8)
    cv2.ellipse(away, middle, axes, 0, 0, 360, 0, -1)
    away[int(high[1] + 0.1 * size[1]):] = 0
    mask[away > 0] = cv2.GC_BGD
    mask[int(high[1] + 0.45 * size[1]):, int(w / step * 0.3):int(w / step * 0.7)] = cv2.GC_PR_FGD
    mask[int(0.93 * h / step):, int(w / step * 0.22):int(w / step * 0.78)] = cv2.GC_FGD
    cv2.ellipse(mask, (int(centre[0]), int(centre[1] - 0.15 * size[1])),
                (int(size[0] * 0.6), int(size[1] * 0.72)), 0, 0, 360, cv2.GC_PR_FGD, -1)
    oval = ((p[list(OVAL)] - centre) * (1, 1.0) + centre).astype(np.int32)
    cv2.fillPoly(mask, [oval], cv2.GC_FGD)
    cv2.setRNGSeed(1)
    cv2.grabCut(np.ascontiguousarray(small), mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 6,
                cv2.GC_INIT_WITH_MASK)
    body = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, labels = cv2.connectedComponents(body)
    body = (labels == labels[int(centre[1]), int(centre[0])]).astype(np.uint8)
    holes, labels = cv2.connectedComponents(1 - body)
    edge = set(labels[0]) | set(labels[:, 0]) | set(labels[:, -1])
    for label in range(1, holes):
        if label not in edge:
            body[labels == label] = 1
    body = cv2.morphologyEx(body, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    body = cv2.erode(body, np.ones((3, 3), np.uint8))
    alpha = cv2.resize(body * 255, (w, h), interpolation=cv2.INTER_CUBIC)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 0.9 * step)
    return faded(alpha, points)


class Store:
    """Sources by name, with truth and outline kept in a cache folder."""

    def __init__(self, cache, shared=None, reference=None):
        self.cache, self.shared, self.make_reference = cache, shared, reference
        self.reference, self.loaded = None, {}
        os.makedirs(cache, exist_ok=True)

    def names(self, kind):
        if kind == "astronaut":
            return ["astronaut"] if portrait.find() else []
        pattern = "*_neutral.jpg" if kind == "london" else "*.jpg"
        if not self.shared:
            return []
        files = sorted(glob.glob(os.path.join(self.shared, kind, pattern)))
        return [f"{kind}/{os.path.basename(f)[:-4]}" for f in files]

    def path(self, name):
        if name.startswith("astronaut"):
            return portrait.find()
        return os.path.join(self.shared, name + ".jpg")

    def points(self, name, rgb, key):
        if name.startswith("astronaut") and os.path.exists(ASTRONAUT_TRUTH):
            return np.array(json.load(open(ASTRONAUT_TRUTH))["points"])
        kept = os.path.join(self.cache, f"points-{key}.npy")
        if not os.path.exists(kept):
            if self.reference is None:
                if self.make_reference is None:
                    raise RuntimeError("the truth of other pictures needs the reference networks")
                self.reference = self.make_reference()
            found = true_points(self.reference, rgb)
            np.save(kept, np.zeros((0, 3)) if found is None else found)
        found = np.load(kept)
        return found if len(found) else None

    def get(self, name):
        """The Source, or None where the reference sees no face in the clean picture."""
        if name in self.loaded:
            return self.loaded[name]
        rgb = read_rgb(self.path(name))
        if name == "astronaut:dark":
            rgb = darker(rgb)
        with open(__file__, "rb") as own:
            key = hashlib.sha256(rgb.tobytes() + own.read()).hexdigest()[:20]
        points = self.points(name, rgb, hashlib.sha256(rgb.tobytes()).hexdigest()[:20])
        if points is None:
            self.loaded[name] = None
            return None
        cut_out = name.startswith(("astronaut", "london/"))
        kept = os.path.join(self.cache, f"alpha-{key}.png")
        if not os.path.exists(kept):
            cv2.imwrite(kept, astronaut(rgb, points) if name.startswith("astronaut") else
                        person(rgb, points) if cut_out else soft_oval(rgb.shape, points))
        self.loaded[name] = Source(name, rgb, points, cv2.imread(kept, cv2.IMREAD_GRAYSCALE),
                                   cut_out)
        return self.loaded[name]
