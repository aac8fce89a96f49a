#!/usr/bin/env python3
"""mien-cam's PipeWire camera in headless Chromium and Firefox: found through xdg-desktop-portal,
sent through a WebRTC call, decoded, moving, changed by the filter, and changed while the call goes
on.

    test_cam_browser.py PROGRAM WORK_FOLDER [BROWSER]      chromium or firefox; else both
"""
import os
import shutil
import subprocess
import sys

import cam_session
from call_browser import Call, area, chromium, difference, firefox
from cam_session import wait_for

PROGRAM, WORK = sys.argv[1:3]
PORTAL, GTK_PORTAL = '/usr/libexec/xdg-desktop-portal', '/usr/libexec/xdg-desktop-portal-gtk'
PERMISSIONS = '/usr/libexec/xdg-permission-store'
STORE = 'org.freedesktop.impl.portal.PermissionStore'
# In the test picture "smpte" the bars stand still, and the lower right corner is noise.
BARS, NOISE = (0, 0, 32, 11), (25, 14, 32, 18)


def call_method(destination, path, method, *values):
    return subprocess.run(['gdbus', 'call', '--session', '--dest', destination, '--object-path',
                           path, '--method', method, *values], capture_output=True,
                          text=True, timeout=30)


def distance(report, other):
    return difference(area(report, *BARS), area(other, *BARS))


def open_display(s):
    """An X server that stays when its first client goes. It tells its number in two writes, and
    ends if the second finds nobody: hence the read up to the end of the line."""
    read, write = os.pipe()
    with open(s.log('xvfb'), 'a') as log:
        s.running['xvfb'] = subprocess.Popen(
            ['Xvfb', '-displayfd', str(write), '-noreset', '-nolisten', 'tcp', '-screen', '0',
             '800x600x24'], pass_fds=[write], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    os.close(write)
    with open(read, encoding="ascii") as line:
        os.environ['DISPLAY'] = ':' + line.readline().strip()
    return s.running['xvfb'].poll() is None


def open_portal(s):
    """The portal asks for leave in a window unless the answer is stored; a backend that could show
    one has to be there all the same."""
    s.check('there is a display', open_display(s), s.said('xvfb'))
    s.run('dbus-update-activation-environment', '--all')
    s.start('permissions', PERMISSIONS)
    wait_for(lambda: call_method(STORE, '/org/freedesktop/impl/portal/PermissionStore',
                                 STORE + '.SetPermission', 'devices', 'true', 'camera', '',
                                 "['yes']").returncode == 0, 15)
    s.start('gtk-portal', GTK_PORTAL)
    wait_for(lambda: 'true' in call_method(
        'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus.NameHasOwner',
        'org.freedesktop.impl.portal.desktop.gtk').stdout, 15)
    s.start('portal', PORTAL)
    present = ('org.freedesktop.portal.Desktop', '/org/freedesktop/portal/desktop',
               'org.freedesktop.DBus.Properties.Get', 'org.freedesktop.portal.Camera',
               'IsCameraPresent')
    s.check('the portal knows of a camera',
            wait_for(lambda: 'true' in call_method(*present).stdout, 20), call_method(*present))


def test_call(s, browser):
    s.camera('--camera', 'test:smpte', '--size', '640x360', '--name', 'MienTest', '--style',
             'woodcut', '--output', 'pipewire')
    s.check('mien-cam runs', wait_for(lambda: s.status().get('output-state') == 'running', 90),
            s.said('mien-cam'))
    if 'portal' not in s.running:
        open_portal(s)
    call = Call(browser, 'MienTest', WORK)
    try:
        styled = call.still(12, BARS, 90)
        if not s.check(f'{browser.__name__} decodes the call', styled, call.errors()):
            return
        first, last = styled[0], styled[-1]
        s.check('in its size', (last['width'], last['height']) == (640, 360), last['width'])
        s.check('frames go on', last['decoded'] > first['decoded'] + 10,
                (first['decoded'], last['decoded']))
        moves = [difference(area(a, *NOISE), area(b, *NOISE)) for a, b in zip(styled, styled[1:])]
        s.check('the picture moves', sum(m > 1 for m in moves) >= 6, moves)
        s.ask('set', 'style-strength=0')
        # After the fade, and the encoder's way to the new picture.
        changed = wait_for(lambda: distance(call.pictures(1)[-1], last) > 10, 30)
        bare = call.still(4, BARS, 30)
        s.check('mien-cam set changes it in the call', changed and bare and
                distance(bare[-1], last) > 10, [distance(r, last) for r in call.pictures(4)])
        asked = sum('cameras' in report for report in call.reports)
        end = call.pictures(1)[-1]
        print(f'# cameras asked for {asked} times; {end["decoded"]} frames decoded, '
              f'{end["dropped"]} dropped, at {end.get("rate")} a second; the style changes the '
              f'bars by {distance(end, last):.0f} grey levels')
    finally:
        call.close()
    s.check('it outlives the call', wait_for(
        lambda: s.status().get('output-state') == 'running', 5))
    s.check('and ends in order', s.stop('mien-cam') == 0)


def main():
    browsers = {'chromium': chromium, 'firefox-esr': firefox}
    wanted = [name for name, browser in browsers.items()
              if browser.__name__ in (sys.argv[3:] or ['chromium', 'firefox'])]
    found = [name for name in wanted if shutil.which(name)]
    cam_session.enter(WORK, ['dbus-run-session', 'pipewire', 'wireplumber', 'pw-cli', 'gdbus',
                             'Xvfb', PORTAL, GTK_PORTAL, PERMISSIONS, *(found or wanted)])
    with cam_session.Session(WORK, PROGRAM) as session:
        session.start_pipewire()
        for name in wanted:
            if name in found:
                print('#', name, flush=True)
                test_call(session, browsers[name])
            else:
                print('not tried: not installed:', name)
    return 1 if session.failed else 0


if __name__ == '__main__':
    sys.exit(main())
