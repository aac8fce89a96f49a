#!/usr/bin/env python3
"""One picture for the eye: rows of input, teacher and student, per style.

    training/contact_sheet.py sheet.png [--pictures FILE ...] [--height 360]

Without --pictures it shows held-out scenes. A style's row pair is the teacher
(above) and the shipped ONNX file (below).
"""
import argparse

import cv2
import numpy as np
import torch

import evaluate
import pair_cache
from style_table import STYLES


def _render(path, height):
    """Twice the network's size, cut to a multiple of 16."""
    image = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
    scale = 2 * height / image.shape[0]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=how)
    h, w = (n // 16 * 16 for n in image.shape[:2])
    return np.ascontiguousarray(image[:h, :w])


def _row(pictures, label):
    row = np.hstack([pair_cache.to_bytes(p)[0] for p in pictures])
    row = cv2.cvtColor(row, cv2.COLOR_RGB2BGR)
    for width, colour in ((3, (0, 0, 0)), (1, (255, 255, 255))):
        cv2.putText(row, label, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5,
                    colour, width, cv2.LINE_AA)
    return row


@torch.no_grad()
def sheet(renders, names, teachers=True):
    rows = []
    for name in names:
        style = STYLES[name]
        student = evaluate.Student(evaluate.model_path(name))
        pairs = [pair_cache.teach(style, r) for r in renders]
        if not rows:
            rows.append(_row([x for x, _ in pairs], "input"))
        if teachers:
            rows.append(_row([y for _, y in pairs], name + ", teacher"))
        rows.append(_row([student(x) for x, _ in pairs], name))
    return np.vstack(rows)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("out")
    p.add_argument("--pictures", nargs="*")
    p.add_argument("--height", type=int, default=360)
    p.add_argument("--count", type=int, default=6, help="held-out scenes")
    p.add_argument("--styles", nargs="*", default=sorted(STYLES))
    evaluate.add_shared(p)
    o = p.parse_args()
    renders = [_render(f, o.height) for f in o.pictures] if o.pictures \
        else [evaluate.held_out_scenes(o.shared).scene(i)
              for i in range(o.count)]
    cv2.imwrite(o.out, sheet(renders, o.styles))


if __name__ == "__main__":
    main()
