#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The matcher's speed on one core over a generated traffic mix, offline: bits of the capture per second of processor time.
# The time to start and to compile the rules is measured with an empty capture and taken off. Rows: metric, ours.
# Reading the capture from its file is part of it; an engine finds its packets in memory.
# The generator and a large rule set are taken from $SHARED when they are there.
set -u
cd "$(dirname "$0")/../.." || exit 1
SHARED=${SHARED:-$PWD/../shared}
MEGABYTES=${MEGABYTES:-100}
tsv=${BENCH_TSV:-/dev/null}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mix=build/bench/mix-$MEGABYTES.pcap
if [ ! -e "$mix" ]; then
	[ -e "$SHARED/tools/genmix.py" ] || { echo "# no traffic mix generator beside the project: engine not measured"; exit 0; }
	python3 "$SHARED/tools/genmix.py" "$work/mix.pcap" "$MEGABYTES" 1 >/dev/null && mv "$work/mix.pcap" "$mix" || exit 1
fi
head -c 24 "$mix" >"$work/empty.pcap"

# Processor seconds of one run over a capture; the run's own figures go to $work/json.
used() { # rules, capture
	local TIMEFORMAT='%U %S' rc
	{ time build/sekimori inspect --json -S "$1" -k none -l "$work" "$2" >"$work/json" 2>"$work/err"; } 2>"$work/time"
	rc=$?
	[ $rc -le 1 ] || { echo "engine: inspect ends with $rc: $(tail -1 "$work/err")" >&2; return 1; }
	awk '{ print $1 + $2 }' "$work/time"
}

measure() { # name, rules
	: >"$work/$1"
	for _ in 1 2 3 4 5; do
		echo "$(used "$2" "$work/empty.pcap") $(used "$2" "$mix")" >>"$work/$1"
	done
	# What was measured has to be the whole capture, looked into.
	python3 - "$1" "$work/$1" "$work/json" "$tsv" <<-'END'
		import json, sys
		name, times, figures, tsv = sys.argv[1:]
		run = json.load(open(figures))
		inspected = run["inspection"]["inspected_bytes"] + run["inspection"]["ciphertext_bytes"]
		if run["packets"] < 1000 or inspected < run["bytes"] / 2 or run["inspection"]["flows_given_up"]:
		    sys.exit(f"engine: only {inspected} of {run['bytes']} bytes were looked into")
		pairs = [tuple(map(float, line.split())) for line in open(times)]
		start = sorted(p[0] for p in pairs)[len(pairs) // 2]
		spent = sorted(p[1] for p in pairs)[len(pairs) // 2] - start
		rows = [(f"engine.{name}.gbit_per_cpu_second", run["bytes"] * 8 / spent / 1e9),
		        (f"engine.{name}.ns_per_packet", spent / run["packets"] * 1e9),
		        (f"engine.{name}.start_seconds", start)]
		print(f"# {run['rules']['loaded']} rules, {run['packets']} packets, {run['bytes']} bytes, {run['flows']} flows, {run['inspection']['alerts']} alerts")
		with open(tsv, "a") as out:
		    for metric, value in rows:
		        print(f"{metric:44} {value:10.2f}")
		        print(f"{metric}\t{value:.3f}\t\t\t", file=out)
	END
}

measure shipped 'rules/*.rules' || exit 1
for set in "$SHARED"/rulesets/*/; do
	ls "$set"*.rules >/dev/null 2>&1 && { measure "$(basename "$set")" "$set*.rules" || exit 1; }
done
exit 0
