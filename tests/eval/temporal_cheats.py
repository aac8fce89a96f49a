"""What scores must not reward: outputs made from the input and the effect's per-frame output.

Each is an object whose next(now, frame) gives the output for the input `now` and the per-frame
output `frame`; all are causal. Pictures: H x W x 3 float32, R'G'B' 0..255.
"""
import cv2
import numpy as np

from known_motion import affine_map, sampled
from temporal_measures import luma

AVERAGE = 0.2       # weight of the present frame in the unwarped average
BLUR = 1 / 120      # sigma against the picture's height


def rounded(picture):
    return np.clip(np.round(picture), 0, 255)


class NoOp:
    def next(self, now, frame):
        return now


class Half:
    def next(self, now, frame):
        return now + 0.5 * (frame - now)


class Blur:
    def next(self, now, frame):
        return cv2.GaussianBlur(frame, (0, 0), BLUR * len(now))


class Freeze:
    """What was added to the first frame, in the same place of the picture."""
    added = None

    def next(self, now, frame):
        if self.added is None:
            self.added = frame - now
        return now + self.added


class FreezeCarried:
    """What was added to the first frame, carried along by the motion that DIS finds; what comes
    into the picture has the effect of its own frame."""
    added = None

    def __init__(self):
        self.dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def next(self, now, frame):
        grey = np.clip(luma(now), 0, 255).astype(np.uint8)
        if self.added is None:
            self.added = frame - now
        else:
            h, w = grey.shape
            where = affine_map(np.eye(2, 3), (w, h)) + self.dis.calc(grey, self.grey, None)
            new = ((where < 0.5) | (where > np.array([w - 0.5, h - 0.5]))).any(2)
            self.added = np.where(new[..., None], frame - now,
                                  sampled(self.added, where, cv2.INTER_LINEAR))
        self.grey = grey
        return now + self.added


class Average:
    """A running mean of what is added, without regard to motion."""
    added = None

    def next(self, now, frame):
        r = frame - now
        self.added = r if self.added is None else self.added + AVERAGE * (r - self.added)
        return now + self.added


CHEATS = {"no-op": NoOp, "half strength": Half, "blur": Blur,
          "freeze": Freeze,
          "freeze, carried": FreezeCarried, "unwarped average": Average}
