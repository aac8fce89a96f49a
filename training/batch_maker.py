"""Training batches: two noisy, slightly shifted crops of each scene.

The input is spoiled as a webcam spoils it; the target stays clean, so the
student learns to answer noise with a calm picture.
"""
import cv2
import numpy as np
import torch

MAX_SHIFT = 4


class BatchMaker:
    def __init__(self, inputs, targets, crop, batch, seed):
        self.inputs, self.targets = inputs, targets
        self.crop, self.batch, self.seed = crop, batch, seed
        # Drawing normals is slow; random windows of one field do as well.
        self.field = np.random.default_rng(seed).standard_normal(
            (2 * crop, 2 * crop, 3), np.float32)

    def _normals(self, height, width, rng):
        y = rng.integers(self.field.shape[0] - height)
        x = rng.integers(self.field.shape[1] - width)
        return self.field[y:y + height, x:x + width]

    def _spoil(self, picture, rng):
        if rng.random() < 0.3:
            quality = int(rng.integers(50, 95))
            _, coded = cv2.imencode(".jpg", picture,
                                    [cv2.IMWRITE_JPEG_QUALITY, quality])
            picture = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        x = picture.astype(np.float32) / 255
        if rng.random() < 0.25:
            x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.3, 0.9))
        sigma = np.float32(rng.uniform(0, 6) / 255)
        x = x + sigma * self._normals(*x.shape[:2], rng)
        if rng.random() < 0.3:
            # Denoised cameras leave coarse coloured blotches.
            h, w = x.shape[:2]
            blotch = sigma * self._normals(h // 3, w // 3, rng)
            x = x + cv2.resize(blotch, (w, h))
        return x

    def _views(self, rng):
        i = int(rng.integers(len(self.inputs)))
        size = self.inputs.shape[1] - self.crop - MAX_SHIFT
        y, x = rng.integers(0, size + 1, 2)
        return i, int(y), int(x), bool(rng.random() < 0.5)

    def batch_at(self, step):
        """(inputs, targets) of both views stacked, first all of view one;
        and the shift (dy, dx) of view two."""
        rng = np.random.default_rng((self.seed, step))
        dy, dx = (int(d) for d in rng.integers(0, MAX_SHIFT + 1, 2))
        views = [self._views(rng) for _ in range(self.batch)]
        inputs, targets = [], []
        for sy, sx in ((0, 0), (dy, dx)):
            for i, y, x, mirror in views:
                rows = slice(y + sy, y + sy + self.crop)
                # A mirrored scene is cut from the other side.
                source = self.inputs[i][:, ::-1] if mirror else self.inputs[i]
                target = self.targets[i][:, ::-1] if mirror else self.targets[i]
                cols = slice(x + sx, x + sx + self.crop)
                inputs.append(self._spoil(
                    np.ascontiguousarray(source[rows, cols]), rng))
                targets.append(target[rows, cols])
        return (_planes(np.stack(inputs)),
                _planes(np.stack(targets).astype(np.float32) / 255), (dy, dx))


def _planes(pictures):
    x = torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2)
    return x.contiguous(memory_format=torch.channels_last)
