"""Scores on one clip: of an output, of the same effect without smoothing, and of the cheats.

Outputs and figures go by the name of what made them: OUTPUT, PER_FRAME, IDEAL, GLUED, the cheats.
"""
import dataclasses

import numpy as np

import face_areas
import temporal_measures as measures
from temporal_cheats import CHEATS, rounded
from temporal_glued import Glued
from temporal_known import RATE, KnownMoments, Runs
from temporal_real import RealMoments

OUTPUT, PER_FRAME, IDEAL, GLUED = "output", "per frame", "ideal", "glued"
MARKS_EVERY = 6     # frames from one look at landmarks to the next


class Marks:
    """Landmarks of outputs against those of the inputs, by a network of its own, unsteadied."""

    def __init__(self, reference):
        self.reference, self.apart, self.looked = reference, {}, 0

    def look(self, square, now, outs):
        """`square`: where the face is in the input."""
        points, presence = self.reference.mesh(np.uint8(now), square)
        if presence < 0.5:
            return
        self.looked += 1
        unit = np.linalg.norm(points[263, :2] - points[33, :2])
        for name, out in outs.items():
            seen, presence = self.reference.mesh(np.uint8(out), square)
            if presence >= 0.5:
                self.apart.setdefault(name, []).append((seen - points)[:, :2] / unit * 100)

    def figures(self, name):
        """Percent of the outer-eye distance: how far points are shifted on average, and how far
        that shift itself drifts from the first third to the last; how often a face is seen."""
        found = np.array(self.apart.get(name, []))
        out = {"face seen": len(found) / self.looked if self.looked else None}
        if len(found) < 6:
            return out | {"landmark shift": None, "landmark drift": None}

        def mean_length(v):
            return float(np.hypot(v[:, 0], v[:, 1]).mean())
        third = len(found) // 3
        return out | {
            "landmark shift": mean_length(found.mean(0)),
            "landmark drift": mean_length(found[-third:].mean(0) - found[:third].mean(0))}


class Outputs:
    """What is scored of one stream of frames: the output, its per-frame twin, the cheats. `output`,
    `frames`: Videos; without `frames` the cheats are made of the output itself. `glued`: a Glued,
    which is scored too."""

    def __init__(self, output, frames, cheats, glued=None):
        self.output, self.frames, self.glued = output, frames, glued
        self.makers = {k: make() for k, make in CHEATS.items()} if cheats else {}

    def at(self, t, now):
        """{name: picture}; frames one after the other."""
        outs = {OUTPUT: self.output.rgb(t)}
        if self.frames:
            outs[PER_FRAME] = self.frames.rgb(t)
        plain = outs.get(PER_FRAME, outs[OUTPUT])
        if self.glued:
            outs[GLUED] = rounded(self.glued.at(t, now))
        return outs | {k: rounded(m.next(now, plain)) for k, m in self.makers.items()}


class Controls:
    """What the same outputs are where nothing can shine through, as differences from the per-frame
    output of the clean input. `streams`: kind -> Stream."""

    def __init__(self, streams, cheats):
        self.streams = {k: (s, Outputs(s.out, s.frames, cheats)) for k, s in streams.items()}

    def at(self, t):
        """{name: {kind: difference}}."""
        found = {}
        for kind, (stream, outputs) in self.streams.items():
            k = t - stream.start
            if k >= 0:
                fresh = stream.fresh.rgb(k)
                for name, out in outputs.at(k, stream.noisy.rgb(k)).items():
                    found.setdefault(name, {})[kind] = out - fresh
        return found


def tallied(moments, outputs, controls=None, reference=None, rate=RATE):
    """{name: figures}, {name: spectrum}."""
    tallies, marks, inputs = {}, Marks(reference) if reference else None, measures.Tally(rate)
    for t, moment in enumerate(moments):
        outs, control = outputs.at(t, moment.now), controls.at(t) if controls else {}
        for name, out in outs.items():
            tallies.setdefault(name, measures.Tally(rate)).add(moment, out, control.get(name, {}))
        if moment.exact:    # it knows of no occluder, so it is not asked about ghosts
            tallies.setdefault(IDEAL, measures.Tally(rate)).add(
                dataclasses.replace(moment, leftovers={}), rounded(moment.ideal))
        inputs.add_series(moment, moment.now)
        if marks and moment.square is not None and t % MARKS_EVERY == 0:
            marks.look(moment.square, moment.now,
                       {k: v for k, v in outs.items() if k in (OUTPUT, PER_FRAME)})
    figures = {}
    for name, tally in tallies.items():
        figures[name] = tally.figures(inputs.thumbs, gated=name not in (IDEAL, GLUED))
        if marks and name in (OUTPUT, PER_FRAME):
            figures[name] |= marks.figures(name)
    spectra = {k: measures.spectrum(t.series, rate) for k, t in
               {"input": inputs, **tallies}.items() if k in ("input", OUTPUT, PER_FRAME)}
    return figures, {k: [v.tolist() for v in s] for k, s in spectra.items() if s}


def untouched(moments_faces, before, after, area, size, unsure=None):
    """Share of bit-identical samples where the effect has no business; None: it may be anywhere.
    `unsure`: pixels that are left out."""
    same = total = 0
    for faces, a, b in zip(moments_faces, before, after):
        mask = face_areas.untouched(area, faces, size)
        if mask is not None:
            mask = mask if unsure is None else mask & ~unsure
            found = face_areas.identical(a, b, mask)
            same, total = same + found[0], total + found[1]
    return same / total if total else None


def score_known(clip, effect, library, cheats=True, reference=None):
    """An effect of mien on a clip of known motion."""
    runs = Runs(clip, effect, library)
    if clip.step is not None:
        return score_step(clip, runs, effect.area(), cheats)
    moments = KnownMoments(clip, runs, effect.area(), effect.follows_pose())
    figures, spectra = tallied(moments, Outputs(runs.out, runs.frames, cheats),
                               Controls(runs.controls, cheats), reference)
    figures[OUTPUT]["untouched"] = untouched(
        (moments.faces(t) for t in range(clip.frames)), runs.noisy.planes, runs.out.planes,
        effect.area(), clip.size)
    return {"kind": clip.kind, "figures": figures, "spectra": spectra}


def score_step(clip, runs, area, cheats):
    """How an output answers a step of a parameter."""
    mask = face_areas.judged(area, [clip.face(0).points(0)], clip.size)
    outputs, shares = Outputs(runs.out, runs.frames, cheats), {}
    for t in range(clip.frames):
        outs = outputs.at(t, runs.noisy.rgb(t))
        for name, out in outs.items():
            shares.setdefault(name, []).append(
                measures.share_of_way(out, runs.before, runs.stills[0], mask))
    return {"kind": "step", "figures": {
        k: {"t90": measures.time_to_90(v, clip.step, RATE)} for k, v in shares.items()},
        "response": {k: v for k, v in shares.items() if k in (OUTPUT, PER_FRAME)},
        "step": clip.step}


def score_pair(video, output, per_frame, area, cheats=True, reference=None, found=None):
    """A video and what was made of it; `per_frame`: the same effect without smoothing, or None;
    `found`: the video's Face, if `reference` has looked for it."""
    count = min(len(v) for v in (video, output, per_frame or output))
    moments = RealMoments(video, count, per_frame, area, found)
    glued = Glued(found, video, per_frame or output) if found and area == "face" else None
    figures, spectra = tallied(moments, Outputs(output, per_frame, cheats, glued), None, reference,
                               video.rate)
    figures[OUTPUT]["lacking"] = abs(len(video) - len(output))
    figures[OUTPUT] |= measures.joint(figures[OUTPUT])
    faces = ([p] if p is not None else [] for p in moments.face)
    known = area == "frame" or all(p is not None for p in moments.face)
    figures[OUTPUT]["untouched"] = untouched(faces, video.planes, output.planes, area,
                                             video.size, moments.near_faces) if known else None
    return {"kind": "real", "figures": figures, "spectra": spectra}
