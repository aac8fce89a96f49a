"""Things before a face: hands, masks, phones, hair, hats, and glasses, drawn onto a face's picture.

Every occluder is a layer: colours float32 [N,N,3] 0..255 and cover float32 [N,N] 0..1. A Canvas
takes layers and keeps account of what of the face is still bare. Glasses do not cover.
HELD_OUT_KINDS are drawn only for measuring.
"""
import glob
import os

import cv2
import numpy as np

import visible_hands
import visible_masks as masks

HELD_OUT_KINDS = ("microphone", "cup")
HAIR_COLOURS = ((20, 16, 14), (45, 32, 24), (80, 55, 35), (130, 95, 60), (190, 160, 110),
                (150, 80, 45), (150, 150, 150), (215, 210, 200))
FRAME_COLOURS = ((20, 18, 18), (70, 45, 30), (120, 80, 50), (160, 160, 165), (190, 160, 90),
                 (120, 30, 35), (40, 50, 100), (225, 220, 210), (50, 50, 55))
PHOTOGRAPHS = ("chelsea.png", "coffee.png", "rocket.jpg", "brick.png", "grass.png", "gravel.png")
MASK_COLOURS = ((150, 195, 220), (235, 238, 240), (25, 25, 28), (215, 150, 170), (60, 90, 70),
                (120, 30, 40), (40, 60, 110), (200, 190, 170))


class Canvas:
    def __init__(self, face, bare, rng):
        self.image, self.points = face.image.astype(np.float32), face.points
        self.bare, self.rng = bare.copy(), rng
        self.glasses = np.zeros_like(bare)
        self.shape, self.size = bare.shape, masks.face_size(face.points)
        self.right, self.down = masks.axes(face.points)
        self.skin = self._skin()

    def _skin(self):
        """Median colour of the cheeks and the nose."""
        inner = masks.polygon(self.shape, self.points[list(masks.INNER)]) > 0.5
        pixels = self.image[inner]
        return np.median(pixels, 0) if len(pixels) else np.array([170, 130, 110], np.float32)

    def at(self, index, across=0.0, below=0.0):
        """A mesh point, moved by parts of the face's size."""
        return self.points[index] + self.size * (across * self.right + below * self.down)

    def spot(self):
        """Somewhere on or near the face."""
        index = self.rng.choice((0, 1, 4, 9, 17, 33, 50, 61, 101, 152, 205, 234, 263, 280, 291, 330,
                                 425, 454, 13, 14, 159, 386))
        return self.at(index, *self.rng.normal(0, 0.12, 2))

    def lay(self, layer, shadow=True):
        colours, cover = layer
        if shadow and self.rng.random() < 0.6:
            reach = self.rng.uniform(1, 6)
            move = np.float32([[1, 0, self.rng.normal(0, 3)], [0, 1, self.rng.uniform(-1, 5)]])
            dark = cv2.GaussianBlur(cv2.warpAffine(cover, move, self.shape[::-1]), (0, 0), reach)
            self.image *= 1 - self.rng.uniform(0.1, 0.5) * dark[:, :, None]
        self.image += (colours - self.image) * cover[:, :, None]
        self.bare *= 1 - cover
        self.glasses *= 1 - cover


class Stock:
    """Cut hands and pictures for textures."""

    def __init__(self, hands, textures):
        self.hands, self.textures = hands, textures

    def texture(self, shape, rng):
        """[h,w,3] float32: part of a picture, stripes, or one colour with a gradient."""
        h, w = shape
        dice, skin = rng.random(), np.array([200, 150, 120])
        if dice < 0.4 and self.textures:
            t = self.textures[rng.integers(len(self.textures))]
            n = int(rng.integers(24, min(t.shape[:2]) - 1))
            y, x = (int(rng.integers(0, s - n)) for s in t.shape[:2])
            out = cv2.resize(t[y:y + n, x:x + n], (w, h), interpolation=cv2.INTER_AREA)
            return out.astype(np.float32) * rng.uniform(0.5, 1.2)
        corners = rng.uniform(5, 245, 3) + rng.normal(0, 18, (2, 2, 3))
        if rng.random() < 0.25:
            corners = skin * rng.uniform(0.4, 1.2) + rng.normal(0, 14, (2, 2, 3))
        out = cv2.resize(corners.astype(np.float32), (w, h))
        if dice > 0.8:
            angle, period = rng.uniform(0, np.pi), rng.uniform(4, 30)
            y, x = np.mgrid[0:h, 0:w]
            wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period) > 0
            out = np.where(wave[:, :, None], out, rng.uniform(5, 245, 3))
        return out.astype(np.float32)


def read_textures(data, held_out):
    """Photographs of scikit-image and paintings; every fourth is held out."""
    import skimage
    folder = os.path.join(os.path.dirname(skimage.__file__), "data")
    paths = sorted(glob.glob(os.path.join(data, "style", "*.jpg")))
    paths += [os.path.join(folder, name) for name in PHOTOGRAPHS]
    images = [cv2.imread(path) for n, path in enumerate(paths) if (n % 4 == 3) == held_out]
    return [np.ascontiguousarray(i[:, :, ::-1]) for i in images if i is not None]


def _noise(shape, scale, rng):
    small = rng.standard_normal((max(2, int(shape[0] / scale)), max(2, int(shape[1] / scale))))
    return cv2.resize(small.astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)


def _moving(layer, rng, share=0.3):
    """Sometimes blurred by its movement."""
    if rng.random() > share:
        return layer
    colours, cover = layer
    n = 2 * int(rng.integers(2, 9)) + 1
    t = rng.uniform(0, np.pi)
    kernel = np.zeros((n, n), np.float32)
    c, d = n // 2, n / 2 * np.array([np.cos(t), np.sin(t)])
    cv2.line(kernel, tuple(np.round(c - d).astype(int).tolist()),
             tuple(np.round(c + d).astype(int).tolist()), 1)
    kernel /= kernel.sum()
    soft = cv2.filter2D(cover, -1, kernel)
    colours = cv2.filter2D(colours * cover[:, :, None], -1, kernel)
    return colours / np.maximum(soft, 1e-3)[:, :, None], soft


def _hand_colour(canvas, rng):
    """The same person's hand: the face's colour, a little lighter or darker."""
    if rng.random() < 0.15:
        return np.array([215, 165, 140]) * rng.uniform(0.25, 1.1)
    return canvas.skin * rng.uniform(0.75, 1.2) + rng.normal(0, 5, 3)


def cut_hand(canvas, stock, rng):
    """A hand from the clips, in the colour of this face."""
    if not stock.hands:
        return drawn_hand(canvas, stock, rng)
    hand = stock.hands[rng.integers(len(stock.hands))]
    h, w = hand.alpha.shape
    if rng.random() < 0.6:      # as large as it is beside its own face, and as it was held
        scale = canvas.size / visible_hands.FACE_SIZE * rng.uniform(0.8, 1.3)
        angle = rng.normal(0, 25)
    else:
        scale, angle = canvas.size * rng.uniform(0.55, 1.45) / max(h, w), rng.uniform(-180, 180)
    m = cv2.getRotationMatrix2D((w / 2, h / 2), angle, scale)
    if rng.random() < 0.5:
        m = m @ np.array([[-1, 0, w], [0, 1, 0], [0, 0, 1]])
    m[:, 2] += canvas.spot() - (w / 2, h / 2)
    size = canvas.shape[::-1]
    cover = cv2.warpAffine(hand.alpha, m, size).astype(np.float32) / 255
    colours = cv2.warpAffine(hand.image, m, size, borderMode=cv2.BORDER_REPLICATE)
    colours = colours.astype(np.float32)
    inside = hand.image[hand.alpha > 128].astype(np.float32)
    if rng.random() < 0.85:
        mean = inside.mean(0)
        gain = _hand_colour(canvas, rng) / np.maximum(mean, 20)
        colours = (colours - mean) * gain.mean() * rng.uniform(0.8, 1.5) + mean * gain
    if rng.random() < 0.5:
        colours *= 1 + 0.15 * _noise(canvas.shape, rng.uniform(30, 100), rng)[:, :, None]
    return _moving((np.clip(colours, 0, 255), cover), rng)


def _capsule(grid, a, b, ra, rb):
    """Cover and profile (0 in the middle, 1 at the rim) of a rounded bar from a to b."""
    cover, profile = np.zeros(grid.shape[:2], np.float32), np.ones(grid.shape[:2], np.float32)
    reach = max(ra, rb) + 1
    x0, y0 = np.maximum(np.minimum(a, b) - reach, 0).astype(int)
    x1, y1 = np.maximum(np.maximum(a, b) + reach + 1, 0).astype(int)
    if x1 <= x0 or y1 <= y0 or x0 >= grid.shape[1] or y0 >= grid.shape[0]:
        return cover, profile
    box = (slice(y0, y1), slice(x0, x1))
    axis = np.asarray(b - a, np.float32)
    x, y = grid[box][:, :, 0] - np.float32(a[0]), grid[box][:, :, 1] - np.float32(a[1])
    t = np.clip((x * axis[0] + y * axis[1]) / max(float(axis @ axis), 1e-3), 0, 1)
    radius = np.float32(ra) + np.float32(rb - ra) * t
    far = np.sqrt((x - t * axis[0]) ** 2 + (y - t * axis[1]) ** 2)
    cover[box] = np.clip(radius - far + 0.5, 0, 1)
    profile[box] = np.minimum(far / radius, 1)
    return cover, profile


def _grid(shape):
    return np.stack(np.meshgrid(np.arange(shape[1]), np.arange(shape[0])), -1).astype(np.float32)


def drawn_hand(canvas, stock, rng):
    """Palm, fingers and forearm as shaded bars."""
    del stock
    unit = canvas.size * rng.uniform(0.085, 0.12)           # width of a finger
    t = rng.uniform(-np.pi, np.pi)
    ahead = np.array([np.cos(t), np.sin(t)], np.float32)    # from the wrist to the fingers
    side = np.array([-ahead[1], ahead[0]]) * rng.choice((-1, 1))
    palm = canvas.spot()
    fist = rng.random() < 0.3
    bars = [(palm - ahead * unit * 9, palm - ahead * unit, 1.5, 1.4),
            (palm - ahead * unit * 1.2, palm + ahead * unit * 1.2, 1.9, 2.0)]
    spread = rng.uniform(0, 0.35)
    for i in range(int(rng.integers(1, 5)) if rng.random() < 0.4 else 4):
        base = palm + ahead * unit * 1.6 + side * unit * (i - 1.5) * 1.05
        d = ahead + side * (i - 1.5) * spread + rng.normal(0, 0.06, 2)
        length = (1.2 if fist else rng.uniform(2.8, 4.4)) * unit
        bars.append((base, base + d / np.linalg.norm(d) * length, 0.56, 0.44))
    if rng.random() < 0.7:
        base = palm - side * unit * 1.4
        d = ahead * rng.uniform(0.2, 1) - side * rng.uniform(0.3, 1)
        bars.append((base, base + d / np.linalg.norm(d) * unit * 2.6, 0.7, 0.5))
    grid, skin = _grid(canvas.shape), _hand_colour(canvas, rng)
    colours = np.zeros(canvas.shape + (3,), np.float32)
    cover = np.zeros(canvas.shape, np.float32)
    light = rng.normal(0, 1, 2)
    light /= np.linalg.norm(light)
    for a, b, ra, rb in bars:
        alpha, rim = _capsule(grid, a, b, ra * unit, rb * unit)
        if not alpha.any():
            continue
        axis = (b - a) / max(np.linalg.norm(b - a), 1e-3)
        lean = ((grid - a) @ np.array([-axis[1], axis[0]])) / (ra * unit)
        shade = 1 - 0.35 * rim * rim * rim + 0.1 * lean * (light @ np.array([-axis[1], axis[0]]))
        colours += (skin * shade[:, :, None] - colours) * alpha[:, :, None]
        cover = np.maximum(cover, alpha)
        if rb < 0.5 and not fist and rng.random() < 0.5:
            nail, _ = _capsule(grid, b - axis * 0.2 * unit, b + axis * 0.15 * unit, 0.24 * unit,
                               0.2 * unit)
            colours += (skin * 1.1 + 15 - colours) * nail[:, :, None] * 0.6
    colours *= 1 + 0.08 * _noise(canvas.shape, rng.uniform(6, 40), rng)[:, :, None]
    return _moving((np.clip(colours, 0, 255), cv2.GaussianBlur(cover, (0, 0), 0.7)), rng)


def _blob(centre, radius, rng):
    """Points of a smooth closed outline: ellipse, box or anything between, with dents."""
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    power = rng.choice((1.0, 0.6, 0.3))
    x = np.sign(np.cos(t)) * np.abs(np.cos(t)) ** power
    y = np.sign(np.sin(t)) * np.abs(np.sin(t)) ** power * rng.uniform(0.35, 1.2)
    r = radius * (1 + rng.choice((0, 0.12)) * sum(
        rng.normal() * np.cos(k * t + rng.uniform(0, 6)) / k for k in range(2, 6)))
    a = rng.uniform(-np.pi, np.pi)
    c, s = np.cos(a), np.sin(a)
    return centre + np.stack((x * c - y * s, x * s + y * c), 1) * r[:, None]


def thing(canvas, stock, rng):
    """Any object: a shape with a texture."""
    outline = _blob(canvas.spot(), canvas.size * rng.uniform(0.12, 0.55), rng)
    cover = masks.polygon(canvas.shape, outline)
    colours = stock.texture(canvas.shape, rng)
    if rng.random() < 0.5:      # rounded
        inner = cv2.GaussianBlur(cover, (0, 0), canvas.size * 0.06)
        colours = colours * np.clip(0.3 + 0.75 * inner, 0, 1)[:, :, None]
    return _moving((colours, cover), rng, 0.2)


def _box(centre, half_width, half_height, angle):
    a = np.array([np.cos(angle), np.sin(angle)])
    b = np.array([-a[1], a[0]])
    return np.stack([centre + s * half_width * a + t * half_height * b
                     for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))])


def phone(canvas, stock, rng):
    """A dark slab with a lit or dark screen, mostly with fingers around it."""
    centre, angle = canvas.spot(), rng.normal(0, 0.4)
    w = canvas.size * rng.uniform(0.2, 0.34)
    h = w * rng.uniform(1.7, 2.2)
    cover = masks.polygon(canvas.shape, _box(centre, w, h, angle))
    tone = rng.choice(([18, 18, 20], [200, 200, 205], [60, 20, 30]))
    colours = np.zeros(canvas.shape + (3,), np.float32) + tone
    down = np.array([-np.sin(angle), np.cos(angle)])
    across = np.array([down[1], -down[0]])
    screen = masks.polygon(canvas.shape, _box(centre, w * 0.92, h * 0.94, angle))
    glass = stock.texture(canvas.shape, rng) * rng.choice((0.1, 0.3, 1))
    if rng.random() < 0.5:
        colours += (glass - colours) * screen[:, :, None]
    else:                       # its back with the lenses
        for k in range(2):
            lens = np.round(centre - across * w * 0.5 + down * (0.4 * w * k - h * 0.75)).astype(int)
            cv2.circle(colours, lens.tolist(), max(1, int(w * 0.13)), (5, 5, 8), -1, cv2.LINE_AA)
    if rng.random() < 0.7:
        for k in range(4):
            tip = centre + across * w * rng.uniform(0.4, 0.9) + down * h * (0.1 + 0.25 * k)
            _finger(canvas, colours, cover, tip, tip + across * w * 0.9, rng)
    return _moving((colours, cover), rng, 0.2)


def _finger(canvas, colours, cover, tip, root, rng):
    """A finger that holds a thing, onto the thing's layer."""
    alpha, rim = _capsule(_grid(canvas.shape), tip, root, canvas.size * 0.05, canvas.size * 0.06)
    skin = _hand_colour(canvas, rng) * 0.1 + canvas.skin * 0.85
    colours += (skin * (1 - 0.35 * rim ** 3)[:, :, None] - colours) * alpha[:, :, None]
    np.maximum(cover, alpha, out=cover)


RIGHT_JAW = (361, 288, 397, 365, 379, 378, 400, 377, 152)
LEFT_JAW = (148, 176, 149, 150, 136, 172, 58, 132)


def face_mask(canvas, stock, rng):
    """Cloth over mouth and chin, over the nose as well or hanging below it; or a scarf."""
    top = ((93, 117, 118, 119, 197, 348, 347, 346, 323) if rng.random() < 0.75
           else (132, 207, 206, 164, 426, 427, 361))
    edge = np.concatenate([canvas.points[list(top)], canvas.points[list(RIGHT_JAW + LEFT_JAW)]])
    centre = canvas.points[13]
    edge = centre + (edge - centre) * rng.uniform(0.98, 1.08)
    edge[:len(top)] += canvas.size * rng.normal(0, 0.03) * canvas.down
    cover = masks.polygon(canvas.shape, edge)
    if rng.random() < 0.3:
        colours = stock.texture(canvas.shape, rng)
    else:
        tone = np.array(MASK_COLOURS[rng.integers(len(MASK_COLOURS))]) * rng.uniform(0.6, 1.1)
        colours = np.zeros(canvas.shape + (3,), np.float32) + tone
    grid = (_grid(canvas.shape) - centre) / canvas.size
    x, y = grid @ canvas.right, grid @ canvas.down
    shade = 1 - 0.6 * np.clip(np.abs(x) - 0.1, 0, 1) - rng.uniform(-0.2, 0.3) * y
    if rng.random() < 0.6:      # pleats
        shade *= 1 - 0.12 * (np.sin(y * rng.uniform(50, 90)) > 0.7)
    shade += 0.06 * _noise(canvas.shape, rng.uniform(8, 30), rng)
    colours = colours * np.clip(shade, 0.2, 1.3)[:, :, None]
    for ear, jaw in ((127, 93), (356, 323)):                # straps
        if rng.random() < 0.8:
            strap = np.zeros(canvas.shape, np.uint8)
            _strand(strap, canvas.points[[ear, jaw]], 255, 1)
            cover = np.maximum(cover, strap.astype(np.float32) / 255)
    return np.clip(colours, 0, 255), cover


def _strand(image, points, colour, width):
    path = np.round(points * 16).astype(np.int32)
    cv2.polylines(image, [path], False, colour, width, cv2.LINE_AA, 4)


def fringe(canvas, stock, rng):
    """Bundles of strands from above the forehead, some down over the eyes."""
    del stock
    base = np.array(HAIR_COLOURS[rng.integers(len(HAIR_COLOURS))], np.float64)
    above = canvas.at(10, 0, -0.22)
    if rng.random() < 0.5:      # this head's own hair, where there is some
        x, y = np.clip(np.round(above), 0, canvas.shape[0] - 1).astype(int)
        own = canvas.image[max(0, y - 3):y + 4, max(0, x - 3):x + 4].reshape(-1, 3).mean(0)
        base = own if own.mean() < canvas.skin.mean() - 25 else base
    colours = np.zeros(canvas.shape + (3,), np.uint8)
    cover = np.zeros(canvas.shape, np.uint8)
    full = rng.random() < 0.6
    first, last = sorted(rng.uniform(-0.5, 0.5, 2)) if not full else (-0.45, 0.45)
    length = rng.uniform(0.15, 0.5) if full else rng.uniform(0.2, 0.9)
    sweep, ragged = rng.normal(0, 0.25), rng.uniform(0.01, 0.12)
    count = int(rng.integers(60, 220)) if full else int(rng.integers(8, 90))
    for _ in range(count):
        across = rng.uniform(first, last) if full else np.clip(
            rng.normal((first + last) / 2, (last - first) / 3 + 0.02), -0.6, 0.6)
        start = canvas.at(10, across * 1.1, rng.uniform(-0.15, -0.02) + 0.25 * across ** 2)
        reach = length * rng.uniform(0.85, 1.1) + rng.normal(0, ragged) + 0.25 * across ** 2
        end = canvas.at(10, across + sweep + rng.normal(0, 0.03), reach)
        bend = (start + end) / 2 + canvas.size * (rng.normal(0.3 * across, 0.04) * canvas.right)
        t = np.linspace(0, 1, 7)[:, None]
        path = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t ** 2 * end
        width = int(rng.integers(1, 4))
        tone = np.clip(base * rng.uniform(0.6, 1.4) + rng.normal(0, 6), 0, 255)
        _strand(colours, path, tone.tolist(), width + 1)
        _strand(cover, path, 255, width)
    return colours.astype(np.float32), cover.astype(np.float32) / 255


def hat(canvas, stock, rng):
    """All above a bent line over the forehead."""
    low = rng.uniform(-0.02, 0.2)
    t = np.linspace(-0.85, 0.85, 13)
    bend, tilt = rng.uniform(-0.2, 0.25), rng.normal(0, 0.08)
    edge = [canvas.at(10, a, low + bend * a * a + tilt * a) for a in t]
    edge += [canvas.at(10, a, -0.9) for a in t[::-1]]
    cover = masks.polygon(canvas.shape, np.array(edge))
    colours = stock.texture(canvas.shape, rng)
    inner = cv2.GaussianBlur(cover, (0, 0), canvas.size * 0.05)
    return colours * np.clip(0.2 + 0.85 * inner, 0, 1)[:, :, None], cover


def stick(canvas, stock, rng):
    """Pens, cables, straws."""
    del stock
    a, b = canvas.spot(), canvas.spot()
    path = np.stack([a, (a + b) / 2 + rng.normal(0, 8, 2), b + (b - a) * rng.uniform(0, 1)])
    cover = np.zeros(canvas.shape, np.uint8)
    _strand(cover, path, 255, int(rng.integers(2, 9)))
    colours = np.zeros(canvas.shape + (3,), np.float32) + rng.uniform(5, 245, 3)
    return colours, cover.astype(np.float32) / 255


def border(canvas, stock, rng):
    """The frame ends: its last row or column again and again, or black."""
    del stock
    side = rng.choice((0, np.pi / 2, np.pi, -np.pi / 2)) + rng.normal(0, 0.1)
    n = np.array([np.cos(side), np.sin(side)], np.float32)
    grid = _grid(canvas.shape)
    far = (grid - canvas.points.mean(0)) @ n - canvas.size * np.float32(rng.uniform(-0.2, 0.7))
    inner = grid - np.maximum(far, 0)[:, :, None] * n
    colours = cv2.remap(canvas.image, inner, None, cv2.INTER_LINEAR,
                        borderMode=cv2.BORDER_REPLICATE)
    return colours * (rng.random() < 0.75), np.clip(far, 0, 1).astype(np.float32)


def microphone(canvas, stock, rng):
    """A ball on a handle before the mouth."""
    del stock
    centre = canvas.at(rng.choice((17, 0, 152)), *rng.normal(0, 0.08, 2))
    r = canvas.size * rng.uniform(0.13, 0.24)
    t = rng.normal(np.pi / 2, 0.5)
    d = np.array([np.cos(t), np.sin(t)])
    grid = _grid(canvas.shape)
    handle, rim = _capsule(grid, centre, centre + d * r * 8, r * 0.6, r * 0.5)
    colours = np.array([25, 25, 28]) * (1.6 - rim)[:, :, None]
    ball, rim = _capsule(grid, centre, centre + d * 0.1, r, r)
    weave = ((grid.sum(2) % 4 < 2) ^ ((grid[:, :, 0] - grid[:, :, 1]) % 4 < 2)) * 0.3 + 0.7
    tone = rng.uniform(30, 190)
    colours += (tone * (weave * (1.1 - 0.7 * rim ** 2))[:, :, None] - colours) * ball[:, :, None]
    return np.clip(colours, 0, 255).astype(np.float32), np.maximum(handle, ball)


def cup(canvas, stock, rng):
    """At the mouth, held from the side."""
    centre = canvas.at(rng.choice((0, 17)), rng.normal(0, 0.05), rng.uniform(0, 0.25))
    w = canvas.size * rng.uniform(0.2, 0.32)
    angle = rng.normal(0, 0.25)
    edge = _box(centre, w, w * 1.15, angle)
    edge[2:] = centre + (edge[2:] - centre) * 0.85
    cover = masks.polygon(canvas.shape, edge)
    x = ((_grid(canvas.shape) - centre) @ np.array([np.cos(angle), np.sin(angle)])) / w
    colours = stock.texture(canvas.shape, rng) * np.clip(1.1 - 0.5 * x ** 2, 0.2, 1.2)[:, :, None]
    side = rng.choice((-1, 1)) * np.array([np.cos(angle), np.sin(angle)])
    down = np.array([-np.sin(angle), np.cos(angle)])
    for k in range(4):
        tip = centre - side * w * 0.2 + down * w * (0.45 * k - 0.6)
        _finger(canvas, colours, cover, tip, tip + side * w * 1.6, rng)
    return np.clip(colours, 0, 255), cover


KINDS = {"cut hand": (cut_hand, 0.32), "drawn hand": (drawn_hand, 0.12), "thing": (thing, 0.12),
         "phone": (phone, 0.08), "mask": (face_mask, 0.10), "fringe": (fringe, 0.11),
         "hat": (hat, 0.05), "stick": (stick, 0.04), "border": (border, 0.06),
         "microphone": (microphone, 0.0), "cup": (cup, 0.0)}


def cover(canvas, stock, rng, kind=None):
    """Lay one occluder; returns its kind."""
    if kind is None:
        names = list(KINDS)
        kind = names[rng.choice(len(names), p=[KINDS[n][1] for n in names])]
    canvas.lay(KINDS[kind][0](canvas, stock, rng), shadow=kind not in ("border", "stick"))
    return kind


def _lens_outline(eye, canvas, width, height, power, drop):
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = np.sign(np.cos(t)) * np.abs(np.cos(t)) ** power
    y = np.sign(np.sin(t)) * np.abs(np.sin(t)) ** power
    y = np.where(y > 0, y * drop, y)
    return eye + np.outer(x * width, canvas.right) + np.outer(y * height, canvas.down)


def wear_glasses(canvas, stock, rng):
    """Glasses drawn over the eyes; sunglasses among them. They belong to the face."""
    sun = rng.random() < 0.25
    power = rng.choice((1.0, 0.75, 0.5, 0.35))
    wide, high = rng.uniform(0.75, 1.1), rng.uniform(0.42, 0.85)
    drop, lift = rng.uniform(0.9, 1.3), rng.uniform(-0.02, 0.14)
    rings = [canvas.points[list(e)] for e in masks.EYES]
    middle = (rings[0].mean(0) + rings[1].mean(0)) / 2
    lenses, sizes = [], []
    for ring in rings:
        width = max(np.ptp(ring @ canvas.right), 1)
        eye = ring.mean(0)
        outward = np.sign((eye - middle) @ canvas.right)
        eye = eye + canvas.right * outward * 0.06 * width + canvas.down * lift * width
        unit = canvas.size * 0.24 if width < canvas.size * 0.24 else width
        lenses.append(_lens_outline(eye, canvas, wide * width, high * unit, power, drop))
        sizes.append((eye, outward, wide * width))
    image = canvas.image
    _tint(canvas, stock, rng, lenses, sun)
    _frame(image, canvas, rng, lenses, sizes, sun)
    canvas.glasses = np.maximum(canvas.glasses, masks.glasses_region(canvas.shape, canvas.points))


def _tint(canvas, stock, rng, lenses, sun):
    tone = rng.uniform(5, 70, 3) if sun else rng.uniform(150, 255, 3)
    strength = rng.uniform(0.55, 0.97) if sun else rng.choice((0, 0.05, 0.12))
    fade = rng.uniform(0, 0.5) if sun else 0
    mirror = stock.texture(canvas.shape, rng) if sun and rng.random() < 0.25 else None
    glare = rng.random() < 0.45
    shift = rng.normal(0, 0.15)
    for outline in lenses:
        inside = masks.polygon(canvas.shape, outline)
        lo, hi = outline.min(0), outline.max(0)
        y = np.clip((_grid(canvas.shape)[:, :, 1] - lo[1]) / max(hi[1] - lo[1], 1), 0, 1)
        a = inside * strength * (1 - fade * y)
        colour = tone if mirror is None else mirror * 0.7 + 30
        canvas.image += (colour - canvas.image) * a[:, :, None]
        if glare:
            c, w = (lo + hi) / 2 + (hi - lo) * shift, (hi - lo).max()
            box = _box(c, w * rng.uniform(0.04, 0.25), w * rng.uniform(0.15, 0.7),
                       rng.normal(0.5, 0.3))
            streak = masks.polygon(canvas.shape, box)
            streak = cv2.GaussianBlur(streak, (0, 0), rng.uniform(0.6, 3)) * inside
            light = rng.choice(([255, 255, 255], [215, 235, 255], [200, 255, 220]))
            canvas.image += (light - canvas.image) * streak[:, :, None] * rng.uniform(0.15, 0.9)


def _frame(image, canvas, rng, lenses, sizes, sun):
    tone = rng.choice(FRAME_COLOURS) * rng.uniform(0.7, 1.2)
    thick = rng.choice((0.5, 0.7, 1.0, 1.5, 2.2, 3.2)) * canvas.size / 80
    rims = rng.random() > 0.07 or sun
    ink = np.zeros(canvas.shape, np.uint8)
    width = max(1, int(round(thick)))
    if rims:
        half = rng.random() < 0.15                          # upper rim only
        for outline in lenses:
            _strand(ink, outline[20:] if half else np.vstack([outline, outline[:1]]), 255, width)
    (e0, o0, w0), (e1, o1, w1) = sizes
    a, b = e0 - canvas.right * o0 * w0, e1 - canvas.right * o1 * w1
    arch = (a + b) / 2 - canvas.down * 0.02 * canvas.size
    lift = canvas.down * rng.uniform(0, 0.035) * canvas.size
    _strand(ink, np.stack([a - lift, arch - 1.2 * lift, b - lift]), 255, width)
    for (eye, outward, w), ear in zip(sizes, (127, 356)):
        hinge = eye + canvas.right * outward * w - lift
        _strand(ink, np.stack([hinge, canvas.points[ear]]), 255, max(1, int(round(thick * 0.8))))
    alpha = ink.astype(np.float32) / 255 * min(1.0, max(0.5, thick))
    dark = cv2.GaussianBlur(np.roll(alpha, 2, 0), (0, 0), 1.2)
    image *= 1 - 0.25 * dark[:, :, None]
    shine = 1 + 0.2 * _noise(canvas.shape, 12, rng)[:, :, None]
    image += (np.clip(tone * shine, 0, 255) - image) * alpha[:, :, None]
