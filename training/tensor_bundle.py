"""Reader for TensorFlow tensor bundles (`PREFIX.index`, `PREFIX.data-*`).

The index is a LevelDB-style table: blocks of prefix-compressed keys, found
through a 48-byte footer; each value is a small protobuf that says where the
tensor's bytes lie. Only uncompressed blocks and float32 are needed here.
"""
import glob
import struct

import numpy as np

FLOAT32 = 1


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _block(table, offset, size):
    data = table[offset:offset + size]
    if table[offset + size]:
        raise ValueError("compressed block in tensor bundle")
    restarts = struct.unpack_from("<I", data, size - 4)[0]
    at, key = 0, b""
    while at < size - 4 - 4 * restarts:
        shared, at = _varint(data, at)
        fresh, at = _varint(data, at)
        length, at = _varint(data, at)
        key = key[:shared] + data[at:at + fresh]
        at += fresh
        yield key, data[at:at + length]
        at += length


def _protobuf(message):
    """{field number: [values]} of one message."""
    fields, at = {}, 0
    while at < len(message):
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(message, at)
        elif wire == 2:
            n, at = _varint(message, at)
            value, at = message[at:at + n], at + n
        elif wire in (1, 5):
            n = 8 if wire == 1 else 4
            value, at = int.from_bytes(message[at:at + n], "little"), at + n
        else:
            raise ValueError("wire type %d" % wire)
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _tensor(entry, shards):
    """BundleEntry: 1 dtype, 2 shape, 3 shard, 4 offset, 5 size."""
    e = _protobuf(entry)
    if e.get(1) != [FLOAT32]:
        return None
    dims = _protobuf(e[2][0]).get(2, []) if 2 in e else []
    shape = [_protobuf(d).get(1, [0])[0] for d in dims]
    start = e.get(4, [0])[0]
    raw = shards[e.get(3, [0])[0]][start:start + e[5][0]]
    return np.frombuffer(raw, np.float32).reshape(shape)


def load(prefix):
    """{name: float32 array}"""
    with open(prefix + ".index", "rb") as f:
        table = f.read()
    shards = []
    for path in sorted(glob.glob(glob.escape(prefix) + ".data-*")):
        with open(path, "rb") as f:
            shards.append(f.read())
    footer, at = table[-48:], 0
    _, at = _varint(footer, at)         # the meta index is not needed
    _, at = _varint(footer, at)
    offset, at = _varint(footer, at)
    size, at = _varint(footer, at)
    tensors = {}
    for _, handle in _block(table, offset, size):
        start, at = _varint(handle, 0)
        length, at = _varint(handle, at)
        for key, value in _block(table, start, length):
            array = _tensor(value, shards) if key else None
            if array is not None:
                tensors[key.decode()] = array
    return tensors
