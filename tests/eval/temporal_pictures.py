"""Strips of frames: before, per frame, after, and what is new in each against the frame before."""
import cv2
import numpy as np

from face_sources import OVAL
from known_motion import EDGE, sampled, shrunk
from temporal_known import Runs

GAIN = 8            # what is new is shown this many times stronger, around grey
SIDE = 1.9          # of a picture, in face widths
PIXELS = 200        # of its side in the strip
LABEL = 118         # width of the column with words, pixels
ROWS = ("input", "per frame", "output", "per frame: new", "output: new", "ideal: new")


def cut_out(picture, middle, side):
    where = np.stack(np.meshgrid(*((np.arange(PIXELS) + 0.5) / PIXELS * side + m - side / 2
                                   for m in middle)), -1).astype(np.float32)
    return sampled(picture, where)


def new(now, before, where, valid):
    """What the motion does not explain, around grey."""
    apart = GAIN * (now - sampled(before, where)) * valid[..., None]
    return np.clip(128 + apart, 0, 255)


def strip(clip, effect, library, times):
    """R'G'B' uint8: ROWS x times, around the face."""
    runs = Runs(clip, effect, library)
    side = SIDE * np.ptp(clip.face(0).points(0)[:468, 0])
    rows = {name: [] for name in ROWS}
    for t in times:
        outline = clip.face(t).points(t)[list(OVAL), :2]
        middle = (outline.min(0) + outline.max(0)) / 2
        where, valid = clip.scene.carried(t, t - 1)
        ideal = []
        for k in (t - 1, t):
            there, known = clip.scene.carried(k, clip.still(k))
            ideal.append(sampled(runs.stills[clip.still(k)], there))
        pictures = {"input": runs.noisy.rgb(t), "per frame": runs.frames.rgb(t),
                    "output": runs.out.rgb(t),
                    "ideal: new": new(*ideal[::-1], where, valid & shrunk(known, EDGE))}
        for name, video in (("per frame: new", runs.frames), ("output: new", runs.out)):
            pictures[name] = new(video.rgb(t), video.rgb(t - 1), where, valid)
        for name, picture in pictures.items():
            rows[name].append(cut_out(picture, middle, side))
    out = []
    for name, pictures in rows.items():
        label = np.full((PIXELS, LABEL, 3), 255, np.uint8)
        for k, word in enumerate(name.split(": ")):
            cv2.putText(label, word + (":" if k == 0 and ": " in name else ""),
                        (6, PIXELS // 2 + 20 * k), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1,
                        cv2.LINE_AA)
        out.append(np.hstack([label, *pictures]))
    return np.uint8(np.clip(np.vstack(out) + 0.5, 0, 255))


def write(path, rgb):
    cv2.imwrite(path, rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
