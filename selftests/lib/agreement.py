# SPDX-License-Identifier: GPL-2.0-or-later
"""What the conformance tests share: Suricata's settings in our words, alerts of a run, and differences with their reasons.

A difference is (capture, sid, ours, theirs): so many alerts of one signature in one capture. The file of differences
explains each: who is wrong, and why. A difference that it does not explain fails a test, and so does an explanation whose
difference is gone.
"""
import collections
import json
import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("SHARED", os.path.join(os.path.dirname(TOP), "shared"))
PROGRAM = os.environ.get("SEKIMORI", os.path.join(TOP, "build", "sekimori"))
TIMEOUT = 600
EXPLAINED = os.path.join(TOP, "selftests", "conformance", "differences.tsv")
CUT_SHORT = "what came before was inspected"
BLAMES = ("ours wrong", "theirs wrong", "out of scope")

# Suricata's keys that decide what is detected and that `inspect --set` takes under the same name.
DETECTION_KEYS = re.compile(r"""(?x)
    vars\.(address|port)-groups\.\w+
  | host-os-policy\.[\w-]+
  | stream\.(midstream|async-oneside|inline|checksum-validation)
  | threshold-file
  | reputation-(categories-file|files\.\d+)
  | action-order
  | packet-alert-max
""")
# What it assumes where nothing is said, and we do not.
SURICATA_DEFAULTS = {"stream.midstream": "false", "packet-alert-max": "15"}


def flatten(node, prefix=""):
    """Dotted keys of a Suricata configuration; the elements of a list are one value, joined by commas."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from flatten(value, prefix + str(key) + ".")
    elif isinstance(node, list):
        if all(not isinstance(item, (dict, list)) for item in node):
            yield prefix[:-1], ",".join(str(item) for item in node)
    elif node is not None:
        yield prefix[:-1], str(node).lower() if isinstance(node, bool) else str(node)


def read_yaml(path):
    """Settings of a Suricata configuration file, those of its own only: what it includes is not part of a test."""
    import yaml  # here: only folders with a configuration need it

    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8", errors="replace") as text:
        return dict(flatten(yaml.safe_load(text) or {}))


def settings_of(folder, arguments):
    """The options of `inspect` for a test's configuration file and its command line arguments."""
    text = " ".join(arguments).replace("${TEST_DIR}", folder)
    wanted = dict(SURICATA_DEFAULTS)
    wanted.update(read_yaml(os.path.join(folder, "suricata.yaml")))
    wanted.update(re.findall(r"--set[ =]([\w.-]+)=(\S+)", text))
    if "--simulate-ips" in text:
        wanted["stream.inline"] = "yes"
    checks = re.search(r"-k\s*(none|all)", text)
    options = ["-k", checks.group(1)] if checks else []
    for key, value in sorted(wanted.items()):
        if value and DETECTION_KEYS.fullmatch(key):
            if key == "threshold-file" or key.startswith("reputation"):
                value = os.path.join(folder, value)
            key = re.sub(r"files\.\d+$", "file", key)
            options += ["--set", f"{key}={value}"]
    return options


def inspect(rules, captures, options, log):
    """Alerts by capture and sid, and the lines about refused rules. Raises RuntimeError when the program fails."""
    command = [PROGRAM, "inspect", "-l", log, "--json"] + options
    for pattern in rules:
        command += ["-S", pattern]
    done = subprocess.run(command + captures, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
    errors = done.stderr.decode(errors="replace")
    # A capture that ends in rubbish: what came before it counts, as in Suricata.
    if done.returncode not in (0, 1) and CUT_SHORT not in errors:
        raise RuntimeError(f"exit {done.returncode}: {' '.join(errors.strip().splitlines()[-1:])}")
    counts = {capture: collections.Counter() for capture in captures}
    with open(os.path.join(log, "eve.json"), encoding="utf-8") as eve:
        for line in eve:
            record = json.loads(line)
            if record["event_type"] == "alert":
                counts[record["capture_file"]][record["alert"]["signature_id"]] += 1
    return counts, [line for line in errors.splitlines() if re.match(r".*\.rules:\d+: ", line)]


def read_explained(collection, path=EXPLAINED):
    """{(capture, sid): (blame, reason)} of one collection. Raises ValueError where a row is malformed or stands twice."""
    rows = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 5 or fields[3] not in BLAMES or not fields[4].strip():
                raise ValueError(f"{path}:{number}: collection, capture, sids, one of {', '.join(BLAMES)}, and the reason")
            if fields[0] != collection:
                continue
            for sid in fields[2].split(","):
                if (fields[1], int(sid)) in rows:
                    raise ValueError(f"{path}:{number}: {fields[1]} {sid} stands twice")
                rows[fields[1], int(sid)] = (fields[3], fields[4].strip())
    return rows


class Comparison:
    """Collects captures, prints a row for each that differs, and gives KTAP results."""

    def __init__(self, collection, sids_needed, counts_needed):
        self.collection, self.sids_needed, self.counts_needed = collection, sids_needed, counts_needed
        self.explained = read_explained(collection)
        self.captures = self.same_sids = self.same_counts = 0
        self.failures, self.unexplained, self.used = [], [], set()

    def add(self, name, ours, theirs, remarks=()):
        ours = {sid: count for sid, count in ours.items() if count}
        theirs = {sid: count for sid, count in theirs.items() if count}
        self.captures += 1
        self.same_sids += set(ours) == set(theirs)
        self.same_counts += ours == theirs
        for sid in sorted(set(ours) | set(theirs)):
            if ours.get(sid, 0) == theirs.get(sid, 0):
                continue
            blame, reason = self.explained.get((name, sid), ("UNEXPLAINED", ""))
            self.used.add((name, sid))
            if not reason:
                self.unexplained.append((name, sid))
            print(f"# {name:<64} {sid:>8} {ours.get(sid, 0):>5} {theirs.get(sid, 0):>6}  {blame}: {reason}".rstrip(": "))
        if ours != theirs:
            for remark in remarks:
                print(f"#   {remark}")

    def fail(self, name, error):
        self.captures += 1
        self.failures.append(name)
        print(f"# {name}: {error}")

    def results(self):
        gone = sorted(set(self.explained) - self.used)
        for name, sid in self.unexplained:
            print(f"# not explained: {name} {sid}")
        for name, sid in gone:
            print(f"# explained, but there is no such difference: {name} {sid}")
        print(f"# {self.collection}: {self.captures} captures, the same sids in {self.same_sids}, the same counts in "
              f"{self.same_counts}")
        return (
            ("there is something to compare", self.captures > 0),
            ("every run ends well", not self.failures),
            (f"{self.sids_needed} percent have the same sids", 100 * self.same_sids >= self.sids_needed * self.captures),
            (f"{self.counts_needed} percent have the same counts", 100 * self.same_counts >= self.counts_needed * self.captures),
            ("every difference is explained", not self.unexplained),
            ("every explanation is needed", not gone),
        )

    def report(self):
        """Prints the results as KTAP; 0 when all hold."""
        results = self.results()
        print(f"1..{len(results)}")
        for number, (name, good) in enumerate(results, 1):
            print(f"{'ok' if good else 'not ok'} {number} {name.replace(' ', '_')}")
        return 0 if all(good for _, good in results) else 1

    @staticmethod
    def heading():
        print(f"KTAP version 1\n# {'capture':<64} {'sid':>8} {'ours':>5} {'theirs':>6}  who is wrong, and why")


def skip(reason):
    print(f"KTAP version 1\n1..0 # SKIP {reason}")
    return 0
