"""Cuts a part out of a TensorFlow Lite model, so that TensorFlow Lite can run it by itself.

The mesh network has operators that only MediaPipe has. Its parts before and behind them are what
is converted; to run the original parts, the file's list of operators is shortened in place and its
input and its output are set to tensors inside. Weights and operators stay as they are in the file.
"""
import struct

import tflite_reader

GRAPH_INPUTS, GRAPH_OUTPUTS, GRAPH_OPERATORS = 1, 2, 3


def cut(data, start, end):
    """The bytes of a model that computes the tensor `end` from the tensor `start` (names)."""
    model = tflite_reader.Model(data)
    made = bytearray(data)
    first, last = model.tensor(start), model.tensor(end)
    kept = {id(operator) for operator in model.between([first], [last])}
    list_at, _ = model.graph.vector(GRAPH_OPERATORS)
    places = [model.graph.follow(list_at + 4 * k)
              for k, operator in enumerate(model.operators) if id(operator) in kept]
    struct.pack_into("<I", made, list_at - 4, len(places))
    for k, place in enumerate(places):
        # An entry is the distance from itself to the operator.
        struct.pack_into("<I", made, list_at + 4 * k, place - (list_at + 4 * k))
    for field, tensor in ((GRAPH_INPUTS, first), (GRAPH_OUTPUTS, last)):
        at, _ = model.graph.vector(field)
        struct.pack_into("<Ii", made, at - 4, 1, tensor)
    return bytes(made)
