#!/usr/bin/env python3
"""A stored input/output pair of a network: what devices are checked against at first use.

    stored_pair.py FILE.onnx [HEIGHTxWIDTH]     # runs it in ONNX Runtime, writes it into the file
    stored_pair.py --print FILE.onnx [...]      # prints the pair and leaves the file as it is

The pair is text in the file's metadata (key mien.check), in words parted by blanks:

    input HEIGHT WIDTH SEED      the size of the input picture and the seed of its values
    output NAME LIMIT            an output, and the largest error that is allowed
    PLACE:VALUE ...              some of its values; PLACE counts in C,H,W order

LIMIT and VALUE are the bits of a float32 in hexadecimal: no reader has to know decimals. The limit
is a fiftieth of the output's root mean square: far above rounding, far below what a wrong kernel
makes. The input is noise on a ramp, see picture(). Weights are not touched.
"""
import re
import sys

import numpy as np
import onnx

KEY = "mien.check"
SEED = 1
POINTS = 32
LIMIT = 0.02
SIZE = (192, 320)  # of networks that leave it open: their kernels are those of whole frames


def noise(count, seed):
    """`count` values 0..1: a hash of each one's number. core/net/stored_pair.c has the same."""
    h = np.arange(count, dtype=np.uint64) * 2654435761 + seed * 40503
    h &= 0xffffffff
    h ^= h >> 16
    h = h * 0x85ebca6b & 0xffffffff
    h ^= h >> 13
    h = h * 0xc2b2ae35 & 0xffffffff
    h ^= h >> 16
    return (h >> 8).astype(np.float32) / np.float32(1 << 24)


def picture(channels, height, width, seed):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    ramp = (x + y + 1) / np.float32(width + height)
    return (noise(channels * height * width, seed).reshape(channels, height, width) + ramp) / 2


def bits(value):
    return "%08x" % np.float32(value).view(np.uint32)


def input_shape(model, size):
    """Channels, height, width and whether they come in this order or last."""
    constants = {c.name for c in model.graph.initializer}
    value = [i for i in model.graph.input if i.name not in constants][0]
    shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
    last = len(shape) == 4 and not 1 <= shape[1] <= 4 and 1 <= shape[3] <= 4
    _, c, h, w = (shape[0], shape[3], *shape[1:3]) if last else shape
    return value.name, c, h or size[0], w or size[1], last


def make(model, size=SIZE):
    """The text for a model."""
    import onnxruntime
    name, c, h, w, last = input_shape(model, size)
    given = picture(c, h, w, SEED)[None]
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    outputs = session.run(None, {name: given.transpose(0, 2, 3, 1) if last else given})
    words = ["input %d %d %d" % (h, w, SEED)]
    for info, values in zip(session.get_outputs(), outputs):
        if not re.fullmatch(r"[^\s:]{1,60}", info.name):
            raise ValueError("output '%s' has a name that cannot be written down" % info.name)
        values = values.transpose(0, 3, 1, 2) if last else values
        values = np.asarray(values, np.float32).reshape(-1)
        size = float(np.sqrt(np.mean(values.astype(np.float64) ** 2)))
        if not np.isfinite(size) or size == 0:
            raise ValueError("output '%s' is empty or not finite" % info.name)
        chosen = np.random.default_rng(SEED).permutation(values.size)[:POINTS]
        words.append("output %s %s" % (info.name, bits(LIMIT * size)))
        words.append(" ".join("%d:%s" % (i, bits(values[i])) for i in sorted(chosen)))
    return "\n".join(words)


def add(model, size=SIZE):
    text = make(model, size)
    properties = {p.key: p.value for p in model.metadata_props}
    properties[KEY] = text
    onnx.helper.set_model_props(model, properties)
    return text


def main():
    words = [w for w in sys.argv[1:] if w != "--print"]
    size = re.fullmatch(r"(\d+)x(\d+)", words[1]) if len(words) == 2 else None
    if not words or (len(words) > 1 and not size):
        sys.exit(__doc__)
    model = onnx.load(words[0])
    text = add(model, tuple(map(int, size.groups())) if size else SIZE)
    if "--print" in sys.argv:
        print(text)
    else:
        onnx.save(model, words[0])


if __name__ == "__main__":
    main()
