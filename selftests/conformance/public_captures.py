#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs `sekimori inspect` over public captures under the ET Open rules and compares the alerts with those of Suricata 8.0.7.

expected-et-alerts.json is the key: `pcaps` has the alerts of each capture by sid under Suricata's default configuration;
`midstream` those of captures that say nothing unless flows may be picked up in the middle. One run of the program each: the
rules are compiled once. $SHARED names the folder of captures and rules, ../shared beside the repository by default.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
import agreement  # noqa: E402

SIDS_NEEDED, COUNTS_NEEDED = 97, 90
COLLECTION = os.path.join(agreement.SHARED, "pcap-tests", "public-pcaps")
RULES = os.path.join(agreement.SHARED, "rulesets", "et-open-2024-04-21", "*.rules")
OPTIONS = ["-k", "none", "--set", "HOME_NET=any", "--set", "EXTERNAL_NET=any"]


def compare(comparison, table, midstream):
    """The captures of table that are there, in one run."""
    captures = {os.path.join(COLLECTION, name): name for name in sorted(table)}
    captures = {path: name for path, name in captures.items() if os.path.isfile(path)}
    options = OPTIONS + ["--set", f"stream.midstream={str(midstream).lower()}"]
    with tempfile.TemporaryDirectory() as log:
        try:
            ours, _ = agreement.inspect([RULES], list(captures), options, log)
        except (RuntimeError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            comparison.fail("all captures", error)
            return
    for path, name in captures.items():
        comparison.add(name + " midstream" * midstream, ours[path], {int(sid): count for sid, count in table[name].items()})


def main():
    key = os.path.join(COLLECTION, "expected-et-alerts.json")
    if not os.path.isfile(key):
        return agreement.skip(f"no captures: {COLLECTION} is absent (SHARED names their place)")
    if not os.access(agreement.PROGRAM, os.X_OK):
        return agreement.skip(f"{agreement.PROGRAM} is not built")
    with open(key, encoding="utf-8") as text:
        expected = json.load(text)
    comparison = agreement.Comparison("public-captures", SIDS_NEEDED, COUNTS_NEEDED)
    comparison.heading()
    compare(comparison, expected["pcaps"], False)
    compare(comparison, expected["midstream"], True)
    return comparison.report()


if __name__ == "__main__":
    sys.exit(main())
