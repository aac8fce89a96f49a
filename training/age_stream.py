#!/usr/bin/env python3
"""How much older somebody looks whom the library makes older in a video.

    training/age_stream.py [VIDEO ...] [--build DIR]     # wants node and age_judge.js's packages

Prints for each video (without names every other one of ../shared/data/hands and all of clips: young
people before a webcam, small and smooth, whom no training has seen) the change of the apparent age
over the wanted one, mean of three frames that are judged by the points of the frame as it was; the
mean of all by the other judges too.
"""
import argparse
import glob
import os
import sys

import numpy as np

import age_measure
import evaluate
import visible_evaluate

YEARS = (10, 20, 30, -10)
MOMENTS = 0.25, 0.5, 0.75   # of a video,
SECONDS = 5                 # or of that much of it
FIRST = next(iter(age_measure.JUDGES))


def points_of(reference, rgb):
    """Of the largest face, or None."""
    seen = face_reference.follow(reference, rgb, [])
    return max((p for p, _ in seen), key=lambda p: np.ptp(p[:468, 0]), default=None)


def changes(library, reference, video):
    """(apparent age, {judge: [len(YEARS)] change over the wanted one}); None: there is no face."""
    count = min(len(video), int(SECONDS * video.rate))
    moments = [int(m * count) for m in MOMENTS]
    frames = {}
    for years in YEARS:
        with library.filter([("age", years)]) as mien:
            for t in range(moments[-1] + 1):
                out = mien.process(video.planes[t], *video.size, round(t * 1e9 / video.rate))
                if t in moments:
                    frames[t, years] = out
    pictures = []
    for t in moments:
        rgb = np.uint8(video.rgb(t))
        points = points_of(reference, rgb)
        if points is not None:
            pictures += [(rgb, points)]
            pictures += [(np.uint8(videos.rgb(frames[t, y], video.size)), points) for y in YEARS]
    if not pictures:
        return None
    ages = {name: age_measure.ages(pictures, name).reshape(-1, len(YEARS) + 1)
            for name in age_measure.JUDGES}
    return ages[FIRST][:, 0].mean(), {name: (a[:, 1:] - a[:, :1]).mean(0) / np.array(YEARS)
                                      for name, a in ages.items()}


def found(shared):
    hands = sorted(glob.glob(os.path.join(shared, "data", "hands", "*.mkv")))
    return hands[::2] + sorted(glob.glob(os.path.join(shared, "data", "clips", "*.264")))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("videos", nargs="*", metavar="VIDEO")
    p.add_argument("--build", default=os.path.join(evaluate.REPO, "build"))
    o = p.parse_args()
    library = mien_library.Library(o.build, [("models", o.models)])
    reference, every = temporal_figures.reference(), []
    for path in o.videos or found(o.shared):
        result = changes(library, reference, videos.read(path))
        if result is None:
            print("%-20s no face" % os.path.basename(path))
            continue
        every.append(result[1])
        print("%-20s looking %.0f " % (os.path.basename(path), result[0]),
              "  ".join("%+d: %.2f" % v for v in zip(YEARS, result[1][FIRST])), flush=True)
    for name in age_measure.JUDGES:
        here = [e[name] for e in every]
        print("mean of %d by %s:  " % (len(every), name),
              "  ".join("%+d: %.2f (sd %.2f)" % v for v in
                        zip(YEARS, np.mean(here, 0), np.std(here, 0))))


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(evaluate.REPO, "tests", "eval"))
    import face_reference
    import mien_library
    import temporal_figures
    import videos
    main()
