"""Batches of the age training, made by this process or ahead of it by others.

Every step has its own seed; with loaders the order of the covered faces depends on who draws."""
import collections
import multiprocessing

import numpy as np
import torch

FACES, TWICE = 4, 1             # faces of a step; how many of them come twice, with other noise
REAL = 3                        # old faces for the critic
AHEAD = 3                       # batches that a loader works ahead
REFRESHED = 200                 # steps after which a look is taken whether there are more faces


def make(samples, step):
    """(inputs [FACES + TWICE,4,n,n], targets, seen [FACES + TWICE,1,n,n], which of them the critic
    may see, real old faces [REAL,3,n,n]); the last TWICE are the first ones again."""
    if step % REFRESHED == 0:
        samples.refresh()
    rng = np.random.default_rng((7, step))
    rows = [samples.draw(rng, 2 if k < TWICE else 1) for k in range(FACES)]
    inputs = [r[0][0] for r in rows] + [r[0][1] for r in rows[:TWICE]]
    targets, seen, judged = ([r[k] for r in rows + rows[:TWICE]] for k in (1, 2, 3))
    real = [samples.real(rng) for _ in range(REAL)]
    return np.stack(inputs), np.stack(targets), np.stack(seen), np.array(judged), np.stack(real)


_shared = None


def _adopt(samples):
    global _shared
    _shared = samples
    torch.set_num_threads(1)


def _made(step):
    return make(_shared, step)


def batches(samples, first, steps, loaders=0):
    """The batches of the steps from `first` on."""
    if not loaders:
        yield from (make(samples, step) for step in range(first, steps))
        return
    with multiprocessing.get_context("fork").Pool(loaders, _adopt, (samples,)) as pool:
        waiting, step = collections.deque(), first
        while waiting or step < steps:
            while step < steps and len(waiting) < AHEAD * loaders:
                waiting.append(pool.apply_async(_made, (step,)))
                step += 1
            yield waiting.popleft().get()
