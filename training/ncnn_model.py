"""Reader for ncnn models (`BASE.param`, `BASE.bin`): layers and weights.

In the .bin file a convolution is a tag word (0x01306B47: float16 weights,
padded to 4 bytes; 0: float32 weights) followed by float32 bias, an instance
norm float32 scale and bias. Other layers of the networks read here have no
weights.
"""
import dataclasses

import numpy as np

FP16_TAG = 0x01306B47


@dataclasses.dataclass
class Layer:
    kind: str
    params: dict
    weights: tuple = ()


class _Blob:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.at = 0

    def take(self, dtype, count):
        array = np.frombuffer(self.data, dtype, count, self.at)
        self.at += -(-array.nbytes // 4) * 4
        return array.astype(np.float32)

    def tagged(self, count):
        tag = int(np.frombuffer(self.data, np.uint32, 1, self.at)[0])
        self.at += 4
        if tag not in (0, FP16_TAG):
            raise ValueError("ncnn weight tag %#x" % tag)
        return self.take(np.float16 if tag else np.float32, count)


def _weights(kind, params, blob):
    if kind == "InstanceNorm" and params.get("2", "1") == "1":
        channels = int(params["0"])
        return blob.take(np.float32, channels), blob.take(np.float32, channels)
    if kind != "Convolution":
        return ()
    channels, kernel = int(params["0"]), int(params["1"])
    weight = blob.tagged(int(params["6"]))
    bias = (blob.take(np.float32, channels) if params.get("5") == "1"
            else np.zeros(channels, np.float32))
    return weight.reshape(channels, -1, kernel, kernel), bias


def load(base):
    blob, layers = _Blob(base + ".bin"), []
    with open(base + ".param") as f:
        lines = f.read().splitlines()[2:]
    for words in filter(None, map(str.split, lines)):
        kind, n_in, n_out = words[0], int(words[2]), int(words[3])
        params = dict(w.split("=") for w in words[4 + n_in + n_out:])
        layers.append(Layer(kind, params, _weights(kind, params, blob)))
    if blob.at != len(blob.data):
        raise ValueError("%s.bin: %d of %d bytes read"
                         % (base, blob.at, len(blob.data)))
    return layers

