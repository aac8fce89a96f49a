#!/usr/bin/env python3
"""Writes a network around one 3x3 convolution, as ONNX, to measure what that costs.

    one_layer.py CI CO FILE.onnx [up] [sum] [d2s]

A 1x1 convolution makes CI channels of the picture, the 3x3 one, whose node is called 'measured', CO
of these, and another 1x1 one makes three of those; up: the 3x3 one sees its input through a nearest
x2 upsampling; sum: its input is the ReLU of a sum with a x2 upsampling of half the size; d2s: depth
to space, which needs 12 channels, is what follows, and not the 1x1 one. `bench_net FILE.onnx WIDTH
HEIGHT` shows its steps. Random weights, always the same.
"""
import sys

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save


def one_layer(ci, co, kinds):
    random = np.random.RandomState(1)
    nodes, constants = [], []

    def conv(name, x, a, b, k, stride=1):
        weight = random.standard_normal((b, a, k, k)) / np.sqrt(a * k * k)
        constants.append(numpy_helper.from_array(weight.astype(np.float32), name + ".weight"))
        nodes.append(helper.make_node("Conv", [x, name + ".weight"], [name + ".out"], name=name,
                                      kernel_shape=[k, k], pads=[(k - stride + 1) // 2] * 4,
                                      strides=[stride] * 2))
        return name + ".out"

    def upsample(x):
        constants.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales"))
        nodes.append(helper.make_node("Resize", [x, "", "scales"], ["large"], name="large",
                                      mode="nearest", nearest_mode="floor",
                                      coordinate_transformation_mode="asymmetric"))
        return "large"

    x = conv("first", "input", 3, ci, 1)
    if "up" in kinds:
        x = upsample(x)
    if "sum" in kinds:
        half = upsample(conv("half", "input", 3, ci, 2, 2))
        nodes.append(helper.make_node("Add", [x, half], ["sum"], name="sum"))
        nodes.append(helper.make_node("Relu", ["sum"], ["joint"], name="joint"))
        x = "joint"
    x = conv("measured", x, ci, co, 3)
    if "d2s" in kinds:
        nodes.append(helper.make_node("DepthToSpace", [x], ["shuffled"], name="shuffled",
                                      blocksize=2))
        x = "shuffled"
    else:
        x = conv("last", x, co, 3, 1)
    picture = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, *size])
               for name, size in (("input", ("H", "W")), (x, ("OH", "OW")))]
    graph = helper.make_graph(nodes, "one_layer", picture[:1], picture[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    checker.check_model(model)
    return model


def main():
    kinds = sys.argv[4:]
    if len(sys.argv) < 4 or not set(kinds) <= {"up", "sum", "d2s"} or {"up", "sum"} <= set(
            kinds) or not all(n.isdigit() and 1 <= int(n) <= 1024 for n in sys.argv[1:3]) or (
            "d2s" in kinds and sys.argv[2] != "12"):
        sys.exit("usage: one_layer.py CI CO FILE.onnx [up | sum] [d2s] (1..1024 channels, "
                 "d2s: CO 12)")
    save(one_layer(int(sys.argv[1]), int(sys.argv[2]), kinds), sys.argv[3])


if __name__ == "__main__":
    main()
