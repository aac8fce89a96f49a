#!/usr/bin/env python3
"""The preview's window on a display of its own: what it shows, by screenshots; what its sliders say
and do, as a screen reader has it (AT-SPI), a mouse and a keyboard.

    test_cam_preview.py PROGRAM WORK_FOLDER WINDOW_PROGRAM [test_NAME...]
"""
import os
import signal
import subprocess
import sys
import time

import cam_session
from cam_session import wait_for

PROGRAM, WORK, WINDOW = sys.argv[1:4]
SCREEN = (1280, 800)
DEBIAN = '/usr/bin/python3'
BASE = ('--size', '320x240', '--output', 'none', '--preview')


class Desk(cam_session.Session):
    """With a display, and eyes and hands for it."""

    def start_display(self):
        read, write = os.pipe()
        self.running['Xvfb'] = subprocess.Popen(
            ['Xvfb', '-displayfd', str(write), '-screen', '0', '%dx%dx24' % SCREEN, '-nolisten',
             'tcp'], pass_fds=[write], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as number:
            os.environ['DISPLAY'] = ':' + number.readline().strip()
        # Without this GTK looks for a portal, and a minute goes by.
        os.environ.update(GDK_BACKEND='x11', GSK_RENDERER='cairo', GTK_USE_PORTAL='0')
        subprocess.run(['xdotool', 'mousemove', str(SCREEN[0] - 1), str(SCREEN[1] - 1)],
                       check=False)
        from gi.repository import Atspi
        self.atspi = Atspi
        Atspi.init()
        Atspi.set_timeout(2000, 5000)

    def colour(self, x, y):
        """Of a place on the display: (r, g, b)."""
        done = subprocess.run(
            ['ffmpeg', '-v', 'error', '-f', 'x11grab', '-video_size', '%dx%d' % SCREEN, '-i',
             os.environ['DISPLAY'], '-frames:v', '1', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
            capture_output=True, timeout=30, check=False).stdout
        at = (y * SCREEN[0] + x) * 3
        return tuple(done[at:at + 3])

    def picture(self):
        """The colour in the middle of what the window shows of the camera."""
        return self.colour(290, 270)

    def widgets(self):
        """By name and role, those of the window."""
        found = {}
        todo = []
        desk = self.atspi.get_desktop(0)
        try:
            todo = [desk.get_child_at_index(i) for i in range(desk.get_child_count())]
            todo = [a for a in todo if a and a.get_name() == 'mien-cam-preview']
            while todo:
                widget = todo.pop()
                found[widget.get_name(), widget.get_role_name()] = widget
                todo += [w for w in (widget.get_child_at_index(i)
                                     for i in range(widget.get_child_count())) if w]
        except self.atspi_errors():
            return {}  # it has just gone
        return found

    @staticmethod
    def atspi_errors():
        from gi.repository import GLib
        return (GLib.Error,)

    def slider(self, name):
        return self.widgets().get((name, 'slider'))

    def slider_is(self, name, value):
        slider = self.slider(name)
        return bool(slider) and abs(slider.get_current_value() - value) < 1e-6

    def says(self, text):
        return any(text in name for name, role in self.widgets() if role == 'label')

    def opens(self):
        return wait_for(lambda: self.slider('smooth') and self.slider_is('smooth', 0.8), 30)

    def get(self, name):
        return self.ask('get', name).strip()

    def number(self, name):
        return float(self.get(name).split('=')[1])

    def window_ends(self):
        return wait_for(lambda: not self.widgets(), 10)

    def click(self, widget, along=0.5):
        """In the middle of its height, at a share of its width."""
        place = widget.get_extents(self.atspi.CoordType.WINDOW)
        self.run('xdotool', 'mousemove', str(place.x + int(along * place.width)),
                 str(place.y + place.height // 2), 'click', '1')
        time.sleep(0.5)

    def key(self, *keys):
        """There is no window manager that would give it the keyboard."""
        for window in self.run('xdotool', 'search', '--name', '^mien-cam$').split():
            self.run('xdotool', 'windowfocus', window)
        time.sleep(0.3)
        for key in keys:
            self.run('xdotool', 'key', key)
            time.sleep(0.2)


def is_near(colour, wanted):
    return len(colour) == 3 and all(abs(a - b) < 40 for a, b in zip(colour, wanted))


def goes_on(s):
    before = int(s.status()['frames-out'])
    return wait_for(lambda: int(s.status()['frames-out']) > before + 10, 5)


def test_sight(s):
    s.camera('--camera', 'test:red', *BASE)
    s.check('the window opens', s.opens(), s.said('mien-cam'))
    s.check('and shows the picture', wait_for(lambda: is_near(s.picture(), (255, 0, 0)), 15),
            s.picture())
    s.check('and the state', wait_for(lambda: s.says('test picture red'), 5))
    s.click(s.widgets()['more', 'label'])
    names = [line.split('=')[0] for line in s.ask('params').splitlines()]
    widgets = s.widgets()
    missing = [n for n in names if not any(n == name and role != 'label' for name, role in widgets)]
    s.check(f'all {len(names)} parameters have something to change them',
            len(names) > 10 and not missing, f'{missing} of {sorted(widgets)}')


def test_hands(s):
    age = s.slider('age')
    s.check('a slider has the range of its parameter',
            (age.get_minimum_value(), age.get_maximum_value()) == (-40, 50),
            (age.get_minimum_value(), age.get_maximum_value()))
    age.set_current_value(20)
    s.check('moving it changes the camera', wait_for(lambda: s.get('age') == 'age=20', 5),
            s.get('age'))
    s.click(s.slider('gaze'), 0.75)
    s.check('so does a click', wait_for(lambda: s.number('gaze') > 0.6, 5), s.get('gaze'))
    before = s.number('gaze')
    s.key('Left', 'Left', 'Left')
    s.check('and keys', wait_for(lambda: abs(s.number('gaze') - before + 0.03) < 1e-6, 5),
            s.get('gaze'))
    s.key('Home')
    s.check('to the end of the range', wait_for(lambda: s.get('gaze') == 'gaze=0', 5),
            s.get('gaze'))
    s.click(s.widgets()['quality', 'combo box'])
    s.key('Down', 'Return')
    s.check('a choice changes the camera', wait_for(lambda: s.get('quality') == 'quality=low', 5),
            s.get('quality'))
    before = s.ask('get')
    s.run('xdotool', 'click', '--repeat', '20', '5')
    time.sleep(0.5)
    s.check('the wheel turns no knob', s.ask('get') == before, s.ask('get'))
    s.click(s.widgets()['faces', 'check box'])
    s.check('and a flag', wait_for(lambda: s.get('overlay') == 'overlay=faces', 5),
            s.get('overlay'))
    for value in range(-10, 11):
        s.slider('gaze-x').set_current_value(value / 2)
    s.check('the last of many moves is what counts',
            wait_for(lambda: s.get('gaze-x') == 'gaze-x=5', 5), s.get('gaze-x'))
    time.sleep(1)
    s.check('and stays', s.slider_is('gaze-x', 5) and s.get('gaze-x') == 'gaze-x=5')


def test_others(s):
    """What other callers do is seen."""
    s.ask('set', 'smooth=0.25', 'style=cartoon', 'quality=high', 'overlay=faces+timing')
    s.check('a slider follows', wait_for(lambda: s.slider_is('smooth', 0.25), 5))
    s.check('so do choices', wait_for(lambda: s.says('cartoon') and s.says('high'), 5))
    boxes = s.widgets()
    checked = [n for n, r in boxes if r == 'check box' and
               boxes[n, r].get_state_set().contains(s.atspi.StateType.CHECKED)]
    s.check('and flags', sorted(checked) == ['faces', 'timing'], checked)
    s.check('the window has set nothing by itself',
            s.ask('get', 'age', 'smooth', 'style', 'quality', 'overlay').split() ==
            ['age=20', 'smooth=0.25', 'style=cartoon', 'quality=high', 'overlay=faces+timing'],
            s.ask('get'))
    s.ask('set', 'style=', 'overlay=none', 'smooth=0.8', 'quality=auto', 'age=0', 'gaze=0')
    s.check('all is as it was, when what had been asked for is loaded',
            wait_for(lambda: goes_on(s), 90), s.status())


def can_reset(s, name):
    button = s.widgets().get(('reset ' + name, 'push button'))
    return bool(button) and button.get_state_set().contains(s.atspi.StateType.SENSITIVE)


def test_reset(s):
    """A number, a style, a choice, a flag and a text go back to what they were made to be."""
    rows = (('smooth', '0.25', '0.8'), ('style', 'cartoon', ''), ('quality', 'high', 'auto'),
            ('overlay', 'faces', 'none'), ('cache', 'none', ''))
    names = [line.split('=')[0] for line in s.ask('params').splitlines()]
    s.ask('set', 'gaze-x=0')

    def there_are(*wanted):
        return wait_for(lambda: [n for n in names if can_reset(s, n)] == sorted(
            wanted, key=names.index), 5)
    s.check('what is as it was made to be cannot be reset', there_are('device'),
            [n for n in names if can_reset(s, n)])
    s.ask('set', *(f'{name}={value}' for name, value, _ in rows))
    s.check('what others change can be', there_are('device', *(name for name, _, _ in rows)),
            [n for n in names if can_reset(s, n)])
    for name, _, usual in rows:
        s.widgets()['reset ' + name, 'push button'].do_action(0)
        s.check(f'{name} goes back to its default', wait_for(
            lambda: s.get(name) == f'{name}={usual}' and not can_reset(s, name), 5), s.get(name))
    s.slider('age').set_current_value(3)
    s.check('what is moved here can be, too', wait_for(lambda: can_reset(s, 'age'), 5))
    s.run('xdotool', 'mousemove', '640', '300', 'click', '--repeat', '40', '4')  # to the top
    time.sleep(0.5)
    s.click(s.widgets()['reset age', 'push button'])
    s.check('by a click', wait_for(lambda: s.get('age') == 'age=0' and not can_reset(s, 'age') and
                                   s.slider_is('age', 0), 5), s.get('age'))
    s.check('and frames go on', wait_for(lambda: goes_on(s), 90), s.status())


def is_pressed(s, button):
    states = button.get_state_set()
    return states.contains(s.atspi.StateType.PRESSED) or states.contains(s.atspi.StateType.CHECKED)


def test_cover(s):
    cover = s.widgets().get(('Cover the camera', 'push button'))
    s.click(cover)
    s.check('the button covers the camera',
            wait_for(lambda: s.status().get('cover') == 'on', 5), s.status())
    s.check('and looks pressed', is_pressed(s, cover))
    s.check('and what is shown is black', wait_for(lambda: is_near(s.picture(), (0, 0, 0)), 5),
            s.picture())
    s.ask('cover', 'off')
    s.check('another caller uncovers it', wait_for(
        lambda: not is_pressed(s, cover) and is_near(s.picture(), (255, 0, 0)), 5), s.picture())


def children(process):
    with open(f'/proc/{process.pid}/task/{process.pid}/children') as file:
        return [int(word) for word in file.read().split()]


def test_robust(s):
    camera = s.running['mien-cam']
    window = children(camera)[0]
    os.kill(window, signal.SIGSTOP)
    time.sleep(1)
    s.check('a window that hangs does not hold up the camera', goes_on(s))
    os.kill(window, signal.SIGCONT)
    camera.send_signal(signal.SIGSTOP)
    s.check('a camera that hangs is told', wait_for(lambda: s.says('does not answer'), 10))
    camera.send_signal(signal.SIGCONT)
    s.check('and when it is back', wait_for(lambda: s.says('test picture red'), 10))
    s.key('ctrl+q')
    s.check('the window closes', s.window_ends() and
            wait_for(lambda: 'preview is closed' in s.said('mien-cam'), 5), s.said('mien-cam'))
    s.check('and the camera goes on', goes_on(s))
    s.start('window', WINDOW)
    s.check('it opens again by its own name', s.opens(), s.said('window'))
    s.check('with the picture', wait_for(lambda: is_near(s.picture(), (255, 0, 0)), 15))
    s.check('a killed window is no trouble', s.stop('window', signal.SIGKILL) == -signal.SIGKILL
            and goes_on(s), s.said('mien-cam'))


def test_end(s):
    for by in (signal.SIGTERM, signal.SIGKILL):
        s.start('window' + by.name, WINDOW)
        s.opens()
        window = s.running['window' + by.name]
        s.stop('mien-cam', by)
        s.check(f'after {by.name} for the camera the window closes, too',
                wait_for(lambda: window.poll() == 0, 10), window.poll())
        s.check('and says so in a line', s.said('window' + by.name) ==
                'mien-cam-preview: mien-cam has ended\n', s.said('window' + by.name))
        s.camera('--camera', 'test:red', *BASE[:-1])
        wait_for(lambda: s.status().get('output-state') == 'running', 30)
    s.stop('mien-cam')


def refused(*words, **more):
    done = subprocess.run([WINDOW, *words], capture_output=True, text=True, timeout=30,
                          check=False, env=dict(os.environ, **more))
    return done.returncode, done.stderr


def test_refusals(s):
    code, said = refused()
    s.check('no camera to show', code == 1 and said.count('\n') == 1 and 'mien-cam.sock' in said,
            said)
    code, said = refused('--sighs')
    s.check('an unknown option', code == 2 and said.count('\n') == 1 and '--sighs' in said, said)
    s.camera('--camera', 'test:red', *BASE[:-1])
    wait_for(lambda: s.status().get('output-state') == 'running', 30)
    code, said = refused(DISPLAY=':4711')
    s.check('no display', code == 1 and said.count('\n') == 1 and 'display' in said, said)
    s.stop('mien-cam')


def need_atspi():
    """Debian's bindings are for its own Python, which may not be the first in the path."""
    try:
        import gi
        gi.require_version('Atspi', '2.0')
    except (ImportError, ValueError):
        if sys.executable != DEBIAN:
            os.execv(DEBIAN, [DEBIAN, *sys.argv])
        print('skipped: not installed: python3-gi or gir1.2-atspi-2.0')
        sys.exit(cam_session.SKIP)


def main():
    need_atspi()
    cam_session.enter(WORK, ['dbus-run-session', 'Xvfb', 'xdotool', 'ffmpeg', WINDOW])
    with Desk(WORK, PROGRAM) as desk:
        desk.start_display()
        for test in (test_sight, test_hands, test_others, test_reset, test_cover, test_robust,
                     test_end, test_refusals):
            if sys.argv[4:] and test.__name__ not in sys.argv[4:]:
                continue
            print('#', test.__name__, flush=True)
            test(desk)
    return 1 if desk.failed else 0


if __name__ == '__main__':
    sys.exit(main())
