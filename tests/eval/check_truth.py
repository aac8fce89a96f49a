#!/usr/bin/env python3
"""How far the truth's iris centres lie from the pupils that people marked by hand.

    check_truth.py [--cache DIR] [--shared DIR]

The London faces come with 189 hand-placed points; the first two are the pupils.
"""
import argparse
import os
import sys

import numpy as np

import face_clips
import face_sources


def main():
    root = os.path.dirname(os.path.dirname(face_clips.HERE))
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", default=os.path.join(root, ".cache", "eval-faces"))
    parser.add_argument("--shared", default=os.path.join(os.path.dirname(root), "shared", "data"))
    args = parser.parse_args()
    store = face_clips.open_store(args.cache, args.shared)
    errors = []
    for name in store.names("london"):
        source = store.get(name)
        marks = np.loadtxt(store.path(name)[:-4] + ".pts")[:2] if source else None
        if marks is not None:
            d = source.points[[468, 473], :2] - marks[np.argsort(marks[:, 0])] - 0.5
            errors.append(d / face_sources.outer_eyes(source.points) * 100)
    if not errors:
        print("skipped: no London faces")
        return 77
    errors = np.array(errors)
    length = np.hypot(errors[..., 0], errors[..., 1])
    print(f"{len(errors)} faces: iris centre to pupil {length.mean():.2f} % of the outer-eye "
          f"distance (worst {length.max():.2f}), mean x {errors[..., 0].mean():.2f}, "
          f"y {errors[..., 1].mean():.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
