#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Metrics: valid OpenMetrics with every series that a watcher of a shield needs, scraped over HTTP, and the dashboard asks for nothing that is not there.
. "$(dirname "$0")/../lib/world.sh"
world_new
plan 12
check="python3 $here/selftests/lib/openmetrics.py"
printf '198.18.7.0/24\n' >"$WORLD/feed"
world_up <<END
list feed { file "$WORLD/feed"; format plain; allow-private on; }
END
result $? "up with a list"
internet curl -s -o /dev/null --max-time 3 -A '() { :;}; /bin/true' http://198.51.100.1/cgi-bin/status
counted() { sekimori metrics | grep -q '^sekimori_alerts_total{severity="critical",verdict="would_block"} 1$'; }
wait_for 10 counted
result $? "an alert is counted by severity and verdict"
sekimori metrics >"$WORLD/metrics"
$check "$WORLD/metrics" "$here/tools/grafana/sekimori.json" >"$WORLD/problems"
result $? "the text is OpenMetrics, and has every series of the dashboard"
note <"$WORLD/problems"
sed '/^# HELP sekimori_alarms /d' "$WORLD/metrics" >"$WORLD/bad" && ! $check "$WORLD/bad" >/dev/null &&
	sed 's/^# TYPE sekimori_alarms counter/# TYPE sekimori_alarms_total counter/' "$WORLD/metrics" >"$WORLD/bad" && ! $check "$WORLD/bad" >/dev/null
result $? "(and the check finds what is wrong)"
missing=
for series in 'verdict_packets_total{verdict="dropped"}' 'map_entries{map="lists"} 1' 'map_max_entries{map="flows"}' 'losses_total{kind=' \
	'list_serial{list="feed"}' 'list_age_seconds{list="feed"}' 'list_size{list="feed"} 1' 'notice_lag_seconds_bucket{le="+Inf"}' 'notice_lag_seconds_count' \
	spool_events spool_lost_total 'ring_size_bytes'; do
	grep -qF "sekimori_$series" "$WORLD/metrics" || missing="$missing $series"
done
[ -z "$missing" ]
result $? "every series that must be there${missing:+; missing:$missing}"
if [ -x /usr/bin/promtool ]; then
	promtool check metrics <"$WORLD/metrics" >"$WORLD/promtool" 2>&1
	result $? "promtool agrees"
	note <"$WORLD/promtool"
else
	ktap_number=$((ktap_number + 1))
	echo "ok $ktap_number promtool agrees # SKIP promtool is not installed"
fi
# shellcheck disable=SC2016 # for the inner shell
machine_background server "$WORLD/listen.out" sh -c 'echo $$ >"$1"; shift; exec "$@"' - "$WORLD/listen.pid" \
	"$BIN/sekimori" metrics --listen 127.0.0.1:9464 --state "$WORLD/state" --run "$WORLD/run"
scraped() { server curl -s --max-time 3 -D "$WORLD/head" -o "$WORLD/scrape" http://127.0.0.1:9464/metrics && $check "$WORLD/scrape" >/dev/null; }
wait_for 10 scraped && grep -qi '^content-type: application/openmetrics-text; version=1.0.0' "$WORLD/head"
result $? "an address to scrape, with the format's type"
code() { server curl -s -o /dev/null --max-time 5 -w '%{http_code}' "$@"; }
[ "$(code http://127.0.0.1:9464/)" = 404 ] && [ "$(code -X POST http://127.0.0.1:9464/metrics)" = 405 ] &&
	[ "$(code -H "X: $(head -c 5000 /dev/zero | tr '\0' x)" http://127.0.0.1:9464/metrics)" = 000 ] && scraped
result $? "other requests are refused, and it goes on"
sekimori alerts -n 1 --format cef | grep -q '^CEF:0|Sekimori|sekimori|1|1:9001001|.*|10|rt=.* src=198.51.100.2 dst=198.51.100.1 .*act=would_block' &&
	kept() { sekimori alerts --severity critical --period 1h --format leef | grep -q '^LEEF:2.0|Sekimori|sekimori|1|1:9001001|x09|devTime='; } && wait_for 5 kept
result $? "alerts as CEF, and as LEEF from the store"
! sekimori status | grep -q 'MADE UP'
result $? "status says nothing of a clock that is real"
kill=$(cat "$WORLD/listen.pid")
sekimori down >/dev/null
[ "$(code http://127.0.0.1:9464/metrics)" = 503 ]
result $? "without the daemon it says so"
server kill "$kill"
SEKIMORI_LAB_CLOCK="1409497200 1" world_up </dev/null && sekimori status | grep -q 'MADE UP: SEKIMORI_LAB_CLOCK' &&
	[ "$(status_of .lab_clock)" = true ]
result $? "and tells one that is made up"
exit $ktap_failed
