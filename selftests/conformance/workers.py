#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Several workers find and write what one does, byte for byte, and do so again in the next run.

Left out are rules that count or remember across pairs of hosts: each worker does that for itself.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("SHARED", os.path.join(os.path.dirname(TOP), "shared"))
ACROSS = re.compile(rb"\b(threshold|detection_filter|rate_filter|xbits|hostbits|dataset)\b")


def inspect(workers, rules, capture, folder):
    out = os.path.join(folder, str(workers))
    run = subprocess.run([os.path.join(TOP, "build", "sekimori"), "inspect", "--json", "-k", "none", "--workers", str(workers),
                          "-S", rules, "-l", out, capture], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
    figures = json.loads(run.stdout)
    figures["seconds"] = 0
    with open(os.path.join(out, "eve.json"), "rb") as file:
        return run.returncode, figures, file.read()


def main():
    cases = []
    for folder in sorted(glob.glob(os.path.join(SHARED, "pcap-tests", "suricata-verify", "*"))):
        rules, captures = os.path.join(folder, "test.rules"), glob.glob(os.path.join(folder, "*.pcap"))
        if captures and os.path.exists(rules) and not ACROSS.search(open(rules, "rb").read()):
            cases.append((os.path.basename(folder), rules, captures[0]))
    print("KTAP version 1")
    if not cases:
        print("1..1\nok 1 workers # SKIP no captures beside the project")
        return 0
    print(f"1..{len(cases)}")
    bad = 0
    for number, (name, rules, capture) in enumerate(cases, 1):
        with tempfile.TemporaryDirectory() as folder:
            one, three = (inspect(n, rules, capture, folder) for n in (1, 3))
        same = one == three
        bad += not same
        print(f"{'ok' if same else 'not ok'} {number} {name}")
        if not same:
            print(f"# one worker: {one[1]['alerts']}\n# three: {three[1]['alerts']}")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
