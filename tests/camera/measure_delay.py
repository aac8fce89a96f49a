#!/usr/bin/env python3
"""From camera to reader: a camera (a loopback device) gets frames with the time burnt in as black
and white squares, a reader at the other end looks at the clock when it has one.

    measure_delay.py CAMERA_DEVICE OUTPUT_DEVICE COMMAND...

Runs COMMAND, which takes the one device to the other, and prints the delays in ms: median, worst.
Frames are YUYV, 640x480, 10 a second.
"""
import fcntl
import os
import struct
import subprocess
import sys
import threading
import time

from delay_stamp import HEIGHT, SIZE, WIDTH, median, now, read_stamp, stamp

RATE = 10
VIDIOC_S_FMT, VIDIOC_QUERYCAP, VIDIOC_STREAMON = 0xc0d05605, 0x80685600, 0x40045612
OUTPUT, YUYV, NO_FIELD, SRGB = 2, 0x56595559, 1, 8
FRAMES, WARM_UP = 60, 15
PATIENCE = 30  # seconds without a frame


class Writer(threading.Thread):
    """The camera."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.fd, self.stop = os.open(path, os.O_RDWR), False
        fcntl.ioctl(self.fd, VIDIOC_QUERYCAP, bytearray(104))
        form = struct.pack('<I4x7I', OUTPUT, WIDTH, HEIGHT, YUYV, NO_FIELD, WIDTH * 2, SIZE,
                           SRGB)
        fcntl.ioctl(self.fd, VIDIOC_S_FMT, bytearray(form.ljust(208, b'\0')))
        fcntl.ioctl(self.fd, VIDIOC_STREAMON, struct.pack('<i', OUTPUT))

    def run(self):
        due = time.monotonic()
        while not self.stop:
            os.write(self.fd, stamp(now()))
            due += 1 / RATE
            time.sleep(max(0, due - time.monotonic()))


def next_frame(fd, chain):
    """v4l2loopback cannot poll for those who read(2)."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and chain.poll() is None:
        try:
            return os.read(fd, SIZE)
        except BlockingIOError:
            time.sleep(0.001)
    sys.exit('the command ended' if chain.poll() is not None else 'no frame comes')


def measure(path, chain):
    delays = []
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    last = 0
    while len(delays) < FRAMES + WARM_UP:
        frame = next_frame(fd, chain)
        burnt = read_stamp(frame) if len(frame) == SIZE else last
        if burnt != last and 0 < burnt <= now():
            delays.append((now() - burnt) / 1000)
        last = burnt
    os.close(fd)
    return delays[WARM_UP:]


def gives_frames(path):
    """Can a reader open it? An exclusive device is none before it has a writer."""
    about = bytearray(104)
    fd = os.open(path, os.O_RDWR)
    fcntl.ioctl(fd, VIDIOC_QUERYCAP, about)
    os.close(fd)
    return struct.unpack_from('<I', about, 88)[0] & 1


def main():
    camera, output, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    writer = Writer(camera)
    writer.start()
    time.sleep(0.5)
    with subprocess.Popen(command) as chain:
        try:
            end = time.monotonic() + 60
            while not gives_frames(output) and chain.poll() is None and time.monotonic() < end:
                time.sleep(0.2)
            delays = measure(output, chain)
        finally:
            chain.terminate()
            try:
                chain.wait(10)
            except subprocess.TimeoutExpired:
                chain.kill()
    writer.stop = True
    writer.join()
    print(f'{median(delays):.1f} {max(delays):.1f}')


if __name__ == '__main__':
    main()
