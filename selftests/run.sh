#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every test, or those whose name matches $1 (a shell pattern, as in `make check T='daemon_*'`).
# A test is a program that prints KTAP; its name is room/file. Sanitized binaries are used where they exist.
# As many run at a time as there are processors (TEST_JOBS=1: one after the other). Output of a failing test is shown whole;
# the last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
pattern=${1:-*}
export BIN=${BIN:-$PWD/build/san}
export BUILD=$PWD/build
export SHARED=${SHARED:-$PWD/../shared}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
work=$(mktemp -d)
workers=()
trap 'kill "${workers[@]}" 2>/dev/null; wait; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
# One line a test: its name, its time limit in seconds, its command, quoted for the shell.
queue=$work/queue
: >"$queue" >"$work/counts"

# Pids of what a test left running; it may take a moment to die. $1: the test's mark in its environment.
left_running() {
	local round pids
	for round in 1 2 3 4 5 6; do
		pids=$(grep -lza "^SEKI_TEST_MARK=$1\$" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)
		[ -n "$pids" ] || return 0
		sleep 0.5
	done
	echo "$pids"
}

# name, time limit in seconds, command…
add() {
	# shellcheck disable=SC2254
	case $1 in
	$pattern | */$pattern) printf '%q ' "$@" >>"$queue" && echo >>"$queue" ;;
	esac
}

# name, time limit in seconds, command…; the counts are added to $work/counts.
run_one() {
	local name=$1 limit=$2 log=$work/log.$BASHPID start end rc ok bad skip planned mark pid
	shift 2
	start=$(date +%s)
	mark=$BASHPID.$RANDOM.$start
	SEKI_TEST_MARK=$mark timeout --kill-after=10 "$limit" "$@" >"$log" 2>&1 </dev/null &
	# shellcheck disable=SC2064 # this very process, now
	trap "kill $!; exit 1" TERM
	wait $!
	rc=$?
	trap - TERM
	end=$(date +%s)
	skip=$(grep -cE '^ok [0-9]+ .*# SKIP' "$log")
	ok=$(($(grep -cE '^ok [0-9]+' "$log") - skip))
	bad=$(grep -cE '^not ok [0-9]+' "$log")
	planned=$(sed -nE 's/^1\.\.([0-9]+).*/\1/p' "$log" | tail -1)
	if [ $rc = 124 ] || [ $rc = 137 ]; then
		echo "# $name: stopped after $limit s" >>"$log"
		bad=$((bad + 1))
	elif [ -z "$planned" ] || [ "$planned" != $((ok + bad + skip)) ] || { [ $rc != 0 ] && [ "$bad" = 0 ]; }; then
		echo "# $name: exit $rc, planned ${planned:-nothing}, ran $((ok + bad + skip)) results" >>"$log"
		bad=$((bad + 1))
	elif grep -qE 'ERROR: AddressSanitizer|runtime error:|ERROR: LeakSanitizer' "$log"; then
		echo "# $name: sanitizer report" >>"$log"
		bad=$((bad + 1))
	fi
	for pid in $(left_running "$mark"); do
		echo "# $name: left running: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-100)" >>"$log"
		kill -KILL "$pid"
		bad=$((bad + 1))
	done
	{
		flock 9
		echo "$ok $bad $skip" >>"$work/counts"
		printf '%-44s %4d ok %3d failed %3d skipped %5d s\n' "$name" "$ok" "$bad" "$skip" $((end - start))
		[ "$bad" = 0 ] || sed 's/^/    /' "$log" | tail -n 120
		grep -E '^ok [0-9]+ .*# SKIP' "$log" | sed 's/^/    /'
	} 9>"$work/print.lock"
}

# Takes the queue's first line, until there is none.
run_queue() {
	local line
	while line=$(
		{
			flock 9
			sed -n 1p "$queue"
			sed -i 1d "$queue"
		} 9>"$work/queue.lock"
	) && [ -n "$line" ]; do
		eval "run_one $line"
	done
}

# A check that has no cases of its own: its exit code is the result.
run_check() {
	# shellcheck disable=SC2016
	add "$1" "$2" bash -c 'echo 1..1; shift; if "$@"; then echo ok 1 holds; else echo not ok 1 holds; fi' - - "${@:3}"
}

# What computes longest comes first: beside it run the many that wait.
for test in selftests/conformance/*.py selftests/conformance/*.sh; do
	[ -e "$test" ] || continue
	name=$(basename "$test")
	case $test in
	*.py) add "conformance/${name%.*}" 1200 python3 "$test" ;;
	*) add "conformance/${name%.*}" 1200 bash "$test" ;;
	esac
done
run_check check/includes 60 tools/check-includes.sh
run_check check/documents 60 tools/check-documents.sh
run_check check/headers 300 tools/check-headers.sh
run_check check/style 120 tools/check-style.sh
run_check check/stack 60 tools/check-stack.py build/sekimori.bpf.o build/sekimori-kmod.bpf.o
for test in "$BIN"/unit/*; do
	[ -x "$test" ] && [ -f "$test" ] && add "unit/$(basename "$test")" 300 env ASAN_OPTIONS=detect_leaks=1 "$test"
done
for test in build/prog/*; do
	[ -x "$test" ] && [ -f "$test" ] && add "prog/$(basename "$test")" 300 "$BIN/prog/$(basename "$test")"
done
for test in selftests/netns/*.sh; do
	[ -e "$test" ] || continue
	name=$(basename "$test" .sh)
	add "netns/$name" 900 bash "$test"
done
run_check fuzz/seeds 1200 selftests/fuzz/run.sh "${FUZZ_SECONDS:-5}"

for _ in $(seq "${TEST_JOBS:-$(nproc)}"); do
	run_queue &
	workers+=($!)
done
wait "${workers[@]}"
awk '{ passed += $1; failed += $2; skipped += $3 }
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 || passed == 0 }' "$work/counts"
