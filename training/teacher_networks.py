"""Teacher networks of other authors, run from their published weights.

Every teacher is a function: RGB 0..1 tensor [1,3,H,W] in, the same out.
Nothing of these weights is shipped; students only learn from the pictures.
"""
import torch
import torch.nn.functional as F

import ncnn_model
import tensor_bundle


def _tensor(array):
    return torch.from_numpy(array.copy())


def _instance_norm(x, gamma, beta, eps):
    return F.instance_norm(x, weight=gamma, bias=beta, eps=eps)


class P2Gan:
    """P2-GAN: depthwise-separable, three stride-2 stages, skips, tanh; BGR."""

    def __init__(self, prefix):
        self.w = {k: _tensor(v) for k, v in tensor_bundle.load(prefix).items()}

    def _norm(self, x, name):
        scope = "generator/%s/InstanceNorm/" % name
        return _instance_norm(x, self.w[scope + "gamma"],
                              self.w[scope + "beta"], 1e-6)

    def _depthwise(self, x, name, stride=1):
        kernel = self.w["generator/%s/depthwise_weights" % name]
        x = F.pad(x, (1,) * 4, mode="replicate")
        return self._norm(F.conv2d(x, kernel.permute(2, 3, 0, 1), stride=stride,
                                   groups=kernel.shape[2]), name)

    def _pointwise(self, x, name):
        kernel = self.w["generator/%s/weights" % name]
        return self._norm(F.conv2d(x, kernel.permute(3, 2, 0, 1)), name)

    def __call__(self, rgb):
        x, skips = rgb.flip(1) * 2 - 1, []
        for i in range(3):
            x = F.relu(self._depthwise(x, "enc_%d_dw" % i, 2))
            x = F.relu(self._pointwise(x, "enc_%d_pw" % i))
            skips.append(x)
        y = F.relu(self._depthwise(x, "res_0_dw"))
        x = F.relu(self._pointwise(y, "res_0_pw") + x)
        for i, skip in enumerate((skips[1], skips[0], 0)):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = self._depthwise(x, "dec_%d_dw" % i)
            x = F.relu(self._pointwise(x, "dec_%d_pw" % i) + skip)
        x = F.pad(x, (1,) * 4, mode="replicate")
        x = F.conv2d(x, self.w["generator/output/weights"].permute(3, 2, 0, 1),
                     self.w["generator/output/biases"])
        return (torch.tanh(x).flip(1) + 1) / 2


class Johnson:
    """Fast neural style (Johnson et al.) with instance norm; RGB 0..255."""

    def __init__(self, base):
        self.layers = ncnn_model.load(base)
        for layer in self.layers:
            layer.weights = tuple(_tensor(w) for w in layer.weights)

    def __call__(self, rgb):
        blobs = {}
        for layer in self.layers:
            x = blobs[layer.inputs[0]] if layer.inputs else rgb * 255
            p = layer.params
            if layer.kind == "Padding":
                x = F.pad(x, (int(p["0"]),) * 4, mode="reflect")
            elif layer.kind == "Convolution":
                x = F.conv2d(x, *layer.weights, stride=int(p.get("3", 1)))
            elif layer.kind == "InstanceNorm":
                x = _instance_norm(x, *layer.weights, 1e-5)
            elif layer.kind == "ReLU":
                x = F.relu(x)
            elif layer.kind == "BinaryOp":
                x = x + blobs[layer.inputs[1]]
            elif layer.kind == "Interp":
                x = F.interpolate(x, scale_factor=2, mode="nearest")
            elif layer.kind not in ("Input", "Split"):
                raise NotImplementedError(layer.kind)
            blobs.update((name, x) for name in layer.outputs)
        return (x / 255).clamp(0, 1)
