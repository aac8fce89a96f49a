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

import age_critic
import age_feed
import age_network
import style_losses
from age_feed import TWICE
from age_network import SIDE, YEARS
from style_trainer import learning_rate

RATE = 2e-3                     # three quarters of it for what is trained already
FEATURE_CROP, FEATURE_BATCH = 128, 2
# Sides of the means, texels, between which the bands of the lines' widths lie.
WIDTHS = (1, 3, 7)
WEIGHTS = {"widths": 0.08, "strength": 0.12, "l1": 1.0, "slopes": 1.0, "fine": 0.03,
           "agreement": 0.5, "perceptual": 0.04}
SQUARES = 0.05                  # of the steps with squares alone; in as many more the rest grows
JUDGED, HEARD = 0.3, 0.5        # of the steps: the critic begins to learn, and counts
USUAL = 0.03                    # RMS of a change by 50 years
NORM_SHARE = 0.6                # of the steps, after which batch norm is frozen
SAVED = 200                     # steps from checkpoint to checkpoint
MEAN = 0.997                    # of the weights, a step


def _relative(change, wanted, years):
    """Squared error over the squared change of each sample: small requests count as large ones; not
    so faces of which little may change, else all would change too little."""
    size = wanted.square().mean((1, 2, 3)) + (USUAL * years).square()
    return ((change - wanted).square().mean((1, 2, 3)) / size).mean()


def _bands(change):
    """[n,c,SIDE,SIDE] -> [len(WIDTHS) - 1,n,1,...]: the lines by their width."""
    grey = change.mean(1, keepdim=True)
    levels = [F.avg_pool2d(grey, side, 1, side // 2) for side in WIDTHS]
    return torch.stack([a - b for a, b in zip(levels, levels[1:])])


def _short(change, wanted, least):
    """By how much of itself each change, [...,c,h,w], is short of what is wanted (or beyond it), by
    regression; squared, mean. Who is not sure takes the middle, and all come out alike."""
    own = wanted.square().mean((-3, -2, -1))
    found = (change * wanted).mean((-3, -2, -1))
    return ((found - own) / (own + least)).square().mean()


class Trainer:
    """`start`: an AgeNet that is trained already, to go on from where there is no checkpoint."""

    def __init__(self, samples, perceptual, checkpoint, steps, loaders=0, device="cpu",
                 start=None):
        self.samples, self.perceptual = samples, perceptual
        self.loaders, self.device = loaders, device
        self.checkpoint, self.steps = checkpoint, steps
        self.trained = start is not None
        torch.manual_seed(0)
        self.net = start if self.trained else age_network.AgeNet()
        known = samples.teacher.known(YEARS)
        if not self.trained:
            self.net.know(known)
        # Of lines on skin of half the light.
        lines = 0.5 * torch.from_numpy(known.sum(0, keepdims=True))[None]
        self.usual = _bands(lines).square().mean((1, 2, 3, 4)).to(device)
        self.net.to(device, memory_format=torch.channels_last)
        self.mean = copy.deepcopy(self.net).requires_grad_(False)
        self.optimiser = torch.optim.Adam(self.net.parameters(), betas=(0.9, 0.99))
        self.realism = age_critic.Realism(device)
        self.step = 0
        if os.path.exists(checkpoint):
            self._resume()

    def _resume(self):
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.realism.resume(state["realism"])
        self.step = state["step"]
        print("goes on at step %d" % self.step, flush=True)

    def save(self):
        part = self.checkpoint + ".part"
        torch.save({"net": self.net.state_dict(), "mean": self.mean.state_dict(),
                    "optimiser": self.optimiser.state_dict(), "realism": self.realism.state(),
                    "step": self.step}, part)
        os.replace(part, self.checkpoint)

    def _widths(self, change, wanted, years):
        """Squared error of each band over what a band usually has: how sharp the lines are is lost
        among the folds, which are ten times as strong. Of older only."""
        older = years.clamp_min(0)
        error = _bands(change - wanted).square().mean((2, 3, 4)) * (older > 0)
        return (error / (self.usual[:, None] * older.clamp_min(0.2).square())).mean()

    def _strength(self, change, wanted, years):
        """How far each picture's own strength is missed, of all and, of older, of each band."""
        bands = _bands(torch.cat([change, wanted]) * (years > 0).repeat(2)[:, None, None, None])
        bands, own = bands.chunk(2, 1)
        least = self.usual[:, None] * years.square() / 4
        return _short(change, wanted, (USUAL * years).square() / 4 + 1e-9) + \
            0.3 * _short(bands, own, least + 1e-9)

    def _losses(self, inputs, targets, seen, sharp):
        """(by name, the change of R'G'B')"""
        with torch.autocast(self.device, torch.bfloat16):
            outputs = self.net(inputs)
        # What a turned head hides is nobody's business.
        outputs, targets = outputs.float() * seen, targets * seen
        change, wanted = outputs[:, :3], targets[:, :3]
        parts = {
            "squares": _relative(change, wanted, inputs[:, 3, 0, 0]) +
                       0.3 * (outputs - targets)[:, 3].square().mean(),
            "widths": self._widths(change, wanted, inputs[:, 3, 0, 0]),
            "strength": self._strength(change, wanted, inputs[:, 3, 0, 0]),
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
        return parts, change

    def _criticised(self, loss, parts, inputs, change, judged, real):
        """`loss` with what the critic says of the faces that it may see."""
        done = self.step / self.steps
        if done < JUDGED or not judged.any():
            return loss
        parts["critic"], parts["doubt"] = self.realism.judge(
            real, inputs[judged, :3] + change[judged])
        if done < HEARD:
            return loss
        return loss + age_critic.balanced(loss, parts["doubt"], change)

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
                group["lr"] = learning_rate(done, (0.75 if self.trained else 1) * RATE)
            # Most of a square does not change, and where lines lie is not known at first: all but
            # squares would begin by learning to do nothing.
            sharp = 1.0 if self.trained else float(np.clip((done - SQUARES) / SQUARES, 0, 1))
            inputs, targets, seen, judged, real = batch
            parts, change = self._losses(inputs, targets, seen, sharp)
            loss = 0.04 * parts["squares"] + sharp * sum(w * parts[k] for k, w in WEIGHTS.items()
                                                         if k in parts)
            loss = self._criticised(loss, parts, inputs, change, judged, real)
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
