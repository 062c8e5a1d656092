#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds every fuzz target and runs it over its seeds, then for SECONDS: run.sh [SECONDS [TARGET…]], default 5 and all,
# which includes a soak of the whole program.
# As many at a time as there are processors. What a run learns stays in build/fuzz/TARGET/corpus for the next one; a finding
# is left beside it, and the command that repeats it is printed.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-5}
shift
case $seconds in
'' | *[!0-9]*) echo "usage: run.sh [SECONDS [TARGET…]]" >&2; exit 2 ;;
esac
targets=("$@")
soak=
if [ ${#targets[@]} = 0 ]; then
	soak=1
	for source in selftests/fuzz/*.c; do targets+=("$(basename "$source" .c)"); done
fi
# Our own options: a caller's may have leaks or errors pass.
unset ASAN_OPTIONS UBSAN_OPTIONS
env -u SAN "${MAKE:-make}" --no-print-directory -k -j"$(nproc)" "${targets[@]/#/build/fuzz/bin/}" >build/fuzz.log 2>&1
built=$?
[ $built = 0 ] || grep -vE '^  (CC|LD) ' build/fuzz.log

run_target() { # name, seconds
	local name=$1 dir=build/fuzz/$1 log=build/fuzz/$1/log rc
	[ -x "build/fuzz/bin/$name" ] || { echo "$name: does not build"; return 1; }
	mkdir -p "$dir/corpus"
	"build/fuzz/bin/$name" -max_total_time="$2" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$dir/" \
		"$dir/corpus" "selftests/fuzz/corpus/$name" >"$log" 2>&1
	rc=$?
	if [ $rc != 0 ]; then
		tail -n 40 "$log"
		echo "$name: a finding (exit $rc); repeat it: build/fuzz/bin/$name $(sed -nE 's/.*Test unit written to (.*)/\1/p' "$log" | tail -1)"
		return 1
	fi
	printf '%-14s %9s runs, %5s edges, nothing found\n' "$name" "$(sed -n 's/stat::number_of_executed_units: *//p' "$log")" \
		"$(grep -oE 'cov: [0-9]+' "$log" | tail -1 | cut -d' ' -f2)"
}
export -f run_target

for name in "${targets[@]}"; do
	# Without seeds a few seconds reach nothing.
	[ -n "$(ls -A "selftests/fuzz/corpus/$name" 2>/dev/null)" ] || { echo "$name: no seeds in selftests/fuzz/corpus/$name"; built=1; }
done
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I NAME bash -c 'run_target NAME "$0"' "$seconds"
ran=$?
# The whole program over mutated captures: it ends well, and its memory stays under its caps.
if [ -n "$soak" ]; then
	env -u SAN "${MAKE:-make}" --no-print-directory -j"$(nproc)" build/sekimori >>build/fuzz.log 2>&1 || built=1
	selftests/fuzz/soak.py "$seconds" || ran=1
fi
[ $built = 0 ] && [ $ran = 0 ]
