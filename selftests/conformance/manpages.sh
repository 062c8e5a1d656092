#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every command, key and rule keyword of the tables stands in its man page, the pages render without a warning, and their example is
# a good configuration.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=${BIN:-build}/sekimori
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0 failed=0
result() { # exit code, name
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number $2"; else echo "not ok $number $2"; failed=1; fi
}
echo "KTAP version 1"
echo "1..9"

for page in sekimori.1 sekimori.conf.5 sekimori-rules.5; do
	tools/manpage.sh "$program" doc/$page >"$work/$page" && ! grep -nE '@[A-Z]+@$' "$work/$page"
	result $? "$page is made"
	if command -v groff >/dev/null; then
		groff -man -Tutf8 -ww -rLL=120n -P-cbou "$work/$page" >"$work/$page.txt" 2>"$work/warnings"
		rc=$?
		sed 's/^/# /' "$work/warnings"
		[ $rc = 0 ] && [ ! -s "$work/warnings" ]
		result $? "$page renders without a warning"
	else
		cp "$work/$page" "$work/$page.txt"
		result 0 "$page renders without a warning # SKIP groff is not installed"
	fi
done

# The second source for the words: what people see from `help` and `check --keys`.
missing=0 seen=0
for name in $("$program" help | awk '/^  [a-z]/ { print $1 }'); do
	seen=$((seen + 1))
	grep -q "^ *sekimori $name" "$work/sekimori.1.txt" || grep -q "^\.B sekimori $name$" "$work/sekimori.1" || {
		echo "# no command $name"
		missing=1
	}
done
[ $missing = 0 ] && [ $seen -gt 10 ]
result $? "every command is in sekimori(1)"

missing=0 seen=0
while read -r block name _; do
	seen=$((seen + 1))
	[ "$block" = - ] && heading='.SS At the top' || heading=".SS Inside $block"
	awk -v heading="$heading" -v key=".BI \"$name \"" '/^\.S[SH]/ { inside = $0 == heading } inside && index($0, key) == 1 { found = 1 }
		END { exit !found }' "$work/sekimori.conf.5" || {
		echo "# no key $block/$name"
		missing=1
	}
done < <("$program" check --keys)
awk '/^interface eth0/ { on = 1 } /^\.RE/ { on = 0 } on' "$work/sekimori.conf.5" >"$work/example.conf"
sed -i "s|/etc/sekimori/drop.txt|$work/drop.txt|" "$work/example.conf"
echo 1.10.16.0/20 >"$work/drop.txt"
"$program" check "$work/example.conf" >"$work/check" 2>&1 || { sed 's/^/# /' "$work/check"; missing=1; }
[ $missing = 0 ] && [ $seen -gt 50 ]
result $? "every key is in sekimori.conf(5), and its example is good"

missing=0 seen=0
while IFS=$'\t' read -r _ name _; do
	seen=$((seen + 1))
	grep -qxF ".B ${name//-/\\-}" "$work/sekimori-rules.5" || { echo "# no keyword $name"; missing=1; }
done < <("$program" rules keywords)
[ $missing = 0 ] && [ $seen -gt 100 ]
result $? "every keyword is in sekimori-rules(5)"
exit $failed
