#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# PID 1 of the test VM: every packet table, `ip link` loading, the daemon on a real link; then the verdict.
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
	"$@" >/tmp/out 2>&1
	rc=$?
	[ $rc = 0 ] || sed 's/^/# /' /tmp/out
	result $rc "$name"
}

# The programs' own result lines go out as they are; a program that breaks its plan is a failure of its own.
export BUILD=/sekimori SEKI_TEST_SLOW=1
cd /sekimori || exit 1
for test in prog/*; do
	name=${test#prog/}
	echo "## $name"
	timeout 300 "$test" >/tmp/out 2>&1
	rc=$?
	cat /tmp/out
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' /tmp/out)
	ran=$(grep -cE '^(not )?ok [0-9]' /tmp/out)
	if [ $rc != 0 ] && grep -qE '^not ok [0-9]' /tmp/out; then
		failed=1
	elif [ $rc != 0 ] || [ "$planned" != "$ran" ]; then
		echo "# $name: exit $rc, planned ${planned:-nothing}, ran $ran results"
		result 1 "$name"
	fi
done

echo "## product"
# The far end is a network namespace; its .66 is the address that gets blocked.
{ ip netns add far && ip link add v0 type veth peer name v1 netns far &&
	ip addr add 192.0.2.1/24 dev v0 && ip link set v0 up && ip netns exec far ip link set v1 up; } || result 1 "a veth pair"
for host in 2 66; do ip netns exec far ip addr add 192.0.2.$host/24 dev v1; done
reaches() { ip netns exec far ping -c 1 -W 2 -I "192.0.2.$1" 192.0.2.1; }
cut_off() { ! reaches "$1"; }
hook_is_native() { ip -details link show v0 | grep 'prog/xdp'; }
hook_is_empty() { ! ip -details link show v0 | grep 'prog/xdp'; }
seki() { command=$1 && shift && /sekimori/sekimori "$command" --state /tmp/state --run /tmp/run "$@"; }
why_blocked() { seki why 192.0.2.66 | grep 'list manual'; }
mkdir -p /tmp/state /tmp/run

try "ip link loads the object by itself" ip link set dev v0 xdp obj /sekimori/sekimori.bpf.o sec xdp
try "its program is on the native hook" hook_is_native
try "traffic passes with the compiled defaults" reaches 66
try "sekimori up adopts what ip link loaded" seki up --iface v0:wan --enforce --confirm-within 600
try "confirm" seki confirm
try "traffic passes under the daemon" reaches 66
try "block" seki block 192.0.2.66 --for 1h --reason vm
try "why names the list" why_blocked
try "the blocked address is cut off" cut_off 66
try "its neighbour is not" reaches 2
try "unblock" seki unblock 192.0.2.66
try "traffic passes again" reaches 66
try "down" seki down
try "the hook is free again" hook_is_empty

echo "## VLAN"
# T14 with the kernel's own VLAN devices; the far end keeps its tags in the frame, as a wire does.
vlan_reaches() { ip netns exec far ping -c 1 -W 2 -I "192.0.3.$1" 192.0.3.1; }
vlan_cut_off() { ! vlan_reaches "$1"; }
vlan_link() {
	ip netns exec far ip link add link v1 name v1.7 type vlan id 7 && ip link add link v0 name office type vlan id 7 &&
		ip addr add 192.0.3.1/24 dev office && ip link set office up && ip netns exec far ip link set v1.7 up &&
		ip netns exec far ip addr add 192.0.3.2/24 dev v1.7 && ip netns exec far ip addr add 192.0.3.66/24 dev v1.7
}
offload_is_off() { ethtool -k v0 | grep '^rx-vlan-offload: off'; }
refused_with() { # text, command…
	text=$1
	shift
	! "$@" >/tmp/refused 2>&1 && grep "$text" /tmp/refused || { cat /tmp/refused; return 1; }
}
try "VLAN devices on both ends" vlan_link
try "tagged traffic passes" vlan_reaches 66
try "a role on the VLAN device is refused, the right words are named" refused_with "office is VLAN 7 of v0: use v0.7 instead" seki up --iface office:wan
try "up on VLAN 7 of the interface, enforcing" seki up --iface v0.7:wan --enforce --confirm-within 600
try "confirm" seki confirm
seki status | sed 's/^/# /'
try "block" seki block 192.0.3.66 --for 1h --reason vm
try "the blocked address is cut off in the VLAN" vlan_cut_off 66
try "its neighbour is not" vlan_reaches 2
try "the interface was told not to strip tags" offload_is_off
seki status | sed 's/^/# /'
try "down" seki down

dmesg | grep -E 'BUG:|WARNING:|Oops|Call Trace|possible recursive|INFO: (rcu|task)'
splat=$?
result $((splat == 0)) "no kernel splat"
[ $splat != 0 ] || vmexit 13
vmexit $failed
