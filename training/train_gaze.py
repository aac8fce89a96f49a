#!/usr/bin/env python3
"""Make models/gaze.onnx: the network that turns eyes.

    training/train_gaze.py               # everything
    training/train_gaze.py --smoke       # seconds, no data needed

Needs the face networks of models/fetch_faces.sh, which find the eyes once. Eyes and the checkpoint
are kept in --cache; an interrupted run goes on.
"""
import argparse
import os
import time

import cv2
import numpy as np
import torch

import evaluate
import gaze_batches
import gaze_drawn
import gaze_evaluate
import gaze_eyes
import gaze_losses
import gaze_network
import gaze_pairs
import visible_evaluate
from style_trainer import learning_rate

BATCH, MORE = 16, 32        # eyes to turn a step, and eyes only to look at: where they look is
                            # what takes longest to learn
POOL, FRESH = 5000, 3       # records kept; drawn anew a step
RATE = 2e-3


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--out", help="ONNX file (default models/gaze.onnx)")
    p.add_argument("--steps", type=int, default=12000)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--fresh", action="store_true", help="forget the checkpoint")
    p.add_argument("--start", help="checkpoint whose weights to begin with")
    p.add_argument("--smoke", action="store_true",
                   help="tiny run on drawn eyes; nothing in models/ changes")
    o = p.parse_args()
    if o.smoke:
        o.steps, o.fresh = 4, True
        o.cache = os.path.join(o.cache, "smoke")
        o.out = o.out or os.path.join(o.cache, "gaze.onnx")
    o.out = o.out or gaze_evaluate.MODEL
    return o


def _save(path, net, optimiser, step):
    torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "step": step},
               path + ".part")
    os.replace(path + ".part", path)


def train(pool, checkpoint, steps, fresh, start=None):
    torch.manual_seed(0)
    net = gaze_network.GazeNet().to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(net.parameters(), weight_decay=1e-6)
    step, shown, began = 0, {}, time.time()
    if start:
        net.load_state_dict(torch.load(start, weights_only=True)["net"], strict=False)
    if os.path.exists(checkpoint) and not fresh:
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]
    while step < steps:
        done = step / steps
        # Batch norm is frozen near the end: what is exported is what is trained.
        net.train(done < 0.8)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(done, RATE)
        batch = pool.batch(step, BATCH, MORE)
        with torch.autocast("cpu", torch.bfloat16):     # a quarter faster where the CPU has it
            answer = net(batch.eye.contiguous(memory_format=torch.channels_last), batch.turn)
        parts = gaze_losses.parts([a.float() for a in answer], batch)
        optimiser.zero_grad()
        sum(gaze_losses.WEIGHTS[k] * v for k, v in parts.items()).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        step += 1
        for k, v in parts.items():
            shown[k] = 0.98 * shown.get(k, v.item()) + 0.02 * v.item()
        if step % 100 == 0:
            print("%6d/%d %5.0fs  %s" % (step, steps, time.time() - began, "  ".join(
                "%s %.4f" % kv for kv in shown.items())), flush=True)
        if step % 100 == 0 or step == steps:
            _save(checkpoint, net, optimiser, step)
    return net


def main():
    o = options()
    torch.set_num_threads(o.threads)
    cv2.setNumThreads(1)
    os.makedirs(o.cache, exist_ok=True)
    eyes = gaze_drawn.eyes() if o.smoke else gaze_eyes.load(o.shared, o.models, o.cache)
    seen = gaze_pairs.Source([e for e in eyes if not e.held_out])
    print("%d eyes to train on" % len(seen.layers), flush=True)
    pool = gaze_batches.Pool(seen, 20 if o.smoke else POOL, FRESH, 7)
    net = train(pool, os.path.join(o.cache, "gaze.pt"), o.steps, o.fresh, o.start)
    gaze_network.save(net.fold(), o.out)
    print("wrote %s, %d bytes, %.1f MMAC an eye" % (
        o.out, os.path.getsize(o.out), net.macs() / 1e6))
    unseen = gaze_pairs.Source([e for e in eyes if e.held_out])
    gaze_evaluate.report(o.out, unseen, 8 if o.smoke else 400)


if __name__ == "__main__":
    main()
