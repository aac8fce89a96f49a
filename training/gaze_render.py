"""An eye at any gaze, head pose and opening of the lids, in the patch of gaze_patch.py.

A Scene is one eye under one Setting: skin, lids and lashes are drawn once; look() draws the ball
below them at one gaze. All looks of a scene share everything but the gaze, so a pair of them is
what correcting the gaze has to turn into each other: lids and skin stay.

Geometry, in pixels of a crop from the middle between the corners, depth z towards the camera: the
head's turn moves a place of the skin by its depth in the face's mesh; the ball's middle lies behind
the corners. What is seen of the ball does not turn with the head: gaze (0, 0) is the camera.
"""
import dataclasses

import cv2
import numpy as np

import gaze_eyes
import gaze_layers
from gaze_layers import FINE, REACH, RINGS, SPOKES, ramp, sample
from gaze_patch import HEIGHT, WIDTH

TURNS = 1.8                 # the iris' distance from the ball's middle, in its radii
VEIN_SHARE = 0.9            # the white lies deeper than the iris
CORNEA, LAMP = 0.97, 1.33   # the cornea's middle from the ball's, its radius; in the iris' radii
V, U = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)


@dataclasses.dataclass
class Setting:
    place: np.ndarray                   # 2 x 3: crop (from the middle) -> patch, without FINE
    turn: tuple = (0.0, 0.0)            # of the head: to larger u, up; degrees
    # Of its middle behind the corners, pixels of the crop: in the London set the irises go aside by
    # half a degree for each by which a face is turned.
    ball_depth: float = 14.0
    ball_shift: tuple = (0.0, 0.0)      # of its middle from where the layers have it
    closed: float = 0.0                 # share of the opening that the upper lid closes; < 0 opens
    raised: float = 0.0                 # and the lower lid
    follow: float = 0.0                 # pixels of the crop that both lids go down with the gaze
    pupil: float = 1.0                  # of its size in the source
    iris: object = None                 # Layers whose iris is worn, None: the own one
    iris_tint: np.ndarray = dataclasses.field(default_factory=lambda: np.ones(3, np.float32))
    iris_soft: float = 0.1              # half the width of the limbus, radii
    white_tint: np.ndarray = dataclasses.field(default_factory=lambda: np.ones(3, np.float32))
    veins: float = 1.0
    shade: float = 1.0                  # of the lids' shadows
    lamps: tuple = ()                   # Lamp


@dataclasses.dataclass
class Lamp:
    """A light's mirror image on the cornea."""
    place: tuple            # x, y of the mirroring normal's direction, 0: towards the camera
    size: tuple             # half width and height in the iris' radii
    angle: float
    power: float            # of its exponent: 2 round, 8 a window
    colour: np.ndarray


def placed(shift=(0, 0), angle=0.0, scale=1.0):
    """A Setting's `place`: the patch with its middle shifted (pixels), turned (radians), scaled."""
    c, s = np.cos(angle) * scale / FINE, np.sin(angle) * scale / FINE
    return np.array([[c, -s, WIDTH / 2 - 0.5 + shift[0]], [s, c, HEIGHT / 2 - 0.5 + shift[1]]])


class Scene:
    def __init__(self, layers, setting):
        self.layers, self.setting = layers, setting
        inverse = cv2.invertAffineTransform(setting.place)
        self.inverse = inverse
        # From the middle of the crop, on the screen: what the ball is drawn by.
        self.x = (inverse[0, 0] * U + inverse[0, 1] * V + inverse[0, 2]).astype(np.float32)
        self.y = (inverse[1, 0] * U + inverse[1, 1] * V + inverse[1, 2]).astype(np.float32)
        self._turn_head()
        self._move_lids()
        self._draw_skin()

    def _turn_head(self):
        """Source positions (before lids move) of the patch's pixels, and the ball's middle."""
        a, b = np.deg2rad(self.setting.turn)
        middle = np.array([gaze_eyes.WIDTH / 2 - 0.5, gaze_eyes.HEIGHT / 2 - 0.5])
        depth, step = self.layers.eye.depth, gaze_eyes.DEPTH_STEP
        x, y = self.x / np.cos(a), self.y / np.cos(b)
        if a or b:
            for _ in range(3):
                z = sample(depth, (x + middle[0]) / step, (y + middle[1]) / step)
                x = (self.x - z * np.sin(a)) / np.cos(a)
                y = (self.y + z * np.sin(b)) / np.cos(b)
        self.sx, self.sy = (x + middle[0]).astype(np.float32), (y + middle[1]).astype(np.float32)
        at = self.layers.centre - middle + self.setting.ball_shift
        z = -self.setting.ball_depth
        self.ball = np.array([at[0] * np.cos(a) + z * np.sin(a), at[1] * np.cos(b) - z * np.sin(b)])

    def _move_lids(self):
        """How far the skin has come down at every pixel; places below the upper and above the
        lower lid (du, dl)."""
        l, s = self.layers, self.setting
        curves = np.stack([l.upper, l.lower, l.t, l.arch], 1)[None]     # 1 x W x 4
        curves = sample(curves, self.sx, np.zeros_like(self.sx))
        upper, lower, self.t, arch = np.moveaxis(curves, 2, 0)
        gap = np.maximum(lower - upper, 0)
        down = s.closed * gap + 0.9 * s.follow * arch
        up = -s.raised * gap + (0.25 * s.follow * arch if s.follow > 0 else 0.15 * s.follow * arch)
        down = np.minimum(down, gap + up)       # lids meet, they do not cross
        self.upper, self.lower = upper + down, lower + up
        self.du, self.dl = self.sy - self.upper, self.lower - self.sy
        share = np.clip(self.du / np.maximum(self.lower - self.upper, 1), 0, 1)
        above, below = np.maximum(-self.du, 0), np.maximum(-self.dl, 0)
        inside = down + (up - down) * ramp(share, 0.25, 0.75)
        # Lashes move with the lid as they are; above them the skin stretches.
        self.moved = np.where(
            self.du < 0, down * np.clip(1 - (above - 8) / 46, 0, 1) ** 1.3,
            np.where(self.dl < 0, up * np.clip(1 - below / 32, 0, 1) ** 1.5, inside))
        self.gap = np.maximum(self.lower - self.upper, 0)

    def _draw_skin(self):
        l = self.layers
        y = self.sy - self.moved
        self.skin = sample(l.skin, self.sx, y)
        self.lashes = sample(l.lashes, self.sx, y)
        corner = (1 - ramp(self.t, 0.85, 0.93)) * ramp(self.t, 0.0, 0.04)   # the caruncle stays
        self.opening = (ramp(np.minimum(self.du, self.dl), -0.8, 1.2) * corner).astype(np.float32)

    def openness(self):
        """How much of the iris' height the lids leave open, 0..1."""
        gap = (self.gap * (self.opening > 0.5)).max()
        return float(np.clip(gap / (2 * self.layers.radius), 0, 1))

    def marks(self):
        """4 x 2, pixels of the patch: outer and inner corner, middle of the upper and of the lower
        lid."""
        (x0, y0), (x1, y1) = self.layers.corner
        middle = (x0 + x1) / 2
        fields = ((self.sx - x0, self.sy - y0), (self.sx - x1, self.sy - y1),
                  (self.sx - middle, self.du), (self.sx - middle, -self.dl))
        return np.array([_zero_of(*f) for f in fields], np.float32)

    def reach(self):
        """Distance of the iris from the ball's middle, pixels of the patch."""
        return TURNS * self.layers.radius * np.hypot(*self.setting.place[:, 0])

    def disc(self, gaze):
        """2 x 3: patch pixels -> the iris' own plane, in radii, for a gaze (right, up)."""
        g = np.array([gaze[0], -gaze[1]], np.float64)
        length = np.hypot(*g)
        depth = np.sqrt(max(1 - length ** 2, 0.05))
        m = np.eye(2)
        if length > 1e-6:
            m += (1 / depth - 1) * np.outer(g, g) / length ** 2
        m /= self.layers.radius
        centre = self.ball + TURNS * self.layers.radius * g
        linear = m @ self.inverse[:, :2]
        return np.column_stack([linear, m @ (self.inverse[:, 2] - centre)])

    def look(self, gaze):
        """(picture HEIGHT x WIDTH x 3, cover of the iris) at a gaze (right, up)."""
        l, s = self.layers, self.setting
        d = self.disc(gaze)
        u = (d[0, 0] * U + d[0, 1] * V + d[0, 2]).astype(np.float32)
        v = (d[1, 0] * U + d[1, 1] * V + d[1, 2]).astype(np.float32)
        away = np.hypot(u, v)
        iris = 1 - ramp(away, 1 - s.iris_soft, 1 + s.iris_soft)
        shift = VEIN_SHARE * TURNS * l.radius * np.array([gaze[0], -gaze[1]])
        veins = sample(l.veins, self.sx - shift[0], self.sy - shift[1])
        terms = l.sclera_terms(self.du, self.dl, self.sx, self.sy)
        white = np.exp(terms @ l.white + s.veins * veins) * s.white_tint
        white *= (1 - 0.10 * np.exp(-((away - 1.05) / 0.12) ** 2))[..., None]
        shadow = gaze_layers.shade(l.lid_shade, self.du, self.dl)
        worn = self._iris_colour(u, v, away) * shadow[..., None]
        ball = white * (1 - iris[..., None]) + worn * iris[..., None]
        if s.shade != 1:
            ball *= (shadow ** (s.shade - 1))[..., None]
        ball = ball + self._lamps(gaze, away)
        cover = self.opening[..., None]
        picture = self.skin * (1 - cover) + cover * ball * self.lashes[..., None]
        return np.clip(picture, 0, 1).astype(np.float32), iris.astype(np.float32)

    def _iris_colour(self, u, v, away):
        source = self.setting.iris or self.layers
        texture = source.texture
        if source is not self.layers:           # as bright as the white around it says
            ratio = (self.layers.white[0] - source.white[0]).mean()
            texture = np.clip(texture * np.exp(np.clip(ratio, -0.7, 0.7)), 0, 0.9)
        texture = np.concatenate([texture, texture[:, :1]], 1) * self.setting.iris_tint
        p = self.setting.pupil                  # rings near the middle move most
        ring = away if p == 1 else away + (1 / p - 1) * 0.4 * np.clip(away / 0.4, 0, 1) * np.clip(
            (1 - away) / 0.6, 0, 1)
        turn = np.mod(np.arctan2(v, u), 2 * np.pi) / (2 * np.pi) * SPOKES
        return sample(texture.astype(np.float32), turn, np.minimum(ring / REACH, 1) * RINGS - 0.5)

    def _lamps(self, gaze, away):
        """Mirror images: they go a little more than half as far as the iris does."""
        light = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        r = self.layers.radius
        on_cornea = 1 - 0.85 * ramp(away, 0.85, 1.1)
        for lamp in self.setting.lamps:
            x0 = self.ball[0] + r * (CORNEA * gaze[0] + LAMP * lamp.place[0])
            y0 = self.ball[1] + r * (-CORNEA * gaze[1] + LAMP * lamp.place[1])
            c, s = np.cos(lamp.angle), np.sin(lamp.angle)
            a = np.abs((c * (self.x - x0) + s * (self.y - y0)) / (r * lamp.size[0]))
            b = np.abs((c * (self.y - y0) - s * (self.x - x0)) / (r * lamp.size[1]))
            spot = np.exp(-0.7 * np.minimum(a ** lamp.power + b ** lamp.power, 30))
            light += (spot * on_cornea)[..., None] * lamp.colour
        return light


def _zero_of(fx, fy):
    """Column and row where both are zero, or as near to it as the patch goes."""
    row, column = np.unravel_index(np.argmin(fx ** 2 + fy ** 2), fx.shape)
    row, column = np.clip(row, 1, HEIGHT - 2), np.clip(column, 1, WIDTH - 2)
    slopes = np.array([[(f[row, column + 1] - f[row, column - 1]) / 2,
                        (f[row + 1, column] - f[row - 1, column]) / 2] for f in (fx, fy)])
    step = np.linalg.lstsq(slopes, [fx[row, column], fy[row, column]], rcond=None)[0]
    return np.array([column, row]) - np.clip(step, -1, 1)


def flow(to, source):
    """Where each pixel of the look with disc() `to` comes from in the one with `source`, less its
    own place: exact for the iris, near it for the white. HEIGHT x WIDTH x 2, pixels."""
    m = cv2.invertAffineTransform(source)
    whole = m[:, :2] @ to[:, :2]
    at = m[:, :2] @ to[:, 2] + m[:, 2]
    return np.stack([whole[0, 0] * U + whole[0, 1] * V + at[0] - U,
                     whole[1, 0] * U + whole[1, 1] * V + at[1] - V], -1).astype(np.float32)
