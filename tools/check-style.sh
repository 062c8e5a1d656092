#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX line first in every source file, clang-format clean, no left-overs.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
files=$(git ls-files -co --exclude-standard -- '*.c' '*.h' '*.sh' '*.py' 2>/dev/null)
[ -n "$files" ] || files=$(find bpf include userspace selftests tools -name '*.[ch]' -o -name '*.sh' -o -name '*.py')
for file in $files; do
	head -2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' || { echo "$file: no SPDX line"; bad=1; }
	case $file in
	bpf/* | kmod/*) head -2 "$file" | grep -q 'GPL-2.0-only' || { echo "$file: bpf/ and kmod/ are GPL-2.0-only"; bad=1; } ;;
	esac
done
left=$(echo "$files" | grep -v check-style | xargs grep -nwE 'TODO|FIXME|XXX' 2>/dev/null)
[ -z "$left" ] || { echo "$left"; bad=1; }
# The headers in include/sekimori and X-macro tables are laid out by hand.
formatted=$(echo "$files" | grep '\.[ch]$' | grep -vE '^include/sekimori/|^userspace/[a-z]+/[a-z_]+\.h$')
# shellcheck disable=SC2086
if command -v clang-format >/dev/null && [ -n "$formatted" ]; then
	for file in $formatted; do
		clang-format "$file" | cmp -s - "$file" || { echo "$file: clang-format -i $file"; bad=1; }
	done
fi
[ $bad = 0 ] && echo "style holds"
exit $bad
