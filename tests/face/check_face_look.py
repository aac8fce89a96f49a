#!/usr/bin/env python3
"""What the library's face networks see in pictures against the same analysis in Python.

    check_face_look.py SOURCE_ROOT FACE_LOOK

FACE_LOOK is the program made from face_look.c. A picture with a face, in several sizes, turned,
mirrored, cut off and twice in one frame, goes through it and through reference_faces.py: both
detectors on the whole frame and on its middle, then the mesh network twice, in the square of the
detection and in the square of the points found there. They have to agree to rounding: of RGBA with
the picture itself, of I420 with the picture that Python makes of its planes. What I420 makes of a
face is also held against the picture that it was made from: that is what coarse chroma does.
"""
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import portrait  # noqa: E402

try:
    import numpy as np
    import onnxruntime  # noqa: F401, for reference_faces
    from PIL import Image
except ImportError as error:
    portrait.skip(f"{error}; see tests/requirements.txt")
import reference_faces as reference  # noqa: E402

ROOT, FACE_LOOK = pathlib.Path(sys.argv[1]), sys.argv[2]
# No more than 8 samples a pixel of a detector's input, which is where the library stops.
WIDTH, HEIGHT = 767, 765
FACE = np.array([226.0, 130.0])   # where the face is in the picture
LEAST_EDGE = 24                   # MI_FACE_EDGE_MIN
THRESHOLD = {"short": 0.5, "full": 0.4}
LOOK, FACES = 8, 8
UNIT = ("box, px", "keys, px", "score", "presence", "flag", "points, %", "depth, %", "colours")
# Largest differences. The points' and depths' are means over a face, % of the distance between the
# outer corners of the eyes. Rounding now and then makes a nearest sample another one, which moves
# points by hundredths of a percent.
ROUNDING = (0.2, 0.2, 1e-3, 5e-3, 0.1, 0.05, 0.05, 5e-3)
CHROMA = (4.0, 4.0, 0.02, 1e-3, 1.0, 0.5, 0.5, 0.08)
SURE = 0.999                      # presence of what is compared in the latter


# ---- pictures ----

def placed(picture, scale, turn, at, mirror=False):
    """A frame with the face at `at`, `scale` times as large, turned by `turn` degrees."""
    width, height = (round(edge * scale) for edge in picture.size)
    small = picture.resize((width, height), Image.Resampling.LANCZOS)
    x, y = FACE * scale
    if mirror:
        small, x = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT), width - x
    frame = Image.new("RGB", (WIDTH, HEIGHT), (90, 110, 100))
    frame.paste(small, (round(at[0] - x), round(at[1] - y)))
    return frame.rotate(turn, Image.Resampling.BICUBIC, center=at)


def frames(picture):
    """Name, faces to be found, frame [H,W,3]."""
    middle = (WIDTH / 2 - 7.3, HEIGHT / 2 + 11.9)
    for scale in (0.5, 1, 2):
        for turn in (-30, 0, 45):
            yield f"{scale}x, turned by {turn}", 1, placed(picture, scale, turn, middle)
        yield f"{scale}x, mirrored", 1, placed(picture, scale, 10, middle, True)
    yield "over the border", 1, placed(picture, 1.5, 15, (WIDTH - 60, 310))
    both = placed(picture, 1.1, 12, (560, 420), True)
    both.paste(placed(picture, 1, 0, (190, 300)).crop((0, 0, 360, HEIGHT)), (0, 0))
    yield "two", 2, both


def rgba(frame):
    return np.dstack([frame, np.full(frame.shape[:2], 255)]).astype(np.uint8)


def i420(frame):
    """Rec. 709, limited range; a chroma sample is the mean of its four pixels."""
    red, green, blue = np.moveaxis(frame / 255, -1, 0)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    planes = [16 + 219 * luma]
    for chroma in ((blue - luma) / 1.8556, (red - luma) / 1.5748):
        even = np.pad(chroma, [(0, edge % 2) for edge in chroma.shape], mode="edge")
        planes.append(128 + 224 * (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] +
                                   even[1::2, 1::2]) / 4)
    return [np.floor(plane + 0.5).astype(np.uint8) for plane in planes]


def picture_of(planes):
    """R'G'B', 0..255, of what i420() makes; a pixel has its own chroma sample."""
    luma = (planes[0] - 16.0) / 219
    height, width = luma.shape
    cb, cr = ((plane.repeat(2, 0).repeat(2, 1)[:height, :width] - 128.0) / 224
              for plane in planes[1:])
    red, blue = luma + 1.5748 * cr, luma + 1.8556 * cb
    return 255 * np.stack([red, (luma - 0.2126 * red - 0.0722 * blue) / 0.7152, blue], -1)


def clipping(crop):
    """Colours that R'G'B' does not have, which planes may hold, are cut off behind the means."""
    return lambda *words: np.clip(crop(*words), 0, 1)


# ---- the two analyses, as {(frame, detector, side): [(score, box, keys, [sight, sight])]} ----

def sight_of(networks, frame, roi):
    seen = reference.crop(frame, roi, reference.MESH_SIZE)
    presence, points = networks.crop_points(seen)
    flag = networks.mesh.run(["flag"], {"image": reference.planes(seen)})[0].item()
    cell = reference.MESH_SIZE // LOOK
    return {"presence": presence, "flag": flag,
            "look": seen.reshape(LOOK, cell, LOOK, cell, 3).mean((1, 3)).reshape(-1, 3),
            "points": np.column_stack([roi.place(points[:, :2] / reference.MESH_SIZE),
                                       points[:, 2] * roi.side / reference.MESH_SIZE])}


def expected(networks, shown):
    runs = {}
    for number, frame in enumerate(shown):
        for detector in ("short", "full"):
            for part in (1, 0.5):
                whole = reference.roi_of_picture(frame)
                square = reference.Roi(whole.x, whole.y, whole.side * part)
                faces = networks.detect(frame, detector, THRESHOLD[detector], square)
                runs[number, detector, square.side] = found = []
                for face in faces:
                    if face.box[2:].max() < LEAST_EDGE or len(found) == FACES:
                        continue
                    first = sight_of(networks, frame, reference.roi_of_detection(face))
                    second = sight_of(networks, frame, reference.roi_of_points(first["points"]))
                    found.append((face.score, face.box, face.keys, [first, second]))
    return runs


def seen_by_library(data, layout):
    with tempfile.NamedTemporaryFile(suffix=".raw") as file:
        file.write(data)
        file.flush()
        done = subprocess.run([FACE_LOOK, str(ROOT / "models"), layout, str(WIDTH), str(HEIGHT),
                               file.name], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == 77:
        portrait.skip("no Vulkan device")
    if done.returncode:
        print(f"face_look failed: {done.returncode}")
        sys.exit(1)
    runs = {}
    for line in done.stdout.splitlines():
        kind, *words = line.split()
        if kind == "run":
            runs[int(words[0]), words[1], float(words[4])] = found = []
            continue
        value = np.array([float(word) for word in words])
        if kind == "face":
            found.append((value[0], value[1:5], value[5:].reshape(6, 2), []))
        else:
            cells = 3 * LOOK * LOOK
            found[-1][3].append({"presence": value[4], "flag": value[5],
                                 "look": value[6:6 + cells].reshape(-1, 3),
                                 "points": value[6 + cells:].reshape(-1, 3)})
    return runs


# ---- comparison ----

def differences(ours, theirs):
    """As in UNIT, for the two sights of a face; `theirs` is Python's."""
    found = [np.abs(ours[1] - theirs[1]).max(), np.abs(ours[2] - theirs[2]).max(),
             abs(ours[0] - theirs[0])]
    for one, other in zip(ours[3], theirs[3], strict=True):
        values = [abs(one["presence"] - other["presence"]), abs(one["flag"] - other["flag"])]
        if other["presence"] > 0.5:  # points of what is no face mean nothing
            eyes = other["points"][[reference.EYE_LEFT, reference.EYE_RIGHT], :2]
            percent = 100 / np.linalg.norm(eyes[1] - eyes[0])
            off = one["points"] - other["points"]
            values += [np.linalg.norm(off[:, :2], axis=1).mean() * percent,
                       np.abs(off[:, 2]).mean() * percent]
        else:
            values += [0, 0]
        values.append(np.abs(one["look"] - other["look"]).max())
        yield found + values


def nearest(face, faces):
    return min(faces, key=lambda other: np.abs(other[1] - face[1]).max())


def compare(names, ours, theirs, what, limit, least=0.0):
    """True if every run found what Python found. least: presence of the faces that are compared
    in all they have."""
    good, worst, faces = True, np.zeros(len(UNIT)), 0
    if sorted(ours) != sorted(theirs):
        print(f"{what}: runs {sorted(ours)}, not {sorted(theirs)}")
        return False
    for run, expected_faces in theirs.items():
        name = f"{what}, {names[run[0]]}, {run[1]} on {run[2]:g}"
        if len(ours[run]) != len(expected_faces):
            print(f"{name}: {len(ours[run])} faces, not {len(expected_faces)}")
            good = False
            continue
        for face in expected_faces:
            if min(sight["presence"] for sight in face[3]) < least:
                continue
            faces += 1
            for found in differences(nearest(face, ours[run]), face):
                worst = np.maximum(worst, found)
                if not np.all(np.array(found) <= limit):
                    print(f"{name}: " + ", ".join(
                        f"{unit} {value:.3g}" for unit, value in zip(UNIT, found)))
                    good = False
    print(f"{what}: {faces} faces; largest differences: " +
          ", ".join(f"{unit} {value:.2g}" for unit, value in zip(UNIT, worst)))
    return good and faces > 0


def all_found(names, wanted, theirs):
    """True if in every frame some run finds just the faces that are there, and Python is sure."""
    good = True
    for number, name in enumerate(names):
        runs = [faces for run, faces in theirs.items() if run[0] == number]
        sure = [sum(min(s["presence"] for s in face[3]) > 0.9 for face in faces) for faces in runs]
        if wanted[number] not in sure:
            print(f"{name}: {sure} faces, not {wanted[number]}")
            good = False
    return good


def main():
    if not (ROOT / "models" / "face-mesh.onnx").exists():
        portrait.skip("no face networks; run models/fetch_faces.sh")
    picture = Image.open(portrait.need()).convert("RGB")
    names, wanted, pictures = zip(*frames(picture))
    shown = [np.asarray(picture) for picture in pictures]
    planes = [i420(frame) for frame in shown]
    networks = reference.Networks(ROOT / "models")
    reference.crop = clipping(reference.crop)
    theirs = expected(networks, shown)
    good = all_found(names, wanted, theirs)
    ours = seen_by_library(b"".join(rgba(frame).tobytes() for frame in shown), "rgba")
    good = compare(names, ours, theirs, "RGBA", ROUNDING) and good
    ours = seen_by_library(b"".join(plane.tobytes() for one in planes for plane in one), "i420")
    good = compare(names, ours, theirs, "I420 and RGB", CHROMA, SURE) and good
    theirs = expected(networks, [picture_of(one) for one in planes])
    good = compare(names, ours, theirs, "I420", ROUNDING) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
