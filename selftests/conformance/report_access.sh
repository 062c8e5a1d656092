#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# report file-access: every rendering of one month, read by content, gives the same people in the same places; both languages and all
# formats; what cannot be read is said with its line.
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
report() { "$program" report file-access "$@"; }
# "ranking rank user count denied", domains left out since auditd knows none
places() {
	python3 -c '
import json, sys
for section in json.load(sys.stdin)["sections"]:
    for table in section.get("tables", []):
        for row in table["rows"]:
            if "user" in row:
                print(section["key"], row["rank"], row["user"].split("\\")[-1], row["count"], row["denied"])'
}
data=selftests/unit/access_log
echo "KTAP version 1"
echo "1..$(($(ls "$data" | wc -l) + 6))"
printf '%s\n' 'night 1 tanaka 2 0' 'night 2 sato 1 0' 'night 2 suzuki 1 0' 'night 2 yamada 1 0' 'weekend 1 tanaka 2 0' 'weekend 1 yamada 2 1' \
	'weekend 3 suzuki 1 0' 'confidential 1 tanaka 3 0' 'confidential 2 yamada 2 1' 'delete 1 sato 1 0' 'delete 1 tanaka 1 0' 'delete 1 yamada 1 0' \
	'copy 1 tanaka 1 0' >"$work/golden"
for log in "$data"/*; do
	year=
	case $log in *3164*) year=1 ;; esac
	report --format json "$log" 2>"$work/said" | places >"$work/places"
	if [ -n "$year" ]; then # without a year the days of the week are another year's
		grep -q '^night 1 tanaka 2 0' "$work/places" && grep -q '^copy 1 tanaka 1 0' "$work/places"
	else
		diff "$work/golden" "$work/places"
	fi
	result $? "$(basename "$log")"
done
report --lang ja --period 2014-09 "$data/windows-ja.csv" | grep -q '深夜帯のアクセスランキング'
result $? "in Japanese"
report --format html "$data/notes.csv" | grep -q '<table'
result $? "as a page"
iconv -f UTF-8 -t CP932 "$data/windows-ja.csv" >"$work/cp932.csv"
iconv -f UTF-8 -t UTF-16 "$data/windows.xml" >"$work/utf16.xml"
for log in "$work/cp932.csv" "$work/utf16.xml"; do
	report --format json "$log" | places | diff "$work/golden" - || break
done
result $? "in the encodings that Windows writes"
printf 'CORP\\tanaka\n' >"$work/expected"
report --expected "$work/expected" --format json "$data/notes.csv" | places | grep -c tanaka | grep -qx 0
result $? "expected persons are not among the exceptions"
{ cat "$data/generic.json"; echo '{"time":"2014-09-'; } >"$work/damaged.json"
report "$work/damaged.json" 2>&1 >"$work/out" | grep -q 'damaged.json:16: not JSON' && grep -q '^! 1 records could not be read' "$work/out"
result $? "a damaged line is named, counted and told first"
echo "no log at all" >"$work/none"
! report "$work/none" 2>"$work/said" && grep -q 'no map fits it' "$work/said"
result $? "what is no log is refused with the way out"
exit $failed
