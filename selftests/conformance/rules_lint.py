#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped rules are complete: identity, severity, affected product, method, target, class and explanation.

Needs no program of ours. Prints KTAP.
"""
import collections
import glob
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = os.path.join(ROOT, "rules")
BLOCKS = ("exe-in-http", "zom-mail", "openssl-keyarg", "dotdot", "mime-overflow", "sendmail", "internet-explorer",
          "php-bypass", "heartbleed", "excel", "shellshock")
FIRST_SID, BLOCK_SIZE = 9000001, 100
SEVERITIES = {"Critical", "Major", "Minor", "Informational"}
METHODS = {"rce", "traversal", "bypass", "info-leak", "overflow"}
PARTS = ("title", "what", "affected", "action")
KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
RULE = re.compile(r"^alert\s+\S+\s+\S+\s+\S+\s+->\s+\S+\s+\S+\s+\((.*;)\)$")


def split_options(text):
    """Options of a rule: [(name, value)]; a semicolon inside quotes or after a backslash does not end one."""
    options, start, quoted = [], 0, False
    for at, char in enumerate(text):
        if char == '"' and text[at - 1] != "\\":
            quoted = not quoted
        if char == ";" and not quoted and text[at - 1] != "\\":
            name, _, value = text[start:at].strip().partition(":")
            options.append((name.strip(), value.strip()))
            start = at + 1
    return options


class Rule:
    def __init__(self, path, line, text):
        self.where = "%s:%d" % (os.path.basename(path), line)
        self.family = os.path.basename(path)[:-len(".rules")]
        match = RULE.match(text)
        self.options = split_options(match.group(1)) if match else []
        self.values = collections.defaultdict(list)
        for name, value in self.options:
            self.values[name].append(value)
        self.metadata = collections.defaultdict(list)
        for item in ",".join(self.values["metadata"]).split(","):
            key, _, value = item.strip().partition(" ")
            self.metadata[key].append(value)
        sid = self.values["sid"][0] if self.values["sid"] else "0"
        self.sid = int(sid) if sid.isdigit() else 0
        self.alerts = "noalert" not in self.values


def read_rules():
    rules = []
    for path in sorted(glob.glob(os.path.join(RULES, "*.rules"))):
        with open(path, encoding="ascii") as lines:
            rules += [Rule(path, number, line.strip()) for number, line in enumerate(lines, 1)
                      if line.strip() and not line.startswith("#")]
    return rules


def check_form(rules):
    for rule in rules:
        if not rule.options:
            yield "%s: not of the form alert … (…;)" % rule.where
        for name in ("msg", "classtype", "sid", "rev", "metadata"):
            if len(rule.values[name]) != 1:
                yield "%s: wants exactly one %s" % (rule.where, name)
        if not rule.values["msg"] or not rule.values["msg"][0].startswith('"SEKIMORI %s: ' % rule.family):
            yield "%s: msg does not begin with its family" % rule.where
        if rule.alerts and (rule.values["target"] or [""])[0] not in ("src_ip", "dest_ip"):
            yield "%s: no target, so nobody knows whom to block" % rule.where


def check_sids(rules):
    seen = {}
    for rule in rules:
        first = FIRST_SID + BLOCK_SIZE * BLOCKS.index(rule.family) if rule.family in BLOCKS else 0
        if not first <= rule.sid < first + BLOCK_SIZE - 1:
            yield "%s: sid %d is outside of its family's block" % (rule.where, rule.sid)
        if rule.sid in seen:
            yield "%s: sid %d is already in %s" % (rule.where, rule.sid, seen[rule.sid])
        seen[rule.sid] = rule.where
    for family in set(BLOCKS) - {rule.family for rule in rules}:
        yield "no rules for %s" % family


def check_metadata(rules):
    for rule in rules:
        metadata = rule.metadata
        if metadata["signature_severity"][:1] and metadata["signature_severity"][0] not in SEVERITIES or len(
                metadata["signature_severity"]) != 1:
            yield "%s: wants one signature_severity of %s" % (rule.where, ", ".join(sorted(SEVERITIES)))
        if len(metadata["method"]) != 1 or metadata["method"][0] not in METHODS:
            yield "%s: wants one method of %s" % (rule.where, ", ".join(sorted(METHODS)))
        for key in ("affected_product", "affected_platform", "newsletter_rank"):
            if not metadata[key]:
                yield "%s: no %s" % (rule.where, key)
        named = {"CVE_" + value[len("cve,"):].replace("-", "_")
                 for value in rule.values["reference"] if value.startswith("cve,")}
        if named != set(metadata["cve"]):
            yield "%s: cve of metadata and reference differ" % rule.where


def check_classes(rules):
    with open(os.path.join(RULES, "classification.config"), encoding="utf-8") as lines:
        rows = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    names = collections.Counter()
    for row in rows:
        match = re.match(r"config classification: ([a-z0-9-]+),([^,]+),([1-4])$", row)
        if not match:
            yield "classification.config: %r" % row
        else:
            names[match.group(1)] += 1
    for name, count in names.items():
        if count > 1:
            yield "classification.config: %s stands twice" % name
    for rule in rules:
        if rule.values["classtype"] and rule.values["classtype"][0] not in names:
            yield "%s: unknown classtype %s" % (rule.where, rule.values["classtype"][0])


def check_severities(rules):
    own = {rule.sid for rule in rules}
    seen = set()
    with open(os.path.join(RULES, "severity.table"), encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("#") or not line.strip():
                continue
            match = re.match(r"(\d+) (critical|high|medium|low)$", line.rstrip("\n"))
            sid = int(match.group(1)) if match else 0
            if not match:
                yield "severity.table:%d: wants sid and severity" % number
            elif sid in seen:
                yield "severity.table:%d: sid %d stands twice" % (number, sid)
            elif sid in own:
                yield "severity.table:%d: sid %d is ours, its severity belongs into its metadata" % (number, sid)
            elif FIRST_SID <= sid < FIRST_SID + BLOCK_SIZE * len(BLOCKS):
                yield "severity.table:%d: sid %d is not shipped" % (number, sid)
            seen.add(sid)


def check_explanations(rules):
    with open(os.path.join(RULES, "explanations.json"), encoding="utf-8") as text:
        pairs = json.load(text, object_pairs_hook=list)
    table = {sid: dict(fields) for sid, fields in pairs}
    if len(table) != len(pairs):
        yield "explanations.json: a sid stands twice"
    sids = {str(rule.sid) for rule in rules}
    for sid in sorted(sids - set(table)):
        yield "explanations.json: nothing about %s" % sid
    for sid, entry in table.items():
        if sid not in sids:
            yield "explanations.json: %s is not shipped" % sid
        for part in PARTS:
            texts = dict(entry.get(part, []))
            if set(texts) != {"en", "ja"}:
                yield "explanations.json: %s %s wants en and ja" % (sid, part)
                continue
            if not texts["en"].strip() or KANA.search(texts["en"]):
                yield "explanations.json: %s %s: English is missing or not English" % (sid, part)
            if not KANA.search(texts["ja"]) and part != "title":
                yield "explanations.json: %s %s: Japanese is missing" % (sid, part)
            if part != "title" and not (texts["en"].endswith(".") and texts["ja"].endswith("\u3002")):
                yield "explanations.json: %s %s does not end as a sentence" % (sid, part)
        if not isinstance(entry.get("references"), list) or not entry.get("provenance"):
            yield "explanations.json: %s wants references and provenance" % sid
        for url in entry.get("references", []):
            if not re.match(r"https://\S+$", url):
                yield "explanations.json: %s: reference %r" % (sid, url)


def check_expectations(rules):
    """Each signature that alerts has a capture that must raise it."""
    with open(os.path.join(RULES, "tests", "expect.tsv"), encoding="utf-8") as lines:
        named = {int(sid) for line in lines if not line.startswith("#") for sid in re.findall(r"\b9\d{6}\b", line)}
    for rule in rules:
        if rule.alerts and rule.sid not in named:
            yield "%s: no capture must raise sid %d" % (rule.where, rule.sid)
    for sid in sorted(named - {rule.sid for rule in rules}):
        yield "expect.tsv: sid %d is not shipped" % sid


CHECKS = (check_form, check_sids, check_metadata, check_classes, check_severities, check_explanations, check_expectations)


def main():
    rules = read_rules()
    print("KTAP version 1\n1..%d" % len(CHECKS))
    failed = False
    for number, check in enumerate(CHECKS, 1):
        complaints = list(check(rules))
        for complaint in complaints:
            print("# " + complaint)
        print("%s %d %s" % ("not ok" if complaints else "ok", number, check.__name__[len("check_"):]))
        failed |= bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
