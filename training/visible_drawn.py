"""Drawn faces for the smoke run: no data set and no mesh are needed."""
import cv2
import numpy as np

import visible_data
import visible_masks as masks
import visible_occluders as occluders
from visible_faces import SIZE, Face


def _points():
    """A flat stand-in for the mesh: only the outlines that the masks use are in place."""
    points = np.zeros((468, 2), np.float32) + SIZE / 2
    t = np.linspace(-np.pi / 2, 1.5 * np.pi, len(masks.OVAL), endpoint=False)
    points[list(masks.OVAL)] = SIZE / 2 + np.stack((38 * np.cos(t), 50 * np.sin(t)), 1)
    t = np.linspace(0, 2 * np.pi, len(masks.INNER), endpoint=False)
    points[list(masks.INNER)] = SIZE / 2 + np.stack((28 * np.cos(t), 8 + 36 * np.sin(t)), 1)
    for eye, x in zip(masks.EYES, (-16, 16)):
        t = np.linspace(np.pi, 3 * np.pi, len(eye), endpoint=False)
        points[list(eye)] = SIZE / 2 + np.stack((x + 8 * np.cos(t), -10 + 4 * np.sin(t)), 1)
    points[9] = SIZE / 2 + np.array((0, -22))
    points[168] = SIZE / 2 + np.array((0, -10))
    return points


def _face(i):
    rng = np.random.default_rng(i)
    image = np.zeros((SIZE, SIZE, 3), np.uint8) + rng.integers(0, 255, 3).astype(np.uint8)
    skin = (np.array([215, 165, 140]) * rng.uniform(0.3, 1.1)).tolist()
    points = _points() + rng.normal(0, 3, 2).astype(np.float32)
    cv2.fillPoly(image, [points[list(masks.OVAL)].astype(np.int32)], skin)
    for eye in masks.EYES:
        cv2.fillPoly(image, [points[list(eye)].astype(np.int32)], (240, 240, 240))
    return Face("avatars/%d" % i, str(i), False, image, points)


def composer():
    return visible_data.Composer([_face(i) for i in range(6)], {}, occluders.Stock([], []))
