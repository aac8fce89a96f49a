"""Draws frames whose motion is known: backgrounds, people, turned heads, what covers them, noise.

Coordinates: pixels, the middle of the top left pixel is (0.5, 0.5). Pictures: H x W x 3 float32,
R'G'B' 0..255. Resampling never goes below half the sampling rate: from the next larger level of an
area-averaged pyramid, with a Lanczos window of 8x8.
"""
import functools

import cv2
import numpy as np

from face_sources import OVAL

LEVEL = 2 ** -0.5   # from one level of a pyramid to the next


def room(width, height, seed):
    """A plausible background out of focus: wall, window, shelves."""
    dice = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    unit = height / 480
    warm = dice.uniform(90, 175) * np.array([1, dice.uniform(0.9, 1), dice.uniform(0.78, 1)])
    wall = (0.75 + 0.35 * x / width + 0.15 * y / height)[..., None] * warm
    picture = wall.astype(np.float32)
    for _ in range(3):          # shelves with books
        left, top = dice.uniform(0, width * 0.9), dice.uniform(0, height * 0.8)
        for k in range(int(dice.integers(5, 14))):
            w, h = dice.uniform(9, 26) * unit, dice.uniform(60, 95) * unit
            colour = dice.uniform(30, 190, 3)
            cv2.rectangle(picture, (int(left), int(top + 95 * unit - h)),
                          (int(left + w), int(top + 95 * unit)), colour.tolist(), -1)
            left += w
        cv2.rectangle(picture, (int(left - 300 * unit), int(top + 95 * unit)),
                      (int(left + 20 * unit), int(top + 103 * unit)), (96, 66, 40), -1)
    left = dice.uniform(0, 0.7) * width
    cv2.rectangle(picture, (int(left), 0), (int(left + 150 * unit), int(190 * unit)),
                  (225, 232, 238), -1)
    cv2.line(picture, (int(left + 75 * unit), 0), (int(left + 75 * unit), int(190 * unit)),
             (150, 140, 130), int(6 * unit))
    picture = cv2.GaussianBlur(picture, (0, 0), 3.5 * unit)
    for size in (80, 20, 5):    # something at every scale
        small = dice.normal(0, 2.5, (height // size + 2, width // size + 2, 1)).astype(np.float32)
        picture += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    return np.clip(picture, 0, 255)


def placed(source, x, y, width, roll=0.0):
    """2x3: source pixels -> frame pixels, so that the middle of the face lies at (x, y), its box
    is `width` wide (upright) and it is turned by `roll` degrees, clockwise."""
    scale, angle = width / source.width, np.radians(roll)
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[c, -s], [s, c]])
    return np.column_stack([turn, np.array([x, y]) - turn @ source.middle])


def moved(points, matrix):
    """Points n x 3 through a 2x3 similarity; z grows with it."""
    scale = np.hypot(matrix[0, 0], matrix[1, 0])
    return np.column_stack([points[:, :2] @ matrix[:, :2].T + matrix[:, 2], points[:, 2] * scale])


class Head:
    """A source's mesh as a solid that can turn. The picture around the face follows, less and
    less, out to a ring that stays where it is."""
    # (size against the face's oval, how far it follows)
    RINGS = ((1.25, 0.85), (1.6, 0.4), (2.1, 0.0))

    def __init__(self, source):
        self.points = source.points.copy()
        eyes = self.points[:468, 2]
        self.points[468:473, 2] = eyes[[33, 133, 159, 145]].mean()
        self.points[473:478, 2] = eyes[[362, 263, 386, 374]].mean()
        # A picture from the front hardly shows a head's sides: stretched wide they would look torn.
        low = self.points[:, 2].min() + 0.33 * source.width
        self.points[:, 2] -= 0.2 * np.maximum(self.points[:, 2] - low, 0)
        oval = self.points[list(OVAL)]
        side = self.points[[234, 454]]
        # The neck's axis: behind the middle between the ears.
        self.axis = np.array([side[:, 0].mean(), oval[:, 1].mean() + 0.1 * source.width,
                              side[:, 2].mean() + 0.12 * source.width])
        rest = [self.points[:468]]
        self.follow = [np.ones(468)]
        for grow, follow in self.RINGS:
            middle = np.append(source.middle, 0)
            ring = (oval - middle) * (grow, grow, 1) + middle
            ring[:, 2] = oval[:, 2] + (grow - 1) * 0.5 * source.width
            rest.append(ring)
            self.follow.append(np.full(len(ring), follow))
        self.rest, self.follow = np.concatenate(rest), np.concatenate(self.follow)
        self.triangles = delaunay(self.rest[:, :2])
        self.around = (self.triangles >= 468).any(1)
        self.side = sides(self.rest[self.triangles])

    def turn(self, points, yaw, pitch):
        """yaw > 0: the nose goes to the viewer's right, pitch > 0: up; degrees."""
        a, b = np.radians(yaw), np.radians(pitch)
        x, y, z = (points - self.axis).T
        x, z = x * np.cos(a) - z * np.sin(a), x * np.sin(a) + z * np.cos(a)
        y, z = y * np.cos(b) + z * np.sin(b), z * np.cos(b) - y * np.sin(b)
        return np.column_stack([x, y, z]) + self.axis

    def turned(self, yaw, pitch):
        """The 478 points on the turned head, pixels of the source."""
        return self.turn(self.points, yaw, pitch)

    def flat(self, matrix, yaw, pitch):
        """Where the turned corners lie in the frame, n x 2, and their depth."""
        after = self.turn(self.rest, yaw, pitch)
        after = self.rest + (after - self.rest) * self.follow[:, None]
        return after[:, :2] @ matrix[:, :2].T + matrix[:, 2], after[:, 2]

    def map(self, matrix, yaw, pitch, origin, size):
        """Where in the source each pixel of a part of the frame comes from: H x W x 2."""
        return self.carried(matrix, yaw, pitch, self.rest[:, :2],
                            cv2.invertAffineTransform(matrix), origin, size)

    def carried(self, matrix, yaw, pitch, targets, still, origin, size):
        """For each pixel of a part of the frame: its place where the corners of the head go from
        where they are in the frame to `targets` (n x 2), and all else by `still`. H x W x 2."""
        flat, depth = self.flat(matrix, yaw, pitch)
        flat = flat - origin
        # What is around the face first, then the face from far to near, without what faces away.
        shown = (sides(flat[self.triangles]) == self.side) | self.around
        order = np.argsort(-depth[self.triangles].mean(1) - 1e6 * self.around)
        still = np.column_stack([still[:, :2], still[:, 2] + still[:, :2] @ origin])
        return carried_by(flat, targets, self.triangles, order[shown[order]], still, size)


def carried_by(points, targets, triangles, order, still, size):
    """For each pixel of a picture of `size` (columns, rows): its place where the corners of
    triangles go from `points` to `targets`, both n x 2, and all else by `still`, 2 x 3. `order`:
    which triangles there are, the last one on top. H x W x 2."""
    w, h = size
    label = np.full((h, w), -1, np.float32)
    corners = points[triangles]
    for t in order:
        places = np.round((corners[t] - 0.5) * 16).astype(np.int32)
        cv2.fillConvexPoly(label, places, float(t), cv2.LINE_8, 4)
    y, x = np.mgrid[0:h, 0:w] + 0.5
    at = np.stack([x, y, np.ones_like(x)], -1)
    corners = np.concatenate([corners, np.ones((len(triangles), 3, 1))], 2)
    good = np.abs(np.linalg.det(corners)) > 1e-3
    coefficients = np.empty((len(triangles) + 1, 2, 3))
    coefficients[-1] = still
    coefficients[:-1][~good] = still
    coefficients[:-1][good] = np.linalg.solve(
        corners[good], targets[triangles[good]]).transpose(0, 2, 1)
    return np.einsum("hwij,hwj->hwi", coefficients[label.astype(int)], at)


def sides(corners):
    """Which way round triangles N x 3 x (2 or more) go: -1, 0 or 1."""
    a, b = (corners[:, k, :2] - corners[:, 0, :2] for k in (1, 2))
    return np.sign(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def delaunay(points):
    low, high = points.min(0) - 10, points.max(0) + 10
    mesh = cv2.Subdiv2D((int(low[0]), int(low[1]), int(high[0] - low[0] + 2),
                         int(high[1] - low[1] + 2)))
    ids = [mesh.insert((float(x), float(y))) for x, y in points]
    index = {v: k for k, v in enumerate(ids)}
    corners = mesh.getTriangleList().reshape(-1, 3, 2)
    out = []
    for triangle in corners:
        found = [index.get(mesh.findNearest((float(x), float(y)))[0]) for x, y in triangle]
        if None not in found and np.abs(points[found] - triangle).max() < 0.01:
            out.append(found)
    return np.array(out)


class Person:
    """A source that can be drawn into frames."""

    def __init__(self, source):
        self.source = source
        self.levels = {}

    @functools.cached_property
    def head(self):
        return Head(self.source)

    def level(self, scale):
        """(picture with alpha, x and y factors from source pixels) not smaller than `scale`."""
        k = 0
        while scale <= LEVEL ** (k + 1) and k < 14:
            k += 1
        if k not in self.levels:
            rgba = np.dstack([self.source.rgb, self.source.alpha]).astype(np.float32)
            h, w = rgba.shape[:2]
            size = (max(1, round(w * LEVEL ** k)), max(1, round(h * LEVEL ** k)))
            small = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA) if k else rgba
            self.levels[k] = (small, size[0] / w, size[1] / h)
        return self.levels[k]

    def draw(self, frame, matrix, yaw=0.0, pitch=0.0):
        """Over `frame`, in place. Returns the box (x0, y0, x1, y1) that was touched, or None."""
        h, w = self.source.alpha.shape
        corners = np.array([[0, 0], [w, 0], [w, h], [0, h]]) @ matrix[:, :2].T + matrix[:, 2]
        low = np.maximum(np.floor(corners.min(0)).astype(int) - 2, 0)
        high = np.minimum(np.ceil(corners.max(0)).astype(int) + 2, frame.shape[1::-1])
        if (high <= low).any():
            return None
        picture, fx, fy = self.level(np.hypot(matrix[0, 0], matrix[1, 0]))
        size = high - low
        if yaw or pitch:
            at = self.head.map(matrix, yaw, pitch, low, size) * (fx, fy) - 0.5
            drawn = cv2.remap(picture, at.astype(np.float32), None, cv2.INTER_LANCZOS4)
        else:
            back = cv2.invertAffineTransform(matrix)
            back[:, 2] += back[:, :2] @ (low + 0.5)
            back = back * np.array([[fx], [fy]])
            back[:, 2] -= 0.5
            drawn = cv2.warpAffine(picture, back, tuple(int(v) for v in size),
                                   flags=cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP)
        alpha = np.clip(drawn[..., 3:] / 255, 0, 1)
        part = frame[low[1]:high[1], low[0]:high[0]]
        part += alpha * (np.clip(drawn[..., :3], 0, 255) - part)
        return (*low, *high)

    def skin(self):
        """Mean R'G'B' of the cheeks."""
        at = self.source.points[[50, 101, 205, 280, 330, 425], :2].astype(int)
        return np.mean([self.source.rgb[y - 2:y + 3, x - 2:x + 3].mean((0, 1)) for x, y in at], 0)


# What passes in front of a face: a picture with alpha around its own middle, in face widths.

def book(seed, width, height, pixels):
    """A patterned cover, `width` x `height` face widths, R'G'B'A float32."""
    dice = np.random.default_rng(seed)
    w, h = int(width * pixels), int(height * pixels)
    picture = np.zeros((h, w, 4), np.float32)
    picture[..., :3] = dice.uniform(40, 150, 3)
    for _ in range(14):
        a = dice.integers(0, (w, h)), dice.integers(0, (w, h))
        cv2.line(picture, tuple(int(v) for v in a[0]), tuple(int(v) for v in a[1]),
                 (*dice.uniform(20, 240, 3).tolist(), 0), int(dice.integers(2, 9)))
    for y in range(int(0.1 * h), int(0.9 * h), max(4, h // 18)):
        cv2.line(picture, (int(0.2 * w), y), (int(dice.uniform(0.5, 0.8) * w), y),
                 (230, 225, 205, 0), max(1, h // 90), cv2.LINE_AA)
    picture[..., 3] = 255
    return picture


def hand(skin, seed, width, pixels):
    """Four fingers side by side, a palm and an arm, shaded, pointing to the left; `width`: over
    the knuckles, in face widths."""
    dice = np.random.default_rng(seed)
    unit = width * pixels / 4
    w, h = int(unit * 26), int(unit * 4.6)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    alpha, shade = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    parts = [((2.2, 0.75), (5.6, 1.0), 0.5), ((1.2, 1.75), (5.6, 1.8), 0.52),
             ((1.0, 2.75), (5.6, 2.7), 0.52), ((1.7, 3.7), (5.6, 3.5), 0.46),
             ((6.4, 1.7), (7.6, 1.9), 1.3), ((6.4, 2.8), (7.6, 2.6), 1.3),
             ((7.4, 2.25), (30.0, 2.3), 1.15)]
    for (x0, y0), (x1, y1), radius in parts:
        a, b = np.array([x0, y0]) * unit, np.array([x1, y1]) * unit
        along = np.clip(((x - a[0]) * (b - a)[0] + (y - a[1]) * (b - a)[1]) / ((b - a) @ (b - a)),
                        0, 1)
        away = np.hypot(x - a[0] - along * (b - a)[0], y - a[1] - along * (b - a)[1])
        inside = np.clip((radius * unit - away) / 1.5 + 0.5, 0, 1)
        light = 0.62 + 0.45 * np.sqrt(np.clip(1 - (away / (radius * unit)) ** 2, 0, 1))
        shade = np.where(inside > alpha, light, np.maximum(shade, np.where(inside > 0.99, light,
                                                                           0)))
        alpha = np.maximum(alpha, inside)
    grain = sum(cv2.GaussianBlur(dice.normal(0, s, (h, w)).astype(np.float32), (0, 0), s)
                for s in (1, unit / 4))
    shade = cv2.GaussianBlur(shade, (0, 0), unit / 14) * (1 + 0.02 * grain)
    return np.dstack([np.clip(shade[..., None] * np.asarray(skin) * 0.97, 0, 255), alpha * 255])


def cover(frame, picture, x, y, angle=0.0):
    """Draws an occluder with its middle at (x, y); returns its mask over the frame, 0..1."""
    h, w = picture.shape[:2]
    m = cv2.getRotationMatrix2D((w / 2 - 0.5, h / 2 - 0.5), -angle, 1)
    m[:, 2] += np.array([x, y]) - 0.5 - (w / 2 - 0.5, h / 2 - 0.5)
    drawn = cv2.warpAffine(picture.astype(np.float32), m, frame.shape[1::-1],
                           flags=cv2.INTER_CUBIC)
    mask = np.clip(drawn[..., 3] / 255, 0, 1)
    frame += mask[..., None] * (np.clip(drawn[..., :3], 0, 255) - frame)
    return mask


# What a camera does to it.

class Sensor:
    """Noise of a fixed seed: cut at random from one field, which is far faster than new dice."""

    def __init__(self, width, height, seed):
        self.dice = np.random.default_rng(seed)
        self.field = self.dice.standard_normal((height * 2, width * 2, 3), np.float32)
        self.size = (height, width)

    def noise(self):
        h, w = self.size
        y, x = self.dice.integers(0, h + 1), self.dice.integers(0, w + 1)
        cut = self.field[y:y + h, x:x + w]
        if self.dice.integers(2):
            cut = cut[::-1]
        return cut[:, ::-1] if self.dice.integers(2) else cut

    def add(self, frame, sigma):
        return frame + sigma * self.noise() if sigma else frame

    def dark(self, frame, gain):
        """Less light: photon noise at 2000 electrons in full white, read noise of 4."""
        light = (np.clip(frame, 0, 255) / 255) ** 2.2 * gain
        light = light + self.noise() * np.sqrt(light / 2000 + (4 / 2000) ** 2)
        return np.clip(light, 0, 1) ** (1 / 2.2) * 255


def y4m_header(width, height, rate=30):
    return (f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n"
            ).encode()


def y4m_frame(rgb):
    """One frame, limited range, BT.709 from 720 lines on, else BT.601; chroma between samples."""
    kr, kb = (0.2126, 0.0722) if rgb.shape[0] >= 720 else (0.299, 0.114)
    kg = 1 - kr - kb
    rgb = np.clip(rgb, 0, 255).astype(np.float32)
    y = rgb @ np.array([kr, kg, kb], np.float32)
    half = cv2.resize(rgb, ((rgb.shape[1] + 1) // 2, (rgb.shape[0] + 1) // 2),
                      interpolation=cv2.INTER_AREA)
    low = half @ np.array([kr, kg, kb], np.float32)
    planes = [16 + y * (219 / 255), 128 + (half[..., 2] - low) * (112 / 255 / (1 - kb)),
              128 + (half[..., 0] - low) * (112 / 255 / (1 - kr))]
    return b"FRAME\n" + b"".join(np.clip(p + 0.5, 0, 255).astype(np.uint8).tobytes()
                                 for p in planes)


def rgb_of_y4m(frame, width, height):
    """The inverse, for looking: 8-bit R'G'B'."""
    kr, kb = (0.2126, 0.0722) if height >= 720 else (0.299, 0.114)
    cw, ch, n = (width + 1) // 2, (height + 1) // 2, width * height
    flat = np.frombuffer(frame, np.uint8).astype(np.float32)
    y = (flat[:n].reshape(height, width) - 16) * (255 / 219)
    u, v = (cv2.resize(flat[n + k * cw * ch:n + (k + 1) * cw * ch].reshape(ch, cw) - 128,
                       (width, height), interpolation=cv2.INTER_LINEAR) for k in (0, 1))
    r, b = y + v * (255 / 112 * (1 - kr)), y + u * (255 / 112 * (1 - kb))
    g = (y - kr * r - kb * b) / (1 - kr - kb)
    return np.clip(np.dstack([r, g, b]) + 0.5, 0, 255).astype(np.uint8)
