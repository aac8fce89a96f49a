#!/usr/bin/env python3
"""Where the error of the present gaze comes from (models/gaze.onnx, the mean of both eyes).

    training/gaze_causes.py [--onnx FILE]

Pictures as in gaze_evaluate.py of held-out people, then with one thing less that scenes differ in,
then with none of them; the first and the last of people that it was trained on, too. Prints the
median and the 90th percentile of the error, degrees; its mean; and the variances, degrees squared
across and up, of what is the same in all pictures of a person, beyond that in a scene, beyond that
at one gaze. Then, for the training's sitters, who look into the camera and whose irises were found
in large pictures: how far these are from where the mean of all other people has them, or a
regression on the shape of their lids and the turn of the head. That is what is left for a stranger
when everything is measured without error.
"""
import argparse

import cv2
import numpy as np

import evaluate
import gaze_apply
import gaze_evaluate
import gaze_eyes
import gaze_pairs
import visible_evaluate
from gaze_layers import BALL

FACES = 16              # of people that were trained on: as many as are held out
RIDGE = 30.0


def report_errors(name, net, faces, source, without):
    rng = np.random.default_rng(gaze_evaluate.SEED)
    errors, of = gaze_evaluate.parts_of_error(net, faces, source, rng, without, exposures=1)
    if not len(errors):
        return
    off, known, parts = np.linalg.norm(errors, axis=1), errors.mean(0), []
    for depth in (1, 2, 3):
        mean = gaze_evaluate.means_of(errors, of[:, :depth])
        parts.append("%.1f %.1f" % tuple(((mean - known) ** 2).mean(0)))
        known = mean
    print("%-36s median %.2f  p90 %.2f  mean %5.2f %5.2f  person %s  scene %s  gaze %s" % (
        name, np.median(off), np.percentile(off, 90), *errors.mean(0), *parts), flush=True)


def report_causes(net, faces, source, held_out):
    who = "strangers" if held_out else "trained on"
    everything = (*gaze_evaluate.PLAIN, gaze_evaluate.TOLD, gaze_evaluate.VEIL)
    report_errors(who + ": all", net, faces, source, ())
    for name in everything if held_out else ():
        report_errors("  without " + name, net, faces, source, (name,))
    report_errors(who + ": without any", net, faces, source, everything)


def shape_of(pair):
    """Of lids and corners, in radii of the ball, and the turn of the head."""
    rows = []
    for l in pair:
        (x0, y0), (x1, y1) = l.corner
        middle = (y0 + y1) / 2
        at = np.round(x0 + (x1 - x0) * np.array([0.25, 0.5, 0.75])).astype(int)
        rows.append([*(middle - l.upper[at]), *(l.lower[at] - middle), x1 - x0, y1 - y0, l.radius])
    return np.concatenate([np.mean(rows, 0) / BALL, pair[0].eye.turn])


def fitted(x, y):
    """Ridge regression; a function of rows like those of x."""
    middle, spread = x.mean(0), x.std(0) + 1e-9
    z = (x - middle) / spread
    k = np.linalg.solve(z.T @ z + RIDGE * np.eye(z.shape[1]), z.T @ (y - y.mean(0)))
    return lambda rows: (rows - middle) / spread @ k + y.mean(0)


def report_sitters(faces):
    """Of each sitter's irises against where those of all the others say."""
    people = np.array([pair[0].eye.person for pair in faces])
    x = np.array([shape_of(pair) for pair in faces])
    y = np.rad2deg([np.mean([l.offset * m for l, m in zip(pair, gaze_apply.MIRRORS)], 0)
                    for pair in faces])
    for name, guess in (("the mean", lambda a, b: lambda rows: b.mean(0)), ("shape", fitted)):
        off = np.zeros_like(y)
        for person in set(people):
            own = people == person
            off[own] = y[own] - guess(x[~own], y[~own])(x[own])
        away = np.linalg.norm(off, axis=1)
        print("sitters against %-9s median %.2f  p90 %.2f  squares across %.1f, up %.1f (%d)" % (
            name, np.median(away), np.percentile(away, 90), *(off ** 2).mean(0), len(y)))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--onnx", default=gaze_evaluate.MODEL)
    o = p.parse_args()
    cv2.setNumThreads(1)
    net, eyes = gaze_apply.Net(o.onnx), gaze_eyes.load(o.shared, o.models, o.cache)
    for held_out in (True, False):
        source = gaze_pairs.Source([e for e in eyes if e.held_out == held_out])
        faces = gaze_evaluate.faces_of(source)
        report_causes(net, faces[::max(1, len(faces) // FACES)], source, held_out)
        if not held_out:
            report_sitters(faces)


if __name__ == "__main__":
    main()
