"""Scenes drawn from nothing, for the smoke run: no data set is needed."""
import cv2
import numpy as np

from scene_maker import RENDER


class DrawnScenes:
    """The interface of SceneMaker: discs and bars over a soft gradient."""

    signature = "drawn"

    def scene(self, index):
        rng = np.random.default_rng(index)
        corners = rng.uniform(40, 215, (2, 2, 3)).astype(np.float32)
        image = cv2.resize(corners, (RENDER, RENDER)).astype(np.uint8)
        for _ in range(12):
            colour = tuple(int(c) for c in rng.integers(0, 256, 3))
            x, y, a, b = (int(v) for v in rng.integers(10, RENDER // 2, 4))
            centre = (x * 2, y * 2)
            if rng.random() < 0.6:
                cv2.ellipse(image, centre, (a // 3 + 4, b // 3 + 4), x, 0, 360,
                            colour, -1, cv2.LINE_AA)
            else:
                cv2.line(image, centre, (a * 2, b * 2), colour,
                         2 + b // 24, cv2.LINE_AA)
        return image
