"""The time burnt into frames, YUY2 of 640x480: a bit a square, black or white."""
import time

WIDTH, HEIGHT, SIDE, BITS = 640, 480, 16, 40
SIZE = WIDTH * HEIGHT * 2


def now():
    """Microseconds."""
    return time.monotonic_ns() // 1000


def stamp(microseconds):
    """A frame with the time in its first rows of squares."""
    rows = []
    for row in range((BITS * SIDE + WIDTH - 1) // WIDTH):
        line = b''
        for column in range(WIDTH // SIDE):
            bit = microseconds >> (row * (WIDTH // SIDE) + column) & 1
            line += (b'\xeb\x80' if bit else b'\x10\x80') * SIDE
        rows.append(line * SIDE)
    head = b''.join(rows)
    return head + b'\x40\x80' * ((SIZE - len(head)) // 2)


def read_stamp(frame):
    time_us = 0
    for bit in range(BITS):
        row, column = divmod(bit, WIDTH // SIDE)
        middle = ((row * SIDE + SIDE // 2) * WIDTH + column * SIDE + SIDE // 2) * 2
        time_us |= (frame[middle] > 128) << bit
    return time_us


def median(values):
    return sorted(values)[len(values) // 2]
