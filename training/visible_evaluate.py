#!/usr/bin/env python3
"""Measure models/face-visible.onnx on people, hands and kinds of occluder it never saw.

    training/visible_evaluate.py [--onnx FILE] [--sheet OUT.png]

Prints, over composites of held-out people:
  by kind of occluder: accuracy of cells of the face's square, IoU of the covered cells inside the
  face's oval, and the mean of `bare` over the lips with the mouth covered and free;
  for frames of clips of held-out people, picked by eye: the same with a real hand over the mouth;
  for real glasses, labelled by eye: area under the ROC curve and errors, of the mean over
  the more shown half of the eyes' region, and of the largest cell (core/face/face_nets.c).
--sheet draws held-out composites and frames of the hands clips with what the network says.
"""
import argparse
import os

import cv2
import numpy as np
import onnxruntime

import evaluate
import visible_data
import visible_faces
import visible_hands
import visible_masks as masks
import visible_occluders as occluders
from visible_data import CELLS, INPUT, KEPT

MODEL = os.path.join(evaluate.REPO, "models", "face-visible.onnx")
SEED = 3
# Clips of held-out people: frames with a hand before the mouth, clips in which no hand comes near.
MOUTH_COVERED = {"bird": range(18, 40)}
MOUTH_FREE = ("milk", "night", "please", "sorry")


def add_sources(parser):
    parser.add_argument("--models", default=os.path.join(evaluate.REPO, "models"),
                        help="folder with face-*.onnx of models/fetch_faces.sh")
    parser.add_argument("--cache", default=os.environ.get(
        "MIEN_TRAINING_CACHE", os.path.join(evaluate.REPO, ".cache", "training")))


def sides(o):
    """All faces of the data folder, the composers of the training and the held-out ones."""
    faces = visible_faces.load(o.shared, o.models, o.cache)
    hands = visible_hands.load(o.shared, o.models, o.cache)
    seen, unseen = visible_data.composers(faces, hands, os.path.join(o.shared, "data"))
    return faces, seen, unseen


class Net:
    def __init__(self, path):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, settings)

    def __call__(self, image):
        """96 x 96 x 3 float32 0..1 in; bare and glasses, 24 x 24 each."""
        x = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
        return self.session.run(None, {"image": x})[0][0]


def glasses_value(glasses, region):
    """What stands for the face: mean over the half of the region that shows them most."""
    values = np.sort(glasses[region > 0.5])
    return float(values[len(values) // 2:].mean()) if len(values) else 0.0


def auc(positive, negative):
    if not len(positive) or not len(negative):
        return float("nan")
    p, n = np.asarray(positive)[:, None], np.asarray(negative)[None]
    return float((p > n).mean() + 0.5 * (p == n).mean())


def _cells(points, matrix, indices):
    """Cover of a polygon of mesh points in cells."""
    p = points[list(indices)] @ matrix[:, :2].T + matrix[:, 2]
    whole = masks.polygon((INPUT, INPUT), p)
    return whole.reshape(CELLS, INPUT // CELLS, CELLS, INPUT // CELLS).mean((1, 3))


def _by_kind(net, composer, rng, kind, count):
    """Rows of (cells right, cells, both covered, either covered, lips' truth, lips' answer)."""
    rows = []
    for _ in range(count):
        i = int(rng.choice(len(composer.faces), p=composer.weight))
        composite = composer.compose(i, rng, [] if kind == "nothing" else [kind])[0]
        image, maps, m = visible_data.sample(composite, rng, amount=0.7)
        bare = net(image)[0]
        face = _cells(composite.points, m, masks.OVAL) > 0.5
        clear = (np.abs(maps[:, :, 0] - 0.5) > 0.25) & (maps[:, :, 2] > 0.08)
        truth, answer = maps[:, :, 0] > 0.5, bare > 0.5
        lips = _cells(composite.points, m, masks.LIPS)
        lips /= max(lips.sum(), 1e-3)
        rows.append(((truth == answer)[clear].sum(), clear.sum(),
                     (~truth & ~answer & face & clear).sum(),
                     ((~truth | ~answer) & face & clear).sum(),
                     (maps[:, :, 0] * lips).sum(), (bare * lips).sum()))
    return np.array(rows, np.float64)


def _mouth(rows):
    covered, free = rows[rows[:, 4] < 0.2, 5], rows[rows[:, 4] > 0.95, 5]
    return tuple(v.mean() if len(v) else float("nan") for v in (covered, free))


def _glasses(net, composer, rng, shakes=3):
    """{WITH: rows of (region's value, largest cell), WITHOUT: rows} of held-out real faces."""
    found = {visible_data.WITH: [], visible_data.WITHOUT: []}
    for i, worn in enumerate(composer.worn):
        if worn == visible_data.UNKNOWN:
            continue
        composite = composer.compose(i, rng, [])[0]
        for _ in range(shakes):
            image, _, m = visible_data.sample(composite, rng, amount=0.5)
            region = masks.glasses_region((INPUT, INPUT), composite.points @ m[:, :2].T + m[:, 2])
            region = region.reshape(CELLS, 4, CELLS, 4).mean((1, 3))
            glasses = net(image)[1]
            found[worn].append((glasses_value(glasses, region), float(glasses.max())))
    return found


def _report_glasses(net, composer, rng):
    found = _glasses(net, composer, rng)
    with_, without = (np.array(found[k]).reshape(-1, 2)
                      for k in (visible_data.WITH, visible_data.WITHOUT))
    if not len(with_) or not len(without):
        return
    for k, name in enumerate(("eyes' region", "largest cell")):
        p, n = with_[:, k], without[:, k]
        print("real glasses, %-13s AUC %.4f (%d with, %d without)" % (
            name, auc(p, n), len(p), len(n)))
        for t in (0.5, 0.6, 0.7, 0.8):
            print("  from %.1f on: missed %.1f %%, false %.1f %%" % (
                t, 100 * (p < t).mean(), 100 * (n >= t).mean()))


def _report_clips(net, faces):
    values = {True: [], False: []}
    for face in faces:
        if not face.name.startswith("hands/"):
            continue
        clip, frame = face.name.split("/")[1].rsplit("-", 1)
        covered = int(frame) in MOUTH_COVERED.get(clip, ())
        if covered or clip in MOUTH_FREE:
            scale = KEPT / visible_faces.SIZE
            move = np.array([[scale, 0, (INPUT - KEPT) / 2], [0, scale, (INPUT - KEPT) / 2]])
            lips = _cells(face.points, move, masks.LIPS)
            bare = net(_kept_crop(face))[0]
            values[covered].append((bare * lips).sum() / max(lips.sum(), 1e-3))
    if values[True] and values[False]:
        for covered, name in ((True, "a real hand before them"), (False, "nothing before them")):
            v = values[covered]
            print("clips: lips with %s: %.3f (%.3f .. %.3f, %d frames)" % (
                name, np.mean(v), np.min(v), np.max(v), len(v)))


def report(path, composer, faces, count):
    net, rng = Net(path), np.random.default_rng(SEED)
    print("%-22s %9s %12s %14s %11s" % ("held-out people", "cells", "covered IoU", "mouth covered",
                                        "mouth free"))
    for kind in ["nothing"] + list(occluders.KINDS):
        rows = _by_kind(net, composer, rng, kind, max(2, count // 4))
        s = rows.sum(0)
        print("%-22s %8.2f%% %12s %14.3f %11.3f" % (
            kind + (" (never seen)" if kind in occluders.HELD_OUT_KINDS else ""), 100 * s[0] / s[1],
            "-" if kind == "nothing" else "%.3f" % (s[2] / max(s[3], 1)), *_mouth(rows)))
    _report_glasses(net, composer, rng)
    _report_clips(net, faces)


def overlay(image, maps):
    """Beside the picture: red where not bare, cyan where glasses."""
    shown = (np.clip(image, 0, 1) * 255).astype(np.float32)
    bare, glasses = (cv2.resize(m, (INPUT, INPUT), interpolation=cv2.INTER_NEAREST)[:, :, None]
                     for m in maps)
    over = shown * (0.5 + 0.5 * bare) + 0.5 * (1 - bare) * np.array([255, 0, 0], np.float32)
    over = over * (1 - 0.4 * glasses) + 0.4 * glasses * np.array([0, 255, 255], np.float32)
    return np.hstack([shown, over]).astype(np.uint8)


def _kept_crop(face):
    """The network's input of a face as the mesh square shows it."""
    image = cv2.resize(face.image, (KEPT, KEPT), interpolation=cv2.INTER_AREA)
    a = (KEPT - INPUT) // 2
    return image[a:a + INPUT, a:a + INPUT].astype(np.float32) / 255


def sheet(path, faces, composer, out, columns=9):
    net, rng = Net(path), np.random.default_rng(SEED)
    tiles = []
    for kind in list(occluders.KINDS) * 3:
        i = int(rng.choice(len(composer.faces), p=composer.weight))
        image, _, _ = visible_data.sample(composer.compose(i, rng, [kind])[0], rng, amount=0.7)
        tiles.append(overlay(image, net(image)))
    clips = [f for f in faces if f.name.startswith("hands/")]
    for face in clips[::max(1, len(clips) // 72)]:
        image = _kept_crop(face)
        tiles.append(overlay(image, net(image)))
    for face in composer.faces[::max(1, len(composer.faces) // 63)]:
        image = _kept_crop(face)
        tiles.append(overlay(image, net(image)))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i:i + columns]) for i in range(0, len(tiles), columns)]
    cv2.imwrite(out, np.vstack(rows)[:, :, ::-1])


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    evaluate.add_shared(p)
    add_sources(p)
    p.add_argument("--onnx", default=MODEL)
    p.add_argument("--sheet", help="contact sheet to write")
    p.add_argument("--count", type=int, default=400)
    o = p.parse_args()
    cv2.setNumThreads(1)
    faces, _, unseen = sides(o)
    report(o.onnx, unseen, faces, o.count)
    if o.sheet:
        sheet(o.onnx, faces, unseen, o.sheet)


if __name__ == "__main__":
    main()
