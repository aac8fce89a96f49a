"""Textures and the teacher's layers of all faces of the training, kept in files that grow.

A fifth of a second a face; an interrupted run goes on, and a training may begin on what is there.
"""
import json
import os

import numpy as np

import age_atlas as atlas
import age_bank
import age_teacher
from age_atlas import TEXELS
from source_key import source_key

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
        key = source_key(age_teacher, age_bank, atlas)
        self.path = os.path.join(cache, "age-pairs-" + key)
        fresh = not os.path.exists(self.path + ".json")
        if not fresh:
            with open(self.path + ".json", encoding="utf-8") as f:
                fresh = json.load(f)["names"] != [face.name for face in self.faces]
        self.layers, self.textures = (
            np.lib.format.open_memmap("%s-%s.npy" % (self.path, name), "w+" if fresh else "r+",
                                      kind, (len(self.faces), TEXELS, TEXELS, count))
            for name, kind, count in (("layers", np.float16, CHANNELS), ("textures", np.uint8, 3)))
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

    def make(self, teacher, until=None):
        for i in range(self.done(), min(len(self.faces), until or len(self.faces))):
            face = self.faces[i]
            self.layers[i] = teacher.own(face)
            self.textures[i] = atlas.texture(face.image, face.points)
            if i % 20 == 19 or i + 1 == len(self.faces):
                self.layers.flush()
                self.textures.flush()
                self._note(i + 1)
                print("layers of %d of %d faces" % (i + 1, len(self.faces)), flush=True)

