#!/usr/bin/env python3
"""Measure a style file on people it was not trained on.

    training/evaluate.py cartoon [--onnx FILE] [--scenes 16]

Prints, as means over held-out scenes:
  l1, psnr     student against its teacher (scale 0..1; dB)
  noise gain   rms change of the output / rms of sensor noise (sigma 4/255) put
               on the input; below 1 the filter calms noise
  motion       the scene moves by one pixel, with fresh noise in both frames:
               rms(frame 2 moved back - frame 1), in levels of 255
"""
import argparse
import os

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F

import content_pictures
import pair_cache
import scene_maker
from style_table import STYLES

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SEED = 2
SIGMA = 4 / 255


def add_shared(parser):
    parser.add_argument("--shared", default=os.environ.get(
        "MIEN_SHARED", os.path.join(os.path.dirname(REPO), "shared")),
        help="folder with data/ and teachers/ (default %(default)s)")


def model_path(name):
    return os.path.join(REPO, "models", "style-%s.onnx" % name)


class Student:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)

    def __call__(self, x):
        return torch.from_numpy(
            self.session.run(None, {"input": x.numpy()})[0])


def _rms(x):
    return float(x.pow(2).mean().sqrt())


def _doubled(x):
    """The teachers want twice the network's size."""
    return F.interpolate(x, scale_factor=2, mode="bilinear",
                         align_corners=False)


def measure(style, student, render, noise):
    def teacher(x):
        return F.avg_pool2d(style.teacher(_doubled(x)), 2)

    x, target = pair_cache.teach(style, render)
    n1, n2 = (torch.randn(x.shape, generator=noise) * SIGMA for _ in range(2))
    first = (x + n1).clamp(0, 1)
    second = (torch.roll(x, (1, 1), (2, 3)) + n2).clamp(0, 1)
    inner = (..., slice(8, -8), slice(8, -8))

    def stability(f):
        a, b = f(first), torch.roll(f(second), (-1, -1), (2, 3))
        return (_rms((a - f(x))[inner]) / _rms((first - x)[inner]),
                255 * _rms((a - b)[inner]))

    error = student(x) - target
    (gain, motion), (t_gain, t_motion) = stability(student), stability(teacher)
    return {"l1": float(error.abs().mean()),
            "psnr": -20 * np.log10(_rms(error)),
            "noise gain": gain, "noise gain, teacher": t_gain,
            "motion": motion, "motion, teacher": t_motion,
            "motion, input": 255 * _rms((n1 - n2)[inner])}


@torch.no_grad()
def report(style, path, maker, scenes):
    student = Student(path)
    noise = torch.Generator().manual_seed(SEED)
    rows = [measure(style, student, maker.scene(i), noise)
            for i in range(scenes)]
    print("%d held-out scenes" % scenes)
    for name in rows[0]:
        print("  %-20s %8.4f" % (name, np.mean([r[name] for r in rows])))


def held_out_scenes(shared):
    kinds = content_pictures.find(os.path.join(shared, "data"))
    return scene_maker.SceneMaker(content_pictures.held_out_part(kinds), SEED)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("style", choices=sorted(STYLES))
    p.add_argument("--onnx", help="default models/style-NAME.onnx")
    p.add_argument("--scenes", type=int, default=16)
    add_shared(p)
    o = p.parse_args()
    report(STYLES[o.style], o.onnx or model_path(o.style),
           held_out_scenes(o.shared), o.scenes)


if __name__ == "__main__":
    main()
