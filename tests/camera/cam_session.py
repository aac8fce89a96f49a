"""A desktop in small for tests: D-Bus, PipeWire and its session manager in a folder of their own,
and mien-cam in it. Started again under dbus-run-session by enter()."""
import os
import shutil
import signal
import subprocess
import sys
import time

SKIP = 77


def enter(work, programs):
    """Goes on inside a private session bus, with `work` as home and runtime folder."""
    missing = [p for p in programs if not shutil.which(p) and not os.path.exists(p)]
    if missing:
        print('skipped: not installed:', ', '.join(missing))
        sys.exit(SKIP)
    if os.environ.get('MIEN_CAM_SESSION') == work:
        return
    shutil.rmtree(work, ignore_errors=True)
    for folder in ('run', 'home', 'cache'):
        os.makedirs(os.path.join(work, folder), mode=0o700)
    os.environ.update(MIEN_CAM_SESSION=work, XDG_RUNTIME_DIR=os.path.join(work, 'run'),
                      HOME=os.path.join(work, 'home'), XDG_CACHE_HOME=os.path.join(work, 'cache'),
                      XDG_CURRENT_DESKTOP='GNOME')
    for name in ('DBUS_SESSION_BUS_ADDRESS', 'DISPLAY', 'WAYLAND_DISPLAY'):
        os.environ.pop(name, None)
    os.execvp('dbus-run-session', ['dbus-run-session', '--', sys.executable, *sys.argv])


def wait_for(condition, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def end(process, by=signal.SIGTERM):
    """The exit status, or 'killed'."""
    if process.poll() is None:
        process.send_signal(by)
    try:
        return process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return 'killed'


def read_status(text):
    return dict(line.split('=', 1) for line in text.splitlines())


class Checks:
    def __init__(self):
        self.failed = 0

    def check(self, what, good, detail=''):
        print(('ok - ' if good else 'not ok - ') + what + ('' if good else f': {detail}'),
              flush=True)
        self.failed += not good
        return good


class Session(Checks):
    """Programs that end with it, and checks that are counted."""

    def __init__(self, work, program):
        super().__init__()
        self.work, self.program = work, program
        self.running = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in reversed(list(self.running)):
            self.stop(name)

    def start(self, name, *words):
        with open(self.log(name), 'a') as log:
            self.running[name] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                                  stderr=log)

    def log(self, name):
        return os.path.join(self.work, name + '.log')

    def said(self, name):
        with open(self.log(name)) as log:
            return log.read()

    def stop(self, name, by=signal.SIGTERM):
        return end(self.running.pop(name), by)

    def start_pipewire(self):
        self.start('pipewire', 'pipewire')
        socket = os.path.join(os.environ['XDG_RUNTIME_DIR'], 'pipewire-0')
        wait_for(lambda: os.path.exists(socket), 20)
        self.start_wireplumber()

    def start_wireplumber(self):
        self.start('wireplumber', 'wireplumber')
        wait_for(lambda: 'wireplumber' in self.run('pw-cli', 'list-objects', 'Client'), 20)

    def start_upstream(self, width, height, rate=30, pattern='white'):
        """A camera of PipeWire's, of the name upstream."""
        self.start('upstream', 'gst-launch-1.0', '-q', 'videotestsrc', 'is-live=true',
                   f'pattern={pattern}', '!', f'video/x-raw,format=YUY2,width={width},'
                   f'height={height},framerate={rate}/1', '!', 'pipewiresink', 'mode=provide',
                   'sync=false', 'stream-properties=p,media.class=Video/Source,media.role=Camera,'
                   'node.name=upstream,node.description=Upstream')
        wait_for(lambda: self.node('upstream'), 15)

    def run(self, *words, seconds=60):
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            return ''
        return done.stdout if done.returncode == 0 else ''

    def node(self, name):
        """PipeWire's number for the node of a name, or None."""
        number = None
        for line in self.run('pw-cli', 'list-objects', 'Node').splitlines():
            words = line.strip().rstrip(',').split()
            if words[:1] == ['id']:
                number = words[1].rstrip(',')
            if line.strip() == f'node.name = "{name}"':
                return number
        return None

    def camera(self, *words, name='mien-cam'):
        self.start(name, self.program, '--no-keys', '--device', 'cpu', *words)

    def ask(self, *words):
        return self.run(self.program, *words)

    def status(self):
        return read_status(self.ask('status'))
