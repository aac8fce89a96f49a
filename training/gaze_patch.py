"""The patch of an eye: what the gaze network sees, and how it lies in a picture.

Positions are pixels of the picture, the middle of the top left pixel is (0.5, 0.5), x to the right,
y down. "Left" is the viewer's, on an upright face. With the points P of the face mesh (steadied,
where there are several frames)

    ex = (P[263] - P[33]) / |P[263] - P[33]|    the line of the outer corners; ey is ex turned by
    S  = |P[263] - P[33]| / f                   90 degrees (downwards); f: how much shorter the line
                                                looks than it is as the head is turned (1: not)
    c  = (P[outer] + P[inner]) / 2              33, 133 of the left eye, 263, 362 of the right one
    patch position of a picture's position p
    u  = WIDTH  / 2 + m SCALE / S ((p - c) . ex)    m = 1 for the left eye, -1 for the right one,
    v  = HEIGHT / 2 +   SCALE / S ((p - c) . ey)    which is mirrored: the nose is at larger u

pixel [row, column] of the patch has its middle at u = column + 0.5, v = row + 0.5. Where a pixel of
the patch covers several of the picture it is their mean. S is about 90 mm in any adult, so a pixel
is about half a millimetre, an iris has about IRIS pixels of radius and its middle moves on a ball
of about BALL pixels of radius: for a gaze with the components (right, up) of its direction it
stands at (BALL right, -BALL up) from where it is when the eye looks into the camera. In a mirrored
patch "right" is the picture's left.
"""
import numpy as np

WIDTH, HEIGHT = 96, 64
SCALE = 176.0               # pixels of the patch in an outer-eye distance
IRIS = 0.0655 * SCALE       # core/face/face_gaze.c
BALL = 0.118 * SCALE
OUTER, INNER = (33, 263), (133, 362)
LEFT, RIGHT = 0, 1


def axes(points):
    """ex, and the distance of the outer corners, pixels."""
    line = np.asarray(points[OUTER[RIGHT]] - points[OUTER[LEFT]], np.float64)[:2]
    length = np.linalg.norm(line)
    return line / length, length


def matrix(points, eye, scale=SCALE, size=(WIDTH, HEIGHT), foreshortening=1.0):
    """2 x 3: picture -> patch, in the positions of the head of this file. `points`: 468 or 478 of
    the mesh. `scale` and `size` (width, height): of a finer or wider patch of the same eye."""
    ex, length = axes(points)
    k = scale * foreshortening / length
    m = np.array([[k * ex[0], k * ex[1]], [-k * ex[1], k * ex[0]]])
    if eye == RIGHT:
        m[0] = -m[0]
    centre = (points[OUTER[eye]] + points[INNER[eye]])[:2] / 2
    return np.column_stack([m, np.array(size) / 2 - m @ centre])


def for_opencv(m):
    """The same where the middle of a pixel is whole."""
    m = np.array(m, np.float64)
    m[:, 2] += m[:, :2] @ (0.5, 0.5) - 0.5
    return m


def directions(yaw, pitch):
    """Degrees -> components (right, up) of a direction."""
    yaw, pitch = np.deg2rad(yaw), np.deg2rad(pitch)
    return np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch)], -1)


def angle_between(a, b):
    """Degrees between directions given by their components (right, up)."""
    a, b = (np.asarray(v, np.float64) for v in (a, b))

    def depth(v):
        return np.sqrt(np.clip(1 - (v ** 2).sum(-1), 0, 1))
    return np.rad2deg(np.arccos(np.clip((a * b).sum(-1) + depth(a) * depth(b), -1, 1)))
