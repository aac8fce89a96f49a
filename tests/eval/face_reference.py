#!/usr/bin/env python3
"""The networks alone, with nothing steadied, for truth and for comparison.

    face_reference.py [--models DIR] [--reset-every N] [name=value ...] FILE

prints the lines of print_faces --points --times for a Y4M file: a face is looked for in the square
of its last points and detected again when it is not there. Pose, gaze and the like are left out
(null).
"""
import argparse
import json
import os
import sys
import time

import numpy as np

import face_render
import face_sources

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


class Reference:
    """The interface that face_sources.true_points() wants; squares are (x, y, side, angle)."""

    def __init__(self, models=None):
        sys.path.insert(0, os.path.join(TOP, "tests", "face"))
        import reference_faces
        self.faces = reference_faces
        self.networks = reference_faces.Networks(models or os.path.join(TOP, "models"))

    def detect(self, rgb, threshold=0.5):
        found = self.networks.detect(rgb, "full", threshold) or self.networks.detect(
            rgb, "short", threshold)
        return [(d.score, d.box[:2] + d.box[2:] / 2, d.box[2:], d.keys) for d in found]

    def mesh(self, rgb, square):
        presence, points = self.networks.points(rgb, self.faces.Roi(*map(float, square)))
        return points, presence


def follow(reference, rgb, known):
    """(square, points, presence) of every face."""
    seen = []
    for square in known:
        points, presence = reference.mesh(rgb, square)
        if presence >= 0.5:
            seen.append((points, presence))
    if not seen:
        for _, centre, size, keys in reference.detect(rgb):
            d = keys[1] - keys[0]
            points, presence = reference.mesh(
                rgb, (*centre, 1.5 * size.max(), np.arctan2(d[1], d[0])))
            if presence >= 0.5:
                seen.append((points, presence))
    return seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models")
    parser.add_argument("--reset-every", type=int, default=0)
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    reference, known = Reference(args.models), []
    with open(args.words[-1], "rb") as file:
        fields = file.readline().decode().split()
        width, height = (int(next(f[1:] for f in fields if f[0] == k)) for k in "WH")
        size = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
        number = 0
        while file.readline():
            rgb = face_render.rgb_of_y4m(file.read(size), width, height)
            if args.reset_every and number % args.reset_every == 0:
                known = []
            start, faces = time.process_time(), []
            seen = follow(reference, rgb, known)
            known = [face_sources.roi_of_points(p) for p, _ in seen]
            for k, (points, presence) in enumerate(seen):
                low, high = points[:468, :2].min(0), points[:468, :2].max(0)
                faces.append({"id": k + 1, "lost": False, "presence": presence,
                              "box": [*low.tolist(), *(high - low).tolist()],
                              "pose": None, "gaze": None, "aperture": None, "glasses": None,
                              "visible": None,
                              "points": np.round(points, 4).tolist()})
            print(json.dumps({"frame": number, "cpu_ms": (time.process_time() - start) * 1e3,
                              "faces": faces}), flush=True)
            number += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
