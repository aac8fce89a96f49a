#!/usr/bin/env python3
"""The library exports what its header declares, and nothing else.

    check_symbols.py NM LIBRARY HEADER
"""
import re
import subprocess
import sys


def main():
    nm, library, header = sys.argv[1:4]
    out = subprocess.run([nm, '-D', '--defined-only', library], capture_output=True, text=True,
                         check=True).stdout
    # names that begin with '_' belong to the tool chain and the sanitizers
    exported = {line.split()[-1].split('@')[0] for line in out.splitlines() if line.split()}
    exported = {name for name in exported if not name.startswith('_')}
    with open(header, encoding='utf-8') as f:
        declared = set(re.findall(r'^MIEN_API [^;(]*?\b(\w+)\(', f.read(), re.M))
    for name in sorted(exported - declared):
        print(f'{name} is exported but not declared')
    for name in sorted(declared - exported):
        print(f'{name} is declared but not exported')
    for name in sorted(exported):
        if not name.startswith('mien_'):
            print(f'{name} is no mien_ name')
    print(f'{len(declared)} functions declared, {len(exported)} exported')
    return 0 if declared and exported == declared else 1


if __name__ == '__main__':
    sys.exit(main())
