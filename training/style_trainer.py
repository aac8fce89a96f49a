"""The training loop: resumable, one style, CPU.

Batch norm learns in the first part only, which may run in bfloat16. Then it is
frozen: statistics of twelve crops make colours wander, and a frozen norm is
what gets exported. Freezing took a fifth off the error of the woodcut.
"""
import math
import os
import time

import torch

import style_losses
from batch_maker import BatchMaker
from style_network import StyleNet

CROP, BATCH = 128, 12
# The feature network costs more than the student: it sees only a part.
FEATURE_CROP, FEATURE_BATCH = 96, 6
NORM_SHARE = 0.3


def learning_rate(done, peak):
    warm = min(1.0, done / 0.02)
    return peak * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


class Trainer:
    def __init__(self, style, pairs, perceptual, checkpoint, steps, rate=4e-3):
        self.style, self.perceptual = style, perceptual
        self.checkpoint, self.steps, self.rate = checkpoint, steps, rate
        self.batches = BatchMaker(*pairs, crop=CROP, batch=BATCH, seed=7)
        torch.manual_seed(0)
        self.net = StyleNet(style.shape).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.net.parameters())
        self.step = 0
        if os.path.exists(checkpoint):
            self._resume()

    def _resume(self):
        state = torch.load(self.checkpoint, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        print("resumed at step %d" % self.step, flush=True)

    def save(self):
        part = self.checkpoint + ".part"
        torch.save({"net": self.net.state_dict(), "step": self.step,
                    "optimiser": self.optimiser.state_dict()}, part)
        os.replace(part, self.checkpoint)

    def _losses(self, inputs, targets, shift, fast):
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            outputs = self.net(inputs).float()
        a, b = outputs.chunk(2)
        parts = {
            "l1": (outputs - targets).abs().mean(),
            "slopes": style_losses.slopes(outputs, targets),
            "stability": style_losses.disagreement(a, b, shift),
        }
        if self.perceptual is not None and self.style.perceptual:
            with torch.autocast("cpu", torch.bfloat16):
                part = (slice(0, FEATURE_BATCH), ..., slice(16, 16 + FEATURE_CROP),
                        slice(16, 16 + FEATURE_CROP))
                parts["perceptual"] = self.perceptual(
                    outputs[part], targets[part]).float()
        return parts

    def run(self):
        start, shown = time.time(), {}
        while self.step < self.steps:
            done = self.step / self.steps
            frozen = done >= NORM_SHARE
            self.net.train(not frozen)
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate(done, self.rate)
            batch = self.batches.batch_at(self.step)
            parts = self._losses(*batch, fast=not frozen)
            loss = sum(getattr(self.style, k) * v for k, v in parts.items())
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimiser.step()
            self.step += 1
            for k, v in parts.items():
                shown[k] = shown.get(k, v.item()) * 0.98 + v.item() * 0.02
            if self.step % 100 == 0:
                print("%6d/%d %5.0fs  %s" % (
                    self.step, self.steps, time.time() - start, "  ".join(
                        "%s %.4f" % kv for kv in sorted(shown.items()))),
                    flush=True)
            if self.step % 500 == 0 or self.step == self.steps:
                self.save()
        return self.net
