#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Role host where tunnels, bonds and the BPF LSM exist: AF_XDP sockets are refused (T10), nothing leaves inside a tunnel, a bond is a way out
# like any other, loopback and other network namespaces are not judged (T20). Each way is first seen to work without us.
seki() { command=$1 && shift && /sekimori/sekimori "$command" --state /tmp/estate --run /tmp/erun "$@"; }
efar() { ip netns exec efar "$@"; }
# Frames that a command brings to the far end.
frames() { # far interface, command…
	efar wire count "$1" 3 >/tmp/frames &
	counter=$!
	shift
	sleep 1
	"$@" >/dev/null 2>&1
	wait $counter
	cat /tmp/frames
}
says() { want=$1 && shift && said=$(wire "$@"); echo "said: $said"; [ "$said" = "$want" ]; }
arrives() { [ "$(frames "$@")" -ge 1 ]; }
nothing_arrives() { [ "$(frames "$@")" = 0 ]; }
tunnel() { # kind
	ip link del t0 2>/dev/null
	case $1 in
	vxlan) ip link add t0 type vxlan id 7 local 192.0.9.1 remote 192.0.9.2 dstport 4789 ;;
	*) ip link add t0 type "$1" local 192.0.9.1 remote 192.0.9.2 ;;
	esac && ip addr add 10.88.0.1/30 dev t0 && ip link set t0 up || return 1
	[ "$1" != vxlan ] || ip neigh add 10.88.0.2 lladdr 02:00:00:00:00:02 dev t0
}
status_says() { seki status >/tmp/status; grep "$1" /tmp/status || { cat /tmp/status; return 1; }; }
host_up() { seki up --iface e0:host --iface bond7:host --config /tmp/e.conf --enforce --confirm-within 600; }

mkdir -p /tmp/estate /tmp/erun
mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null
ip netns add efar && ip link add e0 type veth peer name e1 netns efar && ip addr add 192.0.9.1/24 dev e0 && ip link set e0 up &&
	efar ip link set e1 up && efar ip addr add 192.0.9.2/24 dev e1
result $? "a veth pair"
ip link add b0 type veth peer name b1 netns efar && ip link add bond7 type bond mode active-backup && ip link set b0 master bond7 &&
	ip addr add 192.0.10.1/24 dev bond7 && ip link set bond7 up && efar ip link set b1 up && efar ip addr add 192.0.10.2/24 dev b1
result $? "a bond"
kinds=
for kind in ipip gre vxlan; do
	if tunnel $kind 2>/dev/null; then kinds="$kinds $kind"; else echo "# this kernel has no $kind"; fi
done
try "without us a datagram arrives" within 20 arrives e1 wire udp 192.0.9.2 4444
try "without us one arrives over the bond" within 20 arrives b1 wire udp 192.0.10.2 4444
for kind in $kinds; do
	tunnel $kind
	try "without us $kind carries it out" within 20 arrives e1 wire udp 10.88.0.2 53
done
ip link del t0 2>/dev/null

echo 'egress { self web; } eve "/tmp/eeve.json"; rules "/sekimori/rules/*.rules";' >/tmp/e.conf
try "up on both" within 120 host_up
try "confirm" seki confirm
seki status | sed 's/^/# /'
try "a service that the role has not: EPERM" within 20 says EPERM udp 192.0.9.2 4444
try "nor over the bond" says EPERM udp 192.0.10.2 4444
try "not one frame of it" nothing_arrives e1 wire udp 192.0.9.2 4444
try "nor over the bond" nothing_arrives b1 wire udp 192.0.10.2 4444
try "DNS arrives" within 20 arrives e1 wire udp 192.0.9.2 53
try "also over the bond" within 20 arrives b1 wire udp 192.0.10.2 53
if grep -q bpf /sys/kernel/security/lsm 2>/dev/null || { mount -t securityfs none /sys/kernel/security 2>/dev/null && grep -q bpf /sys/kernel/security/lsm; }; then
	try "AF_XDP is refused" says EACCES family
	try "status says so" status_says 'AF_XDP sockets refused'
else
	echo "# this kernel has no BPF LSM"
fi
try "loopback is not judged" says sent udp 127.0.0.1 4444
try "another network namespace is not judged" efar wire udp 192.0.9.1 4444
for kind in $kinds; do
	tunnel $kind
	try "nothing leaves inside $kind" nothing_arrives e1 wire udp 10.88.0.2 53
done
ip link del t0 2>/dev/null
try "down" seki down
try "it was told" grep unknown-service /tmp/eeve.json
grep '"coverage"' /tmp/eeve.json | tail -1 | cut -c1-700 | sed 's/^/# /'
try "afterwards a datagram arrives" within 20 arrives e1 wire udp 192.0.9.2 4444
