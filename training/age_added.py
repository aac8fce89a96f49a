"""What is added to a trained network's file by hand: nodes and constants that begin with a prefix,
so that they can be taken out again and the file is what it was."""
import numpy as np
import onnx

import age_network
from visible_network import ZeroConv


def conv(weight, bias=0.0):
    """A convolution for AgeGraph.conv(): [out,in,k,k]."""
    out = ZeroConv(weight.shape[1], weight.shape[0], kernel=weight.shape[2], norm=False)
    out.conv.weight.data.copy_(weight)
    out.conv.bias.data.fill_(bias)
    return out


class Added(age_network.AgeGraph):
    """The nodes. All planes are there four times, as the runtime lays them out: none is empty."""

    def __init__(self, prefix):
        super().__init__()
        self.prefix = prefix

    def named(self, name):
        return name if name.startswith(self.prefix) else self.prefix + name

    def node(self, kind, inputs, name, **attributes):
        return super().node(kind, inputs, self.named(name), **attributes)

    def constant(self, name, value):
        return super().constant(self.named(name), value)

    def weight(self, name, tensor):
        half = self.constant(name + ".f16", tensor.detach().numpy().astype(np.float16))
        return self.node("Cast", [half], name, to=onnx.TensorProto.FLOAT)

    def scalar(self, kind, x, name, value):
        value = self.constant(name + ".by", np.array(value, np.float32))
        return self.node(kind, [x, value], name)


def replaced(field, values):
    copies = [type(v).FromString(v.SerializeToString()) for v in values]
    del field[:]
    field.extend(copies)


def without(model, prefix, instead):
    """The model as it was. `instead`: output of an added node -> what was there before it."""
    graph, kept = model.graph, []
    for n in graph.node:
        n.input[:] = [instead.get(i, i) for i in n.input]
        if not n.name.startswith(prefix):
            kept.append(n)
    replaced(graph.node, kept)
    replaced(graph.initializer, [c for c in graph.initializer if not c.name.startswith(prefix)])
    return model
