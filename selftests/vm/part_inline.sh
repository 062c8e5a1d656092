#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Daemon, shipped rules and module: a request is delivered, an attack in one packet is not, with not one byte, and its event says so.
seki() { command=$1 && shift && /sekimori/sekimori "$command" --state /tmp/istate --run /tmp/irun "$@"; }
in_the_path() { seki status | grep "in the packet's path"; }
far() { ip netns exec ifar "$@"; }
# The bytes that a server on port 80 got of a request: source, header.
request() {
	far ip route replace 203.0.113.1 dev i1 src "$1"
	nc -l -p 80 >/tmp/got 2>/dev/null &
	server=$!
	sleep 0.5
	{ printf 'GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: %s\r\n\r\n' "$2" && sleep 1; } | far timeout 3 nc 203.0.113.1 80 >/dev/null 2>&1
	kill $server 2>/dev/null
	wait $server 2>/dev/null
	wc -c </tmp/got
}
delivered() { [ "$(request 203.0.113.2 Mozilla)" -gt 20 ]; }
kept_out() { [ "$(request 203.0.113.77 '() { :;}; /bin/bash -c id')" = 0 ]; }
blocked_event() { grep -i shellshock /tmp/ieve.json | grep '"verdict": *"blocked"'; }
dropped_inline() { seki status --json | grep -E '"scan_drops": *[1-9]'; }

mkdir -p /tmp/istate /tmp/irun
ip netns add ifar && ip link add i0 type veth peer name i1 netns ifar && ip addr add 203.0.113.1/24 dev i0 && ip link set i0 up &&
	far ip link set i1 up && far ip addr add 203.0.113.2/24 dev i1 && far ip addr add 203.0.113.77/24 dev i1
result $? "a veth pair"
for host in $(seq 100 131); do ip addr add "203.0.113.$host/24" dev i0; done
try "insmod" insmod /sekimori/sekimori.ko
far ip route add local 198.18.0.0/15 dev lo && ip route add 198.18.0.0/15 via 203.0.113.2
result $? "addresses for attackers"
mkdir -p /tmp/irules && cp /sekimori/rules/* /tmp/irules/ 2>/dev/null
echo 'alert udp any any -> any 9999 (msg:"a needle"; content:"the needle itself"; sid:1000001;)' >/tmp/irules/needle.rules
echo 'eve "/tmp/ieve.json"; rules "/tmp/irules/*.rules";' >/tmp/i.conf
try "up" within 120 seki up --iface i0:wan --config /tmp/i.conf --enforce --confirm-within 600
try "confirm" seki confirm
try "the rules' table comes into force" within 180 in_the_path
seki status | sed 's/^/# /'
try "a request reaches the server" delivered
try "an attack in one packet does not" kept_out
try "it was the module that saw it" dropped_inline
try "its event says blocked" within 60 blocked_event
seki status | grep '^module' | sed 's/^/# /'
grep -i shellshock /tmp/ieve.json | cut -c1-600 | sed 's/^/# /'
/sekimori/sekimori rules check --kernel /sekimori/rules/*.rules | sed -n 's/.*sid \([0-9]*\): drops/\1/p' >/tmp/drops
echo "## every attack of the shipped rules"
if /sekimori/kmodtest/attacks /sekimori/vm/talks.txt /tmp/ieve.json /tmp/drops /run/netns/ifar >/tmp/out 2>&1; then rc=0; else rc=1; fi
sed 's/^\(not \)*ok /# &/' /tmp/out
result $rc "each is blocked in one packet, and cut at worst in two"

echo "## narrowed flows, and rules that go"
status_says() { seki status >/tmp/status; grep "$1" /tmp/status || { cat /tmp/status; return 1; }; }
narrowed() { seki metrics | sed -n 's/^sekimori_packets_total{.*"narrowed".*} //p'; }
# Of a conversation that no decoder knows what no rule looks for is not handed over, and what one does is.
needle_is_found() { grep '"signature_id": *1000001' /tmp/ieve.json; }
dull_is_narrowed() { [ "$(narrowed)" -gt 10 ]; }
try "status tells how many rules the kernel took over" status_says "^prefilter [1-9][0-9]* rules drop in the kernel, [0-9]* make it look closer"
talks_dully() {
	far ip route replace 203.0.113.1 dev i1 src 203.0.113.2
	far wire talk 203.0.113.1 9999 8 "here is the needle itself"
}
try "a conversation of datagrams" talks_dully
try "of it most is not handed over" within 20 dull_is_narrowed
try "what a rule looks for is" within 20 needle_is_found
rm /tmp/irules/shellshock.rules
try "reload without the rules on Shellshock" seki rules reload
try "until the kernel's table is made anew, status says that it is behind" status_says "NOT OF THE RULES IN FORCE"
up_to_date() { ! seki status | grep "NOT OF THE RULES"; }
try "then not any more" within 180 up_to_date
passes_now() { [ "$(request 203.0.113.2 '() { :;}; /bin/bash -c id')" -gt 20 ]; }
try "and nobody drops by a rule that has gone" passes_now
try "down" seki down
try "the module can go" within 60 rmmod sekimori
ip link del i0
ip netns del ifar
