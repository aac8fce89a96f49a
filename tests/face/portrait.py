"""The picture of the tests, NASA's portrait of Eileen Collins: in the public domain, in the Debian
package python3-imageio. Needs Python's own modules only."""
import subprocess
import sys


def skip(reason):
    """Ends a test that cannot run; Meson takes the status for that."""
    print(f"skipped: {reason}")
    sys.exit(77)


def find():
    """The file, 512x512 RGB, or None."""
    try:
        listed = subprocess.run(["dpkg", "-L", "python3-imageio"], capture_output=True, text=True,
                                check=False).stdout
    except FileNotFoundError:
        return None
    return next((line for line in listed.splitlines() if line.endswith("/astronaut.png")), None)


def need():
    """The file; without it the test is skipped."""
    return find() or skip("the Debian package python3-imageio with its picture is not installed")
