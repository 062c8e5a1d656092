#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# report audit: the five rankings over our own audit log, each with the people it should have; what the daemon says by itself is nobody's act.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=${BIN:-build}/sekimori
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TZ=Asia/Tokyo LANG=C
number=0 failed=0
result() { # exit code, name
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number $2"; else echo "not ok $number $2"; failed=1; fi
}
echo "KTAP version 1"
echo "1..3"
mkdir -p "$work/default/store"
python3 - >"$work/default/store/audit.log" <<'END'
import datetime, json
zone = datetime.timezone(datetime.timedelta(hours=9))
rows = [  # Monday 2014-09-01 by day; Wednesday night; Saturday; Tuesday 23rd, a holiday
    ("2014-09-01 10:00", "change", "sato", "block 198.18.0.1/32 for 3600 s: scan"), ("2014-09-01 10:05", "change", "sato", "unblock 198.18.0.1/32"),
    ("2014-09-01 10:06", "read", "suzuki", "portal: evidence of alert 7 (sid 9001001)"), ("2014-09-01 10:07", "read", "suzuki", "portal: evidence of alert 8 (sid 9001001)"),
    ("2014-09-03 23:30", "change", "tanaka", "allow --remove 192.0.2.9/32"), ("2014-09-03 23:40", "read", "tanaka", "portal: evidence of alert 9 (sid 9001001)"),
    ("2014-09-06 11:00", "change", "yamada", "rules reloaded: 5 active"), ("2014-09-23 11:00", "change", "yamada", "portal: export of alerts"),
    ("2014-09-23 11:10", "read", "yamada", "portal: report top taken as csv"),
    ("2014-09-24 12:00", "read", "suzuki", "exported: list evil as edl"), ("2014-09-23 12:00", "change", "yamada", "down: protection ends"), ("2014-09-06 03:00", "alarm", "", "engine 0 died"), ("2014-09-06 03:00", "note", "", "engine 0 has 5 rules")]
for i, (when, kind, who, text) in enumerate(rows, 1):
    t = datetime.datetime.strptime(when, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    print(json.dumps({"prev": "0" * 64, "number": i, "time_us": int(t.timestamp() * 1000000), "uid": 0, "kind": kind, "who": who, "text": text}))
END
"$program" report audit --state "$work" --format json 2>"$work/said" | python3 -c '
import json, sys
for section in json.load(sys.stdin)["sections"]:
    for table in section.get("tables", []):
        for row in table["rows"]:
            if "user" in row:
                print(section["key"], row["rank"], row["user"], row["count"])' >"$work/got"
printf '%s\n' 'night 1 tanaka 2' 'weekend 1 yamada 2' 'evidence 1 suzuki 2' 'evidence 2 tanaka 1' 'delete 1 sato 1' 'delete 1 tanaka 1' 'delete 1 yamada 1' 'export 1 yamada 2' 'export 2 suzuki 1' >"$work/golden"
diff "$work/golden" "$work/got"
result $? "five rankings of who did what when"
"$program" report audit --state "$work" --lang ja --period 2014-09 | grep -q '証拠閲覧者ランキング'
result $? "in Japanese, for a month"
"$program" report audit --state "$work" "$work/default/store/audit.log" | grep -q 'Who reads evidence' && ! "$program" report audit --state "$work/none" >/dev/null 2>&1
result $? "a log by its name, and one that is not there is told"
exit $failed
