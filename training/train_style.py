#!/usr/bin/env python3
"""Make one style model end to end: scenes, teacher, training, ONNX, figures.

    training/train_style.py cartoon                 # everything, about an hour
    training/train_style.py cartoon --steps 1000    # a quick look
    training/train_style.py cartoon --smoke         # a minute, needs no data

Data and the feature network are looked for in --shared (default: MIEN_SHARED,
else ../shared beside the repository). Scenes, teacher pictures and checkpoints
are kept in --cache, and an interrupted run goes on where it stopped.
"""
import argparse
import os
import sys

import torch

import content_pictures
import evaluate
import pair_cache
import style_export
import style_losses
import style_trainer
from squeeze_features import SqueezeFeatures
from style_table import STYLES

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TRAIN_SEED = 1


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("style", choices=sorted(STYLES))
    p.add_argument("--shared", default=os.environ.get(
        "MIEN_SHARED", os.path.join(os.path.dirname(REPO), "shared")))
    p.add_argument("--cache", default=os.environ.get(
        "MIEN_TRAINING_CACHE", os.path.join(REPO, ".cache", "training")))
    p.add_argument("--out", help="ONNX file (default models/style-NAME.onnx)")
    p.add_argument("--scenes", type=int, default=1024)
    p.add_argument("--steps", type=int, default=8000)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--fresh", action="store_true", help="forget the checkpoint")
    p.add_argument("--smoke", action="store_true",
                   help="tiny run on drawn scenes; nothing in models/ changes")
    o = p.parse_args()
    if o.smoke:
        o.scenes, o.steps, o.fresh = pair_cache.CHUNK, 20, True
        o.cache = os.path.join(o.cache, "smoke")
        o.out = o.out or os.path.join(o.cache, "style-%s.onnx" % o.style)
    o.out = o.out or os.path.join(REPO, "models", "style-%s.onnx" % o.style)
    return o


def perceptual_loss(shared):
    base = os.path.join(shared, "teachers", "squeezenet1.1", "squeezenet_v1.1")
    if not os.path.exists(base + ".bin"):
        print("no feature network in %s: perceptual loss is off" % shared)
        return None
    features = SqueezeFeatures(base).to(memory_format=torch.channels_last)
    return style_losses.Perceptual(features)


def train(o):
    style = STYLES[o.style]
    os.makedirs(o.cache, exist_ok=True)
    kinds = {} if o.smoke else content_pictures.find(
        os.path.join(o.shared, "data"))
    if not kinds and not o.smoke:
        sys.exit("no data under %s (see training/README.md)" % o.shared)
    seen = content_pictures.training_part(kinds)
    pairs = pair_cache.load(style, seen, o.cache, o.scenes, TRAIN_SEED)
    checkpoint = os.path.join(o.cache, "style-%s.pt" % o.style)
    if o.fresh and os.path.exists(checkpoint):
        os.remove(checkpoint)
    perceptual = None if o.smoke else perceptual_loss(o.shared)
    net = style_trainer.Trainer(style, pairs, perceptual, checkpoint,
                                o.steps).run()
    style_export.save(net.fold(), o.out, style.title)
    print("wrote %s, %d bytes" % (o.out, os.path.getsize(o.out)))
    unseen = content_pictures.held_out_part(kinds)
    evaluate.report(style, o.out, unseen, scenes=4 if o.smoke else 32)


if __name__ == "__main__":
    args = options()
    torch.set_num_threads(args.threads)
    train(args)
