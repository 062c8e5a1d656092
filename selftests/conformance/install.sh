#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `make install` into a folder: everything is there, and the programs find their parts from there.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0 failed=0
result() { # exit code, name
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number $2"; else echo "not ok $number $2"; failed=1; fi
}
echo "KTAP version 1"
echo "1..4"

# Without the caller's make flags: the plain build is what gets installed.
env -u MAKEFLAGS -u MFLAGS -u SAN make --no-print-directory install DESTDIR="$work" PREFIX=/opt/s >"$work/out" 2>&1
rc=$?
[ $rc = 0 ] || sed 's/^/# /' "$work/out"
result $rc "installs"

to=$work/opt/s missing=0
for file in bin/sekimori bin/sekimorid lib/sekimori/sekimori.bpf.o share/sekimori/rules/shellshock.rules \
	share/sekimori/rules/classification.config share/sekimori/rules/severity.table share/sekimori/rules/explanations.json \
	share/man/man1/sekimori.1 share/man/man1/sekimorid.1 share/man/man5/sekimori.conf.5 \
	share/man/man5/sekimori-rules.5 share/bash-completion/completions/sekimori; do
	[ -s "$to/$file" ] || { echo "# $file is missing"; missing=1; }
done
! grep -rIl "$PWD" "$to/share" | grep . || missing=1
result $missing "every part is there"

"$to/bin/sekimori" doctor 2>&1 | grep -q "$to/.*lib/sekimori/sekimori.bpf.o"
result $? "the packet program is found beside"
(cd / && "$to/bin/sekimori" rules explain 9000001) >"$work/out" 2>&1 && bash -n "$to/share/bash-completion/completions/sekimori"
rc=$?
[ $rc = 0 ] || sed 's/^/# /' "$work/out"
result $rc "explanations are found beside, and the completion script parses"
exit $failed
