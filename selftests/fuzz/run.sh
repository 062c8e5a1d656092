#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds every fuzz target and runs it over its seeds, then for $1 seconds each (default 5).
# A finding is left in build/fuzz/<target>/ with the command that repeats it.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-5}
out=build/fuzz
flags="-std=gnu11 -D_GNU_SOURCE -O1 -g -Iinclude -Iuserspace -fsanitize=address,undefined -fno-sanitize-recover=undefined -Wno-everything"
mkdir -p $out/obj

# The rooms under test, instrumented once.
for source in userspace/lib/*.c userspace/core/*.c; do
	object=$out/obj/$(echo "$source" | tr / _).o
	if [ ! -e "$object" ] || [ -n "$(find include userspace/lib userspace/core -newer "$object" -name '*.[ch]' -print -quit)" ]; then
		echo "$source $object"
	fi
done | xargs -r -P "$(nproc)" -n 2 sh -c "exec clang $flags -fsanitize=fuzzer-no-link -c -o \$1 \$0" || exit 1
objects=$(ls $out/obj/*.o)

bad=0 ran=0
for target in selftests/fuzz/*.c; do
	name=$(basename "$target" .c)
	mkdir -p "$out/$name" "selftests/fuzz/corpus/$name"
	# shellcheck disable=SC2086
	if ! clang $flags -fsanitize=fuzzer -Iselftests -o "$out/$name.bin" "$target" $objects -lhs -lpcre2-8 -ljansson -lz; then
		echo "$name: does not build"
		bad=1
		continue
	fi
	if ! (cd "$out/$name" && "../$name.bin" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		. "../../../selftests/fuzz/corpus/$name" >log 2>&1); then
		tail -30 "$out/$name/log"
		echo "$name: finding; repeat with: $out/$name.bin $out/$name/crash-*"
		bad=1
	else
		echo "$name: $(sed -n 's/stat::number_of_executed_units: *//p' "$out/$name/log") runs, nothing found"
	fi
	ran=$((ran + 1))
done
[ $ran -gt 0 ] && [ $bad = 0 ]
