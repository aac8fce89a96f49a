"""The training loop of the age network: goes on from its checkpoint, any number of times.

What is exported is the mean of the weights over the last steps (EMA): it is a fifth better than the
last step's, and a training that was cut short is still usable.
"""
import copy
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

import age_feed
import age_network
import style_losses
from age_feed import TWICE
from age_network import SIDE, YEARS
from style_trainer import learning_rate

RATE = 2e-3
FEATURE_CROP, FEATURE_BATCH = 128, 2
WEIGHTS = {"l1": 1.0, "slopes": 1.0, "fine": 0.03, "agreement": 0.5, "perceptual": 0.04}
SQUARES = 0.05                  # of the steps with squares alone; in as many more the rest grows
USUAL = 0.03                    # RMS of a change by 50 years
NORM_SHARE = 0.6                # of the steps, after which batch norm is frozen
SAVED = 200                     # steps from checkpoint to checkpoint
MEAN = 0.998                    # of the weights, a step


def _relative(change, wanted, years):
    """Squared error over the squared change of each sample: small requests count as large ones; not
    so faces of which little may change, else all would change too little."""
    size = wanted.square().mean((1, 2, 3)) + (USUAL * years).square()
    return ((change - wanted).square().mean((1, 2, 3)) / size).mean()


class Trainer:
    def __init__(self, samples, perceptual, checkpoint, steps, loaders=0, device="cpu"):
        self.samples, self.perceptual = samples, perceptual
        self.loaders, self.device = loaders, device
        self.checkpoint, self.steps = checkpoint, steps
        torch.manual_seed(0)
        self.net = age_network.AgeNet()
        self.net.know(*samples.teacher.known(YEARS))
        self.net.to(device, memory_format=torch.channels_last)
        self.mean = copy.deepcopy(self.net).requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.net.parameters(), betas=(0.9, 0.99))
        self.step = 0
        if os.path.exists(checkpoint):
            self._resume()

    def _resume(self):
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        print("goes on at step %d" % self.step, flush=True)

    def save(self):
        part = self.checkpoint + ".part"
        torch.save({"net": self.net.state_dict(), "mean": self.mean.state_dict(),
                    "optimiser": self.optimiser.state_dict(), "step": self.step}, part)
        os.replace(part, self.checkpoint)

    def _losses(self, inputs, targets, seen, sharp):
        with torch.autocast(self.device, torch.bfloat16):
            outputs = self.net(inputs)
        # What a turned head hides is nobody's business.
        outputs, targets = outputs.float() * seen, targets * seen
        change, wanted = outputs[:, :3], targets[:, :3]
        parts = {
            "squares": _relative(change, wanted, inputs[:, 3, 0, 0]) +
                       0.3 * (outputs - targets)[:, 3].square().mean(),
            "l1": F.smooth_l1_loss(change, wanted, beta=0.01),
            "slopes": style_losses.slopes(change, wanted),
            "fine": (outputs[:, 3] - targets[:, 3]).abs().mean(),
            "agreement": (change[:TWICE] - change[-TWICE:]).abs().mean(),
        }
        if self.perceptual is not None and sharp > 0:
            y0, x0 = (int(torch.randint(0, SIDE - FEATURE_CROP + 1, ())) for _ in range(2))
            part = (slice(0, FEATURE_BATCH), slice(0, 3), slice(y0, y0 + FEATURE_CROP),
                    slice(x0, x0 + FEATURE_CROP))
            with torch.autocast(self.device, torch.bfloat16):
                parts["perceptual"] = self.perceptual(
                    inputs[part] + change[part], inputs[part] + wanted[part]).float()
        return parts

    def _count_mean(self):
        keep = min(MEAN, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for m, p in zip(self.mean.state_dict().values(), self.net.state_dict().values()):
                if m.is_floating_point():
                    m.lerp_(p, 1 - keep)

    def _batches(self):
        for inputs, *rest in age_feed.batches(self.samples, self.step, self.steps, self.loaders):
            yield (torch.from_numpy(inputs).to(self.device, memory_format=torch.channels_last),
                   *(torch.from_numpy(x).to(self.device) for x in rest))

    def run(self):
        start, shown = time.time(), {}
        for batch in self._batches():
            done = self.step / self.steps
            self.net.train(done < NORM_SHARE)
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate(done, RATE)
            # Most of a square does not change, and where lines lie is not known at first: all but
            # squares would begin by learning to do nothing.
            sharp = float(np.clip((done - SQUARES) / SQUARES, 0, 1))
            parts = self._losses(*batch, sharp)
            loss = 0.04 * parts["squares"] + sharp * sum(w * parts[k] for k, w in WEIGHTS.items()
                                                  if k in parts)
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 0.5)
            self.optimiser.step()
            self.step += 1
            self._count_mean()
            for k, v in parts.items():
                shown[k] = shown.get(k, v.item()) * 0.98 + v.item() * 0.02
            if self.step % 50 == 0:
                print("%6d/%d %5.0fs %5.0fs CPU  %s" % (
                    self.step, self.steps, time.time() - start, time.process_time(), "  ".join(
                        "%s %.5f" % kv for kv in sorted(shown.items()))), flush=True)
            if self.step % SAVED == 0 or self.step == self.steps:
                self.save()
        return self.mean.cpu()
