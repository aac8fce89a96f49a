"""Scenes of layers whose motion is known exactly: frames, flow, what covers what, what is ideal.

A layer is a still picture (a room, a person) with a motion of its own; what covers faces (a hand)
lies in front of all layers and is a mask only. "Where" maps are H x W x 2 float32: for each pixel
of frame t its place in frame s, pixels, the middle of the top left one at (0.5, 0.5).
"""
import dataclasses
import functools
import typing

import cv2
import numpy as np

import face_render as draw

EDGE = 4        # pixels: this near to another layer or to the occluder nothing is ideal or carried
SURE = 0.99     # a layer is there alone from this coverage on
TRIP = 0.5      # pixels: a point of a turned head that does not come back this exactly is hidden


@dataclasses.dataclass
class Layer:
    """`matrix` and `turn` (yaw, pitch; degrees) by frame number; `turn`: heads only."""
    person: draw.Person
    matrix: typing.Callable
    turn: typing.Callable = None
    present: typing.Callable = lambda t: True
    is_face: bool = False
    white: draw.Person = None       # what draws its coverage

    def pose(self, t):
        """Two frames with the same one look the same."""
        return (*np.asarray(self.matrix(t)).ravel(), *self.angles(t)) if self.present(t) else ()

    def angles(self, t):
        return self.turn(t) if self.turn else (0.0, 0.0)

    def points(self, t):
        """The mesh's 478 points, pixels."""
        yaw, pitch = self.angles(t)
        flat = self.person.head.turned(yaw, pitch) if yaw or pitch else self.person.source.points
        return draw.moved(flat, self.matrix(t))

    def draw(self, frame, t):
        self.person.draw(frame, self.matrix(t), *self.angles(t))

    def coverage(self, size, t):
        """H x W, 0..1."""
        if not self.white:
            self.white = draw.Person(dataclasses.replace(
                self.person.source, rgb=np.full_like(self.person.source.rgb, 255)))
        if self.turn:
            self.white.head = self.person.head
        out = np.zeros((size[1], size[0], 3), np.float32)
        self.white.draw(out, self.matrix(t), *self.angles(t))
        return out[..., 0] / 255

    def where(self, size, t, s):
        """Frame t -> frame s for this layer's pixels."""
        still = joined(self.matrix(s), cv2.invertAffineTransform(self.matrix(t)))
        if not self.turn or self.angles(t) == self.angles(s):
            return affine_map(still, size)
        targets, _ = self.person.head.flat(self.matrix(s), *self.angles(s))
        return self.person.head.carried(self.matrix(t), *self.angles(t), targets, still,
                                        np.zeros(2), size).astype(np.float32)


def joined(second, first):
    """The 2x3 that does `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2],
                            second[:, :2] @ first[:, 2] + second[:, 2]])


def affine_map(matrix, size):
    x = np.arange(size[0], dtype=np.float64) + 0.5
    y = (np.arange(size[1], dtype=np.float64) + 0.5)[:, None]
    return np.stack([matrix[k, 0] * x + matrix[k, 1] * y + matrix[k, 2] for k in (0, 1)],
                    -1).astype(np.float32)


def sampled(picture, where, kind=cv2.INTER_LANCZOS4):
    """`picture` (H x W or H x W x C, float32) at places in pixels; the border goes on outside.
    OpenCV's cubic (a = -0.75) would be up to 0.047 pixels astray, more than a face's effect is."""
    return cv2.remap(picture, where - np.float32(0.5), None, kind, borderMode=cv2.BORDER_REPLICATE)


def shrunk(mask, pixels):
    """A mask without what is this near to its border; the frame's own border is none."""
    size = 2 * pixels + 1
    return cv2.erode(mask.astype(np.uint8), np.ones((size, size), np.uint8),
                     borderType=cv2.BORDER_CONSTANT, borderValue=1).astype(bool)


def grown(mask, pixels):
    return ~shrunk(~mask, pixels)


class Scene:
    """Layers back to front. `cover`: (frame number, picture) -> mask 0..1, draws what passes in
    front, or None; it must draw nothing that depends on the picture."""

    def __init__(self, size, layers, cover=None):
        self.size, self.layers, self.cover = size, layers, cover
        self.drawn = [None] * len(layers)   # (poses of this layer and those behind it, picture)
        self.kept = {}                      # poses -> what sure() gives, of some frames
        self.ways = {}                      # two frames' poses -> what carried() gives, of all

    @functools.cached_property
    def uncovered(self):
        return Scene(self.size, self.layers)

    @functools.cached_property
    def without_faces(self):
        return Scene(self.size, [k for k in self.layers if not k.is_face], self.cover)

    def poses(self, t):
        return tuple(layer.pose(t) for layer in self.layers)

    def frame(self, t, covered=True):
        """R'G'B' float32, clean; without the occluder where not `covered`."""
        out, poses = np.zeros((self.size[1], self.size[0], 3), np.float32), self.poses(t)
        for k, layer in enumerate(self.layers):
            if self.drawn[k] and self.drawn[k][0] == poses[:k + 1]:
                out = self.drawn[k][1].copy()
                continue
            if layer.present(t):
                layer.draw(out, t)
            self.drawn[k] = poses[:k + 1], out.copy()
        if covered and self.cover:
            self.cover(t, out)
        return out

    def occluder(self, t):
        """H x W, 0..1, or None."""
        if not self.cover:
            return None
        return self.cover(t, np.zeros((self.size[1], self.size[0], 3), np.float32))

    def sure(self, t):
        """For each layer the pixels that show it alone and far from everything else."""
        poses = self.poses(t)
        if poses not in self.kept:
            if len(self.kept) > 4:
                self.kept.pop(next(iter(self.kept)))
            self.kept[poses] = self.make_sure(t)
        return self.kept[poses]

    def make_sure(self, t):
        w, h = self.size
        free, out = np.ones((h, w), bool), []
        for layer in reversed(self.layers):
            if not layer.present(t):
                out.append(np.zeros((h, w), bool))
                continue
            if layer is self.layers[0]:     # the room fills the frame
                out.append(shrunk(free, EDGE))
                continue
            there = layer.coverage(self.size, t)
            out.append(shrunk((there >= SURE) & free, EDGE))
            free &= there <= 1 - SURE
        return out[::-1]

    def carried(self, t, s):
        """(where, valid): for each pixel of frame t its place in frame s, and whether it is there
        to be seen in both, whatever covers it. Kept, for the next effect on the same clip."""
        poses = self.poses(t), self.poses(s)
        if poses not in self.ways:
            self.ways[poses] = self.make_carried(t, s)
        return self.ways[poses]

    def make_carried(self, t, s):
        w, h = self.size
        where, valid = np.zeros((h, w, 2), np.float32), np.zeros((h, w), bool)
        for k, layer in enumerate(self.layers):
            if not (layer.present(t) and layer.present(s)):
                continue
            mine = self.sure(t)[k]
            there = layer.where(self.size, t, s)
            seen = sampled(self.sure(s)[k].astype(np.float32), there, cv2.INTER_LINEAR) > SURE
            if layer.turn and layer.angles(t) != layer.angles(s):
                back = sampled(layer.where(self.size, s, t), there, cv2.INTER_LINEAR)
                here = affine_map(np.eye(2, 3), self.size)
                seen &= np.hypot(*np.moveaxis(back - here, 2, 0)) < TRIP
            inside = ((there >= 1) & (there <= np.array([w - 1, h - 1]))).all(2)
            where[mine] = there[mine]
            valid |= mine & seen & inside
        for kept in (where, valid):
            kept.flags.writeable = False
        return where, valid
