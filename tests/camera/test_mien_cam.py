#!/usr/bin/env python3
"""The program mien-cam from outside, without a device and without PipeWire: test pictures and
files through the filter to nowhere, the control socket, keys, signals, systemd's socket.

    test_mien_cam.py PROGRAM WORK_FOLDER SLEEP_CLOCK_LIBRARY [test_NAME...]
"""
import fcntl
import mmap
import os
import pty
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

from cam_session import Checks, end, read_status, wait_for

PROGRAM, WORK, SLEEP_CLOCK = sys.argv[1:4]
SOCKET = os.path.join(WORK, 'mien-cam.sock')
LOG = os.path.join(WORK, 'log')
BASE = ['--output', 'none', '--no-keys', '--device', 'cpu']
CHECKS = Checks()
check = CHECKS.check


def ask(*words):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


def status():
    code, out, _ = ask('status')
    return read_status(out) if code == 0 else {}


def read_log():
    with open(LOG) as log:
        return log.read()


class Camera:
    """mien-cam at work; what it says is in LOG."""

    def __init__(self, *words, log=None, **popen):
        with open(LOG, 'w') as file:
            self.process = subprocess.Popen([PROGRAM, *words], stdin=subprocess.DEVNULL,
                                            stderr=file if log is None else log, **popen)

    def said(self):
        return read_log()

    def runs(self, seconds=60):
        return wait_for(lambda: status().get('output-state') == 'running', seconds)

    def end(self, by=signal.SIGTERM):
        return end(self.process, by)

    def rss(self):
        with open(f'/proc/{self.process.pid}/statm') as file:
            return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def one_line(text):
    return text.count('\n') == 1 and text.startswith('mien-cam: ')


def test_words():
    code, out, _ = ask('--list')
    check('--list', code == 0 and 'cameras:' in out and 'loopback devices:' in out, out)
    code, out, _ = ask('--help')
    check('--help has the parameters', code == 0 and '--style-area=frame|face' in out, out)
    for words, culprit in ((['--size', '12'], "'12'"), (['--style-area', 'ears'], 'style-area'),
                           (['--output'], 'output'), (['dance'], 'dance'),
                           (['--camera', 'test:picture'], "'picture'")):
        code, out, err = ask(*words)
        check(f'{words} is refused', code == 2 and one_line(err) and culprit in err, err)
    code, out, err = ask('status')
    check('no program to ask', code == 1 and one_line(err) and SOCKET in err, err)


def call():
    link = socket.socket(socket.AF_UNIX)
    link.connect(SOCKET)
    link.settimeout(5)
    return link


def exchange(link, data, answers=1):
    """Raw bytes to the socket; what came back."""
    got = b''
    try:
        link.sendall(data)
        while got.count(b'ok\n') + got.count(b'error ') < answers:
            part = link.recv(4096)
            if not part:
                break
            got += part
    except (socket.timeout, ConnectionError):
        pass
    return got


def talk(data, answers=1):
    with call() as link:
        return exchange(link, data, answers)


def test_control():
    camera = Camera('--camera', 'test:ball', '--size', '320x240', *BASE)
    check('a test picture runs', camera.runs(), camera.said())
    now = status()
    check('status', now.get('size') == '320x240' and now.get('camera-state') == 'running', now)
    check('the socket is for its owner only', os.stat(SOCKET).st_mode & 0o77 == 0)
    check('set', ask('set', 'style-strength=0.5', 'smooth=0.25')[0] == 0)
    check('get', ask('get', 'smooth')[1] == 'smooth=0.25\n', ask('get', 'smooth'))
    code, out, err = ask('set', 'smooth=7')
    check('a bad value is refused by name', code == 1 and one_line(err) and 'smooth' in err, err)
    check('two requests at once',
          talk(b'get smooth\nget style\n', 2) == b'smooth=0.25\nok\nstyle=\nok\n')
    check('bytes that are no text', b'ok' not in talk(b'\0\xff\0\n'))
    check('a line without end', b'ok' not in talk(b'x' * 20000))
    idle = [call() for _ in range(40)]
    time.sleep(0.5)
    check('many callers that stay and say nothing', ask('get')[0] == 0, ask('get'))
    talker = call()
    answers = []
    for _ in range(3):
        answers.append(exchange(talker, b'get smooth\n'))
        idle += [call() for _ in range(10)]
        exchange(idle[-1], b'get smooth\n')  # once it is answered all ten have come in
    check('who speaks may stay', answers == [b'smooth=0.25\nok\n'] * 3, answers)
    for link in idle + [talker]:
        link.close()
    code, out, err = ask('--camera', 'test', *BASE)
    check('a second one is refused', code == 1 and one_line(err) and 'already' in err, err)
    check('quit', ask('quit')[0] == 0 and wait_for(lambda: camera.process.poll() == 0, 10))
    check('the socket is gone', not os.path.exists(SOCKET))
    camera.end()


def test_params():
    camera = Camera('--camera', 'test', '--size', '320x240', *BASE)
    camera.runs()
    code, out, _ = ask('params')
    rows = {words[0].split('=')[0]: dict(w.split('=', 1) for w in words)
            for words in map(shlex.split, out.splitlines())}
    check('params has every parameter',
          code == 0 and list(rows) == [r.split('=')[0] for r in ask('get')[1].split('\n')[:-1]],
          out)
    check('ranges', rows['age']['age'] == 'float' and rows['age']['min'] == '-40' and
          rows['age']['unit'] == 'years' and rows['max-faces']['max'] == '8', rows['age'])
    check('and choices', rows['quality']['choices'] == 'auto|low|high' and
          'cartoon' in rows['style']['choices'].split('|') and 'choices' not in rows['device'],
          rows)
    camera.end()


class Onlooker:
    """Sees the picture as the preview's window does: shared memory (cam_view.h)."""

    def __init__(self):
        self.link = call()
        self.link.sendall(b'watch\n')
        answer, fds, _, _ = socket.recv_fds(self.link, 4096, 1)
        self.caps, self.fd = answer.decode(), fds[0]
        self.memory = mmap.mmap(self.fd, 0, prot=mmap.PROT_READ)

    def head(self):
        """Slots, start, size of one, begun, done."""
        return struct.unpack_from('<4xIQQQQ', self.memory)

    def luma(self):
        """Of the newest frame's first pixel, YUY2."""
        slots, start, size, _, done = self.head()
        return self.memory[start + done % slots * size]

    def close(self):
        self.memory.close()
        os.close(self.fd)
        self.link.close()


def moves(onlooker):
    before = onlooker.head()[4]
    return wait_for(lambda: onlooker.head()[4] > before + 5, 5)


def fails(call_it):
    try:
        call_it()
    except (OSError, ValueError):
        return True
    return False


def test_watch():
    camera = Camera('--camera', 'test:white', '--size', '320x240', *BASE)
    camera.runs()
    onlooker = Onlooker()
    check('an onlooker hears what frames are like',
          'format=(string)YUY2, width=(int)320, height=(int)240' in onlooker.caps and
          onlooker.caps.endswith('\nok\n'), onlooker.caps)
    check('and sees them', moves(onlooker) and onlooker.luma() == 235, onlooker.luma())
    check('its memory cannot be cut or written to',
          fails(lambda: os.ftruncate(onlooker.fd, 0)) and
          fails(lambda: os.write(onlooker.fd, b'mine')) and
          fails(lambda: mmap.mmap(onlooker.fd, 0)))
    check('cover', ask('cover', 'on')[0] == 0 and status()['cover'] == 'on')
    check('is black at once', moves(onlooker) and onlooker.luma() == 16, onlooker.luma())
    check('uncovered', ask('cover', 'off')[0] == 0 and moves(onlooker) and onlooker.luma() == 235,
          onlooker.luma())
    check('cover is told', camera.said().count('cover') == 2, camera.said())
    code, _, err = ask('cover', 'up')
    check('neither on nor off', code == 1 and one_line(err), err)
    second = Onlooker()
    second.link.sendall(b'watch\nwatch\n')
    second.close()
    check('one who leaves takes nobody along', moves(onlooker))
    crowd = [Onlooker() for _ in range(10)]
    for one in crowd + [onlooker]:
        one.close()
    time.sleep(0.5)
    last = Onlooker()
    check('many come and go', moves(last))
    with call() as link: # without a look at what comes
        link.sendall(b'watch\n' * 50)
    before = last.head()[4]
    last.link.close()
    time.sleep(0.5)
    done = last.head()[4]
    time.sleep(0.5)
    check('for nobody nothing is copied', last.head()[4] == done and done > before - 1,
          (before, done, last.head()))
    camera.end()


def test_preview_words():
    code, _, err = ask('--preview', '--control', 'none', '--camera', 'test', *BASE)
    check('a preview without a socket is refused', code == 2 and one_line(err) and
          '--preview' in err, err)
    # A copy elsewhere has no window beside it.
    core = os.path.join(os.path.dirname(PROGRAM), '..', '..', 'core')
    lonely = shutil.copy(PROGRAM, os.path.join(WORK, 'lonely'))
    with open(LOG, 'w') as log:
        process = subprocess.Popen([lonely, '--preview', '--camera', 'test', '--size', '320x240',
                                    *BASE], stdin=subprocess.DEVNULL, stderr=log,
                                   env=dict(os.environ, PATH='/nowhere',
                                            LD_LIBRARY_PATH=core))
    check('without its program there is no preview, but a camera', wait_for(
        lambda: status().get('output-state') == 'running' and
        'mien-cam-preview is not installed' in read_log(), 30), read_log())
    end(process)
    os.unlink(lonely)


def test_left_socket():
    camera = Camera('--camera', 'test', '--size', '320x240', *BASE)
    camera.runs()
    camera.end(signal.SIGKILL)
    check('a killed program leaves its socket', os.path.exists(SOCKET))
    camera = Camera('--camera', 'test', '--size', '320x240', *BASE)
    check('the next one takes its place', camera.runs(), camera.said())
    check('SIGTERM is an orderly end', camera.end() == 0 and not os.path.exists(SOCKET))
    with open(SOCKET, 'w') as file:
        file.write('precious')
    code, _, err = ask('--camera', 'test', *BASE)
    check('a file in its place is left alone', code == 1 and os.path.getsize(SOCKET) == 8, err)
    os.unlink(SOCKET)


def broken_style():
    path = os.path.join(WORK, 'broken.onnx')
    with open(path, 'w') as file:
        file.write('no network')
    return path


def test_style():
    camera = Camera('--camera', 'test:ball', '--size', '320x240', '--style', 'cartoon', *BASE)
    check('a style runs', camera.runs(90), camera.said())
    code, _, err = ask('set', 'style=no-such-style')
    check('a style that is not there is refused, with those that are',
          code == 1 and one_line(err) and "'no-such-style'" in err and 'cartoon' in err, err)
    ask('set', 'style=' + broken_style())
    check('a file that is no style is named',
          wait_for(lambda: 'broken.onnx' in camera.said(), 10))
    before = int(status()['frames-out'])
    check('and the old one plays on',
          wait_for(lambda: int(status()['frames-out']) > before + 10, 20))
    check('and is what is asked for', ask('get', 'style')[1] == 'style=cartoon\n')
    camera.end()
    code, _, err = ask('--camera', 'test', '--style', 'no-such-style', *BASE)
    last = err.splitlines()[-1] if err else ''
    check('at the start it ends the program', code == 1 and 'no-such-style' in last, err)
    code, _, err = ask('--camera', 'test', '--style', 'cartoon', '--output', 'none', '--no-keys',
                       '--device', 'no-such-gpu')
    check('so does a device that is not there', code == 1 and 'no-such-gpu' in err, err)


def test_refused_style():
    camera = Camera('--camera', 'test:ball', '--size', '320x240', *BASE)
    camera.runs()
    wait_for(lambda: int(status()['frames-out']) > 60)
    code, _, err = ask('set', 'style=no-such-style', 'smooth=0.25')
    time.sleep(1)
    check('a style that is not there is refused where there was none',
          code == 1 and 'no-such-style' in err and ask('get', 'smooth')[1] == 'smooth=0.8\n', err)
    check('and readers do not notice', camera.said().count('\n') == 2, camera.said())
    ask('set', 'style=' + broken_style())
    check('a file that is no style is named', wait_for(lambda: 'broken.onnx' in camera.said(), 10))
    before = int(status()['frames-out'])
    check('frames go on without it',
          wait_for(lambda: int(status()['frames-out']) > before + 30, 10), camera.said())
    check('and it is not asked for any more', ask('get', 'style')[1] == 'style=\n')
    camera.end()


def is_fresh(seen):
    """Appends the status that this is said by."""
    now = status()
    seen.append(now)
    return float(now['delay-ms']) < 4 * float(now['filter-ms']) + 200


def test_slow():
    # No CPU driver does as many frames a second. The source does, on a busy machine too: what it
    # makes too late, as of a thousand, is old before it is there.
    camera = Camera('--camera', 'test', '--fps', '300', '--style', 'cartoon', *BASE)
    check('a style runs', camera.runs(90), camera.said())
    check('it says that it is slow', wait_for(lambda: 'quality is low' in camera.said(), 40),
          camera.said())
    now = status()
    check('and takes less quality', now['quality'] == 'low', now)
    check('the user\'s wish stays', ask('get', 'quality')[1] == 'quality=auto\n')
    check('frames are dropped', int(now['frames-out']) < 0.9 * int(now['frames-in']), now)
    # The newest frame waits for the one in work, and is then worked on itself. A source that was
    # held up is late, and catches up; what waits in a queue only gets older.
    seen = []
    check('what comes out is fresh', wait_for(lambda: is_fresh(seen), 20), seen[-1])
    camera.end()


def test_delay():
    """By mien-cam's own account: from the camera's stamp to the filter's end."""
    camera = Camera('--camera', 'test:ball', '--size', '320x240', '--fps', '15', '--style',
                    'cartoon', '--quality', 'low', *BASE)
    camera.runs(90)
    time.sleep(8) # it loads, and its rates are those of a window
    waits = []
    for _ in range(40):
        now = status()
        waits.append(float(now['delay-ms']) - float(now['filter-ms']))
        time.sleep(0.1)
    wait = sorted(waits)[len(waits) // 2]
    check(f'with a style, {wait:.1f} ms more than the effect takes: less than a frame (67 ms)',
          wait < 1000 / 15, waits)
    camera.end()


def make_clip(path, form='avi'):
    subprocess.run(['ffmpeg', '-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i',
                    'testsrc2=s=320x240:r=20:d=1', '-c:v', 'mjpeg', '-f', form, path + '.part'],
                   check=True)
    os.rename(path + '.part', path)


def test_file():
    if not shutil.which('ffmpeg'):
        print('skipped: ffmpeg is not installed')
        return
    clip = os.path.join(WORK, 'clip.avi')
    if os.path.exists(clip):
        os.unlink(clip)
    camera = Camera('--camera', clip, *BASE)
    check('a camera that is not there is waited for',
          wait_for(lambda: status().get('camera-state') == 'waiting', 10))
    check('and told once', wait_for(lambda: 'clip.avi' in camera.said(), 5) and
          (time.sleep(3) or camera.said().count('\n') == 1), camera.said())
    make_clip(clip)
    check('it is taken when it is there', camera.runs(20), camera.said())
    rate = measure_rate(camera)
    check('a file is repeated at its own rate', 12 < rate < 22, rate)
    check('its size is kept', status().get('size') == '320x240')
    camera.end()
    stream = os.path.join(WORK, 'stream.mjpeg')
    make_clip(stream, 'mjpeg')
    camera = Camera('--camera', stream, *BASE)
    camera.runs(20)
    start = int(status()['frames-in'])
    check('so is one without an index, which has to be opened again',
          wait_for(lambda: int(status()['frames-in']) > start + 60, 10), status())
    check('with one line, that it has no times',
          camera.said().count('\n') == 3 and camera.said().count('30 a second') == 1, camera.said())
    check('its rate is known', wait_for(lambda: 20 < float(status()['rate-in']) < 33, 15), status())
    camera.end()


def read_ue(bits, at):
    """Exp-Golomb: the value, and where the next one begins."""
    zeros = bits.index('1', at) - at
    return int(bits[at + zeros:at + 2 * zeros + 1], 2) - 1, at + 2 * zeros + 1


def drop_vui(stream):
    """An H.264 stream, of the baseline profile, without what its parameters say about time."""
    start = stream.index(b'\0\0\0\1\x67') + 5
    end = stream.index(b'\0\0\0\1', start)
    raw = stream[start:end].replace(b'\0\0\3', b'\0\0')
    bits = ''.join(f'{byte:08b}' for byte in raw)
    at = 24  # profile, constraints, level
    values = []
    for _ in range(4):  # id, frame numbers, order of output, frames of reference
        value, at = read_ue(bits, at)
        values.append(value)
    assert values[2] == 2, 'the order of output is that of the stream'
    _, at = read_ue(bits, at + 1)
    _, at = read_ue(bits, at)  # width, height
    assert bits[at:at + 3] in ('100', '110'), 'whole frames, and all of them'
    bits = bits[:at + 3] + '0' + '1'
    bits += '0' * (-len(bits) % 8)
    return stream[:start] + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)) + \
        stream[end:]


def measure_rate(camera, seconds=4):
    """Frames a second, by the frames that came."""
    camera.runs(20)
    start, before = time.time(), int(status()['frames-in'])
    time.sleep(seconds)
    return (int(status()['frames-in']) - before) / (time.time() - start)


def test_raw_stream():
    encoders = subprocess.run(['ffmpeg', '-v', 'error', '-encoders'], capture_output=True,
                              text=True).stdout if shutil.which('ffmpeg') else ''
    if 'libx264' not in encoders:
        print('skipped: ffmpeg with libx264 is not installed')
        return
    timed, raw = os.path.join(WORK, 'timed.264'), os.path.join(WORK, 'raw.264')
    subprocess.run(['ffmpeg', '-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i',
                    'testsrc2=s=320x240:r=20:d=2', '-c:v', 'libx264', '-profile:v', 'baseline',
                    timed], check=True)
    with open(timed, 'rb') as clip, open(raw, 'wb') as without:
        without.write(drop_vui(clip.read()))
    for clip, words, least, most, lines in ((timed, [], 16, 22, 2), (raw, [], 24, 33, 3),
                                            (raw, ['--fps', '10'], 8, 12, 3)):
        camera = Camera('--camera', clip, *words, *BASE)
        rate = measure_rate(camera)
        what = ' '.join([os.path.basename(clip), *words])
        check(f'{what} plays at {rate:.0f} a second', least < rate < most, camera.said())
        check(f'in {lines} lines', camera.said().count('\n') == lines and
              (lines == 2 or 'raw.264 does not say when' in camera.said()), camera.said())
        camera.end()


def choose(keys, camera, name):
    """Presses the down arrow until the parameter is the chosen one; each press says one line."""
    for _ in range(20):
        os.write(keys, b'\x1b[B')
        line = b''
        while b'keys:' in line or b'camera:' in line or b'output:' in line or not line:
            line = camera.stderr.readline()
        if line.startswith(b'mien-cam: %s ' % name.encode()):
            return True
    return False


def test_keys():
    main, side = pty.openpty()
    before = termios.tcgetattr(side)
    camera = subprocess.Popen(
        [PROGRAM, '--camera', 'test', '--size', '320x240', '--output', 'none'], stdin=side,
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    wait_for(lambda: status().get('output-state') == 'running')
    check('the terminal gives keys at once', not termios.tcgetattr(side)[3] & termios.ICANON)
    check('an arrow chooses a parameter', choose(main, camera, 'style-strength'))
    os.write(main, b'\x1b[D')
    check('an arrow changes it',
          wait_for(lambda: ask('get', 'style-strength')[1] == 'style-strength=0.95\n', 5),
          ask('get', 'style-strength'))
    os.write(main, b'D')
    os.write(main, b'q')
    try:
        code = camera.wait(15)
    except subprocess.TimeoutExpired:
        camera.kill()
        code = camera.wait()
    said = camera.stderr.read().decode()
    check('q ends it', code == 0 and 'style-strength 0.95' in said, said)
    check('the terminal is as before', termios.tcgetattr(side) == before)
    os.close(main)
    os.close(side)


def test_systemd():
    path = os.path.join(WORK, 'notify')
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(20)
        camera = Camera('--camera', 'test', '--size', '320x240', *BASE,
                        env=dict(os.environ, NOTIFY_SOCKET=path))
        heard = b''
        try:
            while b'READY=1' not in heard or b'WATCHDOG=1' not in heard:
                heard += manager.recv(4096) + b'\n'
        except socket.timeout:
            pass
        check('systemd is told', b'READY=1' in heard and b'STATUS=test picture' in heard, heard)
        camera.end()
    os.unlink(path)


def in_shell(script):
    """An interactive shell on a terminal of its own, and where to type."""
    main, side = pty.openpty()
    shell = subprocess.Popen(['bash', '--norc', '--noprofile', '-i'], stdin=side, stdout=side,
                             stderr=side, start_new_session=True,
                             preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(side)
    threading.Thread(target=swallow, args=[main], daemon=True).start()
    os.write(main, script.encode())
    return shell, main


def swallow(terminal):
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        pass


def process_state(pid):
    with open(f'/proc/{pid}/stat') as file:
        return file.read().rsplit(')', 1)[1].split()[0]


def test_job_control():
    words = [PROGRAM, '--camera', 'test', '--size', '320x240', '--output', 'none']
    shell, terminal = in_shell(shlex.join(words) + f' 2>{LOG} & echo $! >{WORK}/pid; fg\n')
    wait_for(lambda: status().get('output-state') == 'running')
    with open(f'{WORK}/pid') as file:
        pid = int(file.read())
    os.write(terminal, b'\x1a')
    check('control and Z stop it', wait_for(lambda: process_state(pid) == 'T', 5))
    os.write(terminal, b'bg\n')
    wait_for(lambda: process_state(pid) != 'T', 5)
    os.write(terminal, b'echo typed\n' * 3)
    time.sleep(1.5)
    before = status()
    check('in the background it goes on while the shell is typed to',
          before and wait_for(lambda: int(status().get('frames-out', 0)) >
                              int(before['frames-out']) + 20, 5), process_state(pid))
    os.write(terminal, b'fg\n')
    time.sleep(1.5)
    check('back in the foreground it has its keys',
          wait_for(lambda: os.write(terminal, b'h') and read_log().count('keys:') > 1, 10),
          read_log())
    os.write(terminal, b'\x1a')
    wait_for(lambda: process_state(pid) == 'T', 5)
    os.write(terminal, b'bg\n')
    wait_for(lambda: process_state(pid) != 'T', 5)
    os.kill(pid, signal.SIGTERM)
    check('and ends there', wait_for(lambda: not os.path.exists(SOCKET), 5) and
          wait_for(lambda: not os.path.exists(f'/proc/{pid}'), 5))
    if os.path.exists(f'/proc/{pid}'):
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    end(shell, signal.SIGKILL)


def test_signals():
    camera = Camera('--camera', 'test', '--size', '320x240', *BASE,
                    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    camera.runs()
    camera.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    check('with nohup it outlives its terminal', camera.process.poll() is None and status())
    check('and ends by SIGTERM', camera.end() == 0)
    read, write = os.pipe()
    camera = Camera('--camera', 'test', '--size', '320x240', *BASE, log=write)
    os.close(write)
    camera.runs()
    os.close(read)
    ask('set', 'style=' + broken_style())
    time.sleep(1)
    check('nobody need listen to what it says', camera.process.poll() is None)
    camera.end()


def test_standing_still():
    camera = Camera('--camera', 'test', '--size', '320x240', *BASE)
    camera.runs()
    camera.process.send_signal(signal.SIGSTOP)
    start, waiting = time.time(), []
    for _ in range(40): # more than its queue takes
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].setblocking(False)
        try:
            waiting[-1].connect(SOCKET)
        except BlockingIOError:
            pass
    code, _, err = ask('status')
    check('a stopped program keeps nobody waiting for ever',
          code == 1 and one_line(err) and 'does not answer' in err, err)
    code, _, err = ask('--camera', 'test', *BASE)
    check('nor a second one', code == 1 and one_line(err) and 'already' in err, err)
    for link in waiting:
        link.close()
    time.sleep(max(0, start + 7 - time.time()))
    camera.process.send_signal(signal.SIGCONT)
    time.sleep(1)
    before = int(status()['frames-out'])
    check('then it goes on', wait_for(lambda: int(status()['frames-out']) > before + 20, 5))
    check('as if nothing had been', camera.said().count('\n') == 2, camera.said())
    camera.end()


def test_sleep():
    """The clock that counts sleep jumps by an hour."""
    clock = os.path.join(WORK, 'slept')
    with open(clock, 'w') as file:
        file.write('0')
    preload = ':'.join(filter(None, [SLEEP_CLOCK, os.environ.get('LD_PRELOAD')]))
    camera = Camera('--camera', 'test', '--size', '320x240', *BASE,
                    env=dict(os.environ, LD_PRELOAD=preload, SLEEP_CLOCK=clock))
    camera.runs()
    time.sleep(1)
    check('without sleep nothing is opened again', 'slept' not in camera.said(), camera.said())
    camera.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    with open(clock, 'w') as file:
        file.write('3600')
    camera.process.send_signal(signal.SIGCONT)
    check('after sleep the camera is opened again',
          wait_for(lambda: camera.said().count('camera: test') == 2, 5) and
          'slept' in camera.said(), camera.said())
    before = int(status()['frames-out'])
    check('and its frames come out', wait_for(
        lambda: int(status()['frames-out']) > before + 20, 5), camera.said())
    check('the output stayed', camera.said().count('output:') == 1, camera.said())
    camera.end()


def test_memory():
    camera = Camera('--camera', 'test', '--size', '640x480', '--fps', '200', *BASE)
    camera.runs()
    wait_for(lambda: int(status()['frames-out']) > 400)
    before, start = camera.rss(), int(status()['frames-out'])
    wait_for(lambda: int(status()['frames-out']) > start + 2000, 40)
    frames, grown = int(status()['frames-out']) - start, camera.rss() - before
    # One lost buffer a second would be 6 MB here; what malloc and threads settle is less.
    check(f'{frames} frames take no memory ({grown >> 10} KiB)', frames > 500 and grown < 3 << 20)
    camera.end()


def main():
    os.makedirs(WORK, exist_ok=True)
    os.environ.update(XDG_RUNTIME_DIR=WORK, XDG_CACHE_HOME=os.path.join(WORK, 'cache'))
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    for test in (test_words, test_control, test_params, test_watch, test_preview_words,
                 test_left_socket, test_style, test_refused_style,
                 test_slow, test_delay, test_file, test_raw_stream, test_keys, test_job_control,
                 test_signals, test_standing_still, test_sleep, test_systemd, test_memory):
        if sys.argv[4:] and test.__name__ not in sys.argv[4:]:
            continue
        print('#', test.__name__, flush=True)
        test()
    print(f'{CHECKS.failed} failed')
    return 1 if CHECKS.failed else 0


if __name__ == '__main__':
    sys.exit(main())
