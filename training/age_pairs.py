"""The teacher's layers of all faces of the training, kept in one file that grows.

A fifth of a second a face; an interrupted run goes on, and a training may begin on what is there.
"""
import json
import os

import numpy as np

import age_bank
import age_teacher
from age_faces import KEPT

CHANNELS = sum(count for _, count in age_teacher.LAYERS)
# Portraits that are smaller have too little of the skin (source's pixels in one of the square).
SHARPEST = {"portraits": 0.4}


def chosen(faces, held_out=False):
    """Faces of one side of the split, the order the same in every run, all sets mixed."""
    found = [f for f in faces
             if f.held_out == held_out and f.scale >= SHARPEST.get(f.kind, 0)]
    return [found[i] for i in np.random.default_rng(11).permutation(len(found))]


class Pairs:
    def __init__(self, faces, cache):
        self.faces, self.cache = chosen(faces), cache
        self.path = os.path.join(cache, "age-layers")
        shape = (len(self.faces), KEPT, KEPT, CHANNELS)
        fresh = not os.path.exists(self.path + ".json")
        if not fresh:
            with open(self.path + ".json", encoding="utf-8") as f:
                fresh = json.load(f)["names"] != [face.name for face in self.faces]
        self.layers = np.lib.format.open_memmap(
            self.path + ".npy", "w+" if fresh else "r+", np.float16, shape)
        if fresh:
            self._note(0)

    def _note(self, done):
        with open(self.path + ".part", "w", encoding="utf-8") as f:
            json.dump({"names": [face.name for face in self.faces], "done": done}, f)
        os.replace(self.path + ".part", self.path + ".json")

    def done(self):
        """How many faces can be used, from the first on."""
        with open(self.path + ".json", encoding="utf-8") as f:
            return json.load(f)["done"]

    def make(self, bank, until=None):
        teacher = age_teacher.Teacher(bank)
        for i in range(self.done(), min(len(self.faces), until or len(self.faces))):
            self.layers[i] = teacher.layers(self.faces[i])
            if i % 20 == 19 or i + 1 == len(self.faces):
                self.layers.flush()
                self._note(i + 1)
                print("layers of %d of %d faces" % (i + 1, len(self.faces)), flush=True)


def load(faces, cache):
    """Pairs with every face done."""
    pairs = Pairs(faces, cache)
    if pairs.done() < len(pairs.faces):
        pairs.make(age_bank.load(faces, cache))
    return pairs
