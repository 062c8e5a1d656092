#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T1: forged sources never cause a block of an innocent. TCP with guessed numbers and UDP, both with attack text; then the very
# same addresses are used for real and must be served.
. "$(dirname "$0")/../lib/world.sh"
FORGE="python3 $here/selftests/lib/forge.py"
world_new
plan 6
world_enforce <<<""
result $? "up and enforcing"
# The innocents' machines are asleep: nothing answers the server's SYN-ACK with a RST or an ACK.
hear attack "net 203.0.113.0/24 and tcp[13] & 8 != 0"
internet $FORGE session --source 203.0.113.0/26 --count 60 --target 198.51.100.1 | note
internet $FORGE udp --source 203.0.113.64/26 --count 60 --target 198.51.100.1 | note
heard_is attack -eq 60
result $? "the forged attacks did reach the server"
# One real attack behind the forged ones: when its alert is there, theirs have been judged as well.
internet $TRAFFIC attack --target 198.51.100.1 --runs 1 --sources 198.18.8.0/24 >"$WORLD/attack"
grep -q '"blocked": 1,' "$WORLD/attack"
result $? "a real attacker is blocked meanwhile"
blocked=$(status_of .usage.blocked)
echo "# blocked sources: $blocked"
[ "$blocked" = 1 ]
result $? "only the real attacker is in the block table"
internet ip route add local 203.0.113.0/24 dev lo
for source in 203.0.113.1 203.0.113.2 203.0.113.65 203.0.113.66; do
	internet curl -s -o /dev/null --max-time 3 --interface $source http://198.51.100.1/ || { echo "# $source is not served"; false; break; }
done
result $? "the innocents are served"
eve_select 'e["event_type"] == "alert" and e["src_ip"].startswith("203.0.113.") and e["sekimori"]["action"] == "block-source"' >"$WORLD/wrong"
[ ! -s "$WORLD/wrong" ]
result $? "no event claims to have blocked a forged source"
exit $ktap_failed
