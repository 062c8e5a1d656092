#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T7: the allow set exempts from lists and automatic blocks, within its scope, and from nothing else: not from the check for forged
# sources and not from inspection. Own addresses that arrive on wan are dropped, those that come later too.
. "$(dirname "$0")/../lib/world.sh"
FORGE="python3 $here/selftests/lib/forge.py"
world_new
plan 14
cat >"$WORLD/scope" <<'END'
list bad { address 198.18.30.0/24 198.18.31.0/24 198.18.32.0/24; }
allow 198.18.30.5/32 { protocol tcp; port 80; reason "may read the page"; }
allow 198.18.31.5/32 { interface lo; }
allow 198.18.32.5/32;
allow 198.18.33.5/32;
END
hear before "src host 198.51.100.1"
internet $FORGE udp --source 198.51.100.1/32 --count 50 --target 198.51.100.1 | note
heard_is before -eq 50
result $? "without us, frames with the server's own address reach it"

world_enforce <"$WORLD/scope"
result $? "up and enforcing"
serves() { internet curl -s -o /dev/null --max-time 1 --interface "$1" http://198.51.100.1/; }
pings() { internet ping -c 1 -W 1 -I "$1" 198.51.100.1 >/dev/null; }
! serves 198.18.30.6 && ! pings 198.18.30.6
result $? "a listed source is not served"
serves 198.18.30.5
result $? "scope TCP port 80: the page is served"
! pings 198.18.30.5
result $? "the same source's ping is dropped"
! serves 198.18.31.5
result $? "scope of another interface does not hold on this one"
serves 198.18.32.5 && pings 198.18.32.5
result $? "an entry without scope exempts wholly"

# --- not from inspection, but from being blocked
internet curl -s -o /dev/null --max-time 2 --interface 198.18.33.5 -A '() { :; }; /bin/sh -c id' http://198.51.100.1/cgi-bin/status
alert='e["event_type"] == "alert" and e["src_ip"] == "198.18.33.5"'
told() { [ -n "$(eve_select "$alert")" ]; }
wait_for 10 told
result $? "an attack from an allowed source is found"
eve_select "$alert" | head -1 | jq -e '.sekimori | .verdict == "cut" and .action == "cut-flow" and .why == "allow set"' >/dev/null
result $? "its flow is cut, its source not blocked: the allow set"
eve_select "$alert" | jq -c .sekimori | note
serves 198.18.33.5
result $? "a new connection of it is served"

# --- not from the check for forged sources
hear own "src host 198.51.100.1"
before=$(metric_of spoofed)
internet $FORGE udp --source 198.51.100.1/32 --count 50 --target 198.51.100.1 | note
heard_is own -eq 0
result $? "an own address on wan, in the allow set by itself: not one packet"
[ $(($(metric_of spoofed) - before)) -ge 50 ]
result $? "they are counted as spoofed"
server ip addr add 198.51.100.77/24 dev wan
follows() {
	local before
	before=$(metric_of spoofed)
	internet $FORGE udp --source 198.51.100.77/32 --count 1 --target 198.51.100.1 >/dev/null
	[ "$(metric_of spoofed)" -gt "$before" ]
}
wait_for 15 follows
result $? "an address that the machine gets later is its own soon after"
hear later "src host 198.51.100.77"
internet $FORGE udp --source 198.51.100.77/32 --count 50 --target 198.51.100.1 | note
heard_is later -eq 0
result $? "and not one packet passes"
exit $ktap_failed
