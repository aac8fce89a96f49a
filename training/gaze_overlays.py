"""What lies over an eye and does not move with it: makeup, lashes, hair, glasses, things.

Each function draws on a Veil, which is the same for all looks of a scene: picture * mul + add.
"""
import cv2
import numpy as np

from gaze_patch import HEIGHT, WIDTH
from gaze_render import U, V

FINER = 3
FRAME_COLOURS = ((0.05, 0.05, 0.05), (0.1, 0.07, 0.05), (0.35, 0.2, 0.1), (0.6, 0.6, 0.62),
                 (0.7, 0.58, 0.3), (0.5, 0.08, 0.1), (0.1, 0.15, 0.4), (0.85, 0.85, 0.85))


class Veil:
    def __init__(self):
        self.mul = np.ones((HEIGHT, WIDTH, 3), np.float32)
        self.add = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        self.hidden = np.zeros((HEIGHT, WIDTH), np.float32)     # share of a pixel that is covered
        self.glare = np.zeros((HEIGHT, WIDTH), np.float32)      # light that is laid over
        self.empty = True

    def cover(self, alpha, colour):
        a = alpha[..., None]
        self.mul *= 1 - a
        self.add = self.add * (1 - a) + a * colour
        self.hidden = 1 - (1 - self.hidden) * (1 - alpha)
        self.glare *= 1 - alpha
        self.empty = False

    def tint(self, mul):
        self.mul *= mul
        self.add *= mul
        self.empty = False

    def lay(self, light):
        self.add += light
        self.glare += light.mean(2)
        self.empty = False

    def over(self, picture):
        return picture if self.empty else np.clip(picture * self.mul + self.add, 0, 1)


class Ink:
    """Lines and polygons with smooth edges."""

    def __init__(self):
        self.plane = np.zeros((HEIGHT * FINER, WIDTH * FINER), np.uint8)

    def _fixed(self, points):
        return [np.round((np.asarray(points, np.float64) + 0.5) * FINER * 16).astype(np.int32)]

    def line(self, points, width, value=255, closed=False):
        cv2.polylines(self.plane, self._fixed(points), closed, value,
                      max(1, int(round(width * FINER))), cv2.LINE_AA, 4)

    def area(self, points):
        cv2.fillPoly(self.plane, self._fixed(points), 255, cv2.LINE_AA, 4)

    def alpha(self):
        small = cv2.resize(self.plane, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / 255


def bow(a, control, b, n=6):
    t = np.linspace(0, 1, n)[:, None]
    a, control, b = (np.asarray(p) for p in (a, control, b))
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * control + t ** 2 * b


def _lid_edge(away, scene):
    """Patch positions along a lid (away: du or dl)."""
    rows = np.abs(away).argmin(0)
    columns = np.arange(WIDTH)
    on = (np.abs(away[rows, columns]) < 2) & (scene.t[rows, columns] > 0.03) & (
        scene.t[rows, columns] < 0.9)
    return np.stack([columns[on], rows[on]], 1).astype(np.float64)


def makeup(veil, scene, rng):
    """Liner along the lids, shadow on the upper lid."""
    outside = 1 - scene.opening
    if rng.random() < 0.7:
        dark = np.zeros((HEIGHT, WIDTH), np.float32)
        span = np.clip((scene.t - rng.uniform(0, 0.4)) * 8, 0, 1) if rng.random() < 0.3 else 1.0
        for away, share in ((scene.du, 1.0), (scene.dl, 0.5)):
            if rng.random() < share:
                width = rng.uniform(1.0, 3.5)
                line = np.exp(-((away + width * 0.5) / width) ** 2)
                line *= (scene.t > 0) & (scene.t < 0.95)
                dark = np.maximum(dark, line * span * rng.uniform(0.4, 0.95))
        veil.tint((1 - dark * outside)[..., None])
    if rng.random() < 0.6:
        lid = np.exp(-np.maximum(-scene.du, 0) / rng.uniform(8, 22)) * (scene.du < 0)
        tone = rng.uniform(0.35, 1.15, 3).astype(np.float32)
        share = (lid * outside * rng.uniform(0.3, 0.9))[..., None].astype(np.float32)
        veil.tint(1 + share * (tone - 1))


def lashes(veil, scene, rng):
    """Hairs that begin at the lids; a few hang into the opening."""
    ink, long = Ink(), rng.uniform(3, 10)
    for away, sign, share in ((scene.du, -1, 1.0), (scene.dl, 1, 0.5)):
        edge = _lid_edge(away, scene)
        if len(edge) < 8 or rng.random() > share:
            continue
        middle = edge[:, 0].mean()
        for start in edge[rng.integers(0, len(edge), int(rng.integers(12, 40)))]:
            fan = (start[0] - middle) / 25 + rng.normal(0, 0.15)
            reach = long * (1 if sign < 0 else 0.5) * rng.uniform(0.6, 1.2)
            sag = rng.uniform(-0.5, 3.0) * (sign < 0)
            end = start + (fan * reach * 0.8, sign * reach * rng.uniform(0.5, 1))
            ink.line(bow(start, start + (fan * reach * 0.4, sag), end), rng.uniform(0.3, 0.6),
                     int(rng.uniform(90, 230)))
    veil.cover(ink.alpha() * rng.uniform(0.4, 0.9), rng.uniform(0, 0.12, 3).astype(np.float32))


def hair(veil, scene, rng):
    del scene
    ink = Ink()
    x, lean, count = rng.uniform(0, WIDTH), rng.normal(0, 30), int(rng.integers(1, 22))
    spread = rng.uniform(2, 25)
    for _ in range(count):
        a = np.array([x + rng.normal(0, spread), -3.0])
        b = a + (lean + rng.normal(0, 8), rng.uniform(0.5, 1.3) * HEIGHT)
        ink.line(bow(a, (a + b) / 2 + rng.normal(0, 8, 2), b), rng.uniform(0.3, 1.5),
                 int(rng.uniform(90, 255)))
    colour = rng.choice(((0.05, 0.04, 0.04), (0.25, 0.16, 0.1), (0.6, 0.48, 0.3), (0.7, 0.7, 0.7)))
    veil.cover(ink.alpha(), (colour * rng.uniform(0.7, 1.3)).astype(np.float32))


def _lens(rng):
    t = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    power = rng.choice((1.0, 0.75, 0.5, 0.35))
    x = np.sign(np.cos(t)) * np.abs(np.cos(t)) ** power * rng.uniform(34, 60)
    y = np.sign(np.sin(t)) * np.abs(np.sin(t)) ** power * rng.uniform(18, 38)
    return (WIDTH / 2, HEIGHT / 2) + rng.normal((-2, 5), (5, 5)) + np.stack([x, y], 1)


def glasses(veil, scene, rng):
    del scene
    lens = _lens(rng)
    inside = Ink()
    inside.area(lens)
    inside = inside.alpha()
    if rng.random() < 0.25:         # tinted
        tone = rng.uniform(0.45, 1.0, 3).astype(np.float32)
        veil.tint(1 + inside[..., None] * (tone - 1))
    for _ in range(int(rng.choice(4, p=(0.35, 0.35, 0.2, 0.1)))):
        reflection(veil, inside, rng)
    rim, wide = Ink(), rng.choice((0.7, 1.2, 2.0, 3.5, 6.0)) * rng.uniform(0.8, 1.2)
    if rng.random() < 0.12:         # upper rim only
        rim.line(lens[32:], wide)
    else:
        rim.line(lens, wide, closed=True)
    if rng.random() < 0.7:          # bridge and temple
        y = lens[:, 1].mean() - rng.uniform(0, 12)
        rim.line([(lens[:, 0].max(), y), (WIDTH + 5, y - 2)], wide)
        rim.line([(lens[:, 0].min(), y), (-5, y - 2)], wide * 1.3)
    alpha = rim.alpha()
    shadow = cv2.GaussianBlur(np.roll(alpha, int(rng.integers(1, 5)), 0), (0, 0), 1.5)
    veil.tint((1 - rng.uniform(0, 0.4) * shadow)[..., None])
    colour = rng.choice(FRAME_COLOURS) * np.exp(rng.normal(0, 0.2))
    shine = 1 + rng.uniform(0, 0.6) * np.sin(U / rng.uniform(4, 20) + V / rng.uniform(4, 20))
    veil.cover(alpha, np.clip(shine[..., None] * colour, 0, 1).astype(np.float32))


def reflection(veil, inside, rng):
    """A window, a screen or a lamp in a lens."""
    centre = rng.uniform((10, 6), (WIDTH - 10, HEIGHT - 6))
    size = np.exp(rng.uniform(np.log(3), np.log(26), 2)) * (1, 0.7)
    corners = np.array([(-1, -1), (1, -0.8), (1, 1), (-1, 0.8)]) * size + rng.normal(0, 1.5, (4, 2))
    a = rng.normal(0, 0.4)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    ink = Ink()
    ink.area(centre + corners @ turn.T)
    spot = cv2.GaussianBlur(ink.alpha(), (0, 0), rng.uniform(0.5, 3)) * inside
    colour = np.array(((1, 1, 1), (0.8, 0.9, 1), (0.7, 1, 0.8), (0.8, 0.7, 1))[rng.integers(4)])
    veil.lay((spot[..., None] * colour * np.exp(rng.uniform(np.log(0.05), np.log(0.8)))).astype(
        np.float32))


def thing(veil, scene, rng):
    """A finger, a hand's edge, an object: all on one side of a bent line."""
    del scene
    a, far = rng.uniform(0, 2 * np.pi), rng.uniform(-45, 40)
    x, y = U - WIDTH / 2, V - HEIGHT / 2
    along = -np.sin(a) * x + np.cos(a) * y
    edge = np.cos(a) * x + np.sin(a) * y - far - rng.uniform(0, 4) * np.sin(
        along / rng.uniform(6, 25) + rng.uniform(0, 6))
    alpha = np.clip(0.5 + edge / rng.uniform(0.8, 3), 0, 1)
    colour = rng.uniform(0.05, 0.9, 3)
    if rng.random() < 0.6:          # skin
        colour = np.array([0.8, 0.6, 0.5]) * np.exp(rng.normal(-0.2, 0.35))
    grain = cv2.resize(rng.normal(1, 0.12, (6, 9)).astype(np.float32), (WIDTH, HEIGHT))
    shade = np.clip(0.6 + 0.4 * np.clip(edge / 8, 0, 1), 0, 1) * grain
    veil.tint((1 - 0.35 * np.clip(1 + edge / 5, 0, 1))[..., None])
    colour = np.clip(shade[..., None] * colour, 0, 1)
    veil.cover(alpha.astype(np.float32), colour.astype(np.float32))


SHARES = ((makeup, 0.22), (lashes, 0.25), (hair, 0.08), (glasses, 0.22), (thing, 0.05))


def draw(scene, rng):
    veil = Veil()
    for layer, share in SHARES:
        if rng.random() < share:
            layer(veil, scene, rng)
    return veil
