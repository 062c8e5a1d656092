#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T19: nobody locks himself out. Monitor is the default, enforcing where people come in needs a probation, a list of everything leaves
# the gateway and the management peer in, and the kernel itself ends a probation that nobody confirmed.
. "$(dirname "$0")/../lib/world.sh"
ADMIN=198.51.100.2
OTHER=198.18.0.5
# The session in which an administrator types.
export SSH_CONNECTION="$ADMIN 40000 198.51.100.1 22"
world_new
plan 18

serves() { internet curl -s -o /dev/null --max-time 1 --interface "$1" http://198.51.100.1/; }
pings() { internet ping -c 1 -W 1 -I "$1" 198.51.100.1 >/dev/null; }
mode_is() { [ "$(status_of '.ifaces[0].mode')" = "$1" ]; }
first_line() { sekimori status | head -1; }

world_up <<<"" && mode_is monitor
result $? "up without flags is monitor"
first_line | note
printf '0.0.0.0/0\n%s\n%s\n' "$ADMIN" "203.0.113.9" >"$WORLD/everything"
sekimori list load everything "$WORLD/everything" >"$WORLD/load.out" 2>&1
result $? "a list that holds everything, the gateway and the peer is loaded"
note <"$WORLD/load.out"
grep -q "$ADMIN" "$WORLD/load.out"
result $? "its answer names the gateway it covers"
serves $OTHER && pings $OTHER
result $? "in monitor mode nothing is dropped"

sekimori up --iface wan:host --enforce >"$WORLD/refusal" 2>&1
[ $? = 3 ]
result $? "enforcing at once is refused"
note <"$WORLD/refusal"
grep -q -- "--confirm-within" "$WORLD/refusal"
result $? "the refusal names the remedy"
mode_is monitor && serves $OTHER
result $? "and nothing changed"

# --- on probation
begin=$(date +%s%N)
sekimori up --iface wan:host --enforce --confirm-within 5 >"$WORLD/up.out" 2>&1
result $? "with --confirm-within it is taken"
note <"$WORLD/up.out"
# Frames that forge nothing, from three sources at once: what the stack gets is what counts.
hear other "src host $OTHER and icmp"
hear admin "src host $ADMIN and icmp"
internet ping -q -n -c 10 -i 0.05 -W 1 -I $OTHER 198.51.100.1 >/dev/null
internet ping -q -n -c 10 -i 0.05 -W 1 -I $ADMIN 198.51.100.1 >/dev/null
result $? "the gateway and peer is answered"
serves $ADMIN
result $? "and served"
first_line | note
echo "# $((($(date +%s%N) - begin) / 1000000)) ms of the 5 s have passed"
