#!/usr/bin/env python3
"""spirv-val on every shader that was embedded.

    check_spirv.py SPIRV_VAL FOLDER_OF_SPV_H
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

MAGIC = 0x07230203


def words_of(path):
    with open(path, encoding='ascii') as f:
        text = f.read()
    body = text[text.index('{') + 1:text.rindex('}')]
    return [int(word, 16) for word in re.findall(r'0x[0-9a-fA-F]+', body)]


def main():
    validator, folder = sys.argv[1:3]
    headers = sorted(glob.glob(os.path.join(folder, '*.spv.h')))
    bad = 0
    for path in headers:
        words = words_of(path)
        with tempfile.NamedTemporaryFile(suffix='.spv') as f:
            f.write(b''.join(word.to_bytes(4, 'little') for word in words))
            f.flush()
            run = subprocess.run([validator, '--target-env', 'vulkan1.2', f.name],
                                 capture_output=True, text=True, check=False)
        if run.returncode or not words or words[0] != MAGIC:
            print(f'{os.path.basename(path)}: {run.stdout}{run.stderr}')
            bad += 1
    print(f'{len(headers)} shaders, {bad} bad')
    return 1 if bad or not headers else 0


if __name__ == '__main__':
    sys.exit(main())
