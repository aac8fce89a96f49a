#!/usr/bin/env python3
"""Who may include whom (DESIGN): each part of the house sees what is below it and nothing else.

    check_includes.py SOURCE_ROOT
"""
import os
import re
import sys

import source_tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
SEARCH = ['core', 'core/include', 'shaders']
# What files see besides their own folder and the shared parts of shaders: folders (with a slash
# at the end) and files. First row that fits.
COMMON = ['core/include/mien/', 'core/cache_file.h', 'core/clock.h', 'core/hash.h', 'core/log.h',
          'core/progress.h']
PICTURES = COMMON + ['core/crop.h', 'core/face_points.h', 'core/frame.h', 'core/gaze_patch.h',
                     'core/model_file.h', 'core/params.h', 'core/pixel_layout.h', 'core/ramp.h',
                     'core/stage.h', 'core/transfer.h', 'core/net/', 'core/vk/']
RULES = [
    ('core/include/', []),
    ('core/vk/', COMMON),
    ('core/net/', COMMON + ['core/vk/']),
    ('core/face/', PICTURES),
    ('core/effect/', PICTURES),
    ('core/blend/', PICTURES),
    ('core/compose/', PICTURES),
    ('plugin/', ['core/include/mien/']),
    ('samples/', ['core/include/mien/']),
]
# These top files and what they include know no Vulkan.
NO_VULKAN = ['core/cache_file.c', 'core/effect_wish.c', 'core/frame.h', 'core/frame.c',
             'core/params.h', 'core/params.c', 'core/log.h', 'core/log.c', 'core/status.c']
C_HEADERS = {'stdbool.h', 'stddef.h', 'stdint.h'}


def resolve(known, path, name):
    """The file of the repository that an include means, or None."""
    for base in [os.path.dirname(path)] + SEARCH:
        candidate = os.path.normpath(os.path.join(base, name))
        if candidate in known:
            return candidate
    return None


def allowed(path, target):
    own = os.path.dirname(path) + '/'
    if target.startswith(own) or target.startswith('shaders/'):
        return not (path.startswith(('plugin/', 'samples/')) and target.startswith('shaders/'))
    for prefix, sees in RULES:
        if path.startswith(prefix):
            return any(target == s or (s.endswith('/') and target.startswith(s)) for s in sees)
    return True


def closure(includes, path, seen):
    """Every include below a file, as (kind, name) of system headers too."""
    if path in seen:
        return
    seen.add(path)
    for target, name in includes.get(path, []):
        yield path, name
        if target:
            yield from closure(includes, target, seen)


def main():
    root = sys.argv[1]
    known = set(source_tree.files(root))
    sources = [p for p in known if p.endswith(('.c', '.h'))
               and p.startswith(('core/', 'plugin/', 'samples/', 'shaders/'))]
    includes, errors, checked = {}, [], 0
    for path in sorted(sources):
        includes[path] = []
        for quote, name in INCLUDE.findall(source_tree.read(root, path)):
            target = resolve(known, path, name)
            includes[path].append((target, name))
            checked += 1
            if target and not allowed(path, target):
                errors.append(f'{path} must not include {target}')
            if not target and quote == '"' and not name.endswith('.spv.h') and name != 'version.h':
                if not path.startswith('plugin/'):  # these also see generated headers of hosts
                    errors.append(f'{path} includes "{name}", which is not there')
            if path.startswith('core/include/') and name not in C_HEADERS and not target:
                errors.append(f'{path} includes {name}: public headers see libc only')
            if path.startswith('core/') and re.match(r'(glib|gst|libav|libsw|linux/video)', name):
                errors.append(f'{path} includes {name}: the library knows no host')
    for path in NO_VULKAN:
        if path not in known:
            errors.append(f'{path} is not there: is this check out of date?')
        for by, name in closure(includes, path, set()):
            if 'vulkan' in name:
                errors.append(f'{path} sees {name} through {by}')
    for error in errors:
        print(error)
    print(f'{checked} includes of {len(sources)} files, {len(errors)} errors')
    return 1 if errors or checked < 100 else 0


if __name__ == '__main__':
    sys.exit(main())
