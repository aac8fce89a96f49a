"""The network that turns an eye, and its ONNX file.

Input `eye` [1,8,64,96]: the patch of gaze_patch.py, RGB 0..1 (planes 0..2), and planes that are the
same everywhere: 3, 4 the wanted turn c (right, up), 5 the share k of the present gaze that is taken
off, 6, 7 where the head points (right, up). Right is that of the patch: a mirrored patch has it
mirrored. The eye is turned by  d = c - k g,  g its present gaze as the network sees it; all are
components of directions (gaze_patch.directions).

Outputs: `state` [1,4,1,1]: g (right, up), how sure it is that this is an eye that can be turned,
and how much of the iris the lids leave open (both 0..1). `flow` [1,2,64,96]: pixels of the patch,
right and down, from a pixel to where its colour comes from. `blend` [1,3,64,96], 0..1: matte, half
the gain, light + 1/2.

    out = in + blend0 (clip(in(p + flow) 2 blend1 + blend2 - 1/2) - in)

    encoder   conv3x3 s2  8-16 @32x48, residual; s2 16-32 @16x24, 2 residual;
              s2 32-48 @8x12, 2 residual
    places    conv1x1 48-32 @8x12, up x2, + @16x24, 2 residual; conv1x1 to one plane for each of
              PLACES: its exponential's centre of gravity is where that is (x, y)
    state     s2 48-64 @4x6, conv 4x6 64-48, + conv1x1 of the places 10-48, conv1x1 48-32,
              conv1x1 32-4; g is the iris' x, y less what this takes for the middle of the ball
    decoder   + conv1x1 of d at each scale; 2 residual @8x12; conv1x1, up x2, add, 2 residual
              @16x24; conv1x1, up x2, add, 2 residual @32x48
    heads     flow: conv3x3 16-2 @32x48, up x2, plus the turn of a mean eyeball;
              blend: conv3x3 16-12, depth to space x2

The flow begins as that of a stiff ball, so the iris stays round; what is learnt is how it bends at
the lids, and what the white that comes to light looks like.
"""
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch import nn

import stored_pair
import style_export
from gaze_patch import BALL, HEIGHT, SCALE, WIDTH
from visible_network import ZeroConv, ZeroGraph

PLANES, CONDITION = 8, 3
C1, C2, C3, C4 = 16, 32, 48, 64
HEAT = 20.0                 # the exponential's input is kept within
PLACES = 5                  # iris, outer and inner corner, middle of the upper and the lower lid
BY_SIGHT = 0.3              # of the whole eye's features training hides so many: that it knows the
                            # people there by sight is of no use


def balance():
    """[4 PLACES,PLACES,16,24], sums of each plane: right, up of every place (from the middle of the
    patch, by BALL), then 1, 1 of every place."""
    cell = 4
    y, x = np.mgrid[0:HEIGHT // cell, 0:WIDTH // cell] * cell + cell / 2.0
    out = np.zeros((4 * PLACES, PLACES) + x.shape, np.float32)
    for i in range(PLACES):
        out[2 * i, i], out[2 * i + 1, i] = (x - WIDTH / 2) / BALL, (HEIGHT / 2 - y) / BALL
        out[2 * (PLACES + i):2 * (PLACES + i) + 2, i] = 1
    return out.astype(np.float16).astype(np.float32)


class GazeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.learning = True        # also while batch norm is frozen; until fold()
        self.stem = ZeroConv(PLANES, C1, stride=2)
        self.fine = ZeroConv(C1, C1)
        self.down1 = ZeroConv(C1, C2, stride=2)
        self.middle = nn.ModuleList(ZeroConv(C2, C2) for _ in range(2))
        self.down2 = ZeroConv(C2, C3, stride=2)
        self.coarse = nn.ModuleList(ZeroConv(C3, C3) for _ in range(2))
        self.down3 = ZeroConv(C3, C4, stride=2)
        self.whole = nn.Conv2d(C4, 48, (HEIGHT // 16, WIDTH // 16))
        self.wide = ZeroConv(C3, C2, kernel=1)
        self.search = nn.ModuleList(ZeroConv(C2, C2) for _ in range(2))
        self.near = nn.Conv2d(C2, PLACES, 1)
        self.place = nn.Conv2d(2 * PLACES, 48, 1)
        self.think = nn.Conv2d(48, 32, 1)
        self.state = nn.Conv2d(32, 4, 1)
        self.register_buffer("map", torch.from_numpy(balance()))
        self.turn = nn.ModuleList(nn.Conv2d(2, c, 1) for c in (C3, C2, C1))
        self.coarse_out = nn.ModuleList(ZeroConv(C3, C3) for _ in range(2))
        self.lift1 = ZeroConv(C3, C2, kernel=1)
        self.middle_out = nn.ModuleList(ZeroConv(C2, C2) for _ in range(2))
        self.lift2 = ZeroConv(C2, C1, kernel=1)
        self.fine_out = nn.ModuleList(ZeroConv(C1, C1) for _ in range(2))
        self.flow = ZeroConv(C1, 2, norm=False)
        self.blend = ZeroConv(C1, 12, norm=False)
        self.register_buffer("ball", torch.tensor([-BALL, BALL]).view(1, 2, 1, 1))
        for head in (self.flow, self.blend):
            nn.init.zeros_(head.conv.weight)
            nn.init.zeros_(head.conv.bias)
        with torch.no_grad():
            for turn in self.turn:      # d is a tenth or so
                turn.weight.mul_(4)

    def encode(self, x):
        fine = F.relu(self.stem(x))
        fine = F.relu(fine + self.fine(fine))
        middle = F.relu(self.down1(fine))
        for conv in self.middle:
            middle = F.relu(middle + conv(middle))
        coarse = F.relu(self.down2(middle))
        for conv in self.coarse:
            coarse = F.relu(coarse + conv(coarse))
        x = F.relu(middle + F.interpolate(self.wide(coarse), scale_factor=2, mode="nearest"))
        for conv in self.search:
            x = F.relu(x + conv(x))
        heat = self.near(x)
        with torch.autocast("cpu", enabled=False):
            sums = F.conv2d(torch.exp(heat.float().clamp(-HEAT, HEAT)), self.map)
            places = sums[:, :2 * PLACES] / sums[:, 2 * PLACES:]
        whole = F.dropout(self.whole(F.relu(self.down3(coarse))), BY_SIGHT, self.learning)
        s = self.state(F.relu(self.think(F.relu(whole + self.place(places)))))
        return fine, middle, coarse, places, torch.cat([s[:, :2] + places[:, :2], s[:, 2:]], 1)

    def decode(self, fine, middle, coarse, turn):
        """`turn` [n,2,1,1]; (flow, logits of blend)"""
        x = F.relu(coarse + self.turn[0](turn))
        for conv in self.coarse_out:
            x = F.relu(x + conv(x))
        for lift, skip, mix, convs in ((self.lift1, middle, self.turn[1], self.middle_out),
                                       (self.lift2, fine, self.turn[2], self.fine_out)):
            x = F.interpolate(lift(x), scale_factor=2, mode="nearest")
            x = F.relu(x + skip + mix(turn))
            for conv in convs:
                x = F.relu(x + conv(x))
        flow = F.interpolate(self.flow(x), scale_factor=2, mode="bilinear") + self.ball * turn
        return flow, F.pixel_shuffle(self.blend(x), 2)

    def forward(self, x, turn=None):
        """As the file does it; `turn` [n,2] in training: not by the network's own guess of g, and
        of the first n eyes only.
        (state with logits for its last two, x, y of PLACES by BALL, flow, logits of blend)"""
        # Whoever reads the eye has to be blind for what is wanted.
        seen = torch.cat([x[:, :3], torch.zeros_like(x[:, 3:6]), x[:, 6:]], 1)
        fine, middle, coarse, places, state = self.encode(seen)
        if turn is None:
            want = x[:, 3:6, :1, :1]
            turn = want[:, :2] - want[:, 2:] * state[:, :2]
        else:
            n, turn = len(turn), turn[:, :, None, None]
            fine, middle, coarse = fine[:n], middle[:n], coarse[:n]
        return (state, places, *self.decode(fine, middle, coarse, turn))

    def fold(self):
        """Batch norm into plain weights, for inference only; the stem is blind for planes 3..5."""
        for m in self.modules():
            if isinstance(m, ZeroConv):
                m.fold()
        with torch.no_grad():
            self.stem.conv.weight[:, 3:6] = 0
        self.learning = False
        return self.eval()

    def macs(self):
        """Multiply-accumulates of one eye."""
        total = [0]

        def count(module, _, out):
            total[0] += module.weight.numel() * out.shape[2] * out.shape[3]
        hooks = [m.register_forward_hook(count) for m in self.modules() if isinstance(m, nn.Conv2d)]
        # ZeroConv calls its convolution as a function.
        for m in self.modules():
            if isinstance(m, ZeroConv):
                hooks.append(m.register_forward_hook(
                    lambda mod, _, out: total.__setitem__(
                        0, total[0] + mod.conv.weight.numel() * out.shape[2] * out.shape[3])))
        with torch.no_grad():
            self(torch.zeros(1, PLANES, HEIGHT, WIDTH))
        for h in hooks:
            h.remove()
        return total[0]


class GazeGraph(ZeroGraph):
    def plain(self, x, name, module):
        """A convolution without border and norm."""
        w = self.weight(name + ".weight", module.weight)
        b = self.weight(name + ".bias", module.bias)
        return self.node("Conv", [x, w, b], name, kernel_shape=list(module.kernel_size))

    def ints(self, name, values):
        return self.constant(name, np.array(values, np.int64))

    def number(self, name, values):
        return self.constant(name, np.array(values, np.float32).reshape(1, -1, 1, 1))

    def part(self, x, name, begin, end, spot=False):
        """Channels begin..end, of the first pixel only where `spot`."""
        b, e, a = ([begin, 0, 0], [end, 1, 1], [1, 2, 3]) if spot else ([begin], [end], [1])
        return self.node("Slice", [x, self.ints(name + ".from", b), self.ints(name + ".to", e),
                                   self.ints(name + ".axes", a)], name)

    def add(self, name, *values):
        x = values[0]
        for i, v in enumerate(values[1:]):
            last = i == len(values) - 2
            x = self.node("Add", [x, v], name if last else "%s.%d" % (name, i))
        return x

    def residuals(self, x, name, convs):
        for i, conv in enumerate(convs):
            x = self.residual(x, "%s%d" % (name, i), conv)
        return x

    def up(self, x, name, mode):
        scales = self.constant("scales", np.array([1, 1, 2, 2], np.float32))
        if mode == "nearest":
            return self.node("Resize", [x, "", scales], name, mode="nearest", nearest_mode="floor",
                             coordinate_transformation_mode="asymmetric")
        return self.node("Resize", [x, "", scales], name, mode="linear",
                         coordinate_transformation_mode="half_pixel")


def build_graph(net):
    g = GazeGraph()
    fine = g.residual(g.relu(g.conv("eye", "stem", net.stem)), "fine", net.fine)
    middle = g.residuals(g.relu(g.conv(fine, "down1", net.down1)), "middle", net.middle)
    coarse = g.residuals(g.relu(g.conv(middle, "down2", net.down2)), "coarse", net.coarse)
    x = g.up(g.conv(coarse, "wide", net.wide), "widened", "nearest")
    x = g.residuals(g.relu(g.add("look", middle, x)), "search", net.search)
    heat = g.plain(x, "near", net.near)
    low, high = (g.constant(n, np.array(v, np.float32))
                 for n, v in (("low", -HEAT), ("high", HEAT)))
    heat = g.node("Exp", [g.node("Clip", [heat, low, high], "kept")], "heated")
    sums = g.node("Conv", [heat, g.weight("map", net.map)], "sums",
                  kernel_shape=list(net.map.shape[2:]))
    places = g.node("Div", [g.part(sums, "moments", 0, 2 * PLACES),
                            g.part(sums, "mass", 2 * PLACES, 4 * PLACES)], "places")
    x = g.plain(g.relu(g.conv(coarse, "down3", net.down3)), "whole", net.whole)
    x = g.relu(g.add("known", x, g.plain(places, "place", net.place)))
    x = g.plain(g.relu(g.plain(x, "think", net.think)), "guess", net.state)
    gaze = g.add("gaze", g.part(x, "rest", 0, 2), g.part(places, "iris", 0, 2))
    g.node("Concat", [gaze, g.node("Sigmoid", [g.part(x, "trust", 2, 4)], "trusted")], "state",
           axis=1)
    wanted = g.part("eye", "wanted", 3, 5, spot=True)
    share = g.part("eye", "share", 5, 6, spot=True)
    turn = g.node("Sub", [wanted, g.node("Mul", [gaze, share], "present")], "turn")
    x = g.relu(g.add("begin", coarse, g.plain(turn, "turn0", net.turn[0])))
    x = g.residuals(x, "coarse_out", net.coarse_out)
    for i, (lift, skip, convs, name) in enumerate((
            (net.lift1, middle, net.middle_out, "middle_out"),
            (net.lift2, fine, net.fine_out, "fine_out")), 1):
        x = g.up(g.conv(x, "lift%d" % i, lift), "up%d" % i, "nearest")
        x = g.relu(g.add("joined%d" % i, x, skip, g.plain(turn, "turn%d" % i, net.turn[i])))
        x = g.residuals(x, name, convs)
    bend = g.up(g.conv(x, "bend", net.flow), "bent", "linear")
    g.add("flow", bend, g.node("Mul", [turn, g.number("ball", [-BALL, BALL])], "stiff"))
    x = g.node("DepthToSpace", [g.conv(x, "maps", net.blend)], "shuffle", blocksize=2, mode="CRD")
    g.node("Sigmoid", [x], "blend")

    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    return helper.make_graph(
        g.nodes, "mien-gaze", [value("eye", [1, PLANES, HEIGHT, WIDTH])],
        [value("state", [1, 4, 1, 1]), value("flow", [1, 2, HEIGHT, WIDTH]),
         value("blend", [1, 3, HEIGHT, WIDTH])], g.constants)


def save(net, path):
    """`net` must be folded. Checks the file before it is written."""
    model = helper.make_model(build_graph(net), producer_name="mien", ir_version=7,
                              opset_imports=[helper.make_opsetid("", style_export.OPSET)])
    helper.set_model_props(model, {
        "mien.role": "gaze",
        "mien.input.range": "0..1",
        "mien.input.order": "RGB",
        "mien.patch.scale": "%g" % SCALE,       # pixels in an outer-eye distance
        "mien.patch.mirror": "right",           # the eye at the viewer's right is mirrored
        "mien.condition": "right up share head-right head-up",
        "mien.licence": "MIT",
        "mien.mac": "%d" % net.macs(),
    })
    stored_pair.add(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
