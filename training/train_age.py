#!/usr/bin/env python3
"""Make models/face-age.onnx: the network that makes faces look older and younger.

    training/train_age.py               # everything
    training/train_age.py --high        # after that: the larger one, models/face-age-high.onnx
    training/train_age.py --smoke       # a minute, on drawn faces: no data needed

Finds the faces, makes the bank of what ageing adds and the teacher's layers, trains, writes the
file. Everything is kept in --cache; an interrupted run goes on. --export writes the file from the
last checkpoint and ends. The network of --high, for quality=high, begins as the other one, made
wider (age_widen.py): --cache has to have the checkpoint of that. A student that is not sure where a
line lies makes it weaker than its teacher does; --strength makes up for it (to be found on people
of the training); --finest takes the thinnest lines back, which look drawn on a blurred picture.
Needs the face networks of models/fetch_faces.sh.
"""
import argparse
import os

import cv2
import torch

import age_bank
import age_faces
import age_network
import age_pairs
import age_teacher
import age_widen
import evaluate
import visible_evaluate
import visible_hands
import visible_occluders
from age_samples import Samples
from age_trainer import Trainer
from squeeze_features import SqueezeFeatures
from style_losses import Perceptual

MODELS = os.path.join(evaluate.REPO, "models")
STEPS = {"face-age": 6000, "face-age-high": 3200}


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--high", action="store_true", help="the larger network, face-age-high")
    p.add_argument("--out", help="ONNX file (default models/face-age.onnx or face-age-high.onnx)")
    p.add_argument("--steps", type=int, help="default: %s" % ", ".join(
        "%d for %s" % (n, name) for name, n in STEPS.items()))
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--loaders", type=int, default=0, help="processes that make batches ahead")
    p.add_argument("--device", default="cpu", help="cpu or cuda")
    p.add_argument("--fresh", action="store_true", help="forget the checkpoint")
    p.add_argument("--export", action="store_true", help="only write the file")
    p.add_argument("--strength", default="1,1", help="factors of older and of younger changes")
    p.add_argument("--finest", type=float, default=1, help="factor of the thinnest lines")
    p.add_argument("--smoke", action="store_true",
                   help="tiny run on drawn faces; nothing in models/ changes")
    o = p.parse_args()
    o.name = "face-age-high" if o.high else "face-age"
    o.steps = o.steps or STEPS[o.name]
    if o.smoke:
        o.steps, o.fresh = 4, True
        o.cache = os.path.join(o.cache, "smoke")
    o.out = o.out or os.path.join(o.cache if o.smoke else MODELS, o.name + ".onnx")
    try:
        o.strength = [float(v) for v in o.strength.split(",")]
        assert len(o.strength) == 2
    except (ValueError, AssertionError):
        p.error("--strength: two numbers, older,younger")
    return o


def samples_of(o):
    """The training's samples; makes what is lacking."""
    faces = age_faces.load(o.shared, o.models, o.cache)
    pairs = age_pairs.Pairs(faces, o.cache)
    teacher = age_teacher.Teacher(age_bank.load(faces, o.cache))
    pairs.make(teacher)
    hands = visible_hands.load(o.shared, o.models, o.cache)
    data = os.path.join(o.shared, "data")
    return Samples(pairs, teacher, visible_occluders.Stock(
        [h for h in hands if not h.held_out], visible_occluders.read_textures(data, False)))


def perceptual(o):
    base = os.path.join(o.shared, "teachers", "squeezenet1.1", "squeezenet_v1.1")
    if o.smoke:
        return None
    return Perceptual(SqueezeFeatures(base).to(o.device, memory_format=torch.channels_last))


def checkpoint_of(o, name):
    return os.path.join(o.cache, name + ".pt")


def trained(o, name, shape):
    """The network of a checkpoint."""
    path = checkpoint_of(o, name)
    if not os.path.exists(path):
        raise SystemExit("%s: no such checkpoint; train_age.py%s makes it" % (
            path, " --high" if name.endswith("high") else ""))
    net = age_network.AgeNet(shape)
    net.load_state_dict(torch.load(path, weights_only=True)["mean"])
    return net


def write(net, o):
    age_network.save(net.fold(o.strength, o.finest), o.out)
    print("wrote %s, %d bytes, %.0f MMAC" % (o.out, os.path.getsize(o.out), net.macs() / 1e6))


def main():
    o = options()
    torch.set_num_threads(o.threads)
    cv2.setNumThreads(1)
    os.makedirs(o.cache, exist_ok=True)
    checkpoint = checkpoint_of(o, o.name)
    if o.fresh and not o.export and os.path.exists(checkpoint):
        os.remove(checkpoint)
    if o.export:
        return write(trained(o, o.name, age_network.HIGH if o.high else age_network.BASE), o)
    start = None
    if o.high:
        base = trained(o, "face-age", age_network.BASE)
        start = age_widen.widened(base, age_network.HIGH)
        age_widen.check(base, start)
    if o.smoke:
        import age_drawn
        samples = age_drawn.samples(o.cache)
    else:
        samples = samples_of(o)
    trainer = Trainer(samples, perceptual(o), checkpoint, o.steps, o.loaders, o.device, start)
    write(trainer.run(), o)


if __name__ == "__main__":
    main()
