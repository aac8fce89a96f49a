"""The measures of temporal consistency, each by its definition; pictures are H x W x 3 float32,
R'G'B' 0..255 ("levels").

R is what an effect adds: output - input. For each frame a Moment says where every pixel was before
and what the output ought to be; a Tally adds up one output's figures, frame by frame.
"""
import dataclasses

import cv2
import numpy as np

from known_motion import affine_map, sampled

LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
BAND = (3.0, 15.0)      # Hz, what is seen as flicker
WINDOW = 32             # frames of a spectrum
BLOCK = 16              # pixels: a ghost is looked for in squares of this side
THUMB = 8               # frames are compared over time at 1 / this size
LAGS = 4                # frames: delays up to this are told
RIDGE = 1.0             # levels^2: less difference than this is none, for a ghost
SPEED = 0.1             # pixels a frame: slower is no motion that anything could lag behind
BARE = 0.3              # below this share of the effect a frame counts as unprocessed
BARE_SECONDS = 0.1      # and may stay so for this long
PRESENT = 0.5           # below this share an effect that follows the pose has little to do
T_ZERO = 0.5            # the NTRE at which T is 0


@dataclasses.dataclass
class Leftover:
    """Where something of the past might shine through. `reference`: the picture without it;
    `past`: pictures which show through wholly where nothing is forgotten."""
    mask: np.ndarray
    reference: np.ndarray
    past: list


@dataclasses.dataclass
class Moment:
    """What is known of frame t. Masks are H x W uint8."""
    now: np.ndarray
    where: np.ndarray = None        # its pixels' places in the frame before, or None
    carried: np.ndarray = None      # where that holds and the effect is judged
    before: np.ndarray = None       # the frame before, carried here
    clean: tuple = None             # (this frame, the one before carried here) without noise
    ideal: np.ndarray = None        # the output as it ought to be, or None
    judged: np.ndarray = None       # where it is known
    fresh: np.ndarray = None        # the per-frame output for the frame without noise, or None
    follows_pose: bool = False      # is there less to do, or nothing, as the face turns?
    points: np.ndarray = None       # n x 2, pixels: middles of patches that are fixed to the face
    side: int = 7                   # of a patch, pixels
    leftovers: dict = dataclasses.field(default_factory=dict)   # kind -> Shining
    square: tuple = None            # around the face, as face_sources.roi_of_points() has it
    exact: bool = False             # is all this known, and not measured?
    flow: np.ndarray = None         # of the input from the frame before, where tOF is taken


def squares(a, b, mask):
    """Sum of squared differences over the mask's pixels and all channels."""
    return cv2.norm(a, b, cv2.NORM_L2SQR, mask)


def luma(picture):
    return cv2.transform(picture, LUMA)


def patches(grey, points, side):
    """Means of squares of `side` pixels, an odd number, around points; NaN around NaN."""
    smooth = cv2.blur(grey, (side, side)) if side > 1 else grey
    places = np.nan_to_num(points[None]).astype(np.float32)
    return np.where(np.isnan(points[:, 0]), np.nan, sampled(smooth, places, cv2.INTER_LINEAR)[0])


def spectrum(series, rate):
    """(Hz, power in levels^2 a bin) of F x P values, mean over P and over windows in which all
    values are known; None without such a window."""
    series = np.asarray(series, float)
    hann = np.hanning(WINDOW + 1)[:-1, None]
    found = []
    for start in range(0, len(series) - WINDOW + 1, WINDOW // 4):
        part = series[start:start + WINDOW]
        if np.isfinite(part).all():
            power = np.abs(np.fft.rfft((part - part.mean(0)) * hann, axis=0)) ** 2
            power[1:-1] *= 2        # the other half of the spectrum
            found.append(power.mean(1) / (WINDOW * (hann ** 2).sum()))
    return (np.fft.rfftfreq(WINDOW, 1 / rate), np.mean(found, 0)) if found else None


def flicker(series, rate):
    """Levels rms within BAND."""
    found = spectrum(series, rate)
    if found is None:
        return None
    hertz, power = found
    return float(np.sqrt(power[(hertz >= BAND[0]) & (hertz <= BAND[1])].sum()))


def block_sums(picture):
    """Sums over channels and squares of BLOCK pixels."""
    if picture.ndim == 3:
        picture = picture.sum(2)
    h, w = (n // BLOCK for n in picture.shape)
    return picture.reshape(h, BLOCK, w, BLOCK).sum((1, 3))


class Shining:
    """How much of the past shines through: in each square the part of output - reference that the
    past pictures explain, by least squares, beside a slight shift and blur of the present one."""

    def __init__(self, leftover):
        y, x = np.nonzero(leftover.mask)
        h, w = (n // BLOCK * BLOCK for n in leftover.mask.shape)
        top, left = (int(v.min()) // BLOCK * BLOCK for v in (y, x))
        bottom, right = (min(int(v.max()) // BLOCK * BLOCK + BLOCK, n)
                         for v, n in ((y, h), (x, w)))
        self.part = slice(top, max(bottom, top)), slice(left, max(right, left))
        mask = leftover.mask[self.part].astype(np.float32)
        count = block_sums(mask)
        self.looked_at = count >= BLOCK * BLOCK / 2
        self.count = count[self.looked_at]
        self.reference = leftover.reference[self.part]
        self.past = len(leftover.past)
        parts = [p[self.part] - self.reference for p in leftover.past]
        if len(self.count):
            soft = cv2.GaussianBlur(self.reference, (0, 0), 0.7)
            parts += [cv2.Sobel(soft, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(soft, cv2.CV_32F, 0, 1) / 8,
                      cv2.Laplacian(soft, cv2.CV_32F, ksize=3) / 8]
        self.parts, n = [p * mask[..., None] for p in parts], len(parts)
        self.products = np.zeros((len(self.count), n, n))
        for j in range(n):
            for k in range(j + 1):
                self.products[:, j, k] = self.products[:, k, j] = \
                    block_sums(self.parts[j] * self.parts[k])[self.looked_at]
        # Pictures that hardly differ from the reference, or from one another, explain nothing.
        self.steadied = self.products + (self.count * 3 * RIDGE)[:, None, None] * np.eye(n)

    def through(self, out):
        return self.explained(out[self.part] - self.reference)

    def explained(self, error):
        """(sum of squares of what shines through, samples); `error` is of this part only."""
        if not len(self.count):
            return np.zeros(2)
        against = np.stack([block_sums(p * error) for p in self.parts], -1)[self.looked_at]
        share = np.linalg.solve(self.steadied, against[..., None])[:, :self.past]
        products = self.products[:, :self.past, :self.past]
        return np.array([(share.swapaxes(1, 2) @ products @ share).sum(), self.count.sum() * 3])


def lag_sums(m, out):
    """(sum of what lies behind the motion, sum of squares), by least squares: their ratio is how
    many pixels the output lags, to first order."""
    way = m.where - affine_map(np.eye(2, 3), out.shape[1::-1])
    speed = np.hypot(way[..., 0], way[..., 1])
    moving = (m.judged > 0) & (speed > SPEED)
    ideal = luma(m.ideal)
    slope = np.stack([cv2.Sobel(ideal, cv2.CV_32F, *d, scale=1 / 8) for d in ((1, 0), (0, 1))], -1)
    behind = -((way * slope).sum(2)[moving] / speed[moving]).astype(np.float64)
    return np.array([((luma(out) - ideal)[moving] * behind).sum(), (behind ** 2).sum()])


def flow_between(a, b):
    """TecoGAN's choice for tOF; pictures of luma."""
    grey = [np.clip(p, 0, 255).astype(np.uint8) for p in (a, b)]
    return cv2.calcOpticalFlowFarneback(*grey, None, 0.5, 3, 15, 3, 5, 1.2, 0)


class Tally:
    """Figures of one output of one clip."""

    def __init__(self, rate):
        self.rate, self.last, self.last_grey, self.count = rate, None, None, 0
        self.sums = dict.fromkeys(("out", "in", "step", "residual", "clean step", "clean residual",
                                   "missed", "ideal", "present", "pixels", "missed fresh"), 0.0)
        self.series, self.fine, self.ghosts, self.tof = [], [], {}, []
        self.shares, self.thumbs, self.repeats, self.lag = [], [], 0, np.zeros(2)

    def add(self, m, out, controls=()):
        """`controls`: kind of leftover -> output - per-frame output where that cannot shine
        through; what the same fit finds there by chance is taken off."""
        grey = luma(out)
        if m.where is not None and self.last is not None:
            self.add_step(m, out, sampled(self.last, m.where))
            if m.flow is not None and m.carried.any():
                apart = flow_between(self.last_grey, grey) - m.flow
                self.tof.append(float(np.hypot(*cv2.split(apart))[m.carried > 0].mean()))
        if m.ideal is not None:
            self.add_ideal(m, out)
        for kind, shining in m.leftovers.items():
            found = shining.through(out)
            if kind in controls:
                found[0] -= shining.explained(controls[kind][shining.part])[0]
            self.ghosts[kind] = self.ghosts.get(kind, 0) + found
        if self.last is not None and np.array_equal(out, self.last):
            self.repeats += 1
        self.add_series(m, out, grey)
        self.last, self.last_grey, self.count = out, grey, self.count + 1

    def add_series(self, m, out, grey=None):
        grey = luma(out) if grey is None else grey
        if m.points is not None:
            self.series.append(patches(grey, m.points, m.side))
            self.fine.append(patches(grey, m.points, 1))
        size = (out.shape[1] // THUMB, out.shape[0] // THUMB)
        self.thumbs.append(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))

    def add_step(self, m, out, past):
        s, mask = self.sums, m.carried
        s["out"] += squares(out, past, mask)
        s["in"] += squares(m.now, m.before, mask)
        s["step"] += squares(out - past, m.now - m.before, mask)
        s["residual"] += squares(out, m.now, mask)
        if m.clean:
            s["clean step"] += squares(out - past, m.clean[0] - m.clean[1], mask)
            s["clean residual"] += squares(out, m.clean[0], mask)

    def add_ideal(self, m, out):
        s, mask = self.sums, m.judged
        present, ideal = squares(out, m.now, mask), squares(m.ideal, m.now, mask)
        s["missed"] += squares(out, m.ideal, mask)
        s["ideal"] += ideal
        s["present"] += present
        if m.fresh is not None:
            s["missed fresh"] += squares(out, m.fresh, mask)
        s["pixels"] += 3.0 * cv2.countNonZero(mask)
        if m.exact and m.where is not None:
            self.lag += lag_sums(m, out)
        if ideal > 0:
            self.shares.append(1.0 if is_at_rest(m, ideal) else np.sqrt(present / ideal))

    def figures(self, ins, gated=True):
        """`ins`: thumbnails of the input. Not `gated`: only the figures, no test of the gates."""
        s = self.sums
        ghosts = {k: float(np.sqrt(max(v[0], 0) / v[1])) for k, v in self.ghosts.items() if v[1]}
        out = {"ntre": ratio(s["step"], s["residual"]) if s["in"] else None,
               "ntre steady": ratio(s["in"], s["residual"]) if s["in"] else None,
               "ntre clean": ratio(s["clean step"], s["clean residual"])
               if s["clean residual"] else None,
               "warp ratio": s["out"] / s["in"] if s["in"] else None,
               "tof": float(np.mean(self.tof)) if self.tof else None,
               "flicker": flicker(self.series, self.rate),
               "fine flicker": flicker(self.fine, self.rate),
               "lag": self.lag[0] / self.lag[1] if self.lag[1] else None,
               "ghost": max(ghosts.values(), default=None), "ghosts": ghosts,
               "strength": ratio(s["present"], s["ideal"]) if s["ideal"] else None,
               "missed": ratio(s["missed"], s["ideal"]) if s["ideal"] else None,
               "F fresh": 1 - ratio(s["missed fresh"], s["ideal"]) if s["missed fresh"] else None,
               "effect": float(np.sqrt(s["ideal"] / s["pixels"])) if s["ideal"] else None,
               "bare": longest_bare(self.shares) / self.rate, "repeats": self.repeats,
               "delay": delay(ins, self.thumbs)}
        if not gated:
            out |= {"bare": 0.0, "repeats": 0, "delay": None}
        return out | joint(out)


def ratio(a, b):
    return float(np.sqrt(a / b)) if b > 0 else 0.0


def is_at_rest(m, ideal):
    """Has the effect little to do in this pose, by its own per-frame output for the frame without
    noise? `ideal`: of add_ideal()."""
    return m.follows_pose and m.clean is not None and \
        squares(m.fresh, m.clean[0], m.judged) < PRESENT ** 2 * ideal


def longest_bare(shares):
    """Frames in a row without the effect."""
    longest = run = 0
    for share in shares:
        run = run + 1 if share < BARE else 0
        longest = max(longest, run)
    return longest


def joint(figures):
    """E, T, F, G, 0..1 or None where there is nothing to tell them by, and J: 0 with a gate that
    fails, else the geometric mean of those that are there."""
    f = figures

    def clip(x):
        return float(min(max(x, 0.0), 1.0))
    part = {"E": None if f["strength"] is None else clip(f["strength"]),
            "T": None if f["ntre"] is None else clip(1 - f["ntre"] / T_ZERO),
            "F": None if f["missed"] is None else clip(1 - f["missed"]),
            "G": None if f["ghost"] is None or not f["effect"] else
            clip(1 - f["ghost"] / f["effect"])}
    known = [v for v in part.values() if v is not None]
    part["gates"] = broken_gates(f)
    part["J"] = None if len(known) < 2 else 0.0 if part["gates"] else \
        float(np.prod(known) ** (1 / len(known)))
    return part


def broken_gates(f):
    out = []
    if f["repeats"]:
        out.append(f"{f['repeats']} frames are repeated")
    if f["bare"] > BARE_SECONDS + 1e-9:
        out.append(f"{f['bare']:.2f} s without the effect")
    if f.get("delay"):
        out.append(f"a delay of {f['delay']} frames")
    if f.get("lacking"):
        out.append(f"{f['lacking']} frames too few or too many")
    return out


def delay(ins, outs):
    """Frames by which an output lags behind its input, told by the changes of their thumbnails;
    None where the pictures do not change enough to tell."""
    a, b = (np.diff(np.asarray(x, float).reshape(len(x), -1), axis=0) for x in (ins, outs))
    if len(a) <= LAGS + 8 or np.sqrt((a ** 2).mean()) < 1:
        return None
    n = len(a) - LAGS

    def alike(lag):
        x, y = a[LAGS - lag:LAGS - lag + n].ravel(), b[LAGS:LAGS + n].ravel()
        return (x @ y) / np.sqrt((x @ x) * (y @ y) + 1e-9)
    found = [alike(k) for k in range(LAGS + 1)]
    best = int(np.argmax(found))
    return best if found[best] > found[0] + 0.05 else 0


def share_of_way(out, old, new, mask):
    """How far an output has gone from one picture to another: 0..1."""
    way = (new - old)[mask]
    return float(((out - old)[mask] * way).sum() / (way * way).sum())


def time_to_90(shares, step, rate):
    """Seconds from the last frame with the old value to 90 % of the way to where the response
    settles; None where it does not get half way."""
    start, end = float(np.median(shares[:step])), float(np.median(shares[-8:]))
    if end - start < 0.5:
        return None
    aim = start + 0.9 * (end - start)
    for t in range(step, len(shares)):
        if shares[t] >= aim:
            part = (aim - shares[t - 1]) / (shares[t] - shares[t - 1])
            return (t - step + float(np.clip(part, 0, 1))) / rate
    return None
