#!/usr/bin/env python3
"""The measures of temporal consistency on videos whose figures are known beforehand.

    check_temporal.py

Needs numpy and OpenCV, no device and no network. Exit status 1 where a measure is off.
"""
import os
import re
import sys
import tempfile

try:
    import cv2
    import numpy as np
except ImportError:
    print("skipped: the packages of tests/requirements.txt are not installed")
    sys.exit(77)

import effect_run
import face_areas
import face_sources
from face_sources import portrait
import known_motion
import svg_plot
import temporal_cheats
import temporal_clips
import temporal_docs
import temporal_glued
import temporal_measures as measures
import temporal_limits
import temporal_report
import temporal_scores
import videos

N, FRAMES, RATE = 160, 64, 30
failures = []


def check(what, good, detail=""):
    print(("ok - " if good else "NOT OK - ") + what + ("" if good else f": {detail}"))
    if not good:
        failures.append(what)


def near(what, found, wanted, part):
    check(what, found is not None and abs(found - wanted) <= part * abs(wanted) + 1e-9,
          f"{found}, not {wanted:g}")


def texture(dice, sigma, rms):
    """A smooth pattern around 0, 4 x N wide, N high."""
    picture = cv2.GaussianBlur(dice.normal(size=(N, 4 * N, 3)), (0, 0), sigma)
    return (picture * rms / np.sqrt((picture ** 2).mean())).astype(np.float32)


class Pan:
    """A camera that moves by a whole number of pixels a frame over a scene."""

    def __init__(self, step=3, noise=2.0):
        self.dice, self.step, self.noise = np.random.default_rng(4), step, noise
        self.scene, self.added = texture(self.dice, 2, 30) + 128, texture(self.dice, 2, 10)
        self.where = known_motion.affine_map(np.array([[1, 0, -step], [0, 1, 0]]), (N, N))
        inside = self.where[..., 0] >= 1
        self.mask = inside.astype(np.uint8)

    def cut(self, wide, t):
        x = 3 * N - self.step * t
        return wide[:, x:x + N].copy()

    def noisy(self, sigma):
        return self.dice.normal(size=(N, N, 3)).astype(np.float32) * sigma

    def moments(self, count=FRAMES):
        """Moments, with the input in `now` and input + what is to be added in `ideal`."""
        before = None
        for t in range(count):
            clean = self.cut(self.scene, t)
            m = measures.Moment(clean + self.noisy(self.noise), exact=True)
            m.ideal, m.judged = m.now + self.cut(self.added, t), np.ones((N, N), np.uint8)
            if t:
                m.where, m.carried = self.where, self.mask
                m.before = known_motion.sampled(before, self.where)
            yield m
            before = m.now


def figures(moments, output):
    tally, ins = measures.Tally(RATE), measures.Tally(RATE)
    for t, m in enumerate(moments):
        tally.add(m, output(t, m))
        ins.add_series(m, m.now)
    return tally.figures(ins.thumbs)


def check_motion():
    """What is carried by a part of a pixel arrives there."""
    places = known_motion.affine_map(np.eye(2, 3), (N, N))

    def pattern(shift):
        at = places - np.float32(shift)
        return np.sin(0.9 * at[..., 0] + 0.5 * at[..., 1]) + np.sin(0.3 * at[..., 0])
    still, inner = pattern(0), (slice(8, -8), slice(8, -8))
    slope = np.gradient(still, axis=1)[inner].ravel()
    astray = []
    for shift in np.arange(1, 16) / 16:
        carried = known_motion.sampled(still, places - np.float32((shift, 0)))
        wrong = (pattern((shift, 0)) - carried)[inner].ravel()
        astray.append(wrong @ slope / (slope @ slope))
    check("carried pictures arrive within 0.02 pixels", max(np.abs(astray)) < 0.02, astray)


def check_ntre():
    for noise in (1.0, 4.0):
        pan = Pan()
        f = figures(pan.moments(24), lambda t, m, p=pan, n=noise: m.ideal + p.noisy(n))
        near(f"NTRE of an effect of rms 10 with fresh noise of {noise:g}", f["ntre"],
             np.sqrt(2 * noise ** 2 / (100 + noise ** 2)), 0.03)
        near("what it were of a steady output, the input's noise being 2", f["ntre steady"],
             np.sqrt(2 * 2 ** 2 / (100 + noise ** 2)), 0.05)
    f = figures(Pan().moments(24), lambda t, m: m.ideal)
    check("NTRE of an effect that moves with the scene", f["ntre"] < 1e-3, f["ntre"])
    pan = Pan()
    f = figures(pan.moments(24), lambda t, m: m.now + pan.cut(pan.added, 0))
    check("NTRE of an effect that stays where it is", f["ntre"] > 0.8, f["ntre"])


def check_warping_error():
    pan = Pan(noise=2)
    f = figures(pan.moments(24), lambda t, m: pan.cut(pan.scene, t) + pan.noisy(3))
    near("warping error out / in with noise of 3 and 2", f["warp ratio"], 9 / 4, 0.03)


def check_strength():
    f = figures(Pan().moments(8), lambda t, m: m.now + 0.5 * (m.ideal - m.now))
    near("strength of half the effect", f["strength"], 0.5, 0.01)
    near("what half the effect misses", f["missed"], 0.5, 0.01)
    near("F of half the effect", f["F"], 0.5, 0.01)
    pan = Pan()
    f = figures(pan.moments(8), lambda t, m: m.ideal + pan.noisy(2))
    near("what is missed with noise of 2 on an effect of 10", f["missed"], 0.2, 0.05)


def check_lag():
    for share in (0.0, 0.2, 0.6):
        pan = Pan(step=1)
        f = figures(pan.moments(12), lambda t, m, p=pan, s=share: m.ideal + s * (
            p.cut(p.scene + p.added, max(t - 1, 0)) - p.cut(p.scene + p.added, t)))
        check(f"lag of {share:g} frames at 1 px a frame", abs(f["lag"] - share) < 0.04, f["lag"])
    f = figures(Pan(step=0).moments(4), lambda t, m: m.ideal)
    check("nothing lags where nothing moves", f["lag"] is None, f["lag"])


def check_flicker():
    points = np.random.default_rng(2).uniform(20, N - 20, (30, 2))

    def run(hertz, level, noise=0.0):
        dice = np.random.default_rng(3)
        flat = [measures.Moment(np.full((N, N, 3), 100, np.float32), points=points, side=5)
                for _ in range(FRAMES)]
        return figures(flat, lambda t, m: m.now + level * np.sin(
            2 * np.pi * hertz * t / RATE).astype(np.float32) + noise * dice.normal(
                size=m.now.shape).astype(np.float32))
    for hertz in (7.5, 5.2, 11.9):
        near(f"flicker of 2 levels at {hertz} Hz", run(hertz, 2)["flicker"], np.sqrt(2), 0.04)
    slow = run(0.9, 2)["flicker"]
    check("2 levels at 0.9 Hz are no flicker", slow < 0.05, slow)
    f = run(1, 0, noise=3)
    luma = 3 * np.sqrt(0.299 ** 2 + 0.587 ** 2 + 0.114 ** 2) * np.sqrt(12.5 / 15)
    near("flicker of noise in patches of 5 x 5", f["flicker"], luma / 5, 0.15)
    check("and in single pixels", luma * 0.6 < f["fine flicker"] < luma * 1.1, f["fine flicker"])


def check_ghost():
    dice = np.random.default_rng(6)
    reference, past = (texture(dice, 3, 30)[:, :N] + 128 for _ in range(2))
    mask = np.zeros((N, N), bool)
    mask[30:130, 20:150] = True
    other = texture(dice, 3, 20)[:, :N] + reference

    def level(out):
        total, count = measures.Shining(measures.Leftover(mask, reference, [past, other])
                                        ).through(out)
        return np.sqrt(total / count)
    rms = np.sqrt(((past - reference)[mask] ** 2).mean())
    for share in (0.5, 0.1):
        near(f"ghost of {100 * share:g} %", level(reference + share * (past - reference)),
             share * rms, 0.06)
    noise = dice.normal(size=reference.shape).astype(np.float32) * 3
    check("noise of 3 levels is no ghost", level(reference + noise) < 0.3,
          level(reference + noise))
    part = np.where(np.arange(N)[None, :, None] < 75, 0.4 * (past - reference), 0)
    blurred = cv2.GaussianBlur(reference, (0, 0), 0.6)
    check("a slightly blurred picture is no ghost", level(blurred) < 0.15 * np.sqrt(
        ((blurred - reference)[mask] ** 2).mean()), level(blurred))
    check("a ghost in a part of the mask is not averaged away", level(reference + part) > 0.2 * rms,
          level(reference + part))


def check_step():
    lag = [0.0] * 20 + [1 - np.exp(-(k + 1) / 6) for k in range(60)]
    near("90 % of an exponential answer", measures.time_to_90(lag, 20, RATE),
         6 * np.log(10) / RATE, 0.02)
    ramp = [0.0] * 20 + [min(1, (k + 1) / 6) for k in range(30)]
    near("90 % of a ramp of 200 ms", measures.time_to_90(ramp, 20, RATE), 0.18, 0.01)
    check("no answer", measures.time_to_90([0.02] * 50, 20, RATE) is None)
    old, new = (np.full((8, 8, 3), v, np.float32) for v in (50, 90))
    near("a quarter of the way", measures.share_of_way(
        np.full((8, 8, 3), 60, np.float32), old, new, np.ones((8, 8), bool)), 0.25, 0.001)


def check_gates():
    def late(lag):
        kept = []

        def output(t, m):
            kept.append(m.ideal)
            return kept[max(0, t - lag)]
        return figures(Pan(step=5).moments(30), output)
    check("no delay", late(0)["delay"] == 0 and late(0)["gates"] == [], late(0)["gates"])
    check("a delay of two frames is a broken gate", late(2)["delay"] == 2 and late(2)["J"] == 0,
          late(2))
    kept = {}
    f = figures(Pan().moments(20), lambda t, m: kept.setdefault(t // 2, m.ideal))
    check("repeated frames are a broken gate", f["repeats"] == 10 and f["J"] == 0, f)
    f = figures(Pan().moments(20), lambda t, m: m.now if 8 <= t < 14 else m.ideal)
    near("seconds without the effect", f["bare"], 0.2, 0.01)
    check("which is a broken gate", f["J"] == 0, f["J"])


def check_untouched():
    angle = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    points = np.zeros((478, 3))
    points[list(face_sources.OVAL), 0] = 50 + 20 * np.sin(angle)
    points[list(face_sources.OVAL), 1] = 40 - 25 * np.cos(angle)
    mask = face_areas.untouched("face", [points], (100, 80))
    a = np.random.default_rng(1).integers(0, 256, 100 * 80 * 3 // 2).astype(np.uint8)
    b = a.copy()
    b[40 * 100 + 50] ^= 1       # within
    b[2 * 100 + 3] ^= 1         # outside
    same, total = face_areas.identical(a, b, mask)
    check("one changed sample outside the face is counted, one inside is not", same == total - 1,
          (same, total))


def check_marks():
    """A network that sees the points where the first pixels' values say."""
    class Reference:
        @staticmethod
        def mesh(rgb, square):
            points = np.zeros((478, 3))
            points[263, 0] = 50.0
            return points + (float(rgb[0, 0, 0]), 0, 0), 0.9
    marks = temporal_scores.Marks(Reference())
    for t in range(30):
        now, out = np.full((2, 2, 3), 10.0), np.full((2, 2, 3), 10.0 + t // 10)
        marks.look((0, 0, 1, 0), now, {"output": out})
    f = marks.figures("output")
    near("landmark shift", f["landmark shift"], 2.0, 0.01)
    near("landmark drift", f["landmark drift"], 4.0, 0.01)


def check_ranking():
    """A steady effect, made from jittering ones by averaging along the motion, beats them, and
    all cheats, clearly."""
    pan, dice, honest = Pan(step=2, noise=1), np.random.default_rng(9), [None]
    makers = {k: make() for k, make in temporal_cheats.CHEATS.items()}
    tallies, ins = {}, measures.Tally(RATE)
    for t, m in enumerate(pan.moments(48)):
        jitter = np.array([[1, 0, dice.normal() * 0.9], [0, 1, dice.normal() * 0.9]])
        r = known_motion.sampled(pan.cut(pan.added, t), known_motion.affine_map(jitter, (N, N)))
        frame = m.now + r * (1 + 0.08 * dice.normal()).__float__()
        r = frame - m.now
        past = r if t == 0 else known_motion.sampled(honest[0], m.where)
        honest[0] = np.where((m.carried if t else np.zeros((N, N)))[..., None] > 0,
                             past + max(0.12, 1 / (t + 1)) * (r - past), r)
        if t >= 12:     # the hand: R ought to be nothing there
            mask = np.zeros((N, N), bool)
            mask[48:112, 2 * t:2 * t + 48] = True
            m.leftovers["hand"] = measures.Shining(measures.Leftover(mask, m.now, [m.ideal]))
            frame, out = (np.where(mask[..., None], m.now, x)
                          for x in (frame, m.now + honest[0]))
            m.judged = m.judged * ~mask
        else:
            out = m.now + honest[0]
        outs = {"honest": out, "per frame": frame,
                **{k: v.next(m.now, frame) for k, v in makers.items()}}
        for name, picture in outs.items():
            tallies.setdefault(name, measures.Tally(RATE)).add(m, picture)
        ins.add_series(m, m.now)
    joint = {k: v.figures(ins.thumbs)["J"] for k, v in tallies.items()}
    check("J of an honest filter", joint["honest"] > 0.75, joint)
    for name, score in joint.items():
        if name != "honest":
            check(f"J of '{name}' is clearly lower", score < joint["honest"] - 0.1, joint)


def check_limits():
    good = {"ntre": 0.1, "warp ratio": 1.0, "flicker": 0.3, "ghost": 1.0, "lag": 0.1, "t90": 0.18,
            "J": 0.8, "gates": []}
    limits = temporal_limits.LIMITS
    check("good figures miss nothing", not temporal_report.misses(good, limits, "x"))
    for key in limits:
        bad = good | {key: 0.5 if key == "J" else 9.0}
        check(f"a bad {key} is missed", len(temporal_report.misses(bad, limits, "x")) == 1)
    check("a step that is never answered is missed", len(temporal_report.misses(
        good | {"t90": temporal_report.NEVER}, limits, "x")) == 1)
    lacking = good | {"ghost": None}
    check("a figure that lacks is missed where all clips were scored",
          len(temporal_report.misses(lacking, limits, "x", complete=True)) == 1 and
          not temporal_report.misses(lacking, limits, "x"))
    check("a failing gate is missed", len(temporal_report.misses(
        good | {"gates": ["3 frames are repeated"]}, limits, "x")) == 1)


class Runs:
    """A Face whose points move by 3, 1 pixels a frame; it is lost in frame 8."""
    points = [None if t == 8 else np.random.default_rng(2).uniform(40, 110, (478, 3)) +
              np.array([3, 1, 0]) * t for t in range(12)]

    def runs(self):
        return (0, 8), (9, 12)


class Added:
    """The input, all 100, with what is added to it: another pattern in every frame."""
    size = N, N

    def rgb(self, t):
        return 100 + cv2.GaussianBlur(np.random.default_rng(t).normal(size=(N, N, 3)).astype(
            np.float32), (0, 0), 2) * 30


class Plain(Added):
    def rgb(self, t):
        return np.full((N, N, 3), 100, np.float32)


def check_glued():
    """The effect of a stretch's middle frame goes with the points, and with nothing else."""
    glued, now = temporal_glued.Glued(Runs(), Plain(), Added()), Plain().rgb(0)
    for t, source in ((0, 4), (4, 4), (7, 4), (9, 10)):
        out, moved = glued.at(t, now), t - source
        hull = cv2.convexHull(Runs.points[t][:468, :2].astype(np.float32))
        inside = cv2.fillConvexPoly(np.zeros((N, N), np.uint8), hull.astype(np.int32), 1)
        inside = cv2.erode(inside, np.ones((5, 5))) > 0
        wanted = np.roll(Added().rgb(source), (moved, 3 * moved), (0, 1))
        check(f"glued: frame {t} has what frame {source} has, moved",
              np.abs(out - wanted)[inside].max() < 1e-2, np.abs(out - wanted)[inside].max())
        check(f"glued: nothing beside the face in frame {t}", (out[:25, :25] == 100).all())
    check("glued: nothing without a face", glued.at(8, now) is now)


def check_page():
    """The page is written from results alone; what misses a limit is in bold."""
    f = figures(Pan().moments(10), lambda t, m: m.ideal) | {"t90": 0.15, "ghost": 7.77}
    clips = {"hand-x": {"kind": "hand", "figures": {temporal_scores.OUTPUT: f,
                                                    temporal_scores.PER_FRAME: f}, "spectra": {}}}
    text = temporal_docs.page({(words, temporal_docs.KNOWN): temporal_report.finished(
        words, clips, False) for words in temporal_docs.effects()})
    done = [w for group in temporal_docs.groups(temporal_docs.effects()) for w in group]
    check("every effect is scored once", sorted(done) == sorted(temporal_docs.effects()), done)
    check("every effect has its row", all(f"| {w} |" in text for w in temporal_docs.FACES))
    check("pictures and cheats of what is shown", all(
        f"-{name}.svg" in text and f"-{name}.jpg" in text and f"### {words}" in text
        for words, name in temporal_docs.SHOWN.items()))
    check("a missed limit is in bold", "**7.77**" in text and "**0.00**" not in text, text)
    check("no line that could be wrapped is too long", all(
        len(k) <= 100 or k.startswith(("|", "!")) for k in text.splitlines()))
    check("no name is left to be filled in", not re.search(r"{[a-z]+}", text))
    check("ticks are round and none is -0", [str(round(v, 9)) for v in svg_plot.ticks(-0.02, 1)] ==
          ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"], svg_plot.ticks(-0.02, 1))


def check_truth():
    """The motion of a turning head behind a hand is what carries one frame to the next."""
    if not portrait.find():
        print("skipped: the motion of a face; the package python3-imageio is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        store = face_sources.Store(folder)
        clips = {c.kind: c for c in temporal_clips.motions(temporal_clips.Maker(store),
                                                           "astronaut", 5)}
        for kind in ("turn", "walk", "zoom"):
            scene = clips[kind].scene
            where, valid = scene.carried(21, 18)
            now, past = scene.frame(21), scene.frame(18)
            carried, still = (np.sqrt(((p - now)[valid] ** 2).mean())
                              for p in (known_motion.sampled(past, where), past))
            check(f"{kind}: what is carried fits ten times as well", carried < 0.1 * still and
                  valid.mean() > 0.8, (carried, still, valid.mean()))
        scene = clips["hand"].scene
        covered, bare = scene.frame(20), scene.frame(20, covered=False)
        apart = np.abs(covered - bare).max(2) > 0.5
        check("the hand's mask is where the hand is", (apart <= (scene.occluder(20) > 0)).all() and
              apart.sum() > 5000, apart.sum())


def check_pair():
    """A video and an output of which nothing is known: the motion is measured."""
    pan = Pan(noise=1)

    def video(added):
        planes = [temporal_clips.Clip.planes(pan.cut(pan.scene, t) + pan.noisy(1) + added(t))
                  for t in range(20)]
        return videos.Video(np.stack(planes), (N, N), RATE)
    before, steady = video(lambda t: 0), video(lambda t: pan.cut(pan.added, t))
    stuck = video(lambda t: pan.cut(pan.added, 0))
    good, bad = (temporal_scores.score_pair(before, out, steady, "frame", cheats=False)
                 ["figures"]["output"] for out in (steady, stuck))
    check("NTRE of what moves along, by measured motion", good["ntre"] < 0.35, good["ntre"])
    check("NTRE of what does not", bad["ntre"] > 0.8, bad["ntre"])
    check("E, T and F of what moves along", good["E"] == 1 and good["F"] == 1 and good["T"] > 0.3,
          good)
    check("F of what does not", bad["F"] < 0.2, bad["F"])
    short = videos.Video(steady.planes[:-2], (N, N), RATE)
    lacking = temporal_scores.score_pair(before, short, steady, "frame", cheats=False)
    check("two frames too few are a broken gate", lacking["figures"]["output"]["J"] == 0,
          lacking["figures"]["output"])


def check_input():
    planes = np.random.default_rng(1).integers(16, 236, (3, 33 * 17 + 2 * 17 * 9)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.y4m")
        videos.write(path, planes, (33, 17), 25)
        video = videos.read(path)
        check("a Y4M file comes back", (video.planes == planes).all() and video.rate == 25 and
              video.size == (33, 17))
        with open(path, "ab") as file:
            file.write(b"FRANE\n" + bytes(planes[0]))
        refused("a damaged Y4M file", path, lambda: videos.read(path))
        refused("a file that is not there", "none.mp4",
                lambda: videos.read(os.path.join(folder, "none.mp4")))
    refused("an effect without a value", "cartoon", lambda: effect_run.Effect("cartoon"))
    refused("no effect at all", "smooth=1", lambda: effect_run.Effect("smooth=1").step_name())
    effect = effect_run.Effect("style='a b:c.onnx':smooth=0.5")
    check("quotes hold words together", effect.settings == {"style": "a b:c.onnx", "smooth": "0.5"},
          effect.settings)


def refused(what, culprit, call):
    try:
        call()
        check(what + " is refused", False, "it passed")
    except ValueError as e:
        check(what + " is refused in a line that names it",
              culprit in str(e) and "\n" not in str(e), e)


def main():
    cv2.setNumThreads(1)
    for test in (check_motion, check_ntre, check_warping_error, check_strength, check_lag,
                 check_flicker, check_ghost, check_step, check_gates, check_untouched, check_marks,
                 check_ranking, check_limits, check_glued, check_page, check_truth, check_pair,
                 check_input):
        test()
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
