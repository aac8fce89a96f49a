"""Drawn faces and a bank of noise for the smoke run: no data set and no mesh network are needed."""
import cv2
import numpy as np

import age_atlas as atlas
import age_bank
import age_pairs
import age_teacher
import visible_masks
import visible_occluders
from age_faces import KEPT, SIDE, AgeFace
from age_samples import Samples


def _points(rng):
    """The mean face, looking ahead, with irises in the middle of the eyes."""
    unit = SIDE / 2.4
    mesh = atlas.MEAN * unit * rng.uniform(0.97, 1.03, 3)
    mesh[:, :2] += KEPT / 2 + np.array([0, -0.33 * unit])
    irises = [np.repeat(mesh[list(eye)].mean(0, keepdims=True), 5, 0) for eye in visible_masks.EYES]
    return np.vstack([mesh, *irises]).astype(np.float32)


def _face(i):
    rng = np.random.default_rng(i)
    image = np.zeros((KEPT, KEPT, 3), np.uint8) + rng.integers(0, 255, 3).astype(np.uint8)
    skin = (np.array([215, 165, 140]) * rng.uniform(0.3, 1.1)).tolist()
    points = _points(rng)

    def fill(outline, colour):
        cv2.fillPoly(image, [points[list(outline), :2].astype(np.int32)], colour)
    fill(visible_masks.OVAL, skin)
    for eye in visible_masks.EYES:
        fill(eye, (240, 240, 240))
    fill(visible_masks.LIPS, (170, 80, 80))
    return AgeFace("synthetic/%d" % i, str(i), False, 30.0, 1.0, image, points,
                   np.zeros((KEPT, KEPT), np.uint8))


def _bank():
    rng, n = np.random.default_rng(1), atlas.N
    noise = [atlas.blur(rng.standard_normal((n, n)).astype(np.float32), s) * s
             for s in (1, *age_bank.SIGMAS)]
    return {"wrinkles": 0.1 * noise[1], "folds": 0.1 * noise[5],
            "young": 0.02 * np.stack(noise[1:]), "colour": 0.01 * np.dstack(noise[4:])}


def samples(cache):
    pairs = age_pairs.Pairs([_face(i) for i in range(3)], cache)
    teacher = age_teacher.Teacher(_bank())
    pairs.make(teacher)
    return Samples(pairs, teacher, visible_occluders.Stock([], []))
