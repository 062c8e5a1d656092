#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every case of tools/attack.py raises exactly the signatures that rules/tests/expect.tsv names, however it is carried.

Each way of carrying a case is one test: plain, in the middle of a flow, one-sided, in small segments, out of order and
with repetitions, over IPv6, begun within the SYN, and behind an honest request.
BIN: folder of the programs (default build). MODES: ways to run, comma-separated. CASES: only names with this text.
"""
import collections
import glob
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("BIN", os.path.join(ROOT, "build"))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from attack import write_pcap  # noqa: E402
from attack_cases import CASES, keep_alive, pipelined  # noqa: E402

MODES = {
    "plain": {},
    "midstream": {"midstream": True},
    "one-sided": {"one_sided": True},
    "midstream-one-sided": {"midstream": True, "one_sided": True},
    "split-1": {"split": 1},
    "split-7": {"split": 7},
    "shuffled-9": {"split": 9, "shuffle": 1},
    "shuffled-40": {"split": 40, "shuffle": 2},
    "split-100-midstream": {"split": 100, "midstream": True},
    "ipv6": {"ipv6": True},
    "fast-open": {"fast_open": True},
    "keep-alive": {"prepare": keep_alive},
    "pipelined": {"prepare": pipelined},
}


def read_expect(path):
    """{case: {variant or "*": (sids, one-sided sids)}}"""
    table = collections.defaultdict(dict)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            sids = [set() if field == "-" else {int(sid) for sid in field.split(",")} for field in fields[2:]]
            table[fields[0]]["*" if fields[1] == "*" else int(fields[1])] = (sids[0], sids[-1])
    return table


def inspect(program, pcap, folder):
    """Counts of the alerts by sid; None and the last words of the program when it failed."""
    command = [program, "inspect", "-k", "none", "-l", folder]
    for rules in sorted(glob.glob(os.path.join(ROOT, "rules", "*.rules"))):
        command += ["-S", rules]
    done = subprocess.run(command + [pcap], capture_output=True, timeout=120)
    if done.returncode not in (0, 1):
        return None, "exit %d: %s" % (done.returncode, done.stderr.decode(errors="replace").strip()[-300:])
    counts = collections.Counter()
    eve = os.path.join(folder, "eve.json")
    if os.path.exists(eve):
        with open(eve, encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                if event["event_type"] == "alert":
                    counts[event["alert"]["signature_id"]] += 1
        os.unlink(eve)
    return counts, ""


def run_mode(program, mode, expect, work):
    """Runs all cases in one way; returns the complaints."""
    complaints = []
    pcap = os.path.join(work, "case.pcap")
    for case in CASES.values():
        if os.environ.get("CASES", "") not in case.name:
            continue
        for variant in range(len(case.variants)):
            row = expect[case.name].get(variant) or expect[case.name].get("*")
            wanted = row[1 if "one_sided" in MODES[mode] else 0]
            write_pcap(case, variant, pcap, **MODES[mode])
            found, why = inspect(program, pcap, work)
            where = "%s %d (%s)" % (case.name, variant, mode)
            if found is None:
                complaints.append("%s: %s" % (where, why))
            elif set(found) != wanted:
                complaints.append("%s: wants %s, got %s" % (where, sorted(wanted) or "none", sorted(found) or "none"))
            elif max(found.values(), default=1) > 1:
                complaints.append("%s: more than one alert of a signature: %s" % (where, dict(found)))
    return complaints


def main():
    modes = os.environ.get("MODES", ",".join(MODES)).split(",")
    print("KTAP version 1\n1..%d" % (1 + len(modes)))
    expect = read_expect(os.path.join(ROOT, "rules", "tests", "expect.tsv"))
    odd = set(expect) ^ set(CASES)
    odd |= {name for name, case in CASES.items()
            for variant in range(len(case.variants)) if variant not in expect[name] and "*" not in expect[name]}
    odd |= {name for name, rows in expect.items() if name in CASES
            for sids, _ in rows.values() if bool(sids) == CASES[name].near_miss}
    if odd:
        print("# cases and expect.tsv differ: %s" % ", ".join(sorted(odd)))
    print("%s 1 every case has its expectation" % ("not ok" if odd else "ok"))
    failed = bool(odd)
    program = os.path.join(BIN, "sekimori")
    for number, mode in enumerate(modes, 2):
        if not os.path.exists(program):
            print("ok %d %s # SKIP %s is not built" % (number, mode, os.path.basename(program)))
            continue
        with tempfile.TemporaryDirectory(prefix="rules-match-") as work:
            complaints = run_mode(program, mode, expect, work)
        for complaint in complaints:
            print("# " + complaint)
        print("%s %d %s" % ("not ok" if complaints else "ok", number, mode), flush=True)
        failed |= bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
