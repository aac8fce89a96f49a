"""The networks that are compared: all of ours, and two of Johnson's kind."""
import os
from dataclasses import dataclass

STYLES = ("cartoon", "great-wave", "starry-night", "woodcut")
FRAME = (1280, 720)  # what styles are run for
# of one size, as core/face/face_nets.c and core/effect run them: width, height, outputs
FIXED = {
    "face-detect-short": (128, 128, ("scores0", "boxes0", "scores1", "boxes1")),
    "face-detect-full": (192, 192, ("scores0", "boxes0")),
    "face-mesh": (192, 192, ("mesh", "flag", "features")),
    "face-lips": (16, 16, ("points",)),
    "face-eye-left": (16, 16, ("points", "iris")),
    "face-eye-right": (16, 16, ("points", "iris")),
    "face-visible": (96, 96, ("visible",)),
    "face-age": (256, 256, ("change",)),
    "face-age-high": (256, 256, ("change",)),
    "gaze": (96, 64, ("state", "flow", "blend")),
}
OURS = ("face-visible", "face-age", "face-age-high", "gaze")  # of these; the others are fetched
JOHNSON = {"johnson-12": (12, 256), "johnson-32": (32, 256), "johnson-4": (4, 64)}
DEFAULT = tuple(f"style-{name}" for name in STYLES) + tuple(FIXED) + ("johnson-12", "johnson-32")
QUICK = ("style-cartoon", "style-woodcut", "face-mesh", "face-visible", "johnson-12")


@dataclass
class Network:
    name: str
    path: str
    width: int
    height: int
    frame: bool = False      # width and height are a video frame's
    outputs: tuple = ()
    lacking: str = ""        # why it cannot be measured


def network(name, models, folder):
    """The network called `name`; `folder` is where generated ones are put."""
    path = os.path.join(models, f"{name}.onnx")
    if name in JOHNSON:
        import johnson
        from onnx import save
        channels, size = JOHNSON[name]
        path = os.path.join(folder, f"{name}.onnx")
        save(johnson.johnson(channels), path)
        return Network(name, path, size, size)
    if name in FIXED:
        width, height, outputs = FIXED[name]
        found = Network(name, path, width, height, outputs=outputs)
    else:
        found = Network(name, path, *FRAME, frame=True)
    if not os.path.isfile(path):
        found.lacking = f"there is no {name}.onnx among the models"
        if name in FIXED and name not in OURS:
            found.lacking += "; models/fetch_faces.sh gets it"
    return found
