#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T4: overload never blinds silently. A flood of new flows from one source takes nothing from a flow that was admitted, not even of
# the same source. An engine that stands still fills the ring: the losses are told, the flows are uninspected and get the configured
# verdict; when it goes on, so does inspection.
. "$(dirname "$0")/../lib/world.sh"
FORGE="python3 $here/selftests/lib/forge.py"
CRITICAL='e["event_type"] == "alert" and e["sekimori"]["severity"] == "critical"'
world_new
plan 14
world_enforce <<<""
result $? "up and enforcing"
head -c 300000 /dev/urandom | base64 -w 1000 >"$WORLD/www/big.html"
get() { internet curl -s -o /dev/null --max-time 3 --interface "$1" "http://198.51.100.1/$2"; }
said() { grep -q "$2" "$WORLD/$1"; }
told() { [ -n "$(eve_select "$CRITICAL"' and e["src_ip"] == "'"$1"'"')" ]; }
attack() { internet curl -s -o /dev/null --max-time 2 --interface "$1" -A '() { :; }; /bin/sh -c id' http://198.51.100.1/cgi-bin/status; }

# --- the bucket is for new flows only
machine_background internet "$WORLD/held" $TRAFFIC hold --target 198.51.100.1 --source 198.18.20.1 --go "$WORLD/go" --attack
wait_for 10 said held open
result $? "a connection is admitted"
internet $FORGE syn --source 198.18.20.1/32 --count 20000 --target 198.51.100.1 | note
limited=$(sekimori metrics | awk '/^sekimori_would_packets_total.reason="rate-limited"/ { print $2 }')
echo "# $limited new flows of the flood were not admitted"
[ "${limited:-0}" -gt 1000 ]
result $? "new flows of the same source are not admitted to inspection any more"
touch "$WORLD/go"
wait_for 20 told 198.18.20.1
result $? "the attack in late data of the admitted one is found all the same"
wait_for 20 said held cut
result $? "and its flow is cut"

# --- a ring that nobody empties
engine=$(process_of "engine 0")
server kill -STOP "$engine"
filled() {
	for i in 1 2 3 4 5 6; do get "198.18.21.$i" big.html; done
	[ "$(status_of '.losses["ring-full"]')" -gt 0 ]
}
wait_for 20 filled
result $? "the engine stands still: records lost are counted"
sekimori status >"$WORLD/status"
note <"$WORLD/status"
head -1 "$WORLD/status" | grep -q 'records lost' && grep -q '^loss *ring-full' "$WORLD/status"
result $? "status says so in its first line and names the reason"
get 198.18.21.40 index.html
result $? "uninspected pass: clients are served"
passed=$(sekimori metrics | awk '/^sekimori_would_packets_total.reason="uninspected"/ { print $2 }')
[ "${passed:-0}" -gt 0 ]
result $? "and counted as uninspected"

sekimori apply "$WORLD/sekimori.conf" >/dev/null # the same policy is no obstacle while an engine stands still
{ cat "$WORLD/sekimori.conf"; echo "inspect { uninspected drop; }"; } >"$WORLD/drop.conf"
sekimori apply "$WORLD/drop.conf" --confirm-within 900 >"$WORLD/apply.out" 2>&1 && sekimori confirm >/dev/null
result $? "uninspected drop can be configured meanwhile"
note <"$WORLD/apply.out"
brim() { ! get 198.18.21.50 index.html; } # until not even a small record fits
wait_for 20 brim
hear late "src host 198.18.21.60 and tcp[13] & 8 != 0"
! get 198.18.21.60 index.html
result $? "uninspected drop: what cannot be inspected is not served"
delivered=$(heard late)
# The packet that does not fit into the ring is the one that tells the flow is lost; those behind it are dropped.
echo "# requests of it that reached the server: $delivered"
[ "$delivered" -le 1 ]
result $? "and its data does not go on to the server"

server kill -CONT "$engine"
recovered() { get 198.18.21.70 index.html; }
wait_for 20 recovered
result $? "the engine goes on: clients are served again"
attack 198.18.22.1
wait_for 10 told 198.18.22.1
result $? "and attacks are found again"
exit $ktap_failed
