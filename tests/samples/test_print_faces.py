#!/usr/bin/env python3
"""samples/print_faces as a user runs it: errors, the JSON, the frames it writes.

    test_print_faces.py PRINT_FACES MODELS

Exit status 77 skips what needs a Vulkan device, the face networks or the picture (ffmpeg reads
NASA's astronaut of the Debian package python3-imageio), after the rest has passed.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'face'))
import portrait  # noqa: E402

NETWORKS = ['face-detect-short', 'face-detect-full', 'face-mesh', 'face-lips', 'face-eye-left',
            'face-eye-right']
FACE = {'left': 179, 'top': 71, 'right': 271, 'bottom': 177}  # as MediaPipe sees it, 512x512
REGIONS = ['left-eye', 'right-eye', 'nose', 'mouth', 'left-cheek', 'right-cheek', 'forehead',
           'chin']

program = None
failures = []


def check(what, good, detail=''):
    print(('ok - ' if good else 'NOT OK - ') + what + ('' if good else f': {detail}'))
    if not good:
        failures.append(what)


def run(*words, data=b''):
    # What the Vulkan driver leaks has no name once it is unloaded: no leak checks, of a sanitizer.
    env = dict(os.environ)
    env['ASAN_OPTIONS'] = env.get('ASAN_OPTIONS', '') + ':detect_leaks=0'
    words = ['cache=none', *words] if words else words
    return subprocess.run([program, *words], input=data, capture_output=True, check=False, env=env)


def grey(width, height, frames, words='C420jpeg', value=128):
    chroma = ((width + 1) // 2) * ((height + 1) // 2)
    frame = b'FRAME\n' + bytes([value]) * (width * height) + bytes([128]) * (2 * chroma)
    return b'YUV4MPEG2 W%d H%d F25:1 %s\n' % (width, height, words.encode()) + frame * frames


def refused(what, culprit, *words, data=b''):
    """Ends with status 1 and one line that holds the culprit; no JSON."""
    done = run(*words, data=data)
    lines = done.stderr.decode().splitlines()
    check(what, done.returncode == 1 and len(lines) == 1 and culprit in lines[0]
          and not done.stdout, f'{done.returncode} {lines} {done.stdout[:80]}')


def test_errors(work):
    good = grey(64, 48, 1)
    refused('no file', 'usage', *[])
    refused('two files', 'b.y4m', 'a.y4m', 'b.y4m')
    refused('an unknown option', '--point', '--point', '-')
    for number in ['0', '-3', '2s', '']:
        refused(f'{number!r} frames', f"'{number}'", '--reset-every', number, '-')
    refused('no number of frames', '--reset-every', '-', '--reset-every')
    refused('an unknown parameter', 'wrinkles', '-', 'wrinkles=3')
    refused('a value out of range', 'max-faces', '-', 'max-faces=99')
    refused('a file that is not there', 'nosuch.y4m', os.path.join(work, 'nosuch.y4m'))
    refused('an output that cannot be made', 'nosuch', '-', '-o', os.path.join(work, 'nosuch', 'x'),
            data=good)
    refused('frames into standard output', '-o -', '-', '-o', '-', data=good)
    for name, data in [('nothing', b''), ('no Y4M', b'RIFF....AVI \n'),
                       ('a long line', b'YUV4MPEG2 ' + b'X' * 100000),
                       ('a header without end', good[:20])]:
        refused(name, 'no Y4M', '-', data=data)
    for chroma in ['C444', 'C422', 'C420p10', 'Cmono', 'C']:
        refused('chroma ' + chroma, chroma[1:], '-', data=grey(64, 48, 1, chroma))
    for width, height in [(8, 48), (64, 0), (8193, 48), (64, 99999999999), (-64, 48)]:
        refused(f'frames of {width}x{height}', 'are possible', '-',
                data=b'YUV4MPEG2 W%d H%d F25:1\n' % (width, height))
    refused('no frame header', 'frame 0', '-', data=good.replace(b'FRAME', b'FRANE'))
    refused('a frame that is cut', 'within frame 0', '-', data=good[:-1])


def find_obstacle(models):
    lacking = [n for n in NETWORKS if not os.path.exists(os.path.join(models, n + '.onnx'))]
    if lacking:
        return f'models/{lacking[0]}.onnx is not there: models/fetch_faces.sh brings it'
    done = run('-', 'device=cpu', data=grey(64, 48, 1))
    text = done.stderr.decode().strip()
    return text if done.returncode and 'Vulkan' in text else None


def frames_of(done):
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_grey(work):
    out = os.path.join(work, 'grey.y4m')
    for data in [grey(99, 67, 3), grey(64, 48, 3, 'C420mpeg2 XCOLORRANGE=FULL', 0),
                 grey(16, 16, 3, 'Ip A1:1')]:
        done = run('-', '-o', out, 'device=cpu', data=data)
        frames = frames_of(done)
        check('no face where there is none', done.returncode == 0 and not done.stderr and
              frames == [{'frame': i, 'time': i / 25, 'faces': []} for i in range(3)],
              f'{done.stderr} {done.stdout[:200]}')
        with open(out, 'rb') as f:
            check('the frames are written as they were', f.read() == data)
    done = run('-', 'device=cpu', data=grey(64, 48, 2).replace(b'F25:1', b'F0:0'))
    check('no rate, no time', [f['time'] for f in frames_of(done)] == [None, None])
    done = run('-', 'device=cpu', data=grey(64, 48, 2)[:-5])
    check('a cut end: the frames before it are told', done.returncode == 1
          and len(frames_of(done)) == 1 and b'within frame 1' in done.stderr, done.stderr)


def check_face(face):
    x, y, width, height = face['box']
    near = (abs(x - FACE['left']) < 6 and abs(y - FACE['top']) < 6 and
            abs(x + width - FACE['right']) < 6 and abs(y + height - FACE['bottom']) < 6)
    check('the box', near, face['box'])
    check('what is said of the face', face['id'] > 0 and face['lost'] is False
          and 0.5 < face['presence'] <= 1
          and all(abs(face['pose'][k]) < 25 for k in ('yaw', 'pitch', 'roll'))
          and 0.3 < face['pose']['confidence'] <= 1 and 0 <= face['gaze']['confidence'] <= 1
          and all(0.1 < a < 0.6 for a in face['aperture']) and 0 <= face['glasses'] < 0.5
          and list(face['visible']) == REGIONS and face['visible']['nose'] > 0.5, face)


def test_portrait(work, picture):
    source, out = os.path.join(work, 'portrait.y4m'), os.path.join(work, 'out.y4m')
    subprocess.run(['ffmpeg', '-nostdin', '-v', 'error', '-loop', '1', '-i', picture,
                    '-frames:v', '4', '-pix_fmt', 'yuv420p', '-y', source], check=True)
    with open(source, 'rb') as f:
        data = f.read()
    done = run('--points', source, '-o', out, 'device=cpu')
    check('the portrait', done.returncode == 0 and not done.stderr, done.stderr)
    frames = frames_of(done)
    check('a face in each frame', [len(f['faces']) for f in frames] == [1] * 4)
    faces = [f['faces'][0] for f in frames]
    check('the same one', len({f['id'] for f in faces}) == 1)
    for face in faces:
        check_face(face)
        x, y, width, height = face['box']
        check('478 points in the box', len(face['points']) == 478 and
              all(len(p) == 3 and x - .01 <= p[0] <= x + width + .01
                  and y - .01 <= p[1] <= y + height + .01 for p in face['points']))
    with open(out, 'rb') as f:
        check('the frames are written as they were', f.read() == data)
    done = run('-', '-o', out, 'device=cpu', 'overlay=faces+mesh', data=data)
    frames = frames_of(done)
    check('points and times only when asked for', all(
        'cpu_ms' not in f and 'points' not in face for f in frames for face in f['faces']))
    with open(out, 'rb') as f:
        drawn = f.read()
    check('the overlay is in them', len(drawn) == len(data) and drawn != data)
    frames = frames_of(run('-', '--times', '--reset-every', '2', 'device=cpu', data=data))
    ids = [face['id'] for f in frames for face in f['faces']]
    check('another scene, another face', len(ids) == 4 and ids[0] == ids[1] < ids[2] == ids[3], ids)
    check('what it cost', all(0 < f['cpu_ms'] < 1e5 for f in frames), frames)


def main():
    global program
    program = sys.argv[1]
    why = find_obstacle(sys.argv[2])
    with tempfile.TemporaryDirectory() as work:
        test_errors(work)
        if not why:
            test_grey(work)
            picture = portrait.find()
            if not picture:
                why = 'the Debian package python3-imageio with its picture is not installed'
            elif subprocess.run(['sh', '-c', 'command -v ffmpeg'], capture_output=True,
                                check=False).returncode:
                why = 'ffmpeg is not installed'
            else:
                test_portrait(work, picture)
    print(f'{len(failures)} failures')
    if failures:
        return 1
    if why:
        print('skipped in part:', why)
        return 77
    return 0


if __name__ == '__main__':
    sys.exit(main())
