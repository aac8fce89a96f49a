"""Drawn eyes for the smoke run: no data set and no face networks are needed."""
import cv2
import numpy as np

import gaze_eyes
import visible_data
from gaze_eyes import HEIGHT, WIDTH
from gaze_layers import FINE
from gaze_patch import IRIS


def _eye(person, side, held_out):
    rng = np.random.default_rng(person)
    skin = np.array([215, 165, 140]) * rng.uniform(0.4, 1.1)
    image = np.zeros((HEIGHT, WIDTH, 3), np.float32) + skin
    image += rng.normal(0, 4, image.shape)
    x0, x1, y, gap = WIDTH / 2 - 42, WIDTH / 2 + 42, HEIGHT / 2, rng.uniform(24, 32)
    t = np.linspace(0, 1, 9)
    arch = 4 * t * (1 - t)
    upper = np.stack([x0 + (x1 - x0) * t, y - 0.62 * gap * arch], 1)
    lower = np.stack([x0 + (x1 - x0) * t, y + 0.38 * gap * arch], 1)
    centre, radius = np.array([WIDTH / 2 - 2, y - 0.12 * gap]), IRIS * FINE
    ball = np.zeros_like(image) + (225, 220, 215)
    tone = rng.uniform(30, 150, 3)
    for r, colour in ((radius, tone), (radius * 0.4, (12, 12, 12))):
        cv2.circle(ball, np.round(centre * 16).astype(int).tolist(), int(r * 16), colour.tolist()
                   if isinstance(colour, np.ndarray) else colour, -1, cv2.LINE_AA, 4)
    inside = np.zeros((HEIGHT, WIDTH), np.uint8)
    outline = np.concatenate([upper, lower[::-1]])
    cv2.fillPoly(inside, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    image += (ball - image) * (inside / np.float32(255))[..., None]
    image = np.clip(cv2.GaussianBlur(image, (0, 0), 0.8), 0, 255).astype(np.uint8)
    rim = radius * np.array([(0, 0), (1, 0), (0, -1), (-1, 0), (0, 1)])
    shape = HEIGHT // gaze_eyes.DEPTH_STEP + 1, WIDTH // gaze_eyes.DEPTH_STEP + 1
    return gaze_eyes.Eye("drawn/%d/%s" % (person, side), "drawn%d" % person, held_out, image, upper,
                         lower, centre + rim, np.zeros(shape, np.float32), 180.0,
                         np.zeros(2), visible_data.WITHOUT)


def eyes():
    return [_eye(person, side, person >= 4) for person in range(6) for side in ("left", "right")]
