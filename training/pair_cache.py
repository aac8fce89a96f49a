"""Scenes and the teacher's pictures of them, made once and kept on disk.

The folder's name is a hash of everything that shapes the pairs, the teacher's
source included: an edited teacher never meets stale pictures.
"""
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

import picture_filters
from source_key import source_key

CHUNK = 32


def _key(style, maker):
    return source_key(picture_filters, sys.modules[style.teacher.__module__],
                      sys.modules[type(maker).__module__],
                      also="%s %s" % (style.teacher.__qualname__, maker.signature))


def to_tensor(pictures):
    """uint8 [B,H,W,3] -> float [B,3,H,W]"""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


def to_bytes(pictures):
    x = (pictures.clamp(0, 1) * 255 + 0.5).to(torch.uint8)
    return x.permute(0, 2, 3, 1).contiguous().numpy()


@torch.no_grad()
def teach(style, render):
    """(network picture, teacher's picture of it) of one rendered scene."""
    x = to_tensor(render[None])
    return F.avg_pool2d(x, 2), F.avg_pool2d(style.teacher(x), 2)


def _make_chunk(style, maker, scenes):
    inputs, targets = zip(*(teach(style, maker.scene(i)) for i in scenes))
    return to_bytes(torch.cat(inputs)), to_bytes(torch.cat(targets))


def load(style, maker, cache, count):
    """uint8 arrays (inputs, targets) of the first `count` scenes."""
    folder = os.path.join(cache, "pairs-" + _key(style, maker))
    os.makedirs(folder, exist_ok=True)
    chunks = []
    for first in range(0, count, CHUNK):
        scenes = range(first, min(first + CHUNK, count))
        path = os.path.join(folder, "%05d-%d.npz" % (first, len(scenes)))
        if not os.path.exists(path):
            inputs, targets = _make_chunk(style, maker, scenes)
            part = "%s.%d.part.npz" % (path, os.getpid())
            np.savez(part, inputs=inputs, targets=targets)
            os.replace(part, path)
            print("teacher: %d of %d scenes" % (scenes[-1] + 1, count), flush=True)
        with np.load(path) as chunk:
            chunks.append((chunk["inputs"], chunk["targets"]))
    return tuple(np.concatenate(part) for part in zip(*chunks))
