#!/usr/bin/env python3
"""Memory, open files and threads of mien-cam while frames go through it by the ten thousand: a
style, an output of PipeWire's with readers that come and go, requests on the socket; then a camera
that goes and comes back.

    test_cam_memory.py PROGRAM WORK_FOLDER [MINUTES [FRAMES_A_SECOND]]

An hour of a call is 108000 frames; a test picture of 250 a second gives them in 8 minutes. "60 30"
is the hour itself, at little cost.
"""
import os
import sys
import time

import cam_session
from cam_session import wait_for

PROGRAM, WORK = sys.argv[1:3]
MINUTES = float(sys.argv[3]) if len(sys.argv) > 3 else 1
HOUR = 30 * 3600
RATE = int(sys.argv[4]) if len(sys.argv) > 4 else 250
LOSSES, PARTS = 5, 10
# What the C library's and LLVM's arenas settle is no leak; a frame of 160x120 is 38 KiB.
GROWTH_HOUR, GROWTH_LEAST = 4 << 20, 1 << 20 # bytes in an hour of frames; in any run
GROWTH_LOSS = 256 << 10                      # bytes a camera that went and came back


class State:
    def __init__(self, pid, frames):
        with open(f'/proc/{pid}/statm', encoding='ascii') as file:
            self.rss = int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
        self.files = len(os.listdir(f'/proc/{pid}/fd'))
        self.threads = len(os.listdir(f'/proc/{pid}/task'))
        self.frames = frames

    def __str__(self):
        return (f'{self.rss / 1048576:.2f} MiB, {self.files} files, {self.threads} threads, '
                f'{self.frames} frames')


def look(s):
    return State(s.running['mien-cam'].pid, int(s.status()['frames-out']))


def read_some(s):
    s.run('gst-launch-1.0', '-q', 'pipewiresrc', f'path={s.node("mien-cam")}',
          f'num-buffers={RATE}', '!', 'video/x-raw,format=YUY2', '!', 'fakesink', seconds=20)


def work(s, seconds):
    """Readers and requests for that long."""
    end, turn = time.time() + seconds, 0
    while time.time() < end:
        turn += 1
        s.ask('set', f'style-strength={turn % 2}', f'smooth={0.1 * (turn % 10)}')
        s.ask('get')
        read_some(s)
        time.sleep(1)


def grown(first, last):
    return f'{(last.rss - first.rss) / 1024:.0f} KiB more: {first}; then {last}'


def start_camera(s, *words):
    s.camera(*words, '--size', '160x120', '--output', 'pipewire', '--style', 'cartoon', '--quality',
             'low')
    return s.check('it runs', wait_for(lambda: s.status().get('output-state') == 'running', 60),
                   s.said('mien-cam'))


def check_rest(s, first, last):
    s.check('no files', last.files <= first.files)
    s.check('no threads', last.threads <= first.threads)


def test_frames(s):
    if not start_camera(s, '--camera', 'test:ball', '--fps', str(RATE)):
        return
    work(s, 20)  # all buffers and threads that it will have
    first = look(s)
    last = first
    for part in range(PARTS):
        work(s, 60 * MINUTES / PARTS)
        last = look(s)
        print(f'# {(part + 1) * MINUTES / PARTS:g} minutes: {last}', flush=True)
    frames, more = last.frames - first.frames, last.rss - first.rss
    limit = max(GROWTH_LEAST, GROWTH_HOUR * frames / HOUR)
    s.check(f'{frames} frames ({frames / HOUR:.2f} hours at 30 a second)',
            frames > 0.5 * RATE * 60 * MINUTES, s.status())
    s.check(f'take no memory: {grown(first, last)}', more < limit, f'limit {limit:.0f} bytes')
    check_rest(s, first, last)
    s.stop('mien-cam')


def lose_camera(s):
    s.stop('upstream')
    wait_for(lambda: s.status().get('camera-state') == 'waiting', 20)
    s.start_upstream(160, 120)
    return wait_for(lambda: s.status().get('camera-state') == 'running', 30)


def test_losses(s):
    s.start_upstream(160, 120)
    if not start_camera(s, '--camera', 'pipewire:upstream'):
        return
    s.check('a camera that is lost comes back', lose_camera(s) and lose_camera(s))
    time.sleep(5)
    first = look(s)
    back = [lose_camera(s) for _ in range(LOSSES)]
    time.sleep(5)
    last = look(s)
    s.check(f'{LOSSES} times', all(back), back)
    s.check(f'that takes no memory: {grown(first, last)}',
            last.rss - first.rss < LOSSES * GROWTH_LOSS)
    check_rest(s, first, last)


def main():
    cam_session.enter(WORK, ['dbus-run-session', 'pipewire', 'wireplumber', 'pw-cli',
                             'gst-launch-1.0'])
    with cam_session.Session(WORK, PROGRAM) as s:
        s.start_pipewire()
        test_frames(s)
        test_losses(s)
    return 1 if s.failed else 0


if __name__ == '__main__':
    sys.exit(main())
