"""Reads a TensorFlow Lite file: tensors, operators, constants, options of custom operators.

A .tflite file is a FlatBuffer and the options of its custom operators are FlexBuffers. Both are
read by hand, so numpy is all that is needed. What the fields mean is said in TensorFlow's
schema.fbs; numbers of fields, operators and types are its numbers.
"""
import struct

import numpy as np

CUSTOM = 32
OPERATORS = {0: "ADD", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE",
             17: "MAX_POOL_2D", 18: "MUL", 19: "RELU", 22: "RESHAPE", 23: "RESIZE_BILINEAR",
             34: "PAD", 45: "STRIDED_SLICE", 54: "PRELU"}
TYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64}
PADDINGS = ("SAME", "VALID")
ACTIVATIONS = {0: None, 1: "RELU"}


class Table:
    """A FlatBuffer table: fields by number, each may be absent."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.fields = at - struct.unpack_from("<i", data, at)[0]
        self.size = struct.unpack_from("<H", data, self.fields)[0]

    def place(self, number):
        """Where a field's value lies; 0 if it is absent."""
        slot = 4 + 2 * number
        if slot + 2 > self.size:
            return 0
        offset = struct.unpack_from("<H", self.data, self.fields + slot)[0]
        return self.at + offset if offset else 0

    def scalar(self, number, form, absent=0):
        place = self.place(number)
        return struct.unpack_from("<" + form, self.data, place)[0] if place else absent

    def follow(self, place):
        return place + struct.unpack_from("<I", self.data, place)[0]

    def vector(self, number):
        """Where a vector's first element lies, and how many there are."""
        place = self.place(number)
        if not place:
            return 0, 0
        place = self.follow(place)
        return place + 4, struct.unpack_from("<I", self.data, place)[0]

    def tables(self, number):
        first, count = self.vector(number)
        return [Table(self.data, self.follow(first + 4 * k)) for k in range(count)]

    def table(self, number):
        place = self.place(number)
        return Table(self.data, self.follow(place)) if place else None

    def integers(self, number):
        first, count = self.vector(number)
        return list(struct.unpack_from("<%di" % count, self.data, first))

    def octets(self, number):
        first, count = self.vector(number)
        return self.data[first:first + count]


class Operator:
    """`inputs` and `outputs` are numbers of tensors; an input of -1 is left out."""

    def __init__(self, kind, table):
        self.kind = kind
        self.inputs, self.outputs = table.integers(1), table.integers(2)
        self.options = table.table(4)
        self.custom = table.octets(5)

    def option(self, number, form, absent=0):
        return self.options.scalar(number, form, absent) if self.options else absent

    def padding(self):
        return PADDINGS[self.option(0, "b")]

    def strides(self):
        """Rows, columns."""
        return [self.option(2, "i", 1), self.option(1, "i", 1)]

    def activation(self, number):
        """The name of the operator that is fused behind this one, or None."""
        code = self.option(number, "b")
        if code not in ACTIVATIONS:
            raise ValueError("%s with the activation %d" % (self.kind, code))
        return ACTIVATIONS[code]


class Model:
    """The first subgraph of a file. Tensors are numbered; names, shapes and constants are lists or
    dictionaries by that number."""

    def __init__(self, data):
        self.data = bytes(data)
        root = Table(self.data, struct.unpack_from("<I", self.data, 0)[0])
        kinds = [self.kind_of(code) for code in root.tables(1)]
        self.graph = root.tables(2)[0]
        self.inputs, self.outputs = self.graph.integers(1), self.graph.integers(2)
        self.names, self.shapes, self.constants = [], [], {}
        buffers = root.tables(4)
        for number, tensor in enumerate(self.graph.tables(0)):
            self.names.append(tensor.octets(3).decode("utf-8"))
            self.shapes.append(tensor.integers(0))
            content = buffers[tensor.scalar(2, "I")].octets(0)
            if content:
                kind = TYPES[tensor.scalar(1, "b")]
                self.constants[number] = np.frombuffer(content, kind).reshape(self.shapes[-1])
        self.operators = [Operator(kinds[entry.scalar(0, "I")], entry)
                          for entry in self.graph.tables(3)]
        self.maker = {out: operator for operator in self.operators for out in operator.outputs}

    @staticmethod
    def kind_of(code):
        # An old file has the number in a byte, a newer one in an integer beside it.
        number = max(code.scalar(0, "b"), code.scalar(3, "i"))
        if number == CUSTOM:
            return code.octets(1).decode("utf-8")
        return OPERATORS.get(number, "operator %d" % number)

    def tensor(self, name):
        """The number of the tensor of this name."""
        return self.names.index(name)

    def constant(self, number):
        """A constant, also behind the operator that widens it to float32; None: not constant."""
        while number not in self.constants:
            operator = self.maker.get(number)
            if not operator or operator.kind != "DEQUANTIZE":
                return None
            number = operator.inputs[0]
        return self.constants[number]

    def between(self, starts, ends):
        """The operators that make the tensors `ends` from the tensors `starts`, in file order."""
        wanted, found = set(ends) - set(starts), []
        for operator in reversed(self.operators):
            if wanted.intersection(operator.outputs):
                found.append(operator)
                wanted.update(set(operator.inputs) - set(starts))
        return found[::-1]


def flexbuffer_map(data):
    """A FlexBuffer that is a map of integers, floats and vectors of integers, as a dictionary."""
    integers = {1: "bhiq", 2: "BHIQ"}

    def number(at, kind, width):
        form = integers[kind][width] if kind in integers else {2: "f", 3: "d"}[width]
        return struct.unpack_from("<" + form, data, at)[0]

    def behind(at, width):
        """What an offset points to; offsets point backwards."""
        return at - number(at, 2, width)

    def value(at, width, packed):
        kind, inner = packed >> 2, packed & 3
        if kind in (1, 2, 3):
            return number(at, kind, width)
        if kind not in (11, 12):
            raise ValueError("a FlexBuffer value of type %d" % kind)
        first, size = behind(at, width), 1 << inner
        count = number(first - size, 2, inner)
        return [number(first + size * k, kind - 10, inner) for k in range(count)]

    def text(at):
        return data[at:data.index(b"\0", at)].decode("utf-8")

    packed, root_width = data[-2], data[-1].bit_length() - 1
    if packed >> 2 != 9:
        raise ValueError("a FlexBuffer that is no map")
    values, width = behind(len(data) - 2 - data[-1], root_width), packed & 3
    size = 1 << width
    count = number(values - size, 2, width)
    keys = behind(values - 3 * size, width)
    key_width = number(values - 2 * size, 2, width).bit_length() - 1
    result = {}
    for k in range(count):
        key = text(behind(keys + (k << key_width), key_width))
        result[key] = value(values + size * k, width, data[values + size * count + k])
    return result
