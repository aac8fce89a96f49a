#!/usr/bin/env python3
"""From a camera of PipeWire's to a reader, with the time burnt into the frames: what mien-cam adds
to the delay of a reader that takes the camera itself, and with an effect what is left of that
beyond the effect's own time, by mien-cam's `filter-ms`.

    test_cam_delay.py PROGRAM WORK_FOLDER STAMP_CAMERA_PROGRAM

A style's strength is so small that the burnt-in bits can be read behind it; its work is the same.
"""
import subprocess
import sys
import threading
import time
from statistics import mean

import cam_session
from cam_session import wait_for
from delay_stamp import HEIGHT, SIZE, WIDTH, now, read_stamp

PROGRAM, WORK, CAMERA = sys.argv[1:4]
RATE = 10
FRAMES = 60
PATIENCE = 60  # seconds for all of them
CAPS = f'video/x-raw,format=YUY2,width={WIDTH},height={HEIGHT}'
EFFECTS = {'no effect': [], 'a style': ['style=cartoon', 'quality=low', 'style-strength=0.02'],
           'gaze and no face': ['gaze=1']}
NONE = ['style=', 'gaze=0']


class Reader(threading.Thread):
    """Of a node, for as long as the test lasts: pipewiresink waits for one that was killed."""

    def __init__(self, session, node):
        super().__init__(daemon=True)
        self.delays = {}  # ms, by the time that is burnt in
        self.process = subprocess.Popen(
            ['gst-launch-1.0', '-q', 'pipewiresrc', f'path={session.node(node)}', '!', CAPS, '!',
             'fdsink', 'sync=false'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        session.running['reader of ' + node] = self.process
        self.start()

    def run(self):
        last = 0
        while len(frame := self.process.stdout.read(SIZE)) == SIZE:
            burnt, seen = read_stamp(frame), now()
            if burnt != last and 0 < burnt <= seen:
                self.delays[burnt] = (seen - burnt) / 1000
            last = burnt


def settle(session):
    """Networks are loaded, and mien-cam's rates are those of a whole window."""
    start = int(session.status()['frames-out'])
    wait_for(lambda: int(session.status()['frames-out']) > start + 3 * RATE, 90)
    time.sleep(8)


def judge(session, name, camera, ours):
    """Of the same frames, by both ways. `filter-ms` is a mean of the last seconds, so means are
    compared: on a busy machine some frames take far longer than most."""
    camera.delays.clear()
    ours.delays.clear()
    times = []

    def enough():
        times.append(float(session.status()['filter-ms']))
        time.sleep(1)
        return len(camera.delays.keys() & ours.delays.keys()) >= FRAMES

    if not session.check(f'with {name} frames come through', wait_for(enough, PATIENCE),
                         f'{len(camera.delays)}, {len(ours.delays)}; ' + session.said('mien-cam')):
        return
    both = list(camera.delays.keys() & ours.delays.keys())
    plain, whole, own = (mean([camera.delays[t] for t in both]),
                         mean([ours.delays[t] for t in both]), mean(times))
    print(f'# delay in ms, mean of {len(both)} frames: from the camera {plain:.1f}, by mien-cam '
          f'with {name} {whole:.1f}, {own:.1f} of it in the filter')
    added = whole - plain - own
    session.check(f'with {name} {added:.1f} ms are added to the effect\'s own time; less than a '
                  f'frame ({1000 // RATE} ms)', added < 1000 / RATE)


def main():
    cam_session.enter(WORK, ['dbus-run-session', 'pipewire', 'wireplumber', 'pw-cli',
                             'gst-launch-1.0', CAMERA])
    with cam_session.Session(WORK, PROGRAM) as session:
        session.start_pipewire()
        session.start('upstream', CAMERA, str(WIDTH), str(HEIGHT), str(RATE))
        wait_for(lambda: session.node('upstream'), 20)
        session.camera('--camera', 'pipewire:upstream', '--output', 'pipewire')
        if not session.check('a camera of PipeWire runs', wait_for(
                lambda: session.status().get('output-state') == 'running', 40),
                session.said('mien-cam') + session.said('upstream')):
            return 1
        camera, ours = Reader(session, 'upstream'), Reader(session, 'mien-cam')
        for name, values in EFFECTS.items():
            session.ask('set', *NONE, *values)
            settle(session)
            judge(session, name, camera, ours)
    return 1 if session.failed else 0


if __name__ == '__main__':
    sys.exit(main())
