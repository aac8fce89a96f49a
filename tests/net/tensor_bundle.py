"""Reader for TensorFlow checkpoints (`BASE.index`, `BASE.data-00000-of-00001`): name -> array.

The index is a table of LevelDB's: blocks of sorted keys, each key given by how much it shares with
the one before it. A value is a BundleEntryProto: data type, shape, offset and size in the data.
"""
import pathlib

import numpy as np

FLOAT, STRING = 1, 7


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _block(data, offset, size):
    """(key, value) of a block; an uncompressed one is all that TensorFlow writes."""
    if data[offset + size] != 0:
        raise ValueError("a compressed block")
    block = data[offset:offset + size]
    end = size - 4 - 4 * int.from_bytes(block[-4:], "little")
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        rest, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at:at + rest]
        at += rest
        yield key, block[at:at + length]
        at += length


def _fields(message):
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        if tag & 7 == 0:
            value, at = _varint(message, at)
        elif tag & 7 == 2:
            size, at = _varint(message, at)
            value = message[at:at + size]
            at += size
        else:
            size = {1: 8, 5: 4}[tag & 7]
            value = message[at:at + size]
            at += size
        yield tag >> 3, value


def _entry(message):
    kind = offset = size = 0
    shape = []
    for number, value in _fields(message):
        if number == 1:
            kind = value
        elif number == 2:
            for inner, dim in _fields(value):
                if inner == 2:
                    shape.append(next((v for n, v in _fields(dim) if n == 1), 0))
        elif number == 4:
            offset = value
        elif number == 5:
            size = value
    return kind, shape, offset, size


def _handle(data, at):
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return offset, size, at


def load(base):
    """Floats as arrays, texts as bytes."""
    index = pathlib.Path(f"{base}.index").read_bytes()
    data = pathlib.Path(f"{base}.data-00000-of-00001").read_bytes()
    _, _, at = _handle(index, len(index) - 48)
    offset, size, _ = _handle(index, at)
    found = {}
    for _, place in _block(index, offset, size):
        begin, length, _ = _handle(place, 0)
        for key, value in _block(index, begin, length):
            kind, shape, start, size = _entry(value)
            if key and kind == FLOAT:
                found[key.decode()] = np.frombuffer(data, np.float32, size // 4,
                                                    start).reshape(shape)
            elif key and kind == STRING:
                found[key.decode()] = data[start:start + size]
    return found
