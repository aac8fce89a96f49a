"""What networks of others have: any dimensions, batches, rare functions and resizes; a part of
make_models.py."""
import itertools

import numpy as np
from model_writer import H, W, model, node, rand, rng


class Walk:
    """A random chain of operators that move values about, from x on."""

    def __init__(self, dims):
        self.shape, self.nodes, self.constants = list(dims), [], {}
        self.last, self.count = "x", 0

    def step(self, kind, constants=(), **attributes):
        names = [self.last]
        for value in constants:
            name = f"k{len(self.constants)}"
            self.constants[name] = np.array(value)
            names.append(name)
        self.count += 1
        self.nodes.append(node(kind, names, f"v{self.count}", **attributes))
        self.last = f"v{self.count}"

    def pick_axis(self):
        return int(rng.integers(len(self.shape)))

    def reshape(self):
        """The same values in other dimensions: the product's prime factors, dealt out anew."""
        left, factors = int(np.prod(self.shape)), []
        for prime in (2, 3, 5, 7):
            while left % prime == 0:
                factors.append(prime)
                left //= prime
        factors.append(left)
        if rng.integers(2):
            rng.shuffle(factors)
        rank = int(rng.integers(1, 6))
        shape = [1] * rank
        for k, factor in zip(sorted(rng.integers(0, rank, len(factors))), factors):
            shape[k] *= factor
        self.step("Reshape", [shape])
        self.shape = [int(n) for n in shape]

    def transpose(self):
        perm = [int(k) for k in rng.permutation(len(self.shape))]
        self.step("Transpose", perm=perm)
        self.shape = [self.shape[k] for k in perm]

    def slice(self):
        axis = self.pick_axis()
        begin = int(rng.integers(self.shape[axis]))
        end, step = int(rng.integers(begin + 1, self.shape[axis] + 1)), int(rng.integers(1, 3))
        self.step("Slice", [[begin], [end], [axis], [step]])
        self.shape[axis] = len(range(begin, end, step))

    def pad(self):
        before = [int(n) for n in rng.integers(0, 3, len(self.shape))]
        after = [int(n) for n in rng.integers(0, 2, len(self.shape))]
        if int(np.prod([n + a + b for n, a, b in zip(self.shape, before, after)])) > 20000:
            return
        self.step("Pad", [before + after], mode="constant" if rng.integers(2) else "edge")
        self.shape = [n + a + b for n, a, b in zip(self.shape, before, after)]

    def concat(self):
        axis = self.pick_axis()
        if int(np.prod(self.shape)) > 10000:
            return
        self.nodes.append(node("Neg", self.last, f"n{self.count}"))
        other = f"n{self.count}"
        self.count += 1
        self.nodes.append(node("Concat", [self.last, other], f"v{self.count}", axis=axis))
        self.last = f"v{self.count}"
        self.shape[axis] *= 2

    def add(self):
        shape = [n if rng.integers(2) else 1 for n in self.shape][int(rng.integers(2)):]
        self.step("Add", [rand(*shape)])

    def reduce(self):
        axes = [k for k in range(len(self.shape)) if rng.integers(3) == 0]
        keep = int(rng.integers(2))
        if not axes or int(np.prod(self.shape)) < 24 or (not keep and len(axes) == len(self.shape)):
            return
        kind = str(rng.choice(["ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2"]))
        self.step(kind, axes=axes, keepdims=keep)
        self.shape = [1 if k in axes else n for k, n in enumerate(self.shape) if keep or
                      k not in axes]

    def softmax(self):
        self.step("Softmax", axis=self.pick_axis())

    def gather(self):
        axis = self.pick_axis()
        indices = [int(k) for k in rng.integers(0, self.shape[axis], int(rng.integers(1, 5)))]
        self.step("Gather", [indices], axis=axis)
        self.shape[axis] = len(indices)

    def tile(self):
        repeats = [int(rng.integers(1, 3)) if k == self.pick_axis() else 1
                   for k in range(len(self.shape))]
        if int(np.prod(self.shape)) < 10000:
            self.step("Tile", [repeats])
            self.shape = [n * r for n, r in zip(self.shape, repeats)]

    def matmul(self):
        if len(self.shape) >= 2 and self.shape[-1] < 64:
            wide = int(rng.integers(1, 7))
            self.step("MatMul", [rand(self.shape[-1], wide)])
            self.shape[-1] = wide


def walks(w):
    """Any dimensions on the way, in any order."""
    kinds = ["reshape", "transpose", "slice", "pad", "concat", "add", "reduce", "softmax",
             "gather", "tile", "matmul", "reshape", "transpose"]
    for k in range(150):
        nhwc = k % 5 == 0
        walk = Walk((1, H, W, 3) if nhwc else (1, 3, H, W))
        for _ in range(1 + k % 9):
            getattr(walk, str(rng.choice(kinds)))()
        size = int(np.prod(walk.shape))
        walk.step("Reshape", [[1, 1, 1, size]])
        walk.step("Relu" if k % 2 else "Neg")
        walk.nodes[-1].output[0] = "y"
        made = model(walk.nodes, walk.constants,
                     dims=(1, H, W, 3) if nhwc else (1, 3, H, W))
        w.add(f"walk{k}", made, nhwc=nhwc, nhwc_out=False)


def batches(w):
    """Parts of a picture as a batch of pictures, and as lines."""
    fold = [node("Reshape", "x f", "b")]
    back = [node("Reshape", "z t", "y")]
    shapes = {"f": np.array([2, 6, H // 3, W]), "t": np.array([1, 1, 1, -1])}
    cases = {
        "conv": (node("Conv", "b w c", "z", pads=[1, 1, 1, 1]),
                 {"w": rand(5, 6, 3, 3), "c": rand(5)}),
        "conv_groups": (node("Conv", "b w", "z", group=3), {"w": rand(9, 2, 2, 3)}),
        "deconv": (node("ConvTranspose", "b w c", "z", strides=[2, 2]),
                   {"w": rand(6, 4, 2, 2), "c": rand(4)}),
        "norm": (node("InstanceNormalization", "b s c", "z"), {"s": rand(6), "c": rand(6)}),
        "batchnorm": (node("BatchNormalization", "b s c m v", "z"),
                      {"s": rand(6), "c": rand(6), "m": rand(6), "v": rand(6, low=0.1)}),
        "pool": (node("MaxPool", "b", "z", kernel_shape=[2, 3], strides=[1, 2]), {}),
        "global": (node("GlobalMaxPool", "b", "z"), {}),
        "resize": (node("Resize", ["b", "", "s"], "z"), {"s": np.array([1, 1, 2, 3], np.float32)}),
        "prelu": (node("PRelu", "b s", "z"), {"s": rand(6, 1, 1)}),
        "prelu_full": (node("PRelu", "b s", "z"), {"s": rand(2, 6, H // 3, W)}),
    }
    for name, (middle, constants) in cases.items():
        w.add(f"batch_{name}", model(fold + [middle] + back, dict(shapes, **constants),
                                     dims=(1, 4, H, W)), c=4, nhwc_out=False)
    line = dict(shapes, f=np.array([2, 6, -1]))
    lines = {
        "conv": (node("Conv", "b w c", "z", pads=[1, 2], strides=[2], dilations=[2]),
                 {"w": rand(5, 6, 3), "c": rand(5)}),
        "deconv": (node("ConvTranspose", "b w", "z", strides=[3], output_padding=[1]),
                   {"w": rand(6, 4, 2)}),
        "pool": (node("AveragePool", "b", "z", kernel_shape=[3], strides=[2], pads=[1, 1]), {}),
    }
    for name, (middle, constants) in lines.items():
        w.add(f"line_{name}", model(fold + [middle] + back, dict(line, **constants),
                                    dims=(1, 4, H, W)), c=4, nhwc_out=False)


def more_functions(w):
    scaled = node("Mul", "x k", "t")
    for kind, opset, attributes in (
            ("Floor", 13, {}), ("Ceil", 13, {}), ("Round", 13, {}), ("Sign", 13, {}),
            ("Sin", 13, {}), ("Cos", 13, {}), ("Erf", 13, {}), ("Softsign", 13, {}),
            ("Mish", 18, {}), ("Gelu", 20, {}), ("Gelu", 20, dict(approximate="tanh")),
            ("Selu", 13, {}), ("Selu", 13, dict(alpha=1.1, gamma=0.7)), ("Celu", 13, {}),
            ("Celu", 13, dict(alpha=0.5)), ("ThresholdedRelu", 13, dict(alpha=0.3))):
        name = "_".join([kind.lower(), *(str(v) for v in attributes.values())])
        w.add(f"act_{name}", model([scaled, node(kind, "t", **attributes)],
                                   {"k": np.float32(4)}, opset=opset))
    w.add("act_log", model(node("Log", "x")), low=0.05)
    w.add("pow3", model(node("Pow", "x k"), {"k": np.float32(3)}))
    w.add("pow_any", model(node("Pow", "x k"), {"k": rand(3, 1, 1)}), low=0.1)
    w.add("max_channels", model(node("Max", "x k"), {"k": rand(3, 1, 1)}))
    w.add("min_three", model([node("Neg", "x", "n"), node("Min", "k x n")], {"k": rand(3, 1, 1)}))
    w.add("mean_three", model([node("Neg", "x", "n"), node("Mean", "k x n")],
                              {"k": rand(3, 1, 1)}))
    w.add("maxpool_dilated", model(node("MaxPool", "x", kernel_shape=[3, 2], dilations=[2, 3],
                                        pads=[1, 0, 2, 1]), opset=12))
    for axis in (1, 2, 3):
        w.add(f"layernorm_axis{axis}", model(
            node("LayerNormalization", "x s b", axis=axis),
            {"s": rand(*(3, H, W)[axis - 1:]), "b": rand(*(3, H, W)[axis - 1:])},
            opset=17, dims=(1, 3, H, W)))
    w.add("logsoftmax", model(node("LogSoftmax", "x", axis=1)))
    w.add("softmax11", model(node("Softmax", "x", axis=2), opset=11))
    w.add("pixelshuffle_old", model([  # as it was exported before there was DepthToSpace
        node("Conv", "x w", "c"), node("Reshape", "c a", "r"),
        node("Transpose", "r", "t", perm=[0, 1, 4, 2, 5, 3]), node("Reshape", "t b")],
        {"w": rand(12, 3, 1, 1), "a": np.array([1, 3, 2, 2, H, W]),
         "b": np.array([1, 3, 2 * H, 2 * W])}, dims=(1, 3, H, W)))
    w.add("channel_shuffle", model([
        node("Conv", "x w", "c"), node("Reshape", "c a", "r"),
        node("Transpose", "r", "t", perm=[0, 2, 1, 3, 4]), node("Reshape", "t b")],
        {"w": rand(12, 3, 1, 1), "a": np.array([1, 3, 4, H, W]),
         "b": np.array([1, 12, H, W])}, dims=(1, 3, H, W)))
    w.add("bgr_by_gather", model(node("Gather", "x i", axis=1), {"i": np.array([2, 1, 0])}))
    w.add("adain", model([  # means and deviations as exporters write them, without dimensions kept
        node("ReduceMean", "x", "m", axes=[2, 3], keepdims=0), node("Unsqueeze", "m a", "m4"),
        node("Sub", "x m4", "d"), node("Mul", "d d", "q"),
        node("ReduceMean", "q", "v", axes=[2, 3], keepdims=1), node("Add", "v e", "ve"),
        node("Sqrt", "ve", "s"), node("Div", "d s", "n"),
        node("Flatten", "s", "f"), node("Gemm", "f w b", "g", transB=1),
        node("Reshape", "g r", "g4"), node("Mul", "n g4")],
        {"a": np.array([2, 3]), "e": np.float32(1e-5), "w": rand(3, 3), "b": rand(3),
         "r": np.array([1, 3, 1, 1])}))
    w.add("outer", model([node("ReduceMean", "x", "r", axes=[2]),
                          node("ReduceMax", "x", "c", axes=[3]), node("Mul", "r c")]))


def more_resizes(w):
    scales = {"up": (2.0, 3.0), "odd": (1.5, 1.3), "down": (0.6, 0.7)}
    for name, scale in scales.items():
        s = {"s": np.array([1, 1, *scale], np.float32)}
        for coordinates in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"):
            # Where the result's length is no whole number, ONNX Runtime takes align_corners by
            # another length than the standard's own cases.
            size = {"z": np.array([1, 3, int(H * scale[0]), int(W * scale[1])])}
            for a in (-0.5, -0.75):
                w.add(f"cubic_{name}_{coordinates}_{-a}", model(
                    node("Resize", ["x", "", "", "z"], mode="cubic", cubic_coeff_a=a,
                         coordinate_transformation_mode=coordinates), size))
        w.add(f"cubic_{name}_inside", model(
            node("Resize", ["x", "", "s"], mode="cubic", exclude_outside=1), s))
    for mode in ("linear", "cubic"):
        for target in ((5, 4), (7, 20), (3, 9)):
            w.add(f"antialias_{mode}_{target[0]}", model(
                node("Resize", ["x", "", "", "z"], mode=mode, antialias=1),
                {"z": np.array([1, 3, *target])}, opset=18))
    for coordinates, rounding in itertools.product(
            ("half_pixel", "asymmetric", "align_corners"),
            ("floor", "round_prefer_floor", "round_prefer_ceil", "ceil")):
        w.add(f"nearest_any_{coordinates}_{rounding}", model(
            node("Resize", ["x", "", "", "z"], mode="nearest", nearest_mode=rounding,
                 coordinate_transformation_mode=coordinates),
            {"z": np.array([1, 3, 17, 7])}))
