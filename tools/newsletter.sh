#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make newsletter` does: the month of the newsletter (September 2014, Japan) through XDP and the engine into the store, then its
# TOP 10 as a report. Exit 0: the ten rows stand in their order with their counts.
#   SECONDS_OF_MONTH=240  how long the month takes     SCALE=1  a part of the counts     KEEP=DIR  keeps the reports there
set -eu
cd "$(dirname "$0")/.."
. tools/lab/machine.sh
[ "$(id -u)" = 0 ] || { echo "newsletter: needs root (network namespaces, BPF)" >&2; exit 1; }
SECONDS_OF_MONTH=${SECONDS_OF_MONTH:-240} SCALE=${SCALE:-1} BIN=${BIN:-$PWD/build}
rate=$((30 * 86400 / SECONDS_OF_MONTH))
work=$(mktemp -d)
chmod 755 "$work"
trap 'machine_end_all; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
export TZ=JST-9 ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

sekimori() { machine server "$BIN/sekimori" "$1" --state "$work/state" --run "$work/run" "${@:2}"; }

machine_new internet
machine_new server
machine_link internet wan server wan
machine internet ip addr add 198.51.100.2/24 dev wan
machine server ip addr add 198.51.100.1/24 dev wan
machine internet ip route add local 198.18.0.0/15 dev lo
machine server ip route add 198.18.0.0/15 via 198.51.100.2
printf 'eve "%s/eve.json";\nrules "%s/rules/*.rules";\nvariable HOME_NET 198.51.100.1;\n' "$work" "$PWD" >"$work/sekimori.conf"

start=$(python3 -c 'import time; print(time.monotonic_ns() // 1000 + 8000000)')
export SEKIMORI_LAB_CLOCK="1409497200 $rate $start"
sekimori up --iface wan:host --config "$work/sekimori.conf" >"$work/up.out" 2>&1 || { cat "$work/up.out" >&2; exit 1; }
until sekimori status --json | jq -e '[.. | objects | .ready? // empty] | any(. != false and . != 0)' >/dev/null; do sleep 0.1; done

echo "September 2014 passes in $SECONDS_OF_MONTH s; monitor mode, so that everything arrives."
for side in inside outside; do
	where=server
	[ $side = inside ] || where=internet
	machine_background $where "$work/$side.out" python3 tools/newsletter.py $side --start "$start" --rate "$rate" --scale "$SCALE"
done
until grep -q '^played' "$work/inside.out" && grep -q '^played' "$work/outside.out"; do sleep 0.5; done
grep -h '^played' "$work/inside.out" "$work/outside.out"
grep -hv '^ready\|^played' "$work/inside.out" "$work/outside.out" | head -20 >&2 || true

want=$(python3 tools/newsletter.py plan --scale "$SCALE" | awk '$1 != "harmless" { n += $2 } END { print n }')
for _ in $(seq 100); do
	kept=$(sekimori report security-log --period 2014-09 --json | jq '[.sections[] | select(.key == "severities") | .tables[].rows[-1].sum] | add // 0')
	[ "$kept" -lt "$want" ] || break
	sleep 0.2
done
echo "attacks played: $want, detections kept: $kept"
echo
sekimori report top --period 2014-09 --n 10 --lang ja
if [ -n "${KEEP:-}" ]; then
	mkdir -p "$KEEP"
	for lang in ja en; do
		for format in text html csv json; do
			sekimori report top --period 2014-09 --n 10 --lang $lang --format $format >"$KEEP/top.$lang.$format"
			sekimori report security-log --period 2014-09 --lang $lang --format $format >"$KEEP/security-log.$lang.$format"
		done
	done
fi
sekimori report top --period 2014-09 --n 10 --lang en --json >"$work/top.json"
python3 tools/newsletter.py plan --scale "$SCALE" >"$work/plan"
python3 - "$work/top.json" "$work/plan" "$want" "$kept" <<'END'
import json, sys
rows = next(t["rows"] for s in json.load(open(sys.argv[1]))["sections"] if s["key"] == "ranking" for t in s["tables"])
threats = json.load(open("rules/threats.json"))
plan = [line.split("\t") for line in open(sys.argv[2])]
plan = {threats[key]["title"]["en"]: int(count) for key, count in plan if key in threats}
got = {row["threat"]: row["count"] for row in rows}
bad = ["%s: %s, not %d" % (name, got[name], plan.get(name, 0)) for name in got if got[name] != plan.get(name)]
order = [row["count"] for row in rows]
if order != sorted(plan.values(), reverse=True)[:10]:
    bad.append("order or counts: %s" % order)
if sys.argv[3] != sys.argv[4]:
    bad.append("%s detections kept of %s attacks" % (sys.argv[4], sys.argv[3]))
print("the TOP 10 is as printed" if not bad else "\n".join(bad))
sys.exit(1 if bad else 0)
END
