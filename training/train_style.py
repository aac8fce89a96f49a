#!/usr/bin/env python3
"""Make one style model end to end: scenes, teacher, training, ONNX, figures.

    training/train_style.py cartoon                 # everything
    training/train_style.py cartoon --steps 1000    # a quick look
    training/train_style.py cartoon --smoke         # a minute, needs no data

Data and the feature network are looked for in --shared (default: MIEN_SHARED,
else ../shared beside the repository). Teacher pictures and checkpoints are
kept in --cache, and an interrupted run goes on where it stopped.
"""
import argparse
import os
import sys

import torch

import content_pictures
import evaluate
import pair_cache
import scene_maker
import style_export
import style_losses
import style_trainer
from drawn_scenes import DrawnScenes
from squeeze_features import SqueezeFeatures
from style_table import STYLES

TRAIN_SEED = 1


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("style", choices=sorted(STYLES))
    evaluate.add_shared(p)
    p.add_argument("--cache", default=os.environ.get(
        "MIEN_TRAINING_CACHE", os.path.join(evaluate.REPO, ".cache", "training")))
    p.add_argument("--out", help="ONNX file (default models/style-NAME.onnx)")
    p.add_argument("--scenes", type=int, default=512)
    p.add_argument("--steps", type=int, default=4200)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--fresh", action="store_true", help="forget the checkpoint")
    p.add_argument("--smoke", action="store_true",
                   help="tiny run on drawn scenes; nothing in models/ changes")
    o = p.parse_args()
    if o.smoke:
        o.scenes, o.steps, o.fresh = 8, 20, True
        o.cache = os.path.join(o.cache, "smoke")
        o.out = o.out or os.path.join(o.cache, "style-%s.onnx" % o.style)
    o.out = o.out or evaluate.model_path(o.style)
    return o


def perceptual_loss(shared):
    base = os.path.join(shared, "teachers", "squeezenet1.1", "squeezenet_v1.1")
    if not os.path.exists(base + ".bin"):
        sys.exit("no feature network %s.bin (see training/README.md)" % base)
    features = SqueezeFeatures(base).to(memory_format=torch.channels_last)
    return style_losses.Perceptual(features)


def training_scenes(shared):
    kinds = content_pictures.find(os.path.join(shared, "data"))
    if "london" not in kinds:
        sys.exit("no data under %s (see training/README.md)" % shared)
    return scene_maker.SceneMaker(content_pictures.training_part(kinds),
                                  TRAIN_SEED)


def train(o):
    style = STYLES[o.style]
    os.makedirs(o.cache, exist_ok=True)
    checkpoint = os.path.join(o.cache, "style-%s.pt" % o.style)
    if o.fresh and os.path.exists(checkpoint):
        os.remove(checkpoint)
    if o.smoke:
        seen = unseen = DrawnScenes()
        perceptual = None
    else:
        seen, unseen = training_scenes(o.shared), evaluate.held_out_scenes(o.shared)
        perceptual = perceptual_loss(o.shared)
    pairs = pair_cache.load(style, seen, o.cache, o.scenes)
    net = style_trainer.Trainer(style, pairs, perceptual, checkpoint,
                                o.steps).run()
    style_export.save(net.fold(), o.out, style.title)
    print("wrote %s, %d bytes" % (o.out, os.path.getsize(o.out)))
    evaluate.report(style, o.out, unseen, scenes=2 if o.smoke else 16)


if __name__ == "__main__":
    args = options()
    torch.set_num_threads(args.threads)
    train(args)
