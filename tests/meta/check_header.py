#!/usr/bin/env python3
"""The public header compiles alone, as each language that users have, without a warning.

    check_header.py INCLUDE_FOLDER CC [CXX]        CC may hold arguments parted by blanks
"""
import os
import shlex
import subprocess
import sys
import tempfile

WARNINGS = ['-Wall', '-Wextra', '-Werror', '-pedantic', '-Wshadow', '-fsyntax-only']


def compiles(compiler, standard, suffix, folder):
    with tempfile.TemporaryDirectory() as work:
        source = os.path.join(work, 'alone' + suffix)
        with open(source, 'w', encoding='ascii') as f:
            # twice: the guard holds; a function: a file without one is no C
            f.write('#include <mien/mien.h>\n#include <mien/mien.h>\n'
                    'int main(void)\n{\n    mien_frame frame;\n    (void)frame;\n'
                    '    return MIEN_OK;\n}\n')
        run = subprocess.run(shlex.split(compiler) + ['-std=' + standard] + WARNINGS +
                             ['-I' + folder, source], capture_output=True, text=True, check=False)
    print(f'{compiler} -std={standard}: {"ok" if run.returncode == 0 else run.stderr}')
    return run.returncode == 0


def main():
    folder, compilers = sys.argv[1], sys.argv[2:]
    ok = all([compiles(compilers[0], standard, '.c', folder) for standard in ('c99', 'c11')])
    for compiler in compilers[1:]:
        for standard in ('c++11', 'c++17'):
            ok = compiles(compiler, standard, '.cc', folder) and ok
    return 0 if ok else 1


if __name__ == '__main__':
    sys.exit(main())
