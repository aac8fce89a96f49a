"""One eye that looks into the camera, taken apart: skin, lids, sclera, iris, lashes.

Everything is in pixels of the crop of gaze_eyes.py, colours are R'G'B' 0..1. The eyeball is taken
as a ball whose iris stands, at gaze 0, where it is seen; what the lids or a highlight hide of the
iris is filled with the same ring's other side. gaze_ball.py draws it again at any gaze.
"""
import cv2
import numpy as np

import gaze_eyes
import gaze_patch

FINE = gaze_eyes.SCALE / gaze_patch.SCALE
BALL = gaze_patch.BALL * FINE
RINGS, SPOKES, REACH = 40, 96, 1.1      # of the iris' polar picture; its radius, in radii
LASHES = 13.0                           # pixels below the upper lid that lashes may shade
Y, X = np.mgrid[0:gaze_eyes.HEIGHT, 0:gaze_eyes.WIDTH].astype(np.float32)


def ramp(x, a, b):
    t = np.clip((x - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


def sample(image, x, y):
    return cv2.remap(image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REPLICATE)


def blur(image, sigma, sigma_y=0.0):
    return cv2.GaussianBlur(image, (0, 0), sigma, sigmaY=sigma_y)


def fill(image, known, sigmas=(1.5, 3, 6, 12, 24)):
    """`image` where `known` is 1; elsewhere the colours of what is known nearby."""
    out, have = image * known[..., None], known.copy()
    for s in sigmas:
        weight = blur(known, s)
        value = blur(image * known[..., None], s) / np.maximum(weight, 1e-4)[..., None]
        share = (1 - have) * np.minimum(weight * 5, 1)
        out += share[..., None] * value
        have += share
    mean = (image * known[..., None]).sum((0, 1)) / max(known.sum(), 1)
    return out + (1 - have)[..., None] * mean


def shade(lids, du, dl):
    """Shadow of the lids on the ball: du below the upper, dl above the lower one."""
    s = lids[0] * np.exp(-np.maximum(du, 0) / 7) + lids[1] * np.exp(-np.maximum(dl, 0) / 5)
    return np.exp(np.clip(s, -1.4, 0)).astype(np.float32)


class Layers:
    """Of one gaze_eyes.Eye. `error`: how far the model is from the picture in the opening."""

    def __init__(self, eye):
        self.eye = eye
        self.image = eye.image.astype(np.float32) / 255
        self._curves(eye.upper.astype(np.float64), eye.lower.astype(np.float64))
        self._settle_lids(eye.iris)
        self._find_iris(eye.iris)
        self.du, self.dl = Y - self.upper, self.lower - Y
        self._sclera()
        self._iris_texture()
        self._lid_layers()
        self._measure()

    def _curves(self, upper, lower):
        """Lids as heights over the columns, smooth; `t` runs from the outer to the inner corner."""
        self.corner = upper[0], upper[-1]
        (x0, y0), (x1, y1) = self.corner
        x = X[0].astype(np.float64)
        self.t = np.clip((x - x0) / (x1 - x0), 0, 1).astype(np.float32)
        line = y0 + (y1 - y0) * self.t

        def bend(points):
            t = np.clip((points[:, 0] - x0) / (x1 - x0), 0.02, 0.98)
            away = points[:, 1] - (y0 + (y1 - y0) * t)
            terms = [t * (1 - t) * (t - 0.5) ** k for k in range(4)]
            m = np.stack(terms, 1)
            k = np.linalg.solve(m.T @ m + np.diag([0, 1e-5, 1e-3, 1e-2]), m.T @ away)
            return sum(c * self.t * (1 - self.t) * (self.t - 0.5) ** n for n, c in enumerate(k))
        self.upper = (line + bend(upper[1:-1])).astype(np.float32)
        self.lower = np.maximum(line + bend(lower[1:-1]), self.upper).astype(np.float32)
        self.arch = ((4 * self.t * (1 - self.t)) ** 0.7).astype(np.float32)

    def _settle_lids(self, iris):
        """Moves and tilts each lid to where the brightness drops to the iris and the redness to
        the white: the mesh runs along the lashes or a little outside."""
        soft = blur(self.image, 1.2)
        grey, red = soft.mean(2), (soft[..., 0] - soft[..., 2]) / (soft.sum(2) + 0.15)
        x = X[0]
        over = np.exp(-((x - iris[0, 0]) / (0.8 * gaze_patch.IRIS * FINE)) ** 4)
        use = (self.t > 0.12) & (self.t < 0.82)
        bow = (4 * self.t * (1 - self.t)) ** 0.7
        for name, sign, moves in (("upper", 1, np.arange(-4, 6.1)),
                                  ("lower", -1, np.arange(-3, 3.1))):
            base, best = getattr(self, name), (-1e9, None)
            for move in moves:
                for tilt in (-2, 0, 2):
                    curve = base + sign * bow * (move + tilt * (self.t - 0.5) * 2)
                    out, in_ = (np.stack([sample(q, x[None], (curve + sign * k)[None])[0]
                                          for q in (grey, red)]) for k in (-3, 3))
                    drop = np.clip(out - in_, -0.1, 0.3)
                    value = over * drop[0] + (1 - over) * np.clip(4 * (out - in_)[1], -0.1, 0.3)
                    score = value[use].mean() - 0.0012 * move ** 2 - 0.002 * abs(tilt)
                    if score > best[0]:
                        best = score, curve
            setattr(self, name, best[1].astype(np.float32))
        self.lower = np.maximum(self.lower, self.upper)
        self.height = float((self.lower - self.upper).max())

    def _find_iris(self, points):
        """Middle and radius: the circle over whose visible arcs at both sides brightness rises
        most (Daugman's operator)."""
        grey = blur(self.image.mean(2), 1.0)
        start = points[0].astype(np.float64)
        size = gaze_patch.IRIS * FINE
        angle = np.deg2rad(np.concatenate([np.arange(-48, 70, 6), np.arange(110, 230, 6)]))
        left = np.cos(angle) < 0
        inside = ((Y - self.upper > 3) & (self.lower - Y > 2)).astype(np.float32)
        cx, cy, r, span = start[0], start[1], size, (5.0, 4.0, 0.14 * size)
        self.edge = 0.0
        for step in range(3):
            g = np.linspace(-1, 1, 7)
            c = np.stack(np.meshgrid(cx + g * span[0], cy + g * span[1], r + g * span[2],
                                     indexing="ij"), -1).reshape(-1, 3)
            rings = [(c[:, :1] + (c[:, 2:] + k) * np.cos(angle),
                      c[:, 1:2] + (c[:, 2:] + k) * np.sin(angle)) for k in (-2.0, 2.0)]
            rise = sample(grey, *rings[1]) - sample(grey, *rings[0])
            seen = sample(inside, *rings[1]) > 0.9
            rise = np.clip(rise, -0.05, 0.25) * seen
            sides = [(rise[:, s].sum(1), seen[:, s].sum(1)) for s in (left, ~left)]
            score = sum(np.where(n >= 3, v / np.maximum(n, 3), -1) for v, n in sides)
            far = (c - (*start, size)) ** 2 @ (0.25, 0.5, 1)
            score = score - 0.0015 * far
            k = int(score.argmax())
            cx, cy, r = c[k]
            self.edge = float(score[k])
            span = tuple(s / 3 for s in span)
        self.centre, self.radius = np.array([cx, cy]), float(r)

    def _away(self):
        return np.hypot(X - self.centre[0], Y - self.centre[1]) / self.radius

    def sclera_terms(self, du, dl, x, y):
        u, v = (x - self.centre[0]) / (3 * self.radius), (y - self.centre[1]) / (3 * self.radius)
        return np.stack([np.ones_like(u), u, u * u, v, np.exp(-np.maximum(du, 0) / 7),
                         np.exp(-np.maximum(dl, 0) / 5)], -1)

    def _sclera(self):
        """Colour of the white in logarithms: slopes along the eye, shadows of the lids; and what
        it has of its own (veins)."""
        light = np.log(np.maximum(self.image, 0.02))
        terms = self.sclera_terms(self.du, self.dl, X, Y)
        away = self._away()
        where = (self.du > 3) & (self.dl > 2) & (away > 1.15) & (self.t > 0.1) & (self.t < 0.84)
        self.white_pixels = int(where.sum())
        f, v = terms[where], light[where]
        keep = np.diag([1e-3, 3, 8, 8, 3, 3]).astype(np.float32)
        weight = np.ones(len(f), np.float32)
        k = np.zeros((6, 3), np.float32)
        for _ in range(4):
            k = np.linalg.solve((f * weight[:, None]).T @ f + keep, (f * weight[:, None]).T @ v)
            weight = 1 / (1 + ((v - f @ k).mean(1) / 0.12) ** 2) if len(f) else weight
        k[4], k[5] = np.clip(k[4], -1.4, 0), np.clip(k[5], -0.7, -0.08)
        self.white = k.astype(np.float32)
        self.lid_shade = k[4].mean(), k[5].mean()
        own = np.clip(light - terms @ self.white, -0.25, 0.25)
        known = ramp(away, 1.14, 1.24) * ramp(self.du, 4, 9) * ramp(self.dl, 2, 5)
        known = (known * (self.t > 0.08) * (self.t < 0.9)).astype(np.float32)
        self.veins = fill(own.astype(np.float32), known) * blur(known, 6)[..., None]

    def polar(self):
        r = (np.arange(RINGS, dtype=np.float32) + 0.5) / RINGS * REACH
        a = np.arange(SPOKES, dtype=np.float32) / SPOKES * 2 * np.pi
        return r, a

    def _iris_texture(self):
        r, a = self.polar()
        x = self.centre[0] + self.radius * r[:, None] * np.cos(a)
        y = self.centre[1] + self.radius * r[:, None] * np.sin(a)
        lit = self.image / np.maximum(shade(self.lid_shade, self.du, self.dl), 0.3)[..., None]
        ring = sample(lit, x, y)
        du, dl = sample(self.du, x, y), sample(self.dl, x, y)
        known = (ramp(du, 5, 11) * ramp(dl, 2, 5)).astype(np.float32)
        middle = np.zeros((RINGS, 3), np.float32)
        for i in range(RINGS):
            best = np.argsort(-known[i])[:max(12, int((known[i] > 0.5).sum()))]
            middle[i] = np.percentile(ring[i][best], 40, axis=0)
        # Highlights: what is far brighter than its ring, and the paler pixels around.
        over = ring.mean(2) - middle.mean(1)[:, None]
        inner = (r < 0.9)[:, None] & (du > 0) & (dl > 0)
        seed = ((over > 0.13) & inner).astype(np.uint8)
        near = cv2.dilate(seed, np.ones((7, 9), np.uint8)) & ((over > 0.04) & inner)
        near = cv2.dilate(near.astype(np.uint8), np.ones((3, 5), np.uint8))
        spot = blur(near.astype(np.float32), 0.8)
        known = known * (1 - np.minimum(spot * 1.5, 1))
        out, have = ring * known[..., None], known.copy()
        n = np.arange(SPOKES)
        for other in (-n % SPOKES, (SPOKES // 2 - n) % SPOKES, (n + SPOKES // 2) % SPOKES):
            share = (1 - have) * known[:, other]
            out += share[..., None] * ring[:, other]
            have += share
        out += (1 - have)[..., None] * middle[:, None]
        rim = int(0.9 / REACH * RINGS)
        out[rim:] = out[rim - 1]                    # the drawn edge makes the limbus
        self.texture = np.clip(out, 0, 1).astype(np.float32)

    def _lid_layers(self):
        """The skin without the eye, and what lashes leave of the light near the lids."""
        skin = 1 - ramp(np.minimum(self.du, self.dl), -2.0, -0.5)
        skin = np.where((self.t <= 0) | (self.t >= 1), 1, skin)
        self.skin = fill(self.image, skin.astype(np.float32))
        terms = self.sclera_terms(self.du, self.dl, X, Y)
        away = self._away()
        r, a = self.polar()
        turn = np.mod(np.arctan2(Y - self.centre[1], X - self.centre[0]), 2 * np.pi)
        closed = np.concatenate([self.texture, self.texture[:, :1]], 1)
        iris = sample(closed, turn / (2 * np.pi) * SPOKES, away / REACH * RINGS - 0.5)
        iris = iris * shade(self.lid_shade, self.du, self.dl)[..., None]
        cover = (1 - ramp(away, 0.9, 1.08))[..., None]
        ball = np.exp(terms @ self.white + self.veins) * (1 - cover) + iris * cover
        ratio = np.clip(self.image.mean(2) / np.maximum(ball.mean(2), 0.03), 0.15, 1.0)
        ratio = blur(ratio.astype(np.float32), 1.4, 0.5)
        band = np.maximum(1 - ramp(self.du, 4, LASHES), 1 - ramp(self.dl, 1.5, 6))
        self.lashes = (1 - band * (1 - ratio)).astype(np.float32)
        # Highlights are not in the model: the darkest nine tenths count.
        opening = (np.minimum(self.du, self.dl) > 1.5) & (self.t > 0.08) & (self.t < 0.84)
        off = np.abs(ball * self.lashes[..., None] - self.image).mean(2)[opening]
        self.error = float(np.sort(off)[:max(1, len(off) * 9 // 10)].mean()) if len(off) else 1.0

    def _measure(self):
        """Where the iris stands against the middle of the corners, radii of the ball."""
        middle = (np.asarray(self.corner[0]) + self.corner[1]) / 2
        self.offset = (self.centre - middle) / BALL

    def usable(self):
        """True where the parts were found; says nothing of where the eye looks."""
        return (self.white_pixels > 60 and self.height > 13 and self.error < 0.05 and
                self.edge > 0.15)
