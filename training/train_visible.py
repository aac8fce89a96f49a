#!/usr/bin/env python3
"""Make models/face-visible.onnx: which parts of a face's square are bare, and glasses.

    training/train_visible.py               # everything
    training/train_visible.py --smoke       # seconds, no data needed

Needs the face networks of models/fetch_faces.sh, which find the faces once. Faces and the
checkpoint are kept in --cache; an interrupted run goes on.
"""
import argparse
import os
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as F

import evaluate
import visible_data
import visible_drawn
import visible_evaluate
import visible_network
from style_trainer import learning_rate

BATCH, POOL, FRESH = 48, 1500, 2    # samples a step; composites kept; drawn anew a step
RATE = 4e-3


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--out", help="ONNX file (default models/face-visible.onnx)")
    p.add_argument("--steps", type=int, default=6000)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--fresh", action="store_true", help="forget the checkpoint")
    p.add_argument("--smoke", action="store_true",
                   help="tiny run on drawn faces; nothing in models/ changes")
    o = p.parse_args()
    if o.smoke:
        o.steps, o.fresh = 6, True
        o.cache = os.path.join(o.cache, "smoke")
        o.out = o.out or os.path.join(o.cache, "face-visible.onnx")
    o.out = o.out or visible_evaluate.MODEL
    return o


class Pool:
    """Composites that are drawn afresh little by little."""

    def __init__(self, composer, size, seed):
        self.composer, self.size, self.seed, self.kept = composer, size, seed, []

    def batch_at(self, step):
        """inputs [BATCH,3,96,96], maps [BATCH,4,24,24]"""
        rng = np.random.default_rng((self.seed, step))
        missing = min(self.size, 300) - len(self.kept)
        for _ in range(max(FRESH, missing)):
            self.kept.append(self.composer.draw(rng))
        self.kept = self.kept[-self.size:]
        chosen = rng.integers(len(self.kept), size=BATCH)
        rows = [visible_data.sample(self.kept[i], rng)[:2] for i in chosen]
        return (torch.from_numpy(np.stack([x for x, _ in rows])).permute(0, 3, 1, 2).float(),
                torch.from_numpy(np.stack([m for _, m in rows])).permute(0, 3, 1, 2))


def loss_of(logits, maps):
    """Weighted cross entropy of both channels; every sample counts alike."""
    target, weight = maps[:, :2], maps[:, 2:]
    raw = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (raw * weight).mean((0, 2, 3)) / weight.mean((0, 2, 3)).clamp_min(1e-3)


def train(composer, checkpoint, steps, fresh, pool):
    torch.manual_seed(0)
    net = visible_network.VisibleNet().to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(net.parameters(), weight_decay=1e-5)
    step, shown, start = 0, None, time.time()
    if os.path.exists(checkpoint) and not fresh:
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]
    batches = Pool(composer, pool, 7)
    while step < steps:
        done = step / steps
        # Batch norm is frozen near the end: what is exported is what is trained.
        net.train(done < 0.8)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(done, RATE)
        x, maps = batches.batch_at(step)
        parts = loss_of(net(x.contiguous(memory_format=torch.channels_last)), maps)
        optimiser.zero_grad()
        (parts[0] + parts[1]).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        step += 1
        now = parts.detach().numpy()
        shown = now if shown is None else shown * 0.98 + now * 0.02
        if step % 100 == 0:
            print("%6d/%d %5.0fs  bare %.4f  glasses %.4f" % (
                step, steps, time.time() - start, *shown), flush=True)
        if step % 500 == 0 or step == steps:
            torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "step": step},
                       checkpoint + ".part")
            os.replace(checkpoint + ".part", checkpoint)
    return net


def main():
    o = options()
    torch.set_num_threads(o.threads)
    cv2.setNumThreads(1)
    os.makedirs(o.cache, exist_ok=True)
    if o.smoke:
        seen = unseen = visible_drawn.composer()
        faces = []
    else:
        faces, seen, unseen = visible_evaluate.sides(o)
    net = train(seen, os.path.join(o.cache, "face-visible.pt"), o.steps, o.fresh,
                20 if o.smoke else POOL)
    visible_network.save(net.fold(), o.out)
    print("wrote %s, %d bytes, %.2f MMAC" % (o.out, os.path.getsize(o.out), net.macs() / 1e6))
    visible_evaluate.report(o.out, unseen, faces, 4 if o.smoke else 400)


if __name__ == "__main__":
    main()
