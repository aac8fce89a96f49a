#!/usr/bin/env python3
"""Takes back some of the broad light and shade, and of the glow, that models/face-age.onnx makes.

    training/age_shade.py [--onnx models/face-age-high.onnx]
    training/age_shade.py --smoke     # tries it on what a smoke run left

Shade that is broader than folds, on cheeks and under the eyes, makes hardly anybody look older, but
light skin look dirty; broad light makes younger faces pale and flat. Of the light of each place so
much is kept of what its surroundings have too, and all of what is its own: a fold in a shaded cheek
stays a fold, and eyes, teeth and hair, which have none, get none. And older skin has little that is
much lighter than before: it is a broad stripe of grey brow, in which a thin brow glows like gold. A
file that has been through this gets it anew. It changes how old somebody looks: age_dose.py comes
after it.
"""
import argparse
import os

import numpy as np
import onnx
import onnxruntime
import torch

import age_added
import age_evaluate
import age_network
import evaluate
import stored_pair
import visible_evaluate
from age_added import Added, conv

# Chosen by looking at faces and the figures of the card.
FAINT = 0.04    # of the picture: what is broad and less
KEEP_LIGHT, KEEP_SHADE = 0.4, 0.65  # is kept, and so much of the rest
BRIGHT = 0.08   # of the picture: of what is lighter by more,
GLOW = 0.4      # so much of that is kept
AROUND = 8      # elements of 2x2 texels each way: of their mean, and from one to the next
PREFIX = "shade."
LIGHT = 4       # planes of the bent heads that are light, the first; one for each place of a pixel


class Shade(Added):
    def __init__(self):
        super().__init__(PREFIX)

    def dimmed(self, older):
        """What is much lighter less so; before it is bent, which changes little there."""
        over, back = torch.zeros(LIGHT, 16, 1, 1), torch.zeros(16, LIGHT, 1, 1)
        for i in range(LIGHT):
            over[i, i], back[i, i] = 1, GLOW - 1
        x = self.conv(older, "over", conv(over, -BRIGHT / age_network.LIMIT[0]))
        return self.node("Add", [older, self.conv(self.relu(x), "down", conv(back))], "dimmed")

    def broad(self, bent):
        """[1,2 LIGHT,128,128]: less the light around, where that is more, and less, than none."""
        mean = torch.zeros(2 * LIGHT, 16, 1, 1)
        mean[:LIGHT, :LIGHT], mean[LIGHT:, :LIGHT] = 1 / LIGHT, -1 / LIGHT
        x = self.relu(self.conv(self.pooled(bent, "around", AROUND), "broad",
                                conv(mean, -FAINT / age_network.LIMIT[0])))
        sign = -torch.eye(2 * LIGHT)[..., None, None]
        scales = self.constant("scales", np.array([1, 1, AROUND, AROUND], np.float32))
        return self.node("Resize", [self.conv(x, "less", conv(sign)), "", scales], "less.up",
                         mode="linear", coordinate_transformation_mode="half_pixel")

    def shown(self, bent):
        """light - (1 - KEEP) * (what of it is broad), which is the lesser of both, of one sign."""
        both, back = torch.zeros(2 * LIGHT, 16, 1, 1), torch.zeros(16, 2 * LIGHT, 1, 1)
        for i in range(LIGHT):
            both[i, i], both[LIGHT + i, i] = 1, -1
            back[i, i], back[i, LIGHT + i] = KEEP_LIGHT - 1, 1 - KEEP_SHADE
        light = self.relu(self.conv(bent, "both", conv(both)))
        own = self.relu(self.node("Add", [light, self.broad(bent)], "own"))
        lesser = self.node("Sub", [light, own], "lesser")
        return self.node("Add", [bent, self.conv(lesser, "back", conv(back))], "shown")


def without(model):
    return age_added.without(model, PREFIX, {PREFIX + "shown": "bent",
                                             PREFIX + "dimmed": "older.part"})


def give(model):
    g, graph, nodes = Shade(), model.graph, []
    for n in graph.node:
        if n.name == "sum":
            n.input[0] = g.dimmed(n.input[0])
        elif n.name == "rgb":
            n.input[0] = g.shown(n.input[0])
        nodes += g.nodes + [n]
        g.nodes = []
    age_added.replaced(graph.node, nodes)
    graph.initializer.extend(g.constants)
    return model


def smoke(path):
    """Less changes, nowhere the other way; and it is gone without a trace when it is taken out."""
    model = onnx.load(path)
    before = without(model).graph.SerializeToString()
    x = np.random.default_rng(2).random((1, 4, age_network.SIDE, age_network.SIDE), np.float32)
    x[:, 3] = 1

    def light():
        session = onnxruntime.InferenceSession(model.SerializeToString())
        return np.tensordot((0.3, 0.6, 0.1), session.run(None, {"texture": x})[0][0, :3] /
                            (x[0, :3] + age_network.DARK), 1)
    plain = light()
    give(model)
    onnx.checker.check_model(model, full_check=True)
    kept = light()
    assert (kept * plain > -1e-6).all() and (np.abs(kept) < np.abs(plain) + 1e-4).all()
    share = np.abs(kept).sum() / np.abs(plain).sum()
    assert KEEP_LIGHT < share < 0.99, share
    assert without(model).graph.SerializeToString() == before
    print("%.2f of the light is left" % share)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--onnx", default=age_evaluate.MODEL)
    p.add_argument("--smoke", action="store_true", help="tries it on what a smoke run made")
    o = p.parse_args()
    if o.smoke:
        smoke(os.path.join(o.cache, "smoke", "face-age.onnx"))
        return
    model = give(without(onnx.load(o.onnx)))
    stored_pair.add(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, o.onnx)
    print("wrote", o.onnx)


if __name__ == "__main__":
    main()
