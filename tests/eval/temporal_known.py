"""Moments of the clips of known motion: exact flow, exact masks, and what is ideal.

Ideal is the effect's output for the clean, still picture (`smooth` 0, the last of SETTLE equal
frames), carried along by the exact motion. temporal_docs.py (IDEAL) says why.
"""
import cv2
import numpy as np

import face_areas
import face_clips
import face_sources
from known_motion import EDGE, SURE, grown, sampled, shrunk
from temporal_measures import Leftover, Moment, Shining, flow_between, luma
from videos import Video, rgb

RATE = int(face_clips.RATE)
SETTLE = 14         # frames of a still picture before its output counts
ON, BEHIND, AFTER = "on the hand", "behind the hand", "after the break"     # kinds of leftovers
AFTERWARDS = 0.3    # seconds for which a place is looked at after it was uncovered, or after a cut
FLOW_EVERY = 8      # frames
FACE = 1.25         # size of what counts as the face here, against its oval


def byte(mask):
    return mask.astype(np.uint8)


class Stream:
    """One effect on one video, without its first frames (`start`). `noisy`, `clean`: the inputs;
    `out`: the effect; `frames`: per frame, that is without smoothing; `fresh`: per frame and
    clean."""

    def __init__(self, clip, videos, effect, library, start=0):
        noisy, clean = (v[start:] for v in videos)
        plain, self.start = effect.changed(smooth=0), start

        def run(effect, planes):
            return Video(effect.run(library, planes, clip.size, clip.step), clip.size, RATE)
        self.noisy, self.clean = (Video(v, clip.size, RATE) for v in (noisy, clean))
        self.out, self.frames = run(effect, noisy), run(plain, noisy)
        self.fresh = run(plain, clean) if clip.step is None else None


class Runs(Stream):
    """One effect on one clip. `stills`: settled pictures, by the number of the frame that stands
    still; `before`: the same with the old value of a step. `controls`: kind of leftover -> what the
    effect makes where that cannot be: the scene without the hand, the hand without the face, the
    time after a cut alone."""

    def __init__(self, clip, effect, library):
        plain, scene, videos = effect.changed(smooth=0), clip.scene, clip.videos()
        super().__init__(clip, videos, effect, library)
        self.stills = {n: settled(clip, n, plain, library)
                       for n in sorted({clip.still(t) for t in range(clip.frames)})}
        self.before = None if clip.step is None else \
            settled(clip, 0, plain.stepped_back(), library)
        self.controls = {}
        if scene.cover:
            for kind, other in ((ON, scene.without_faces), (BEHIND, scene.uncovered)):
                self.controls[kind] = Stream(clip, clip.videos(other), effect, library)
        elif clip.break_at is not None:
            self.controls[AFTER] = Stream(clip, videos, effect, library, clip.break_at)


def settled(clip, number, effect, library):
    """The output for frame `number` when it has stood still for long, R'G'B' float32."""
    still = np.repeat(clip.settled(number)[None], SETTLE, 0)
    return rgb(effect.run(library, still, clip.size)[-1], clip.size)


class KnownMoments:
    def __init__(self, clip, runs, area, follows_pose):
        self.clip, self.runs, self.area, self.follows_pose = clip, runs, area, follows_pose
        self.size, self.last_cover, self.hidden = clip.size, None, None
        self.blank = np.zeros(clip.size[::-1], bool)

    def faces(self, t):
        return [self.clip.face(t).points(t)]

    def __iter__(self):
        clip, before, clean_before = self.clip, None, None
        for t in range(clip.frames):
            now, points = self.runs.noisy.rgb(t), clip.face(t).points(t)
            moment = Moment(now, exact=True, square=face_sources.roi_of_points(points),
                            follows_pose=self.follows_pose)
            region, clean = face_areas.judged(self.area, self.faces(t), self.size), \
                self.runs.clean.rgb(t)
            cover = clip.scene.occluder(t)
            near = self.blank if cover is None else grown(cover > 1 - SURE, EDGE)
            if t > 0 and t != clip.cut:
                where, valid = clip.scene.carried(t, t - 1)
                if self.last_cover is not None:
                    valid = valid & (sampled(self.last_cover.astype(np.float32), where,
                                             cv2.INTER_LINEAR) == 0)
                moment.where, moment.carried = where, byte(valid & region & ~near)
                moment.before = sampled(before, where)
                moment.clean = clean, sampled(clean_before, where)
                if t % FLOW_EVERY == 2:
                    moment.flow = flow_between(luma(before), luma(now))
            self.add_ideal(moment, t, region, near)
            self.add_leftovers(moment, t, clean, cover, near, region)
            if not clip.scene.cover and clip.break_at is None:
                moment.points = points[face_areas.PATCHES, :2]
                moment.side = face_areas.patch_side(points)
            yield moment
            before, clean_before, self.last_cover = now, clean, None if cover is None else near

    def add_ideal(self, moment, t, region, near):
        number = self.clip.still(t)
        where, valid = self.clip.scene.carried(t, number)
        still = self.runs.stills[number]
        moment.ideal = still if (t == number) else np.clip(sampled(still, where), 0, 255)
        moment.fresh, self.valid = self.runs.fresh.rgb(t), valid
        moment.judged = byte(valid & region & ~near)

    def add_leftovers(self, moment, t, clean, cover, near, region):
        clip, start, fresh = self.clip, self.clip.break_at, moment.fresh
        if cover is None and start is None:
            return
        face = face_areas.oval(clip.face(t).points(t), FACE, self.size)
        if cover is not None:
            bare = self.runs.controls[BEHIND].clean.rgb(t)
            on = shrunk(cover >= SURE, EDGE) & self.valid & region & face
            if on.any():
                moment.leftovers[ON] = Shining(Leftover(on, fresh, [
                    moment.ideal, fresh + moment.ideal - bare]))
            self.add_behind(moment, clean, cover, ~near & region, fresh)
        if start is not None and start <= t < start + AFTERWARDS * RATE:
            old, old_in = (v.rgb(start - 1) for v in (self.runs.fresh, self.runs.clean))
            mask = region if clip.kind == "cut" else region & face
            moment.leftovers[AFTER] = Shining(Leftover(mask, fresh, [old, fresh + old - old_in]))

    def add_behind(self, moment, clean, cover, free, fresh):
        """Where the hand was a moment ago, it may still be seen."""
        if self.hidden is None:
            self.hidden = [np.full(cover.shape, 1e6, np.float32), fresh, fresh - clean]
        elif moment.where is not None:
            self.hidden = [sampled(p, moment.where, cv2.INTER_NEAREST) for p in self.hidden]
        since, past, added = self.hidden
        here = cover >= SURE
        since = np.where(here, 0, since + 1).astype(np.float32)
        past, added = (np.where(here[..., None], a, b) for a, b in ((fresh, past),
                                                                   (fresh - clean, added)))
        self.hidden = [since, past, added]
        behind = (since > 0) & (since <= AFTERWARDS * RATE) & self.valid & free
        if behind.any():
            moment.leftovers[BEHIND] = Shining(Leftover(behind, fresh, [past, fresh + added]))
