"""Figures of one clip: what the face analysis said against what is true. Pure arithmetic.

All lengths are in percent of the true outer-eye distance of the upright, frontal face at the size
it has in that frame.
"""
import numpy as np

import face_sources

WRONG = 20.0        # percent: a face that is found so badly is not found but wrong
NEAR = 0.6          # of a face's width: a found face whose middle is so near is this one
WARM = 15           # frames at a clip's start that do not count for jitter and lag
LOW_PASS = 15       # frames, for what is jitter and what is a slow error


def numbers(said):
    """What JSON says: a number, a list of them or an object of them, as floats; null is nan."""
    return np.array(list(said.values()) if isinstance(said, dict) else said, float)


class Said:
    """What print_faces said of a clip, as arrays: F x A, matched to the true faces."""

    def __init__(self, lines, truth, unit):
        points, present = truth["points"].astype(float), truth["present"]
        frames, count = present.shape
        self.truth, self.points, self.present, self.unit = truth, points, present, unit
        self.found = np.zeros((frames, count), bool)
        self.lost = np.zeros(frames, int)
        self.false = np.zeros(frames, int)
        self.ids = np.zeros((frames, count), int)
        self.cpu = np.array([line["cpu_ms"] for line in lines])
        self.measured = np.full(points.shape, np.nan)
        self.values = {"pose": (4,), "gaze": (3,), "aperture": (2,), "visible": (8,),
                       "glasses": (), "presence": ()}
        self.values = {k: np.full((frames, count) + s, np.nan) for k, s in self.values.items()}
        self.broken = 0     # faces with a number that is none
        for f, line in enumerate(lines[:frames]):
            self.match(f, line["faces"])

    def match(self, f, faces):
        truth = self.points[f]
        middles = (truth[:, :468, :2].min(1) + truth[:, :468, :2].max(1)) / 2
        widths = np.array(self.truth["width"][f]).reshape(-1)
        seen = [face for face in faces if not face["lost"]]
        self.lost[f] = len(faces) - len(seen)
        if any(None in p for face in faces for p in face["points"]):
            self.broken += 1
            seen = [face for face in seen if not any(None in p for p in face["points"])]
        middle_of = [np.array(face["box"][:2]) + np.array(face["box"][2:]) / 2 for face in seen]
        # Those who are to be seen first: others may stand behind them.
        pairs = sorted((not self.present[f, a],
                        np.hypot(*(middle_of[i] - middles[a])) / widths[a], i, a)
                       for i in range(len(seen)) for a in range(len(middles)))
        used = set()
        for _, distance, i, a in pairs:
            if distance > NEAR or i in used or self.ids[f, a]:
                continue
            used.add(i)
            self.ids[f, a] = seen[i]["id"]
            if not self.present[f, a]:
                continue
            self.found[f, a] = True
            self.measured[f, a] = seen[i]["points"]
            for name, kept in self.values.items():
                kept[f, a] = numbers(seen[i][name])
        for i in range(len(seen)):
            near = [d for _, d, k, _ in pairs if k == i]
            self.false[f] += i not in used and not (near and min(near) < 1)


def error_of(said, f, a):
    """Error vectors 478 x 2 in percent; nan where a point is hidden or outside the frame."""
    e = (said.measured[f, a, :, :2] - said.points[f, a, :, :2]) / said.unit[f, a] * 100
    out = ((said.points[f, a, :, :2] < 0) | (said.points[f, a, :, :2] >= said.truth["size"])
           ).any(1)
    e[out | said.truth["hidden"][f, a]] = np.nan
    return e


def all_errors(said):
    """F x A x 478 x 2."""
    frames, count = said.present.shape
    return np.array([[error_of(said, f, a) for a in range(count)]
                     for f in range(frames)]).reshape(frames, count, 478, 2)


def mean_error(errors):
    """Mean over points, F x A."""
    with np.errstate(all="ignore"):
        lengths = np.hypot(errors[..., 0], errors[..., 1])
        valid = np.isfinite(lengths)
        return np.where(valid.any(-1), np.nansum(lengths, -1) / np.maximum(valid.sum(-1), 1),
                        np.nan)


def turned_back(errors, said, a):
    """Error vectors in the axes of the head, so that a constant one stays constant as it rolls."""
    roll = np.radians(said.truth["turn"][:, a, 2])[:, None]
    c, s = np.cos(roll), np.sin(roll)
    x, y = errors[:, a, :, 0], errors[:, a, :, 1]
    return np.stack([x * c + y * s, y * c - x * s], -1)


def jitter(errors, still):
    """rms (over frames and points) of one face's errors F x P x 2 around their mean if the face is
    still, else around a moving average. Frames without a face do not count."""
    good = np.isfinite(errors).all((1, 2))
    e = errors[good]
    if len(e) < LOW_PASS:
        return np.nan
    if still:
        e = e - e.mean(0)
    else:
        window = np.ones(LOW_PASS) / LOW_PASS
        flat = e.reshape(len(e), -1)
        slow = np.stack([np.convolve(np.pad(c, LOW_PASS // 2, mode="reflect"), window, "valid")
                         for c in flat.T], 1)
        e = (flat - slow).reshape(e.shape)
        # What a moving average takes out of white noise.
        e = e / np.sqrt(1 - 1 / LOW_PASS)
    return float(np.sqrt((e ** 2).sum(-1).mean()))


def trajectory_at(points, shift):
    """points F x ... at frame - shift, Catmull-Rom; the ends are repeated."""
    frames = len(points)
    at = np.clip(np.arange(frames) - shift, 0, frames - 1)
    k = np.floor(at).astype(int)
    t = (at - k).reshape((-1,) + (1,) * (points.ndim - 1))
    p = [points[np.clip(k + i, 0, frames - 1)] for i in (-1, 0, 1, 2)]
    return 0.5 * (2 * p[1] + (p[2] - p[0]) * t
                  + (2 * p[0] - 5 * p[1] + 4 * p[2] - p[3]) * t ** 2
                  + (3 * p[1] - p[0] - 3 * p[2] + p[3]) * t ** 3)


def lag(measured, true):
    """Frames by which `measured` (F x N, nan: missing) comes after `true`: least squares over the
    shift, with a constant offset of every column left free."""
    good = np.isfinite(measured).all(1)
    good[:WARM] = False
    good[-4:] = False       # the shifted truth must not run out
    if good.sum() < 20 or np.ptp(true, 0).max() < 1e-6:
        return np.nan

    def cost(shift):
        d = (measured - trajectory_at(true, shift))[good]
        return ((d - d.mean(0)) ** 2).sum()
    shifts = np.arange(-3, 6.01, 0.25)
    best = min(shifts, key=cost)
    step = 0.25
    while step > 0.004:
        step /= 2
        best = min((best - step, best, best + step), key=cost)
    return float(best)


def switches(ids):
    """How often a true face gets another id, over the frames in which it has one."""
    worn = ids[ids > 0]
    return int((np.diff(worn) != 0).sum()) if len(worn) else 0


def visible_split(said):
    """Mean `visible` of regions that are covered (over 0.9) and bare (under 0.05), and the share
    of those that 0.5 puts on the right side."""
    value, hidden = said.values["visible"], said.truth["covered"]
    good = np.isfinite(value)
    covered, bare = value[good & (hidden > 0.9)], value[good & (hidden < 0.05)]
    if not len(bare):
        return None
    return {"bare": float(bare.mean()), "bare right": float((bare >= 0.5).mean()),
            "covered": float(covered.mean()) if len(covered) else None,
            "covered right": float((covered < 0.5).mean()) if len(covered) else None}


def pose_figures(said, a):
    """Turn against the picture: gain, offset and rms residual of yaw, pitch and roll, degrees."""
    out = {}
    for k, name in enumerate(("yaw", "pitch", "roll")):
        measured, true = said.values["pose"][:, a, k], said.truth["turn"][:, a, k]
        good = np.isfinite(measured) & said.found[:, a]
        if good.sum() < 10:
            continue
        m, t = measured[good], true[good]
        if name == "roll":
            m, t = np.unwrap(np.radians(m)) * 180 / np.pi, np.unwrap(np.radians(t)) * 180 / np.pi
        gain, offset = np.polyfit(t, m, 1) if np.ptp(t) > 5 else (1.0, float((m - t).mean()))
        out[name] = {"gain": float(gain) if np.ptp(t) > 5 else None, "offset": float(offset),
                     "rms": float(np.sqrt(((m - gain * t - offset) ** 2).mean())),
                     "lag": lag((measured / max(abs(gain), 1e-3))[:, None], true[:, None])
                     if np.ptp(t) > 5 and name != "roll" else None}
    return out


def clip_figures(lines, truth, upright):
    """All figures of a clip with moving faces. `upright`: outer-eye distance over box width of
    each source."""
    unit = truth["width"] * np.array(upright)[None]
    said = Said(lines, truth, unit)
    errors = all_errors(said)
    mean = mean_error(errors)
    frames, count = said.present.shape
    still = str(truth["kind"]).startswith(("still", "portrait-still"))
    inside = (truth["covered"].mean(-1) < 0.35) & said.present
    counts = inside.copy()
    counts[:3] = False
    good = np.isfinite(mean) & inside
    result = {
        "frames": frames, "recall": rate(said.found[counts]),
        "false": float(said.false.mean()), "broken": said.broken,
        "lost": int((said.lost > 0).sum()), "cpu": float(np.median(said.cpu[WARM:])),
        "cpu mean": float(np.mean(said.cpu[WARM:])),
        "error": stat(mean[good], np.mean), "error p95": stat(mean[good], lambda v:
                                                             np.percentile(v, 95)),
        "switches": sum(switches(said.ids[:, a]) for a in range(count)),
        "ids": len(set(said.ids[said.ids > 0].tolist())), "visible": visible_split(said)}
    for a in range(count):
        clear = np.where((inside[:, a])[:, None, None], turned_back(errors, said, a), np.nan)[WARM:]
        measured = np.where(inside[:, a][:, None, None], said.measured[:, a, :, :2], np.nan)
        result[f"face {a}"] = {
            "jitter": jitter(clear, still), "iris jitter": jitter(clear[:, 468:], still),
            "bias": stat(columns(clear) if np.isfinite(clear).any() else np.array([]),
                         lambda v: np.nanmean(np.hypot(v[:, 0], v[:, 1]))),
            "lag": lag(measured.reshape(frames, -1), said.points[:, a, :, :2].reshape(frames, -1)),
            "pose": pose_figures(said, a),
            "gaze": [float(v) for v in spread(said.values["gaze"][WARM:, a, :2])],
            "gaze mean": [float(v) for v in middle(said.values["gaze"][WARM:, a, :2])],
            "pose jitter": [float(v) for v in spread(said.values["pose"][WARM:, a, :3])]
            if still else None,
            "aperture": [float(v) for v in middle(said.values["aperture"][WARM:, a])],
            "glasses": float(middle(said.values["glasses"][WARM:, a][:, None])[0])}
    return result


def columns(v):
    """Mean over frames, nan where a point is never to be seen."""
    good = np.isfinite(v)
    return np.where(good.any(0), np.nansum(v, 0) / np.maximum(good.sum(0), 1), np.nan)


def rate(flags):
    return float(np.mean(flags)) if flags.size else None


def stat(values, function):
    return float(function(values)) if len(values) else None


def middle(v):
    good = np.isfinite(v).all(1)
    return v[good].mean(0) if good.any() else np.full(v.shape[1], np.nan)


def spread(v):
    good = np.isfinite(v).all(1)
    return v[good].std(0) if good.any() else np.full(v.shape[1], np.nan)


def series_figures(lines, truth, upright):
    """Figures of stills under conditions: a row a condition, in order. Only the last frame of each
    segment counts, after the analysis has had the others to find the face."""
    unit = truth["width"] * np.array(upright)[None]
    said = Said(lines, truth, unit)
    mean = mean_error(all_errors(said))
    step, labels = int(truth["segment"]), [str(v) for v in truth["label"]]
    last = np.arange(step - 1, len(labels), step)
    rows = []
    for label in dict.fromkeys(labels):
        at = [f for f in last if labels[f] == label]
        present = said.present[at]
        errors = mean[at][present]
        errors = errors[np.isfinite(errors)]
        wrong = int((errors > WRONG).sum())
        errors = errors[errors <= WRONG]
        pose = said.values["pose"][at][present]
        first = [int(np.argmax(found)) if found.any() else None for found in (
            said.found[f - step + 1:f + 1][:, said.present[f]].any(1) for f in at)]
        first = [v for v in first if v is not None]
        rows.append({"label": label, "faces": int(present.sum()),
                     "found": int(said.found[at][present].sum()) - wrong, "wrong": wrong,
                     "false": int(said.false[at].sum()), "broken": said.broken,
                     "error": stat(errors, np.median), "error max": stat(errors, np.max),
                     "first": stat(np.array(first), np.mean),
                     "pose": [float(v) for v in middle(pose[:, :3])] if len(pose) else None,
                     "confidence": [float(np.nanmean(v)) if np.isfinite(v).any() else None
                                    for v in (said.values["presence"][at][present],
                                              said.values["gaze"][at][present][:, 2])],
                     "visible": visible_of(said, at), **plain_values(said, at, present)})
    return rows


def plain_values(said, at, present):
    out = {}
    for name in ("gaze", "aperture", "glasses"):
        v = said.values[name][at][present].reshape(int(present.sum()), -1)
        out[name] = [float(x) for x in middle(v)]
    return out


def visible_of(said, at):
    value, hidden = said.values["visible"][at], said.truth["covered"][at]
    good = np.isfinite(value) & said.found[at][..., None]
    covered, bare = good & (hidden > 0.9), good & (hidden < 0.05)
    return {"bare": float(value[bare].mean()) if bare.any() else None,
            "covered": float(value[covered].mean()) if covered.any() else None}


def faceless_figures(lines, truth):
    labels = [str(v) for v in truth["label"]]
    rows = []
    for label in dict.fromkeys(labels):
        at = [f for f in range(len(labels)) if labels[f] == label]
        seen = [len([x for x in lines[f]["faces"] if not x["lost"]]) for f in at]
        rows.append({"label": label, "frames": len(at), "with a face": int(np.sum(np.array(seen)
                                                                                 > 0)),
                     "cpu": float(np.median([lines[f]["cpu_ms"] for f in at]))})
    return rows


def upright_of(source):
    return face_sources.outer_eyes(source.points) / source.width
