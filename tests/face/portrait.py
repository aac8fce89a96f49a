"""The picture of the tests, which portrait_path.sh finds. Needs Python's own modules only."""
import pathlib
import subprocess
import sys

PATH_SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "portrait_path.sh"


def skip(reason):
    """Ends a test that cannot run; Meson takes the status for that."""
    print(f"skipped: {reason}")
    sys.exit(77)


def find():
    """The file, 512x512 RGB, or None."""
    return subprocess.run([PATH_SCRIPT], capture_output=True, text=True,
                          check=True).stdout.strip() or None


def need():
    """The file; without it the test is skipped."""
    return find() or skip("the Debian package python3-imageio with its picture is not installed")
