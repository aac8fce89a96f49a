#!/usr/bin/env python3
"""The list of operators in a document is the one that the code has.

    check_operators.py LIST_OPERATORS DOCUMENT [--update]
"""
import pathlib
import subprocess
import sys

BEGIN, END = "<!-- operators -->\n", "<!-- end of operators -->\n"


def main():
    made = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout
    document = pathlib.Path(sys.argv[2])
    text = document.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        print(f"{document.name} has no place for the operators")
        return 1
    head, rest = text.split(BEGIN)
    has, tail = rest.split(END)
    if "--update" in sys.argv:
        document.write_text(head + BEGIN + made + END + tail)
    elif has != made:
        print(f"{document.name}: the operators are not those of the code; "
              f"tests/meta/check_operators.py LIST_OPERATORS {document.name} --update")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
