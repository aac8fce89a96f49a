#!/usr/bin/env python3
"""The style networks of ../shared/teachers as ONNX, on the device and by ONNX Runtime.

    make_teachers.py TEACHERS FOLDER PROGRAM

PROGRAM is test_onnx_cases. The models stay in FOLDER.
"""
import pathlib
import subprocess
import sys

try:
    import numpy as np
    import onnx
    import onnxruntime
    import teacher_models
except ImportError as error:
    print(f"skipped: {error}; see tests/requirements.txt")
    sys.exit(77)

# Sizes that networks of any size are run at; they halve theirs up to three times.
HEIGHT, WIDTH = 96, 160
# Of the largest value of a result: rounding grows from norm to norm.
TOLERANCE = 5e-3


def picture(height, width):
    """C,H,W of 0..1: soft shapes with some noise."""
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(3)
    waves = [np.sin(x / (7 + 3 * c) + c) * np.cos(y / (11 - 2 * c)) for c in range(3)]
    return np.clip(0.5 + 0.35 * np.stack(waves) + rng.normal(0, 0.03, (3, height, width)), 0, 1)


def run(model, value):
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    return session.run(None, {"x": value})[0]


def write(name, model, folder, lines):
    dims = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    nhwc = dims[3] == 3
    height, width = (HEIGHT, WIDTH) if nhwc else dims[2:]
    value = picture(height, width).astype(np.float32)
    if name.startswith("p2gan"):
        value = value * 2 - 1
    else:
        value = value * 255
    result = run(model, np.ascontiguousarray(value.transpose(1, 2, 0) if nhwc else value)[None])
    stem = f"{name}.0"
    onnx.save(model, folder / f"{stem}.onnx")
    value.tofile(folder / f"{stem}.in")
    result.astype(np.float32).tofile(folder / f"{stem}.y.out")
    shape = " ".join(str(n) for n in result.shape)
    lines += [f"case {name}", f"try picture {stem} {height} {width} 1",
              f"out y 0 {TOLERANCE * np.abs(result).max()} {result.ndim} {shape}"]


def main():
    teachers, folder, program = (pathlib.Path(a) for a in sys.argv[1:4])
    if not teachers.is_dir():
        print(f"skipped: {teachers} is not there")
        return 77
    folder.mkdir(parents=True, exist_ok=True)
    lines, names = [], []
    for name, model in teacher_models.all_of(teachers):
        write(name, model, folder, lines)
        names.append(name)
    (folder / "list.txt").write_text("\n".join(lines) + "\n")
    done = subprocess.run([program, folder], capture_output=True, text=True, check=False)
    passed = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("passed")]
    print(done.stdout + done.stderr)
    print(f"{len(passed)} of {len(names)} networks agree with ONNX Runtime")
    return done.returncode or (1 if not names or passed != names else 0)


if __name__ == "__main__":
    sys.exit(main())
