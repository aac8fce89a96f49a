"""Which pictures the students see, and which are kept back for judging.

The data folder (not part of this repository) holds face sets by sub-folder;
the split is by person, so that no held-out face was ever trained on.
Photographs of scikit-image fill in scenes without people.
"""
import dataclasses
import glob
import os
import subprocess
import tempfile
import zlib

import cv2

# Share of the picture's height that the face takes, chin to hairline.
FACE_SHARE = {"london": 0.46, "avatars": 0.50, "synthetic": 0.62,
              "portraits": 0.42}
GENERAL = ("chelsea.png", "coffee.png", "rocket.jpg",
           "brick.png", "grass.png", "gravel.png")


@dataclasses.dataclass(frozen=True)
class Picture:
    path: str
    kind: str           # london, avatars, synthetic, portraits, room, general
    person: str
    frame: int = -1     # of a clip

    @property
    def held_out(self):
        return zlib.crc32(self.person.encode()) % 8 == 0

    def read(self):
        """RGB uint8, or None where a file cannot be decoded."""
        if self.frame < 0:
            image = cv2.imread(self.path, cv2.IMREAD_COLOR)
        else:
            image = _clip_frame(self.path, self.frame)
        return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _clip_frame(path, frame):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "frame.png")
        subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-vf",
                        "select=eq(n\\,%d)" % frame, "-frames:v", "1", out],
                       check=True)
        return cv2.imread(out, cv2.IMREAD_COLOR)


def _faces(data, kind):
    for path in sorted(glob.glob(os.path.join(data, kind, "*.jpg"))):
        name = os.path.splitext(os.path.basename(path))[0]
        # London: 001_neutral and 001_smiling are one person.
        person = name.split("_")[0] if kind == "london" else name
        yield Picture(path, kind, kind + person)


def _rooms(data):
    for path in sorted(glob.glob(os.path.join(data, "hands", "*.mkv"))):
        name = os.path.splitext(os.path.basename(path))[0]
        for frame in (10, 40):
            yield Picture(path, "room", "room" + name, frame)


def _general():
    import skimage
    folder = os.path.join(os.path.dirname(skimage.__file__), "data")
    for name in GENERAL:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            yield Picture(path, "general", "general" + name)


def find(data):
    """{kind: [Picture]} of everything under the folder `data`."""
    kinds = {kind: list(_faces(data, kind)) for kind in FACE_SHARE}
    kinds["room"] = list(_rooms(data))
    kinds["general"] = list(_general())
    return {kind: pictures for kind, pictures in kinds.items() if pictures}


def _part(kinds, held_out):
    part = {kind: [p for p in pictures if p.held_out == held_out]
            for kind, pictures in kinds.items()}
    return {kind: pictures for kind, pictures in part.items() if pictures}


def training_part(kinds):
    return _part(kinds, False)


def held_out_part(kinds):
    return _part(kinds, True)
