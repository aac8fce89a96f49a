"""Light, lens and sensor between an eye and its patch.

develop() is the same for all looks of a scene; expose() has its own noise and compression each
time.
"""
import cv2
import numpy as np

from gaze_patch import HEIGHT, WIDTH


class Camera:
    def __init__(self, rng):
        self.gain = np.exp(rng.normal(0, 0.22)) * np.exp(rng.normal(0, 0.07, 3))
        self.gamma = np.exp(rng.normal(0, 0.2))
        tilt = rng.normal(0, 0.25, 2)
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / np.array([HEIGHT, WIDTH])[:, None, None] - 0.5
        self.lamp = np.exp(tilt[0] * x + tilt[1] * y)[..., None]
        if rng.random() < 0.08:
            self.gain = self.gain * rng.uniform(0.3, 0.7)
        self.colour = rng.uniform(0.6, 1.25) if rng.random() < 0.93 else 0.0
        # Pixels of the frame in one of the patch; below that, detail is lost.
        self.detail = min(1.0, np.exp(rng.uniform(np.log(0.38), np.log(2.2))))
        self.blur = rng.uniform(0.3, 1.2) if rng.random() < 0.35 else 0.0
        self.sharpen = rng.uniform(0, 0.8) if rng.random() < 0.25 else 0.0
        self.drag = None
        if rng.random() < 0.06:
            n, a = int(rng.integers(3, 7)), rng.uniform(0, np.pi)
            k = np.zeros((n, n), np.float32)
            c, d = (n - 1) / 2, (n - 1) / 2 * np.array([np.cos(a), np.sin(a)])
            ends = [np.round(p).astype(int).tolist() for p in (c - d, c + d)]
            cv2.line(k, *ends, 1, 1)
            self.drag = k / k.sum()
        low = rng.random() < 0.1
        self.noise = rng.uniform(0.015, 0.04) if low else rng.uniform(0, 0.018)
        self.shot = rng.uniform(0, 0.02)
        self.grain = rng.uniform(0, 1.0) if rng.random() < 0.3 else 0.0
        self.limit = None

    @classmethod
    def usual(cls, rng):
        """A webcam in a lit room: little blur, noise and cast."""
        c = cls(rng)
        c.gain = np.exp(rng.normal(0, 0.12)) * np.exp(rng.normal(0, 0.04, 3))
        c.gamma, c.colour = np.exp(rng.normal(0, 0.1)), rng.uniform(0.8, 1.15)
        c.detail, c.drag = max(c.detail, 0.7), None
        c.blur, c.sharpen = min(c.blur, 0.5), min(c.sharpen, 0.4)
        c.noise, c.shot, c.grain = min(c.noise, 0.012), min(c.shot, 0.012), min(c.grain, 0.4)
        return c

    def develop(self, picture):
        x = np.clip(picture, 0, 1) ** self.gamma * self.gain * self.lamp
        if self.limit is None:      # auto exposure, found in the first look
            self.limit = min(1.0, 0.72 / float(x.mean()))
        x = x * self.limit
        grey = x.mean(2, keepdims=True)
        x = grey + (x - grey) * self.colour
        x = np.where(x < 0.85, x, 0.85 + 0.15 * np.tanh((x - 0.85) / 0.15))
        x = np.clip(x, 0, 1).astype(np.float32)
        if self.blur:
            x = cv2.GaussianBlur(x, (0, 0), self.blur)
        if self.drag is not None:
            x = cv2.filter2D(x, -1, self.drag, borderType=cv2.BORDER_REPLICATE)
        if self.detail < 0.97:
            size = max(12, round(WIDTH * self.detail)), max(8, round(HEIGHT * self.detail))
            small = cv2.resize(x, size, interpolation=cv2.INTER_AREA)
            x = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        if self.sharpen:
            x = np.clip(x + self.sharpen * (x - cv2.GaussianBlur(x, (0, 0), 1.2)), 0, 1)
        return x


def expose(picture, noise, shot, grain, rng):
    """One frame of it. Noise in pixels of the patch; `grain` of it is coarser."""
    x = picture
    if noise or shot:
        n = rng.standard_normal(x.shape, np.float32)
        if grain:
            n = n * (1 - grain) + 2.5 * grain * cv2.GaussianBlur(n, (0, 0), 1.0)
        x = x + n * np.sqrt(noise ** 2 + shot ** 2 * np.maximum(x, 0))
    x = np.clip(x, 0, 1)
    if rng.random() < 0.35:
        quality = int(rng.integers(40, 95))
        code = cv2.imencode(".jpg", (x * 255).astype(np.uint8)[..., ::-1],
                            [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        x = cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32) / 255
    return x.astype(np.float32)
