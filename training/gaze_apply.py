"""Turns the eyes of a picture as the library does: the network's flow at the picture's own pixels."""
import cv2
import numpy as np
import onnxruntime

import gaze_eyes
import gaze_patch
import visible_faces
from gaze_patch import HEIGHT, WIDTH

# Degrees of the present gaze below which nothing is done, and from which on everything.
STILL, WHOLE = 1.0, 4.0


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


def compose(picture, flow, blend, u=None, v=None):
    """`picture` float 0..1. Without u, v: a patch. Else the positions of its pixels in the patch that
    flow and blend are of, for a picture that is the same as large as the patch."""
    if u is None:
        u, v = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    new = cv2.remap(picture, u + flow[..., 0], v + flow[..., 1], cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REPLICATE)
    new = np.clip(new * 2 * blend[..., 1:2] + blend[..., 2:] - 0.5, 0, 1)
    return picture + blend[..., :1] * (new - picture)


def dead_zone(state, strength=1.0):
    """How much of the correction is shown when the eye looks so, and is so sure to be one."""
    angle = gaze_patch.angle_between(state[:2], (0, 0))
    t = np.clip((angle - STILL) / (WHOLE - STILL), 0, 1)
    return strength * t * t * (3 - 2 * t)


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
    new = cv2.remap(whole, (x + move[..., 0]).astype(np.float32),
                    (y + move[..., 1]).astype(np.float32), cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REPLICATE)
    new = np.clip(new * 2 * maps[..., 3:4] + maps[..., 4:5] - 0.5, 0, 1)
    part = whole[low[1]:high[1], low[0]:high[0]]
    part += maps[..., 2:3] * (new - part)
    return (np.clip(whole, 0, 1) * 255 + 0.5).astype(np.uint8)


def correct(net, rgb, points, target=(0, 0), strength=None, turn=None):
    """Both eyes of a face. target: degrees (to the viewer's right, up). strength None: with the
    dead zone and by how sure the eyes are. turn: instead, by so many degrees, whatever they do now.
    (picture, states of both with right as the viewer's)"""
    out, states = rgb, []
    head = gaze_patch.directions(*gaze_eyes.head_turn(points))
    for eye in (gaze_patch.LEFT, gaze_patch.RIGHT):
        mirror = np.array([1, 1]) if eye == gaze_patch.LEFT else np.array([-1, 1])
        patch, m = see(rgb, points, eye)
        if turn is not None:
            state, flow, blend = net(patch, gaze_patch.directions(*turn) * mirror, 0.0, head * mirror)
            share = 1.0
        else:
            first = net(patch, head=head * mirror)[0]
            share = strength if strength is not None else dead_zone(first) * float(first[2] > 0.5)
            want = gaze_patch.directions(*target) * mirror
            state, flow, blend = net(patch, share * want, share, head * mirror)
        if share > 0:
            out = turn_eye(out, m, flow, blend)
        state[:2] *= mirror
        states.append(state)
    return out, states
