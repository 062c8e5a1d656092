#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs `sekimori inspect` over the folders of suricata-verify, each with its rules, configuration and arguments, and compares
the alerts with those of Suricata 8.0.7: sids, then counts.

Each folder has input.pcap, test.rules, test.yaml and expected-alerts.json, some suricata.yaml and threshold.config. The
collection is not part of this repository: $SHARED names the folder that holds pcap-tests/, ../shared beside the repository
by default.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
import agreement  # noqa: E402

SIDS_NEEDED, COUNTS_NEEDED = 97, 92
COLLECTION = os.path.join(agreement.SHARED, "pcap-tests", "suricata-verify")


def compare_folder(comparison, name):
    folder = os.path.join(COLLECTION, name)
    capture = os.path.join(folder, "input.pcap")
    with open(os.path.join(folder, "expected-alerts.json"), encoding="utf-8") as text:
        expected = json.load(text)
    theirs = {int(sid): count for sid, count in expected["suricata_8_0_7_own_config"].items()}
    with tempfile.TemporaryDirectory() as log:
        try:
            options = agreement.settings_of(folder, expected.get("args", []))
            ours, refused = agreement.inspect([os.path.join(folder, "test.rules")], [capture], options, log)
        except (RuntimeError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            comparison.fail(name, error)
            return
    comparison.add(name, ours[capture], theirs, ["refused: " + line.split("test.rules:", 1)[-1][:150] for line in refused])


def main():
    if not os.path.isdir(COLLECTION):
        return agreement.skip(f"no captures: {COLLECTION} is absent (SHARED names their place)")
    if not os.access(agreement.PROGRAM, os.X_OK):
        return agreement.skip(f"{agreement.PROGRAM} is not built")
    comparison = agreement.Comparison("suricata-verify", SIDS_NEEDED, COUNTS_NEEDED)
    comparison.heading()
    for name in sorted(os.listdir(COLLECTION)):
        if os.path.isfile(os.path.join(COLLECTION, name, "input.pcap")):
            compare_folder(comparison, name)
    return comparison.report()


if __name__ == "__main__":
    sys.exit(main())
