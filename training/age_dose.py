#!/usr/bin/env python3
"""How much of its change models/face-age.onnx gives a picture, by how rough that is.

    training/age_dose.py [--onnx models/face-age-high.onnx]   # fits it and writes it into the file
    training/age_dose.py --print                              # fits it and leaves the file
    training/age_dose.py --smoke                              # tries it on what a smoke run left

The same lines make somebody look much older on smooth, evenly lit skin, and hardly where the
picture is rough or harshly lit. The network has learned that in part only: of what is not sure it
takes the middle. So the years are multiplied by a dose: a bent line of two measures of the picture,
means over the face of the logarithm of how much its light differs from that around it, at 4 texels
and at 16. Its three numbers are fitted so that the apparent age changes as is asked for, on people
of the training (age_judge.js, which needs node); age_evaluate.py then measures others. What is
wanted beyond twenty years counts for more: deeper lines make less of a difference than new ones. A
file that has a dose gets it anew. Needs what train_age.py needs.
"""
import argparse
import os

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import helper

import age_added
import age_apply
import age_atlas as atlas
import age_evaluate
import age_faces
import age_measure
import age_network
import evaluate
import stored_pair
import style_export
import visible_evaluate
from age_added import Added, conv
from age_atlas import MAP

PEOPLE = {"london": 14, "avatars": 8, "synthetic": 22, "portraits": 18}
YEARS = (10, 20, 30)
MIDDLE, REACH = 0.95, 0.45      # of the dose
FROM, MORE = 20, 0.35   # years beyond so many count so much more, of the older
START = 10.0, 3.5, -1.0         # of the fit
DARK = 0.03             # of the light, as age_network.DARK
FLAT = 0.004            # less is noise, of the logarithm of the light
INSIDE = 6              # elements of the map from the face's edge: hair and background do not count
CELLS = 4               # texels each way
PREFIX = "dose."        # of the nodes that are added
HEADS = "older", "younger"


def _inside():
    """[1,1,64,64]: the face in cells, and [1,1,16,16]; means of 1."""
    cover = np.asarray(atlas.MAP_COVER).reshape(MAP, MAP).astype(np.uint8)
    cover = cv2.erode(cover, np.ones((2 * INSIDE + 1,) * 2, np.uint8)).astype(np.float32)
    fine = F.avg_pool2d(torch.from_numpy(cover)[None, None], 2)
    coarse = F.avg_pool2d(fine, CELLS)
    coarse = coarse * (coarse > 0.5)
    return fine / fine.mean(), coarse / coarse.mean()


class Dose(Added):
    def __init__(self):
        super().__init__(PREFIX)

    def rough(self, light, name, weight):
        """The mean over the face of the logarithm of how much neighbours differ."""
        soft = torch.tensor((1.0, 2.0, 1.0))
        differ = -torch.outer(soft, soft) / 16
        differ[1, 1] += 1
        differ = torch.einsum("oi,yx->oiyx", torch.eye(4), differ)
        x = self.node("Abs", [self.conv(light, name + ".differ", conv(differ))], name + ".abs")
        x = self.node("Log", [self.scalar("Add", x, name + ".add", FLAT)], name + ".log")
        weight = self.weight(name + ".face", weight.repeat(1, 4, 1, 1))
        x = self.node("Mul", [x, weight], name + ".faced")
        return self.node("GlobalAveragePool", [x], name)

    def measures(self):
        """Names of both."""
        luma = torch.zeros(4, 4, 1, 1)
        luma[:, 0], luma[:, 1], luma[:, 2] = 0.3, 0.6, 0.1
        x = self.conv(self.pooled("texture", "cells", CELLS), "light", conv(luma, DARK))
        light = self.node("Log", [x], "light.log")
        fine, coarse = _inside()
        return (self.rough(light, "fine", fine),
                self.rough(self.pooled(light, "coarse", CELLS), "coarse.rough", coarse))

    def beyond(self, years):
        """[1,16,1,1]: those of the older, as counted() does."""
        eye = torch.eye(16)[..., None, None]
        x = self.relu(self.conv(years, "beyond", conv(eye, -FROM / age_network.YEARS)))
        return self.node("Add", [years, self.conv(x, "more", conv(MORE * eye))], "counted")

    def dose(self, fit):
        """[1,16,1,1]"""
        parts = []
        for name, x, factor in zip(("fine.part", "coarse.part"), self.measures(), fit[1:]):
            weight = torch.zeros(16, 4, 1, 1)
            weight[:, 0] = factor
            parts.append(self.conv(x, name, conv(weight, fit[0] / 2)))
        bent = self.node("Tanh", [self.node("Add", parts, "sum")], "bent")
        return self.scalar("Add", self.scalar("Mul", bent, "reach", REACH), "middle", MIDDLE)


def without(model):
    """The model as it was before it got a dose."""
    return age_added.without(model, PREFIX, {PREFIX + "years." + head: head + ".years.relu"
                                             for head in HEADS})


def give(model, fit):
    """The years of both heads times the dose."""
    g, graph, nodes = Dose(), model.graph, []
    dose = g.dose(fit)
    for n in list(graph.node):
        for head in HEADS:
            if n.name == head + ".part":
                years = g.beyond(n.input[1]) if head == HEADS[0] else n.input[1]
                n.input[1] = g.node("Mul", [years, dose], "years." + head)
        nodes += g.nodes + [n]
        g.nodes = []
    age_added.replaced(graph.node, nodes)
    graph.initializer.extend(g.constants)
    return model


def measured(textures):
    """[n,2]: both measures, by the nodes of the file."""
    g = Dose()
    names = g.measures()
    shape = [1, 4, age_network.SIDE, age_network.SIDE]
    values = [helper.make_tensor_value_info("texture", onnx.TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, 4, 1, 1])
               for n in names]
    model = helper.make_model(
        helper.make_graph(g.nodes, "measures", values, outputs, g.constants), ir_version=7,
        opset_imports=[helper.make_opsetid("", style_export.OPSET)])
    session = onnxruntime.InferenceSession(model.SerializeToString())
    found = []
    for t in textures:
        x = np.concatenate([t.transpose(2, 0, 1), np.zeros_like(t[None, ..., 0])])[None]
        found.append([y[0, 0, 0, 0] for y in session.run(None, {"texture": x})])
    return np.array(found)


def counted(years):
    return years + MORE * max(0, years - FROM)


def attained(network, pictures):
    """[n,len(YEARS)]: change of the apparent age over the wanted one."""
    made = [(age_evaluate.aged(network, p, counted(y)), p[1]) for p in pictures
            for y in (0,) + YEARS]
    ages = age_measure.judge(made)[0].reshape(len(pictures), -1)
    return (ages[:, 1:] - ages[:, :1]) / np.array(YEARS)


def fitted(measures, ratios, wanted):
    """The three numbers, by Gauss and Newton's method (Levenberg and Marquardt's damping)."""
    x = np.column_stack([np.ones(len(measures)), measures])
    fit, damping = np.array(START), 1e-2

    def errors(f):
        return (ratios * (MIDDLE + REACH * np.tanh(x @ f))[:, None] - wanted).ravel()
    e = errors(fit)
    for _ in range(200):
        slope = REACH * (1 - np.tanh(x @ fit) ** 2)[:, None] * x
        j = (ratios[:, :, None] * slope[:, None]).reshape(-1, 3)
        step = np.linalg.solve(j.T @ j + damping * np.diag(np.diag(j.T @ j)), -j.T @ e)
        better = errors(fit + step)
        if better @ better < e @ e:
            fit, e, damping = fit + step, better, damping / 3
        else:
            damping *= 4
    return fit


def smoke(path):
    """A dose that is given changes what comes out, and is gone without a trace when it is taken."""
    model, fit = onnx.load(path), (0.0, 0.5, 0.0)
    before = without(model).graph.SerializeToString()
    x = np.random.default_rng(2).random((1, 4, age_network.SIDE, age_network.SIDE), np.float32)
    x[:, 3] = FROM / age_network.YEARS

    def run():
        session = onnxruntime.InferenceSession(model.SerializeToString())
        return session.run(None, {"texture": x})[0]
    plain = run()
    give(model, fit)
    onnx.checker.check_model(model, full_check=True)
    dose = MIDDLE + REACH * np.tanh(measured(x[0, :3].transpose(1, 2, 0)[None])[0] @ fit[1:])
    share = (run() * plain).sum() / (plain * plain).sum()
    assert abs(share - dose) < 0.05, (share, dose)  # a tanh bends what is large
    assert without(model).graph.SerializeToString() == before
    print("a dose of %.2f changes %.2f times as much" % (dose, share))


def people(faces):
    """Some of the training."""
    rng, found = np.random.default_rng(11), []
    for kind, count in PEOPLE.items():
        here = [f for f in faces if not f.held_out and f.kind == kind and
                f.scale >= age_evaluate.LOWEST.get(kind, 0)]
        found += [here[i] for i in rng.permutation(len(here))[:count]]
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--onnx", default=age_evaluate.MODEL)
    p.add_argument("--wanted", type=float, default=1.07,
                   help="share of the years that is aimed at; least squares fall a little short")
    p.add_argument("--print", action="store_true", help="leave the file as it is")
    p.add_argument("--smoke", action="store_true", help="tries it on what a smoke run made")
    o = p.parse_args()
    cv2.setNumThreads(1)
    if o.smoke:
        smoke(os.path.join(o.cache, "smoke", "face-age.onnx"))
        return
    finder = age_faces.AgeFinder(o.models)
    faces = people(age_faces.load(o.shared, o.models, o.cache))
    pictures = [age_evaluate.whole(f, os.path.join(o.shared, "data"), finder) for f in faces]
    model = without(onnx.load(o.onnx))
    ratios = attained(age_apply.Network(model.SerializeToString()), pictures)
    measures = measured([age_apply.texture(*p) for p in pictures])
    fit = fitted(measures, ratios, o.wanted)
    dose = MIDDLE + REACH * np.tanh(np.column_stack([np.ones(len(measures)), measures]) @ fit)
    kinds = np.array([f.kind for f in faces])
    for kind in PEOPLE:
        here = kinds == kind
        print("%-10s as it is %s, dose %.2f (%.2f to %.2f), with it, in proportion, %s" % (
            kind, ratios[here].mean(0).round(2), dose[here].mean(), dose[here].min(),
            dose[here].max(), (ratios * dose[:, None])[here].mean(0).round(2)))
    print("tanh of %.3f %+.3f fine %+.3f coarse" % tuple(fit))
    if o.print:
        return
    give(model, fit)
    stored_pair.add(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, o.onnx)
    print("wrote", o.onnx)


if __name__ == "__main__":
    main()
