"""Batches for the gaze network, from a pool of records that is drawn afresh little by little."""
import dataclasses

import cv2
import numpy as np
import torch

import gaze_pairs
import gaze_render
from gaze_layers import ramp
from gaze_patch import BALL, HEIGHT, WIDTH

SAME = 0.12                 # share of samples that are to stay as they are


@dataclasses.dataclass
class Batch:
    """Tensors. Of m eyes that are looked at, the first n are turned; planes are n x 1 x 64 x 96."""
    eye: torch.Tensor           # m x 8 x 64 x 96, what the network sees; planes 3..5 are 0
    gaze: torch.Tensor          # m x 2, of what is seen
    gaze_known: torch.Tensor    # m: weights
    places: torch.Tensor        # m x 5 x 2, of what is seen: iris, corners, lids; right, up from
                                # the patch's middle, by BALL
    sure: torch.Tensor          # m
    open: torch.Tensor          # m
    seen: torch.Tensor          # n x 3: the picture in `eye`
    target: torch.Tensor        # n x 3, without noise
    turn: torch.Tensor          # n x 2
    matte: torch.Tensor
    iris: torch.Tensor          # of the target
    flow: torch.Tensor          # n x 2
    flow_known: torch.Tensor    # weights


def look_at(rec, a, rng):
    """What the network sees of look a of a record, and what it has to say of it."""
    seen = gaze_pairs.exposed(rec, a, rng)
    sure = float(rec.sure[a])
    iris = -np.linalg.solve(rec.disc[a][:, :2], rec.disc[a][:, 2])
    places = np.vstack([iris, rec.marks]) + 0.5 - (WIDTH / 2, HEIGHT / 2)
    eye = np.zeros((8,) + seen.shape[:2], np.float32)
    eye[:3] = seen.transpose(2, 0, 1)
    eye[6:] = rec.turn[:, None, None]
    return dict(eye=eye, gaze=rec.gaze[a], sure=np.float32(sure), open=np.float32(rec.open),
                places=(places * (1, -1) / BALL).astype(np.float32),
                gaze_known=np.float32(rec.known * (0.03 + sure)))


def turned(rec, a, b):
    """What turning look a into look b of a record has to give."""
    flow = gaze_render.flow(rec.disc[b], rec.disc[a])
    matte, opening = (m.astype(np.float32) / 255 for m in (rec.matte, rec.opening))
    at = flow + np.stack([gaze_render.U, gaze_render.V], -1)
    there = cv2.remap(matte, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    iris = rec.iris[b].astype(np.float32) / 255
    known = ramp(matte, 0.3, 0.8) * ramp(there, 0.5, 0.9) * (0.12 + 0.88 * ramp(iris, 0.2, 0.6))
    return dict(target=rec.looks[b].transpose(2, 0, 1).astype(np.float32) / 255,
                turn=rec.gaze[b] - rec.gaze[a], matte=matte[None], iris=iris[None] * opening,
                flow=flow.transpose(2, 0, 1), flow_known=known[None].astype(np.float32))


def _stack(rows):
    return {k: torch.from_numpy(np.stack([r[k] for r in rows])) for k in rows[0]}


def batch_of(looks, turns):
    seen = _stack(looks)
    return Batch(seen=seen["eye"][:len(turns), :3], **seen, **_stack(turns))


class Pool:
    def __init__(self, source, size, fresh, seed):
        self.source, self.size, self.fresh, self.seed = source, size, fresh, seed
        self.kept = []

    def batch(self, step, count, more):
        """`count` eyes to turn and `more` only to look at."""
        rng = np.random.default_rng((self.seed, step))
        missing = min(self.size, 40 * count) - len(self.kept)
        for _ in range(max(self.fresh, missing)):
            self.kept.append(gaze_pairs.draw(self.source, rng))
        self.kept = self.kept[-self.size:]
        looks, turns, n = [], [], gaze_pairs.LOOKS
        for i in rng.integers(len(self.kept), size=count + more):
            rec, a = self.kept[i], int(rng.integers(n))
            looks.append(look_at(rec, a, rng))
            if len(turns) < count:
                b = a if rng.random() < SAME else int((a + rng.integers(1, n)) % n)
                turns.append(turned(rec, a, b))
        return batch_of(looks, turns)
