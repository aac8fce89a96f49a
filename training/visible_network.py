"""The network that tells bare face from what covers it, and its ONNX file.

    stem   conv3x3 s2  3 -> 12        @48
    down   conv3x3 s2 12 -> 20        @24 = fine
    deep   conv3x3 s2 20 -> 28        @12, residual conv3x3 = middle
    far    conv3x3 s2 28 -> 40        @6,  residual conv3x3
           conv1x1 40 -> 28, up x2, + middle, residual conv3x3
           conv1x1 28 -> 20, up x2, + fine
    head   conv3x3 20 -> 12, conv1x1 12 -> 2, sigmoid

Borders are zeros, as the square always lies about the face and where a cell is says much.
"""
import onnx
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch import nn

import stored_pair
import style_export
from style_network import ConvNorm

INPUT, CELLS = 96, 24


class ZeroConv(ConvNorm):
    """ConvNorm with a border of zeros."""

    def forward(self, x):
        x = F.conv2d(x, self.conv.weight, self.conv.bias, self.conv.stride, self.border)
        return x if self.norm is None else self.norm(x)


class VisibleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ZeroConv(3, 12, stride=2)
        self.down = ZeroConv(12, 20, stride=2)
        self.deep = ZeroConv(20, 28, stride=2)
        self.body0 = ZeroConv(28, 28)
        self.far = ZeroConv(28, 40, stride=2)
        self.body1 = ZeroConv(40, 40)
        self.lift0 = ZeroConv(40, 28, kernel=1)
        self.body2 = ZeroConv(28, 28)
        self.lift1 = ZeroConv(28, 20, kernel=1)
        self.head = ZeroConv(20, 12)
        self.out = ZeroConv(12, 2, kernel=1, norm=False)

    def forward(self, x):
        """RGB 0..1 [n,3,96,96] in, logits [n,2,24,24] out."""
        fine = F.relu(self.down(F.relu(self.stem(x))))
        middle = F.relu(self.deep(fine))
        middle = F.relu(middle + self.body0(middle))
        x = F.relu(self.far(middle))
        x = F.relu(x + self.body1(x))
        x = F.relu(middle + F.interpolate(self.lift0(x), scale_factor=2, mode="nearest"))
        x = F.relu(x + self.body2(x))
        x = F.relu(fine + F.interpolate(self.lift1(x), scale_factor=2, mode="nearest"))
        return self.out(F.relu(self.head(x)))

    def fold(self):
        """Batch norm into plain weights; afterwards for inference only."""
        for m in self.modules():
            if isinstance(m, ConvNorm):
                m.fold()
        return self.eval()

    def macs(self):
        """Multiply-accumulates of one picture."""
        total, sides = 0, {"stem": 48, "down": 24, "deep": 12, "body0": 12, "far": 6, "body1": 6,
                           "lift0": 6, "body2": 12, "lift1": 12, "head": 24, "out": 24}
        for name, side in sides.items():
            total += getattr(self, name).conv.weight.numel() * side * side
        return total


class ZeroGraph(style_export.GraphWriter):
    """Convolutions pad with zeros themselves."""

    def conv(self, x, name, module):
        k, stride = module.conv.kernel_size[0], module.conv.stride[0]
        w = self.weight(name + ".weight", module.conv.weight)
        b = self.weight(name + ".bias", module.conv.bias)
        return self.node("Conv", [x, w, b], name, kernel_shape=[k, k], strides=[stride, stride],
                         pads=[module.border] * 4)


def build_graph(net):
    g = ZeroGraph()
    fine = g.relu(g.conv(g.relu(g.conv("image", "stem", net.stem)), "down", net.down))
    middle = g.residual(g.relu(g.conv(fine, "deep", net.deep)), "body0", net.body0)
    x = g.residual(g.relu(g.conv(middle, "far", net.far)), "body1", net.body1)
    x = g.residual(g.climb(x, middle, "lift0", net.lift0), "body2", net.body2)
    x = g.relu(g.conv(g.climb(x, fine, "lift1", net.lift1), "head", net.head))
    g.node("Sigmoid", [g.conv(x, "out", net.out)], "visible")

    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    return helper.make_graph(g.nodes, "mien-visible", [value("image", [1, 3, INPUT, INPUT])],
                             [value("visible", [1, 2, CELLS, CELLS])], g.constants)


def save(net, path):
    """`net` must be folded. Checks the file before it is written."""
    model = helper.make_model(build_graph(net), producer_name="mien", ir_version=7,
                              opset_imports=[helper.make_opsetid("", style_export.OPSET)])
    helper.set_model_props(model, {
        "mien.role": "visible",
        "mien.input.range": "0..1",
        "mien.input.order": "RGB",
        "mien.licence": "MIT",
        "mien.mac": "%d" % net.macs(),
    })
    stored_pair.add(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
