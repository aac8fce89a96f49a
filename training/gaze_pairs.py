"""Pairs of looks to train on: the same eye, lids, light and camera, another gaze."""
import dataclasses

import numpy as np

import gaze_camera
import gaze_overlays
import gaze_patch
import gaze_render
import visible_data
from gaze_layers import BALL, Layers, ramp
from gaze_patch import directions

LOOKS = 3
# How often eyes of a kind are drawn.
SHARES = {"london": 0.5, "portraits": 0.15, "synthetic": 0.3, "avatars": 0.05}
# What faces may have of which nobody knows whether they look into the camera: degrees by which the
# eyes look apart; deviations from the usual place of irises; degrees of the head's turn.
USUAL, LIKELY = (4.0, 2.0, (8, 9)), (6.0, 2.5, (12, 14))
LIKELY_SHARE = 0.32                     # so often one of the latter is drawn
# The mesh's corners of the lids go after the iris, by this share of its way across and up, and
# with them the patch. By gaze_drag.py somewhat more; the library holds the patch for a while.
DRAG, DRAG_SPREAD = np.array([0.3, 0.33]), 0.12
# Errors of the turn that the network is told, yaw and pitch in degrees; and how much of what
# gaze_eyes.head_turn() says of a source is a turn (London's irises stand as if by so much), rather
# than the shape of that face.
TOLD_SPREAD, OWN_SHARE = np.array([2.0, 4.0]), np.array([1.0, 0.3])


@dataclasses.dataclass
class Record:
    """Looks of one scene. Planes are 64 x 96."""
    looks: np.ndarray       # LOOKS x 64 x 96 x 3 uint8, without noise
    gaze: np.ndarray        # LOOKS x 2: right, up
    disc: np.ndarray        # LOOKS x 2 x 3: patch pixels -> the iris' plane
    iris: np.ndarray        # LOOKS planes uint8: cover of the iris in the picture
    matte: np.ndarray       # plane uint8: what is seen of the ball
    opening: np.ndarray     # plane uint8: what lies between the lids
    turn: np.ndarray        # 2: direction of the head as it is told to the network
    camera: np.ndarray      # noise, shot noise, grain
    sure: np.ndarray        # LOOKS: 1 where the eye can be corrected
    open: float             # how much of the iris the lids leave, 0..1
    marks: np.ndarray       # 4 x 2: gaze_render.Scene.marks()
    known: float            # how well the source's gaze is known, 0..1


class Source:
    """Layers of eyes that look at the camera."""

    def __init__(self, eyes, shares=None):
        shares = shares or SHARES
        layers = [Layers(e) for e in eyes if e.glasses == visible_data.WITHOUT]
        layers = [l for l in layers if l.usable()]
        self.layers = _looking_here(layers, *USUAL)
        kinds = np.array([l.eye.kind for l in self.layers])
        self.weight = np.zeros(len(kinds))
        for kind in set(kinds):
            self.weight[kinds == kind] = shares.get(kind, 1.0) / (kinds == kind).sum()
        self.weight /= self.weight.sum()
        more = [l for l in _looking_here(layers, *LIKELY)
                if l.eye.kind != "avatars" and l not in self.layers]
        if more:
            self.layers += more
            self.weight = np.concatenate([(1 - LIKELY_SHARE) * self.weight,
                                          np.full(len(more), LIKELY_SHARE / len(more))])

    def pick(self, rng):
        return self.layers[rng.choice(len(self.layers), p=self.weight)]


def _looking_here(layers, apart, deviations, turned):
    """Those of faces towards the camera whose irises stand as they do in people known to look at
    it: symmetrically, and in a usual place between the lids. London's sitters were told to."""
    certain = [l for l in layers if l.eye.kind in ("london", "drawn")]
    if not certain:
        return list(layers)
    middle = np.mean([l.offset for l in certain], 0)
    spread = np.std([l.offset for l in certain], 0)
    turn = np.mean([l.eye.turn for l in certain], 0)
    by_face = {}
    for l in layers:
        by_face.setdefault(l.eye.name.rsplit("/", 1)[0], []).append(l)
    kept = list(certain)
    for pair in by_face.values():
        if pair[0] in certain or len(pair) < 2:
            continue
        offsets = np.array([l.offset for l in pair])
        aside = np.rad2deg((offsets[0] - offsets[1])[0] / 2)
        usual = (np.abs(offsets - middle) < deviations * spread + 0.02).all()
        if usual and abs(aside) < apart and (np.abs(pair[0].eye.turn - turn) < turned).all():
            kept += pair
    return kept


def pick_gaze(rng):
    if rng.random() < 0.65:
        return directions(rng.uniform(-30, 30), rng.uniform(-24, 18))
    return directions(*rng.normal((0, -2), (9, 7)))


def pick_setting(layers, source, gaze, rng):
    dragged = rng.normal(DRAG, DRAG_SPREAD) * gaze_patch.BALL * np.asarray(gaze) * (-1, 1)
    s = gaze_render.Setting(gaze_render.placed(
        np.clip(rng.normal(0, 0.7, 2), -3, 3) + dragged, np.deg2rad(rng.normal(0, 2.0)),
        np.exp(np.clip(rng.normal(0, 0.035), -0.1, 0.1))))      # as steadied landmarks are off
    s.turn = tuple(rng.normal(0, 5, 2)) if rng.random() < 0.5 else (
        rng.uniform(-27, 27), rng.uniform(-20, 20))
    s.ball_depth = rng.normal(14, 3)
    s.ball_shift = tuple(rng.normal(0, 0.4, 2))
    dice = rng.random()
    if dice < 0.12:
        s.closed = rng.uniform(0.35, 1.05)
    elif dice < 0.7:
        s.closed = float(np.clip(rng.normal(0.05, 0.12), -0.12, 0.4))
    if rng.random() < 0.5:
        s.raised = float(np.clip(rng.normal(0.06, 0.1), -0.08, 0.35))
    down = -BALL * gaze[1]
    s.follow = down * rng.uniform(0.55, 0.95) if down > 0 else down * rng.uniform(0.35, 0.7)
    if rng.random() < 0.4:
        s.iris = source.pick(rng)
    s.pupil = np.exp(rng.normal(0, 0.25)) if rng.random() < 0.6 else 1.0
    s.iris_tint = np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.08, 3)).astype(np.float32)
    s.iris_soft = rng.uniform(0.06, 0.14)
    white = np.exp(rng.normal(0, 0.06)) * np.array(
        [1, 1 - abs(rng.normal(0, 0.04)), 1 - abs(rng.normal(0, 0.06))])
    s.white_tint = white.astype(np.float32)
    s.veins, s.shade = rng.uniform(0.3, 1.6), rng.uniform(0.6, 1.7)
    s.lamps = tuple(lamp(rng) for _ in range(rng.choice(4, p=(0.15, 0.4, 0.3, 0.15))))
    return s


def lamp(rng):
    size = np.exp(rng.uniform(np.log(0.06), np.log(0.28))) * np.exp(rng.normal(0, 0.25, 2))
    colour = np.exp(rng.normal(0, 0.06, 3)) * rng.uniform(0.2, 1.0)
    return gaze_render.Lamp(tuple(rng.normal((0, -0.15), (0.25, 0.2))), tuple(size),
                            rng.normal(0, 0.3), rng.choice((2, 8)), colour.astype(np.float32))


def _byte(x):
    return (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)


def draw(source, rng):
    """A Record: the eye looks somewhere, mostly into the camera, and a little beside the first."""
    layers, first = source.pick(rng), pick_gaze(rng)
    second = np.zeros(2) if rng.random() < 0.7 else pick_gaze(rng)
    gaze = np.array([first, second, first + rng.normal(0, 0.07, 2)])
    scene = gaze_render.Scene(layers, pick_setting(layers, source, first, rng))
    camera = gaze_camera.Camera.usual(rng) if rng.random() < 0.65 else gaze_camera.Camera(rng)
    return record(scene, gaze, gaze_overlays.draw(scene, rng), camera, rng)


def record(scene, gaze, veil, camera, rng, told=None):
    """`told`: by how much the network is told another turn of the head, degrees; None: random."""
    told = rng.normal(0, TOLD_SPREAD) if told is None else told
    drawn = [scene.look(g) for g in gaze]
    seen = 1 - veil.hidden
    matte = scene.opening * ramp(scene.lashes, 0.3, 0.75) * seen
    looks = np.stack([_byte(camera.develop(veil.over(picture))) for picture, _ in drawn])
    opened = scene.openness()
    hidden = (scene.opening * np.clip(veil.hidden + 1.2 * veil.glare, 0, 1)).sum() / max(
        scene.opening.sum(), 1)
    sure = ramp(opened, 0.18, 0.4) * (1 - ramp(hidden, 0.2, 0.5))
    inside = looks[0].mean(2)[scene.opening > 0.5] / 255
    if len(inside):     # an iris that noise or the dark hides
        sure = sure * ramp(inside.std() / (camera.noise + 0.006), 0.8, 2.5)
    iris = [i * scene.opening * seen for _, i in drawn]
    # An iris of which hardly anything is seen cannot be turned back.
    sure = [sure * ramp(i.sum() / (np.pi * (scene.reach() / gaze_render.TURNS) ** 2), 0.12, 0.3)
            for i in iris]
    turn = directions(*(np.array(scene.setting.turn) + _own_turn(scene.layers.eye) + told))
    return Record(looks, np.asarray(gaze, np.float32),
                  np.array([scene.disc(g) for g in gaze], np.float32), _byte(np.array(iris)),
                  _byte(matte), _byte(scene.opening), turn.astype(np.float32),
                  np.array([camera.noise, camera.shot, camera.grain], np.float32),
                  np.array(sure, np.float32), opened, scene.marks(),
                  1.0 if scene.layers.eye.kind == "london" else 0.4)


def _own_turn(eye):
    """Of the source's head, in the axes of the patch."""
    mirror = -1 if eye.name.endswith("/right") else 1
    return np.clip(eye.turn, -8, 8) * OWN_SHARE * (mirror, 1)


def exposed(rec, look, rng):
    """A look as the camera gives it, 0..1."""
    return gaze_camera.expose(rec.looks[look].astype(np.float32) / 255, *rec.camera, rng)
