"""Videos as I420 frames: Y4M files are read as they are, all others through ffmpeg."""
import subprocess

import numpy as np

import face_render as draw


class Video:
    """`planes`: F x bytes of I420; `rate`: frames a second."""

    def __init__(self, planes, size, rate):
        self.planes, self.size, self.rate = planes, size, rate

    def __len__(self):
        return len(self.planes)

    def rgb(self, t):
        """R'G'B' float32, whole numbers."""
        return rgb(self.planes[t], self.size)


def rgb(planes, size):
    return draw.rgb_of_y4m(planes.tobytes(), *size).astype(np.float32)


def read(path):
    """The whole video; ends in a line that names the file where it cannot be read."""
    if path.endswith(".y4m"):
        try:
            with open(path, "rb") as file:
                return parsed(file.read(), path)
        except OSError as e:
            raise ValueError(f"{path}: {e.strerror}") from e
    run = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-an", "-vsync",
                          "passthrough", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "-"],
                         capture_output=True, check=False)
    if run.returncode != 0 or not run.stdout:
        words = (run.stderr.decode(errors="replace").strip().splitlines() or ["no video in it"])[-1]
        raise ValueError(f"{path}: {words.removeprefix(path + ': ')}")
    return parsed(run.stdout, path)


def parsed(data, path):
    """A Video of the bytes of a Y4M file."""
    end = data.find(b"\n")
    fields = data[:end].decode(errors="replace").split()
    word = {f[0]: f[1:] for f in reversed(fields[1:])}
    if fields[:1] != ["YUV4MPEG2"] or not word.get("C", "420").startswith("420") or \
            word.get("C") == "420p10":
        raise ValueError(f"{path}: this is no Y4M file of 8-bit 4:2:0")
    size, (top, bottom) = (int(word["W"]), int(word["H"])), map(int, word["F"].split(":"))
    length = size[0] * size[1] + 2 * ((size[0] + 1) // 2) * ((size[1] + 1) // 2)
    rows = (len(data) - end - 1) // (length + 6)
    frames = np.frombuffer(data, np.uint8, rows * (length + 6), end + 1).reshape(rows, length + 6)
    if rows == 0 or not (frames[:, :6] == np.frombuffer(b"FRAME\n", np.uint8)).all():
        raise ValueError(f"{path}: its frames have another size than its header says")
    return Video(frames[:, 6:], size, top / bottom if bottom else 30)


def write(path, planes, size, rate=30):
    with open(path, "wb") as file:
        file.write(draw.y4m_header(*size, rate))
        for frame in planes:
            file.write(b"FRAME\n" + frame.tobytes())
