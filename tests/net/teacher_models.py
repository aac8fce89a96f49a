"""The style networks of ../shared/teachers as ONNX, each the way its kind is usually exported.

fast-neural-style: N,C,H,W, RGB 0..255, the size fixed to 224x224 (ONNX's model zoo has it so).
P2-GAN: N,H,W,C, BGR -1..1, any size, transposes around every convolution's place.
CartoonGAN light: N,H,W,C, RGB 0..255 (the scaling is in the graph), any size; norms from
primitives, channel shuffles by reshapes to shapes that are computed.
"""
import pathlib
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "training"))
import ncnn_model  # noqa: E402
import tensor_bundle  # noqa: E402

OPSET = 13


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, value):
        name = f"k{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind, *inputs, **attributes):
        self.count += 1
        output = f"t{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def numbers(self, *values):
        return self.constant(np.array(values, np.int64))

    def number(self, value):
        return self.constant(np.float32(value))

    def finish(self, output, dims):
        self.nodes.append(helper.make_node("Identity", [output], ["y"]))
        graph = helper.make_graph(
            self.nodes, "style", [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                                 ir_version=7)

    def pad(self, x, mode, top, left, bottom, right):
        return self.add("Pad", x, self.numbers(0, 0, top, left, 0, 0, bottom, right), mode=mode)


def _ncnn_lines(path):
    """kind, inputs, outputs, parameters of each layer."""
    for words in map(str.split, path.read_text().splitlines()[2:]):
        if words:
            inputs, outputs = int(words[2]), int(words[3])
            names = words[4:4 + inputs + outputs]
            yield (words[0], names[:inputs], names[inputs:],
                   dict(w.split("=") for w in words[4 + inputs + outputs:]))


def _ncnn_pad(g, x, params):
    top, bottom, left, right = (int(params.get(str(k), 0)) for k in range(4))
    return g.pad(x, ("constant", "edge", "reflect")[int(params.get("4", 0))], top, left, bottom,
                 right)


def fast_neural(base):
    g, values = Graph(), {}
    layers = ncnn_model.load(str(base))
    for layer, (kind, inputs, outputs, params) in zip(
            layers, _ncnn_lines(pathlib.Path(f"{base}.param"))):
        x = values.get(inputs[0]) if inputs else "x"
        if kind == "Input":
            y = "x"
        elif kind == "Split":
            y = x
        elif kind == "Padding":
            y = _ncnn_pad(g, x, params)
        elif kind == "Convolution":
            weight, bias = layer.weights
            stride = int(params.get("3", 1))
            y = g.add("Conv", x, g.constant(weight), g.constant(bias), strides=[stride, stride])
        elif kind == "InstanceNorm":
            ones = np.ones(int(params["0"]), np.float32)
            scale, shift = layer.weights or (ones, 0 * ones)
            y = g.add("InstanceNormalization", x, g.constant(scale), g.constant(shift),
                      epsilon=float(params["1"]))
        elif kind == "ReLU":
            y = g.add("Relu", x)
        elif kind == "BinaryOp":
            y = g.add("Add", x, values[inputs[1]])
        elif kind == "Interp":
            scales = np.array([1, 1, float(params["1"]), float(params["2"])], np.float32)
            y = g.add("Resize", x, "", g.constant(scales), mode="nearest", nearest_mode="floor",
                      coordinate_transformation_mode="asymmetric")
        elif kind == "Clip":
            y = g.add("Clip", x, g.number(float(params["0"])), g.number(float(params["1"])))
        else:
            raise ValueError(f"{base}: a layer {kind}")
        values.update(dict.fromkeys(outputs, y))
    return g.finish(y, (1, 3, 224, 224))


class Nhwc(Graph):
    """N,H,W,C, as TensorFlow has it, around operators of N,C,H,W."""

    def outside(self, kind, x, *inputs, **attributes):
        inner = self.add("Transpose", x, perm=[0, 3, 1, 2])
        y = self.add(kind, inner, *inputs, **attributes)
        return self.add("Transpose", y, perm=[0, 2, 3, 1])

    def conv(self, x, weight, stride=1, pads=0, group=1, bias=None, same=False):
        """`weight`: rows, columns, inputs, outputs; of a depthwise one the last is 1."""
        order = (2, 3, 0, 1) if group > 1 else (3, 2, 0, 1)
        more = {"auto_pad": "SAME_UPPER"} if same else {"pads": [pads] * 4}
        extra = [] if bias is None else [self.constant(bias)]
        return self.outside("Conv", x, self.constant(weight.transpose(order)), *extra,
                            strides=[stride, stride], group=group, **more)

    def double(self, x, **attributes):
        return self.add("Resize", x, "", self.constant(np.array([1, 2, 2, 1], np.float32)),
                        **attributes)


def p2gan(base):
    g, held = Nhwc(), tensor_bundle.load(base)

    def tensor(name):
        return held[f"generator/{name}"]

    def norm(x, name):
        gamma, beta = (tensor(f"{name}/InstanceNorm/{part}") for part in ("gamma", "beta"))
        return g.outside("InstanceNormalization", x, g.constant(gamma), g.constant(beta),
                         epsilon=1e-6)

    def depth(x, name, stride):
        weight = tensor(f"{name}/depthwise_weights")
        edge = g.add("Pad", x, g.numbers(0, 1, 1, 0, 0, 1, 1, 0), mode="edge")
        return norm(g.conv(edge, weight, stride=stride, group=weight.shape[2]), name)

    def point(x, name):
        return norm(g.conv(x, tensor(f"{name}/weights")), name)
    x = "x"
    for k in range(3):
        x = g.add("Relu", depth(x, f"enc_{k}_dw", 2))
        x = g.add("Relu", point(x, f"enc_{k}_pw"))
    inner = g.add("Relu", depth(x, "res_0_dw", 1))
    x = g.add("Add", x, point(inner, "res_0_pw"))
    for k in range(3):
        x = depth(g.double(x, mode="nearest", nearest_mode="floor",
                           coordinate_transformation_mode="asymmetric"), f"dec_{k}_dw", 1)
        x = g.add("Relu", point(x, f"dec_{k}_pw"))
    x = g.add("Pad", x, g.numbers(0, 1, 1, 0, 0, 1, 1, 0), mode="edge")
    x = g.add("Tanh", g.conv(x, tensor("output/weights"), bias=tensor("output/biases")))
    return g.finish(x, (1, "height", "width", 3))


class CartoonGan(Nhwc):
    def __init__(self, base):
        super().__init__()
        self.held = tensor_bundle.load(base)

    def tensor(self, name):
        return self.held[f"{name}/.ATTRIBUTES/VARIABLE_VALUE"]

    def norm(self, x, name):
        """(x - mean) / (deviation + epsilon), over a whole picture."""
        mean = self.add("ReduceMean", x, axes=[1, 2, 3])
        away = self.add("Sub", x, mean)
        variance = self.add("ReduceMean", self.add("Mul", away, away), axes=[1, 2, 3])
        deviation = self.add("Add", self.add("Sqrt", variance), self.number(1e-3))
        y = self.add("Mul", self.add("Div", away, deviation),
                     self.constant(self.tensor(f"{name}/gamma")))
        return self.add("Add", y, self.constant(self.tensor(f"{name}/beta")))

    def relu(self, x):
        return self.add("Relu", x)

    def point(self, x, name, bias=False):
        return self.conv(x, self.tensor(f"{name}/kernel"),
                         bias=self.tensor(f"{name}/bias") if bias else None)

    def depth(self, x, name, stride):
        weight = self.tensor(f"{name}/depthwise_kernel")
        return self.conv(x, weight, stride=stride, group=weight.shape[2], same=True)

    def shuffle(self, x, channels):
        size = self.add("Slice", self.add("Shape", x), self.numbers(0), self.numbers(3))
        parts = self.add("Concat", size, self.numbers(2, channels // 2), axis=0)
        whole = self.add("Concat", size, self.numbers(channels), axis=0)
        turned = self.add("Transpose", self.add("Reshape", x, parts), perm=[0, 1, 2, 4, 3])
        return self.add("Reshape", turned, whole)

    def unit(self, x, name):
        """ShuffleNet's unit: half of the channels pass by."""
        half = self.tensor(f"{name}/layer-0/kernel").shape[2]
        self.count += 1
        left, right = f"l{self.count}", f"r{self.count}"
        self.nodes.append(helper.make_node("Split", [x], [left, right], axis=3))
        y = self.relu(self.norm(self.point(right, f"{name}/layer-0"), f"{name}/layer-1"))
        y = self.norm(self.depth(y, f"{name}/layer-3", 1), f"{name}/layer-4")
        y = self.relu(self.norm(self.point(y, f"{name}/layer-5"), f"{name}/layer-6"))
        return self.shuffle(self.add("Concat", left, y, axis=3), 2 * half)

    def down(self, x, name):
        left = self.norm(self.depth(x, f"{name}/l_model/layer-0", 2), f"{name}/l_model/layer-1")
        left = self.point(left, f"{name}/l_model/layer-2")
        y = self.norm(self.point(x, f"{name}/r_model/layer-0"), f"{name}/r_model/layer-1")
        y = self.norm(self.depth(self.relu(y), f"{name}/r_model/layer-3", 2),
                      f"{name}/r_model/layer-4")
        y = self.add("Concat", left, self.point(y, f"{name}/r_model/layer-5"), axis=3)
        channels = 2 * self.tensor(f"{name}/r_model/layer-5/kernel").shape[3]
        return self.shuffle(self.relu(self.norm(y, f"{name}/bn_act/layer-0")), channels)

    def build(self):
        x = self.add("Sub", self.add("Div", "x", self.number(127.5)), self.number(1))
        first = "flat_conv1/model/layer-1"
        x = self.conv(x, self.tensor(f"{first}/kernel"), pads=2, bias=self.tensor(f"{first}/bias"))
        x = self.relu(self.norm(x, "flat_conv1/model/layer-2"))
        x = self.down(self.down(x, "down_conv1"), "down_conv2")
        for k in range(8):
            x = self.unit(x, f"residual_blocks/layer-{k}/model")
        for name in ("up_conv1", "up_conv2"):
            x = self.double(x, mode="linear", coordinate_transformation_mode="half_pixel")
            x = self.unit(self.point(x, f"{name}/model/layer-0", bias=True),
                          f"{name}/model/layer-1/model")
        last = "final_conv/layer-1"
        x = self.conv(x, self.tensor(f"{last}/kernel"), pads=2, bias=self.tensor(f"{last}/bias"))
        x = self.add("Mul", self.add("Add", self.add("Tanh", x), self.number(1)),
                     self.number(127.5))
        return self.finish(x, (1, "height", "width", 3))


def all_of(folder):
    """(name, model) of every style network there is."""
    for path in sorted(folder.glob("fast-neural-style/*.param")):
        yield f"fast-{path.stem}", fast_neural(path.with_suffix(""))
    for path in sorted(folder.glob("p2gan/*/*.index")):
        yield f"p2gan-{path.parent.name}", p2gan(path.with_suffix(""))
    for path in sorted(folder.glob("cartoongan-light/*/*.index")):
        yield f"cartoongan-{path.parent.name}", CartoonGan(path.with_suffix("")).build()
