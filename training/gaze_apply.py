"""Turns the eyes of a picture as the library does: the network's flow at the picture's pixels, and
highlights where the mirror has them. The library reads luma and RGB by a cubic, which is
sharper."""
import cv2
import numpy as np
import onnxruntime

import gaze_eyes
import gaze_patch
import visible_faces
from gaze_patch import HEIGHT, WIDTH

# Degrees of the present gaze below which nothing is done, and from which on everything.
STILL, WHOLE = 4.0, 8.0
KNOWN = 2.5, 7.0            # the same where what is special in the eyes was learnt
SURE = 0.5
# Highlights on the iris: what is bright and narrower than this, within so many pixels of its middle
# (all, nothing), by more than this; and how far they move when the iris moves by 1.
ACROSS, INSIDE, OUTSIDE, STANDS_OUT, MIRRORED = 4.2, 8.5, 12.0, 0.06, 0.54
GLINT_SHARE = 1.6           # of the matte: so much of highlights is moved, all at most
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
MIRRORS = np.array([(1.0, 1.0), (-1.0, 1.0)])       # of the left and the right eye's patch


class Net:
    def __init__(self, path):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, settings)

    def __call__(self, patch, turn=(0, 0), share=0.0, head=(0, 0)):
        """Patch HEIGHT x WIDTH x 3, 0..1; (state [4], flow HEIGHT x WIDTH x 2, blend ... x 3)."""
        eye = np.empty((1, 8, HEIGHT, WIDTH), np.float32)
        eye[0, :3] = patch.transpose(2, 0, 1)
        eye[0, 3:] = np.array([*turn, share, *head], np.float32)[:, None, None]
        state, flow, blend = self.session.run(None, {"eye": eye})
        return (state.ravel(), np.ascontiguousarray(flow[0].transpose(1, 2, 0)),
                np.ascontiguousarray(blend[0].transpose(1, 2, 0)))


def _at(picture, x, y):
    return cv2.remap(picture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REPLICATE)


def highlights(patch, iris):
    """The luma above which a pixel of the patch is one, HEIGHT x WIDTH; 1: none is. `iris`: column
    and row of its middle, 0, 0 being that of the first pixel."""
    side = np.arange(-4, 5)
    disc = (np.hypot(*np.meshgrid(side, side)) < ACROSS).astype(np.uint8)
    soft = np.array([0.25, 0.5, 0.25], np.float32)
    luma = cv2.sepFilter2D(patch @ LUMA, -1, soft, soft, borderType=cv2.BORDER_REPLICATE)
    opened = cv2.dilate(cv2.erode(luma, disc), disc)
    u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    t = np.clip((np.hypot(u - iris[0], v - iris[1]) - INSIDE) / (OUTSIDE - INSIDE), 0, 1)
    opened = np.minimum(opened + STANDS_OUT, 1)
    return (opened + t * t * (3 - 2 * t) * (1 - opened)).astype(np.float32)


def _above(colours, top):
    return np.maximum(colours @ LUMA - top, 0)[..., None]


def without(colours, top):
    """What the network sees: nothing above `top`."""
    return np.maximum(colours - _above(colours, top), 0)


def mirrored(turn):
    """From a pixel to where its highlight comes from, pixels, when the eye is turned so."""
    return MIRRORED * gaze_patch.BALL * np.array([-turn[0], turn[1]])


def _turned(part, colours, glints, own, blend):
    """`part` with the colours and the highlights that come; `own`: those that were there."""
    new = np.clip(colours * 2 * blend[..., 1:2] + blend[..., 2:] - 0.5, 0, 1)
    matte = blend[..., :1]
    share = np.minimum(GLINT_SHARE * matte, 1)
    out = part + matte * (new - part) + share * glints - (share - matte) * own
    return np.clip(out, 0, 1)


def compose(patch, flow, blend, top, turn):
    """The patch, 0..1, with its eye turned by `turn`."""
    u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    colours = _at(without(patch, top), u + flow[..., 0], v + flow[..., 1])
    way = mirrored(turn)
    own = _above(patch, top)
    return _turned(patch, colours, _at(own, u + way[0], v + way[1])[..., None], own, blend)


def dead_zone(gaze, zone=(STILL, WHOLE)):
    """How much of the correction is shown for this present gaze (right, up): what is within the
    error of measuring it is left alone."""
    still, whole = zone
    t = np.clip((gaze_patch.angle_between(gaze, (0, 0)) - still) / (whole - still), 0, 1)
    return t * t * (3 - 2 * t)


def see(rgb, points, eye):
    """(patch 0..1, matrix picture -> patch) of a picture of bytes."""
    m = gaze_patch.for_opencv(gaze_patch.matrix(points, eye))
    return visible_faces.shrunk(rgb, m, (WIDTH, HEIGHT)).astype(np.float32) / 255, m


def turn_eye(rgb, m, flow, blend, top, turn):
    """The picture with one eye turned by `turn`. `m`: picture -> patch, as see() gives it."""
    back = cv2.invertAffineTransform(m)
    corners = np.array([(-0.5, -0.5), (WIDTH - 0.5, -0.5), (-0.5, HEIGHT - 0.5),
                        (WIDTH - 0.5, HEIGHT - 0.5)]) @ back[:, :2].T + back[:, 2]
    low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, rgb.shape[1::-1])
    x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    u = (m[0, 0] * x + m[0, 1] * y + m[0, 2]).astype(np.float32)
    v = (m[1, 0] * x + m[1, 1] * y + m[1, 2]).astype(np.float32)
    maps = np.concatenate([flow, blend], 2)
    maps = cv2.remap(maps, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (u > 0) & (u < WIDTH - 1) & (v > 0) & (v < HEIGHT - 1)
    maps[..., 2] *= inside
    whole = rgb.astype(np.float32) / 255

    def come_from(du, dv):
        dx, dy = (back[k, 0] * du + back[k, 1] * dv for k in (0, 1))
        return _at(whole, x + dx, y + dy), _at(top, u + du, v + dv)
    colours = without(*come_from(maps[..., 0], maps[..., 1]))
    glints = _above(*come_from(*mirrored(turn)))
    part = whole[low[1]:high[1], low[0]:high[0]]
    own = _above(part, _at(top, u, v))
    part[:] = _turned(part, colours, glints, own, maps[..., 2:])
    return (np.clip(whole, 0, 1) * 255 + 0.5).astype(np.uint8)


def common_gaze(states, mirrors):
    """Where both eyes look (right, up, as the viewer sees it): people differ in how far their
    irises stand apart, and the mean is free of it."""
    trust = np.array([max(float(s[2]), 1e-3) for s in states])
    return sum(t * s[:2] * m for t, s, m in zip(trust, states, mirrors)) / trust.sum()


def correct(net, rgb, points, target=(0, 0), strength=None, turn=None):
    """Both eyes of a face. target: degrees (to the viewer's right, up). strength None: with the
    dead zone. turn: instead, by so many degrees, whatever they do now. An eye that is not sure to
    be one stays as it is. (picture, states of both in the axes of their patches)"""
    head = gaze_patch.directions(*gaze_eyes.head_turn(points))
    seen = []
    for eye in (gaze_patch.LEFT, gaze_patch.RIGHT):
        patch, m = see(rgb, points, eye)
        top = highlights(patch, m[:, :2] @ (points[468 + 5 * eye, :2] - 0.5) + m[:, 2])
        seen.append((without(patch, top), m, top))
    states = [net(patch, head=head * m)[0] for (patch, _, _), m in zip(seen, MIRRORS)]
    if turn is None:
        gaze = common_gaze(states, MIRRORS)
        strength = dead_zone(gaze) if strength is None else strength
        change = strength * (gaze_patch.directions(*target) - gaze)
    else:
        change = gaze_patch.directions(*turn)
    out = rgb
    for (patch, m, top), mirror, state in zip(seen, MIRRORS, states):
        if state[2] > SURE:
            _, flow, blend = net(patch, change * mirror, 0.0, head * mirror)
            out = turn_eye(out, m, flow, blend, top, change * mirror)
    return out, states
