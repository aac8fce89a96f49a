"""The network that makes faces older and younger, and its ONNX file.

It sees a face's texture (age_atlas.py), where the place of every line is known: what is the same
for all is a constant of it at full resolution, and what it learns is where and how much. The lines
stand in it once for each width, so that in a blurred picture they can be as blurred as the rest.

    space to depth            4 -> 16        @128
    stem   conv3x3           16 -> 24        @128 = fine
    down   conv3x3 s2        24 -> 40        @64,  residual conv3x3 = middle
    deep   conv3x3 s2        40 -> 64        @32,  plus what stands at the place on the face,
                                             residual conv3x3 = coarse
    far    conv3x3 s2        64 -> 96        @16,  two residual conv3x3
           conv1x1 96 -> 64, up x2, + coarse, residual conv3x3
           conv1x1 64 -> 40, up x2, + middle, residual conv3x3
           conv1x1 40 -> 24, up x2, + fine,   two residual conv3x3
    sharp  conv3x3 s2 16 -> 12, abs, mean of 4x4, log    @16: how much varies at which width
           conv3x3 12 -> 24;  conv1x1 24 -> 96, + far
           conv1x1 24 -> 24, + conv1x1 24 -> 24 of the mean of all, up x8 = share
    gate   conv1x1  24 -> 24, times the lines of every width and the folds, times the share of
                                             each, conv1x1 24 -> 16
    older, younger  conv3x3  24 -> 16, each (older with the gate's) times the years of its sign;
                                             their sum bent to limits by a tanh
    rgb    conv1x1  16 -> 16                 times the picture, depth to space -> 4 @256

That is BASE. HIGH, for devices with time to spare, is wider, has more residuals, and measures
besides how rough the picture is at 8 texels and more, and of the whole face most where there is
skin:

    broad  mean of 4x4, conv3x3 16 -> 12, abs, mean of 2x2, log    @16;  conv3x3 12 -> 24, + sharp

The change grows from nothing with the years by construction; what is learned is its pattern, which
may still depend on the years. It is a share of the picture's light: dark skin changes as much as
light skin, in its own tone.
How sharp and how rough the picture is no convolution tells that is summed with others: it is a
ratio of how much neighbours differ. Its logarithms are, by differences. Smooth skin tells nothing
beside a camera's noise, edges elsewhere in the face do.
In: R'G'B' 0..1 of the face's texture, and the wanted years / 50 everywhere. Out: what is added to
R'G'B', and the gain of what of the frame is finer than the square's pixels (-1 takes it away).
Borders are zeros. Batch norm in training only: it is folded into the weights.
"""
import dataclasses

import numpy as np
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
SCALE = (0.15, 0.15, 0.15, 0.7)
# Limits that light, red and blue less light, and the gain come near to but do not pass: where much
# is added up, eyes would get dark rings and thin brows glow. Not of each colour, so that shadows
# stay warm.
LIMIT = (0.4, 0.25, 0.25, 1.5)
LIGHT = (0.3, 0.6, 0.1, 0), (0.7, -0.6, -0.1, 0), (-0.3, -0.6, 0.9, 0), (0, 0, 0, 1)  # from RGB
DARK = 0.03             # of the picture, age_bank.DARK: a change of black is one of this much
KNOWN = 6               # planes of what is the same for all, age_teacher.Teacher.known()
FINEST = (0, 3)         # of them: the thinnest lines, their shadows and ridges
SHARP, SHARES = 12, 24  # measures of sharpness, and what is made of them
# They are about 1 where neighbours differ by 1/EDGES. Below FLAT of that it is noise.
EDGES, FLAT = 50.0, 0.1


@dataclasses.dataclass(frozen=True)
class Shape:
    widths: tuple = (24, 40, 64, 96)    # of channels: @128, @64, @32, @16
    down: tuple = (1, 1, 2)             # residuals on the way down: @64, @32, @16
    up: tuple = (1, 1, 2)               # and up again: @32, @64, @128
    broad: bool = False                 # roughness is measured at coarse widths too


BASE = Shape()
HIGH = Shape((32, 56, 96, 144), (1, 2, 3), (2, 1, 2), True)


def _residuals(width, count):
    return nn.ModuleList(ZeroConv(width, width) for _ in range(count))


def _edges():
    """[SHARP,16,3,3]: differences of luma by direction and width, and the light; a start."""
    found = np.zeros((SHARP, 6, 6), np.float32)
    for k, (a, b) in enumerate((((2, 2), (2, 3)), ((2, 2), (3, 2)), ((3, 2), (3, 3)),
                                ((2, 3), (3, 3)))):
        found[k][a], found[k][b] = 1, -1
    cells = [[(slice(2 * y, 2 * y + 2), slice(2 * x, 2 * x + 2)) for x in range(3)]
             for y in range(3)]
    for k, rest in enumerate((((1, 2),), ((2, 1),), ((1, 0), (1, 2)), ((0, 1), (2, 1)))):
        found[4 + k][cells[1][1]] = 1 / 4
        for y, x in rest:
            found[4 + k][cells[y][x]] -= 1 / 4 / len(rest)
    found[8, :, 4:], found[8, :, :2] = 1 / 12, -1 / 12
    found[9, 4:], found[9, :2] = 1 / 12, -1 / 12
    found[10, 2, 2], found[10, 2, 1], found[10, 2, 3] = 1, -1 / 2, -1 / 2
    found[11] = 0.04 / 36
    places = F.pixel_unshuffle(EDGES * torch.from_numpy(found)[:, None], 2)
    return _of_luma(places)


def _of_luma(places):
    """[n,4,3,3], of the places of a pixel -> [n,16,3,3]"""
    luma = torch.tensor((0.3, 0.6, 0.1, 0.0))
    return (luma[None, :, None, None, None] * places[:, None]).flatten(1, 2)


def _broad_edges():
    """[SHARP,16,3,3]: the same of cells that are 8 texels wide; a start."""
    kinds = (((1, 1), (1, 2)), ((1, 1), (2, 1)), ((1, 1), (2, 2)), ((1, 2), (2, 1)),
             ((1, 1), (1, 0), (1, 2)), ((1, 1), (0, 1), (2, 1)), ((1, 1), (0, 0), (2, 2)),
             ((1, 1), (0, 2), (2, 0)), ((1, 0), (1, 2)), ((0, 1), (2, 1)))
    found = torch.zeros(SHARP, 4, 3, 3)
    for k, (middle, *rest) in enumerate(kinds):
        found[k, :, middle[0], middle[1]] = 1 / 4
        for y, x in rest:
            found[k, :, y, x] -= 1 / 4 / len(rest)
    found[10, :, 1, 1] = 1 / 4
    found[10] -= 1 / 36
    found[11] = 0.04 / 36
    return _of_luma(EDGES / 2 * found)


def _at_places(matrix):
    """[16,16]: a matrix of the planes [4,4] at each of the four places of a pixel."""
    return torch.kron(matrix.contiguous(), torch.eye(4))


class AgeNet(nn.Module):
    def __init__(self, shape=BASE):
        super().__init__()
        self.shape = shape
        a, b, c, d = shape.widths
        self.stem = ZeroConv(16, a)
        self.down = ZeroConv(a, b, stride=2)
        self.deep = ZeroConv(b, c, stride=2)
        self.far = ZeroConv(c, d, stride=2)
        self.place = nn.Parameter(torch.zeros(1, c, SIDE // 8, SIDE // 8))
        self.middle, self.coarse, self.body = map(_residuals, (b, c, d), shape.down)
        self.lift = nn.ModuleList(ZeroConv(i, o, kernel=1) for i, o in ((d, c), (c, b), (b, a)))
        self.rise = nn.ModuleList(map(_residuals, (c, b, a), shape.up))
        self.older, self.younger = (ZeroConv(a, 16, norm=False) for _ in range(2))
        self.gate = ZeroConv(a, 4 * KNOWN, kernel=1, norm=False)
        self.lines = nn.Parameter(torch.zeros(1, 4 * KNOWN, SIDE // 2, SIDE // 2))
        self.tone = ZeroConv(4 * KNOWN, 16, kernel=1, norm=False)
        self.edges = ZeroConv(16, SHARP, stride=2, norm=False)
        self.sharp = ZeroConv(SHARP, SHARES, norm=False)
        self.told = ZeroConv(SHARES, d, kernel=1, norm=False)
        self.share = ZeroConv(SHARES, 4 * KNOWN, kernel=1, norm=False)
        self.whole = ZeroConv(SHARES, 4 * KNOWN, kernel=1, norm=False)
        if shape.broad:
            self.broad = ZeroConv(16, SHARP, norm=False)
            self.rough = ZeroConv(SHARP, SHARES, norm=False)
            self.weigh = nn.Parameter(torch.ones(1, SHARES, SIDE // 16, SIDE // 16))
        limit, light = torch.tensor(LIMIT), torch.tensor(LIGHT)
        self.register_buffer("mix", _at_places(light * torch.tensor(SCALE) / limit[:, None]),
                             persistent=False)
        self.register_buffer("rgb", _at_places(light.inverse() * limit), persistent=False)
        self._start()

    def _start(self):
        """All of the lines everywhere, in every colour; nothing else."""
        with torch.no_grad():
            for head in (self.older, self.younger):
                head.conv.weight.mul_(0.2)
                head.conv.bias.zero_()
            self.gate.conv.weight.mul_(0.2)
            self.gate.conv.bias.fill_(1)
            self.tone.conv.weight.zero_()
            self.tone.conv.bias.zero_()
            for k in range(4 * KNOWN):
                self.tone.conv.weight[k % 4:12:4, k] = 1
            self.edges.conv.weight.copy_(_edges())
            self.edges.conv.bias.zero_()
            for layer, bias in ((self.told, 0), (self.share, 1), (self.whole, 0)):
                layer.conv.weight.zero_()
                layer.conv.bias.fill_(bias)
            if self.shape.broad:
                self.broad.conv.weight.copy_(_broad_edges())
                for x in (self.broad.conv.bias, self.rough.conv.weight, self.rough.conv.bias):
                    x.zero_()

    def know(self, planes):
        """Takes over what is the same for all: changes of log luma, [KNOWN,SIDE,SIDE], at 50
        years; their sum is all of it."""
        planes = torch.from_numpy(planes[None]).float() / SCALE[0]
        with torch.no_grad():
            self.lines.copy_(F.pixel_unshuffle(planes, 2))

    @staticmethod
    def _add(x, convs):
        for conv in convs:
            x = F.relu(x + conv(x))
        return x

    def _sharpness(self, halves):
        """[n,SHARES,SIDE / 16,...], and its mean over the face."""
        sharp = self.sharp((F.avg_pool2d(self.edges(halves).abs(), 4) + FLAT).log())
        if not self.shape.broad:
            sharp = F.relu(sharp)
            return sharp, sharp.mean((2, 3), keepdim=True)
        rough = F.avg_pool2d(self.broad(F.avg_pool2d(halves, 4)).abs(), 2)
        sharp = F.relu(sharp + self.rough((rough + FLAT).log()))
        return sharp, (sharp * self.weigh).mean((2, 3), keepdim=True)

    def forward(self, x):
        """[n,4,SIDE,SIDE]"""
        picture, years = x[:, :3], x[:, 3:, ::2, ::2]
        halves = F.pixel_unshuffle(x, 2)
        fine = F.relu(self.stem(halves))
        middle = self._add(F.relu(self.down(fine)), self.middle)
        coarse = self._add(F.relu(self.deep(middle) + self.place), self.coarse)
        sharp, mean = self._sharpness(halves)
        share = F.relu(self.share(sharp) + self.whole(mean))
        share = F.interpolate(share, scale_factor=8, mode="bilinear")
        x = self._add(F.relu(self.far(coarse) + self.told(sharp)), self.body)
        for lift, rise, skip in zip(self.lift, self.rise, (coarse, middle, fine)):
            up = F.interpolate(lift(x), scale_factor=2, mode="nearest")
            x = self._add(F.relu(skip + up), rise)
        older = self.older(x) + self.tone(self.gate(x) * self.lines * share)
        x = older * F.relu(years) + self.younger(x) * F.relu(-years)
        x = torch.tanh(F.conv2d(x, self.mix[..., None, None]))
        x = F.pixel_shuffle(F.conv2d(x, self.rgb[..., None, None]), 2)
        return torch.cat([x[:, :3] * (picture + DARK), x[:, 3:]], 1)

    def fold(self, strength=(1.0, 1.0), finest=1.0):
        """Batch norm and the output's scale into plain weights; for inference only. `strength`
        multiplies what is added, of older and of younger, before it is bent to its limits (of older
        the light alone: brows that are to be grey would turn violet), `finest` the thinnest of the
        lines that are the same for all."""
        for m in self.modules():
            if isinstance(m, ZeroConv):
                m.fold()
        with torch.no_grad():
            for head, factor, planes in ((self.older, strength[0], 4), (self.tone, strength[0], 4),
                                         (self.younger, strength[1], 12)):
                mix = self.mix.clone()
                mix[:planes] *= factor
                head.conv.weight.copy_(torch.einsum("oi,ichw->ochw", mix, head.conv.weight))
                head.conv.bias.copy_(mix @ head.conv.bias)
            for plane in FINEST:
                self.tone.conv.weight[:, 4 * plane:4 * plane + 4] *= finest
            self.mix.copy_(torch.eye(16))
        return self.eval()

    def macs(self):
        """Multiply-accumulates of a square."""
        sides = {"edges": 64, "sharp": 16, "broad": 32, "rough": 16, "told": 16, "share": 16,
                 "whole": 1, "stem": 128, "down": 64, "deep": 32, "far": 16, "middle": 64,
                 "coarse": 32, "body": 16, "lift.0": 16, "lift.1": 32, "lift.2": 64,
                 "rise.0": 32, "rise.1": 64, "rise.2": 128, "older": 128,
                 "younger": 128, "gate": 128, "tone": 128}
        total = 0
        for name, value in self.named_parameters():
            if name.endswith("conv.weight"):
                key = name if name.split(".")[0] in ("lift", "rise") else name.split(".")[0]
                side = sides[".".join(key.split(".")[:2]) if "." in key else key]
                total += value.numel() * side * side
        return total + self.rgb.numel() * (SIDE // 2) ** 2


class AgeGraph(ZeroGraph):
    def added(self, x, name, convs):
        for i, conv in enumerate(convs):
            x = self.residual(x, "%s%d" % (name, i), conv)
        return x

    def pooled(self, x, name, side):
        return self.node("AveragePool", [x], name + ".mean", kernel_shape=[side] * 2,
                         strides=[side] * 2)

    def measures(self, halves, name, conv, side):
        """Logarithms of how much neighbours differ, means of squares of `side`."""
        x = self.node("Abs", [self.conv(halves, name, _unshuffled(conv))], name + ".abs")
        flat = self.constant("flat", np.array(FLAT, np.float32))
        x = self.node("Add", [self.pooled(x, name, side), flat], name + ".add")
        return self.node("Log", [x], name + ".log")

    def sharpness(self, halves, net):
        """(what is made of the measures, the share of each of the lines)"""
        x = self.conv(self.measures(halves, "edges", net.edges, 4), "sharp", net.sharp)
        if net.shape.broad:
            rough = self.measures(self.pooled(halves, "halves", 4), "broad", net.broad, 2)
            x = self.node("Add", [x, self.conv(rough, "rough", net.rough)], "rough.sum")
        x = weighed = self.relu(x)
        if net.shape.broad:
            weighed = self.node("Mul", [x, self.weight("weigh", net.weigh)], "weighed")
        scales = self.constant("scales8", np.array([1, 1, 8, 8], np.float32))
        whole = self.node("GlobalAveragePool", [weighed], "sharp.mean")
        whole = self.conv(whole, "whole", net.whole)
        share = self.node("Add", [self.conv(x, "share", net.share), whole], "share.sum")
        return x, self.node("Resize", [self.relu(share), "", scales],
                            "share.up", mode="linear",
                            coordinate_transformation_mode="half_pixel")


def _unshuffled(conv):
    """A convolution of the halves for ONNX's SpaceToDepth, whose channels come as (y, x, channel),
    PyTorch's as (channel, y, x)."""
    out = ZeroConv(16, conv.conv.out_channels, stride=conv.conv.stride[0], norm=False)
    w = conv.conv.weight.detach()
    with torch.no_grad():
        out.conv.weight.copy_(w.reshape(-1, 4, 4, 3, 3).transpose(1, 2).reshape(w.shape))
        out.conv.bias.copy_(conv.conv.bias)
    return out


def _point(weight, bias):
    """1x1 convolution of 16 channels; of what SpaceToDepth gives, `weight` is [16,4,4] of (output,
    y x, channel)."""
    out = ZeroConv(16, 16, kernel=1, norm=False)
    with torch.no_grad():
        out.conv.weight.copy_(weight.reshape(16, 16, 1, 1))
        out.conv.bias.copy_(bias)
    return out


def _years(sign):
    """The years of the texture's first place, which are those of all, times `sign`: [1,16,1,1]."""
    out = ZeroConv(4, 16, kernel=1, stride=SIDE, norm=False)
    with torch.no_grad():
        out.conv.weight.zero_()
        out.conv.weight[:, 3] = sign
        out.conv.bias.zero_()
    return out


def _light():
    """What the change is a share of, in the heads' order (channel, y x)."""
    weight, bias = torch.zeros(4, 4, 4, 4), torch.full((4, 4), DARK)
    for channel in range(3):
        for place in range(4):
            weight[channel, place, place, channel] = 1
    bias[3] = 1
    return _point(weight, bias.reshape(-1))


def build_graph(net):
    g = AgeGraph()
    g.node("SpaceToDepth", ["texture"], "halves", blocksize=2)
    fine = g.relu(g.conv("halves", "stem", _unshuffled(net.stem)))
    middle = g.added(g.relu(g.conv(fine, "down", net.down)), "middle", net.middle)
    x = g.node("Add", [g.conv(middle, "deep", net.deep), g.weight("place", net.place)], "placed")
    coarse = g.added(g.relu(x), "coarse", net.coarse)
    sharp, share = g.sharpness("halves", net)
    x = g.node("Add", [g.conv(coarse, "far", net.far), g.conv(sharp, "told", net.told)],
               "told.sum")
    x = g.added(g.relu(x), "body", net.body)
    for i, skip in enumerate((coarse, middle, fine)):
        x = g.climb(x, skip, "lift%d" % i, net.lift[i])
        x = g.added(x, "rise%d" % i, net.rise[i])
    drawn = g.node("Mul", [g.conv(x, "gate", net.gate), g.weight("lines", net.lines)], "drawn")
    drawn = g.node("Mul", [drawn, share], "shared")
    older = g.node("Add", [g.conv(x, "older", net.older), g.conv(drawn, "tone", net.tone)],
                   "older.sum")
    parts = []
    for name, change, sign in (("older", older, 1),
                               ("younger", g.conv(x, "younger", net.younger), -1)):
        share = g.relu(g.conv("texture", name + ".years", _years(sign)))
        parts.append(g.node("Mul", [change, share], name + ".part"))
    x = g.node("Tanh", [g.node("Add", parts, "sum")], "bent")
    light = g.conv("halves", "light", _light())
    rgb = _point(net.rgb, torch.zeros(16))
    x = g.node("Mul", [g.conv(x, "rgb", rgb), light], "lit")
    g.node("DepthToSpace", [x], "change", blocksize=2, mode="CRD")

    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4, SIDE, SIDE])
    return helper.make_graph(g.nodes, "mien-age", [value("texture")], [value("change")],
                             g.constants)


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
