#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check-documents.sh: documents say what the programs do. BIN: where those are (build).
set -u
cd "$(dirname "$0")/.." || exit 1
bin=${BIN:-build} failed=0

"$bin"/sekimorid --messages | diff -u doc/messages.md - || {
	echo "doc/messages.md is not what sekimorid --messages prints: build/sekimorid --messages >doc/messages.md"
	failed=1
}
while read -r command; do
	"$bin"/sekimori "$command" --help >/dev/null 2>&1 || {
		echo "README.md: there is no command $command"
		failed=1
	}
done < <(grep -o 'build/sekimori [a-z]*' README.md | cut -d' ' -f2 | sort -u)
while read -r target; do
	grep -q "^$target:" Makefile || {
		echo "README.md: there is no make $target"
		failed=1
	}
done < <(grep -oE '(^|`) *make [a-z-]+' README.md | sed 's/.*make //' | sort -u)
while read -r path; do
	[ -e "$path" ] || {
		echo "doc/design.md, README.md: there is no $path"
		failed=1
	}
done < <(grep -ohE '`(userspace|bpf|kmod|selftests|tools|rules|doc)/[a-z0-9_/.-]+`' doc/design.md README.md | tr -d '`' | sort -u)
[ $failed = 0 ] && echo "documents hold"
exit $failed
