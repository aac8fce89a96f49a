"""What the trainings of the small networks share: options, the loop, the checkpoint."""
import argparse
import os
import time

import cv2
import torch

import evaluate
import visible_evaluate
from style_trainer import learning_rate

EVERY = 100     # steps between two lines and two checkpoints


def parser(text, model, steps):
    """`text`: of the program; `model`: the file that it makes."""
    p = argparse.ArgumentParser(description=text.split("\n")[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--out", help=f"ONNX file (default models/{os.path.basename(model)})")
    p.add_argument("--steps", type=int, default=steps)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--fresh", action="store_true", help="forget the checkpoint")
    p.add_argument("--smoke", action="store_true",
                   help="tiny run on what is drawn; nothing in models/ changes")
    return p


def start(p, model, smoke_steps):
    """The options; o.checkpoint is a path in the cache, which is there then."""
    o = p.parse_args()
    name = os.path.basename(model)
    if o.smoke:
        o.steps, o.fresh = smoke_steps, True
        o.cache = os.path.join(o.cache, "smoke")
        o.out = o.out or os.path.join(o.cache, name)
    o.out = o.out or model
    o.checkpoint = os.path.join(o.cache, os.path.splitext(name)[0] + ".pt")
    torch.set_num_threads(o.threads)
    cv2.setNumThreads(1)
    os.makedirs(o.cache, exist_ok=True)
    return o


def _resume(path, net, optimiser):
    state = torch.load(path, weights_only=True)
    net.load_state_dict(state["net"])
    optimiser.load_state_dict(state["optimiser"])
    return state["step"]


def _save(path, net, optimiser, step):
    torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "step": step},
               path + ".part")
    os.replace(path + ".part", path)


def run(net, losses, o, rate, decay, steepest):
    """Trains `net`, on from the checkpoint unless o.fresh. losses(step): its losses by name and
    what is to be made small. `rate`, `decay`: of Adam; `steepest`: gradients are clipped to it."""
    optimiser = torch.optim.Adam(net.parameters(), weight_decay=decay)
    step, shown, began = 0, {}, time.time()
    if os.path.exists(o.checkpoint) and not o.fresh:
        step = _resume(o.checkpoint, net, optimiser)
    while step < o.steps:
        done = step / o.steps
        # Batch norm is frozen near the end: what is exported is what is trained.
        net.train(done < 0.8)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(done, rate)
        parts, total = losses(step)
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), steepest)
        optimiser.step()
        step += 1
        for k, v in parts.items():
            shown[k] = 0.98 * shown.get(k, v.item()) + 0.02 * v.item()
        if step % EVERY == 0:
            print("%6d/%d %5.0fs  %s" % (step, o.steps, time.time() - began, "  ".join(
                "%s %.4f" % kv for kv in shown.items())), flush=True)
        if step % EVERY == 0 or step == o.steps:
            _save(o.checkpoint, net, optimiser, step)
    return net
