#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Is a text OpenMetrics 1.0? By the ABNF of the specification and its rules on families, and as strict about names as promtool.

  openmetrics.py FILE [DASHBOARD.json]     with a dashboard: every name that its queries use is in the text

Prints what is wrong, a line each; exit 1.
"""
import json
import math
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"^({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)$")
META = re.compile(rf"^# (TYPE|UNIT|HELP) ({NAME})(?: (.*))?$")
SUFFIXES = {"counter": ("_total", "_created"), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum", "_created"), "unknown": ("",),
            "info": ("_info",), "stateset": ("",), "summary": ("", "_count", "_sum", "_created")}


def check(text):
    wrong = []
    if not text.endswith("# EOF\n") or text.count("# EOF") != 1:
        wrong.append("the text does not end in one # EOF line")
    family, kind, unit, done, described, series = None, None, "", set(), set(), set()
    buckets = {}
    for number, line in enumerate(text.splitlines()[:-1], 1):
        def say(what):
            wrong.append(f"{number}: {what}: {line}")
        meta = META.match(line)
        if meta:
            what, name, rest = meta.groups()
            if name != family:
                if name in done:
                    say("a family in two places")
                done.add(name)
                family, kind, unit = name, "unknown", ""
                described = set()
            if what in described:
                say(f"{what} twice")
            described.add(what)
            if what == "TYPE":
                kind = rest
                if rest not in SUFFIXES:
                    say("no such type")
                if rest == "counter" and name.endswith("_total"):
                    say("the family of a counter does not end in _total")
            if what == "UNIT" and not name.endswith("_" + rest):
                say("the name does not end in its unit")
            if what == "HELP" and not rest:
                say("empty help")
            continue
        sample = SAMPLE.match(line)
        if not sample:
            say("neither metadata nor a sample")
            continue
        name, labels, value = sample.group(1), sample.group(2) or "", sample.group(sample.lastindex)
        if family is None or not name.startswith(family) or name[len(family):] not in SUFFIXES[kind]:
            say(f"not of the family {family} ({kind})")
        if "HELP" not in described:
            say("no help")
        pairs = re.findall(LABEL, labels)
        if len({pair[0] for pair in pairs}) != len(pairs):
            say("a label twice")
        if any(pair[1].count(".") == 3 and re.fullmatch(r"[0-9.]+", pair[1]) for pair in pairs):
            say("an address as a label")
        if (name, labels) in series:
            say("a series twice")
        series.add((name, labels))
        try:
            number_value = float(value)
        except ValueError:
            say("no number")
            continue
        if kind in ("counter", "histogram") and (number_value < 0 or math.isnan(number_value)):
            say("a counter below zero")
        if name.endswith("_bucket") and kind == "histogram":
            buckets.setdefault(family, []).append((float(dict(pairs)["le"]), number_value))
        if kind == "histogram" and name.endswith("_count") and (not buckets.get(family) or buckets[family][-1][1] != number_value):
            say("count is not that of the last bucket")
    for name, rows in buckets.items():
        if rows != sorted(rows) or [row[1] for row in rows] != sorted(row[1] for row in rows) or rows[-1][0] != math.inf:
            wrong.append(f"{name}: buckets are not in order, do not add up, or lack +Inf")
    return wrong, {row[0] for row in series}


def used(dashboard):
    found = set()

    def walk(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("expr", "query", "definition") and isinstance(value, str):
                    found.update(re.findall(r"\bsekimori_[a-z0-9_]+", value))
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)
    walk(dashboard)
    return found


if __name__ == "__main__":
    problems, names = check(open(sys.argv[1]).read())
    if len(sys.argv) > 2:
        queries = used(json.load(open(sys.argv[2])))
        problems += [f"{sys.argv[2]}: {name} is not among the metrics" for name in sorted(queries - names)]
        if len(queries) < 10:
            problems.append(f"{sys.argv[2]}: only {len(queries)} metrics are used")
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))
