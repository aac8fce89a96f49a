"""libmien from Python, by its public API: frames in and out of memory, exact in time and order.

The structures are those of mien.h.
"""
import ctypes
import os

import numpy as np

FORMAT_I420, SITING_CENTER, NO_PTS = 1, 3, -2 ** 63
WRITE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)


class Frame(ctypes.Structure):
    _fields_ = [("format", ctypes.c_int), ("width", ctypes.c_int32), ("height", ctypes.c_int32),
                ("data", ctypes.c_void_p * 3), ("stride", ctypes.c_ssize_t * 3),
                ("matrix", ctypes.c_int), ("range", ctypes.c_int), ("siting", ctypes.c_int),
                ("pts_ns", ctypes.c_int64)]


class Log(ctypes.Structure):
    _fields_ = [("write", WRITE), ("opaque", ctypes.c_void_p), ("level", ctypes.c_int)]


def i420_sizes(width, height):
    """Bytes of the planes Y, U, V."""
    chroma = ((width + 1) // 2) * ((height + 1) // 2)
    return width * height, chroma, chroma


def frame_of(planes, width, height, time):
    """A Frame over the bytes of an I420 picture, which must outlive it; chroma between samples."""
    at = planes.ctypes.data
    y, u, _ = i420_sizes(width, height)
    half = (width + 1) // 2
    return Frame(FORMAT_I420, width, height, (ctypes.c_void_p * 3)(at, at + y, at + y + u),
                 (ctypes.c_ssize_t * 3)(width, half, half), 0, 0, SITING_CENTER, time)


class Library:
    """`build`: the folder of a build of mien; `settings` hold for every filter made with it."""

    def __init__(self, build, settings=()):
        path = os.path.join(build, "core", "libmien.so")
        if not os.path.exists(path):
            raise FileNotFoundError(f"there is no {path}: build mien first")
        self.lib, self.settings = ctypes.CDLL(path), list(settings)
        pointer = ctypes.c_void_p
        self.lib.mien_filter_create.argtypes = [ctypes.POINTER(pointer), ctypes.POINTER(Log)]
        self.lib.mien_filter_destroy.argtypes = [ctypes.POINTER(pointer)]
        self.lib.mien_filter_set.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p]
        self.lib.mien_filter_process.argtypes = [pointer, ctypes.POINTER(Frame),
                                                 ctypes.POINTER(Frame)]
        self.lib.mien_filter_error.argtypes = [pointer]
        self.lib.mien_filter_error.restype = ctypes.c_char_p

    def filter(self, settings):
        return Filter(self, self.settings + list(settings))


class Filter:
    """`settings`: (name, value) pairs. Use it as a context."""

    def __init__(self, library, settings):
        self.lib, self.handle = library.lib, ctypes.c_void_p()
        if self.lib.mien_filter_create(ctypes.byref(self.handle), None) < 0:
            raise RuntimeError("mien_filter_create failed")
        for name, value in settings:
            self.set(name, value)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lib.mien_filter_destroy(ctypes.byref(self.handle))

    def check(self, status):
        if status < 0:
            raise RuntimeError("mien: " + self.lib.mien_filter_error(self.handle).decode())
        return status

    def set(self, name, value):
        self.check(self.lib.mien_filter_set(self.handle, name.encode(), str(value).encode()))

    def process(self, planes, width, height, time):
        """The filtered I420 bytes; `time` in ns."""
        planes = np.ascontiguousarray(planes)
        out = np.empty_like(planes)
        source, target = (frame_of(p, width, height, time) for p in (planes, out))
        self.check(self.lib.mien_filter_process(self.handle, ctypes.byref(source),
                                                ctypes.byref(target)))
        return out
