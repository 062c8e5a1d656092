#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Rules are exchanged while traffic flows: compiled by a child, taken by the engine, no packet lost to it; what cannot be used
# leaves the old set alone; what was compiled outlives the daemon.
. "$(dirname "$0")/../lib/world.sh"
world_new
plan 16
mkdir "$WORLD/r"
every='alert http any any -> any any (msg:"every request"; http.method; content:"GET"; sid:9000000;)'
# Enough literals that compiling takes its time.
python3 -c '
import random
random.seed(1)
words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=12)) for _ in range(6000)]
for i, word in enumerate(words):
    print(f"alert http any any -> any any (msg:\"m{i}\"; http.uri; content:\"{word}\"; sid:{9100000 + i};)")' >"$WORLD/r/many.rules"
set_rule() { printf '%s\nalert http any any -> any any (msg:"%s"; http.uri; content:"/%s"; sid:%s;)\n' "$every" "$1" "$1" "$2" >"$WORLD/r/own.rules"; }
get() { internet curl -s -o /dev/null --max-time 3 --interface "$1" "http://198.51.100.1/$2"; }
alerts() { eve_select 'e["event_type"] == "alert" and e["alert"]["signature_id"] == '"$1" | wc -l; }
found() { [ "$(alerts "$1")" -ge "$2" ]; }
exactly() { [ "$(alerts "$1")" = "$2" ]; }
reload() { sekimori rules reload >"$WORLD/$1.out" 2>&1; local rc=$?; note <"$WORLD/$1.out"; return $rc; }

set_rule one 9000001
{ echo "eve \"$EVE\"; rules \"$WORLD/r/*.rules\";"; } >"$WORLD/sekimori.conf"
sekimori up --iface wan:host --config "$WORLD/sekimori.conf" >"$WORLD/up.out" 2>&1
result $? "up"
ready() { [ "$(status_of .engine.rules_loaded)" = 6002 ]; }
wait_for 20 ready
result $? "the engine has its rules"
get 198.18.1.1 one
wait_for 10 found 9000001 1
result $? "the first set finds its own"

# --- under traffic
before=$(alerts 9000000)
machine_background internet "$WORLD/clients" $TRAFFIC clients --target 198.51.100.1 --count 20 --seconds 6 --source 198.19.0.1 --rate 100
flows() { [ "$(alerts 9000000)" -gt "$((before + 50))" ]; }
wait_for 10 flows
set_rule two 9000002
reload first
result $? "reload under traffic"
grep -q '^6002 rules active, 0 refused, 0 skipped; sha256 [0-9a-f]\{64\}; taken in [0-9]* ms by 1 engine, compiled ahead' "$WORLD/first.out"
result $? "the answer counts rules, names the digest, time and memory of the active set"
get 198.18.1.2 two && get 198.18.1.3 one
wait_for 10 found 9000002 1
result $? "the second set finds its own"
exactly 9000001 1
result $? "and no longer what only the first knew"
done_clients() { grep -q '"lost"' "$WORLD/clients"; }
wait_for 20 done_clients
note <"$WORLD/clients"
grep -q '"lost": 0' "$WORLD/clients"
result $? "no client noticed"
requests=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["answered"])' "$WORLD/clients")
all() { [ "$(alerts 9000000)" -ge "$((before + requests + 2))" ]; }
wait_for 10 all
echo "# $requests requests, $(($(alerts 9000000) - before - 2)) seen by the rule that both sets have"
[ "$(alerts 9000000)" = "$((before + requests + 2))" ]
result $? "the rule of both sets saw every request, before, during and after"
[ "$(status_of '[.losses[]] | add')" = 0 ]
result $? "no record was lost"

# --- what cannot be used
echo 'alert nonsense' >"$WORLD/r/own.rules"
mv "$WORLD/r/many.rules" "$WORLD/many"
reload bad && bad=0 || bad=$?
[ $bad = 3 ] && grep -q 'all 1 rules are refused' "$WORLD/bad.out"
result $? "a set without one usable rule is refused, with the reason"
get 198.18.1.4 two
wait_for 10 found 9000002 2
result $? "the set before goes on"

# --- a restart takes what was compiled
mv "$WORLD/many" "$WORLD/r/many.rules"
set_rule two 9000002
reload again
sekimori down --keep >/dev/null 2>&1
sekimori up >"$WORLD/up.out" 2>&1 && wait_for 20 ready && grep -q '6002 rules loaded, 0 refused, in [0-9]* ms, compiled ahead' "$WORLD"/run/*/sekimorid.log
result $? "a restarted engine compiles nothing"
state=$(ls "$WORLD"/state/*/compiled.rules)
printf 'damaged' | dd of="$state" bs=1 seek=5000 conv=notrunc 2>/dev/null
sekimori down --keep >/dev/null 2>&1
sekimori up >"$WORLD/up.out" 2>&1 && wait_for 20 ready && get 198.18.1.5 two && wait_for 10 found 9000002 3
result $? "a damaged file is ignored"

# --- address lists among rules belong to the blacklist
echo 'drop ip [45.155.204.7,45.155.204.8/29] any -> $HOME_NET any (msg:"listed"; sid:9000003;)' >"$WORLD/addresses.rules"
server "$BIN/sekimori" rules addresses "$WORLD/addresses.rules" 2>/dev/null >"$WORLD/addresses.txt"
sekimori list load rule-addresses "$WORLD/addresses.txt" >"$WORLD/load.out" 2>&1
result $? "addresses of rules load as a list"
note <"$WORLD/load.out"
sekimori list status | grep -q '^rule-addresses  *loaded  *[0-9]*  *2 '
result $? "which list status names with its source"
exit $ktap_failed
