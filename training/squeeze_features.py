"""SqueezeNet 1.1 features for perceptual and style losses."""
import torch
import torch.nn.functional as F

import ncnn_model

# ImageNet means of the original network: BGR, 0..255.
MEAN = (104.0, 117.0, 123.0)


class SqueezeFeatures(torch.nn.Module):
    """RGB 0..1 in; a list with the output of the stem and of fire 3 and 5."""

    def __init__(self, base, taps=(0, 2, 4)):
        super().__init__()
        pairs = [layer.weights for layer in ncnn_model.load(base)
                 if layer.kind == "Convolution"]
        self.taps = taps
        self.weights = torch.nn.ParameterList()
        for weight, bias in pairs[:1 + 3 * max(taps)]:
            for array in (weight, bias):
                self.weights.append(torch.nn.Parameter(
                    torch.from_numpy(array.copy()), requires_grad=False))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))

    def _conv(self, x, index, stride=1):
        weight, bias = self.weights[2 * index], self.weights[2 * index + 1]
        return F.relu(F.conv2d(x, weight, bias, stride=stride,
                               padding=weight.shape[-1] // 2 if index else 0))

    def forward(self, rgb):
        x = self._conv(rgb.flip(1) * 255 - self.mean, 0, stride=2)
        found = [x] if 0 in self.taps else []
        for fire in range(1, max(self.taps) + 1):
            if fire in (1, 3):
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            first = 3 * fire - 2
            x = self._conv(x, first)
            x = torch.cat([self._conv(x, first + 1), self._conv(x, first + 2)], 1)
            if fire in self.taps:
                found.append(x)
        return found
