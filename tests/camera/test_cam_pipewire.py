#!/usr/bin/env python3
"""mien-cam as a camera of PipeWire's, and taking one: readers that come and go, a camera that goes
and comes back, PipeWire itself started anew. Nothing but PipeWire in a folder of its own is needed.

    test_cam_pipewire.py PROGRAM WORK_FOLDER [test_NAME...]
"""
import os
import signal
import sys
import time

import cam_session
from cam_session import wait_for

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(1, os.path.join(TOP, 'tests', 'face'))
import portrait  # noqa: E402

PROGRAM, WORK = sys.argv[1:3]
SIZE = 640 * 360 * 2


def read(session, frames, name='mien-cam', sink=()):
    """What a reader gets: the bytes of frames, YUY2."""
    node = session.node(name)
    path = os.path.join(WORK, 'read.yuv')
    if os.path.exists(path):
        os.unlink(path)
    session.run('gst-launch-1.0', '-q', 'pipewiresrc', f'path={node}', f'num-buffers={frames}',
                '!', 'video/x-raw,format=YUY2', '!', 'filesink', f'location={path}', *sink,
                seconds=20)
    try:
        with open(path, 'rb') as file:
            data = file.read()
    except FileNotFoundError:
        data = b''
    return [data[i:i + SIZE] for i in range(0, len(data) - SIZE + 1, SIZE)]


def brightness(frame):
    luma = frame[::2]
    return sum(luma) / max(1, len(luma))


def test_readers(s):
    s.camera('--camera', 'test:snow', '--size', '640x360', '--output', 'pipewire', '--name', 'Me')
    s.check('it is a camera of PipeWire', wait_for(lambda: s.node('mien-cam'), 30),
            s.said('mien-cam'))
    listed = s.run(PROGRAM, '--list')
    s.check('--list shows it by its name', 'pipewire:mien-cam' in listed and 'Me' in listed, listed)
    for turn in range(3):
        frames = read(s, 20)
        s.check(f'reader {turn + 1} gets moving frames',
                len(frames) == 20 and len(set(frames)) >= 15,
                f'{len(frames)} frames, {len(set(frames))} different')
    # As sinks with a window do it; stamps of another clock would leave one frame.
    frames = read(s, 30, sink=['sync=true', 'max-lateness=20000000'])
    s.check('a reader that drops late frames gets most of them', len(frames) >= 15, len(frames))
    before = int(s.status()['frames-out'])
    time.sleep(2)
    s.check('without a reader it goes on', int(s.status()['frames-out']) > before + 20, s.status())
    s.check('it ends in order', s.stop('mien-cam') == 0)


def test_bad_readers(s):
    """One that is frozen with a frame in its hands, and then killed, is no other's trouble."""
    s.camera('--camera', 'test:snow', '--size', '640x360', '--output', 'pipewire', '--name', 'One')
    wait_for(lambda: s.node('mien-cam'), 30)
    for turn in range(3):
        s.start('frozen', 'gst-launch-1.0', '-q', 'pipewiresrc', f'path={s.node("mien-cam")}', '!',
                'video/x-raw,format=YUY2', '!', 'fakesink')
        time.sleep(2)
        s.running['frozen'].send_signal(signal.SIGSTOP)
        time.sleep(1)
        before = int(s.status()['frames-out'])
        time.sleep(1)
        s.check(f'frames go on beside frozen reader {turn + 1}',
                int(s.status()['frames-out']) > before + 15, s.status())
        frames = read(s, 20)
        s.check('and to others', len(set(frames)) >= 15, len(frames))
        s.stop('frozen', signal.SIGKILL)
        frames = read(s, 20)
        s.check('also when it is killed', len(set(frames)) >= 15, len(frames))
    s.check('the camera stayed the same', s.said('mien-cam').count("'One'") == 1,
            s.said('mien-cam'))
    s.stop('mien-cam')


def test_camera_of_pipewire(s):
    s.start_upstream(640, 360)
    s.camera('--camera', 'pipewire:upstream', '--size', '640x360', '--output', 'pipewire')
    s.check('a camera of PipeWire runs',
            wait_for(lambda: s.status().get('output-state') == 'running', 40), s.said('mien-cam'))
    frames = read(s, 10)
    s.check('it is as bright as it should be', frames and brightness(frames[-1]) > 200,
            frames and brightness(frames[-1]))
    s.stop('upstream', signal.SIGKILL)
    s.check('its loss is told', wait_for(lambda: 'camera' in s.status().get('camera-trouble', ''),
                                         30), s.status())
    frames = read(s, 5)
    s.check('readers then see black', frames and brightness(frames[-1]) < 20,
            frames and brightness(frames[-1]))
    s.start_upstream(640, 360)
    s.check('it is taken again when it is back',
            wait_for(lambda: s.status().get('camera-state') == 'running', 40), s.said('mien-cam'))
    frames = read(s, 10)
    s.check('and seen', frames and brightness(frames[-1]) > 200, frames and brightness(frames[-1]))
    s.stop('mien-cam')
    s.stop('upstream')


def answers(s, seconds):
    """The longest time that an answer took."""
    end, longest = time.time() + seconds, 0
    while time.time() < end:
        start = time.time()
        s.status()
        longest = max(longest, time.time() - start)
        time.sleep(0.2)
    return longest


def test_no_session_manager(s):
    """A camera that nobody links keeps pipewiresrc waiting for half a minute, and only that."""
    s.start_upstream(640, 360)
    s.stop('wireplumber')
    s.camera('--camera', 'pipewire:upstream', '--size', '640x360', '--output', 'none')
    s.check('it tries', wait_for(lambda: s.status().get('camera-state') == 'starting', 20),
            s.status())
    longest = answers(s, 20)
    s.check(f'and answers meanwhile, within {longest:.2f} s, also when it tries again',
            longest < 3 and 'it is opened again' in s.said('mien-cam'), s.said('mien-cam'))
    start = time.time()
    s.check('it ends in order and at once', s.stop('mien-cam') == 0 and time.time() - start < 3,
            time.time() - start)
    s.stop('upstream', signal.SIGKILL)
    s.start_wireplumber()
    s.start_upstream(640, 360)
    s.camera('--camera', 'pipewire:upstream', '--size', '640x360', '--output', 'none')
    s.check('with it the camera runs',
            wait_for(lambda: s.status().get('camera-state') == 'running', 40), s.status())
    s.stop('mien-cam')
    s.stop('upstream')


def difference(a, b):
    """Share of the luma that differs, and by how much at most."""
    apart = [abs(x - y) for x, y in zip(a[::2], b[::2])]
    return sum(d > 8 for d in apart) / max(1, len(apart)), max(apart, default=0)


def changed(s, before, least):
    """Share of the picture that differs when something does by `least` levels, and by how much."""
    share, most = 0, 0
    end = time.time() + 40  # networks are loaded, and the face found
    while most < least and time.time() < end:
        after = read(s, 5)
        share, most = difference(before, after[-1]) if after else (0, 0)
    return share, most


def test_face(s):
    """A portrait as the camera: while it runs its eyes are turned, and nothing else changes, and
    its face is made older, and as it was."""
    face, clip = portrait.find(), os.path.join(WORK, 'portrait.avi')
    if not face or not os.path.exists(os.path.join(TOP, 'models', 'face-mesh.onnx')):
        print('not tried: there is no portrait, or no face networks (models/fetch_faces.sh)')
        return
    s.run('ffmpeg', '-nostdin', '-v', 'error', '-y', '-loop', '1', '-i', face, '-t', '2', '-r',
          '10', '-vf', 'scale=640:-2,crop=640:360:0:0', '-c:v', 'mjpeg', '-q:v', '3', clip)
    s.camera('--camera', clip, '--output', 'pipewire')
    wait_for(lambda: s.status().get('output-state') == 'running', 30)
    before, again = read(s, 5), read(s, 5)
    s.check('without an effect the picture stands still',
            before and again and difference(before[-1], again[-1])[0] == 0)
    for name, values, most_share in (('gaze', ('gaze=1', 'gaze-x=15'), 0.02),
                                     ('age', ('age=30',), 0.08)):
        s.check(f'mien-cam set {values[0]}', s.ask('set', *values) == '' and
                s.ask('get', name) == values[0] + '\n', s.said('mien-cam'))
        share, most = changed(s, before[-1], 20)
        s.check(f'{name} changes its part of the face, and only that',
                most >= 20 and share < most_share,
                f'{share:.4f} of the picture differs, by {most} at most; {s.said("mien-cam")}')
        s.ask('set', name + '=0')
        after = read(s, 15)
        s.check('and leaves it when it is off', after and after[-1] == before[-1])
    s.stop('mien-cam')


def test_quality(s):
    """A camera that is too fast for the machine, and then slow, as some are in the dark."""
    s.start_upstream(640, 360, 250)
    s.camera('--camera', 'pipewire:upstream', '--size', '640x360', '--output', 'none', '--style',
             'cartoon')
    s.check('quality goes down', wait_for(lambda: 'quality is low' in s.said('mien-cam'), 60) and
            s.status()['quality'] == 'low', s.said('mien-cam'))
    s.stop('upstream', signal.SIGKILL)
    s.start_upstream(640, 360, 4)
    s.check('and up again when there is room',
            wait_for(lambda: 'quality is auto' in s.said('mien-cam'), 90) and
            s.status()['quality'] == 'auto', s.said('mien-cam'))
    time.sleep(15)
    s.check('it does not swing', s.said('mien-cam').count('quality is') == 2, s.said('mien-cam'))
    s.stop('mien-cam')
    s.stop('upstream')


def test_new_pipewire(s):
    s.camera('--camera', 'test:white', '--size', '640x360')
    s.check('PipeWire is the output where there is no loopback device',
            wait_for(lambda: s.status().get('output-state') == 'running', 30), s.said('mien-cam'))
    s.stop('wireplumber')
    s.stop('pipewire')
    s.check('the loss of PipeWire is told',
            wait_for(lambda: 'PipeWire' in s.status().get('output-trouble', ''), 15), s.status())
    s.start_pipewire()
    s.check('a new one is used', wait_for(lambda: s.node('mien-cam'), 30) and
            wait_for(lambda: s.status().get('output-state') == 'running', 15), s.said('mien-cam'))
    frames = read(s, 10)
    s.check('and gets frames', frames and brightness(frames[-1]) > 200,
            frames and brightness(frames[-1]))
    s.check('it ends in order', s.stop('mien-cam') == 0)


def main():
    cam_session.enter(WORK, ['dbus-run-session', 'pipewire', 'wireplumber', 'pw-cli',
                             'gst-launch-1.0'])
    with cam_session.Session(WORK, PROGRAM) as session:
        session.start_pipewire()
        for test in (test_readers, test_bad_readers, test_camera_of_pipewire,
                     test_no_session_manager, test_face, test_quality, test_new_pipewire):
            if sys.argv[3:] and test.__name__ not in sys.argv[3:]:
                continue
            print('#', test.__name__, flush=True)
            test(session)
    return 1 if session.failed else 0


if __name__ == '__main__':
    sys.exit(main())
