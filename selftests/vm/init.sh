#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of the test VM: runs the parts that the kernel's command line names (seki.parts=), then gives the verdict.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t bpf bpf /sys/fs/bpf
echo "## boot $(uname -r)"
for module in /modules/*.ko; do
	[ -e "$module" ] && insmod "$module"
done
ip link set lo up
failed=0 number=0
result() { # exit code, name
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number $2"; else echo "not ok $number $2"; failed=1; fi
}
# A command whose output is of interest only when it fails.
try() { # name, command…
	name=$1
	shift
	try_begun=$(date +%s)
	"$@" >/tmp/out 2>&1
	rc=$?
	[ $rc = 0 ] || sed 's/^/# /' /tmp/out
	took=$(($(date +%s) - try_begun))
	[ $took -lt 3 ] || echo "# after $took s:"
	result $rc "$name"
}

# Emulated, programs are loaded in seconds, and freed as long after they were let go.
within() { # seconds, command…
	left=$(($1 * 2))
	shift
	while [ $left -gt 0 ]; do
		"$@" >/tmp/said 2>&1 && return 0
		sleep 0.5
		left=$((left - 1))
	done
	cat /tmp/said
	return 1
}

# Runs the programs of a folder. Their own result lines go out as they are; one that breaks its plan is a failure of its own.
export BUILD=/sekimori SEKI_TEST_SLOW=1
cd /sekimori || exit 1
run_programs() { # folder
	for test in "$1"/*; do
		[ -x "$test" ] || continue
		name=${test#*/}
		echo "## $name"
		begun=$(date +%s)
		timeout 300 "$test" >/tmp/out 2>&1
		rc=$?
		cat /tmp/out
		echo "## $name ended after $(($(date +%s) - begun)) s"
		planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' /tmp/out)
		ran=$(grep -cE '^(not )?ok [0-9]' /tmp/out)
		if [ $rc != 0 ] && grep -qE '^not ok [0-9]' /tmp/out; then
			failed=1
		elif [ $rc != 0 ] || [ "$planned" != "$ran" ]; then
			echo "# $name: exit $rc, planned ${planned:-nothing}, ran $ran results"
			result 1 "$name"
		fi
	done
}

parts=$(sed -n 's/.*seki\.parts=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' ')
for part in $parts; do
	echo "## part $part"
	part_begun=$(date +%s)
	. "/sekimori/vm/part_$part.sh"
	echo "## part $part ended after $(($(date +%s) - part_begun)) s"
done

# The debug kernel looks for memory that nothing refers to any more; twice, since what is young is not told.
if [ -e /sys/kernel/debug/kmemleak ] || { mount -t debugfs debugfs /sys/kernel/debug && [ -e /sys/kernel/debug/kmemleak ]; } 2>/dev/null; then
	echo scan >/sys/kernel/debug/kmemleak
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	sed 's/^/# /' /sys/kernel/debug/kmemleak
	[ ! -s /sys/kernel/debug/kmemleak ]
	result $? "no memory leak"
fi

# What a test provokes on purpose is written down in splats.txt, with its reason.
sed -n 's/^\([^#\t][^\t]*\)\t.*/\1/p' /sekimori/vm/splats.txt >/tmp/allowed
dmesg | grep -E 'BUG:|BUG |WARNING:|Oops|Call Trace|possible recursive|INFO: (rcu|task)|general protection|unreferenced object|refcount_t|[Uu]nregister_netdevice: waiting|scheduling while atomic' |
	grep -vE -f /tmp/allowed
splat=$?
result $((splat == 0)) "no kernel splat"
[ $splat != 0 ] || vmexit 13
vmexit $failed
