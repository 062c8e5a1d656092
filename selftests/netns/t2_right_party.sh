#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T2: the right party is blocked. One attacker among a hundred clients behind one address (CGNAT): only its flow is cut. A declared
# NAT likewise. A rule that matches what the server sends must not block the client that was its target, nor the server.
. "$(dirname "$0")/../lib/world.sh"
world_new
plan 6
world_enforce <<<"shared 198.18.9.9/32;"
result $? "up and enforcing"
one_attack() { internet curl -s -o /dev/null --max-time 2 --interface "$1" -H "User-Agent: () { :; }; /bin/bash -c id" http://198.51.100.1/cgi-bin/status; }
alert_of() { eve_select 'e["event_type"] == "alert" and e["src_ip"] == "'"$1"'"'; }
told() { [ -n "$(alert_of "$1")" ]; }
serves() { internet curl -s -o /dev/null --max-time 3 --interface "$1" http://198.51.100.1/; }

# The engine reports a flow as clean when it has been closed for five seconds: the traffic of the others goes on longer.
internet $TRAFFIC clients --target 198.51.100.1 --count 100 --seconds 8 --source 198.18.9.1 --rate 50 | note
one_attack 198.18.9.1
wait_for 10 told 198.18.9.1
alert_of 198.18.9.1 | note
alert_of 198.18.9.1 | grep -q '"action": *"cut-flow"'
result $? "the attacker among a hundred: its flow is cut, no more"
serves 198.18.9.1
result $? "the other ninety-nine are served"

one_attack 198.18.9.9
wait_for 10 told 198.18.9.9
alert_of 198.18.9.9 | grep -q '"action": *"cut-flow"' && serves 198.18.9.9
result $? "a declared NAT is never blocked as a source"

# The server's page carries something that a to_client rule takes for an attack on the client (target: dest_ip).
cat >"$WORLD/local.rules" <<'END'
alert http any any -> any any (msg:"TEST evil page"; flow:to_client,established; file.data; content:"EVIL-PAGE-MARK"; target:dest_ip; classtype:attempted-admin; metadata:signature_severity Critical; sid:1000001; rev:1;)
END
echo 'EVIL-PAGE-MARK' >"$WORLD/www/evil.html"
sekimori down >/dev/null 2>&1
world_enforce <<<"rules \"$WORLD/local.rules\";"
internet curl -s -o /dev/null --max-time 3 --interface 198.18.9.20 http://198.51.100.1/evil.html
evil_told() { [ -n "$(eve_select 'e["event_type"] == "alert" and e["alert"]["signature_id"] == 1000001')" ]; }
wait_for 10 evil_told
eve_select 'e["event_type"] == "alert" and e["alert"]["signature_id"] == 1000001' | note
evil_told && ! eve_select 'e["event_type"] == "alert" and e["alert"]["signature_id"] == 1000001' | grep -q 'block-source'
result $? "a to_client rule whose attacker is ourselves blocks no source"
serves 198.18.9.20
result $? "the client that was the target is served"
exit $ktap_failed
