"""Moments of a video whose motion is not known: flow from DIS with Lai's occlusion test, landmarks
from networks of their own, smoothed with no lag by looking ahead."""
import cv2
import numpy as np

import face_areas
import face_reference
import face_sources
from known_motion import affine_map, sampled
from temporal_known import FLOW_EVERY, byte
from temporal_measures import Moment, flow_between, luma

CUT = 40            # levels: two frames whose thumbnails differ by more have a cut between them
STEADY = 1.5        # frames: sigma of the smoothing of landmarks over time
LOOK_EVERY = 8      # frames from one look for other faces to the next
MAYBE = 0.25        # the score from which something might be a face
NEAR = 1.5          # box sizes around its middle in which nothing is said to be untouched
SAME = 0.5          # box widths: a face that moves further in one frame is another one


def grey(picture):
    return np.clip(luma(picture), 0, 255).astype(np.uint8)


class Flow:
    """Between consecutive frames, both ways."""

    def __init__(self):
        self.dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def carried(self, before, now):
        """(where, seen): the places of this frame's pixels in the one before; Lai et al. 2018."""
        a, b = grey(before), grey(now)
        back, forth = self.dis.calc(b, a, None), self.dis.calc(a, b, None)
        size = a.shape[::-1]
        where = affine_map(np.eye(2, 3), size) + back
        there = sampled(forth, where, cv2.INTER_LINEAR)
        length = (back ** 2).sum(2) + (there ** 2).sum(2)
        hidden = ((back + there) ** 2).sum(2) > 0.01 * length + 0.5
        slope = sum((np.gradient(back[..., k], axis=d) ** 2) for k in (0, 1) for d in (0, 1))
        hidden |= slope > 0.01 * (back ** 2).sum(2) + 0.002
        inside = ((where >= 0.5) & (where <= np.array(size) - 0.5)).all(2)
        return where, inside & ~hidden


def cut_between(before, now):
    a, b = (cv2.resize(luma(p), (32, 18), interpolation=cv2.INTER_AREA) for p in (before, now))
    return np.abs(a - b).mean() > CUT


class Face:
    """Points of the largest face of every frame, or None; 478 x 3."""

    def __init__(self, reference, video):
        raw, known = [], []
        for t in range(len(video)):
            seen = face_reference.follow(reference, np.uint8(video.rgb(t)), known)
            known = [face_sources.roi_of_points(p) for p, _ in seen]
            raw.append(max((p for p, _ in seen), key=lambda p: np.ptp(p[:468, 0]), default=None))
        self.raw, self.points = raw, [None] * len(raw)
        self.near = near_faces(reference, video)
        for start, end in self.runs():
            part = np.stack(raw[start:end])
            for k, points in enumerate(steadied(part)):
                self.points[start + k] = points

    def runs(self):
        """(first, one past the last) frame of each stretch with one face."""
        start = None
        for t, points in enumerate(self.raw + [None]):
            broken = points is None
            if start is not None and not broken:
                last = self.raw[t - 1]
                moved = np.linalg.norm((points - last)[:468, :2].mean(0))
                broken = moved > SAME * np.ptp(last[:468, 0])
            if start is not None and broken:
                yield start, t
                start = None
            if start is None and points is not None:
                start = t


def near_faces(reference, video):
    """H x W bool: near to anything in the whole video that might be taken for a face."""
    out = np.zeros(video.size[::-1], bool)
    for t in range(0, len(video), LOOK_EVERY):
        for _, middle, size, _ in reference.detect(np.uint8(video.rgb(t)), MAYBE):
            x0, y0 = np.maximum(middle - size * NEAR, 0).astype(int)
            x1, y1 = np.maximum(middle + size * NEAR, 0).astype(int)
            out[y0:y1, x0:x1] = True
    return out


def steadied(series):
    """F x ...: a Gaussian over time; the ends are mirrored at their points, so a steady motion
    stays what it is."""
    reach = int(4 * STEADY)
    if len(series) <= reach:
        return series
    ends = [2 * series[0] - series[reach:0:-1], series, 2 * series[-1] - series[-2:-reach - 2:-1]]
    long = np.concatenate(ends)
    weight = np.exp(-0.5 * (np.arange(-reach, reach + 1) / STEADY) ** 2)
    weight /= weight.sum()
    return sum(w * long[k:k + len(series)] for k, w in enumerate(weight))


class RealMoments:
    """Of the first `count` frames. `per_frame`: the same effect's output without smoothing, which
    stands for what is ideal, or None. `area`: frame, face, background. `found`: its Face, or
    None."""

    def __init__(self, video, count, per_frame, area, found=None):
        self.video, self.count, self.per_frame, self.area = video, count, per_frame, area
        self.face = found.points if found else [None] * len(video)
        self.near_faces = found.near if found else None

    def __iter__(self):
        flow, before, video = Flow(), None, self.video
        for t in range(self.count):
            now, points = video.rgb(t), self.face[t]
            moment = Moment(now)
            known = self.area == "frame" or points is not None
            region = face_areas.judged(self.area, [] if points is None else [points], video.size)
            if before is not None and known and not cut_between(before, now):
                moment.where, seen = flow.carried(before, now)
                moment.carried = byte(seen & region)
                moment.before = sampled(before, moment.where)
                if t % FLOW_EVERY == 2:
                    moment.flow = flow_between(luma(before), luma(now))
            if self.per_frame is not None and known:
                moment.ideal, moment.judged = self.per_frame.rgb(t), byte(region)
            moment.points = np.full((len(face_areas.PATCHES), 2), np.nan) if points is None else \
                points[face_areas.PATCHES, :2]
            if points is not None:
                moment.side, moment.square = face_areas.patch_side(points), \
                    face_sources.roi_of_points(points)
            yield moment
            before = now
