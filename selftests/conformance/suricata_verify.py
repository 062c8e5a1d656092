#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs `sekimori inspect` over a collection of captures with rules and known alerts, and compares the sets of sids.

Each folder has input.pcap, test.rules and expected-alerts.json. The collection is not part of this repository: $SHARED
names the folder that holds pcap-tests/, ../shared beside the repository by default.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

NEEDED = 0.60
TIMEOUT = 120
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("SHARED", os.path.join(os.path.dirname(TOP), "shared"))
COLLECTION = os.path.join(SHARED, "pcap-tests", "suricata-verify")
PROGRAM = os.environ.get("SEKIMORI", os.path.join(TOP, "build", "sekimori"))


def skip(reason):
    print(f"KTAP version 1\n1..0 # SKIP {reason}")
    sys.exit(0)


def arguments(expected):
    """Of the arguments the folder asks for, those that mean something to us: checksums and rule variables."""
    text = " ".join(expected.get("args", []))
    out = ["-k", "none"] if re.search(r"-k\s+none", text) else []
    for key, value in re.findall(r"--set\s+(vars\.[\w.-]+)=(\S+)", text):
        out += ["--set", f"{key}={value}"]
    return out


def run(folder, expected, log):
    command = [PROGRAM, "inspect", "-S", os.path.join(folder, "test.rules"), "-l", log, "--json"]
    command += arguments(expected) + [os.path.join(folder, "input.pcap")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
    if done.returncode not in (0, 1):
        tail = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"exit {done.returncode}: {' '.join(tail)}")
    counts = {}
    with open(os.path.join(log, "eve.json"), encoding="utf-8") as eve:
        for line in eve:
            record = json.loads(line)
            if record["event_type"] == "alert":
                sid = str(record["alert"]["signature_id"])
                counts[sid] = counts.get(sid, 0) + 1
    refused = [line for line in done.stderr.decode(errors="replace").splitlines() if "test.rules:" in line]
    return counts, refused


def main():
    if not os.path.isdir(COLLECTION):
        skip(f"no captures: {COLLECTION} is absent (SHARED names their place)")
    if not os.access(PROGRAM, os.X_OK):
        skip(f"{PROGRAM} is not built")
    folders = sorted(f for f in os.listdir(COLLECTION) if os.path.isfile(os.path.join(COLLECTION, f, "input.pcap")))
    print("KTAP version 1\n1..3")
    agree, same_counts, crashes = 0, 0, []
    for name in folders:
        folder = os.path.join(COLLECTION, name)
        with open(os.path.join(folder, "expected-alerts.json"), encoding="utf-8") as text:
            expected = json.load(text)
        want = expected["suricata_8_0_7_own_config"]
        with tempfile.TemporaryDirectory() as log:
            try:
                got, refused = run(folder, expected, log)
            except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
                crashes.append(name)
                print(f"# {name}: {error}")
                continue
        if set(got) == set(want):
            agree += 1
            same_counts += got == want
            if got != want:
                print(f"# {name}: same sids, other counts: {got}, Suricata {want}")
            continue
        missing = sorted(set(want) - set(got), key=int)
        extra = sorted(set(got) - set(want), key=int)
        print(f"# {name}: missing {missing or 'none'}, extra {extra or 'none'}")
        for line in refused:
            print(f"#   refused: {line.split('test.rules:', 1)[1][:160]}")
    print(f"# {agree} of {len(folders)} folders give the same sids, {same_counts} the same counts")
    results = [
        ("there is something to compare", len(folders) > 0),
        (f"at_least_{NEEDED * 100:.0f}_percent_of_the_folders_agree", agree >= NEEDED * len(folders)),
        ("no_crash", not crashes),
    ]
    for number, (name, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} {name.replace(' ', '_')}")
    return 0 if all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
