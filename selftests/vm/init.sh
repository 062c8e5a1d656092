#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of the test VM: every packet table, `ip link` loading, the daemon; then the verdict.
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
failed=0
result() { # exit code, name
	if [ "$1" = 0 ]; then echo "ok - $2"; else echo "not ok - $2"; failed=1; fi
}

export BUILD=/sekimori
cd /sekimori || exit 1
for test in prog/*; do
	name=${test#prog/}
	timeout 300 "$test" >/tmp/out 2>&1
	rc=$?
	[ $rc = 0 ] || cat /tmp/out
	echo "# $name: $(grep -c '^ok' /tmp/out) cases, $(grep -c 'SKIP' /tmp/out) skipped"
	result $rc "$name"
done

ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip link set dev v0 xdp obj /sekimori/sekimori.bpf.o sec xdp
result $? "ip link set xdp obj loads by itself"
ip -details link show v0 | grep -q 'prog/xdp'
result $? "the program is on the native hook"

mkdir -p /tmp/state /tmp/run
/sekimori/sekimori up --iface v0:wan --enforce --confirm-within 600 --state /tmp/state --run /tmp/run >/tmp/out 2>&1
rc=$?
[ $rc = 0 ] || cat /tmp/out
result $rc "sekimori up adopts what ip link loaded"
/sekimori/sekimori block 192.0.2.66 --for 1h --reason vm --run /tmp/run >/tmp/out 2>&1 && /sekimori/sekimori why 192.0.2.66 --run /tmp/run >>/tmp/out 2>&1
rc=$?
grep -q 192.0.2.66 /tmp/out || rc=1
[ $rc = 0 ] || cat /tmp/out
result $rc "block and why read back"
/sekimori/sekimori down --run /tmp/run >/tmp/out 2>&1
rc=$?
[ $rc = 0 ] || cat /tmp/out
result $rc "sekimori down"

if dmesg | grep -E 'BUG:|WARNING:|Oops|Call Trace|possible recursive|INFO: (rcu|task)'; then
	echo "not ok - no kernel splat"
	vmexit 13
fi
echo "ok - no kernel splat"
vmexit $failed
