#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every test, or those whose name matches $1 (a shell pattern, as in `make check T='daemon_*'`).
# A test is a program that prints KTAP; its name is room/file. Sanitized binaries are used where they exist.
# Output of a failing test is shown whole; the last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
pattern=${1:-*}
export BIN=${BIN:-$PWD/build/san}
export BUILD=$PWD/build
export SHARED=${SHARED:-$PWD/../shared}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

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
run_one() {
	local name=$1 limit=$2 log start end rc ok bad skip planned mark pid
	shift 2
	# shellcheck disable=SC2254
	case $name in
	$pattern | */$pattern) ;;
	*) return ;;
	esac
	log=$work/log
	start=$(date +%s)
	mark=$$.$RANDOM.$start
	SEKI_TEST_MARK=$mark timeout --kill-after=10 "$limit" "$@" >"$log" 2>&1 </dev/null
	rc=$?
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
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	printf '%-44s %4d ok %3d failed %3d skipped %5d s\n' "$name" "$ok" "$bad" "$skip" $((end - start))
	[ "$bad" = 0 ] || sed 's/^/    /' "$log" | tail -n 120
	grep -E '^ok [0-9]+ .*# SKIP' "$log" | sed 's/^/    /'
}

# A check that has no cases of its own: its exit code is the result.
run_check() {
	# shellcheck disable=SC2016
	run_one "$1" "$2" bash -c 'echo 1..1; shift; if "$@"; then echo ok 1 holds; else echo not ok 1 holds; fi' - - "${@:3}"
}

run_check check/includes 60 tools/check-includes.sh
run_check check/headers 300 tools/check-headers.sh
run_check check/style 120 tools/check-style.sh
for test in "$BIN"/unit/*; do
	[ -x "$test" ] && [ -f "$test" ] && ASAN_OPTIONS=detect_leaks=1 run_one "unit/$(basename "$test")" 300 "$test"
done
for test in build/prog/*; do
	[ -x "$test" ] && [ -f "$test" ] && run_one "prog/$(basename "$test")" 300 "$BIN/prog/$(basename "$test")"
done
for test in selftests/conformance/*.py selftests/conformance/*.sh; do
	[ -e "$test" ] || continue
	name=$(basename "$test")
	case $test in
	*.py) run_one "conformance/${name%.*}" 1200 python3 "$test" ;;
	*) run_one "conformance/${name%.*}" 1200 bash "$test" ;;
	esac
done
for test in selftests/netns/*.sh; do
	[ -e "$test" ] || continue
	name=$(basename "$test" .sh)
	run_one "netns/$name" 900 bash "$test"
done
run_check fuzz/seeds 1200 selftests/fuzz/run.sh "${FUZZ_SECONDS:-5}"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
