#!/usr/bin/env python3
"""Habits of the tree: every file name is unique, no text file is longer than 800 lines, no
line of a source than 100 columns, no trailing blanks or tabs in sources.

    check_tree.py SOURCE_ROOT
"""
import os
import sys

import source_tree

LINES_MAX, COLUMNS_MAX = 800, 100
SOURCES = ('.c', '.h', '.comp', '.glsl', '.py', '.sh', '.build')
WIDE = {'core/face/mean_face.c'}  # tables that training/mean_face.py writes
ANYWHERE = {'meson.build', 'README.md', 'requirements.txt', '__init__.py', '.gitignore'}


def main():
    root = sys.argv[1]
    files = source_tree.files(root)
    errors, seen = [], {}
    for path in files:
        name = os.path.basename(path)
        if name in seen and name not in ANYWHERE:
            errors.append(f'{path} has the name of {seen[name]}')
        seen[name] = path
        if not source_tree.is_text(path):
            continue
        lines = source_tree.read(root, path).split('\n')
        if len(lines) - 1 > LINES_MAX:
            errors.append(f'{path} has {len(lines) - 1} lines')
        for number, line in enumerate(lines, 1):
            if line != line.rstrip() and not path.endswith('.md'):
                errors.append(f'{path}:{number}: blanks at the end of the line')
            if '\t' in line and path.endswith(SOURCES):
                errors.append(f'{path}:{number}: a tab')
            if len(line) > COLUMNS_MAX and path.endswith(SOURCES) and path not in WIDE:
                errors.append(f'{path}:{number}: {len(line)} columns')
    for error in errors[:40]:
        print(error)
    print(f'{len(files)} files, {len(errors)} errors')
    return 1 if errors or len(files) < 50 else 0


if __name__ == '__main__':
    sys.exit(main())
