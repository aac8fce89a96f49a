"""Pictures and truth for the network of what is bare face.

A composite is a face with occluders and glasses laid over it, kept with room around; a sample is a
shaken, spoiled cut of 96 x 96 out of it with two 24 x 24 maps and their weights. Composites are
drawn afresh for every round of training.
"""
import dataclasses
import os

import cv2
import numpy as np

import visible_hands
import visible_masks as masks
import visible_occluders as occluders
from visible_faces import SIZE, SPAN

INPUT, CELLS = 96, 24
KEPT = int(INPUT * SPAN)                # pixels of a composite
# How often each kind of picture is drawn.
SHARES = {"london": 0.24, "portraits": 0.26, "synthetic": 0.26, "avatars": 0.08, "hands": 0.16}
# In these frames of the hands clips the hands are still down.
CALM_FRAMES = (0, 3)
GLASSES_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "visible_glasses.txt")
WITH, WITHOUT, UNKNOWN = 1, 0, -1


def read_glasses():
    """{name: WITH or UNKNOWN}; all others wear none."""
    label = {}
    with open(GLASSES_FILE, encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                *mark, name = line.split()
                label[name] = UNKNOWN if mark else WITH
    return label


def _kind(face):
    return face.name.split("/")[0]


def held_out(face):
    """Clips by person, as the same few people are in all of them."""
    if _kind(face) == "hands":
        clip = face.name.split("/")[1].rsplit("-", 1)[0]
        return visible_hands.CLIP_PERSON.get(clip) in visible_hands.HELD_OUT
    return face.held_out


def glasses_of(face, label):
    """The plaid man of the clips wears glasses, the others do not."""
    if _kind(face) == "hands":
        clip = face.name.split("/")[1].rsplit("-", 1)[0]
        return WITH if visible_hands.CLIP_PERSON.get(clip) == "plaid" else WITHOUT
    return label.get(face.name, WITHOUT)


def usable(face):
    """Clips: only calm frames. Everything: the mesh must lie in the middle, as a face does."""
    if _kind(face) == "hands" and int(face.name.rsplit("-", 1)[1]) not in CALM_FRAMES:
        return False
    middle = face.points.mean(0) / SIZE
    return bool(np.all(np.abs(middle - 0.5) < 0.12))


@dataclasses.dataclass
class Composite:
    image: np.ndarray       # KEPT x KEPT x 3 uint8
    maps: np.ndarray        # KEPT x KEPT x 4 uint8: bare, glasses, and the weights of both
    points: np.ndarray      # in KEPT pixels


class Composer:
    """Draws composites from the faces of one side of the split."""

    def __init__(self, faces, label, stock):
        self.stock, self.label = stock, label
        self.faces = [f for f in faces if usable(f)]
        self.bare = [masks.bare(f.image, f.points) for f in self.faces]
        self.still = {}
        self.worn = np.array([glasses_of(f, label) for f in self.faces])
        kinds = np.array([_kind(f) for f in self.faces])
        self.weight = np.zeros(len(self.faces))
        for kind, share in SHARES.items():
            here = kinds == kind
            # Real glasses are rare: drawn four times as often.
            self.weight += here * share * np.where(self.worn == WITH, 4, 1) / max(1, here.sum())
        self.weight /= self.weight.sum()

    def draw(self, rng):
        """A random face with none to two occluders, sometimes with drawn glasses."""
        i = int(rng.choice(len(self.faces), p=self.weight))
        kinds = [None] * int(rng.choice(3, p=(0.25, 0.5, 0.25)))
        return self.compose(i, rng, kinds, glasses=rng.random() < 0.3)[0]

    def compose(self, i, rng, kinds, glasses=False):
        """(Composite, Canvas): face i with occluders of these kinds (None: any)."""
        face = self.faces[i]
        canvas = occluders.Canvas(face, self.bare[i], rng)
        known = self.worn[i] != UNKNOWN
        if self.worn[i] == WITH:
            canvas.glasses = masks.glasses_region(canvas.shape, face.points)
        elif known and glasses:
            occluders.wear_glasses(canvas, self.stock, rng)
        for kind in kinds:
            occluders.cover(canvas, self.stock, rng, kind)
        if i not in self.still:
            self.still[i] = _still(face, canvas.shape)
        return _pack(canvas, self.bare[i], face, self.still[i], known), canvas


def _still(face, shape):
    """What depends on the face only, uint8 maps: doubt at the face's edge, the face and a little
    around it, the same for the glasses' region, the region's edge."""
    size = masks.face_size(face.points)
    region = masks.glasses_region(shape, face.points)
    near = masks.grown(region, 0.1 * size)
    maps = (masks.unsure(face.points, shape),
            masks.grown(masks.oval(shape, face.points), 0.1 * size) > 0.5,
            near > 0.5, near - masks.grown(region, -0.03 * size))
    return [(m * 255).astype(np.uint8) for m in np.asarray(maps, np.float32)]


def _pack(canvas, before, face, still, known):
    doubt, whole, near, edge = (m.astype(np.float32) / 255 for m in still)
    # What an occluder covers is certain also at the face's edge, and it is what matters.
    covered = np.clip(before - canvas.bare, 0, 1)
    # Background is easy: less weight.
    bare_weight = np.where(whole > 0.5, 0.4 - 0.36 * doubt * (1 - covered) + 0.6 * covered, 0.1)
    worn = canvas.glasses.max() > 0.5
    glasses_weight = known * (1 - 0.95 * edge * worn) * np.where(near > 0.5, 1, 0.2)
    maps = np.stack([canvas.bare, canvas.glasses, bare_weight, glasses_weight], 2)
    size = (KEPT, KEPT)
    image, maps = (cv2.resize(x.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
                   for x in (np.clip(canvas.image, 0, 255), np.clip(maps, 0, 1) * 255))
    return Composite(image, maps, face.points * (KEPT / SIZE))


def shake(rng, amount=1.0):
    """Matrix composite -> input: shift 8 %, scale 12 %, turn 12 degrees, some shear, mirror."""
    angle = float(np.clip(rng.normal(0, 6), -14, 14)) * amount
    m = cv2.getRotationMatrix2D((KEPT / 2, KEPT / 2), angle,
                                float(np.exp(rng.normal(0, 0.07) * amount)))
    shear = np.eye(3)
    if rng.random() < 0.3 * amount:     # a head half turned
        shear[0, 0] = rng.uniform(0.72, 1)
        shear[1, 0], shear[0, 1] = rng.normal(0, 0.08, 2)
    m = np.vstack([m, [0, 0, 1]])
    centre = np.array([[1, 0, KEPT / 2], [0, 1, KEPT / 2], [0, 0, 1]])
    m = centre @ shear @ np.linalg.inv(centre) @ m
    m[:2, 2] += (INPUT - KEPT) / 2 + np.clip(rng.normal(0, 0.04, 2), -0.09, 0.09) * INPUT * amount
    if rng.random() < 0.5 * amount:
        m = np.array([[-1, 0, INPUT - 1], [0, 1, 0], [0, 0, 1]]) @ m
    return m[:2]


def spoil(image, rng):
    """What cameras do: light, colour, blur, noise, compression. uint8 in, float32 0..1 out."""
    x = image.astype(np.float32) / 255
    x = x ** np.exp(rng.normal(0, 0.25))
    x = (x - 0.5) * rng.uniform(0.65, 1.2) + 0.5 + rng.normal(0, 0.05)
    x = x * np.exp(rng.normal(0, 0.08, 3)).astype(np.float32)
    if rng.random() < 0.15:             # low light
        x = x * rng.uniform(0.15, 0.6)
    if rng.random() < 0.12:             # strong cast of a lamp or a screen
        x = x * rng.uniform(0.5, 1.1, 3).astype(np.float32)
    dice = rng.random()
    grey = x.mean(2, keepdims=True)
    x = grey + (x - grey) * (0 if dice < 0.08 else rng.uniform(0.4, 1.4))
    if rng.random() < 0.3:              # light from a side
        lamp = cv2.resize(rng.uniform(0.45, 1.15, (2, 2)).astype(np.float32), (INPUT, INPUT))
        x = x * lamp[:, :, None]
    if rng.random() < 0.35:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.6))
    elif rng.random() < 0.15:           # enlarged from few pixels
        n = int(rng.integers(28, 70))
        x = cv2.resize(cv2.resize(x, (n, n), interpolation=cv2.INTER_AREA), (INPUT, INPUT))
    if rng.random() < 0.6:
        x = x + rng.uniform(0, 0.04) * rng.standard_normal(x.shape, np.float32)
    x = np.clip(x, 0, 1)
    if rng.random() < 0.3:
        coded = cv2.imencode(".jpg", (x * 255).astype(np.uint8),
                             [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))])[1]
        x = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32) / 255
    return x


def sample(composite, rng, amount=1.0, clean=False):
    """(input 96 x 96 x 3 float32 0..1, maps 24 x 24 x 4 float32, matrix)"""
    m = shake(rng, amount) if amount else np.array(
        [[1.0, 0, (INPUT - KEPT) / 2], [0, 1, (INPUT - KEPT) / 2]])
    size = (INPUT, INPUT)
    image = cv2.warpAffine(composite.image, m, size, borderMode=cv2.BORDER_REPLICATE)
    maps = cv2.warpAffine(composite.maps, m, size, borderMode=cv2.BORDER_REPLICATE)
    maps = maps.reshape(CELLS, INPUT // CELLS, CELLS, INPUT // CELLS, 4).mean((1, 3)) / 255
    image = image.astype(np.float32) / 255 if clean else spoil(image, rng)
    return image, maps.astype(np.float32), m


def composers(faces, hands, data):
    """(training, held out)"""
    label, sides = read_glasses(), []
    for kept_back in (False, True):
        stock = occluders.Stock([h for h in hands if h.held_out == kept_back],
                                occluders.read_textures(data, kept_back))
        sides.append(Composer([f for f in faces if held_out(f) == kept_back], label, stock))
    return sides
