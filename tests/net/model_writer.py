"""Small ONNX models, and files with them, inputs and ONNX Runtime's outputs, for make_models.py."""
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(7)
H, W = 12, 10
IR = {7: 3, 8: 3, 9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9,
      20: 9, 21: 10}


def rand(*shape, low=-1.0, high=1.0, dtype=np.float32):
    return rng.uniform(low, high, shape).astype(dtype)


def node(kind, inputs, output="y", **attributes):
    outputs = output if isinstance(output, list) else [output]
    return helper.make_node(kind, inputs.split() if isinstance(inputs, str) else inputs, outputs,
                            name=f"{kind}_{outputs[0]}", **attributes)


def model(nodes, constants=None, opset=13, dims=(1, 3, "H", "W"), output="y", raw=True,
          outputs=None, as_inputs=False, kind=TensorProto.FLOAT, result=TensorProto.FLOAT):
    nodes = nodes if isinstance(nodes, list) else [nodes]
    initializers = []
    inputs = [helper.make_tensor_value_info("x", kind, dims)]
    for name, value in (constants or {}).items():
        value = np.asarray(value)
        if raw:
            tensor = numpy_helper.from_array(value, name)
        else:
            stored = helper.np_dtype_to_tensor_dtype(value.dtype)
            tensor = helper.make_tensor(name, stored, value.shape, value.flatten())
        initializers.append(tensor)
        if as_inputs:
            inputs.append(helper.make_tensor_value_info(name, tensor.data_type, value.shape))
    results = [helper.make_tensor_value_info(k, result, None)
               for k in (outputs or [output])]
    graph = helper.make_graph(nodes, "g", inputs, results, initializers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                             ir_version=IR[opset])
    helper.set_model_props(made, {"mien.role": "test", "empty": ""})
    return made


class Writer:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lines = []

    def add(self, name, made, c=3, h=H, w=W, nhwc=False, low=-1.0, high=1.0, nhwc_out=None,
            dtype=np.float32):
        picture = rand(c, h, w, low=low, high=high).astype(dtype)
        feed = picture.transpose(1, 2, 0)[None] if nhwc else picture[None]
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(made.SerializeToString(), options,
                                               providers=["CPUExecutionProvider"])
        result = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(feed)})[0][0]
        if nhwc if nhwc_out is None else nhwc_out:
            result = result.transpose(2, 0, 1)
        onnx.save(made, self.folder / f"{name}.onnx")
        picture.astype(np.float32).tofile(self.folder / f"{name}.in")
        np.ascontiguousarray(result, np.float32).tofile(self.folder / f"{name}.out")
        self.lines.append(f"ok {name} {h} {w}")

    def bad(self, name, made, status, part, h=H, w=W):
        data = made if isinstance(made, bytes) else made.SerializeToString()
        (self.folder / f"{name}.onnx").write_bytes(data)
        self.lines.append(f"bad {name} {status} {h} {w} {part}")

    def finish(self):
        (self.folder / "list.txt").write_text("\n".join(self.lines) + "\n")
