#!/usr/bin/env python3
"""Figures and pictures of models/face-age.onnx on people it was not trained on.

    training/age_evaluate.py                  # figures; wants node and age_judge.js's packages
    training/age_evaluate.py --sheet OUT.jpg  # a row of ages for each of 14 people, no figures
    training/age_evaluate.py --onnx models/face-age-high.onnx   # of the larger network
    training/age_evaluate.py --teacher        # of what it is taught

Prints the change of the apparent age over the one that was asked for (+10, +20, +30; of people who
look older than 40 -10 and -20), as it is and after blur (sigma 1) and JPEG (quality 75); the
cosine between the identity descriptors before and after, beside that of different people; and how
the apparent age wavers over a moving, noisy clip made of a picture, before and after, its points
found anew in every frame and nothing blended over time. Then what other judges of age say, and how
much of a difference of true ages each of them sees. The networks that measure are not used in the
training. Portraits are measured but not shown: they may not be passed on.
"""
import argparse
import os

import cv2
import numpy as np

import age_apply
import age_bank
import age_faces
import age_measure
import age_teacher
import evaluate
import visible_evaluate
from age_faces import SIDE

MODEL = os.path.join(evaluate.REPO, "models", "face-age.onnx")
OLDER, YOUNGER = (10, 20, 30), (-10, -20)
SHEET = (-20, -10, 0, 10, 20, 30, 45)
# Of each set: how many held-out pictures at most, and how many in the sheet.
COUNTS = {"london": (16, 5), "avatars": (4, 2), "synthetic": (16, 7), "portraits": (20, 0)}
CLIPS, FRAMES = 6, 10   # of the clips: how many, and how long
LOWEST = {"portraits": 0.45}
HEIGHT = 256            # pixels of a picture of the sheet


def chosen(faces, sheet=False):
    found = []
    for kind, counts in COUNTS.items():
        here = [f for f in faces
                if f.held_out and f.kind == kind and f.scale >= LOWEST.get(kind, 0)]
        here = [here[i] for i in np.random.default_rng(3).permutation(len(here))]
        people, once = set(), []
        for f in here:
            if not sheet or f.person not in people:
                once.append(f)
                people.add(f.person)
        found += once[:counts[sheet]]
    return found


def whole(face, data, finder):
    """(RGB, points, square) of the face's own picture."""
    rgb = cv2.imread(os.path.join(data, face.name + ".jpg"))[:, :, ::-1]
    rgb = np.ascontiguousarray(rgb)
    points = finder.all_points(rgb)
    return rgb, points, finder.square_of(points)


class Taught:
    """The teacher in a network's place, on the pictures of `faces`."""

    def __init__(self, cache, faces, pictures, every):
        self.teacher = age_teacher.Teacher(age_bank.load(every, cache))
        self.own = {id(p[0]): self.teacher.own(f) for f, p in zip(faces, pictures)}
        self.rim = age_apply.rim()

    def aged(self, rgb, points, square, years):
        seen, own = age_apply.texture(rgb, points, square), self.own[id(rgb)]
        change = age_teacher.residual(seen, self.teacher.change(own, years))
        gain = self.teacher.gain(own, years)[..., None]
        return age_apply.put_back(rgb, square, points, np.dstack([change, gain]), self.rim)


def aged(network, picture, years):
    rgb, points, square = picture
    return network.aged(rgb, points, square, years) if years else rgb


def sheet(network, pictures, path):
    rows = []
    for rgb, points, square in pictures:
        row = []
        wide = age_faces.matrix_to(age_faces.dataclasses.replace(square, side=square.side * 1.2),
                                   HEIGHT)
        for years in SHEET:
            x = age_faces.cut(aged(network, (rgb, points, square), years), wide, HEIGHT)
            row.append(x[:, HEIGHT // 10:-(HEIGHT // 10)])
        rows.append(np.hstack(row))
    half = (len(rows) + 1) // 2
    columns = [np.vstack(rows[:half]), np.vstack(rows[half:])]
    picture = np.hstack([np.pad(c, ((0, columns[0].shape[0] - c.shape[0]), (0, 0), (0, 0)))
                         for c in columns])
    cv2.imwrite(path, np.ascontiguousarray(picture[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 90])


def _line(name, before, rows, asked):
    parts = []
    for years in asked:
        change = np.array([r[years] for r in rows])
        parts.append("%+d: %+5.1f (sd %3.1f) %.2f" % (
            years, change.mean(), change.std(), change.mean() / years))
    print("%-24s n %2d, looking %.0f  %s" % (name, len(rows), before.mean(), "  ".join(parts)))


def _groups(first, kinds):
    """[(name, which of the pictures, the years to ask for)]; `first` is how old all look."""
    yield "everyone", first > 0, OLDER
    yield "over 40", first > 40, YOUNGER
    for k in COUNTS:
        yield "  " + k, kinds == k, OLDER
    for k in COUNTS:
        yield "  %s, over 40" % k, (kinds == k) & (first > 40), YOUNGER


def _print_changes(ages, first, kinds):
    """`ages`: [n,1+years] of each picture as it is and changed."""
    rows = [dict(zip(OLDER + YOUNGER, a[1:] - a[0])) for a in ages]
    for name, here, asked in _groups(first, kinds):
        if here.any():
            _line(name, ages[here, 0], [r for r, h in zip(rows, here) if h], asked)


def yardsticks(every, data, finder):
    """By how much each judge says that somebody is older who is a year older: of the people whose
    true age is known, a picture of each."""
    people = {f.person: f for f in every if f.kind == "london" and f.age}
    seen = [whole(f, data, finder)[:2] for f in people.values()]
    true = np.array([f.age for f in people.values()])
    for name in age_measure.JUDGES:
        says = age_measure.ages(seen, name)
        print("%s, %d people of %.0f to %.0f: off by %.1f years, %.2f of a true difference" % (
            name, len(true), true.min(), true.max(), np.abs(says - true).mean(),
            np.polyfit(true, says, 1)[0]))


def report(network, faces, pictures):
    """Ages as differences to the picture that went through the same blur and compression."""
    years = OLDER + YOUNGER
    made = [[aged(network, p, y) for y in (0,) + years] for p in pictures]
    kinds = np.array([f.kind for f in faces])
    for spoil in (False, True):
        judged = [(age_measure.spoiled(x) if spoil else x, p[1])
                  for row, p in zip(made, pictures) for x in row]
        ages, who = age_measure.judge(judged)
        ages = ages.reshape(len(pictures), -1)
        if not spoil:
            first = ages[:, 0]
        print("after blur and JPEG" if spoil else "as it is")
        _print_changes(ages, first, kinds)
        if not spoil:
            who = who.reshape(len(pictures), len(years) + 1, -1)
            same = np.einsum("nyd,nd->ny", who[:, 1:], who[:, 0]).mean(0)
            people = np.array([f.person for f in faces])
            other = who[:, 0] @ who[:, 0].T
            smile = other[(people[:, None] == people) & ~np.eye(len(people), dtype=bool)]
            other = other[people[:, None] != people]
            print("identity: %s; other people %.3f (p90 %.3f)%s" % (
                "  ".join("%+d %.3f" % v for v in zip(years, same)), other.mean(),
                np.percentile(other, 90),
                "; the same people, another expression %.3f" % smile.mean() if len(smile) else ""))
    judged = [(x, p[1]) for row, p in zip(made, pictures) for x in row]
    for name in age_measure.OTHERS:
        print("by", name)
        _print_changes(age_measure.ages(judged, name).reshape(len(pictures), -1), first, kinds)


def steadiness(network, pictures, years=30):
    """RMS by which the change differs between two takes with noise (sigma 2/255), over its own."""
    rng, parts = np.random.default_rng(4), []
    for rgb, points, square in pictures:
        seen = age_apply.texture(rgb, points, square)
        a, b = (network.change(np.clip(seen + rng.normal(0, 2 / 255, seen.shape), 0, 1),
                               years)[..., :3] for _ in range(2))
        parts.append(np.square(a - b).mean() / np.square(a).mean())
    print("the change at %+d differs by %.3f of itself with noise" % (
        years, np.sqrt(np.median(parts))))


def _clip(rgb, points, rng):
    """[(frame, the true points in it)]: a head that moves in front of a noisy camera."""
    middle = points.mean(0)[:2]
    for t in range(FRAMES):
        turn, size = 4 * np.sin(0.7 * t), 1 + 0.04 * np.sin(0.9 * t + 1)
        m = cv2.getRotationMatrix2D(tuple(map(float, middle)), float(turn), float(size))
        m[:, 2] += 0.03 * np.ptp(points[:, 0]) * np.array([np.sin(1.1 * t), np.cos(0.8 * t)])
        frame = cv2.warpAffine(rgb, m, rgb.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        frame = np.clip(frame + rng.normal(0, 2, frame.shape) + 0.5, 0, 255).astype(np.uint8)
        yield frame, points[:, :2] @ m[:, :2].T + m[:, 2]


def over_time(network, pictures, finder, years=30):
    """How the apparent age wavers along clips."""
    rng, judged, kept = np.random.default_rng(6), [], 0
    for rgb, points, _ in pictures:
        frames = [(x, p, finder.all_points(x)) for x, p in _clip(rgb, points, rng)]
        if kept == CLIPS or any(found is None for _, _, found in frames):
            continue
        kept += 1
        for x, true, found in frames:
            judged += [(x, true), (network.aged(x, found, finder.square_of(found), years), true)]
    ages = age_measure.judge(judged)[0].reshape(kept, FRAMES, 2)
    before, after = ages.std(1).mean(0)
    print("age along %d clips of %d frames at %+d: deviation %.2f years before, %.2f after" % (
        kept, FRAMES, years, before, after))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--onnx", default=MODEL)
    p.add_argument("--teacher", action="store_true", help="figures of the teacher instead")
    p.add_argument("--sheet", help="JPEG to write")
    o = p.parse_args()
    cv2.setNumThreads(1)
    every = age_faces.load(o.shared, o.models, o.cache)
    faces = chosen(every, bool(o.sheet))
    finder = age_faces.AgeFinder(o.models)
    pictures = [whole(f, os.path.join(o.shared, "data"), finder) for f in faces]
    network = Taught(o.cache, faces, pictures, every) if o.teacher else age_apply.Network(o.onnx)
    if o.sheet:
        sheet(network, pictures, o.sheet)
    elif o.teacher:
        report(network, faces, pictures)
    else:
        steadiness(network, pictures)
        report(network, faces, pictures)
        yardsticks(every, os.path.join(o.shared, "data"), finder)
        over_time(network, pictures[::len(pictures) // (2 * CLIPS)], finder)


if __name__ == "__main__":
    main()
