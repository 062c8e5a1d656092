#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "Zero" is said only with proof. An hour of laboratory time passes in a minute (SEKIMORI_LAB_CLOCK): while the daemon is away enforcement
# goes on and the report may not say safe; neither may it when a canary was not detected, or when something was found.
. "$(dirname "$0")/../lib/egress_world.sh"
egress_need
egress_wire
egress_dmz
serve_internet
plan 20
RATE=60 BASE=1788220800 # 2026-09-01 00:00:00 UTC
START=$(python3 -c 'import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)')
export SEKIMORI_LAB_CLOCK="$BASE $RATE $START"
# What the laboratory's calendar says.
lab_now() { python3 -c "import time; print(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime($BASE + (time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000 - $START) * $RATE // 1000000)))"; }

config() {
	cat >"$WORLD/sekimori.conf" <<-CONF
		protect 10.9.0.0/16 2001:db8:9::/48;
		interface dm2 { role dmz; mode enforce; }
		egress { canary 1s; host ${HOST4[web]} ${HOST6[web]} web { name "www-one"; } $1 }
		eve "$EVE"; rules "$here/rules/*.rules";
	CONF
}
start() { daemon_begin --iface dm2:dmz; }
# A moment within what was recorded: of the first span (1 from) or the last (\$ to).
edge() {
	eve_select "e['event_type'] == 'egress' and e['egress']['kind'] == 'coverage'" | sed -n "$1p" |
		jq -r ".egress.$2 / 1000000 | floor + (if \"$2\" == \"from\" then 2 else -1 end) | todate"
}
report() { server "$BIN/sekimori" egress report "$@" "$EVE"; }
works() { client_dns web 198.51.100.2; }

config
start
result $? "up"
for _ in 1 2 3; do works; sleep 1; done
works
result $? "what is permitted works"
daemon_finish
# Within what the daemon recorded.
first=$(edge 1 from)
last=$(edge '$' to)
report --from "$first" --to "$last" >"$WORLD/report"
rc=$?
head -12 "$WORLD/report" | note
[ $rc = 0 ] && grep -q '0 detections, proven, coverage 100 %' "$WORLD/report"
result $? "while it ran: zero, proven, with the canaries' number"
server "$BIN/sekimori" egress report --state "$WORLD/state" --from "$first" --to "$last" >"$WORLD/kept" && diff "$WORLD/report" "$WORLD/kept" | note && cmp -s "$WORLD/report" "$WORLD/kept"
result $? "the store says the same as the event file"
server "$BIN/sekimori" egress report --state "$WORLD/state" --tz Asia/Tokyo --from "$first" --to "$last" | grep -q 'UTC+09:00'
result $? "in the time zone that is asked for"
! report --from "$first" --to 2026-12-01 | grep -q ', proven' && ! report --from 2026-08-01 --to "$last" | grep -q ', proven'
result $? "a period that is longer than the sensor's life is not proven"
grep -E '\b([0-9]+)/\1\b' "$WORLD/report" >/dev/null
result $? "every canary is counted"

# --- ten minutes without the daemon
sleep 9
works
result $? "without the daemon what is permitted works"
start
for _ in 1 2 3; do works; sleep 1; done
daemon_finish
last=$(edge '$' to)
report --from "$first" --to "$last" >"$WORLD/report"
rc=$?
head -4 "$WORLD/report" | note
[ $rc = 1 ] && grep -q '0 seen, not proven, coverage' "$WORLD/report" && ! grep -q ', proven' "$WORLD/report"
result $? "over the ten minutes the report does not say safe"
report --json --from "$first" --to "$last" | jq -e '.sections[] | select(.key == "verdict") | .tables[0].rows[0] | .coverage_permille < 1000 and .verdict == "zero-not-proven"' >/dev/null
result $? "its coverage is below 100 %"
report --lang ja --from "$first" --to "$last" | head -4 | note
report --lang ja --from "$first" --to "$last" | grep -q '証明されていません\|未証明'
result $? "in Japanese, too"
capture_begin away
! PATIENCE=1 client_tcp web 198.51.100.2 && ! PATIENCE=1 client_tcp web 2001:db8:1::2
result $? "without the daemon what is not permitted does not work"
works
capture_end
[ "$(capture_count "dst port 4444")" = 0 ] && [ "$(capture_count "dst port 53")" -gt 0 ]
result $? "no packet of it reached the internet"

# --- a canary that a rule lets out is not detected
EVE=$WORLD/eve.canary.json
config "allow dns to any; allow udp 9 to 192.0.2.251;"
start
result $? "a policy that is too broad"
for _ in 1 2 3; do works; sleep 1; done
daemon_finish
first=$(edge 1 from)
last=$(edge '$' to)
report --from "$first" --to "$last" >"$WORLD/report"
rc=$?
head -12 "$WORLD/report" | note
[ $rc = 1 ] && grep -qi 'canary' "$WORLD/report"
result $? "canaries that were not detected: the report does not say safe"

# --- something was found
EVE=$WORLD/eve.found.json
config
start
result $? "up again"
machine web python3 - <<-'PY'
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
	s.bind(("", 68))
	s.sendto(bytes([1, 1, 6, 0]) + bytes(232) + bytes([99, 130, 83, 99, 53, 1, 3, 12, 6]) + b"web-07" + bytes([255]), ("255.255.255.255", 67))
PY
for _ in 1 2; do works; sleep 1; done
PATIENCE=1 client_tcp web 198.51.100.2
daemon_finish
report --from "$first" --to "$(lab_now)" >"$WORLD/report"
[ $? = 1 ] && grep -q 4444 "$WORLD/report" && grep -qF "www-one (${HOST4[web]})" "$WORLD/report"
result $? "a finding is told with the host, by its name, and the service"
grep -q 'calls itself: web-07 (DHCP)' "$WORLD/report"
result $? "and with what it calls itself by DHCP"
report --format html --from "$first" --to "$(lab_now)" >"$WORLD/report.html"
grep -q '<svg' "$WORLD/report.html" && ! grep -q 'http://[^w]' "$WORLD/report.html"
result $? "HTML with pictures, of one piece"
report --format csv --from "$first" --to "$(lab_now)" | grep -q 4444
result $? "CSV"
exit $ktap_failed
