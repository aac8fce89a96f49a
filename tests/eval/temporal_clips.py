"""The clips of known motion on which temporal consistency is measured.

Each is made from still photos: NASA's astronaut of the Debian package python3-imageio, and with
the shared data folder people of the London set and of the avatars. 640x480, 30 frames a second,
sensor noise of sigma 2 in every frame. In the middle of a face 1.0 face widths are 140 pixels.
"""
import dataclasses
import typing

import cv2
import numpy as np

import face_clips
import face_render as draw
import face_sources
import known_motion

SIZE, FACE, NOISE, FRAMES = (640, 480), 140, 2.0, 50
ROOM = 1.5              # a room is this much larger than the frame, so that the camera can move
MIDDLE = (320, 250)


@dataclasses.dataclass
class Clip:
    """`still(t)`: the frame whose settled picture is ideal, carried to frame t. `cut`, `swap`: the
    first frame after a cut or with somebody else. `step`: the first frame for which the stepped
    parameter has its new value."""
    name: str
    kind: str
    scene: known_motion.Scene
    frames: int
    noise: float = NOISE
    still: typing.Callable = lambda t: 0
    cut: int = None
    swap: int = None
    step: int = None
    seed: int = 1
    shot: dict = dataclasses.field(default_factory=dict, init=False)    # Scene -> its videos()

    @property
    def size(self):
        return self.scene.size

    @property
    def break_at(self):
        """The first frame that has nothing to do with those before it, at least in the face."""
        return self.cut if self.cut is not None else self.swap

    def face(self, t):
        """The layer of the face in frame t."""
        return next(k for k in self.scene.layers if k.is_face and k.present(t))

    @staticmethod
    def planes(picture):
        """I420 bytes of a picture."""
        return np.frombuffer(draw.y4m_frame(picture)[6:], np.uint8)

    def videos(self, scene=None):
        """I420 of all frames, F x bytes: with the sensor's noise, and without. With another scene
        the noise is the same. Kept, for the next effect."""
        scene = scene or self.scene
        if scene not in self.shot:
            self.shot[scene] = self.shoot(scene)
        return self.shot[scene]

    def shoot(self, scene):
        sensor, noisy, clean = draw.Sensor(*self.size, self.seed + 100), [], []
        for t in range(self.frames):
            picture = scene.frame(t)
            clean.append(self.planes(picture))
            noisy.append(self.planes(sensor.add(picture, self.noise)))
        return np.stack(noisy), np.stack(clean)

    def settled(self, t):
        """The clean picture of frame t with nothing in front of it."""
        return self.planes(self.scene.frame(t, covered=False))


class Maker:
    def __init__(self, store, size=SIZE, face=FACE):
        self.store, self.size, self.face = store, size, face
        self.people, self.rooms = {}, {}

    def person(self, name):
        if name not in self.people:
            self.people[name] = draw.Person(self.store.get(name))
        return self.people[name]

    def room(self, seed, camera=None):
        """A layer that fills the frame; `camera` by frame number: 2x3 on the frame."""
        w, h = self.size
        if seed not in self.rooms:
            picture = draw.room(int(w * ROOM), int(h * ROOM), seed)
            alpha = np.full(picture.shape[:2], 255, np.uint8)
            self.rooms[seed] = draw.Person(face_sources.Source(
                f"room-{seed}", np.uint8(picture + 0.5), np.zeros((478, 3)), alpha, False))
        centred = np.array([[1, 0, w / 2 - int(w * ROOM) / 2], [0, 1, h / 2 - int(h * ROOM) / 2]])
        return known_motion.Layer(self.rooms[seed], lambda t: known_motion.joined(
            camera(t), centred) if camera else centred)

    def standing(self, name, place, camera=None, present=lambda t: True, turns=False):
        """A person; `place` by frame number: a face_clips.Place with the width in face widths."""
        who = self.person(name)

        def matrix(t):
            p = place(t)
            m = draw.placed(who.source, p.x, p.y, p.width * self.face, p.roll)
            return known_motion.joined(camera(t), m) if camera else m
        turn = (lambda t: (place(t).yaw, place(t).pitch)) if turns else None
        return known_motion.Layer(who, matrix, turn, present, is_face=True)

    def clip(self, kind, name, layers, cover=None, frames=FRAMES, **more):
        return Clip(f"{kind}-{name.replace('/', '-').replace('_neutral', '')}", kind,
                    known_motion.Scene(self.size, layers, cover), frames, **more)

    def hand(self, name, reach):
        """What draws a hand that comes from the right to `reach` face widths right of the face's
        middle, stays, and goes; then sweeps across the face to the left and back."""
        skin = self.person(name).skin()
        shape = draw.hand(skin * 0.9, 3, 0.62, self.face)

        def cover(t, picture):
            at = (face_clips.smooth_step((t - 8) / 10) - face_clips.smooth_step((t - 26) / 9)
                  + 1.6 * (face_clips.smooth_step((t - 38) / 7)
                           - face_clips.smooth_step((t - 45) / 8)))
            x = MIDDLE[0] + self.face * (reach + 2.2 * (1 - at)) + shape.shape[1] / 2
            return draw.cover(picture, shape, x, MIDDLE[1] + 0.28 * self.face, 4)
        return cover


def about(x, y, zoom=1.0, roll=0.0, dx=0.0, dy=0.0):
    """2x3: zooms and turns around (x, y), then shifts."""
    c, s = zoom * np.cos(np.radians(roll)), zoom * np.sin(np.radians(roll))
    turn = np.array([[c, -s], [s, c]])
    return np.column_stack([turn, np.array([x, y]) - turn @ (x, y) + (dx, dy)])


def sine(t, hz, phase=0.0):
    return np.sin(2 * np.pi * hz * t / face_clips.RATE + phase)


def motions(maker, name, seed):
    """Every kind of motion, of one person."""
    def place(x=0.0, y=0.0, size=1.0, **turns):
        return face_clips.Place(MIDDLE[0] + x, MIDDLE[1] + y, size, **turns)

    def one(kind, position=lambda t: place(), camera=None, turns=False, cover=None, **more):
        return maker.clip(kind, name, [maker.room(seed, camera),
                                       maker.standing(name, position, camera, turns=turns)],
                          cover, seed=seed, **more)
    yield one("still")
    yield one("slow", lambda t: place(9 * sine(t, 0.25), 3 * sine(t, 0.4)))
    yield one("creep", camera=lambda t: about(*MIDDLE, dx=0.23 * t + 0.0069 * t * t,
                                              dy=-0.1 * t - 0.003 * t * t))
    yield one("pan", camera=lambda t: about(*MIDDLE, dx=62 * sine(t, 0.5), dy=11 * sine(t, 0.8)))
    yield one("zoom", camera=lambda t: about(*MIDDLE, zoom=np.exp(0.16 * (1 - np.cos(
        2 * np.pi * 0.45 * t / face_clips.RATE)))))
    yield one("roll", lambda t: place(y=0, roll=22 * sine(t, 0.6)))
    yield one("walk", lambda t: place(45 * sine(t, 0.7), 12 * sine(t, 1.1), 1 + 0.05 * sine(t, 0.4),
                                      roll=4 * sine(t, 0.5)))
    yield one("turn", lambda t: place(6 * sine(t, 0.5), yaw=20 * sine(t, 0.5),
                                      pitch=7 * sine(t, 0.8, 0.5)), turns=True)
    yield one("shake", lambda t: place(*(np.array([30, 9]) * sine(t, 1.6) * (t >= 12)),
                                       roll=5 * sine(t, 1.3)))
    yield one("hand", lambda t: place(5 * sine(t, 0.6), 3 * sine(t, 0.9), roll=1.5 * sine(t, 0.5)),
              cover=maker.hand(name, -0.55), frames=64)
    yield one("step", step=20)


def cut(maker, before, after, seed):
    """To another person in another place, who both move."""
    at = 26
    layers = [
        maker.room(seed), maker.standing(before, lambda t: face_clips.Place(
            300 + 30 * sine(t, 0.6), 240, 1.0), present=lambda t: t < at)]
    other = [maker.room(seed + 1), maker.standing(after, lambda t: face_clips.Place(
        370 + 25 * sine(t, 0.7), 262, 1.15), present=lambda t: t >= at)]
    other[0].present, layers[0].present = (lambda t: t >= at), (lambda t: t < at)
    return maker.clip("cut", before, layers + other, cut=at, seed=seed,
                      still=lambda t: 0 if t < at else at)


def swap(maker, before, after, seed):
    """Somebody else sits in the same place from one frame to the next."""
    at = 26

    def place(t):
        return face_clips.Place(320 + 12 * sine(t, 0.6), 250 + 4 * sine(t, 0.9), 1.0)
    layers = [maker.room(seed), maker.standing(before, place, present=lambda t: t < at),
              maker.standing(after, place, present=lambda t: t >= at)]
    return maker.clip("swap", before, layers, swap=at, seed=seed,
                      still=lambda t: 0 if t < at else at)


def set_of(store, which):
    """suite: a few, short; one: every kind once; all: other people as well."""
    maker = Maker(store)
    london, avatars = store.names("london"), store.names("avatars")
    other = london[4] if len(london) > 4 else "astronaut:dark"
    if which == "suite":
        keep = {"still": 40, "slow": 34, "creep": 34, "walk": 34, "hand": 40, "step": 40}
        for clip in motions(maker, "astronaut", 5):
            if clip.kind in keep:
                yield dataclasses.replace(clip, frames=keep[clip.kind])
        yield dataclasses.replace(cut(maker, "astronaut", "astronaut:dark", 5), frames=40)
        return
    yield from motions(maker, "astronaut", 5)
    yield cut(maker, "astronaut", other, 5)
    yield swap(maker, "astronaut", "astronaut:dark", 5)
    if which == "all":
        people = [n for n in london[1:2] + london[30:31] + avatars[6:7] if store.get(n)]
        for k, name in enumerate(people):
            for clip in motions(maker, name, 21 + k):
                if clip.kind != "turn" or name.startswith("london"):
                    yield clip
            yield swap(maker, name, people[k - 1], 21 + k)


def look(clip, path, count=8):
    """A sheet of frames, as PNG, for the eye."""
    frames = [draw.rgb_of_y4m(f.tobytes(), *clip.size) for f in
              clip.videos()[0][np.linspace(0, clip.frames - 1, count).astype(int)]]
    rows = [np.hstack(frames[k:k + 4]) for k in range(0, count, 4)]
    cv2.imwrite(path, np.vstack(rows)[:, :, ::-1])
