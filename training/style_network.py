"""The student: a small convolutional generator without any picture statistics.

The scale is relative to the picture:

    stem   conv3x3 s2  3  -> c1              @1/2   = fine
    down   conv3x3 s2  c1 -> c2              @1/4
    body   x = relu(x + conv3x3(x))          @1/4, as often as wanted
    lift   conv1x1     c2 -> c1, up x2,  x = relu(x + fine)
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
    body: int = 1           # convolutions at 1/4

    def macs_per_pixel(self):
        """Multiply-accumulates per input pixel; 3 input channels count as 4."""
        c1, c2 = self.half, self.quarter
        half = 9 * 4 * c1 + 9 * c1 * 12
        quarter = 9 * c1 * c2 + self.body * 9 * c2 * c2 + c2 * c1
        return half / 4 + quarter / 16


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


class StyleNet(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        c1, c2 = shape.half, shape.quarter
        self.stem = ConvNorm(3, c1, stride=2)
        self.down = ConvNorm(c1, c2, stride=2)
        self.body = nn.ModuleList(ConvNorm(c2, c2) for _ in range(shape.body))
        self.lift = ConvNorm(c2, c1, kernel=1)
        self.head = ConvNorm(c1, 12, norm=False)
        nn.init.constant_(self.head.conv.bias, 0.5)

    def forward(self, x):
        """RGB 0..1 in, RGB out; not clipped, so that gradients survive."""
        fine = F.relu(self.stem(x))
        x = F.relu(self.down(fine))
        for conv in self.body:
            x = F.relu(x + conv(x))
        x = F.interpolate(self.lift(x), scale_factor=2, mode="nearest")
        return F.pixel_shuffle(self.head(F.relu(x + fine)), 2)

    def fold(self):
        """Turn batch norm into plain weights; afterwards for inference only."""
        for m in self.modules():
            if isinstance(m, ConvNorm):
                m.fold()
        return self.eval()
