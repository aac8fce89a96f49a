"""A headless Chromium in a call with itself: serves call_page.html and keeps what it reports."""
import http.server
import json
import os
import shutil
import subprocess
import threading
import time

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'call_page.html')
FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
         '--disable-extensions', '--disable-background-networking', '--disable-component-update',
         '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required',
         '--enable-logging=stderr']


class Call:
    """The browser with the camera of `label`; `flags` are further ones for Chromium."""

    def __init__(self, label, work, flags=()):
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
        with open(os.path.join(work, 'chromium.log'), 'w') as log:
            self.browser = subprocess.Popen(
                ['chromium', *FLAGS, *flags, f'--user-data-dir={self.profile}',
                 f'http://localhost:{self.server.server_port}/?label={label}'],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

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
