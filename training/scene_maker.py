"""Scenes: what a webcam would show at network resolution.

A scene is rendered at twice the network's size (the teachers work there) with
a face of 70 to 230 network pixels, jittered light and colour. Everything is
drawn from one seed, so that a scene set can be made again.
"""
import cv2
import numpy as np

import content_pictures

SIZE = 256                  # of the network picture
RENDER = 2 * SIZE
FACE_HEIGHT = (70, 230)     # network pixels
# How often each kind is drawn; absent kinds are left out.
SHARES = {"london": 0.24, "avatars": 0.20, "synthetic": 0.24,
          "portraits": 0.10, "room": 0.12, "general": 0.05, "flat": 0.05}


def _resized(image, scale):
    h, w = image.shape[:2]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, (max(1, round(w * scale)), max(1, round(h * scale))),
                      interpolation=how)


def _window(image, height, width, rng, scale):
    """A crop of the scaled picture; scaled up further where it must cover."""
    h, w = image.shape[:2]
    scale = max(scale, height / h + 1e-3, width / w + 1e-3)
    image = _resized(image, scale)
    # Faces sit in the upper middle: crops keep near there.
    y = int((image.shape[0] - height) * np.clip(rng.normal(0.35, 0.2), 0, 1))
    x = int((image.shape[1] - width) * np.clip(rng.normal(0.5, 0.2), 0, 1))
    return image[y:y + height, x:x + width]


def _face_scale(picture, image, rng):
    share = content_pictures.FACE_SHARE.get(picture.kind)
    if share is None:
        return rng.uniform(0.6, 1.3) * RENDER / SIZE * 360 / image.shape[0]
    wanted = np.exp(rng.uniform(*np.log(FACE_HEIGHT))) * RENDER / SIZE
    return wanted / (share * image.shape[0])


def _flat(rng):
    """Walls: slow gradients of any colour, which must stay calm."""
    small = rng.uniform(0, 255, (1, 1, 3)) + rng.normal(0, 25, (3, 3, 3)) \
        + rng.normal(0, 30, (3, 3, 1))
    big = cv2.resize(small.astype(np.float32), (RENDER, RENDER),
                     interpolation=cv2.INTER_CUBIC)
    return np.clip(big, 0, 255).astype(np.uint8)


def _light(image, rng):
    """Exposure, contrast, white balance, saturation and uneven light."""
    x = image.astype(np.float32) / 255
    x = x ** np.exp(rng.normal(0, 0.22))
    x = (x - 0.5) * rng.uniform(0.75, 1.15) + 0.5 + rng.normal(0, 0.04)
    x = x * np.exp(rng.normal(0, 0.06, 3))
    grey = x.mean(2, keepdims=True)
    x = grey + (x - grey) * rng.uniform(0.55, 1.25)
    if rng.random() < 0.4:
        lamp = cv2.resize(rng.uniform(0.65, 1.1, (2, 2)), x.shape[1::-1],
                          interpolation=cv2.INTER_LINEAR)
        x = x * lamp[:, :, None]
    return (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)


class SceneMaker:
    """`scene(i)` is a [RENDER, RENDER, 3] RGB picture, always the same."""

    def __init__(self, kinds, seed):
        self.kinds, self.seed = kinds, seed
        self.names = [k for k in SHARES if k in kinds or k == "flat"]
        share = np.array([SHARES[k] for k in self.names])
        self.share = share / share.sum()
        self.read = {}
        pictures = sorted("%s %d" % (p.path.rsplit("/", 1)[-1], p.frame)
                          for kind in kinds.values() for p in kind)
        self.signature = "%d %s" % (seed, pictures)

    def _picture(self, picture):
        if picture not in self.read:
            self.read[picture] = picture.read()
        return self.read[picture]

    def _tile(self, height, width, rng):
        kind = self.names[rng.choice(len(self.names), p=self.share)]
        if kind == "flat":
            return _flat(rng)[:height, :width]
        pictures = self.kinds[kind]
        picture = pictures[rng.integers(len(pictures))]
        image = self._picture(picture)
        if image is None:
            return _flat(rng)[:height, :width]
        return _window(image, height, width, rng,
                       _face_scale(picture, image, rng))

    def scene(self, index):
        rng = np.random.default_rng((self.seed, index))
        if rng.random() < 0.25:
            # Two halves: small faces from pictures too small to fill a scene.
            half = RENDER // 2
            tiles = [np.hstack([_light(self._tile(half, half, rng), rng)
                                for _ in range(2)]) for _ in range(2)]
            image = np.vstack(tiles)
        else:
            image = _light(self._tile(RENDER, RENDER, rng), rng)
        return np.ascontiguousarray(image[:, ::-1] if rng.random() < 0.5 else image)
