#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Attacks that each have to be told at once, many a second, through packet program, engine, keeper, reporter, archive and notifier to a real mail
# server and a real webhook: every one of them is told, once, in few messages, and within seconds. `make bench-events` runs it at a thousand a second.
. "$(dirname "$0")/../lib/world.sh"
COUNT=${COUNT:-1000} RATE=${RATE:-200}
rate="$here/selftests/bench/alert_rate.py"
world_new
plan 4
echo "a-secret-of-the-webhook" >"$WORLD/secret"
touch "$WORLD/got"
python3 "$rate" rules "$COUNT" >"$WORLD/bench.rules"
cp "$here/rules/classification.config" "$here/rules/severity.table" "$WORLD"
machine_background internet "$WORLD/receivers.out" /usr/bin/python3 "$here/selftests/lib/receivers.py" 198.51.100.2 a-secret-of-the-webhook "$WORLD/got"
wait_for 10 grep -q ready "$WORLD/receivers.out"
world_up <<END
notify mail { kind smtp; url smtp://198.51.100.2:2525; from edge@example.com; to soc@example.com; language ja; }
notify hook { kind webhook; url http://198.51.100.2:8080/notice; secret-file $WORLD/secret; }
rules "$WORLD/bench.rules";
END
result $? "up with $COUNT rules, mail and a webhook"
loaded() { [ "$(status_of .engine.rules_loaded)" -ge "$COUNT" ] && [ "$(status_of '.engine.ready >= 1')" = true ]; }
wait_for 60 loaded
result $? "the rules are loaded"
got=$(internet python3 "$rate" send 198.51.100.1 "$COUNT" "$RATE")
echo "# asked for $RATE requests a second, sent $got"
told() { [ "$(status_of '.events.notices | .told == .events and .events >= '"$COUNT")" = true ]; }
wait_for 30 told
result $? "somebody was told of each"
sleep 0.5 # times of the last message, on their way to the store
python3 "$rate" judge "$WORLD/state/default/store" "$WORLD/got" "$COUNT" ${BENCH_TSV:+"$BENCH_TSV"} >"$WORLD/figures"
status=$?
note <"$WORLD/figures"
[ $status = 0 ] && awk -v most="${P99:-5}" '$1 == "events.packet_to_told_s_p99" { exit !($2 > 0 && $2 < most) }' "$WORLD/figures"
result $? "each has its time, the receivers' numbers add up, 99 of 100 within ${P99:-5} s"
status_of '.events' | note
exit $ktap_failed
