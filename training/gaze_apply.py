"""Turns the eyes of a picture as the library does: the network's flow at the picture's pixels. The
library reads luma and RGB by a cubic, which is sharper."""
import cv2
import numpy as np
import onnxruntime

import gaze_eyes
import gaze_patch
import visible_faces
from gaze_patch import HEIGHT, WIDTH

# Degrees of the present gaze below which nothing is done, and from which on everything.
STILL, WHOLE = 3.0, 8.0
SURE = 0.5
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


def _blended(picture, x, y, blend):
    """What `blend` makes of the part of a picture that it is of and of the colours at x, y."""
    new = cv2.remap(picture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REPLICATE)
    return np.clip(new * 2 * blend[..., 1:2] + blend[..., 2:] - 0.5, 0, 1)


def compose(patch, flow, blend):
    """The patch, 0..1, with its eye turned."""
    u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    new = _blended(patch, u + flow[..., 0], v + flow[..., 1], blend)
    return patch + blend[..., :1] * (new - patch)


def dead_zone(gaze):
    """How much of the correction is shown for this present gaze (right, up): what is within the
    error of measuring it is left alone."""
    t = np.clip((gaze_patch.angle_between(gaze, (0, 0)) - STILL) / (WHOLE - STILL), 0, 1)
    return t * t * (3 - 2 * t)


def see(rgb, points, eye):
    """(patch 0..1, matrix picture -> patch) of a picture of bytes."""
    m = gaze_patch.for_opencv(gaze_patch.matrix(points, eye))
    return visible_faces.shrunk(rgb, m, (WIDTH, HEIGHT)).astype(np.float32) / 255, m


def turn_eye(rgb, m, flow, blend):
    """The picture with one eye turned. `m`: picture -> patch, as see() gives it."""
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
    move = maps[..., :2] @ back[:, :2].T
    whole = rgb.astype(np.float32) / 255
    new = _blended(whole, x + move[..., 0], y + move[..., 1], maps[..., 2:])
    part = whole[low[1]:high[1], low[0]:high[0]]
    part += maps[..., 2:3] * (new - part)
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
    seen = [see(rgb, points, eye) for eye in (gaze_patch.LEFT, gaze_patch.RIGHT)]
    states = [net(patch, head=head * m)[0] for (patch, _), m in zip(seen, MIRRORS)]
    if turn is None:
        gaze = common_gaze(states, MIRRORS)
        strength = dead_zone(gaze) if strength is None else strength
        change = strength * (gaze_patch.directions(*target) - gaze)
    else:
        change = gaze_patch.directions(*turn)
    out = rgb
    for (patch, m), mirror, state in zip(seen, MIRRORS, states):
        if state[2] > SURE:
            _, flow, blend = net(patch, change * mirror, 0.0, head * mirror)
            out = turn_eye(out, m, flow, blend)
    return out, states
