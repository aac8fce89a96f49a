#!/usr/bin/env python3
"""Clips of faces whose motion is known to a hundredth of a pixel, as Y4M files with their truth.

    face_clips.py [--cache DIR] [--shared DIR] [--set suite|all] [--look DIR] [NAME ...]

Makes what is missing in the cache and prints a line a clip: NAME Y4M TRUTH. NAME may hold * and ?.
--look writes some frames as PNG, with the true points. Every clip is made from fixed seeds; its
file name holds a hash of all that it is made from.

Truth (a .npz): points F x A x 478 x 3 (frame, face), pixels; present F x A; turn F x A x 3 (yaw,
pitch, roll against the picture, degrees); width F x A (of the box); covered F x A x 8 (part of a
region behind something or outside) and hidden F x A x 478; label (a word a frame); segment: the
stream breaks every so many frames (0: never); kind.
"""
import argparse
import dataclasses
import fnmatch
import hashlib
import os
import sys
import typing

import cv2
import numpy as np

import face_render as draw
import face_sources

HERE = os.path.dirname(os.path.abspath(__file__))
RATE = 30.0
SEGMENT = 6     # frames of a still in the series: enough to detect, look and be sure
# A few mesh points inside each region, in the order of mien_face_region.
REGIONS = ((33, 133, 159, 145, 160, 158, 153, 144, 468),
           (263, 362, 386, 374, 387, 385, 380, 373, 473),
           (1, 4, 5, 195, 197, 48, 278, 2, 98, 327), (61, 291, 0, 17, 13, 14, 37, 267, 84, 314),
           (50, 101, 205, 187, 123, 117, 36), (280, 330, 425, 411, 352, 346, 266),
           (10, 151, 9, 67, 297, 69, 299, 108, 337), (152, 175, 199, 200, 148, 377, 171, 396))


@dataclasses.dataclass
class Place:
    """Where a person is in a frame: middle of the face, width of its box, degrees."""
    x: float
    y: float
    width: float
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    present: bool = True


@dataclasses.dataclass
class Clip:
    name: str
    kind: str
    sources: list
    frames: int
    width: int
    height: int
    places: typing.Callable             # frame -> list of Place, one a source, back to front
    cover: typing.Callable = None       # (frame number, picture, people) -> mask 0..1
    after: typing.Callable = None       # (frame number, picture, sensor) -> picture
    label: typing.Callable = None       # frame number -> word
    picture: typing.Callable = None     # frame number -> the whole picture, instead of a room
    segment: int = 0
    noise: float = 2.0
    drift: float = 0.0                  # pixels a frame by which the room moves to the right
    seed: int = 1
    options: tuple = ()                 # parameters of the filter


def smooth_step(t):
    """0..1 with minimum jerk; its steepest slope is 1.875."""
    t = np.clip(t, 0, 1)
    return t * t * t * (10 + t * (6 * t - 15))


def wave(frame, peak, top):
    """A sine of amplitude `top` whose steepest slope is `peak` a second."""
    return top * np.sin(peak / top * frame / RATE)


def to_and_fro(frame, top, peak, rest=0.5):
    """Between -top and top with stops: steepest slope `peak` a second, `rest` seconds still."""
    move = 2 * top * 1.875 / peak
    t = (frame / RATE) % (2 * (move + rest))
    back = t >= move + rest
    s = smooth_step((t - (move + rest if back else 0)) / move) * 2 * top - top
    return -s if back else s


# Motion of one face.

def motion_clips(store, name):
    short = name.replace("/", "-").replace("_neutral", "")
    small = dict(frames=90, width=640, height=480)
    wide = dict(frames=90, width=1280, height=720)

    def clip(kind, places, size, **more):
        return Clip(f"{kind}-{short}", kind, [name], places=lambda f: [places(f)], **size, **more)
    for sigma in (2, 4, 8):
        yield clip(f"still-{sigma}", lambda f: Place(321.3, 232.7, 150), small, noise=sigma)
    yield clip("still-720p", lambda f: Place(640.4, 333.8, 240), wide, noise=2)
    yield clip("pan", lambda f: Place(320 + wave(f, 1.5 * 150, 120), 235, 150), small)
    yield clip("start-stop", lambda f: Place(320 + to_and_fro(f, 110, 1.5 * 150), 235, 150), small)
    yield clip("slow", lambda f: Place(320 + wave(f, 0.1 * 150, 20), 235 + wave(f, 12, 9), 150),
               small)
    yield clip("roll", lambda f: Place(320, 240, 150, roll=wave(f, 120, 40)), small)
    yield clip("spin", lambda f: Place(320, 240, 150, roll=120 * f / RATE), small)
    yield clip("zoom", lambda f: Place(320, 240, 130 * np.exp(wave(f, 1.6, 0.7))), small)
    yield clip("yaw", lambda f: Place(320, 240, 150, yaw=wave(f, 90, 30)), small)
    yield clip("yaw-stop", lambda f: Place(320, 240, 150, yaw=to_and_fro(f, 27, 90)), small)
    yield clip("pitch", lambda f: Place(320, 240, 150, pitch=wave(f, 60, 18)), small)
    yield clip("walk", lambda f: Place(320 + wave(f, 100, 60), 240 + wave(f, 70, 15),
                                       150 * np.exp(wave(f, 0.4, 0.15)), roll=wave(f, 40, 10),
                                       yaw=wave(f, 50, 20)), small, drift=1.7)
    yield clip("book", lambda f: Place(320, 240, 150), small, cover=passing_book)
    yield clip("hand-mouth", lambda f: Place(320, 240, 150), small,
               cover=lambda f, p, who: covering_hand(f, p, who, 0.32))
    yield clip("hand-eyes", lambda f: Place(320, 240, 150), small,
               cover=lambda f, p, who: covering_hand(f, p, who, -0.22))
    # Out by the right, away for 0.7 s, in again.
    yield clip("away", lambda f: Place(320 + 460 * (smooth_step((f - 15) / 20)
                                                    - smooth_step((f - 50) / 20)), 240, 150), small)
    yield clip("border", lambda f: Place(320 + 300 * smooth_step((f - 10) / 30)
                                         - 600 * smooth_step((f - 45) / 40), 225, 150), small)
    yield clip("portrait", lambda f: Place(350, 600 + wave(f, 200, 60), 260, roll=wave(f, 40, 8)),
               dict(frames=45, width=720, height=1280))


def passing_book(frame, picture, who):
    return draw.cover(picture, draw.book(7, 0.45, 1.9, 150), 40 + 560 * frame / 90, 235, 6)


def covering_hand(frame, picture, who, height):
    """Comes from the right in half a second, stays for one, goes."""
    at = smooth_step((frame - 12) / 15) - smooth_step((frame - 60) / 15)
    shape = draw.hand(who[0].skin(), 3, 0.62, 150)
    reach = shape.shape[1] / 2      # the finger tips are the picture's left end
    tips = 320 + 150 * (1.9 - 2.5 * at)
    return draw.cover(picture, shape, tips + reach, 240 + 150 * height, 4)


# Two faces.

def two_face_clips(store, a, b, word):
    def clip(kind, places, **more):
        return Clip(f"{kind}-{word}", kind, [a, b], 105, 640, 480, places, **more)

    def crossing(f):
        s = 2 * smooth_step((f - 12) / 75) - 1
        return [Place(320 - 190 * s, 225, 110), Place(320 + 190 * s, 245, 130)]

    def meeting(f):     # come together until the boxes touch, part again
        s = smooth_step((f - 10) / 35) - smooth_step((f - 55) / 35)
        return [Place(150 + 95 * s, 230, 110), Place(490 - 85 * s, 240, 120)]
    yield clip("cross", crossing)
    yield clip("meet", meeting)


# Stills under one condition after the other, all pictures of a set.

SERIES = {
    "scale": [(f"{w} px", w) for w in (16, 24, 32, 48, 64, 96, 128, 200, 300, 450, 600)],
    "rotation": [(f"{a} deg", a) for a in (-90, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75, 90, 120,
                                           150, 180)],
    "blur": [(f"sigma {s:g} % of the width", s) for s in (0, 0.5, 1, 2, 3, 4, 6)],
    "light": [(f"gain 1/{round(1 / g)}", g) for g in (1, 1 / 2, 1 / 4, 1 / 8, 1 / 16)],
    "noise": [(f"sigma {s}", s) for s in (0, 4, 8, 16, 24, 32, 48)],
    "cover": [("none", None), ("mouth", (0, 0.34, 0.55)), ("one eye", (-0.26, -0.2, 0.3)),
              ("both eyes", (0, -0.2, 0.3)), ("left half", (-0.42, 0, 1.5)), ("all", (0, 0, 1.6))],
}


def series_clip(store, kind, names, word):
    cases = [(label, value, who) for label, value in SERIES[kind] for who in range(len(names))]
    wide = kind == "scale"
    w, h = (1280, 720) if wide else (640, 480)

    def case(frame):
        return cases[frame // SEGMENT]

    def places(frame):
        _, value, who = case(frame)
        dice = np.random.default_rng(frame // SEGMENT)
        x, y = w / 2 + dice.uniform(-15, 15), h * 0.49 + dice.uniform(-10, 10)
        place = Place(x, y, value if wide else 150, roll=value if kind == "rotation" else 0)
        return [dataclasses.replace(place, present=k == who) for k in range(len(names))]

    def cover(frame, picture, people):
        _, value, who = case(frame)
        if kind != "cover" or value is None:
            return None
        x, y, tall = value
        wide_ = 0.36 if x == -0.26 else 0.62 if x else 1.3
        place = places(frame)[who]
        return draw.cover(picture, draw.book(who + 1, wide_, tall, 150), place.x + x * 150,
                          place.y + y * 150, 3)

    def after(frame, picture, sensor):
        value = case(frame)[1]
        if kind == "blur" and value:
            picture = cv2.GaussianBlur(picture, (0, 0), value / 100 * 150)
        if kind == "light":
            return sensor.dark(picture, value)
        return sensor.add(picture, value if kind == "noise" else 2)
    return Clip(f"series-{kind}-{word}", f"series-{kind}", list(names), len(cases) * SEGMENT, w, h,
                places, cover=cover, after=after, label=lambda f: case(f)[0], segment=SEGMENT)


def people_clip(store, names, word):
    """Every picture once, as it is: for what has no known truth, and for the eye."""
    def places(frame):
        return [Place(320, 245, 170, present=k == frame // SEGMENT) for k in range(len(names))]
    return Clip(f"people-{word}", "people", list(names), len(names) * SEGMENT, 640, 480, places,
                label=lambda f: names[f // SEGMENT], segment=SEGMENT)


# No face at all.

def faceless_clip(store, names):
    def scrambled(frame):
        source = store.get(names[frame // SEGMENT % len(names)])
        dice = np.random.default_rng(frame // SEGMENT)
        low = np.maximum(source.middle - source.width * 0.75, 0).astype(int)
        side = int(source.width * 1.5)
        part = cv2.resize(source.rgb[low[1]:low[1] + side, low[0]:low[0] + side], (384, 384),
                          interpolation=cv2.INTER_AREA)
        tiles = part.reshape(12, 32, 12, 32, 3).swapaxes(1, 2).reshape(144, 32, 32, 3)
        part = tiles[dice.permutation(144)].reshape(12, 12, 32, 32, 3).swapaxes(1, 2)
        out = draw.room(640, 480, 11)
        out[48:432, 128:512] = part.reshape(384, 384, 3)
        return out

    def blobs(frame):
        dice = np.random.default_rng(frame // SEGMENT)
        out = draw.room(640, 480, 12 + frame // SEGMENT)
        for _ in range(6):      # in the colours and the shape of skin
            at = (int(dice.uniform(60, 580)), int(dice.uniform(60, 420)))
            size = int(dice.uniform(30, 110))
            cv2.ellipse(out, at, (size, int(size * 1.3)), 0, 0, 360,
                        (np.array([205, 160, 135]) * dice.uniform(0.4, 1.1)).tolist(), -1)
        return cv2.GaussianBlur(out, (0, 0), 2)

    def stripes(frame):
        y, x = np.mgrid[0:480, 0:640]
        period = 4 + 7 * (frame // SEGMENT)
        return np.repeat((127 + 100 * np.sign(np.sin((x + 0.5 * y) * 2 * np.pi / period)))
                         [..., None], 3, 2).astype(np.float32)

    def flat(value):
        return lambda frame: np.full((480, 640, 3), value, np.float32)
    kinds = [("room", lambda f: draw.room(640, 480, 20 + f // SEGMENT)), ("scrambled", scrambled),
             ("blobs", blobs), ("stripes", stripes), ("grey", flat(128)), ("black", flat(0)),
             ("white", flat(255))]
    order = [k for k in kinds for _ in range(3)]

    def word(frame):
        return order[frame // SEGMENT][0]
    return Clip("faceless", "faceless", [], len(order) * SEGMENT, 640, 480, lambda f: [],
                picture=lambda f: order[f // SEGMENT][1](f), label=word, segment=SEGMENT,
                after=lambda f, p, s: p if word(f) in ("grey", "black", "white") else s.add(p, 2))


def suite_clips(store):
    """What the everyday test runs: one picture, a few hundred frames."""
    keep = {"still-2": 60, "still-4": 60, "start-stop": 75, "pan": 60, "yaw-stop": 75, "roll": 60,
            "away": 90, "hand-mouth": 60}
    for clip in motion_clips(store, "astronaut"):
        if clip.kind in keep:
            yield dataclasses.replace(clip, frames=keep[clip.kind])
    yield from list(two_face_clips(store, "astronaut", "astronaut:dark", "astronaut"))[:1]
    yield series_clip(store, "rotation", ["astronaut"], "astronaut")
    yield faceless_clip(store, ["astronaut"])


def all_clips(store):
    london, avatars = store.names("london"), store.names("avatars")
    yield from motion_clips(store, "astronaut")
    for name in london[:2] + london[4:5] + avatars[6:7]:
        for clip in motion_clips(store, name):
            if name.startswith("london") or not clip.kind.startswith(("yaw", "pitch", "walk")):
                yield clip      # only a face from the front turns well
    yield from two_face_clips(store, "astronaut", "astronaut:dark", "astronaut")
    if len(london) > 5:
        yield from two_face_clips(store, london[1], london[4], "london")
        yield from two_face_clips(store, london[0], london[5], "london-b")
    for kind in SERIES:
        yield series_clip(store, kind, ["astronaut"], "astronaut")
    for word, names in (("london", london), ("avatars", avatars)):
        names = [n for n in names if store.get(n)]
        if names:
            yield people_clip(store, names, word)
    sets = [("london", london[6:46:8]), ("avatars", avatars[::5]),
            ("portraits", large(store, store.names("portraits")[::31], 90)[:5])]
    for word, names in sets:
        names = [n for n in names if store.get(n)]
        for kind in SERIES if names else ():
            yield series_clip(store, kind, names, word)
    yield faceless_clip(store, ["astronaut"] + london[:2])


def large(store, names, width):
    return [n for n in names if max(face_sources.read_rgb(store.path(n)).shape) >= 400
            and store.get(n) and store.get(n).width >= width]


# Making them.

def truth_of(people, places, mask, size):
    """points, turn, width, covered, hidden of one frame."""
    points, covered, behind = [], [], []
    for person, p in zip(people, places):
        m = draw.placed(person.source, p.x, p.y, p.width, p.roll)
        flat = person.head.turned(p.yaw, p.pitch) if p.yaw or p.pitch else person.head.points
        at = draw.moved(flat, m)
        points.append(at)
        ij = np.clip(np.floor(at[:, :2]).astype(int), 0, np.array(size) - 1)
        hidden = mask[ij[:, 1], ij[:, 0]] > 0.5 if mask is not None else np.zeros(478, bool)
        outside = (at[:, :2] < 0).any(1) | (at[:, :2] >= size).any(1)
        behind.append(hidden)
        covered.append([float((hidden | outside)[list(r)].mean()) for r in REGIONS])
    return (np.array(points).reshape(-1, 478, 3),
            np.array([[p.yaw, p.pitch, p.roll] for p in places]).reshape(-1, 3),
            np.array([p.width for p in places]), np.array(covered).reshape(-1, 8),
            np.array(behind).reshape(-1, 478))


def hidden_by(people, places, number):
    """Does one in front of it come near?"""
    me = places[number]
    for other in places[number + 1:]:
        if other.present and abs(other.x - me.x) < 0.5 * (other.width + me.width):
            return True
    return False


class Background:
    def __init__(self, clip):
        self.size, self.drift = (clip.width, clip.height), clip.drift
        more = int(np.ceil(clip.drift * clip.frames)) + 2
        self.room = None if clip.picture else draw.room(clip.width + more, clip.height, clip.seed)

    def at(self, frame):
        shift = np.array([[1, 0, self.drift * frame - self.room.shape[1] + self.size[0]],
                          [0, 1, 0]], float)
        return cv2.warpAffine(self.room, shift, self.size, flags=cv2.INTER_CUBIC)


def frames_of(clip, store):
    """Yields (picture, truth tuple, present)."""
    people = [draw.Person(store.get(n)) for n in clip.sources]
    room = Background(clip)
    sensor = draw.Sensor(clip.width, clip.height, clip.seed + 100)
    for f in range(clip.frames):
        picture = clip.picture(f) if clip.picture else room.at(f)
        places, mask = clip.places(f), None
        for person, p in zip(people, places):
            if p.present:
                person.draw(picture, draw.placed(person.source, p.x, p.y, p.width, p.roll), p.yaw,
                            p.pitch)
        if clip.cover:
            mask = clip.cover(f, picture, people)
        picture = clip.after(f, picture, sensor) if clip.after else sensor.add(picture, clip.noise)
        present = [p.present and not hidden_by(people, places, k) for k, p in enumerate(places)]
        yield picture, truth_of(people, places, mask, (clip.width, clip.height)), present


def code_hash():
    digest = hashlib.sha256()
    for name in ("face_clips.py", "face_render.py", "face_sources.py"):
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    return digest


def made(clip, store, cache):
    """(y4m, npz) of a clip, made where they are missing."""
    digest = code_hash()
    digest.update(f"{clip.name} {clip.frames} {clip.width}x{clip.height}".encode())
    for name in clip.sources:
        source = store.get(name)
        digest.update(source.points.tobytes() + source.alpha.tobytes())
    stem = os.path.join(cache, f"{clip.name}-{digest.hexdigest()[:12]}")
    video, truth = stem + ".y4m", stem + ".npz"
    if os.path.exists(video) and os.path.exists(truth):
        return video, truth
    kept = []
    with open(video + ".part", "wb") as out:
        out.write(draw.y4m_header(clip.width, clip.height))
        for picture, true, present in frames_of(clip, store):
            out.write(draw.y4m_frame(picture))
            kept.append((*true, np.array(present, bool)))
    points, turn, width, covered, hidden, present = (np.array([k[i] for k in kept])
                                                     for i in range(6))
    np.savez_compressed(
        truth, points=points.astype(np.float32), turn=turn, width=width, covered=covered,
        hidden=hidden, present=present, segment=clip.segment, kind=clip.kind,
        size=(clip.width, clip.height), sources=np.array(clip.sources, dtype=str),
        label=np.array([clip.label(f) if clip.label else "" for f in range(clip.frames)]))
    os.replace(video + ".part", video)
    return video, truth


def look(clip, video, truth, folder, count=6):
    os.makedirs(folder, exist_ok=True)
    true = np.load(truth)
    w, h = clip.width, clip.height
    size = w * h + 2 * ((w + 1) // 2) * ((h + 1) // 2)
    head = len(draw.y4m_header(w, h))
    with open(video, "rb") as file:
        for f in np.unique(np.linspace(0, clip.frames - 1, count).astype(int)):
            file.seek(head + f * (size + 6) + 6)
            bgr = draw.rgb_of_y4m(file.read(size), w, h)[:, :, ::-1].copy()
            cv2.imwrite(os.path.join(folder, f"{clip.name}-{f:03d}.png"), bgr)
            for points, present in zip(true["points"][f], true["present"][f]):
                for x, y, _ in points if present else ():
                    cv2.circle(bgr, (round(float(x) * 16 - 8), round(float(y) * 16 - 8)), 14,
                               (0, 255, 0), -1, cv2.LINE_AA, 4)
            cv2.imwrite(os.path.join(folder, f"{clip.name}-{f:03d}-points.png"), bgr)


def open_store(cache, shared):
    def reference():
        import face_reference
        return face_reference.Reference()
    shared = shared if shared and os.path.isdir(os.path.join(shared, "london")) else None
    return face_sources.Store(os.path.join(cache, "sources"), shared, reference)


def chosen(store, which, names):
    clips = suite_clips(store) if which == "suite" else all_clips(store)
    return [c for c in clips if not names or any(fnmatch.fnmatch(c.name, n) for n in names)]


def main():
    root = os.path.dirname(os.path.dirname(HERE))
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", default=os.path.join(root, ".cache", "eval-faces"))
    parser.add_argument("--shared", default=os.path.join(os.path.dirname(root), "shared", "data"))
    parser.add_argument("--set", dest="which", choices=("suite", "all"), default="suite")
    parser.add_argument("--look")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    face_sources.portrait.need()
    os.makedirs(args.cache, exist_ok=True)
    store = open_store(args.cache, args.shared)
    cv2.setNumThreads(1)
    for clip in chosen(store, args.which, args.names):
        video, truth = made(clip, store, args.cache)
        print(clip.name, video, truth, flush=True)
        if args.look:
            look(clip, video, truth, args.look)
    return 0


if __name__ == "__main__":
    sys.exit(main())
