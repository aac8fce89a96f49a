#!/usr/bin/env python3
"""Make models/face-visible.onnx: which parts of a face's square are bare, and glasses.

    training/train_visible.py               # everything
    training/train_visible.py --smoke       # seconds, no data needed

Needs the face networks of models/fetch_faces.sh, which find the faces once. Faces and the
checkpoint are kept in --cache; an interrupted run goes on.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

import net_training
import visible_data
import visible_drawn
import visible_evaluate
import visible_network

BATCH, POOL, FRESH = 48, 1500, 2    # samples a step; composites kept; drawn anew a step
RATE = 4e-3


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


def train(composer, o):
    torch.manual_seed(0)
    net = visible_network.VisibleNet().to(memory_format=torch.channels_last)
    batches = Pool(composer, 20 if o.smoke else POOL, 7)

    def losses(step):
        x, maps = batches.batch_at(step)
        bare, glasses = loss_of(net(x.contiguous(memory_format=torch.channels_last)), maps)
        return {"bare": bare, "glasses": glasses}, bare + glasses

    return net_training.run(net, losses, o, rate=RATE, decay=1e-5, steepest=1.0)


def main():
    o = net_training.start(net_training.parser(__doc__, visible_evaluate.MODEL, 6000),
                           visible_evaluate.MODEL, 6)
    if o.smoke:
        seen = unseen = visible_drawn.composer()
        faces = []
    else:
        faces, seen, unseen = visible_evaluate.sides(o)
    net = train(seen, o)
    visible_network.save(net.fold(), o.out)
    print("wrote %s, %d bytes, %.2f MMAC" % (o.out, os.path.getsize(o.out), net.macs() / 1e6))
    visible_evaluate.report(o.out, unseen, faces, 4 if o.smoke else 400)


if __name__ == "__main__":
    main()
