#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# list_journal - thousands of changes by hand, while their journal is made one with the manual list: nothing that was answered is lost, wherever
# in it the daemon dies, and nobody waits for the disk.
. "$(dirname "$0")/../lib/netns.sh"

command -v strace >/dev/null || { plan 1; skip "killed at each step" "no strace"; done_testing; }
MANY=4200 # more than the journal holds before it is folded
# What the thread asks the disk for.
CALLS="pwrite64 fdatasync fsync renameat rename"
FEW=4090 # not quite
folder() { echo "$WORK/state/$NAME"; }
by_hand() { python3 "$TOP/selftests/lib/by_hand.py" "$WORK/run/$NAME/ctl.sock" "$WORK/model" "$@"; }
manual() { s list show manual --json | jq -c '[.[].prefix] | sort'; }
# The manual list is what was answered, but for the one change that was not.
as_answered() {
	manual >"$WORK/manual" && python3 - "$WORK/model" "$WORK/manual" <<-'PYTHON'
		import json, sys
		model, held = json.load(open(sys.argv[1])), set(json.load(open(sys.argv[2])))
		held -= {model["open"]}
		sure = set(model["sure"])
		if held != sure:
		    sys.exit(f"{len(sure)} were answered, {len(held)} are listed; lost {sorted(sure - held)[:5]}, back {sorted(held - sure)[:5]}")
	PYTHON
}
# From then on the one that is open is known.
settle() {
	python3 - "$WORK/model" "$WORK/manual" <<-'PYTHON'
		import json, sys
		json.dump({"sure": json.load(open(sys.argv[2])), "open": None}, open(sys.argv[1], "w"))
	PYTHON
}
dead() { ! [ -d "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status"; }
world
s up --iface va0:host --enforce --config "$WORK/base.conf" >/dev/null || not_ok "up"
plan 6

# --- undisturbed
first=$(stat -c %i "$(folder)/manual.list")
ok_if "$MANY changes by hand" by_hand $MANY 2.5
folded() { [ "$(stat -c %i "$(folder)/manual.list")" != "$first" ] && ! [ -e "$(folder)/manual.journal.next" ]; }
ok_if "their journal is made one with the list" wait_for folded
ok_if "the list holds what was answered" as_answered
kill -9 "$(keeper_pid)"
s up >/dev/null
ok_if "after a kill as well" as_answered

# --- killed at each call by which it is folded: in the thread, while changes go on
deaths=0 folds=0
: >"$WORK/bad"
for call in $CALLS; do
	n=1 pid=$(keeper_pid)
	kill -9 "$pid" # so that the journal is as long as it is counted here
	wait_for dead
	s up >/dev/null || not_ok "up"
	while [ ! -s "$WORK/bad" ] && [ $n -le 8 ]; do
		pid=$(keeper_pid)
		before=$(stat -c %i "$(folder)/manual.list")
		by_hand $FEW 0 >"$WORK/said" 2>&1 || cat "$WORK/said" >>"$WORK/bad"
		strace -f -qq -o "$WORK/trace" -p "$pid" -P "$(folder)" -P "$(folder)/manual.list" -P "$(folder)/manual.journal.next" \
			-e "trace=$call" -e "inject=$call:signal=KILL:when=$n" 2>/dev/null &
		tracer=$!
		wait_for grep -q "^TracerPid:[[:space:]]*$tracer\$" "/proc/$pid/status"
		by_hand 20 20 "$(folder)/manual.list" >"$WORK/said" 2>&1 || cat "$WORK/said" >>"$WORK/bad"
		# It may wait for ever for a thread of who was killed; who lives must not be left by it otherwise.
		kill -INT "$tracer" 2>/dev/null
		if ! s status >/dev/null 2>&1; then
			wait_for dead
			kill -KILL "$tracer" 2>/dev/null
		fi
		wait "$tracer" 2>/dev/null
		[ "$(stat -c %i "$(folder)/manual.list")" = "$before" ] || folds=$((folds + 1))
		fell=
		if dead; then
			fell=yes deaths=$((deaths + 1))
			s up >"$WORK/up" 2>&1 || cat "$WORK/up" >>"$WORK/bad"
		fi
		as_answered >>"$WORK/bad" 2>&1
		[ ! -s "$WORK/bad" ] || echo "at $call $n: $(cat "$WORK/said")" >>"$WORK/bad"
		settle
		[ "$fell" ] || break
		n=$((n + 1))
	done
	echo "# $call: $((n - 1))"
done
[ ! -s "$WORK/bad" ] && [ $deaths -ge 5 ] && ok "killed at each of $deaths steps: nothing that was answered is lost" ||
	not_ok "killed at each step" "$deaths deaths; $(cat "$WORK/bad")"
[ $folds -ge 2 ] && ok "on both sides of the new list" || not_ok "on both sides of the new list" "$folds new lists"
s down >/dev/null
done_testing
