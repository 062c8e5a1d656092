#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The attacks of tools/attack.py as lines, for selftests/kmod/attacks.c in a machine without Python.

talk NAME VARIANT PROTOCOL PORT ATTACKER SID,SID…	then, in order, one line per message: client HEX or server HEX
"""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.join(ROOT, "selftests", "conformance")]
from attack_cases import CASES  # noqa: E402
from rules_match import read_expect  # noqa: E402


def main():
    expect = read_expect(os.path.join(ROOT, "rules", "tests", "expect.tsv"))
    for case in CASES.values():
        if case.near_miss:
            continue
        for number, steps in enumerate(case.variants):
            sids, _ = expect[case.name].get(number) or expect[case.name]["*"]
            print("talk", case.name, number, case.protocol, case.port, case.attacker, ",".join(map(str, sorted(sids))))
            for side, data in steps:
                print(side, data.hex())


if __name__ == "__main__":
    main()
