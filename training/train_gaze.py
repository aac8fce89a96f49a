#!/usr/bin/env python3
"""Make models/gaze.onnx: the network that turns eyes.

    training/train_gaze.py               # everything
    training/train_gaze.py --smoke       # seconds, no data needed

Needs the face networks of models/fetch_faces.sh, which find the eyes once. Eyes and the checkpoint
are kept in --cache; an interrupted run goes on.
"""
import os

import torch

import gaze_batches
import gaze_drawn
import gaze_evaluate
import gaze_eyes
import gaze_losses
import gaze_network
import gaze_pairs
import net_training

BATCH, MORE = 10, 54        # eyes to turn a step, and eyes only to look at: where they look is
                            # what takes longest to learn
POOL, FRESH = 5000, 3       # records kept; drawn anew a step
RATE = 2e-3


def train(pool, o):
    torch.manual_seed(0)
    net = gaze_network.GazeNet().to(memory_format=torch.channels_last)
    if o.start:
        there, own = torch.load(o.start, weights_only=True)["net"], net.state_dict()
        net.load_state_dict({k: v for k, v in there.items()
                             if k in own and own[k].shape == v.shape}, strict=False)

    def losses(step):
        batch = pool.batch(step, BATCH, MORE)
        with torch.autocast("cpu", torch.bfloat16):     # a quarter faster where the CPU has it
            answer = net(batch.eye.contiguous(memory_format=torch.channels_last), batch.turn)
        parts = gaze_losses.parts([a.float() for a in answer], batch)
        return parts, sum(gaze_losses.WEIGHTS[k] * v for k, v in parts.items())

    return net_training.run(net, losses, o, rate=o.rate, decay=1e-6, steepest=2.0)


def main():
    p = net_training.parser(__doc__, gaze_evaluate.MODEL, 12000)
    p.add_argument("--start", help="checkpoint whose weights to begin with")
    p.add_argument("--rate", type=float, default=RATE, help="learning rate (default %(default)g)")
    o = net_training.start(p, gaze_evaluate.MODEL, 4)
    eyes = gaze_drawn.eyes() if o.smoke else gaze_eyes.load(o.shared, o.models, o.cache)
    seen = gaze_pairs.Source([e for e in eyes if not e.held_out])
    print("%d eyes to train on" % len(seen.layers), flush=True)
    net = train(gaze_batches.Pool(seen, 20 if o.smoke else POOL, FRESH, 7), o)
    gaze_network.save(net.fold(), o.out)
    print("wrote %s, %d bytes, %.1f MMAC an eye" % (
        o.out, os.path.getsize(o.out), net.macs() / 1e6))
    unseen = gaze_pairs.Source([e for e in eyes if e.held_out])
    gaze_evaluate.report(o.out, unseen, 8 if o.smoke else 400)


if __name__ == "__main__":
    main()
