#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole loop on real packets: curl sends Shellshock to nginx; the alert is critical and cut, the source is dropped in XDP,
# normal clients lose nothing. RUNS=1000 repeats the acceptance run (default 40: the times are the benchmark's business).
. "$(dirname "$0")/../lib/world.sh"
RUNS=${RUNS:-40}
world_new
plan 6
world_up --enforce --confirm-within 900 <<<"" && sekimori confirm >/dev/null 2>&1
result $? "up and enforcing"

internet $TRAFFIC clients --target 198.51.100.1 --count 50 --seconds 3 --source 198.19.0.1 --rate 100 >"$WORLD/clients"
note <"$WORLD/clients"
grep -q '"lost": 0' "$WORLD/clients"
result $? "normal clients lose no request"

internet $TRAFFIC attack --target 198.51.100.1 --runs "$RUNS" --sources 198.18.0.0/21 >"$WORLD/attack"
note <"$WORLD/attack"
grep -q "\"blocked\": $RUNS," "$WORLD/attack"
result $? "every source of $RUNS Shellshock requests stops getting answers"

alerts() { eve_select 'e["event_type"] == "alert" and e["sekimori"]["severity"] == "critical" and e["sekimori"]["verdict"] == "cut" and "hellshock" in e["alert"]["signature"]' | wc -l; }
enough() { [ "$(alerts)" -ge "$RUNS" ]; }
wait_for 10 enough
result $? "every one is an alert critical/cut in EVE"
eve_select 'e["event_type"] == "alert"' | python3 -c '
import json, sys
delivered = sorted(json.loads(line)["sekimori"]["delivered"]["bytes"] for line in sys.stdin)
if delivered: print("# bytes delivered before the cut: min %d median %d max %d" % (delivered[0], delivered[len(delivered) // 2], delivered[-1]))'

first=$($TRAFFIC addresses 198.18.0.0/21 1)
sekimori why "$first" >"$WORLD/why" 2>&1
note <"$WORLD/why"
grep -qi 'block' "$WORLD/why"
result $? "why names the auto-block"
! internet ping -c 1 -W 1 -I "$first" 198.51.100.1 >/dev/null
result $? "a blocked source gets no answer to ping"
exit $ktap_failed
