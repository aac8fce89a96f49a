#!/usr/bin/env python3
"""Writes docs/temporal.md and its pictures: run_temporal.sh --docs calls this.

    temporal_docs.py [--from DIR] [--into DIR] [--build DIR] [--shared DIR] [--jobs N] [--no-videos]

--from: takes the results that temporal_figures.py has written there, instead of running it again,
where it has any.
"""
import argparse
import glob
import json
import os
import textwrap

import face_areas
import temporal_clips
import temporal_figures as run
import temporal_pictures
import temporal_report as report
from effect_run import Effect
from temporal_limits import LIMITS, REAL_LIMITS
from temporal_scores import GLUED, OUTPUT, PER_FRAME

# Effects whose pictures and cheats are shown, and their names in those of files.
SHOWN = {"style=cartoon": "cartoon", "age=30": "age"}
# Effects on faces. The people of the clips look at the camera: they are asked to look past it.
FACES = ("age=30", "age=-20", "gaze=1:gaze-x=8")
# Where half the frame's resolution shows most; this is how a GPU draws it anyway.
FINE = ("style=woodcut:style-area=face:quality=high",)
STRIP = ("walk", (30, 31, 32, 33, 34))
AREAS = ("frame", "face")
KNOWN, REAL = "", "-real"
# Of each, what stands beside the output's figures: whose, which, its title.
BESIDE = {KNOWN: ((PER_FRAME, "ntre clean", "per frame: clean"),),
          REAL: ((PER_FRAME, "ntre", "per frame: NTRE"), (GLUED, "ntre", "glued: NTRE"))}
# Name in that of a file, which plot, its title.
PLOTS = (("joint", "joint", "J"), ("spectrum", "spectrum-still", "Flicker spectrum"),
         ("response", "response", "Answer to a step"))
POINT = {"ntre": "NTRE", "warp ratio": "warping error", "flicker": "flicker", "ghost": "ghost",
         "lag": "lag", "t90": "90 % of a step", "J": "J"}

INTRO = """Written by `tests/eval/run_temporal.sh --docs`. What an effect does to a face must not
flicker, swim, lag or leave ghosts. Here is what the shipped styles, in the frame and in faces, age
and gaze reach with the default `smooth=0.8`, and how to measure the same on an effect, a filter or
a video of one's own."""

USE = """\
    tests/eval/run_temporal.sh --effect style=cartoon:style-area=face  # clips of known motion
    tests/eval/run_temporal.sh --effect age=30 --real my.mp4           # videos, measured motion
    tests/eval/run_temporal.sh --input in.mp4 --output out.mp4         # what any program made

Tables, JSON and plots go to `out/temporal`. `tests/run.sh` installs what it needs. The outputs are
made by the library itself, frame by frame and without loss, so that time and order are exact."""

CLIPS = """The clips are 640x480, one and a half to two seconds long, made from NASA's portrait of
Eileen Collins (public domain, Debian package python3-imageio), with `--set all` of people of
`../shared/data` too: layers (a room, a person) whose motion is known to a fraction of a pixel,
sensor noise of sigma 2 in every frame. `still`; `creep` (a quarter of a pixel to one a frame),
`pan` and `zoom` of the camera; `slow` (at most half a pixel a frame), `roll`, `walk`, `turn` (yaw
20, pitch 7 degrees) and `shake` (30 pixels at 1.6 Hz) of the person; `hand`: one that comes before
the mouth, stays, goes, and then sweeps across; `cut` to another person elsewhere; `swap`: somebody
else in the same place; `step` of `style-strength` from 0.2 (age, gaze: from 0). Within 4 pixels of
another layer's edge or of the hand nothing is judged."""

IDEAL = """**What is ideal.** The effect's own per-frame output (`smooth=0`) for the clean, still
picture with nothing before it, carried along by the exact motion. A style's strokes and the lines
of a face do not move exactly with the scene: a network draws them anew for each frame, on a raster
of its own. That is what flickers, so strokes that stick to the surface are the aim, and what the
network would have drawn afresh is not. The choice matters little: `F fresh` is F against the
per-frame output for the clean moving frame. `ideal` in the table is that picture itself, which no
filter can reach that does not know the motion; it shows the floor of a figure. NTRE's is the
input's own noise, which an effect removes and which therefore is part of R = output - input;
`clean` is NTRE against the input without noise."""

MEASURES = """**The figures**, means over all clips and the worst.

- NTRE: `sqrt(mean |R_t - warp(R_t-1)|^2 / mean |R_t|^2)`. Half an effect has the same as the whole.
  `steady`: what it were if the output did not change at all, carried by the motion: what is new in
  the input alone, its noise and what the motion leaves unexplained, as a share of R. An effect that
  changes little, on a video with much of that, cannot come far below.
- Warping error: of the output over that of the input, squares, occlusions left out.
- tOF: end-point error between the optical flows of output and input (Farneback), pixels.
- Flicker: 3-15 Hz, levels rms of luma in {patches} patches that are fixed to the face, of a
  twentieth of its width; `fine`: in single pixels; `moving`: of the clips in which the face moves,
  where it holds all that a patch sees change.
- Ghost: in squares of 16 pixels, what a mixture of pictures of the past explains of output - clean
  per-frame output (least squares, beside a shift and a blur of the present picture): on the hand
  the face behind it, for 300 ms behind the hand the hand, after a cut the last picture. What the
  same fit finds by chance where nothing of the kind can be there (the scene without the hand, the
  hand without the face, the time after the cut alone) is taken off. A ghost of 10 % is told to 6 %
  of itself (`tests/eval/check_temporal.py`).
- Lag: by least squares against the slopes of the ideal picture, how many pixels the output lies
  behind the exact motion; of the clip with the most.
- 90 %: of a step of a parameter, from the last frame with the old value on.
- Drift: how far landmarks in the output move against those in the input from the first third to the
  last, in percent of the outer-eye distance, by MediaPipe's mesh network, unsteadied.
- Untouched: samples outside the face's area (1.6 times the oval) that are bit-identical.
- E: rms of R over that of the ideal one, at most 1. T: 1 - NTRE / 0.5. F: 1 - rms(output - ideal)
  over rms of the ideal R. G: 1 - ghost over the same. J: their geometric mean, 0 if a gate fails:
  frames lacking, repeated or late, or a face without the effect for longer than 100 ms. Eye contact
  has less to do as a turning head brings the eyes to the target by itself: of frames in which its
  per-frame output without noise has less than half of the still face's change, this is not asked
  (the clip `turn`). p10: of the single clips' J.

On videos the motion comes from DIS with Lai's test for occlusion, the patches from the mesh
network's points, smoothed by looking ahead, and the per-frame output stands for the ideal, so that
what smoothing removes counts against F; there is no ghost and no step. With `--input` and
`--output` E, F and J need the same effect without smoothing as well (`--per-frame`)."""

ON_VIDEOS = """`glued`: the effect of one frame of the video, which goes along with the face's
points and is as still on the face as these. What NTRE it has is the measure's own, in which motion
by optical flow and that of points do not quite agree.

`gaze` finds little to do there, and its figures say little: it leaves eyes of a dozen blurred
pixels alone, which are those of all these videos but `foreman`, and has an NTRE of 0 there. In
`foreman` it fades in and out as the head turns to the camera and away; the measure's own share is
most of its NTRE there, too (`glued`)."""

CHEATS = """**The cheats** are made from the per-frame output: `no-op`: the input; `half strength`;
`blur`; `freeze`: the first frame's R stays where it is; `freeze, carried`: it goes along with the
optical flow, for ever; `unwarped average`: a running mean of R that does not follow the motion."""


def arguments():
    parser = argparse.ArgumentParser(prog="run_temporal.sh --docs")
    parser.add_argument("--from", dest="source")
    parser.add_argument("--into", default=os.path.join(run.ROOT, "docs"))
    parser.add_argument("--build", default=os.path.join(run.ROOT, "build"))
    parser.add_argument("--shared", default=run.SHARED)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--no-videos", action="store_true")
    return parser.parse_args()


def effects():
    """Of the whole frame, of faces."""
    names = sorted(os.path.basename(p)[6:-5] for p in
                   glob.glob(os.path.join(run.ROOT, "models", "style-*.onnx")))
    return [f"style={n}" + ("" if a == "frame" else f":style-area={a}")
            for a in AREAS for n in names] + list(FINE + FACES)


def groups(effects):
    """What is scored together, each clip being drawn once, and written before the next begins, so
    that --from goes on there: those with cheats; styles of the frame; of faces; other effects."""
    found = {}
    for words in effects:
        kind = "shown" if words in SHOWN else "other" if words in FACES else Effect(words).area()
        found.setdefault(kind, []).append(words)
    return list(found.values())


def results(args):
    """{(effect, KNOWN or REAL): result}."""
    source = args.source or os.path.join(run.ROOT, "out", "temporal")
    videos = not args.no_videos and run.found_videos(args.shared)
    kinds = [KNOWN] + ([REAL] if videos else [])
    paths = {(words, kind): os.path.join(source, run.folder_of(words) + kind, "temporal.json")
             for words in effects() for kind in kinds}
    for kind in kinds:
        lacking = [w for w in effects() if not (args.source and os.path.exists(paths[w, kind]))]
        for group in groups(lacking):
            run.score(run.arguments([
                *(x for w in group for x in ("--effect", w)), "--out", source, "--build",
                args.build, "--shared", args.shared, "--jobs", str(args.jobs),
                *(["--real"] if kind == REAL else []),
                *([] if group[0] in SHOWN else ["--no-cheats"])]))
    found = {}
    for key, path in paths.items():
        with open(path, encoding="utf-8") as file:
            found[key] = json.load(file)
    return found


def effects_table(found, kind):
    """A row an effect; what misses a limit is in bold."""
    limits = REAL_LIMITS if kind == REAL else LIMITS
    rows = {words: r["means"][OUTPUT] for (words, k), r in found.items() if k == kind}
    used = [c for c in report.COLUMNS if any(s.get(c[1]) is not None for s in rows.values())]
    lines = []
    for words, s in rows.items():
        cells = []
        for _, key, digits, times in used:
            text = report.cell(s.get(key), digits, times)
            bad = report.beyond(key, s.get(key), limits.get(key))
            cells.append(f"**{text}**" if bad else text)
        for name, key, _ in BESIDE[kind]:
            cells.append(report.cell(found[words, kind]["means"].get(name, {}).get(key), 3))
        lines.append([words.replace("style=", "").replace(":style-area=", ", "), *cells])
    return report.table(["effect", *(c[0] for c in used), *(b[2] for b in BESIDE[kind])], lines)


def wrapped(text):
    """Paragraphs and lists to 100 columns."""
    out = []
    for part in text.split("\n\n"):
        items = part.split("\n- ")
        lines = [textwrap.fill(" ".join(i.removeprefix("- ").split()), 100,
                               initial_indent="" if n == 0 and not part.startswith("- ") else "- ",
                               subsequent_indent="" if n == 0 and not part.startswith("- ")
                               else "  ", break_on_hyphens=False)
                 for n, i in enumerate(items)]
        out.append(part if part.startswith("    ") else "\n".join(lines))
    return "\n\n".join(out) + "\n\n"


def limits_text():
    words = ", ".join(f"{POINT[k]} {v:g}" for k, v in LIMITS.items())
    return (f"Limits for every effect: {words} (seconds for the step, J from below; NTRE on videos "
            f"{REAL_LIMITS['ntre']:g}). In bold: not reached. A CPU draws a style of the whole "
            "frame at half its width and height or less; faces alone, as long as they fit into as "
            "many pixels, at all of it, as `quality=high` and most GPUs do in any case.")


def page(found):
    shown = {words: found[words, KNOWN] for words in SHOWN if (words, KNOWN) in found}
    text = "# Steady effects, in figures\n\n" + wrapped(INTRO) + USE + "\n\n"
    for words in shown:
        text += f"![{words}, frames of the clip {STRIP[0]}](temporal-strip-{SHOWN[words]}.jpg)\n\n"
    text += wrapped(
        f"*Consecutive frames of the clip `{STRIP[0]}` with "
        f"{' and '.join(f'`{w}`' for w in shown)}; the lower rows show what is new against the "
        "frame before, carried by the exact motion, "
        f"{temporal_pictures.GAIN} times stronger.*")
    text += "## Every effect\n\n" + wrapped(limits_text()) + effects_table(found, KNOWN) + "\n"
    if any(k == REAL for _, k in found):
        clips = next(r["clips"] for (_, k), r in found.items() if k == REAL)
        names = ", ".join(f"`{c}`" for c in clips)
        text += "## On videos\n\n" + wrapped(f"{names} of `../shared/data`.") + \
            effects_table(found, REAL) + "\n" + wrapped(ON_VIDEOS)
    text += "## Against cheats\n\n" + wrapped(CHEATS)
    for words, result in shown.items():
        text += f"### {words}\n\n" + report.outputs_table(result) + "\n" + "".join(
            f"![{title}](temporal-{name}-{SHOWN[words]}.svg)\n\n" for name, _, title in PLOTS)
    text += "## Every clip\n\n"
    for words, result in shown.items():
        text += f"### With {words}\n\n" + report.clips_table(result) + "\n"
    measures = MEASURES.format(patches=len(face_areas.PATCHES))
    text += "## What is measured\n\n" + wrapped("\n\n".join((CLIPS, IDEAL, measures)))
    return text.rstrip() + "\n"


def main():
    args = arguments()
    found = results(args)
    os.makedirs(args.into, exist_ok=True)
    with open(os.path.join(args.into, "temporal.md"), "w", encoding="utf-8") as file:
        file.write(page(found))
    clip = next(c for c in temporal_clips.set_of(run.store(args.shared), "one")
                if c.kind == STRIP[0])
    for words, name in SHOWN.items():
        plots = report.plots(found[words, KNOWN])
        for kind, plot, _ in PLOTS:
            with open(os.path.join(args.into, f"temporal-{kind}-{name}.svg"), "w",
                      encoding="utf-8") as file:
                file.write(plots[plot])
        temporal_pictures.write(
            os.path.join(args.into, f"temporal-strip-{name}.jpg"),
            temporal_pictures.strip(clip, Effect(words), run.library(args.build), STRIP[1]))
    print(f"written: {args.into}/temporal.md and its pictures")


if __name__ == "__main__":
    main()
