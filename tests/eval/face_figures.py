#!/usr/bin/env python3
"""Runs the face analysis on the known-motion clips and writes tables of what it reached.

    face_figures.py --run COMMAND [--set suite|all] [--out DIR] [--limits] [--cache DIR]
                    [--shared DIR] [NAME ...]

COMMAND prints the lines of print_faces for a Y4M file whose name is appended, with points and
times: "build/samples/print_faces --points --times models=models". Written to DIR: faces.md (the
tables), people.md (every picture of the sets of people) and faces.json (every figure). With
--limits the figures that the face analysis has to keep are asserted, exit status 1 where one is
missed.
"""
import argparse
import json
import os
import shlex
import subprocess
import sys

import cv2
import numpy as np

import face_clips
import face_measures
import face_sources

# What --limits asserts. Percent of the outer-eye distance, frames, shares.
JITTER, LAG, ERROR = 0.3, 1.0, 4.0
# On all others identities stay; who leaves the picture may come back as somebody else.
LEAVING = ("away", "border")
# Says which regions are bare; without it every region counts as visible.
VISIBLE = os.path.join(os.path.dirname(os.path.dirname(face_clips.HERE)), "models",
                       "face-visible.onnx")
# The clips on which a fast motion's lag is asserted, and those where every frame must have its
# face.
FAST = ("pan", "start-stop", "roll", "yaw", "yaw-stop", "zoom", "pitch")
EASY = ("still-2", "still-4", "still-720p", "pan", "start-stop", "roll", "yaw-stop", "slow", "walk",
        "zoom", "portrait")
GLASSES = 0.7   # where errors of both kinds are few: models/face-visible.md
EASY_STILLS = ("0 deg", "15 deg", "-15 deg", "30 deg", "-30 deg", "96 px", "128 px", "200 px")


def said_of(command, clip, video, truth):
    words = shlex.split(command)
    if int(truth["segment"]):
        words += ["--reset-every", str(int(truth["segment"]))]
    run = subprocess.run(words + list(clip.options) + [video], stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise RuntimeError(f"{words[0]} failed on {clip.name} with status {run.returncode}")
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    if len(lines) != clip.frames:
        raise RuntimeError(f"{words[0]} gave {len(lines)} of {clip.frames} frames of {clip.name}")
    return lines


def figures(clips, store, args):
    result = {}
    for clip in clips:
        video, truth = face_clips.made(clip, store, args.cache)
        true = dict(np.load(truth))
        lines = said_of(args.run, clip, video, true)
        upright = [face_measures.upright_of(store.get(n)) for n in clip.sources]
        if clip.kind == "faceless":
            entry = {"rows": face_measures.faceless_figures(lines, true)}
        elif clip.segment:
            entry = {"rows": face_measures.series_figures(lines, true, upright)}
        else:
            entry = face_measures.clip_figures(lines, true, upright)
        result[clip.name] = {"kind": clip.kind, "sources": clip.sources,
                             "size": [clip.width, clip.height], **entry}
        print(clip.name, flush=True)
    return result


# Tables.

def number(v, form="{:.2f}"):
    return "-" if v is None or not np.isfinite(v) else form.format(v)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def motion_table(result):
    rows = []
    for name, r in result.items():
        if "recall" not in r:
            continue
        face = [r[f"face {a}"] for a in range(len(r["sources"]))]

        def worst(key):
            values = [f[key] for f in face if f[key] is not None and np.isfinite(f[key])]
            return max(values, key=abs) if values else None
        rows.append([name, number(r["recall"] and 100 * r["recall"], "{:.0f}"),
                     number(r["error"]), number(r["error p95"]), number(worst("bias")),
                     number(worst("jitter"), "{:.3f}"), number(worst("iris jitter"), "{:.3f}"),
                     number(worst("lag")), str(r["switches"]), str(r["lost"]),
                     number(r["false"]), number(r["cpu"], "{:.1f}"),
                     number(r["cpu mean"], "{:.1f}")])
    return ("Found: % of the frames in which most of the face is to be seen. Error (mean over "
            "points), bias, jitter (rms): % of the outer-eye distance. Lag: frames.\n\n" +
            table(["clip", "found", "error", "p95", "bias", "jitter", "iris jitter", "lag",
                   "id switches", "frames with a lost face", "false faces a frame", "CPU ms",
                   "mean"], rows)) if rows else ""


def pose_table(result):
    rows = []
    for name, r in result.items():
        for a in range(len(r["sources"])) if "recall" in r else ():
            face = r[f"face {a}"]
            for axis, p in face["pose"].items():
                if p["gain"] is not None:
                    rows.append([name, axis, number(p["gain"]), number(p["offset"], "{:.1f}"),
                                 number(p["rms"]), number(p["lag"])])
    return ("Measured = gain x true + offset (the picture's own turn is not known); rms of the "
            "rest, degrees; lag in frames.\n\n" +
            table(["clip", "angle", "gain", "offset", "rms", "lag"], rows)) if rows else ""


def still_table(result):
    rows = []
    for name, r in result.items():
        if r["kind"].startswith("still"):
            f = r["face 0"]
            rows.append([name, *(number(v) for v in f["pose jitter"]),
                         *(number(v) for v in f["gaze mean"]), *(number(v) for v in f["gaze"]),
                         *(number(v) for v in f["aperture"]), number(f["glasses"])])
    return table(["clip", "yaw std", "pitch std", "roll std", "gaze yaw", "gaze pitch",
                  "gaze yaw std", "gaze pitch std", "left lids", "right lids", "glasses"],
                 rows) if rows else ""


def cover_table(result):
    rows = []
    for name, r in result.items():
        v = r.get("visible")
        if v and v["covered"] is not None:
            rows.append([name, number(v["bare"]), number(100 * v["bare right"], "{:.0f}"),
                         number(v["covered"]), number(100 * v["covered right"], "{:.0f}")])
    return ("Mean `visible` of bare and of covered regions and the % on the right side of 0.5."
            "\n\n" + table(["clip", "bare", "right", "covered", "right"], rows)) if rows else ""


def series_tables(result):
    out = ""
    for kind in face_clips.SERIES:
        clips = {n: r for n, r in result.items() if r["kind"] == f"series-{kind}"}
        if not clips:
            continue
        head = [kind]
        for name in clips:
            word = name.split("-", 2)[2]
            head += [f"{word}: found", "wrong", "error", "worst", "first", "false"]
        rows = []
        for i, row in enumerate(next(iter(clips.values()))["rows"]):
            cells = [row["label"]]
            for r in clips.values():
                x = r["rows"][i]
                cells += [f"{x['found']}/{x['faces']}", str(x["wrong"]),
                          number(x["error"]), number(x["error max"]),
                          number(x["first"], "{:.1f}"), str(x["false"])]
            rows.append(cells)
        out += f"\n### {kind}\n\n" + table(head, rows)
    return ("Found, wrong (an error over 20 %) and false faces after six frames. Error: median "
            "over the faces that were found, and the worst; first: the frame in which a face "
            "appears.\n" + out) if out else ""


def people_rows(result):
    return {name: r["rows"] for name, r in result.items() if r["kind"] == "people"}


def finite(values):
    """Without those of pictures in which no face was found."""
    values = np.array(values, float)
    return values[np.isfinite(values)]


def people_table(result):
    """Over all pictures of a set; what has no truth in numbers is told by mean and spread."""
    rows = []
    for name, people in people_rows(result).items():
        angles = [finite([x[key][k] for x in people]) for key in ("gaze", "pose") for k in (0, 1)]
        errors, bare = (finite(v) for v in ([x["error"] for x in people],
                                            [x["visible"]["bare"] for x in people]))
        rows.append([name, f"{sum(x['found'] for x in people)}/{len(people)}",
                     number(face_measures.stat(errors, np.median)),
                     *(f"{v.mean():.1f} ± {v.std():.1f}" if len(v) else "-" for v in angles),
                     str(int((finite([x["glasses"][0] for x in people]) >= GLASSES).sum())),
                     number(face_measures.stat(bare, np.mean))])
    return ("Pictures of people as they are, from the front. Angles: mean and standard deviation "
            "over the pictures, degrees. People of the London set look into the camera and wear no "
            f"glasses. With glasses: `glasses` of {GLASSES} or more. Every picture: "
            "out/faces/people.md.\n\n" +
            table(["set", "found", "error", "gaze yaw", "gaze pitch", "yaw", "pitch",
                   "with glasses", "visible"], rows)) if rows else ""


def every_person(result):
    out = "# Every picture of the people\n"
    for name, people in people_rows(result).items():
        rows = [[x["label"], f"{x['found']}", number(x["error"]), number(x["confidence"][0]),
                 *(number(v, "{:.1f}") for v in x["pose"]),
                 *(number(v, "{:.1f}") for v in x["gaze"][:2]), number(x["gaze"][2]),
                 *(number(v) for v in x["aperture"]), number(x["glasses"][0]),
                 number(x["visible"]["bare"])] for x in people]
        out += f"\n## {name}\n\n" + table(
            ["picture", "found", "error", "presence", "yaw", "pitch", "roll", "gaze yaw",
             "gaze pitch", "gaze confidence", "left lids", "right lids", "glasses", "visible"],
            rows)
    return out


def faceless_table(result):
    if "faceless" not in result:
        return ""
    return table(["picture", "frames", "with a face", "CPU ms"],
                 [[r["label"], str(r["frames"]), str(r["with a face"]), number(r["cpu"], "{:.1f}")]
                  for r in result["faceless"]["rows"]])


def report(result):
    parts = [("Moving faces", motion_table(result)), ("Head pose", pose_table(result)),
             ("Still faces", still_table(result)), ("What covers a face", cover_table(result)),
             ("Pictures without a face", faceless_table(result)),
             ("Conditions", series_tables(result)), ("People", people_table(result))]
    return "# Faces on clips of known motion\n\n" + "\n".join(
        f"## {title}\n\n{text}" for title, text in parts if text)


# Limits.

def misses(result):
    """Lines that say which limit is missed."""
    out = []

    def check(good, text):
        if not good:
            out.append(text)
    for name, r in result.items():
        if r["kind"] == "faceless":
            for row in r["rows"]:
                check(row["with a face"] == 0,
                      f"{name}: {row['with a face']} frames of '{row['label']}' have a face")
            continue
        if "rows" in r:
            for x in r["rows"]:
                check(x["wrong"] == 0, f"{name}: {x['label']}: {x['wrong']} faces are wrong")
                check(x["false"] == 0, f"{name}: {x['label']}: {x['false']} false faces")
            for x in (x for x in r["rows"] if x["label"] in EASY_STILLS):
                check(x["found"] == x["faces"],
                      f"{name}: {x['label']}: {x['found']} of {x['faces']} faces found")
                check(x["error"] is not None and x["error"] <= ERROR,
                      f"{name}: {x['label']}: error {number(x['error'])} %")
            continue
        if r["kind"] in EASY:
            check(r["recall"] == 1, f"{name}: {100 * r['recall']:.0f} % found")
        check(r["broken"] == 0, f"{name}: {r['broken']} frames with a number that is none")
        check(r["false"] == 0, f"{name}: {r['false']:.2f} false faces a frame")
        check(r["switches"] == 0 or r["kind"] in LEAVING,
              f"{name}: an identity changed {r['switches']} times")
        for a in range(len(r["sources"])):
            f = r[f"face {a}"]
            if r["kind"] in ("still-2", "still-4", "still-720p"):
                for key in ("jitter", "iris jitter"):
                    check(f[key] <= JITTER, f"{name}: {key} {f[key]:.3f} %")
            if r["kind"] in FAST:
                check(abs(f["lag"]) < LAG, f"{name}: lag {f['lag']:.2f} frames")
        v = r["visible"]
        if r["kind"] == "hand-mouth" and os.path.exists(VISIBLE) and v and v["covered"]:
            check(v["covered"] < v["bare"] - 0.3, f"{name}: visible {v['covered']:.2f} where "
                                                  f"covered, {v['bare']:.2f} where bare")
    return out


def main():
    root = os.path.dirname(os.path.dirname(face_clips.HERE))
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", required=True)
    parser.add_argument("--cache", default=os.path.join(root, ".cache", "eval-faces"))
    parser.add_argument("--shared", default=os.path.join(os.path.dirname(root), "shared", "data"))
    parser.add_argument("--out", default=os.path.join(root, "out", "faces"))
    parser.add_argument("--set", dest="which", choices=("suite", "all"), default="suite")
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    face_sources.portrait.need()
    cv2.setNumThreads(1)
    os.makedirs(args.cache, exist_ok=True)
    store = face_clips.open_store(args.cache, args.shared)
    result = figures(face_clips.chosen(store, args.which, args.names), store, args)
    if not result:
        sys.exit(f"face_figures.py: no clip of '{args.which}' is named {' or '.join(args.names)}")
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "faces.json"), "w") as file:
        json.dump(result, file, indent=1)
    with open(os.path.join(args.out, "faces.md"), "w") as file:
        file.write(report(result))
    if people_rows(result):
        with open(os.path.join(args.out, "people.md"), "w") as file:
            file.write(every_person(result))
    missed = misses(result) if args.limits else []
    for line in missed:
        print("missed:", line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
