#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every alert of the event file is in the store, also when the archive process is killed in between and when the disk was full for a
# while; the packet path notices nothing; every change is in the audit log, and the log shows who touches it.
. "$(dirname "$0")/../lib/world.sh"
RUNS=${RUNS:-20}
world_new
plan 15
mkdir -p "$WORLD/state/default/store"
server mount -t tmpfs -o size=3m tmpfs "$WORLD/state/default/store"
world_up <<<""
result $? "up in monitor mode, the store on a small disk of its own"

kept() { server sqlite3 "$WORLD/state/default/store/events-$(date -u +%Y-%m).db" "$1" 2>/dev/null; }
stored() { kept "SELECT count(*) FROM event WHERE kind = 0"; }
told() { eve_select 'e["event_type"] == "alert"' | wc -l; }
attack() { internet $TRAFFIC attack --target 198.51.100.1 --runs "$1" --sources "$2" >/dev/null 2>&1; }
same() { [ "$(stored)" = "$(told)" ] && [ "$(told)" -ge "$1" ]; }

attack "$RUNS" 198.18.0.0/24
wait_for 20 same "$RUNS"
result $? "alerts in the store are those of the event file"
echo "# $(stored) stored, $(told) told"
[ "$(kept "SELECT sum(n) FROM figure WHERE kind = 0")" = "$(stored)" ]
result $? "figures say the same"
[ "$(kept "SELECT count(*) FROM event WHERE kind = 0 AND t_match >= t AND verdict = 3 AND severity = 3")" -ge "$RUNS" ]
result $? "with verdict would_block, severity and both times"

# killed with its queue full of events: what it had not acknowledged comes again
before=$(told)
server kill -STOP "$(process_of archive)"
attack "$RUNS" 198.18.1.0/24
server kill -KILL "$(process_of archive)"
wait_for 30 same $((before + RUNS))
result $? "nothing is lost with a killed archive process"
echo "# $(stored) stored, $(told) told"

# disk full: the store says so, attacks are still told, and are stored when there is room
server dd if=/dev/zero of="$WORLD/state/default/store/filler" bs=4k >/dev/null 2>&1
before=$(told)
attack "$RUNS" 198.18.2.0/24
full() { [ -n "$(status_of '.events.store.error // empty')" ] && [ "$(status_of .events.store.waiting)" -gt 0 ]; }
wait_for 20 full
result $? "status says why events wait"
status_of .events.store | note
sekimori block 203.0.113.8 --reason "while the disk was full" >/dev/null
[ "$(told)" -ge $((before + RUNS)) ]
result $? "the event file goes on meanwhile"
internet curl -s -o /dev/null --max-time 2 http://198.51.100.1/
result $? "and so does the protected service"
server rm "$WORLD/state/default/store/filler"
wait_for 30 same $((before + RUNS))
result $? "with room again everything that waited is stored"
[ "$(status_of '.events.store | .lost + .refused')" = 0 ]
result $? "and nothing was lost or refused"
wait_for 10 server grep -q 'while the disk was full' "$WORLD/state/default/store/audit.log"
result $? "a change made meanwhile is in the audit log"

sekimori block 203.0.113.9 --reason "audit test" >/dev/null
whole() { sekimori audit verify >"$WORLD/audit" 2>&1 && sekimori audit show -n 100 | grep -q 'block 203.0.113.9'; }
wait_for 10 whole
result $? "a block is in the audit log, which is whole"
note <"$WORLD/audit"
head=$(sed -nE 's/^whole: .* head (.*)/\1/p' "$WORLD/audit")
sekimori audit verify --head "$head" >/dev/null
result $? "also against a head that was noted down"
log=$WORLD/state/default/store/audit.log
server sed -i '/block 203.0.113.9/d' "$log"
sekimori audit verify >"$WORLD/audit"
[ $? = 1 ] && grep -q BROKEN "$WORLD/audit"
result $? "a removed line is found"
note <"$WORLD/audit"
sekimori down >/dev/null 2>&1
[ -z "$(server pgrep -f 'process archive' | head -1)" ]
result $? "the archive ends with the daemon"
exit $ktap_failed
