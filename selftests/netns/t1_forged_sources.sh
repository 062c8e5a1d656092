#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T1: forged sources never cause a block of an innocent. TCP with guessed numbers and UDP, both with attack text; then the very
# same addresses are used for real and must be served.
. "$(dirname "$0")/../lib/world.sh"
FORGE="python3 $here/selftests/lib/forge.py"
world_new
plan 5
world_up --enforce --confirm-within 900 <<<"" && sekimori confirm >/dev/null 2>&1
result $? "up and enforcing"
# The innocents' machine is asleep: nothing answers the server's SYN-ACK with a RST or an ACK.
internet $FORGE session --source 198.18.4.0/26 --count 60 --target 198.51.100.1 | note
internet $FORGE udp --source 198.18.4.64/26 --count 60 --target 198.51.100.1 | note
# One real attack behind the forged ones: when its alert is there, theirs have been judged as well.
internet $TRAFFIC attack --target 198.51.100.1 --runs 1 --sources 198.18.8.0/24 >"$WORLD/attack"
grep -q '"blocked": 1,' "$WORLD/attack"
result $? "a real attacker is blocked meanwhile"
sekimori list status --json >"$WORLD/lists" 2>&1
blocked=$(sekimori status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["blocked"])')
echo "# blocked sources: $blocked"
[ "$blocked" = 1 ]
result $? "only the real attacker is in the block table"
for source in 198.18.4.1 198.18.4.2 198.18.4.65 198.18.4.66; do
	internet curl -s -o /dev/null --max-time 3 --interface $source http://198.51.100.1/ || { echo "# $source is not served"; false; break; }
done
result $? "the innocents are served"
eve_select 'e["event_type"] == "alert" and e["src_ip"].startswith("198.18.4.") and e["sekimori"]["action"] == "block-source"' >"$WORLD/wrong"
[ ! -s "$WORLD/wrong" ]
result $? "no event claims to have blocked a forged source"
exit $ktap_failed
