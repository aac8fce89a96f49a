#!/usr/bin/env python3
"""ONNX's own conformance cases (Debian: libonnx-testdata) on the device, all those whose operators
are claimed.

    make_cases.py CASES FOLDER PROGRAM OPERATORS REFUSED [--update]

CASES: the test data; of its folders all but "real", which are classifiers without weights. FOLDER:
for what is made. PROGRAM: test_onnx_cases. OPERATORS: prints the claims (list_operators). REFUSED:
the cases that the reader refuses, with its words; --update writes it anew.

A network has one input, a picture of floats. A case has any number, so its model is changed: those
that are computed at run time are cut out of one long picture, the others become constants. As many
as the reader takes are computed at run time: all floats, or the first one alone. Operators that are
also computed from constants are tried with nothing but constants besides. Passed means: within
ONNX's own tolerance of the stored result.
"""
import collections
import pathlib
import subprocess
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    print(f"skipped: {error}; see tests/requirements.txt")
    sys.exit(77)

FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)
# Relative error of a value that is stored in a type; ours are rounded to float only.
ROUNDING = {TensorProto.FLOAT16: 2e-3, TensorProto.BFLOAT16: 1e-2}
KINDS = ("node", "simple", "pytorch-operator", "pytorch-converted")
# Folded whatever they are asked about.
ASK_SHAPES = {"Shape", "Size"}


def claims(program):
    """(operators computed from the picture, operators computed from constants)"""
    run, constant = set(), set()
    for line in subprocess.run([program, "--plain"], check=True, capture_output=True,
                               text=True).stdout.splitlines():
        kind, name = line.split()
        (run if kind == "picture" else constant).add(name)
    return run, constant


def read_tensor(path, info):
    """The stored value; None for what is no tensor."""
    if not info.type.HasField("tensor_type"):
        return None
    tensor = onnx.TensorProto()
    tensor.ParseFromString(path.read_bytes())
    value = numpy_helper.to_array(tensor)
    if info.type.tensor_type.elem_type == TensorProto.BFLOAT16 and value.dtype.itemsize == 2:
        # Their bits, which is how numpy holds them.
        value = (value.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return value


def constant_tensor(name, value, kind):
    """An initializer; bfloat16 as numpy cannot hold it."""
    if kind != TensorProto.BFLOAT16:
        return numpy_helper.from_array(np.asarray(value), name)
    bits = (value.view(np.uint32) >> 16).astype(np.uint16)
    return onnx.TensorProto(name=name, data_type=kind, dims=value.shape, raw_data=bits.tobytes())


class Case:
    def __init__(self, folder):
        self.name = folder.name if folder.parent.name == "node" else \
            f"{folder.parent.name}-{folder.name}"
        self.model = onnx.load(folder / "model.onnx")
        data = folder / "test_data_set_0"
        graph = self.model.graph
        self.ops = {node.op_type for node in graph.node}
        self.domains = {node.domain for node in graph.node} - {"", "ai.onnx"}
        held = {tensor.name for tensor in graph.initializer}
        infos = [info for info in graph.input if info.name not in held]
        self.inputs = {info.name: read_tensor(data / f"input_{k}.pb", info)
                       for k, info in enumerate(infos)}
        self.outputs = {info.name: read_tensor(data / f"output_{k}.pb", info)
                        for k, info in enumerate(graph.output)}
        self.kinds = [info.type.tensor_type.elem_type for info in graph.output]
        self.types = {info.name: info.type.tensor_type.elem_type for info in infos}
        self.opset = max((o.version for o in self.model.opset_import
                          if o.domain in ("", "ai.onnx")), default=1)

    def usable(self):
        """Tensors of numbers, all of them."""
        values = list(self.inputs.values()) + list(self.outputs.values())
        return all(v is not None and v.dtype.kind in "fiub" for v in values)

    def floats(self):
        return [name for name, kind in self.types.items() if kind in FLOATS]

    def as_it_is(self):
        """One input that is a picture already, besides constants."""
        floats = self.floats()
        return (len(floats) == 1 and len(self.inputs) == 1 and self.inputs[floats[0]].ndim == 4
                and self.inputs[floats[0]].shape[0] == 1
                and 1 <= self.inputs[floats[0]].shape[1] <= 4)

    def slice_of(self, name, begin, end, output):
        if self.opset < 10:
            return [helper.make_node("Slice", [name], [output], axes=[3], starts=[begin],
                                     ends=[end])]
        return [helper.make_node("Slice", [name, f"{output}_b", f"{output}_e", f"{output}_a"],
                                 [output])]

    def changed(self, run):
        """The model with the inputs `run` cut out of one picture, and that picture."""
        made = onnx.ModelProto()
        made.CopyFrom(self.model)
        graph, ahead, behind = made.graph, [], []
        del graph.input[:]
        values = [np.zeros(1)] + [self.inputs[name].astype(np.float64).ravel() for name in run]
        graph.input.append(helper.make_tensor_value_info(
            "mien_x", TensorProto.FLOAT, (1, 1, 1, sum(v.size for v in values))))

        def constant(name, value, kind=None):
            graph.initializer.append(constant_tensor(name, value, kind))

        def cut(begin, end, shape, output):
            ahead.extend(self.slice_of("mien_x", begin, end, f"{output}_cut"))
            if self.opset >= 10:
                for letter, number in zip("bea", (begin, end, 3)):
                    constant(f"{output}_cut_{letter}", np.array([number]))
            constant(f"{output}_shape", np.array(shape, np.int64))
            ahead.append(helper.make_node("Reshape", [f"{output}_cut", f"{output}_shape"],
                                          [output]))
        for name, value in self.inputs.items():
            if name not in run:
                constant(name, value, self.types[name])
        at = 1
        for name in run:
            size, shape, kind = self.inputs[name].size, self.inputs[name].shape, self.types[name]
            plain = name if kind == TensorProto.FLOAT else f"{name}_float"
            cut(at, at + size, shape, plain)
            if plain != name:
                ahead.append(helper.make_node("Cast", [plain], [name], to=kind))
            at += size
        wanted = []
        for info in list(graph.output):
            if info.type.tensor_type.elem_type in FLOATS and run:
                wanted.append(info.name)
                continue
            # A constant is no output: 0 from the picture is added.
            if not wanted or "mien_zero" not in [n.output[0] for n in ahead]:
                cut(0, 1, (1,), "mien_zero")
            name = f"{info.name}_out"
            behind += [helper.make_node("Cast", [info.name], [f"{name}_float"],
                                        to=TensorProto.FLOAT),
                       helper.make_node("Add", [f"{name}_float", "mien_zero"], [name])]
            wanted.append(name)
        nodes = ahead + list(graph.node) + behind
        del graph.node[:]
        graph.node.extend(nodes)
        del graph.output[:]
        graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
                            for name in wanted)
        return made, np.concatenate(values).astype(np.float32), wanted

    def with_one_input(self):
        """All but the first are constants, as far as that is possible."""
        made = onnx.ModelProto()
        made.CopyFrom(self.model)
        first = next(iter(self.inputs), None)
        for info in list(made.graph.input):
            value = self.inputs.get(info.name) if info.name != first else None
            if value is not None:
                made.graph.initializer.append(numpy_helper.from_array(value, info.name))
                made.graph.input.remove(info)
        return made

    def tries(self, run_ops, constant_ops):
        """(kind, model, picture, height, width, outputs), the first that is taken counts."""
        floats = self.floats()
        names = [info.name for info in self.model.graph.output]
        if self.ops & (run_ops | ASK_SHAPES):
            if self.as_it_is():
                value = self.inputs[floats[0]]
                yield ("picture", self.model, value.astype(np.float32), value.shape[2],
                       value.shape[3], names)
            elif not floats or not self.usable():
                yield "picture", self.with_one_input(), np.zeros(1, np.float32), 1, 1, names
            else:
                for run in [floats] + ([floats[:1]] if len(floats) > 1 else []):
                    model, picture, wanted = self.changed(run)
                    yield "picture", model, picture, 1, picture.size, wanted
        if self.ops <= constant_ops and self.usable():
            model, picture, wanted = self.changed([])
            yield "constants", model, picture, 1, picture.size, wanted


def write(case, tries, folder, lines):
    lines.append(f"case {case.name}")
    for k, (way, model, picture, height, width, outputs) in enumerate(tries):
        stem = f"{case.name}.{k}"
        onnx.save(model, folder / f"{stem}.onnx")
        picture.tofile(folder / f"{stem}.in")
        lines.append(f"try {way} {stem} {height} {width} {len(outputs)}")
        for name, value, kind in zip(outputs, case.outputs.values(), case.kinds):
            value = np.zeros(0) if value is None or value.dtype.kind not in "fiub" else value
            shape = " ".join(str(n) for n in value.shape)
            value.astype(np.float32).tofile(folder / f"{stem}.{name}.out")
            lines.append(f"out {name} {ROUNDING.get(kind, 0)} 0 {value.ndim} {shape}")


def main():
    source, folder, program, operators, pinned = (pathlib.Path(a) for a in sys.argv[1:6])
    if not source.is_dir():
        print(f"skipped: {source} is not there; Debian has it in libonnx-testdata")
        return 77
    folder.mkdir(parents=True, exist_ok=True)
    np.seterr(over="ignore")  # doubles and large integers as floats
    run_ops, constant_ops = claims(operators)
    lines, cases = [], {}
    for path in sorted(p for kind in KINDS for p in (source / kind).iterdir()):
        case = Case(path)
        if case.domains or not case.ops <= run_ops | constant_ops:
            continue
        cases[case.name] = case
        write(case, case.tries(run_ops, constant_ops), folder, lines)
    (folder / "list.txt").write_text("\n".join(lines) + "\n")
    done = subprocess.run([program, folder], capture_output=True, text=True)
    sys.stderr.write(done.stderr)
    if done.returncode:
        print(done.stdout)
        return done.returncode
    passed, failed, refused = collections.defaultdict(set), [], []
    for line in done.stdout.splitlines():
        what, kind, name, message = (line.split(" ", 3) + [""])[:4]
        if what == "passed":
            passed[kind].add(name)
        elif what == "failed":
            failed.append(f"{name} ({kind}): {message}")
        elif what == "refused":
            refused.append(f"{name}: {message}")
    covered = {kind: set().union(*(cases[n].ops for n in names)) for kind, names in passed.items()}
    bare = {("picture", op) for op in run_ops - covered["picture"]} | \
           {("constants", op) for op in constant_ops - covered["constants"] - covered["picture"]}
    report = sorted(refused) + [f"no case: {op} ({kind})" for kind, op in sorted(bare)]
    print(f"{len(cases)} cases of {len(run_ops)} operators on the picture and "
          f"{len(constant_ops)} on constants: {len(passed['picture'])} passed on the picture, "
          f"{len(passed['constants'])} with constants, {len(failed)} failed, "
          f"{len(refused)} refused")
    for line in failed:
        print("failed:", line)
    if "--update" in sys.argv:
        pinned.write_text("\n".join(report) + "\n")
    known = pinned.read_text().splitlines()
    for line in sorted(set(report) - set(known)):
        print("not in", pinned.name + ":", line)
    for line in sorted(set(known) - set(report)):
        print("no longer so:", line)
    return 1 if failed or report != known else 0


if __name__ == "__main__":
    sys.exit(main())
