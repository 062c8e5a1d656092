#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files beside the rules reach the engine: threshold.config, reputation, data sets; a changed one holds after a reload.
. "$(dirname "$0")/../lib/world.sh"
world_new
plan 7
mkdir "$WORLD/r"
cat >"$WORLD/r/own.rules" <<'END'
alert http any any -> any any (msg:"every request"; http.method; content:"GET"; sid:9000000;)
alert http any any -> any any (msg:"suppressed for some"; http.method; content:"GET"; sid:9000001;)
alert http any any -> any any (msg:"bad neighbourhood"; http.method; content:"GET"; iprep:src,Bad,>,50; sid:9000002;)
alert http any any -> any any (msg:"named agent"; http.user_agent; dataset:isset,agents,type string,load agents.lst; sid:9000003;)
END
echo 'suppress gen_id 1, sig_id 9000001, track by_src, ip 198.18.1.0/24' >"$WORLD/threshold.config"
echo '1,Bad,hosts that attacked' >"$WORLD/categories"
echo '198.18.2.0/24,1,90' >"$WORLD/scores"
printf probe | base64 >"$WORLD/agents.lst"
{
	echo "eve \"$EVE\"; rules \"$WORLD/r/*.rules\"; rule-data threshold \"$WORLD/threshold.config\";"
	echo "rule-data reputation-categories \"$WORLD/categories\"; rule-data reputation \"$WORLD/scores\"; rule-data data-set \"$WORLD/agents.lst\";"
} >"$WORLD/sekimori.conf"
get() { internet curl -s -o /dev/null --max-time 3 -A "$2" --interface "$1" http://198.51.100.1/; }
alerts() { eve_select 'e["event_type"] == "alert" and e["alert"]["signature_id"] == '"$1"' and e["src_ip"] == "'"$2"'"' | wc -l; }
found() { [ "$(alerts "$1" "$2")" -ge 1 ]; }
sekimori up --iface wan:host --config "$WORLD/sekimori.conf" >"$WORLD/up.out" 2>&1
result $? "up"
ready() { [ "$(status_of .engine.rules_loaded)" = 4 ]; }
wait_for 20 ready
result $? "the engine has all four rules"

get 198.18.1.1 curl
get 198.18.2.1 curl
get 198.18.3.1 probe
wait_for 10 found 9000000 198.18.1.1 && wait_for 10 found 9000000 198.18.2.1 && wait_for 10 found 9000000 198.18.3.1
result $? "every request is seen"
[ "$(alerts 9000001 198.18.1.1)" = 0 ] && [ "$(alerts 9000001 198.18.3.1)" = 1 ]
result $? "the suppressed source gives no alert, another does"
[ "$(alerts 9000002 198.18.2.1)" = 1 ] && [ "$(alerts 9000002 198.18.3.1)" = 0 ]
result $? "reputation is that of the file"
[ "$(alerts 9000003 198.18.3.1)" = 1 ] && [ "$(alerts 9000003 198.18.1.1)" = 0 ]
result $? "the data set is that of the file"

echo 'suppress gen_id 1, sig_id 9000001, track by_src, ip 198.18.3.0/24' >"$WORLD/threshold.config"
sekimori rules reload >"$WORLD/reload.out" 2>&1
note <"$WORLD/reload.out"
get 198.18.1.2 curl
get 198.18.3.2 curl
wait_for 10 found 9000001 198.18.1.2 && wait_for 10 found 9000000 198.18.3.2 && [ "$(alerts 9000001 198.18.3.2)" = 0 ]
result $? "a changed file holds after a reload"
exit $ktap_failed
