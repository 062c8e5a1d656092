#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel module: how it is found, what it refuses, its tests, the daemon with it, its end.
seki() { command=$1 && shift && /sekimori/sekimori "$command" --state /tmp/kstate --run /tmp/krun "$@"; }
says() { # text, command…
	text=$1
	shift
	"$@" >/tmp/said 2>&1
	grep -q -- "$text" /tmp/said || { cat /tmp/said; return 1; }
}
refused() { ! "$@"; }
module_is_gone() { [ ! -e /sys/module/sekimori ]; }
far() { ip netns exec kfar "$@"; }
reaches() { far ping -c 1 -W 2 -I "198.51.100.$1" 198.51.100.1; }
cut_off() { ! reaches "$1"; }
# The scan below must be able to fail: the memory of a transaction that is open is seen.
sees_memory() {
	/sekimori/kmodtest/genl hold & holder=$!
	within 60 allocations
	seen=$?
	kill $holder
	wait $holder
	return $seen
}
modules=/lib/modules/$(uname -r)/updates/dkms

mkdir -p /tmp/kstate /tmp/krun
ip netns add kfar && ip link add k0 type veth peer name k1 netns kfar && ip addr add 198.51.100.1/24 dev k0 && ip link set k0 up &&
	far ip link set k1 up && far ip addr add 198.51.100.2/24 dev k1 && far ip addr add 198.51.100.66/24 dev k1
result $? "a veth pair"

try "doctor without a module" says "ok *module *absent" seki doctor
try "the object that calls the module is refused without it" refused ip link set dev k0 xdp obj /sekimori/sekimori-kmod.bpf.o sec xdp
try "a module without BTF is refused" says "Exec format error\|Invalid module format" insmod /sekimori/sekimori-nobtf.ko
try "and leaves nothing behind" module_is_gone
mkdir -p "$modules" && cp /sekimori/sekimori.ko "$modules/" && depmod
try "asking for the family loads it" says "ok *module *sekimori.ko [0-9.]* is loaded" seki doctor
try "modinfo is complete" says "^version: *[0-9]" modinfo "$modules/sekimori.ko"

try "unit tests inside the kernel" insmod /sekimori/sekimori_test.ko
dmesg | sed -n 's/.*ktap: \(\(not \)*ok [0-9]* .*\)/\1/p; s/.*ktap: \(# .*\)/\1/p'
rmmod sekimori_test
run_programs kmodtest
# slub_debug keeps who allocated, vmalloc does anyhow. With no guard, table or transaction left, nothing of the module's may be there but what
# its init took for as long as it is loaded, and the records of address ranges, which the kernel drops by the hundred. Tables are freed in
# batches, some seconds after the last packet could have seen them.
allocations() {
	{
		cat /sys/kernel/debug/slab/*/alloc_traces 2>/dev/null | sed -n 's/^\( *[0-9][0-9]* .*\)$/\n\1/; p' |
			awk 'BEGIN { RS = "" } /\[sekimori\]/ && !/do_one_initcall/ && $2 !~ /^alloc_vmap_area/ { print }'
		grep 'seki_txn\|guard_' /proc/vmallocinfo
	} | grep .
}
mount -t debugfs debugfs /sys/kernel/debug
tracked() { ls /sys/kernel/debug/slab/kmalloc-64/alloc_traces; }
try "the allocator keeps who allocated" tracked
try "an open transaction shows there" sees_memory
try "no memory of the module's is left" within 60 refused allocations

echo "## daemon with the module"
try "ip link loads the object that calls it" ip link set dev k0 xdp obj /sekimori/sekimori-kmod.bpf.o sec xdp
try "the module cannot go while a program calls it" refused rmmod sekimori
try "traffic passes" reaches 66
ip link set dev k0 xdp off
rm -rf /sys/fs/bpf/tc/globals/*
try "it can when the program is gone" within 60 rmmod sekimori
modprobe sekimori
try "up" within 120 seki up --iface k0:wan --enforce --confirm-within 600
try "confirm" seki confirm
try "status shows the guard" within 60 says "guard on 1 interfaces" seki status
try "and that the packet program calls the module" refused says "prefilter not used" seki status
guard_serial() { seki status --json | tr -d ' \n' | sed -n 's/.*"guard":{"serial":\([0-9]*\).*/\1/p'; }
before=$(guard_serial)
try "block" seki block 198.51.100.66 --for 1h --reason vm
try "the packet program drops" cut_off 66
try "the module cannot go while an interface is guarded" refused rmmod sekimori
guard_has_more() { [ "$(guard_serial)" -gt "$before" ]; }
try "the guard has the list, too" within 60 guard_has_more
# Somebody takes the program away behind the daemon's back, and the daemon is killed in the same moment.
pid=$(cat /tmp/krun/default/lock)
kill -KILL "$pid"
rm -f /sys/fs/bpf/sekimori/default/*link*
bpftool link show | sed -n 's/^\([0-9]*\): xdp.*/\1/p' | while read -r id; do bpftool link detach id "$id"; done
try "without program and daemon the guard drops the same" cut_off 66
try "and nothing else" reaches 2
try "the log has the event" says "xdp-missing on k0" dmesg
try "up again" within 60 seki up --iface k0:wan --enforce --confirm-within 600
try "confirm" seki confirm
try "the packet program drops again" cut_off 66
try "the guard only watches" within 60 says "guard on 1 interfaces" seki status
seki status | sed 's/^/# /'
# The same with the daemon alive: it must say so.
rm -f /sys/fs/bpf/sekimori/default/*link*
bpftool link show | sed -n 's/^\([0-9]*\): xdp.*/\1/p' | while read -r id; do bpftool link detach id "$id"; done
try "the guard drops while the daemon looks on" cut_off 66
try "status says who enforces" within 60 says "ENFORCES in the program's place on 1" seki status
try "and that there was an alarm" says "guard enforces the lists\|not protected any more" seki status
try "down withdraws the guard" seki down
try "with an event" says "guard-clear on k0 by uid 0" dmesg
try "traffic passes" reaches 66
try "the module can go" within 60 rmmod sekimori

echo "## loading and unloading under traffic"
far ping -q -i 0.002 198.51.100.1 >/dev/null 2>&1 &
traffic=$!
# A load of the packet program takes seconds; with lockdep, minutes.
rounds=4
[ ! -e /proc/lockdep ] || rounds=2
loads() {
	for _ in $(seq $rounds); do
		insmod /sekimori/sekimori.ko || return 1
		ip link set dev k0 xdp obj /sekimori/sekimori-kmod.bpf.o sec xdp || return 1
		ip link set dev k0 xdp off
		rm -rf /sys/fs/bpf/tc/globals/*
		within 60 rmmod sekimori || return 1
	done
}
try "$rounds times, with a program attached in between" loads
kill $traffic

echo "## without the module"
rm -r "$modules" && depmod
try "up" within 120 seki up --iface k0:wan --enforce --confirm-within 600
try "confirm" seki confirm
try "status says that it is absent" says "^module *absent" seki status
try "block" seki block 198.51.100.66 --for 1h --reason vm
try "the packet program drops by itself" cut_off 66
for version in older newer; do
	insmod "/sekimori/sekimori-$version.ko"
	try "a module of another version ($version) is not spoken to, and status says so" within 30 says "^module *$version: the loaded module is of an\? $version version" seki status
	rmmod sekimori
done
try "the packet program still drops" cut_off 66
try "down" seki down
mkdir -p "$modules" && cp /sekimori/sekimori.ko "$modules/" && depmod
echo 1 >/sys/module/module/parameters/sig_enforce
try "an unsigned module is refused where signatures are enforced" refused modprobe sekimori
try "doctor says so" says "warn *module *refused" seki doctor
ip link del k0
ip netns del kfar
