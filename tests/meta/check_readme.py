#!/usr/bin/env python3
"""The README's parameter table is core/params.def's: names, ranges, defaults and meanings.

    check_readme.py SOURCE_ROOT
"""

import re
import sys

import source_tree

ROW = re.compile(r'MI_PARAM_(STRING|FLOAT|INT|ENUM|FLAGS)\((.*)\)$')
FIELD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,\s][^,]*)')

def wanted(root):
    """name -> (range, default, meaning) as the README should have it."""
    table = {}
    for line in source_tree.read(root, 'core/params.def').split('\n'):
        row = ROW.match(line.strip())
        if not row:
            continue
        field = [a or b.strip() for a, b in FIELD.findall(row.group(2))]
        kind, name, default, help_text = row.group(1), field[1], field[2], field[-1]
        if kind in ('FLOAT', 'INT'):
            span = '%g..%g' % (float(field[3]), float(field[4]))
        else:
            choices = field[3].replace('|', ', ')
            span = choices if kind in ('ENUM', 'FLAGS') else None  # None: any words
        table[name] = (span, default if default != '""' else '', help_text)
    return table

def main():
    root = sys.argv[1]
    shown = {}
    for line in source_tree.read(root, 'README.md').split('\n'):
        cell = [c.strip() for c in line.strip().strip('|').split('|')]
        if line.startswith('| `') and len(cell) == 4:
            shown[cell[0].strip('`')] = tuple(cell[1:])
    errors = []
    table = wanted(root)
    for name, (span, default, meaning) in table.items():
        if name not in shown:
            errors.append(f'{name} is missing')
            continue
        row = shown[name]
        if (span and row[0] != span) or row[1] != default or row[2] != meaning:
            errors.append(f'{name}: the README says {row}, the table {(span, default, meaning)}')
    errors += [f'{name} is no parameter' for name in shown if name not in table]
    for error in errors:
        print(error)
    print(f'{len(table)} parameters, {len(errors)} errors')
    return 1 if errors or not table else 0

if __name__ == '__main__':
    sys.exit(main())
