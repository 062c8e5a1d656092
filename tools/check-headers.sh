#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every header compiles alone, with gcc and clang.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
for header in include/sekimori/*.h userspace/*/*.h; do
	for cc in gcc clang; do
		$cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function -Iinclude -Iuserspace \
			-fsyntax-only -include "$header" -x c /dev/null || { echo "$header does not compile alone ($cc)"; bad=1; }
	done
done
[ $bad = 0 ] && echo "every header compiles alone"
exit $bad
