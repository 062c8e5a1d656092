#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `ip link` loading, then the daemon on a real link.
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
