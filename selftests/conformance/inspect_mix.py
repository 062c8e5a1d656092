#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ordinary traffic is looked into: nearly all of a generated mix' bytes, no flow given up, no gap.

Rules over a capture cannot tell this: those that alert on a mix look at addresses.
"""
import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("BIN", os.path.join(TOP, "build"))
SHARED = os.environ.get("SHARED", os.path.join(os.path.dirname(TOP), "shared"))
GENMIX = os.path.join(SHARED, "tools", "genmix.py")
MEBIBYTES, SEED = "8", "3"


def main():
    print("KTAP version 1\n1..2")
    if not os.path.exists(GENMIX):
        for number, name in enumerate(("looked_into", "no_gap"), 1):
            print(f"ok {number} {name} # SKIP no generator of traffic beside the project")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        capture, rules = os.path.join(folder, "mix.pcap"), os.path.join(folder, "one.rules")
        subprocess.run([sys.executable, GENMIX, capture, MEBIBYTES, SEED], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(rules, "w", encoding="ascii") as file:
            file.write('alert tcp any any -> any any (msg:"never"; content:"no traffic has this"; sid:1;)\n')
        run = subprocess.run([os.path.join(BIN, "sekimori"), "inspect", "--json", "-k", "none", "-S", rules, capture],
                             stdout=subprocess.PIPE, timeout=120, check=True)
    figures = json.loads(run.stdout)
    seen = figures["inspection"]
    looked = (seen["inspected_bytes"] + seen["ciphertext_bytes"]) / figures["bytes"]
    print(f"# {figures['packets']} packets, {figures['flows']} flows, {looked:.1%} of {figures['bytes']} bytes looked into")
    results = [("looked_into", figures["packets"] > 1000 and looked > 0.85),
               ("no_gap", seen["gaps"] == 0 and seen["flows_given_up"] == 0)]
    for number, (name, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} {name}")
    return 0 if all(good for _, good in results) else 1


sys.exit(main())
