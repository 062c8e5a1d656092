#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ET Open loads: nearly every enabled rule, and of those commented out nearly every one parses; each refused rule is named
with its keyword and a reason.

The rules are not part of this repository: $SHARED names the folder that holds rulesets/, ../shared beside it by default.
"""
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile

ENABLED, DISABLED = 0.995, 0.98
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("SHARED", os.path.join(os.path.dirname(TOP), "shared"))
PROGRAM = os.path.join(os.environ.get("BIN", os.path.join(TOP, "build")), "sekimori")
RULE = re.compile(r"(alert|drop|pass|reject)\s")


def gather(folder):
    """Lines of all files: the enabled rules, and the commented-out ones without their comment."""
    enabled, disabled = [], []
    for path in sorted(glob.glob(os.path.join(folder, "*.rules"))):
        with open(path, encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                bare = line.lstrip("# ").rstrip("\n")
                if RULE.match(bare):
                    (disabled if line.startswith("#") else enabled).append(bare)
    return enabled, disabled


def load(rules, folder, work):
    """(loaded, [refusal lines])"""
    path = os.path.join(work, "all.rules")
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
        out.write("\n".join(rules) + "\n")
    done = subprocess.run([PROGRAM, "rules", "check", "--classification", os.path.join(folder, "classification.config"),
                           path], capture_output=True, timeout=300)
    text = done.stdout.decode(errors="replace")
    loaded = re.search(r"^(\d+) rules loaded", text, re.M)
    if done.returncode not in (0, 1) or not loaded:
        raise RuntimeError("exit %d: %s" % (done.returncode, done.stderr.decode(errors="replace")[-300:]))
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if path + ":" in line]
    return int(loaded.group(1)), [line.split(path + ":", 1)[1] for line in lines]


def main():
    folders = sorted(glob.glob(os.path.join(SHARED, "rulesets", "et-open-*")))
    if not folders or not os.access(PROGRAM, os.X_OK):
        print("KTAP version 1\n1..0 # SKIP %s" % ("%s is not built" % PROGRAM if folders else
                                                  "no rules under %s (SHARED names their place)" % SHARED))
        return 0
    print("KTAP version 1\n1..%d" % (3 * len(folders)))
    number, failed = 0, False
    for folder in folders:
        named = True
        for kind, rules, needed in zip(("enabled", "disabled"), gather(folder), (ENABLED, DISABLED)):
            with tempfile.TemporaryDirectory(prefix="et-open-") as work:
                loaded, refused = load(rules, folder, work)
            for reason, count in collections.Counter(re.sub(r"^\d+: (sid \d+: )?", "", line) for line in refused).items():
                print("# %s, refused %d: %s" % (kind, count, reason))
            good = len(rules) > 0 and loaded >= needed * len(rules)
            named &= loaded + len(refused) == len(rules) and all(line.count(": ") >= 2 for line in refused)
            number += 1
            print("%s %d %s: %d of %d %s rules load" % ("ok" if good else "not ok", number, os.path.basename(folder), loaded,
                                                        len(rules), kind))
            failed |= not good
        number += 1
        print("%s %d each refused rule is named with keyword and reason" % ("ok" if named else "not ok", number))
        failed |= not named
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
