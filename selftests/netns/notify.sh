#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A critical attack that was not blocked reaches a real mail server, a webhook that checks the signature, syslog and a program, in Japanese and
# within seconds; a channel that is down loses nothing; the events carry the times of both; what nobody acknowledges escalates.
. "$(dirname "$0")/../lib/world.sh"
world_new
plan 21
echo "a-secret-of-the-webhook" >"$WORLD/secret"
receivers() {
	machine_background internet "$WORLD/receivers.out" sh -c 'echo $$ >"$1"; shift; exec "$@"' - "$WORLD/receivers.pid" \
		/usr/bin/python3 "$here/selftests/lib/receivers.py" 198.51.100.2 a-secret-of-the-webhook "$WORLD/got" "$@"
	wait_for 10 grep -q ready "$WORLD/receivers.out"
}
got() { # kind, python expression over row
	python3 -c 'import json, sys
try: rows = [json.loads(line) for line in open(sys.argv[3])]
except FileNotFoundError: rows = []
for row in rows:
    if row["kind"] == sys.argv[1] and eval(sys.argv[2]): print(json.dumps(row, ensure_ascii=False))' "$1" "$2" "$WORLD/got"
}
some() { [ -n "$(got "$@")" ]; }
touch "$WORLD/got"
receivers
# a program of this machine, run as nobody: escalation goes there
chmod 755 "$WORLD"
touch "$WORLD/paged"
chown nobody "$WORLD/paged"
cat >"$WORLD/pager" <<END
#!/bin/sh
{ id -un; cat; echo; } >>"$WORLD/paged"
END
chmod 755 "$WORLD/pager"
world_up <<END
notify mail { kind smtp; url smtp://198.51.100.2:2525; from edge@example.com; to soc@example.com; language ja; }
notify hook { kind webhook; url http://198.51.100.2:8080/notice; secret-file $WORLD/secret; }
notify log { kind syslog; url syslog://198.51.100.2:5140; }
notify pager { kind command; url exec://$WORLD/pager; user nobody; escalate-after 8s; }
END
result $? "up with four channels"

sekimori notify test >"$WORLD/test" 2>&1
result $? "notify test reaches all of them"
note <"$WORLD/test"
[ "$(got mail True | wc -l)" = 1 ] && [ "$(got webhook 'row["good"]' | wc -l)" = 1 ] && [ "$(got syslog True | wc -l)" = 1 ] &&
	[ "$(grep -c '"id":' "$WORLD/paged")" = 1 ] && grep -qx nobody "$WORLD/paged"
result $? "each got the test once"

sent=$(date +%s.%N)
internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.77 -A '() { :;}; /bin/true' http://198.51.100.1/cgi-bin/status
wait_for 10 some mail '"重大" in row["subject"] and "198.51.100.1" in row["subject"]'
result $? "a Shellshock request arrives as mail with a Japanese subject"
got mail '"重大" in row["subject"]' | head -1 | note
some mail 'row["ascii"] and not row["defects"] and row["longest"] <= 78 and row["charset"] == "utf-8" and "198.18.0.77" in row["body"] and "監視モード" in row["body"]'
result $? "the mail is sound: MIME, line length, source and verdict in the body"
wait_for 5 some webhook 'row["good"] and any(r["source"] == "198.18.0.77" and r["verdict"] == "would_block" for r in row["body"]["rows"])'
result $? "the webhook gets it signed"
wait_for 5 some syslog 'row["line"].startswith("<34>1 ") and "sid=" in row["line"]'
result $? "and syslog as RFC 5424"
python3 - "$WORLD/got" "$sent" <<'END'
import json, sys
times = {row["kind"]: row["time"] - float(sys.argv[2]) for row in map(json.loads, open(sys.argv[1])) if row["time"] > float(sys.argv[2])}
print("# from the request to the receiver: " + ", ".join("%s %.2f s" % item for item in sorted(times.items())))
sys.exit(max(times.values()) > 5)
END
result $? "all of them within five seconds"

open_id() { sekimori notify list --json | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["id"])'; }
id=$(open_id)
some mail "\"sekimori ack $id\" in row[\"body\"]"
result $? "the mail says how to acknowledge it: $id"
paged() { grep '"escalation":true' "$WORLD/paged" | grep -q "\"id\":\"$id\""; }
wait_for 15 paged
result $? "nobody acknowledges: it escalates to the program, which runs as nobody and reads the JSON"
sekimori ack "$id" --comment "looked after" | note
sekimori notify list --all | grep "$id" | tee "$WORLD/listed" | grep -q "acknowledged.*looked after"
result $? "ack: the notice says who, and what"
note <"$WORLD/listed"
! sekimori ack "$id" >"$WORLD/again" 2>&1 && grep -q "acknowledged it already" "$WORLD/again" && ! sekimori ack 1-1 >/dev/null 2>&1
result $? "a second ack, and one of no notice, is refused with the reason"
audited() { sekimori audit show | grep -q "$id acknowledged by"; }
wait_for 5 audited
result $? "the audit log has it"

kept() { server sqlite3 "$WORLD/state/default/store/events-$(date -u +%Y-%m).db" "$1"; }
acked() { [ "$(kept 'SELECT count(*) FROM event WHERE t_acked >= t_delivered AND notice > 0')" -ge 1 ]; }
wait_for 10 acked
result $? "the event knows its notice and when it was acknowledged"
marked() { [ "$(kept 'SELECT count(*) FROM event WHERE kind = 0 AND t_match >= t AND t_sent >= t_match AND t_delivered >= t_sent')" -ge 1 ]; }
wait_for 10 marked
result $? "the event has its times: packet, match, sent, delivered"

sekimori alerts --host 198.18.0.77 --severity critical | grep -q 'delivered +'
result $? "alerts shows them from the store"

# mail is down: the others go on, status says so, and the mail comes when the server is back
internet kill "$(cat "$WORLD/receivers.pid")"
wait_for 5 sh -c "! kill -0 $(cat "$WORLD/receivers.pid") 2>/dev/null" || true
receivers --no-mail
before=$(got webhook True | wc -l)
internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.78 'http://198.51.100.1/scripts/root.exe?/c+dir'
more() { [ "$(got webhook True | wc -l)" -gt "$before" ]; }
wait_for 10 more
result $? "with mail down the webhook still tells"
failing() { status_of '.events.notices.failure // empty' | grep -q mail; }
wait_for 10 failing
result $? "status names the channel that fails, and why"
status_of .events.notices | note
internet kill "$(cat "$WORLD/receivers.pid")"
receivers
wait_for 60 some mail '"198.18.0.78" in row["body"]'
result $? "the mail arrives when the server is back"
[ "$(status_of '.events.notices | .told == .events and .breaches == 0')" = true ]
result $? "every event was told, none late"
sekimori report notices --period 1h --lang ja >"$WORLD/report"
grep -q "2 時間以内に通知しました" "$WORLD/report" && grep -q "確認済み 1 件、エスカレーション" "$WORLD/report"
result $? "report notices: all within two hours, one acknowledged"
sed -n 1,40p "$WORLD/report" | note
exit $ktap_failed
