#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T18: a flood of lone SYNs pushes nothing out. What was blocked or cut before stays so, a connection that was proven before lives on,
# clients are served, and a new attacker is found and blocked in the middle of it.
. "$(dirname "$0")/../lib/world.sh"
FORGE="python3 $here/selftests/lib/forge.py"
SYNS=100000
world_new
plan 15
# The flood's sources are asleep: nobody answers the server's SYN-ACK with a RST, every SYN stays half open.
internet sysctl -q -w net.ipv4.ip_forward=0
internet ip route del local 198.18.0.0/15 dev lo && internet ip route add local 198.18.0.0/16 dev lo
world_enforce <<<'allow 198.18.42.5/32;'
result $? "up and enforcing"
said() { grep -q "$2" "$WORLD/$1"; }
serves() { internet curl -s -o /dev/null --max-time 2 --interface "$1" http://198.51.100.1/; }
pings() { internet ping -c 1 -W 1 -I "$1" 198.51.100.1 >/dev/null; }
# What the server's TCP was given, as its kernel counts: tcpdump cannot keep up with a flood.
segments() { server awk '$1 == "Tcp:" && $2 ~ /^[0-9]/ { print $11 }' /proc/net/snmp; }

# --- before: a blocked source, a cut flow (its source is in the allow set: only the flow is cut), a proven flow
serves 198.18.41.11 && pings 198.18.41.11
result $? "the attacker-to-be is served"
internet $TRAFFIC attack --target 198.51.100.1 --runs 1 --sources 198.18.41.0/24 >"$WORLD/attack"
grep -q '"blocked": 1,' "$WORLD/attack"
result $? "it attacks and is blocked"
machine_background internet "$WORLD/bad" $TRAFFIC hold --target 198.51.100.1 --source 198.18.42.5 --go "$WORLD/go-bad" --attack --linger 25
machine_background internet "$WORLD/good" $TRAFFIC hold --target 198.51.100.1 --source 198.18.43.5 --go "$WORLD/go-good" --beat
wait_for 5 said bad open && wait_for 5 said good open
result $? "two connections are open"
touch "$WORLD/go-bad"
wait_for 10 said bad cut
result $? "one attacks and is cut"
blocked=$(status_of .usage.blocked)
flows=$(status_of .usage.flows)
source_drops=$(metric_of source-blocked) flow_drops=$(metric_of flow-blocked) segments=$(segments)
echo "# blocked sources: $blocked, lasting flows: $flows"

# --- the flood; "during" is while its process runs
port=$(awk '/^open/ { print $2 }' "$WORLD/bad")
hear blocked "src host 198.18.41.11"
hear cut "src host 198.18.42.5 and src port $port and tcp[13] & 4 = 0"
began=$(date +%s%N)
machine_background internet "$WORLD/flood" $FORGE syn --source 198.19.0.0/16 --count $SYNS --target 198.51.100.1
machine_background internet "$WORLD/clients" $TRAFFIC clients --target 198.51.100.1 --count 20 --seconds 3 --rate 60
# Not judged by probes, which the flood drowns too: the kernel says whether it is blocked.
machine_background internet "$WORLD/attack2" curl -s -o /dev/null --max-time 10 --interface 198.18.44.11 \
	-A '() { :; }; /bin/bash -c id' http://198.51.100.1/cgi-bin/status
new_one_blocked() { sekimori why 198.18.44.11 --json | jq -e .auto_block >/dev/null; }
answers=0 asked=0
until said flood "$SYNS syn sent" || [ $(($(date +%s%N) - began)) -gt 20000000000 ]; do
	internet ping -c 1 -W 0.2 -I 198.18.41.11 198.51.100.1 >/dev/null && answers=$((answers + 1))
	asked=$((asked + 1))
done
echo "# the flood took $((($(date +%s%N) - began) / 1000000)) ms; the blocked source asked $asked times meanwhile, answers: $answers"
said flood "$SYNS syn sent" && [ $answers = 0 ] && [ $asked -gt 0 ]
result $? "during the flood the blocked source gets no answer"
wait_for 15 said clients answered
note <"$WORLD/clients"
jq -e '.lost == 0 and .answered > 100' "$WORLD/clients" >/dev/null
result $? "real clients lose nothing"
wait_for 15 new_one_blocked
result $? "a new attacker is found and blocked"
! serves 198.18.41.11 && ! pings 198.18.41.11 && ! pings 198.18.44.11
result $? "after it, neither the old nor the new one gets an answer"
touch "$WORLD/go-good"
wait_for 10 said good served
result $? "the connection that was proven before is served on"

# --- what the server's stack got
segments=$(($(segments) - segments))
echo "# segments that reached the server's TCP: $segments"
# A veth drops what its queue cannot take, ahead of any program.
[ $segments -ge $((SYNS / 4)) ]
result $? "the flood did reach the server"
heard_is blocked -eq 0 && [ "$(metric_of source-blocked)" -gt "$source_drops" ]
result $? "not one packet of the blocked source, and they are counted"
heard_is cut -eq 0 && [ "$(metric_of flow-blocked)" -gt "$flow_drops" ]
result $? "not one packet of the cut connection, and they are counted"
# Decision records are held back by their own rate per source: the blocked ones knock more often than that.
sekimori status --json | jq -c '{usage, losses}' | note
answered=$(jq .answered "$WORLD/clients")
[ "$(status_of .usage.blocked)" = $((blocked + 1)) ] && [ "$(status_of '[.losses | del(.["held-back"])[]] | add')" = 0 ]
result $? "status: one more is blocked, no record is lost"
[ "$(status_of .usage.flows)" -le $((flows + answered + 20)) ]
result $? "the flood is not among the lasting flows"
exit $ktap_failed
