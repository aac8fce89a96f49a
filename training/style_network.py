"""The student: a small convolutional generator without any picture statistics.

A three-level U-Net with additions in place of concatenations. The scale is
relative to the picture; `deep` = 0 leaves the lowest level out.

    stem   conv3x3 s2  3  -> c1              @1/2   = fine
    down   conv3x3 s2  c1 -> c2              @1/4   = coarse
    sink   conv3x3 s2  c2 -> c3              @1/8
    deep   x = relu(x + conv3x3(x))          @1/8
    rise   conv1x1     c3 -> c2, up x2,  x = relu(x + coarse)
    body   x = relu(x + conv3x3(x))          @1/4
    lift   conv1x1     c2 -> c1, up x2,  x = relu(x + fine)
    tail   conv3x3     c1 -> c1              @1/2   (optional)
    head   conv3x3     c1 -> 12              @1/2, depth to space, clip to 0..1

All borders are replicated, so frames get no dark or bright rim. There is no
instance norm: statistics of the whole picture make video flicker. Batch norm
is used while training and folded into the convolutions by `fold`.
"""
import dataclasses

import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass(frozen=True)
class Shape:
    """Channel counts and depths of one student."""
    half: int = 16          # c1
    quarter: int = 24       # c2
    eighth: int = 32        # c3
    body: int = 2           # convolutions at 1/4
    deep: int = 0           # convolutions at 1/8
    tail: bool = False

    def macs_per_pixel(self):
        """Multiply-accumulates per input pixel; 3 input channels count as 4."""
        c1, c2, c3 = self.half, self.quarter, self.eighth
        half = 9 * 4 * c1 + 9 * c1 * 12 + (9 * c1 * c1 if self.tail else 0)
        quarter = 9 * c1 * c2 + self.body * 9 * c2 * c2 + c2 * c1
        eighth = 9 * c2 * c3 + self.deep * 9 * c3 * c3 + c3 * c2
        return half / 4 + quarter / 16 + (eighth / 64 if self.deep else 0)


class ConvNorm(nn.Module):
    """Convolution with replicated border and, until folded, batch norm."""

    def __init__(self, inputs, outputs, kernel=3, stride=1, norm=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride)
        self.norm = nn.BatchNorm2d(outputs) if norm else None
        self.border = kernel // 2

    def forward(self, x):
        if self.border:
            x = F.pad(x, (self.border,) * 4, mode="replicate")
        x = self.conv(x)
        return x if self.norm is None else self.norm(x)

    @torch.no_grad()
    def fold(self):
        if self.norm is None:
            return
        n = self.norm
        gain = n.weight / torch.sqrt(n.running_var + n.eps)
        self.conv.weight.mul_(gain.view(-1, 1, 1, 1))
        self.conv.bias.copy_((self.conv.bias - n.running_mean) * gain + n.bias)
        self.norm = None


def _doubled(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


class StyleNet(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        c1, c2, c3 = shape.half, shape.quarter, shape.eighth
        self.stem = ConvNorm(3, c1, stride=2)
        self.down = ConvNorm(c1, c2, stride=2)
        if shape.deep:
            self.sink = ConvNorm(c2, c3, stride=2)
            self.rise = ConvNorm(c3, c2, kernel=1)
        self.deep = nn.ModuleList(ConvNorm(c3, c3) for _ in range(shape.deep))
        self.body = nn.ModuleList(ConvNorm(c2, c2) for _ in range(shape.body))
        self.lift = ConvNorm(c2, c1, kernel=1)
        self.tail = ConvNorm(c1, c1) if shape.tail else None
        self.head = ConvNorm(c1, 12, norm=False)
        nn.init.constant_(self.head.conv.bias, 0.5)

    def _deepest(self, coarse):
        x = F.relu(self.sink(coarse))
        for conv in self.deep:
            x = F.relu(x + conv(x))
        return F.relu(_doubled(self.rise(x)) + coarse)

    def forward(self, x):
        """RGB 0..1 in, RGB out; not clipped, so that gradients survive."""
        fine = F.relu(self.stem(x))
        x = F.relu(self.down(fine))
        if self.shape.deep:
            x = self._deepest(x)
        for conv in self.body:
            x = F.relu(x + conv(x))
        x = F.relu(_doubled(self.lift(x)) + fine)
        if self.tail is not None:
            x = F.relu(self.tail(x))
        return F.pixel_shuffle(self.head(x), 2)

    def fold(self):
        """Turn batch norm into plain weights; afterwards for inference only."""
        for m in self.modules():
            if isinstance(m, ConvNorm):
                m.fold()
        return self.eval()
