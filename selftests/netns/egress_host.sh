#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Role host: what this machine may start, at every layer. A denied destination gets no frame, by whatever kind of socket; the caller
# gets EPERM; the process is named; replies of public services pass. T10: the backstop is restored. T20: loopback and other network
# namespaces are not judged.
. "$(dirname "$0")/../lib/world.sh"
SEND="python3 $here/selftests/lib/senders.py"
world_new
plan 31
for side in internet server; do $side sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.wan.accept_dad=0; done
internet ip addr add 2001:db8:1::2/64 dev wan nodad
server ip addr add 2001:db8:1::1/64 dev wan nodad
for peer in 53 80 4444; do
	machine_background internet "$WORLD/udp$peer" python3 "$here/selftests/lib/senders.py" listen udp $peer
	machine_background internet "$WORLD/tcp$peer" python3 "$here/selftests/lib/senders.py" listen tcp $peer
done
listening() { internet ss -Hltn "sport = :$1" | grep -q .; }
for peer in 53 80 4444; do wait_for 10 listening $peer; done
MAC=$(internet cat /sys/class/net/wan/address)
server ping -c 1 -W 2 2001:db8:1::2 >/dev/null

# What the internet's side of the wire gets from the server: matching frames.
listen_wire() {
	machine_background internet "$WORLD/wire" sh -c 'echo $$ >"$1"; shift; exec tcpdump "$@"' - "$WORLD/wire.pid" -i wan -Q in -n -p -l --immediate-mode "$@"
	wait_for 5 grep -q 'listening on' "$WORLD/wire"
}
wire_frames() {
	server ping -c 2 -i 0.2 -W 1 198.51.100.2 >/dev/null 2>&1
	internet kill -INT "$(cat "$WORLD/wire.pid")"
	wait_for 5 grep -qE 'packets? captured' "$WORLD/wire" || return 1
	sed -nE 's/^([0-9]+) packets? captured.*/\1/p' "$WORLD/wire"
}

# --- without us every sender reaches the peer
listen_wire "dst port 4444 or ip proto 253"
server $SEND matrix 198.51.100.2 2001:db8:1::2 "$MAC" wan 4444 >/dev/null 2>&1
[ "$(wire_frames)" -ge 12 ]
result $? "without us frames of every kind of sender arrive"

cat >"$WORLD/host.conf" <<'END'
egress { self web; canary 2s; exception tcp 8443 to 198.51.100.2 { host 198.51.100.1; until 2099-01-01; owner "x"; ticket "T-1"; } }
END
world_enforce <"$WORLD/host.conf"
result $? "up and enforcing"
grep -q 'sekimori-family\|AF_XDP' "$WORLD/run/default/sekimorid.log" && grep AF_XDP "$WORLD/run/default/sekimorid.log" | note
server nft list table netdev sekimori_default >/dev/null
result $? "the backstop is there"

early() { [ "$(server $SEND tcp 198.51.100.2 4444 2>&1)" = EPERM ]; }
wait_for 10 early
result $? "TCP over IPv4: EPERM at once"
[ "$(server $SEND tcp 2001:db8:1::2 4444 2>&1)" = EPERM ]
result $? "TCP over IPv6: EPERM"
[ "$(server $SEND udp 198.51.100.2 4444 2>&1)" = EPERM ]
result $? "UDP over IPv4: EPERM"
[ "$(server $SEND udp 2001:db8:1::2 4444 2>&1)" = EPERM ]
result $? "UDP over IPv6: EPERM"
[ "$(server $SEND udpconnect 198.51.100.2 4444 2>&1)" = EPERM ]
result $? "a connected UDP socket: EPERM"
[ "$(server $SEND tcp ::ffff:198.51.100.2 4444 2>&1)" = EPERM ]
result $? "IPv4 through an IPv6 socket: EPERM"
[ "$(server $SEND udp 198.51.100.2 53 2>&1)" = ok ] && [ "$(server $SEND udp 2001:db8:1::2 53 2>&1)" = ok ]
result $? "DNS is permitted over both"
[ "$(server $SEND tcp 198.51.100.2 80 2>&1)" = EPERM ]
result $? "HTTP is not: the role is web, not proxy"
[ "$(server $SEND tcp 127.0.0.1 9 2>&1)" = ECONNREFUSED ]
result $? "loopback is not judged (T20)"
[ "$(server unshare -n sh -c "ip link set lo up; $SEND tcp 198.51.100.2 4444" 2>&1)" = ENETUNREACH ]
result $? "another network namespace is not judged (T20)"

listen_wire "dst port 4444 or ip proto 253 or dst port 80"
server $SEND matrix 198.51.100.2 2001:db8:1::2 "$MAC" wan 4444 2>&1 | note
[ "$(wire_frames)" -eq 0 ]
result $? "AF_INET, AF_INET6, AF_PACKET, QDISC_BYPASS, raw IPv4 and IPv6: not one frame"
if [ "$(server $SEND afxdp 2>&1)" = EACCES ]; then
	result 0 "AF_XDP: refused"
elif ! sekimori status | grep -q 'AF_XDP sockets NOT COVERED'; then
	result 1 "AF_XDP: not refused, and status does not say so"
else
	result 0 "AF_XDP: this kernel cannot refuse it # SKIP no BPF LSM"
fi

# --- replies
internet curl -s -o /dev/null --max-time 2 http://198.51.100.1/
result $? "the public web service answers"
machine_background server "$WORLD/low" $SEND serve 700
low() { internet $SEND ask 198.51.100.1 700 1; }
wait_for 5 low && internet $SEND ask 198.51.100.1 700 50
result $? "an unconnected UDP server's replies pass (T20)"
machine_background server "$WORLD/high" $SEND serve 40000
ready() { internet $SEND ask 198.51.100.1 40000 1; }
wait_for 5 ready && internet $SEND ask 198.51.100.1 40000 50
result $? "also from a port above 32768"

# --- findings, with the process
found() { [ -n "$(eve_select 'e["event_type"] == "egress" and e["egress"].get("finding") == "unknown-service" and e.get("dest_port") == 4444 and e["proto"] == "TCP"')" ]; }
wait_for 5 found
result $? "the unknown service is found"
eve_select 'e["event_type"] == "egress" and e["egress"].get("finding") == "unknown-service" and e.get("dest_port") == 4444 and e["proto"] == "TCP"' | head -1 | note
eve_select 'e["event_type"] == "egress" and e["egress"].get("finding") == "unknown-service" and e.get("dest_port") == 4444 and e["proto"] == "TCP"' | head -1 |
	jq -e --arg exe "$(readlink -f "$(server sh -c 'command -v python3')")" '.egress.process | (.exe | endswith("/python3") or (. | test("python3"))) and .uid == 0 and .pid > 1 and .comm != ""' >/dev/null
result $? "with executable, user and pid"
raw() { [ -n "$(eve_select 'e["event_type"] == "egress" and e["egress"].get("finding") == "raw-sender"')" ]; }
wait_for 5 raw
result $? "packet sockets are found"
[ -z "$(eve_select 'e["event_type"] == "egress" and e["egress"]["kind"] == "finding" and e.get("dest_port") in (53,)')" ]
result $? "nothing permitted is a finding"
[ -z "$(eve_select 'e["event_type"] == "egress" and e.get("dest_ip") == "192.0.2.251"')" ]
result $? "the canary is none"

# --- T10: the table is watched
server nft flush ruleset
back() { server nft list table netdev sekimori_default >/dev/null 2>&1; }
wait_for 5 back
result $? "after nft flush ruleset the backstop is back"
listen_wire "dst port 4444"
server $SEND bypass 198.51.100.2 "$MAC" wan 4444 >/dev/null 2>&1
[ "$(wire_frames)" -eq 0 ]
result $? "and stops frames again"
server tc qdisc del dev wan clsact
filter() { server tc filter show dev wan egress | grep -q seki_tc; }
wait_for 5 filter
result $? "after the qdisc was removed the filter is back"

# --- what leaves by another interface is not seen, and said so; a tunnel is none: its packets leave by ours
told() { [ "$(grep -cE "$1 (is|was for a moment) up and not protected" "$WORLD/run/default/sekimorid.log")" -ge "${2:-1}" ]; }
server ip link add dummy0 type dummy 2>/dev/null && server ip addr add 10.77.1.1/24 dev dummy0 && server ip link set dummy0 up
another() { server ip link add extra type veth peer name extra2 && server ip addr add 10.77.0.1/24 dev extra && server ip link set extra2 up && server ip link set extra up; }
another
wait_for 5 told "extra2?" && ! told dummy0
result $? "another way out is told by name"
server ip link del extra
wait_for 5 early

# --- the daemon dies: all of it goes on
server kill -9 "$(server cat /run/sekimori 2>/dev/null || cat "$WORLD/run/default/lock")"
[ "$(server $SEND tcp 198.51.100.2 4444 2>&1)" = EPERM ]
result $? "without the daemon: EPERM"
listen_wire "dst port 4444 or ip proto 253"
server $SEND matrix 198.51.100.2 2001:db8:1::2 "$MAC" wan 4444 >/dev/null 2>&1
[ "$(wire_frames)" -eq 0 ]
result $? "without the daemon: not one frame"
sekimori up >/dev/null 2>&1
another
wait_for 10 told "extra2?" 2 && sleep 2
sekimori down >/dev/null 2>&1
[ "$(server $SEND udp 198.51.100.2 4444 2>&1)" = ok ] && ! back
result $? "after down nothing is left"
[ -n "$(eve_select 'e["event_type"] == "egress" and e["egress"]["kind"] == "coverage" and e["egress"]["gaps"].get("other-way-out", 0) > 0')" ]
result $? "and the record of coverage has the other way out"
exit $ktap_failed
