#!/usr/bin/env python3
"""What the library makes of the gaze of strangers in a stream, by its public API.

    training/gaze_stream.py [--build DIR] [--set gaze-learn=2 ...] [--sheet OUT.png]

A clip for each picture of the held-out people of the London set, who look into the camera: 640 x
480, 30 frames/s, the head sways a little, each frame has its own noise. The eyes are drawn anew
(gaze_render.py): two seconds at the camera, a second each at places within 15 degrees of it, a
second at the camera; lids follow. Each clip goes through the library as it is and with what --set
adds (default: gaze-learn=2). Where the eyes look in what comes out is found by drawing them over
the same face until the picture is the same. Prints medians and 90th percentiles in degrees, of
every eye at the end of every second:
  judge            the same of the clip as it goes in, against the known gaze
  elsewhere        of eyes that look elsewhere, from the camera
  at the camera    how far the eyes that look into the camera come from there: in the first two
                   seconds and in the last one
"""
import argparse
import itertools
import os
import sys

import cv2
import numpy as np

import evaluate
import gaze_apply
import gaze_evaluate
import gaze_eyes
import gaze_layers
import gaze_pairs
import gaze_patch
import gaze_render
import visible_evaluate
import visible_faces
from gaze_patch import HEIGHT, WIDTH

SIZE, RATE = (640, 480), 30
OUTER_EYES = 110.0          # pixels of a frame between the outer corners
LEARN, GAZES = 2, 6         # seconds at the camera, and elsewhere
NOISE = 2.0                 # levels
STEP = 0.03                 # of the gaze, by which its effect on the picture is found
LIKE = 0.12                 # difference of a pixel that counts in full
SHOWN = slice(150, 330), slice(190, 450)    # rows and columns on the sheet


class Face:
    """One picture with eyes that can be drawn anew."""

    def __init__(self, rgb, points, name, rng):
        self.layers, self.maps, self.known = [], [], None
        for eye, side in enumerate(gaze_evaluate.MIRROR):
            parts = gaze_eyes.cut(rgb, points, eye)
            self.layers.append(gaze_layers.Layers(gaze_eyes.Eye(
                "%s/%s" % (name, side), name, True, *parts, gaze_patch.axes(points)[1],
                gaze_eyes.head_turn(points), 0)))
            self.maps.append(gaze_patch.for_opencv(gaze_patch.matrix(points, eye)))
        self.lamps = tuple(gaze_pairs.lamp(rng) for _ in range(2))
        middle = (points[33] + points[263])[:2] / 2
        self.scale = OUTER_EYES / gaze_patch.axes(points)[1]
        self.middle = middle - 0.5
        self.rgb = rgb
        v, u = np.mgrid[0:HEIGHT, 0:WIDTH]
        edge = np.minimum(np.minimum(u, WIDTH - 1 - u), np.minimum(v, HEIGHT - 1 - v))
        self.fade = gaze_layers.ramp(edge, 1, 9).astype(np.float32)

    def usable(self):
        return all(l.usable() for l in self.layers)

    def place(self, t):
        """Picture -> frame at second t, for OpenCV."""
        angle, scale = 1.5 * np.sin(1.1 * t), self.scale * (1 + 0.015 * np.sin(0.7 * t + 1))
        c, s = scale * np.cos(np.deg2rad(angle)), scale * np.sin(np.deg2rad(angle))
        m = np.array([[c, -s, 0], [s, c, 0]])
        at = np.array(SIZE) / 2 + (8 * np.sin(0.9 * t), 5 * np.sin(1.3 * t + 2))
        m[:, 2] = at - m[:, :2] @ self.middle
        return m

    def scenes(self, gaze):
        """Of both eyes, the lids as they are for this gaze (right, up)."""
        if self.known is None or (self.known[0] != gaze).any():
            down = -gaze_layers.BALL * gaze[1]
            follow = down * (0.75 if down > 0 else 0.5)
            self.known = gaze, [gaze_render.Scene(l, gaze_render.Setting(
                gaze_render.placed(), follow=follow, lamps=self.lamps)) for l in self.layers]
        return self.known[1]


class Frame:
    """A face at one time, with the lids of one gaze: `eyes` of it can be drawn at any."""

    def __init__(self, face, t, gaze):
        place = face.place(t)
        self.scenes = face.scenes(gaze)
        self.picture = visible_faces.shrunk(face.rgb, place, SIZE).astype(np.float32)
        self.fade, self.eyes = face.fade, []
        for to_patch in face.maps:
            m = _after(place, cv2.invertAffineTransform(to_patch))      # patch -> frame
            corners = np.array([(0, 0, 1), (WIDTH, 0, 1), (0, HEIGHT, 1), (WIDTH, HEIGHT, 1)]) @ m.T
            low = np.floor(corners.min(0)).astype(int) - 2
            size = tuple(int(n) for n in np.ceil(corners.max(0)).astype(int) + 2 - low)
            m[:, 2] -= low
            self.eyes.append((slice(low[1], low[1] + size[1]), slice(low[0], low[0] + size[0]),
                              size, m))

    def drawn(self, eye, gaze):
        """The part of the frame around an eye with a gaze in the axes of its patch, levels."""
        rows, columns, size, m = self.eyes[eye]
        patch = np.dstack([self.scenes[eye].look(gaze)[0] * 255, self.fade])
        new = visible_faces.shrunk(patch, m, size, cv2.BORDER_CONSTANT)
        part = self.picture[rows, columns]
        return part + new[..., 3:] * (new[..., :3] - part)

    def whole(self, gaze):
        """The frame; `gaze` as the viewer sees it."""
        out = self.picture.copy()
        for eye, (rows, columns, *_) in enumerate(self.eyes):
            out[rows, columns] = self.drawn(eye, gaze * gaze_apply.MIRRORS[eye])
        return out


def _after(second, first):
    """2 x 3: `first`, then `second`."""
    return (np.vstack([second, (0, 0, 1)]) @ np.vstack([first, (0, 0, 1)]))[:2]


class Judge:
    """Finds the gaze at which a drawing of the eyes is most like a picture of a Frame."""

    def __init__(self, frame):
        self.frame, self.weight = frame, []
        for scene, (_, _, size, m) in zip(frame.scenes, frame.eyes):
            opening = cv2.erode(scene.opening, np.ones((3, 3), np.uint8))
            self.weight.append(visible_faces.shrunk(opening, m, size, cv2.BORDER_CONSTANT).ravel())

    def drawn(self, eye, gaze):
        return self.frame.drawn(eye, gaze).mean(2).ravel() / 255

    def refined(self, seen, gaze, eye):
        """(how unlike they are, gaze), from a gaze on."""
        best = (np.inf, gaze)
        for _ in range(6):
            off = seen - self.drawn(eye, gaze)
            cost = (self.weight[eye] * np.minimum(np.abs(off), LIKE)).sum()
            best = min(best, (cost, tuple(gaze)))
            slope = np.stack([(self.drawn(eye, gaze + d) - self.drawn(eye, gaze - d)) / (2 * STEP)
                              for d in np.eye(2) * STEP], 1)
            w = self.weight[eye] / np.maximum(1, np.abs(off) / (LIKE / 3))
            step = np.linalg.solve((slope * w[:, None]).T @ slope + 1e-3 * np.eye(2),
                                   (slope * w[:, None]).T @ off)
            gaze = np.clip(gaze + np.clip(step, -0.08, 0.08), -0.45, 0.45)
        return best

    def gaze(self, picture, near):
        """2 x 2 of both eyes, each in the axes of its patch. `near`: places to begin at."""
        out = []
        for eye, (rows, columns, *_) in enumerate(self.frame.eyes):
            seen = picture[rows, columns].mean(2).ravel() / 255
            found = [self.refined(seen, np.array(n) * gaze_apply.MIRRORS[eye], eye) for n in near]
            out.append(min(found, key=lambda f: f[0])[1])
        return np.array(out)


def _to_i420(frame):
    rgb = (np.clip(frame, 0, 255) + 0.5).astype(np.uint8)
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420).ravel()


def _to_rgb(planes):
    i420 = planes.reshape(SIZE[1] * 3 // 2, SIZE[0])
    return cv2.cvtColor(i420, cv2.COLOR_YUV2RGB_I420).astype(np.float32)


def clip(face, rng):
    """(frames of I420, [(number of a part's last frame, its gaze, it as a Frame)])"""
    gazes = [np.zeros(2)] + [gaze_evaluate.some_gaze(rng, gaze_evaluate.MOST)
                             for _ in range(GAZES)] + [np.zeros(2)]
    frames, parts = [], []
    for k, gaze in enumerate(gazes):
        for _ in range(RATE * (LEARN if k == 0 else 1)):
            frame = Frame(face, len(frames) / RATE, gaze)
            picture = frame.whole(gaze)
            noise = rng.standard_normal(picture.shape, np.float32) * NOISE
            frames.append(_to_i420(picture + noise))
        parts.append((len(frames) - 1, gaze, frame))
    return frames, parts


def run(library, settings, frames):
    with library.filter([("gaze", 1), *settings]) as mien:
        return [mien.process(f, *SIZE, round(t * 1e9 / RATE)) for t, f in enumerate(frames)]


def faces(o, finder, rng, kinds=("london",), held_out=True, every=1):
    """(name, Face) of the data folder's pictures, of one in `every`."""
    number = 0
    for name, _, other, rgb in visible_faces.pictures(os.path.join(o.shared, "data")):
        if other != held_out or rgb is None or name.split("/")[0] not in kinds:
            continue
        number += 1
        points = gaze_eyes.face_points(finder, rgb) if number % every == 0 else None
        if points is None or gaze_patch.axes(points)[1] < gaze_eyes.LEAST:
            continue
        face = Face(rgb, points, name, rng)
        if face.usable():
            yield name, face


def _line(name, values):
    v = np.concatenate(values)
    print("%-44s median %5.2f  p90 %5.2f (%d)" % (
        name, np.median(v), np.percentile(v, 90), len(v)), flush=True)


def looks(face, library, ways, rng):
    """[(gaze, {way: 2 x 2})] of each part of a clip: where the eyes look in what comes out, each
    in the axes of its patch; the way "judge" is what goes in, less the known gaze. And a picture
    of the first look elsewhere."""
    frames, parts = clip(face, rng)
    out = {w: run(library, s, frames) for w, s in ways.items()}
    rows = []
    for t, gaze, frame in parts:
        judge = Judge(frame)
        found = {w: judge.gaze(_to_rgb(p[t]), [(0, 0), gaze / 2, gaze]) for w, p in out.items()}
        found["judge"] = judge.gaze(_to_rgb(frames[t]), [gaze]) - gaze * gaze_apply.MIRRORS
        rows.append((gaze, found))
    t = parts[1][0]
    return rows, np.hstack([_to_rgb(p[t])[SHOWN] for p in (frames, *out.values())])


def report(o, library):
    ways = {"as it is": [], " ".join(o.set): [w.split("=", 1) for w in o.set]}
    rng = np.random.default_rng(gaze_evaluate.SEED)
    off, shown = {}, []
    finder = visible_faces.Finder(o.models)
    for name, face in itertools.islice(faces(o, finder, rng), o.count):
        rows, picture = looks(face, library, ways, rng)
        shown.append(picture)
        for k, (_, found) in enumerate(rows):
            part = "first" if k == 0 else "last" if k == len(rows) - 1 else "elsewhere"
            for way, gaze in found.items():
                away = gaze_patch.angle_between(gaze, np.zeros(2))
                off.setdefault((way, part), []).append(away)
        print(name, *("%s %.2f" % (w, np.median(off[w, "elsewhere"][-GAZES:])) for w in ways),
              flush=True)
    for way in ("judge", *ways):
        for part, name in (("elsewhere", "elsewhere"), ("first", "at the camera, first"),
                           ("last", "at the camera, last")):
            _line("%s, %s" % (name, way), off[way, part])
    if o.sheet:
        cv2.imwrite(o.sheet, np.uint8(np.vstack(shown))[..., ::-1])


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    evaluate.add_shared(p)
    visible_evaluate.add_sources(p)
    p.add_argument("--build", default=os.path.join(evaluate.REPO, "build"))
    p.add_argument("--set", action="append", metavar="NAME=VALUE")
    p.add_argument("--count", type=int, default=1000, help="pictures")
    p.add_argument("--sheet", help="picture to write: in, out, out with --set")
    o = p.parse_args()
    o.set = o.set or ["gaze-learn=%d" % LEARN]
    cv2.setNumThreads(1)
    sys.path.insert(0, os.path.join(evaluate.REPO, "tests", "eval"))
    import mien_library
    report(o, mien_library.Library(o.build, [("models", o.models)]))


if __name__ == "__main__":
    main()
