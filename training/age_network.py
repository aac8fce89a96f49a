"""The network that makes faces older and younger, and its ONNX file.

    space to depth            4 -> 16        @128
    stem   conv3x3           16 -> 24        @128 = fine
    down   conv3x3 s2        24 -> 40        @64,  residual conv3x3 = middle
    deep   conv3x3 s2        40 -> 64        @32,  plus what stands at the place in the square,
                                             residual conv3x3 = coarse
    far    conv3x3 s2        64 -> 96        @16,  two residual conv3x3
           conv1x1 96 -> 64, up x2, + coarse, residual conv3x3
           conv1x1 64 -> 40, up x2, + middle, residual conv3x3
           conv1x1 40 -> 24, up x2, + fine,   two residual conv3x3
    older, younger  conv3x3  24 -> 16, each times the years of its sign; their sum, depth to space
                                             -> 4 @256

The change grows from nothing with the years by construction; what is learned is its pattern, which
may still depend on the years.
In: R'G'B' 0..1 of the face's square, and the wanted years / 50 everywhere. Out: what is added to
R'G'B', and the gain of what of the frame is finer than the square's pixels (-1 takes it away).
Borders are zeros. Batch norm in training only: it is folded into the weights.
"""
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch import nn

import stored_pair
import style_export
from visible_network import ZeroConv, ZeroGraph

SIDE, YEARS = 256, 50.0
# Sizes of the output's planes at 50 years: what the layers before it make is about 1, and a step of
# Adam moves every weight alike.
SCALE = (0.05, 0.05, 0.05, 0.7)
CELL = 16               # pixels of the square in a cell of the coarsest level
WIDTHS = (24, 40, 64, 96)


def _residual(count):
    return lambda width: nn.ModuleList(ZeroConv(width, width) for _ in range(count))


class AgeNet(nn.Module):
    def __init__(self, widths=WIDTHS):
        super().__init__()
        a, b, c, d = self.widths = tuple(widths)
        self.stem = ZeroConv(16, a)
        self.down = ZeroConv(a, b, stride=2)
        self.deep = ZeroConv(b, c, stride=2)
        self.far = ZeroConv(c, d, stride=2)
        self.place = nn.Parameter(torch.zeros(1, c, SIDE // 8, SIDE // 8))
        self.middle, self.coarse, self.body = (_residual(n)(w) for n, w in ((1, b), (1, c), (2, d)))
        self.lift = nn.ModuleList(ZeroConv(i, o, kernel=1) for i, o in ((d, c), (c, b), (b, a)))
        self.rise = nn.ModuleList(_residual(n)(w) for n, w in ((1, c), (1, b), (2, a)))
        self.older, self.younger = (ZeroConv(a, 16, norm=False) for _ in range(2))
        self.register_buffer("scale", torch.tensor(SCALE).repeat_interleave(4).view(1, 16, 1, 1))

    @staticmethod
    def _add(x, convs):
        for conv in convs:
            x = F.relu(x + conv(x))
        return x

    def forward(self, x, corner=(0, 0)):
        """[n,4,h,w]; h and w multiples of CELL; corner (y, x) of a part of the square, pixels."""
        years = x[:, 3:, ::2, ::2]
        fine = F.relu(self.stem(F.pixel_unshuffle(x, 2)))
        middle = self._add(F.relu(self.down(fine)), self.middle)
        h, w = x.shape[2] // 8, x.shape[3] // 8
        y0, x0 = corner[0] // 8, corner[1] // 8
        place = self.place[:, :, y0:y0 + h, x0:x0 + w]
        coarse = self._add(F.relu(self.deep(middle) + place), self.coarse)
        x = self._add(F.relu(self.far(coarse)), self.body)
        for lift, rise, skip in zip(self.lift, self.rise, (coarse, middle, fine)):
            up = F.interpolate(lift(x), scale_factor=2, mode="nearest")
            x = self._add(F.relu(skip + up), rise)
        x = self.older(x) * F.relu(years) + self.younger(x) * F.relu(-years)
        return F.pixel_shuffle(x * self.scale, 2)

    def fold(self, strength=(1.0, 1.0)):
        """Batch norm and the output's scale into plain weights; for inference only. `strength`
        multiplies what is added to the colours, of older and of younger."""
        for m in self.modules():
            if isinstance(m, ZeroConv):
                m.fold()
        with torch.no_grad():
            for head, factor in zip((self.older, self.younger), strength):
                scale = self.scale.view(-1).clone()
                scale[:12] *= factor
                head.conv.weight *= scale.view(-1, 1, 1, 1)
                head.conv.bias *= scale
            self.scale.fill_(1)
        return self.eval()

    def macs(self):
        """Multiply-accumulates of a square."""
        sides = {"stem": 128, "down": 64, "deep": 32, "far": 16, "middle": 64, "coarse": 32,
                 "body": 16, "lift.0": 16, "lift.1": 32, "lift.2": 64, "rise.0": 32, "rise.1": 64,
                 "rise.2": 128, "older": 128, "younger": 128}
        total = 0
        for name, value in self.named_parameters():
            if name.endswith("conv.weight"):
                key = name if name.split(".")[0] in ("lift", "rise") else name.split(".")[0]
                side = sides[".".join(key.split(".")[:2]) if "." in key else key]
                total += value.numel() * side * side
        return total


class AgeGraph(ZeroGraph):
    def added(self, x, name, convs):
        for i, conv in enumerate(convs):
            x = self.residual(x, "%s%d" % (name, i), conv)
        return x


def _unshuffled(conv):
    """The stem for ONNX's SpaceToDepth, whose channels come as (y, x, channel), PyTorch's as
    (channel, y, x)."""
    out = ZeroConv(16, conv.conv.out_channels, norm=False)
    w = conv.conv.weight.detach()
    with torch.no_grad():
        out.conv.weight.copy_(w.reshape(-1, 4, 4, 3, 3).transpose(1, 2).reshape(w.shape))
        out.conv.bias.copy_(conv.conv.bias)
    return out


def _years(sign):
    """1x1 convolution that takes the years, times `sign`, out of the stem's input."""
    out = ZeroConv(16, 16, kernel=1, norm=False)
    with torch.no_grad():
        out.conv.weight.zero_()
        out.conv.weight[:, 3] = sign
        out.conv.bias.zero_()
    return out


def build_graph(net):
    g = AgeGraph()
    g.node("SpaceToDepth", ["square"], "halves", blocksize=2)
    fine = g.relu(g.conv("halves", "stem", _unshuffled(net.stem)))
    middle = g.added(g.relu(g.conv(fine, "down", net.down)), "middle", net.middle)
    x = g.node("Add", [g.conv(middle, "deep", net.deep), g.weight("place", net.place)], "placed")
    coarse = g.added(g.relu(x), "coarse", net.coarse)
    x = g.added(g.relu(g.conv(coarse, "far", net.far)), "body", net.body)
    for i, skip in enumerate((coarse, middle, fine)):
        x = g.climb(x, skip, "lift%d" % i, net.lift[i])
        x = g.added(x, "rise%d" % i, net.rise[i])
    parts = []
    for name, module, sign in (("older", net.older, 1), ("younger", net.younger, -1)):
        share = g.relu(g.conv("halves", name + ".years", _years(sign)))
        parts.append(g.node("Mul", [g.conv(x, name, module), share], name + ".part"))
    x = g.node("Add", parts, "sum")
    g.node("DepthToSpace", [x], "change", blocksize=2, mode="CRD")

    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4, SIDE, SIDE])
    return helper.make_graph(g.nodes, "mien-age", [value("square")], [value("change")], g.constants)


def save(net, path):
    """`net` must be folded. Checks the file before it is written."""
    model = helper.make_model(build_graph(net), producer_name="mien", ir_version=7,
                              opset_imports=[helper.make_opsetid("", style_export.OPSET)])
    helper.set_model_props(model, {
        "mien.role": "age",
        "mien.input.range": "0..1",
        "mien.input.order": "RGB",
        "mien.years": "%g" % YEARS,
        "mien.licence": "MIT",
        "mien.mac": "%d" % net.macs(),
    })
    stored_pair.add(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
