#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A twentieth of the newsletter's month through XDP, engine, store and report: every attack is one detection, the ranking has their counts.
cd "$(dirname "$0")/../.." || exit 1
echo "KTAP version 1"
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
echo "1..2"
keep=$(mktemp -d)
trap 'rm -rf "$keep"' EXIT
SECONDS_OF_MONTH=30 SCALE=20 KEEP=$keep tools/newsletter.sh >"$keep/out" 2>&1
code=$?
grep -E '^(played|attacks|the TOP)' "$keep/out" | sed 's/^/# /'
if [ $code = 0 ]; then echo "ok 1 the ranking has what was played"; else echo "not ok 1 the ranking has what was played"; sed 's/^/# /' "$keep/out"; fi
# every format and language holds the same ten counts
counts() { jq -c '[.sections[] | select(.key == "ranking") | .tables[].rows[].count]' "$1"; }
good=1
[ "$(counts "$keep/top.ja.json")" = "$(counts "$keep/top.en.json")" ] || good=0
grep -q 'lang="ja"' "$keep/top.ja.html" && grep -q '"ranking"' "$keep/top.en.csv" || good=0
[ $good = 1 ] && echo "ok 2 both languages and every format agree" || { echo "not ok 2 both languages and every format agree"; code=1; }
exit $code
