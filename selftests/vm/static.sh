#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# static.sh SERIES…: what reads the module instead of running it, for kernels that kernel.sh has unpacked: sparse with endian checks,
# checkpatch --strict, the kernel's own coccinelle patches, a DKMS build. KTAP on stdout; a tool that cannot be had is a skip with its reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$PWD/build/vm
number=0 failed=0
result() { # exit code, name
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number $2"; else echo "not ok $number $2"; failed=1; fi
}
skip() { # name, reason
	number=$((number + 1))
	echo "ok $number $1 # SKIP $2"
}

# checkpatch is in no package but the source's: 150 MB once.
source_fetch() {
	local dir=$work/source
	[ -e "$dir/scripts/checkpatch.pl" ] && return 0
	rm -rf "$dir" && mkdir -p "$dir" && cd "$dir" || return 1
	apt-get download linux-source-6.12 >/dev/null 2>&1 || return 1
	dpkg --fsys-tarfile linux-source-6.12_*.deb | tar xO ./usr/src/linux-source-6.12.tar.xz |
		tar xJ --strip-components=1 --wildcards '*/scripts/checkpatch.pl' '*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch' \
			'*/scripts/coccinelle/*' || return 1
	rm -f ./*.deb
	cd "$OLDPWD" || return 1
}

# Sparse knows no vector builtins, so the one file that has them is left out.
sparse_series() { # series
	local dir=$work/$1 log=$work/$1/sparse.log
	make -s -C "$dir/headers" M="$dir/kmod" SEKI_VERSION=check SEKI_TEST=m C=2 CHECK="sparse -D__CHECK_ENDIAN__" modules 2>&1 |
		grep -E "$dir/kmod/" | grep -vE 'prefilter_vector|Skipping BTF' >"$log"
	sed 's/^/# /' "$log"
	[ ! -s "$log" ]
}

checkpatch() {
	local types
	types=$(sed -n 's/^\([A-Z_]*\)\t..*/\1/p' selftests/vm/checkpatch.txt | tr '\n' ,)
	perl "$work/source/scripts/checkpatch.pl" --no-tree --strict --terse --show-types --max-line-length=110 --ignore "${types%,}" \
		-f kmod/*.[ch] kmod/test/*.c include/sekimori/{genl,guard,kfunc,prefilter}.h 2>/dev/null | grep -E '(ERROR|WARNING|CHECK):' |
		sed 's/^/# /' | grep . && return 1
	return 0
}

# Patches about freeing, locking, null pointers and iterators, in the mode that reports.
coccinelle() {
	local patch found=0
	while read -r patch; do
		spatch -D report --very-quiet --no-show-diff --cocci-file "$patch" --dir kmod --timeout 60 2>/dev/null | grep -E '^kmod/' | sed 's/^/# /' |
			grep . && found=1
	done < <(find "$work/source/scripts/coccinelle"/{free,iterators,locks,null} -name '*.cocci' | sort)
	return $found
}

dkms_build() { # series
	local dir=$work/$1 tree=$work/dkms release version
	release=$(cat "$dir/headers/include/config/kernel.release")
	version=$(cat kmod/VERSION)
	rm -rf "$tree" && mkdir -p "$tree/tree" && kmod/dkms.sh "$tree/src" || return 1
	BTF_BASE=$dir/vmlinux RESOLVE_BTFIDS=$dir/resolve_btfids dkms build "sekimori/$version" -k "$release" --dkmstree "$tree/tree" \
		--sourcetree "$tree/src" --kernelsourcedir "$(realpath "$dir/headers")" >"$tree/log" 2>&1 || { tail -20 "$tree/log" | sed 's/^/# /'; return 1; }
	find "$tree/tree" -name 'sekimori.ko*' | grep -q . && readelf -SW "$(find "$tree/tree" -name sekimori.ko | head -1)" | grep -q '\.BTF '
}

have() { command -v "$1" >/dev/null; }
echo "KTAP version 1"
for series in "$@"; do
	if have sparse; then
		sparse_series "$series"
		result $? "sparse $series"
	else
		skip "sparse $series" "sparse is not installed"
	fi
	if have dkms; then
		dkms_build "$series"
		result $? "dkms build $series"
	else
		skip "dkms build $series" "dkms is not installed"
	fi
done
if source_fetch; then
	checkpatch
	result $? "checkpatch --strict"
	if have spatch; then
		coccinelle
		result $? "coccinelle"
	else
		skip coccinelle "spatch is not installed"
	fi
else
	skip checkpatch "linux-source-6.12 cannot be fetched"
fi
grep -lE 'LINUX_VERSION_CODE|KERNEL_VERSION' kmod/*.[ch] | grep -v compat.h
result $(($? == 0)) "only compat.h asks for versions"
echo "1..$number"
exit $failed
