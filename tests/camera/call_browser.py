"""A headless browser in a call with itself: serves call_page.html and keeps what it reports."""
import http.server
import json
import os
import shutil
import subprocess
import threading
import time

STILL = 2  # grey levels between two pictures of something that stands still, coded anew each time
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'call_page.html')
CHROMIUM_FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                  '--no-first-run', '--disable-extensions', '--disable-background-networking',
                  '--disable-component-update', '--use-fake-ui-for-media-stream',
                  '--autoplay-policy=no-user-gesture-required', '--enable-logging=stderr',
                  '--enable-features=WebRtcPipeWireCamera']
# Cameras of PipeWire's; nobody is there to be asked; the call stays in this machine.
FIREFOX_PREFERENCES = '''
user_pref("media.webrtc.camera.allow-pipewire", true);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.autoplay.default", 0);
user_pref("media.peerconnection.ice.loopback", true);
user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
'''


def chromium(profile, url):
    return ['chromium', *CHROMIUM_FLAGS, f'--user-data-dir={profile}', url]


def firefox(profile, url):
    with open(os.path.join(profile, 'user.js'), 'w', encoding='ascii') as file:
        file.write(FIREFOX_PREFERENCES)
    return ['firefox-esr', '--headless', '--no-remote', '--profile', profile, url]


class Call:
    """A browser, one of the functions above, with the camera of `label`."""

    def __init__(self, browser, label, work):
        self.reports, self.change = [], threading.Condition()
        call = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                with open(PAGE, 'rb') as page:
                    self.answer(page.read())

            def do_POST(self):
                call.keep(json.loads(self.rfile.read(int(self.headers['Content-Length']))))
                self.answer(b'')

            def answer(self, body):
                self.send_response(200)
                self.send_header('Content-Type', 'text/html')
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.profile = os.path.join(work, 'profile')
        shutil.rmtree(self.profile, ignore_errors=True)
        os.makedirs(self.profile)
        words = browser(self.profile, f'http://localhost:{self.server.server_port}/?label={label}')
        with open(os.path.join(work, words[0] + '.log'), 'w', encoding='ascii') as log:
            self.browser = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def keep(self, facts):
        with self.change:
            self.reports.append(facts)
            self.change.notify_all()

    def errors(self):
        return [r for r in self.reports if 'error' in r or 'note' in r or 'cameras' in r]

    def pictures(self, count, seconds=60):
        """The next `count` reports with a picture; fewer after an error or the time."""
        end = time.time() + seconds
        with self.change:
            start = len(self.reports)
            while time.time() < end:
                found = [r for r in self.reports[start:] if r.get('decoded') and r.get('width')]
                if len(found) >= count:
                    return found[:count]
                if any('error' in r for r in self.reports):
                    return found
                self.change.wait(1)
        return found

    def still(self, count, part, seconds=60):
        """The first `count` pictures in a row that are alike in a part of theirs, `part` as in
        area(): what a call shows once its beginning, or a change, has come through. Empty after
        an error or the time."""
        end, run = time.time() + seconds, []
        while len(run) < count:
            new = self.pictures(1, end - time.time())
            if not new:
                return []
            alike = run and difference(area(run[-1], *part), area(new[0], *part)) < STILL
            run = [*run, *new] if alike else new
        return run

    def close(self):
        self.browser.terminate()
        try:
            self.browser.wait(10)
        except subprocess.TimeoutExpired:
            self.browser.kill()
            self.browser.wait()
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.profile, ignore_errors=True)


def area(report, left, top, right, bottom):
    """The pixels of a part of the small picture (32x18), in cells, as (r, g, b)."""
    p = report['pixels']
    return [tuple(p[(y * 32 + x) * 3:(y * 32 + x) * 3 + 3])
            for y in range(top, bottom) for x in range(left, right)]


def difference(a, b):
    """Mean absolute difference of two areas, in grey levels."""
    total = sum(abs(u - v) for p, q in zip(a, b) for u, v in zip(p, q))
    return total / (3 * len(a))
