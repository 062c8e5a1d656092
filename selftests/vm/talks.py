#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The attacks of tools/attack.py as lines, for selftests/kmod/attacks.c in a machine without Python.

talk NAME VARIANT PROTOCOL PORT ATTACKER SID,SID… one|across	then, in order, one line per message: client HEX or server HEX
"""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.join(ROOT, "selftests", "conformance")]
from attack_cases import CASES  # noqa: E402
from rules_match import read_expect  # noqa: E402

# No packet alone proves these to the kernel. What the first two's rules match begins with the line end of the command before,
# which another packet brought; the others' rules count to hundreds within hundreds, of which an automaton keeps too little.
ACROSS = {("shellshock-smtp", 2), ("sendmail-prescan", 0), ("mime-parameter", 0), ("mime-parameter", 1), ("mime-parameter", 2),
          ("mime-fetched", 0), ("mime-fetched", 1)}


def main():
    expect = read_expect(os.path.join(ROOT, "rules", "tests", "expect.tsv"))
    for case in CASES.values():
        if case.near_miss:
            continue
        for number, steps in enumerate(case.variants):
            sids, _ = expect[case.name].get(number) or expect[case.name]["*"]
            print("talk", case.name, number, case.protocol, case.port, case.attacker, ",".join(map(str, sorted(sids))),
                  "across" if (case.name, number) in ACROSS else "one")
            for side, data in steps:
                print(side, data.hex())


if __name__ == "__main__":
    main()
