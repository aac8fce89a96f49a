"""The files of the repository, for the checks beside this one."""
import os
import subprocess


def files(root):
    """Paths from the root of what git knows, or of everything but builds in an unpacked archive."""
    try:
        out = subprocess.run(['git', '-C', root, 'ls-files', '-z'], capture_output=True,
                             check=True).stdout.decode()
        listed = [p for p in out.split('\0') if p and os.path.isfile(os.path.join(root, p))]
        if listed:
            return sorted(listed)
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [s for s in subfolders if not s.startswith(('.', 'build', 'out'))
                         and s != '__pycache__']
        found += [os.path.relpath(os.path.join(folder, n), root) for n in names]
    return sorted(found)


def is_text(path):
    return path.endswith(('.c', '.h', '.def', '.comp', '.glsl', '.py', '.sh', '.build', '.md',
                          '.txt', '.in'))


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8') as f:
        return f.read()
