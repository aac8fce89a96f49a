#!/usr/bin/env python3
"""How steady a video is that an effect has changed: figures, tables, plots. run_temporal.sh calls
this and says how to use it.
"""
import argparse
import concurrent.futures
import fnmatch
import functools
import multiprocessing
import os
import sys

import cv2

import face_clips
import mien_library
import temporal_clips
import temporal_real
import temporal_report
import temporal_scores
import videos
from effect_run import Effect

ROOT = os.path.dirname(os.path.dirname(face_clips.HERE))
CACHE = os.path.join(ROOT, ".cache", "eval-temporal")
NETWORKS = ("detect-short", "detect-full", "mesh", "lips", "eye-left", "eye-right")
SHARED = os.path.join(os.path.dirname(ROOT), "shared", "data")
VIDEOS = (".264", ".avi", ".h264", ".m4v", ".mkv", ".mov", ".mp4", ".webm", ".y4m")


def arguments(words=None):
    parser = argparse.ArgumentParser(prog="run_temporal.sh")
    parser.add_argument("--effect", action="append", default=[])
    parser.add_argument("--input")
    parser.add_argument("--output")
    parser.add_argument("--per-frame")
    parser.add_argument("--area", choices=("frame", "face", "background"))
    parser.add_argument("--set", dest="which", choices=("suite", "one", "all"), default="one")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--no-cheats", dest="cheats", action="store_false")
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--shared", default=SHARED)
    parser.add_argument("--out", default=os.path.join(ROOT, "out", "temporal"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("clips", nargs="*")
    args = parser.parse_args(words)
    if bool(args.input) != bool(args.output) and not args.effect:
        parser.error("--input and --output belong together")
    if not args.input and not args.effect:
        parser.error("nothing to do: --input and --output, or --effect")
    return args


@functools.cache
def store(shared):
    return face_clips.open_store(os.path.join(ROOT, ".cache", "eval-faces"), shared)


@functools.cache
def reference():
    """The networks for landmarks, or None."""
    try:
        import face_reference
        if all(os.path.exists(os.path.join(ROOT, "models", f"face-{n}.onnx")) for n in NETWORKS):
            return face_reference.Reference()
    except ImportError:
        pass
    return None


@functools.cache
def library(build):
    os.makedirs(CACHE, exist_ok=True)
    return mien_library.Library(build, [("models", os.path.join(ROOT, "models")),
                                        ("cache", os.path.join(CACHE, "mien"))])


def known_clip(name, args):
    """{effect: scores} of one clip of known motion, which is drawn once; in a process of its
    own."""
    cv2.setNumThreads(1)
    clip = next(c for c in temporal_clips.set_of(store(args.shared), args.which) if c.name == name)
    marks = reference() if args.which != "suite" else None
    return {words: temporal_scores.score_known(clip, Effect(words), library(args.build),
                                               args.cheats, marks) for words in args.effect}


def real_clip(path, args):
    """{effect: scores} of one video, whose face is looked for once."""
    cv2.setNumThreads(1)
    video = videos.read(path)
    found = face_of(video)

    def scores(effect):
        def run(effect):
            planes = effect.run(library(args.build), video.planes, video.size, rate=video.rate)
            return videos.Video(planes, video.size, video.rate)
        return temporal_scores.score_pair(video, run(effect), run(effect.changed(smooth=0)),
                                          args.area or effect.area(), args.cheats, reference(),
                                          found)
    return {words: scores(Effect(words)) for words in args.effect}


def face_of(video):
    return temporal_real.Face(reference(), video) if reference() else None


def jobs_of(args):
    """[(name, function, argument)]: what effects are scored on."""
    if args.real:
        paths = args.clips or found_videos(args.shared)
        if not paths:
            sys.exit(f"temporal: there is no video in {args.shared}/clips; give the paths of some")
        return [(os.path.basename(p), real_clip, p) for p in paths]
    names = [c.name for c in temporal_clips.set_of(store(args.shared), args.which)]
    chosen = [n for n in names
              if not args.clips or any(fnmatch.fnmatch(n, c) for c in args.clips)]
    if not chosen:
        sys.exit(f"temporal: no clip is named {' or '.join(args.clips)}: {', '.join(names)}")
    return [(n, known_clip, n) for n in chosen]


def found_videos(shared):
    """Of clips/ all, of hands/ every fourth."""
    out = []
    for folder, step in (("clips", 1), ("hands", 4)):
        path = os.path.join(shared, folder)
        names = sorted(os.listdir(path)) if os.path.isdir(path) else []
        out += [os.path.join(path, n) for n in names if n.endswith(VIDEOS)][::step]
    return out


def effect_results(args):
    """Of every effect. A clip goes to one process for all effects, the one with most work first."""
    jobs = jobs_of(args)
    context = multiprocessing.get_context("spawn")      # Vulkan does not survive a fork
    with concurrent.futures.ProcessPoolExecutor(max(1, min(args.jobs, len(jobs))),
                                                context) as pool:
        waiting = {pool.submit(run, what, args): name
                   for name, run, what in sorted(jobs, key=work, reverse=True)}
        scores = {}
        for job in concurrent.futures.as_completed(waiting):
            scores[waiting[job]] = job.result()
            print("scored:", waiting[job], file=sys.stderr, flush=True)
    return [temporal_report.finished(words, {name: scores[name][words] for name, *_ in jobs},
                                     args.real, complete=not args.real and not args.clips)
            for words in args.effect]


def work(job):
    """For what to begin with: a video's bytes; a clip with a hand is run thrice."""
    name, run, what = job
    return os.path.getsize(what) if run is real_clip else name.startswith("hand")


def pair_result(args):
    video, output = videos.read(args.input), videos.read(args.output)
    per_frame = videos.read(args.per_frame) if args.per_frame else None
    for path, other in ((args.output, output), (args.per_frame, per_frame)):
        if other and other.size != video.size:
            raise ValueError("{}: {}x{}, the input is {}x{}".format(path, *other.size, *video.size))
    clip = temporal_scores.score_pair(video, output, per_frame, args.area or "frame", args.cheats,
                                      reference(), face_of(video))
    name = os.path.basename(args.output)
    return temporal_report.finished(name, {name: clip}, True)


def folder_of(title):
    return "".join(c if c.isalnum() or c in "-.=_" else "_" for c in title)


def score(args):
    """Writes and prints all that is asked for; lines that say what --limits misses."""
    missed = []
    results = [pair_result(args)] if args.output else []
    results += effect_results(args) if args.effect else []
    for result in results:
        folder = os.path.join(args.out, folder_of(result["title"]) + ("-real" if args.real else ""))
        temporal_report.write(result, folder)
        print(temporal_report.markdown(result))
        print(f"written: {folder}/temporal.md, temporal.json and plots\n")
        missed += result["missed"]
    return missed


def main():
    args = arguments()
    try:
        missed = score(args)
    except (ValueError, FileNotFoundError, RuntimeError) as e:
        sys.exit(f"temporal: {e}")
    for line in missed if args.limits else ():
        print("missed:", line)
    return 1 if missed and args.limits else 0


if __name__ == "__main__":
    sys.exit(main())
