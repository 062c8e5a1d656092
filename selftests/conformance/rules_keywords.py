#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every keyword of the rule language has a folder rules/tests/keyword_NAME (keyword_snort_NAME for Snort 3) that shows what it does.

A folder holds session.txt (selftests/lib/conversation.py says how it is written) and test.rules, whose rules have the message
"match" or "no match" and use the keyword, at least one of each kind ("match" alone where the keyword has no effect).
Beside them may lie refused.rules, each of which must be refused, threshold.config, and options: more words for `inspect`.
KEYWORDS: only those with this text in their name.
"""
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("BIN", os.path.join(ROOT, "build"))
PROGRAM = os.path.join(BIN, "sekimori")
TESTS = os.path.join(ROOT, "rules", "tests")
sys.path.insert(0, os.path.join(ROOT, "selftests", "lib"))
import conversation  # noqa: E402

SILENT = ("noalert",)  # its effect is that its rule gives no alert

Keyword = collections.namedtuple("Keyword", "language name alias argument effect place help")


def keywords():
    out = subprocess.run([PROGRAM, "rules", "keywords"], check=True, capture_output=True).stdout.decode()
    return [Keyword(*line.split("\t")) for line in out.splitlines()]


def folder_name(keyword):
    return "keyword_" + ("snort_" if keyword.language == "snort" else "") + keyword.name


def read_rules(path):
    """[(sid, message, text)]"""
    rules = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                sid = re.search(r"[(; ]sid: *(\d+)", line)
                message = re.search(r'[(; ]msg: *"([^"]*)"', line)
                rules.append((int(sid.group(1)) if sid else 0, message.group(1) if message else "", line))
    return rules


def uses(keyword, text):
    """Does the rule use the keyword as an option, or within a content's list of modifiers?"""
    body = text[text.index("(") + 1:]
    return re.search(r"(?:^|[;,]) *%s *(?=[:;, )]|$)" % re.escape(keyword.name), body) is not None


def check_form(keyword, rules):
    kinds = {"match": 0, "no match": 0}
    for sid, message, text in rules:
        if message not in kinds:
            yield "sid %d: the message is neither match nor no match" % sid
        elif uses(keyword, text) or (message == "match" and keyword.name in SILENT):
            kinds[message] += 1
    if not kinds["match"] or (keyword.effect == "yes" and not kinds["no match"]):
        yield "wants a rule that matches and one that does not, with the keyword in each"
    if len({sid for sid, _, _ in rules}) != len(rules):
        yield "a sid stands twice"


def check_alerts(folder, rules, work):
    pcap = os.path.join(work, "session.pcap")
    conversation.write(os.path.join(folder, "session.txt"), pcap)
    command = [PROGRAM, "inspect", "-S", os.path.join(folder, "test.rules"), "-l", work]
    if os.path.exists(os.path.join(folder, "threshold.config")):
        command += ["--set", "threshold-file=" + os.path.join(folder, "threshold.config")]
    if os.path.exists(os.path.join(folder, "options")):
        with open(os.path.join(folder, "options"), encoding="utf-8") as text:
            command += text.read().replace("@FOLDER@", folder).split()
    done = subprocess.run(command + [pcap], capture_output=True, timeout=60)
    if done.returncode not in (0, 1):
        yield "exit %d: %s" % (done.returncode, done.stderr.decode(errors="replace").strip()[-300:])
        return
    for line in done.stderr.decode(errors="replace").splitlines():
        if "test.rules:" in line or "threshold.config:" in line:
            yield "refused: " + line.split(folder, 1)[-1]
    found = set()
    with open(os.path.join(work, "eve.json"), encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if event["event_type"] == "alert":
                found.add(event["alert"]["signature_id"])
    for sid, message, text in rules:
        if (message == "match") != (sid in found):
            yield "%s: %s" % ("no alert" if message == "match" else "an alert", text.strip())


def check_refused(folder):
    path = os.path.join(folder, "refused.rules")
    if not os.path.exists(path):
        return
    rules = read_rules(path)
    done = subprocess.run([PROGRAM, "rules", "check", path], capture_output=True, timeout=60)
    refused = {int(line) for line in re.findall(r"refused\.rules:(\d+): ", done.stderr.decode(errors="replace"))}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.startswith("#") and number not in refused:
                yield "not refused: " + line.strip()
    if not rules:
        yield "refused.rules is empty"


def check(keyword):
    folder = os.path.join(TESTS, folder_name(keyword))
    if not os.path.isdir(folder):
        return ["there is no folder %s" % os.path.relpath(folder, ROOT)]
    rules = read_rules(os.path.join(folder, "test.rules"))
    with tempfile.TemporaryDirectory(prefix="keyword-") as work:
        return list(check_form(keyword, rules)) + list(check_alerts(folder, rules, work)) + list(check_refused(folder))


def main():
    if not os.access(PROGRAM, os.X_OK):
        print("KTAP version 1\n1..0 # SKIP %s is not built" % PROGRAM)
        return 0
    table = keywords()
    chosen = [keyword for keyword in table if os.environ.get("KEYWORDS", "") in keyword.name]
    print("KTAP version 1\n1..%d" % (1 + len(chosen)))
    odd = {os.path.basename(path) for path in glob.glob(os.path.join(TESTS, "keyword_*"))}
    odd -= {folder_name(keyword) for keyword in table}
    for name in sorted(odd):
        print("# %s is of no keyword" % name)
    print("%s 1 every folder is of a keyword" % ("not ok" if odd else "ok"))
    failed = bool(odd)
    for number, keyword in enumerate(chosen, 2):
        complaints = check(keyword)
        for complaint in complaints:
            print("# %s: %s" % (keyword.name, complaint))
        print("%s %d %s" % ("not ok" if complaints else "ok", number, folder_name(keyword)[len("keyword_"):]), flush=True)
        failed |= bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
