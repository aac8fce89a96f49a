#!/usr/bin/env python3
"""Writes a style network of the kind of Johnson, Alahi and Fei-Fei ("Perceptual losses for
real-time style transfer and super-resolution", 2016) with random weights, as ONNX.

    johnson.py CHANNELS FILE.onnx

9x9 convolution, two 3x3 of stride 2, five residual blocks, two of (nearest x2, 3x3), 9x9 and tanh;
instance norms, reflecting pads. CHANNELS is the width of the first layer; Johnson's own has 32.
The same CHANNELS give the same file. Weights are scaled so that every layer's values are about 1:
no denormals, no saturation, which would make a benchmark lie. For benchmarks and for tests of the
reader with a network that nobody here made to its taste.
"""
import sys

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

BLOCKS = 5


class Maker:
    def __init__(self, seed):
        self.random = np.random.RandomState(seed)  # its stream is the same in every NumPy
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, value):
        name = f"k{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def node(self, kind, inputs, **attributes):
        self.count += 1
        out = f"{kind.lower()}{self.count}"
        self.nodes.append(helper.make_node(kind, inputs, [out], name=out, **attributes))
        return out

    def conv(self, x, ci, co, k, stride=1, gain=1.0):
        pads = np.array([0, 0, k // 2, k // 2] * 2, np.int64)
        x = self.node("Pad", [x, self.constant(pads)], mode="reflect")
        weight = self.random.standard_normal((co, ci, k, k)) * gain / np.sqrt(ci * k * k)
        bias = self.random.uniform(-0.1, 0.1, co)
        return self.node("Conv", [x, self.constant(weight.astype(np.float32)),
                                  self.constant(bias.astype(np.float32))],
                         kernel_shape=[k, k], strides=[stride, stride])

    def norm(self, x, c):
        scale = self.random.uniform(0.7, 1.3, c).astype(np.float32)
        bias = self.random.uniform(-0.3, 0.3, c).astype(np.float32)
        return self.node("InstanceNormalization",
                         [x, self.constant(scale), self.constant(bias)], epsilon=1e-5)

    def layer(self, x, ci, co, k, stride=1):
        return self.node("Relu", [self.norm(self.conv(x, ci, co, k, stride), co)])

    def block(self, x, c):
        y = self.layer(x, c, c, 3)
        return self.node("Add", [self.norm(self.conv(y, c, c, 3), c), x])

    def up(self, x):
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        return self.node("Resize", [x, "", scales], mode="nearest", nearest_mode="floor",
                         coordinate_transformation_mode="asymmetric")


def johnson(channels):
    """The network as an ONNX model; height and width are dynamic, multiples of 4."""
    m, c = Maker(channels), channels
    x = m.layer("input", 3, c, 9)
    x = m.layer(x, c, 2 * c, 3, 2)
    x = m.layer(x, 2 * c, 4 * c, 3, 2)
    for _ in range(BLOCKS):
        x = m.block(x, 4 * c)
    x = m.layer(m.up(x), 4 * c, 2 * c, 3)
    x = m.layer(m.up(x), 2 * c, c, 3)
    x = m.conv(x, c, 3, 9, gain=0.5)
    m.nodes.append(helper.make_node("Tanh", [x], ["output"], name="tanh"))
    picture = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "H", "W"])
               for name in ("input", "output")]
    graph = helper.make_graph(m.nodes, f"johnson{channels}", picture[:1], picture[1:],
                              m.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    helper.set_model_props(model, {
        "mien.role": "style", "mien.align": "4", "mien.input.range": "0..1",
        "mien.input.order": "RGB", "mien.output.range": "-1..1", "mien.output.order": "RGB"})
    checker.check_model(model)
    return model


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit() or not 1 <= int(sys.argv[1]) <= 64:
        sys.exit("usage: johnson.py CHANNELS FILE.onnx (1..64 channels)")
    save(johnson(int(sys.argv[1])), sys.argv[2])


if __name__ == "__main__":
    main()
