#!/usr/bin/env python3
"""Writes small ONNX models, inputs and ONNX Runtime's outputs for test_onnx, and damaged models.

    make_models.py FOLDER [PROGRAM [MODELS]]

PROGRAM, if given, is run with FOLDER. The styles in the folder MODELS are compared too.

FOLDER/list.txt has a line for each: "ok NAME HEIGHT WIDTH" with NAME.onnx, NAME.in and NAME.out
(float32; C,H,W), or "bad NAME STATUS HEIGHT WIDTH PART" where PART must be in the message.
"""
import itertools
import pathlib
import subprocess
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from model_writer import H, W, Writer, model, node, rand
    from own_models import batches, more_functions, more_resizes, walks
except ImportError as error:
    print(f"skipped: {error}; see tests/requirements.txt")
    sys.exit(77)


def convolutions(w):
    cases = {
        "plain": dict(),
        "pads": dict(pads=[1, 2, 0, 1]),
        "stride": dict(strides=[2, 3], pads=[1, 1, 1, 1]),
        "dilation": dict(dilations=[2, 1], pads=[2, 1, 2, 1]),
        "same_upper": dict(auto_pad="SAME_UPPER", strides=[2, 2]),
        "same_lower": dict(auto_pad="SAME_LOWER", strides=[2, 2]),
        "same_lower1": dict(auto_pad="SAME_LOWER"),
        "valid": dict(auto_pad="VALID", strides=[2, 1]),
        "shape": dict(kernel_shape=[3, 2]),
    }
    for name, attributes in cases.items():
        w.add(f"conv_{name}", model(node("Conv", "x w b", **attributes),
                                    {"w": rand(5, 3, 3, 2), "b": rand(5)}))
    w.add("conv_nobias", model(node("Conv", "x w"), {"w": rand(4, 3, 1, 1)}, opset=7))
    w.add("conv_groups", model(node("Conv", "x w b", group=2, pads=[1, 1, 1, 1]),
                               {"w": rand(6, 2, 3, 3), "b": rand(6)}, dims=(1, 4, H, W)), c=4)
    w.add("conv_depthwise", model(node("Conv", "x w b", group=3, pads=[2, 2, 2, 2]),
                                  {"w": rand(3, 1, 5, 5), "b": rand(3)}))
    w.add("conv_depth_multiply", model(node("Conv", "x w", group=3), {"w": rand(6, 1, 3, 3)}))
    w.add("conv_old_inputs", model(node("Conv", "x w b"), {"w": rand(2, 3, 3, 3), "b": rand(2)},
                                   opset=8, as_inputs=True))
    w.add("conv_typed", model(node("Conv", "x w"), {"w": rand(2, 3, 3, 3)}, raw=False))
    for raw in (True, False):
        w.add(f"conv_half_{'raw' if raw else 'typed'}", model(
            [node("Cast", "w16", "w", to=TensorProto.FLOAT), node("Conv", "x w")],
            {"w16": np.array([1e-7, -6e-5, 0, 65504, -1, 0.3] * 9, np.float16).reshape(2, 3, 3, 3)
             * np.float16(0.01 if raw else 1)}, raw=raw))
    w.add("conv_double", model([node("Cast", "wd", "w", to=TensorProto.FLOAT), node("Conv", "x w")],
                               {"wd": rand(2, 3, 3, 3, dtype=np.float64)}, raw=False))

    cases = {
        "plain": dict(),
        "stride": dict(strides=[2, 2], pads=[1, 1, 1, 1]),
        "output_padding": dict(strides=[2, 3], pads=[1, 0, 0, 1], output_padding=[1, 2]),
        "dilation": dict(dilations=[2, 3], strides=[2, 1]),
        "same_upper": dict(strides=[2, 2], auto_pad="SAME_UPPER"),
        "same_lower": dict(strides=[2, 2], auto_pad="SAME_LOWER"),
        "output_shape": dict(strides=[2, 2], output_shape=[24, 19]),
        "shape_upper": dict(strides=[2, 2], output_shape=[22, 19], auto_pad="SAME_UPPER"),
        "valid": dict(strides=[2, 2], auto_pad="VALID"),
    }
    for name, attributes in cases.items():
        w.add(f"deconv_{name}", model(node("ConvTranspose", "x w b", **attributes),
                                      {"w": rand(3, 5, 3, 4), "b": rand(5)}))
    w.add("deconv_groups", model(node("ConvTranspose", "x w b", group=2, strides=[2, 2]),
                                 {"w": rand(4, 3, 4, 4), "b": rand(6)}, dims=(1, 4, H, W)), c=4)
    w.add("deconv_depthwise", model(node("ConvTranspose", "x w", group=3, strides=[2, 2]),
                                    {"w": rand(3, 1, 2, 2)}))


def pools(w):
    for kind in ("MaxPool", "AveragePool"):
        cases = {
            "plain": dict(kernel_shape=[2, 2], strides=[2, 2]),
            "pads": dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
            "stride1": dict(kernel_shape=[3, 2]),
            "same": dict(kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"),
            "ceil": dict(kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
            "ceil_pads": dict(kernel_shape=[2, 2], strides=[3, 3], ceil_mode=1, pads=[1, 1, 1, 1]),
        }
        if kind == "AveragePool":
            cases["counted"] = dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
                                    count_include_pad=1)
        for name, attributes in cases.items():
            w.add(f"{kind.lower()}_{name}", model(node(kind, "x", **attributes)))
        w.add(f"{kind.lower()}_opset7", model(node(kind, "x", kernel_shape=[2, 3]), opset=7))
    w.add("globalaveragepool", model(node("GlobalAveragePool", "x")))
    w.add("squeeze_excite", model([node("GlobalAveragePool", "x", "p"), node("Conv", "p w", "q"),
                                   node("Sigmoid", "q", "s"), node("Mul", "x s")],
                                  {"w": rand(3, 3, 1, 1)}))
    w.add("reducemean13", model(node("ReduceMean", "x", axes=[2, 3])))
    w.add("reducemean18", model(node("ReduceMean", "x a"), {"a": np.array([-1, -2])}, opset=18))


def normalizations(w):
    w.add("instancenorm", model(node("InstanceNormalization", "x s b", epsilon=1e-3),
                                {"s": rand(3), "b": rand(3)}))
    w.add("instancenorm_default", model(node("InstanceNormalization", "x s b"),
                                        {"s": rand(3), "b": rand(3)}))
    parts = {"s": rand(3), "b": rand(3), "m": rand(3), "v": rand(3, low=0.1)}
    for opset in (7, 9, 13, 15):
        w.add(f"batchnorm{opset}", model(node("BatchNormalization", "x s b m v", epsilon=1e-2),
                                         parts, opset=opset))


    for groups in (1, 2, 6):
        shapes = [node("Reshape", "c g", "r"), node("InstanceNormalization", "r s b", "n"),
                  node("Shape", "c", "cs"), node("Reshape", "n cs", "m")]
        for name, scale, bias in (("plain", np.ones(groups, np.float32),
                                   np.zeros(groups, np.float32)),
                                  ("scaled", rand(groups), rand(groups))):
            w.add(f"groupnorm_reshape{groups}_{name}", model(
                [node("Conv", "x w", "c")] + shapes + [node("Mul", "m k")],
                {"w": rand(6, 3, 1, 1), "g": np.array([0, groups, -1]), "s": scale, "b": bias,
                 "k": rand(6, 1, 1)}))
        w.add(f"groupnorm21_{groups}", model(
            [node("Conv", "x w", "c"), node("GroupNormalization", "c s b", num_groups=groups)],
            {"w": rand(6, 3, 1, 1), "s": rand(6), "b": rand(6)}, opset=21))
    w.add("layernorm_means", model([
        node("ReduceMean", "x", "m", axes=[1, 2, 3]), node("Sub", "x m", "d"),
        node("Pow", "d two", "q"), node("ReduceMean", "q", "v", axes=[-1, -2, -3]),
        node("Add", "v eps", "e"), node("Sqrt", "e", "s"), node("Reciprocal", "s", "i"),
        node("Mul", "d i")], {"two": np.float32(2), "eps": np.float32(1e-3)}))
    w.add("input_minus", model(node("Relu", "x"), dims=(-1, 3, -1, -1)))


def activations(w):
    plain = {
        "Relu": {}, "LeakyRelu": dict(alpha=0.2), "Tanh": {}, "Sigmoid": {}, "Elu": dict(alpha=1.5),
        "HardSigmoid": dict(alpha=0.3, beta=0.4), "Softplus": {}, "Exp": {}, "Abs": {}, "Neg": {},
    }
    for kind, attributes in plain.items():
        scaled = [node("Mul", "x k", "t"), node(kind, "t", **attributes)]
        w.add(f"act_{kind.lower()}", model(scaled, {"k": np.float32(4)}))
        if attributes:
            w.add(f"act_{kind.lower()}_default", model([scaled[0], node(kind, "t")],
                                                       {"k": np.float32(4)}))
    w.add("act_leakyrelu_zero", model(node("LeakyRelu", "x", alpha=0.0)))
    w.add("act_sqrt", model(node("Sqrt", "x")), low=0.01)
    w.add("act_hardswish", model([node("Mul", "x k", "t"), node("HardSwish", "t")],
                                 {"k": np.float32(5)}, opset=14))
    w.add("prelu_channel", model(node("PRelu", "x s"), {"s": rand(3, 1, 1)}))
    w.add("prelu_one", model(node("PRelu", "x s"), {"s": rand(1)}))
    w.add("prelu_full_rank", model(node("PRelu", "x s"), {"s": rand(1, 3, 1, 1)}))
    w.add("clip6", model(node("Clip", "x", min=-0.25, max=0.5), opset=7))
    w.add("clip6_max", model(node("Clip", "x", max=0.5), opset=10))
    w.add("clip11", model(node("Clip", "x a b"), {"a": np.float32(-0.25), "b": np.float32(0.5)},
                          opset=11))
    w.add("clip_no_min", model(node("Clip", ["x", "", "b"]), {"b": np.float32(0.5)}))
    w.add("clip_no_max", model(node("Clip", "x a"), {"a": np.float32(0.1)}))
    w.add("clip_infinite", model(node("Clip", "x a b"), {"a": np.float32(0.1),
                                                          "b": np.float32(np.inf)}))
    w.add("min_constant", model(node("Min", "x k"), {"k": np.float32(0.2)}))
    w.add("max_constant", model(node("Max", "k x"), {"k": np.array([[0.2]], np.float32)}))


def arithmetic(w):
    shapes = {"scalar": (), "one": (1,), "width": (W,), "column": (H, 1), "channel": (3, 1, 1),
              "channel4": (1, 3, 1, 1), "picture": (1, 1, H, W), "full": (1, 3, H, W)}
    for kind in ("Add", "Sub", "Mul", "Div"):
        for name, shape in shapes.items():
            for first in (False, True):
                value = rand(*shape, low=0.5, high=2.0)
                made = model(node(kind, "k x" if first else "x k"), {"k": value},
                             dims=(1, 3, H, W))
                w.add(f"{kind.lower()}_{name}_{'left' if first else 'right'}", made, low=0.3)
        both = [node("Mul", "x k", "t"), node(kind, "x t")]
        w.add(f"{kind.lower()}_both", model(both, {"k": rand(3, 1, 1, low=0.5)}), low=0.3)
        narrow = [node("Conv", "x w", "t"), node(kind, "x t")]
        w.add(f"{kind.lower()}_one_channel", model(narrow, {"w": rand(1, 3, 1, 1, low=0.5)}),
              low=0.3)
    w.add("expand_constant", model(node("Add", "x k"), {"k": rand(3, H, 1)}, dims=(1, 1, H, W)),
          c=1)
    w.add("sum", model([node("Neg", "x", "n"), node("Sum", "x k", "s"), node("Sum", "s n")],
                       {"k": rand(3, 1, 1)}))
    w.add("pow2", model(node("Pow", "x k"), {"k": np.float32(2)}))
    w.add("pow_half", model(node("Pow", "x k"), {"k": np.float32(0.5)}), low=0.1)
    w.add("reciprocal", model(node("Reciprocal", "x")), low=0.5)
    w.add("identity", model([node("Identity", "x", "a"), node("Dropout", "a")], opset=10))
    w.add("identity_only", model(node("Identity", "x")))
    w.add("dropout13", model([node("Dropout", "x", "a"), node("Relu", "a")]))
    w.add("cast_float", model([node("Cast", "x", "a", to=TensorProto.FLOAT), node("Relu", "a")]))


def movers(w):
    w.add("concat", model([node("Relu", "x", "a"), node("Neg", "x", "b"),
                           node("Concat", "a x b", axis=1)]))
    w.add("concat_negative_axis", model([node("Relu", "x", "a"), node("Concat", "a x", axis=-3)]))
    w.add("concat_one", model(node("Concat", "x", axis=1)))
    for count in (8, 9, 17):
        many = [node("Mul", f"x k{k}", f"t{k}") for k in range(count)]
        names = " ".join(f"t{k}" for k in range(count))
        w.add(f"concat{count}", model(many + [node("Concat", names, axis=1)],
                                      {f"k{k}": np.float32(k) for k in range(count)}))
    for mode in ("constant", "edge", "reflect"):
        w.add(f"pad2_{mode}", model(node("Pad", "x", mode=mode, pads=[0, 0, 1, 2, 0, 0, 3, 4],
                                         **({"value": 0.5} if mode == "constant" else {})),
                                    opset=10))
        pads = np.array([0, 1, 1, 2, 0, 2, 3, 4])
        w.add(f"pad11_{mode}", model(node("Pad", "x p v", mode=mode),
                                     {"p": pads, "v": np.float32(-0.5)}, opset=11))
        w.add(f"pad18_{mode}", model(node("Pad", ["x", "p", "", "a"], mode=mode),
                                     {"p": np.array([1, 2, 3, 4]), "a": np.array([-1, 2])},
                                     opset=18))
    w.add("pad_none", model([node("Pad", "x p", "t"), node("Relu", "t")],
                            {"p": np.zeros(8, np.int64)}))
    w.add("pad_default", model(node("Pad", "x p"), {"p": np.array([0, 0, 1, 1, 0, 0, 1, 1])}))
    deep = {"w": rand(24, 3, 1, 1)}
    for opset, mode in ((9, None), (11, "DCR"), (13, "CRD")):
        attributes = {"mode": mode} if mode else {}
        w.add(f"depthtospace{opset}", model(
            [node("Conv", "x w", "t"), node("DepthToSpace", "t", blocksize=2, **attributes)],
            deep, opset=opset))
    w.add("spacetodepth", model(node("SpaceToDepth", "x", blocksize=2)))
    w.add("slice1", model(node("Slice", "x", axes=[2, 3], starts=[1, -5], ends=[100, -1]),
                          opset=9))
    w.add("slice1_noaxes", model(node("Slice", "x", starts=[0, 1], ends=[1, 3]), opset=7))
    big = np.iinfo(np.int64).max
    w.add("slice10", model(node("Slice", "x s e a t"),
                           {"s": np.array([1, 0, -9]), "e": np.array([3, big, -1]),
                            "a": np.array([1, 2, -1]), "t": np.array([1, 3, 2])}, opset=10))
    w.add("slice_int32", model(node("Slice", "x s e a"),
                               {"s": np.array([2], np.int32), "e": np.array([5], np.int32),
                                "a": np.array([2], np.int32)}))
    w.add("slice_all", model([node("Slice", "x s e a", "t"), node("Relu", "t")],
                             {"s": np.array([0]), "e": np.array([big]), "a": np.array([2])}))
    w.add("split", model([node("Split", "x", ["a", "b"], axis=2), node("Sub", "a b")]))
    w.add("split_sizes", model([node("Split", "x s", ["a", "b"], axis=1), node("Mul", "b a")],
                               {"s": np.array([2, 1])}, ), )
    w.add("reshape_same", model([node("Reshape", "x s", "t"), node("Relu", "t")],
                                {"s": np.array([0, 3, -1, W])}))


def nhwc(w):
    to_nchw, to_nhwc = dict(perm=[0, 3, 1, 2]), dict(perm=[0, 2, 3, 1])
    constants = {"w": rand(3, 3, 3, 3), "k": rand(3), "f": rand(1, H, W, 3), "s": rand(W, 1)}
    dims = (1, "H", "W", 3)
    body = [node("Transpose", "x", "t", **to_nchw),
            node("Conv", "t w", "u", pads=[1, 1, 1, 1]),
            node("Transpose", "u", "y", **to_nhwc)]
    w.add("nhwc", model(body, constants, dims=dims), nhwc=True)
    w.add("nhwc_scaled", model(
        [node("Mul", "x k", "m"), node("Add", "m f", "n"), node("Sub", "n s", "o"),
         node("Transpose", "o", "t", **to_nchw)] + body[1:], constants, dims=dims), nhwc=True)
    w.add("nhwc_fixed", model(body, constants, dims=(1, H, W, 3)), nhwc=True)
    w.add("nhwc_to_nchw", model(body[:1] + [node("Conv", "t w")], constants, dims=dims),
          nhwc=True, nhwc_out=False)
    w.add("nhwc_moves", model(
        [node("Concat", "x x", "c", axis=3), node("Pad", "c p", "d", mode="edge"),
         node("Slice", "d b e a", "f0"), node("PRelu", "f0 sl", "g"),
         node("ReduceMean", "g", "h", axes=[1, 2]), node("Sub", "g h")],
        {"p": np.array([0, 1, 2, 0, 0, 0, 1, 1]), "b": np.array([1, 2]), "e": np.array([8, 9]),
         "a": np.array([1, 3]), "sl": rand(5)}, dims=dims), nhwc=True)


def resizes(w):
    sizes = {"double": (2.0, 2.0), "triple": (3.0, 4.0), "odd": (1.5, 1.3), "half": (0.5, 0.5),
             "down": (0.6, 0.7)}
    for mode in ("nearest", "linear"):
        for opset in (7, 9):
            attributes = dict(mode=mode)
            constants = {}
            if opset == 7:
                attributes["scales"] = [1.0, 1.0, 2.0, 3.0]
            else:
                constants["s"] = np.array([1, 1, 2, 3], np.float32)
            w.add(f"upsample{opset}_{mode}", model(
                node("Upsample", "x" if opset == 7 else "x s", **attributes), constants,
                opset=opset))
        w.add(f"resize10_{mode}", model(node("Resize", "x s", mode=mode),
                                        {"s": np.array([1, 1, 2, 2], np.float32)}, opset=10))
    skipped = 0
    for (name, scale), coordinates in itertools.product(sizes.items(), (
            "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")):
        scales = np.array([1, 1, *scale], np.float32)
        size = np.array([1, 3, int(H * scale[0]), int(W * scale[1])])
        for by_size in (False, True):
            constants = {"z": size} if by_size else {"s": scales}
            inputs = ["x", "", "", "z"] if by_size else ["x", "", "s"]
            made = model(node("Resize", inputs, mode="linear",
                              coordinate_transformation_mode=coordinates), constants)
            # See more_resizes() on align_corners.
            if by_size or coordinates != "align_corners" or name != "down":
                w.add(f"linear_{name}_{coordinates}_{'size' if by_size else 'scale'}", made)
            for rounding in ("floor", "round_prefer_floor", "round_prefer_ceil", "ceil"):
                exact = name in ("double", "triple")
                have = (coordinates, rounding) in (("asymmetric", "floor"),
                                                   ("half_pixel", "round_prefer_floor"),
                                                   ("pytorch_half_pixel", "round_prefer_floor"))
                if not have and not (exact and coordinates.endswith("half_pixel")
                                     and rounding.startswith("round")):
                    skipped += 1
                    continue
                made = model(node("Resize", inputs, mode="nearest", nearest_mode=rounding,
                                  coordinate_transformation_mode=coordinates), constants)
                w.add(f"nearest_{name}_{coordinates}_{rounding}_{'size' if by_size else 'scale'}",
                      made)
    w.add("resize18_axes", model(
        node("Resize", ["x", "", "", "z"], mode="linear", axes=[2, 3], antialias=1),
        {"z": np.array([20, 17])}, opset=18))
    w.add("resize_same", model([node("Resize", ["x", "", "s"], "t"), node("Relu", "t")],
                               {"s": np.ones(4, np.float32)}))
    w.add("resize_roi", model(node("Resize", "x r s", mode="linear"),
                              {"r": np.zeros(0, np.float32),
                               "s": np.array([1, 1, 2, 2], np.float32)}, opset=11))


def folding(w):
    """What exporters write for `interpolate(x, size=y.shape[2:])` and the like."""
    w.add("fold_shape_size", model([
        node("MaxPool", "x", "p", kernel_shape=[2, 2], strides=[2, 2]),
        node("Shape", "x", "sx"), node("Slice", "sx two four zero", "hw"),
        node("Shape", "p", "sp"), node("Slice", "sp zero two zero", "nc"),
        node("Concat", "nc hw", "size", axis=0),
        node("Resize", ["p", "", "", "size"], mode="linear",
             coordinate_transformation_mode="pytorch_half_pixel")],
        {"zero": np.array([0]), "two": np.array([2]), "four": np.array([4])}))
    w.add("fold_scale_floor", model([
        node("Shape", "x", "s"),
        node("Constant", [], "i2", value=numpy_helper.from_array(np.array(2))),
        node("Gather", "s i2", "h", axis=0), node("Gather", "s i3", "w", axis=0),
        node("Cast", "h", "hf", to=TensorProto.FLOAT), node("Mul", "hf k", "hk"),
        node("Floor", "hk", "hl"), node("Cast", "hl", "hi", to=TensorProto.INT64),
        node("Mul", "w four", "w2"), node("Add", "w2 two", "wa"), node("Sub", "wa two", "wb"),
        node("Div", "wb two", "wi"),
        node("Unsqueeze", "hi", "hu", axes=[0]), node("Unsqueeze", "wi", "wu", axes=[0]),
        node("Slice", "s", "nc", axes=[0], starts=[0], ends=[2]),
        node("Concat", "nc hu wu", "size", axis=0),
        node("Cast", "size", "sf", to=TensorProto.FLOAT),
        node("Cast", "s", "of", to=TensorProto.FLOAT), node("Div", "sf of", "scales"),
        node("Upsample", "x scales", mode="nearest")],
        {"i3": np.array(3), "k": np.float32(2), "two": np.array(2), "four": np.array(4)},
        opset=9))
    w.add("fold_torch_pad", model([
        node("ConstantOfShape", "n", "z",
             value=helper.make_tensor("v", TensorProto.INT64, [1], [0])),
        node("Concat", "c z", "p0", axis=0), node("Reshape", "p0 two", "p1"),
        node("Slice", "p1 m1 lowest zero m1", "p2"), node("Transpose", "p2", "p3", perm=[1, 0]),
        node("Reshape", "p3 flat", "p4"), node("Cast", "p4", "p5", to=TensorProto.INT64),
        node("Pad", "x p5", mode="reflect")],
        {"n": np.array([4]), "c": np.array([1, 2, 3, 4]), "two": np.array([-1, 2]),
         "m1": np.array([-1]), "lowest": np.array([np.iinfo(np.int64).min + 1]),
         "zero": np.array([0]), "flat": np.array([-1])}, opset=11))
    w.add("fold_weights", model([
        node("Mul", "w0 k", "w1"), node("Transpose", "w1", "w2", perm=[1, 0, 2, 3]),
        node("Reshape", "w2 shape", "w3"), node("Unsqueeze", "b0 axes", "b1"),
        node("Squeeze", "b1 axes", "b2"), node("Expand", "e three", "b3"),
        node("Add", "b2 b3", "b4"), node("Conv", "x w3 b4")],
        {"w0": rand(3, 3, 3, 3), "k": rand(3, 1, 1), "shape": np.array([0, 3, -1, 3]),
         "b0": rand(3), "axes": np.array([0]), "e": rand(1), "three": np.array([3])}))
    w.add("fold_where_range", model([
        node("Shape", "x", "s", start=2, end=4), node("Range", "a b c", "r"),
        node("Equal", "s r", "q"), node("Where", "q s r", "t"), node("Sub", "t t", "z"),
        node("Concat", "o s", "size", axis=0), node("Concat", "o z", "zero", axis=0),
        node("Sub", "size zero", "u"), node("Reshape", "x u", "v"), node("Relu", "v")],
        {"a": np.array(1), "b": np.array(5), "c": np.array(2), "o": np.array([1, 3])}, opset=15))
    w.add("dead_nodes", model([node("Neg", "x", "d"), node("Shape", "d", "s"),
                               node("Einsum", "x", "e", equation="abcd->abcd"),
                               node("Relu", "x")]))
    bytes_in = model([node("Cast", "x", "f", to=TensorProto.FLOAT), node("Mul", "f k", "g"),
                      node("Sub", "g l", "h"), node("Cast", "h", to=TensorProto.UINT8)],
                     {"k": np.float32(0.7), "l": np.float32(0)}, kind=TensorProto.UINT8,
                     result=TensorProto.UINT8)
    w.add("bytes", bytes_in, low=0, high=255, dtype=np.uint8)
    w.add("channels_open", model(node("Relu", "x"), dims=(1, "C", "H", "W")))
    w.add("two_outputs", model([node("Relu", "x"), node("Neg", "x", "z")], outputs=["y", "z"]))
    w.add("constants", model([
        node("Constant", [], "a", value_float=0.5), node("Mul", "x a", "t"),
        node("Constant", [], "b", value_floats=[0.5, 1.0, 2.0]),
        node("Constant", [], "c", value_ints=[3, 1, 1]), node("Reshape", "b c", "d"),
        node("Add", "t d")]))


def hostile(w):
    conv = model(node("Conv", "x w b"), {"w": rand(5, 3, 3, 3), "b": rand(5)})
    data = conv.SerializeToString()
    MODEL, UNSUPPORTED, INVALID = -7, -3, -1
    w.bad("empty", b"", MODEL, "empty")
    w.bad("text", b"this is no model but a text file\n" * 10, MODEL, "not an ONNX model")
    w.bad("truncated", data[:len(data) // 2], MODEL, "cut off")
    w.bad("truncated1", data[:-1], MODEL, "")
    w.bad("zeros", bytes(1000), MODEL, "not an ONNX model")
    w.bad("ones", b"\xff" * 1000, MODEL, "not an ONNX model")

    def put(name, status, part, nodes, constants=None, size=(H, W), **more):
        w.bad(name, model(nodes, constants, **more), status, part, *size)

    put("unknown_op", UNSUPPORTED, "Einsum", node("Einsum", "x", equation="abcd->abcd"))
    put("weight_channels", MODEL, "Conv_y", node("Conv", "x w"), {"w": rand(5, 4, 3, 3)})
    put("weight_rank", UNSUPPORTED, "3 dimensions for 4", node("Conv", "x w"), {"w": rand(5, 3, 3)})
    put("weight_runtime", UNSUPPORTED, "weight", node("Conv", "x x"))
    put("weight_missing", UNSUPPORTED, "weight", node("Conv", "x"))
    put("undefined", MODEL, "'nowhere'", node("Add", "x nowhere"))
    put("cycle", MODEL, "'b'", [node("Add", "x b", "a"), node("Relu", "a", "b"),
                                node("Relu", "b")])
    put("self", MODEL, "'y'", node("Add", "x y"))
    put("twice", MODEL, "defined twice", [node("Relu", "x"), node("Neg", "x")])
    put("twice_input", MODEL, "defined twice", [node("Relu", "x", "x"), node("Neg", "x")])
    put("twice_initializer", MODEL, "defined twice", [node("Relu", "x", "k"), node("Add", "x k")],
        {"k": rand(1)})
    put("no_output", MODEL, "output", node("Relu", "x", "z"))
    put("constant_output", MODEL, "depend", node("Relu", "x", "z"), {"y": rand(1, 3, H, W)})
    put("kernel_shape", MODEL, "kernel_shape", node("Conv", "x w", kernel_shape=[2, 2]),
        {"w": rand(5, 3, 3, 3)})
    put("kernel_large", MODEL, "empty", node("Conv", "x w"), {"w": rand(1, 3, 20, 20)})
    for name, attributes, status in (
            ("stride_zero", dict(strides=[0, 1]), MODEL),
            ("stride_large", dict(strides=[1 << 40, 1]), MODEL),
            ("stride_three", dict(strides=[1, 1, 1]), MODEL),
            ("dilation_zero", dict(dilations=[0, 1]), MODEL),
            ("dilation_huge", dict(dilations=[1 << 62, 1]), MODEL),
            ("pads_negative", dict(pads=[-1, 0, 0, 0]), UNSUPPORTED),
            ("pads_huge", dict(pads=[1 << 62, 0, 0, 0]), UNSUPPORTED),
            ("pads_two", dict(pads=[1, 1]), MODEL),
            ("group_zero", dict(group=0), MODEL),
            ("group_two", dict(group=2), MODEL),
            ("group_huge", dict(group=1 << 62), MODEL),
            ("auto_pad", dict(auto_pad="SAME"), UNSUPPORTED)):
        put(name, status, "Conv_y", node("Conv", "x w", **attributes), {"w": rand(5, 3, 3, 3)})
    for name, shape, status, part in (
            ("zero", [0, 5], MODEL, "value 0"), ("negative", [5, -1], MODEL, "value -1"),
            ("lowest", [-1 << 63, 5], MODEL, "value -9223372036854775808"),
            ("huge", [5, (1 << 63) - 1], MODEL, "value 9223372036854775807"),
            ("three", [3, 24, 19], MODEL, "3 values"),
            ("crop", [1, 1], UNSUPPORTED, "crops 360439 values")):
        put(f"output_shape_{name}", status, part,
            node("ConvTranspose", "x w", strides=[32767, 1], output_shape=shape),
            {"w": rand(3, 1, 3, 3)})
    put("bias_size", MODEL, "input 2", node("Conv", "x w b"), {"w": rand(5, 3, 3, 3), "b": rand(4)})
    put("norm_size", MODEL, "input 1", node("InstanceNormalization", "x s b"),
        {"s": rand(2), "b": rand(3)})
    put("variance", MODEL, "variance", node("BatchNormalization", "x s s s v"),
        {"s": rand(3), "v": np.array([1, -1, 1], np.float32)})
    for name, value in (("nan", np.nan), ("inf", np.inf), ("zero", 0), ("negative", -1),
                        ("huge", 1e30), ("tiny", 1e-30)):
        put(f"scale_{name}", MODEL, "Resize_y", node("Resize", ["x", "", "s"]),
            {"s": np.array([1, 1, value, 1], np.float32)})
    put("size_huge", MODEL, "Resize_y", node("Resize", ["x", "", "", "z"]),
        {"z": np.array([1, 3, 1 << 40, 1 << 40])})
    put("size_large", UNSUPPORTED, "too large", node("Resize", ["x", "", "", "z"]),
        {"z": np.array([1, 3, 1 << 15, 1 << 15])})
    put("size_both", MODEL, "either", node("Resize", ["x", "", "s", "z"]),
        {"z": np.array([1, 3, 2, 2]), "s": np.ones(4, np.float32)})
    put("scale_channels", UNSUPPORTED, "channels", node("Resize", ["x", "", "s"]),
        {"s": np.array([1, 2, 1, 2], np.float32)})
    put("resize_region", UNSUPPORTED, "tf_crop_and_resize", node(
        "Resize", ["x", "r", "s"], coordinate_transformation_mode="tf_crop_and_resize"),
        {"r": np.zeros(8, np.float32), "s": np.array([1, 1, 1.7, 1.7], np.float32)})
    put("pad_negative", UNSUPPORTED, "pad of -1", node("Pad", "x p"),
        {"p": np.array([0, 0, -1, 0, 0, 0, 0, 0])})
    put("pad_reflect", MODEL, "reflects", node("Pad", "x p", mode="reflect"),
        {"p": np.array([0, 0, H, 0, 0, 0, 0, 0])})
    put("pad_runtime", UNSUPPORTED, "computed from the picture", node("Pad", "x x"))
    put("concat_fits", MODEL, "do not fit", [node("Flatten", "x", "f"),
                                             node("Concat", "x f", axis=1)])
    put("concat_axis", MODEL, "axis", node("Concat", "x x", axis=9))
    put("broadcast", MODEL, "do not fit", node("Add", "x k"), {"k": rand(4, 1, 1)})
    put("slice_empty", MODEL, "empty", node("Slice", "x s e a"),
        {"s": np.array([5]), "e": np.array([2]), "a": np.array([2])})
    put("slice_axis", MODEL, "axis", node("Slice", "x s e a"),
        {"s": np.array([0]), "e": np.array([2]), "a": np.array([4])})
    put("transpose", MODEL, "order", node("Transpose", "x", perm=[0, 1, 1, 2]))
    put("transpose_short", MODEL, "perm", node("Transpose", "x", perm=[1, 0]))
    put("reshape_wrong", MODEL, "does not fit", node("Reshape", "x s"),
        {"s": np.array([1, 1, H, W])})
    put("squeeze", MODEL, "not 1", node("Squeeze", "x a"), {"a": np.array([1])})
    put("unsqueeze_many", UNSUPPORTED, "dimensions", node("Unsqueeze", "x a"),
        {"a": np.arange(5)})
    put("tile_count", MODEL, "repeats", node("Tile", "x r"), {"r": np.array([2])})
    put("tile_huge", UNSUPPORTED, "too large", node("Tile", "x r"),
        {"r": np.array([1, 1 << 20, 1 << 20, 1])})
    put("expand_misfit", MODEL, "do not become", node("Expand", "x s"), {"s": np.array([5])})
    put("expand_huge", UNSUPPORTED, "too large", node("Expand", "x s"),
        {"s": np.array([1 << 20, 1, 1, 1])})
    # Rows and columns as 12 digits in an order that no axis has: all that a layout has room for.
    digits = [node("Reshape", "x rows", "a"),
              node("Transpose", "a", "b", perm=[5, 4, 3, 2, 1, 0, 6]),
              node("Reshape", "b columns", "c"),
              node("Transpose", "c", "d", perm=[0, 6, 5, 4, 3, 2, 1]),
              node("Reshape", "d two", "e")]
    shapes = {"rows": np.array([2] * 6 + [64]), "columns": np.array([64] + [2] * 6),
              "two": np.array([64, 64, 1])}
    put("digits_matmul", UNSUPPORTED, "(MatMul): too many dimensions in one",
        digits + [node("MatMul", "e k")], dict(shapes, k=rand(1, 4)), dims=(1, 1, 64, 64),
        size=(64, 64))
    put("constants_large", UNSUPPORTED, "the constants are too large", # a weight for each picture
        [node("Reshape", "x s", "a"), node("Conv", "a w")],
        {"s": np.array([4096, 3, 1, 1]), "w": rand(3000, 3, 1, 1)}, size=(64, 64))
    put("matmul", UNSUPPORTED, "neither", node("MatMul", "x x"))
    put("matmul_size", MODEL, "a matrix for 3", node("MatMul", "x k"), {"k": rand(3, 4)})
    put("gemm_rank", MODEL, "dimensions", node("Gemm", "x k"), {"k": rand(W, 4)})
    put("gather_runtime", UNSUPPORTED, "not constant", node("Gather", "x x"))
    put("gather_picture", MODEL, "index 3 of 3", node("Gather", "x i", axis=1),
        {"i": np.array([3])})
    put("celu_zero", MODEL, "alpha", node("Celu", "x", alpha=0.0))
    put("block", MODEL, "blocksize", node("DepthToSpace", "x", blocksize=2))
    put("block_huge", MODEL, "blocksize", node("DepthToSpace", "x", blocksize=1 << 40))
    put("int_input", UNSUPPORTED, "data type 6 is neither", node("Relu", "x"),
        kind=TensorProto.INT32)
    put("to_int", UNSUPPORTED, "data type", [node("Cast", "x", "t", to=TensorProto.INT32),
                                             node("Cast", "t", to=TensorProto.FLOAT)])
    put("fold_divide", MODEL, "integers", [node("Div", "a b", "c"), node("Reshape", "x c")],
        {"a": np.array([1]), "b": np.array([0])})
    put("fold_huge", MODEL, "too large", [node("ConstantOfShape", "s", "k"), node("Add", "x k")],
        {"s": np.array([1 << 31, 1 << 31])})
    put("fold_expand", MODEL, "too large", [node("Expand", "k s", "e"), node("Add", "x e")],
        {"k": rand(1), "s": np.array([1, 1, 1 << 14, 1 << 14])})
    put("gather_index", MODEL, "index 7", [node("Shape", "x", "s"), node("Gather", "s i", "t"),
                                           node("Reshape", "x t")], {"i": np.array([7])})
    put("pool_pad", MODEL, "smaller", node("MaxPool", "x", kernel_shape=[2, 2], pads=[2, 0, 0, 0]))
    put("pool_indices", UNSUPPORTED, "second", node("MaxPool", "x", ["y", "i"],
                                                    kernel_shape=[2, 2]))
    old = model(node("Add", "x k", axis=4, broadcast=1), {"k": rand(3)}, opset=7)
    old.opset_import[0].version = 6
    w.bad("opset6", old, MODEL, "1 dimensions at axis 4")
    old.opset_import[0].version = 0
    w.bad("opset0", old, MODEL, "no version")
    put("batch", UNSUPPORTED, "batch", node("Relu", "x"), dims=(2, 3, H, W))
    put("rank3", UNSUPPORTED, "4 dimensions", node("Relu", "x"), dims=(3, H, W))
    put("channels", UNSUPPORTED, "2000 channels", node("Relu", "x"), dims=(1, 2000, "H", "W"))
    put("channels_guess", MODEL, "3 channels do not fit", node("Conv", "x w"),
        {"w": rand(4, 4, 1, 1)}, dims=(1, "C", "H", "W"))
    put("size", INVALID, "64x32", node("Relu", "x"), dims=(1, 3, 32, 64))
    foreign = model(node("Relu", "x"))
    foreign.graph.node[0].domain = "com.example"
    w.bad("domain", foreign, UNSUPPORTED, "com.example")
    inputs = model(node("Add", "x z"))
    inputs.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, (1, 3, H, W)))
    w.bad("two_inputs", inputs, UNSUPPORTED, "2 inputs")
    external = model(node("Conv", "x w"), {"w": rand(5, 3, 3, 3)})
    external.graph.initializer[0].data_location = TensorProto.EXTERNAL
    w.bad("external", external, UNSUPPORTED, "another file")
    for name, dims in (("dims_large", [5, 3, 3, 4]), ("dims_small", [5, 3, 3, 2]),
                       ("dims_negative", [-5, -3, 3, 3]), ("dims_overflow", [1 << 62, 4, 1, 135]),
                       ("dims_huge", [1 << 31, 1 << 31, 1 << 31, 1]), ("dims_nine", [1] * 9)):
        broken = model(node("Conv", "x w"), {"w": rand(5, 3, 3, 3)})
        del broken.graph.initializer[0].dims[:]
        broken.graph.initializer[0].dims.extend(dims)
        w.bad(name, broken, MODEL, "'w'")
    control = model(node("Conv", "x w"), {"w": rand(5, 9, 3, 3)})
    control.graph.node[0].name = "a\nb\x1b[31m" + "long" * 100
    w.bad("control", control, MODEL, "a?b?[31m")
    strings = model(node("Add", "x w"))
    strings.graph.initializer.append(helper.make_tensor("w", TensorProto.STRING, [1], [b"a"]))
    w.bad("strings", strings, UNSUPPORTED, "data type")
    deep = [node("Relu", "x" if k == 0 else f"t{k}", f"t{k + 1}") for k in range(2000)]
    put("long_chain", UNSUPPORTED, "Einsum", deep + [node("Einsum", "t2000",
                                                          equation="abcd->abcd")])
    grow = [node("ConvTranspose", "x w" if k == 0 else f"t{k} w", f"t{k + 1}", strides=[64, 64])
            for k in range(8)]
    put("growing", UNSUPPORTED, "too large", grow + [node("Relu", "t8")], {"w": rand(3, 3, 1, 1)})


def shipped(w, paths):
    """Whole networks, at a size that is not square; they take pictures of 0..1."""
    for path in paths:
        w.add(path.stem, onnx.load(path), h=32, w=48, low=0.0)


def main():
    writer = Writer(sys.argv[1])
    for part in (convolutions, pools, normalizations, activations, arithmetic, movers, nhwc,
                 resizes, folding, walks, batches, more_functions, more_resizes, hostile):
        part(writer)
    if len(sys.argv) > 3:
        shipped(writer, sorted(pathlib.Path(sys.argv[3]).glob("style-*.onnx")))
    writer.finish()
    print(f"{len(writer.lines)} models in {writer.folder}", flush=True)
    if len(sys.argv) > 2:
        return subprocess.run([sys.argv[2], str(writer.folder)], check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
