"""Write a folded StyleNet as an ONNX file with float16 weights.

The graph is built by hand rather than traced: the runtime reads exactly these
operators, and every weight is a FLOAT16 initializer followed by a Cast, which
halves the file while the arithmetic stays float32.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import stored_pair

ALIGN = 4       # two stride-2 convolutions
OPSET = 13


class GraphWriter:
    def __init__(self):
        self.nodes, self.constants, self.known = [], [], set()

    def node(self, kind, inputs, name, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name,
                                           **attributes))
        return name

    def constant(self, name, value):
        if name not in self.known:
            self.known.add(name)
            self.constants.append(numpy_helper.from_array(value, name))
        return name

    def weight(self, name, tensor):
        half = tensor.detach().cpu().numpy().astype(np.float16)
        if not np.isfinite(half).all():
            raise ValueError("%s does not fit float16" % name)
        self.constant(name + ".f16", half)
        return self.node("Cast", [name + ".f16"], name, to=TensorProto.FLOAT)

    def conv(self, x, name, module):
        k, stride = module.conv.kernel_size[0], module.conv.stride[0]
        if module.border:
            b = module.border
            pads = self.constant("pads", np.array([0, 0, b, b] * 2, np.int64))
            x = self.node("Pad", [x, pads], name + ".pad", mode="edge")
        w = self.weight(name + ".weight", module.conv.weight)
        b = self.weight(name + ".bias", module.conv.bias)
        return self.node("Conv", [x, w, b], name, kernel_shape=[k, k],
                         strides=[stride, stride], pads=[0, 0, 0, 0])

    def relu(self, x):
        return self.node("Relu", [x], x + ".relu")

    def residual(self, x, name, module):
        y = self.conv(x, name, module)
        return self.relu(self.node("Add", [x, y], name + ".sum"))

    def climb(self, x, skip, name, module):
        """1x1 convolution, up-sampling, addition of the finer level."""
        scales = self.constant("scales", np.array([1, 1, 2, 2], np.float32))
        x = self.node("Resize", [self.conv(x, name, module), "", scales],
                      name + ".up", mode="nearest", nearest_mode="floor",
                      coordinate_transformation_mode="asymmetric")
        return self.relu(self.node("Add", [x, skip], name + ".sum"))


def build_graph(net):
    g = GraphWriter()
    fine = g.relu(g.conv("input", "stem", net.stem))
    x = g.relu(g.conv(fine, "down", net.down))
    for i, conv in enumerate(net.body):
        x = g.residual(x, "body%d" % i, conv)
    x = g.climb(x, fine, "lift", net.lift)
    x = g.conv(x, "head", net.head)
    x = g.node("DepthToSpace", [x], "shuffle", blocksize=2, mode="CRD")
    low = g.constant("low", np.array(0, np.float32))
    high = g.constant("high", np.array(1, np.float32))
    g.node("Clip", [x, low, high], "output")

    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT,
                                             [1, 3, "H", "W"])
    return helper.make_graph(g.nodes, "mien-style", [value("input")],
                             [value("output")], g.constants)


def save(net, path, title):
    """`net` must be folded. Checks the file before it is written."""
    model = helper.make_model(
        build_graph(net), producer_name="mien",
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=7)
    helper.set_model_props(model, {
        "mien.role": "style",
        "mien.title": title,
        "mien.input.range": "0..1",
        "mien.input.order": "RGB",
        "mien.output.range": "0..1",
        "mien.output.order": "RGB",
        "mien.align": str(ALIGN),
        "mien.licence": "MIT",
        "mien.mac_per_pixel": "%d" % round(net.shape.macs_per_pixel()),
    })
    stored_pair.add(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
