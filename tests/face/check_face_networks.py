#!/usr/bin/env python3
"""The converted face networks against their originals, and the whole analysis against MediaPipe.

    check_face_networks.py SOURCE_ROOT

Every file models/face-*.onnx, run by ONNX Runtime, has to give what TensorFlow Lite gives for the
part of the original that it is made from, on a real picture in several turns, sizes and lights.
The points that reference_faces.py finds in that picture, with crops as MediaPipe makes them, have
to be those of MediaPipe itself, which are in astronaut-mediapipe.txt (a line for each point: x, y,
z in pixels; FaceMesh(static_image_mode=True, refine_landmarks=True) of mediapipe 0.10.14).
"""
import hashlib
import pathlib
import sys

sys.dont_write_bytecode = True
import portrait  # noqa: E402

try:
    import numpy as np
    import onnx
    import onnxruntime
    import PIL  # noqa: F401, for reference_faces
    from ai_edge_litert.interpreter import Interpreter
except ImportError as error:
    portrait.skip(f"{error}; see tests/requirements.txt")

ROOT = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(ROOT / "models"))
import convert_faces  # noqa: E402
import reference_faces  # noqa: E402
import tflite_cut  # noqa: E402

# Largest difference that is rounding, in units of the output (pixels, logits, features).
ROUNDING = 5e-4
# Mean distance from MediaPipe's points, % of the outer-eye distance. What remains is MediaPipe's
# fixed-point interpolation.
MEDIAPIPE_PERCENT = 0.05


def find_sources():
    sums = (ROOT / "models" / "face-networks.sha256").read_bytes()
    folder = ROOT / ".cache" / "faces" / hashlib.sha256(sums).hexdigest()[:16]
    if not (folder / convert_faces.ATTENTION).exists() or \
            not (ROOT / "models" / "face-mesh.onnx").exists():
        portrait.skip("no face networks; run models/fetch_faces.sh")
    return folder


def original(data, start, tensor):
    """A function from the input [N,C,H,W] to one tensor, run by TensorFlow Lite."""
    interpreter = Interpreter(model_content=tflite_cut.cut(data, start, tensor), num_threads=1)
    interpreter.allocate_tensors()
    into = interpreter.get_input_details()[0]["index"]
    out_of = interpreter.get_output_details()[0]["index"]

    def run(values):
        interpreter.set_tensor(into, np.ascontiguousarray(values.transpose(0, 2, 3, 1)))
        interpreter.invoke()
        return interpreter.get_tensor(out_of).transpose(0, 3, 1, 2)
    return run


def converted(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    outputs = [one.name for one in session.get_outputs()]
    return outputs, lambda values: session.run(None, {name: values})


def squares(picture, networks):
    """Squares around the face, true and not so true, and one without a face."""
    face = reference_faces.roi_of_detection(networks.detect(picture)[0])
    for angle, scale, shift in ((0, 1, 0), (0.5, 1.3, 0.1), (-2, 0.7, -0.2), (3.1, 2.5, 0.3)):
        yield reference_faces.Roi(face.x + shift * face.side, face.y, face.side * scale,
                                  face.angle + angle)
    yield reference_faces.Roi(60, 400, 130)


def inputs(role, picture, networks):
    """What a network is run on here."""
    size = 128 if role == "face-detect-short" else 192
    for roi in squares(picture, networks):
        for light in (1.0, 0.3):
            seen = reference_faces.planes(reference_faces.crop(picture, roi, size) *
                                          np.float32(light))
            if role.startswith("face-detect"):
                yield seen * 2 - 1
            elif role == "face-mesh":
                yield seen
            else:
                mesh, features = networks.mesh.run(["mesh", "features"], {"image": seen})
                branch = {"face-lips": networks.lips, "face-eye-left": networks.eyes[0],
                          "face-eye-right": networks.eyes[1]}[role]
                points = mesh.reshape(-1, 3)[:, :2].astype(np.float64)
                yield branch.sample(features[0], *branch.matrix(
                    points / reference_faces.FEATURE_STRIDE))


def compare(picture, networks, sources):
    """True if every converted network is like its original."""
    good = True
    for source, role, start, _, _, outputs in convert_faces.NETWORKS:
        path = ROOT / "models" / (role + ".onnx")
        words = {one.key for one in onnx.load(path).metadata_props}
        if not {"mien.role", "mien.source", "mien.licence"} <= words:
            print(f"{role}: the file does not say what it is")
            good = False
        names, ours = converted(path)
        data = (sources / source).read_bytes()
        theirs = [original(data, start, tensor) for _, tensor in outputs]
        if names != [name for name, _ in outputs]:
            print(f"{role}: the outputs are {names}")
            good = False
            continue
        differences = [[], [], [], []]
        for values in inputs(role, picture, networks):
            for k, (a, b) in enumerate(zip(ours(values), (run(values) for run in theirs))):
                if a.shape != b.shape:
                    print(f"{role}: {names[k]} is {a.shape}, not {b.shape}")
                    return False
                differences[k].append(np.abs(a - b))
        for name, one in zip(names, differences):
            print(f"{role} {name}: mean {np.mean(one):.2g}, largest {np.max(one):.2g}")
            good = good and np.max(one) < ROUNDING
    return good


def compare_with_mediapipe(picture):
    theirs = np.loadtxt(ROOT / "tests" / "face" / "astronaut-mediapipe.txt")
    networks = reference_faces.Networks(ROOT / "models", like_mediapipe=True)
    faces = networks.analyse(picture)
    if len(faces) != 1:
        print(f"{len(faces)} faces, not 1")
        return False
    ours = np.array(faces[0]["points"])
    unit = np.linalg.norm(theirs[33, :2] - theirs[263, :2]) / 100
    flat = np.linalg.norm(ours[:, :2] - theirs[:, :2], axis=1).mean() / unit
    deep = np.abs(ours[:, 2] - theirs[:, 2]).mean() / unit
    print(f"all 478 points against MediaPipe: mean {flat:.3f} %, depth {deep:.3f} % of the "
          "outer-eye distance")
    return flat < MEDIAPIPE_PERCENT and deep < 2 * MEDIAPIPE_PERCENT


def main():
    sources, picture = find_sources(), reference_faces.load_picture(portrait.need())
    networks = reference_faces.Networks(ROOT / "models")
    good = compare(picture, networks, sources)
    good = compare_with_mediapipe(picture) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
