#!/usr/bin/env python3
"""How far the mesh takes the patch of an eye along with the iris (gaze_pairs.DRAG).

    training/gaze_drag.py [--count N]

Faces of the training with eyes drawn anew at places within 20 degrees of the camera, the rest of
the picture as it is (gaze_stream.py). Prints the way of the patches' middle for a way of the iris
of 1, across and up, for all and its spread over faces, and what is left over, pixels of the patch.
"""
import argparse
import itertools

import cv2
import numpy as np

import evaluate
import gaze_apply
import gaze_evaluate
import gaze_eyes
import gaze_patch
import gaze_stream
import visible_evaluate
import visible_faces

SHARE = 18                  # one picture in so many
LOOKS, MOST = 6, 20.0       # of a face; degrees


def middles(points, still):
    """2 x 2: of both eyes' patches in the axes of `still`, pixels right and up."""
    out = []
    for eye, mirror in enumerate(gaze_apply.MIRRORS):
        m = gaze_patch.matrix(still, eye)
        middle = (points[gaze_patch.OUTER[eye]] + points[gaze_patch.INNER[eye]])[:2] / 2
        out.append((m[:, :2] @ middle + m[:, 2]) * (mirror[0], -1))
    return np.array(out)


def ways(face, finder, rng):
    """Ways of the iris and, in the mean of both eyes, of the patch: LOOKS x 2 each."""
    iris, patch, still = [], [], None
    for gaze in [np.zeros(2)] + [gaze_evaluate.some_gaze(rng, MOST) for _ in range(LOOKS)]:
        picture = gaze_stream.Frame(face, 0.0, gaze).whole(gaze)
        picture = picture + rng.standard_normal(picture.shape, np.float32) * gaze_stream.NOISE
        points = gaze_eyes.face_points(finder, np.uint8(np.clip(picture, 0, 255)))
        if points is None:
            return None
        if still is None:
            still = points
        else:
            iris.append(gaze * gaze_patch.BALL)
            patch.append((middles(points, still) - middles(still, still)).mean(0))
    return np.array(iris), np.array(patch)


def share(iris, patch):
    """Across and up: the least squares' way of the patch for a way of the iris of 1."""
    return (iris * patch).sum(0) / (iris ** 2).sum(0)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--count", type=int, default=1000, help="faces")
    o = p.parse_args()
    cv2.setNumThreads(1)
    finder, rng = visible_faces.Finder(o.models), np.random.default_rng(gaze_evaluate.SEED)
    found = (ways(face, finder, rng) for _, face in itertools.islice(gaze_stream.faces(
        o, finder, rng, ("london", "synthetic"), held_out=False, every=SHARE), o.count))
    found = [f for f in found if f is not None]
    iris, patch = (np.concatenate(f) for f in zip(*found))
    mean, each = share(iris, patch), np.array([share(*f) for f in found])
    print("across %.2f +- %.2f, up %.2f +- %.2f; left over %.2f, %.2f pixels (%d faces)" % (
        mean[0], each[:, 0].std(), mean[1], each[:, 1].std(), *(patch - iris * mean).std(0),
        len(found)))


if __name__ == "__main__":
    main()
