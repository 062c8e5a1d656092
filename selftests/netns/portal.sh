#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The portal of a running daemon: its first administrator by a code, what its buttons do in the kernel and the audit log, and a list of
# attacks on it that must find nothing.
. "$(dirname "$0")/../lib/world.sh"
world_new
URL=http://127.0.0.1:7443
CLIENT="python3 $here/selftests/lib/portal_client.py"
cat >"$WORLD/evil.rules" <<'END'
alert http any any -> any any (msg:"<img src=x onerror=alert(1)> & \"quoted\""; flow:to_server; http.uri; content:"/evil"; sid:9900001; rev:1; classtype:web-application-attack; metadata:signature_severity Critical;)
END
echo "KTAP version 1"
echo "rules \"$WORLD/evil.rules\"; tenant C { network 198.18.0.120; }" | world_up
result $? "up in monitor mode"
code=$(sekimori portal code | sed -n 's/^ *\([a-z0-9-]*\)$/\1/p')
wrong=$(server $CLIENT setup $URL aaaaa-aaaaa-aaaaa-aaaaa root a-long-password)
[ "$wrong" = 403 ]
result $? "a wrong setup code is refused"
server $CLIENT setup $URL "$code" root a-long-password >/dev/null
result $? "the code of \`sekimori portal code\` makes the first administrator"
again=$(server $CLIENT setup $URL "$code" other a-long-password)
[ "$again" = 403 ]
result $? "and holds once"

internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.77 -A '() { :;}; /bin/true' http://198.51.100.1/cgi-bin/status
internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.78 -H 'Authorization: Basic hunter2' "http://198.51.100.1/evil?password=hunter2&x=<script>alert(1)</script>"
kept() { server sqlite3 -cmd '.timeout 5000' "$WORLD/state/default/store/events-$(date -u +%Y-%m).db" "$1"; }
two() { [ "$(kept 'SELECT count(*) FROM event WHERE kind = 0' 2>/dev/null)" -ge 2 ]; }
wait_for 15 two
result $? "two attacks are stored"
internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.120 "http://198.51.100.1/evil"
of_c() { [ "$(kept "SELECT count(*) FROM event WHERE tenant = 'C' AND sid = 9900001")" = 1 ]; }
wait_for 15 of_c && sekimori report top --period 24h --tenant C --format csv | grep -q '^"1",.*"unknown","1","100.0 % (1/1)"' && ! kept "SELECT DISTINCT tenant FROM event WHERE src != x'c6120078' AND kind = 0" | grep -q C
result $? "an event belongs to the tenant whose network it touches, and no other does"
# Two alerts of tenants, as a collector would bring them.
month=$(((($(date -u +%Y) * 12 + $(date -u +%-m) - 1)) << 40))
now=$(date +%s)
python3 - "$WORLD/state/default/store/events-$(date -u +%Y-%m).db" "$now" <<'END'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10)
t = int(sys.argv[2]) * 1000000
for n, (tenant, sid, label) in enumerate((("A", 9900002, "alert of tenant A"), ("B", 9900003, "secret of B"))):
    id = 500000000 + n
    src, dst = bytes([203, 0, 113, 200]), bytes([192, 0, 2, 1 + n])
    db.execute("INSERT INTO event(id, t, t_match, kind, severity, verdict, proto, target, src, dst, sport, dport, gid, sid, rev, tenant, label, list, iface) VALUES(?,?,?,0,3,4,6,0,?,?,1,80,1,?,1,?,'','','')", (id, t, t, src, dst, sid, tenant))
    db.execute("INSERT OR REPLACE INTO rule VALUES(1,?,1,?,'{}')", (sid, label))
    db.execute("INSERT INTO figure VALUES(?,0,1,?,3,4,?,'',1,?,?)", (t // 900000000, sid, tenant, t, t))
db.commit()
END
result $? "and one of each of two tenants"
id_of() { echo $((month | $(kept "SELECT max(id) FROM event WHERE sid = $1 AND tenant != 'C'"))); }
alert=$((month | $(kept "SELECT max(id) FROM event WHERE kind = 0 AND sid != 9900001 AND tenant = ''")))
cat >"$WORLD/state.json" <<END
{"admin": ["root", "a-long-password"], "alert": $alert, "evil": $(id_of 9900001), "tenant_a": $(id_of 9900002), "tenant_b": $(id_of 9900003)}
END
chmod 644 "$WORLD/state.json"
cat >"$WORLD/press.py" <<END
import sys, json
sys.path.insert(0, "$here/selftests/lib")
from portal_client import Browser
browser = Browser("$URL")
assert browser.login("root", "a-long-password")
path, fields = sys.argv[1], json.loads(sys.argv[2])
print(browser.post(path, fields).text)
END
press() { server python3 "$WORLD/press.py" "$@"; }

press "/alerts/$alert/block" '{"reason": "tried from the portal", "seconds": "3600"}' >"$WORLD/pressed"
sekimori why 198.18.0.77 | grep -q 'tried from the portal'
result $? "the button Block lists the source in the kernel"
logged() { sekimori audit show -n 50 | grep -q "$@"; }
wait_for 10 logged 'root .*block 198.18.0.77.*tried from the portal'
result $? "the audit log says who pressed it"
press "/alerts/$alert/unblock" '{}' >/dev/null
! sekimori why 198.18.0.77 | grep -q 'tried from the portal'
result $? "Unblock takes it off again"
press /blacklist/block '{"address": "203.0.0.0/16", "reason": "x", "seconds": "60"}' | grep -q 'look.*/24'
result $? "a network larger than /24 is refused, with the way out"
press "/alerts/$alert/allow" '{"reason": "x"}' | grep -q 'may not widen the allow set'
result $? "the allow set is root's unless the configuration says otherwise"
press "/alerts/$alert/evidence" '{}' | grep -q 'http.url'
result $? "evidence is shown"
wait_for 10 logged 'read .*root .*evidence of alert'
result $? "and the look is in the audit log"
evil=$(id_of 9900001)
press "/alerts/$evil/evidence" '{}' >"$WORLD/evidence.html"
grep -q 'IPv4: 198.18.0.78 &gt; 198.51.100.1' "$WORLD/evidence.html" && grep -q 'TCP: .* &gt; 80, PSH ACK' "$WORLD/evidence.html" && grep -q 'action="/alerts/[0-9]*/packet"' "$WORLD/evidence.html"
result $? "the packet is shown decoded"
cat >"$WORLD/take.py" <<END
import sys
sys.path.insert(0, "$here/selftests/lib")
from portal_client import Browser
browser = Browser("$URL")
assert browser.login("root", "a-long-password")
open(sys.argv[2], "wb").write(browser.post(sys.argv[1], {}).body)
END
server python3 "$WORLD/take.py" "/alerts/$evil/packet" "$WORLD/taken.pcap"
tcpdump -n -A -r "$WORLD/taken.pcap" >"$WORLD/taken" 2>/dev/null
grep -q 'IP 198.18.0.78' "$WORLD/taken" && grep -q '/evil?password=\*\*\*\*\*\*\*' "$WORLD/taken" && ! grep -aq hunter2 "$WORLD/taken.pcap" && wait_for 10 logged 'read .*root .*packet of alert .* taken as pcap'
result $? "and goes as a capture file without its credentials, with a line in the audit log"
sekimori alerts show "$evil" >"$WORLD/shown" && grep -q 'TCP: .* > 80, PSH ACK' "$WORLD/shown" && ! grep -q hunter2 "$WORLD/shown" &&
	sekimori alerts show "$evil" --format pcap -o "$WORLD/own.pcap" --unmasked && grep -aq hunter2 "$WORLD/own.pcap" && [ "$(stat -c %a "$WORLD/own.pcap")" = 600 ] &&
	wait_for 10 logged "evidence of alert $evil as pcap, unmasked"
result $? "by command, too; unmasked only when that is said, and written down"
! grep -q '"packet"' "$(sekimori status --json | jq -r .events.file)" && ! press "/alerts/$(id_of 9900002)/packet" '{}' | grep -q Ethernet
result $? "the event file has no packets"
sekimori audit verify >/dev/null
result $? "whose chain holds"
masked() { sekimori alerts "$@" --json | grep '"signature_id":9900001' >"$WORLD/masked" && grep -q 'password=\*\*\*\*\*\*\*&x=' "$WORLD/masked" && ! grep -q hunter2 "$WORLD/masked"; }
masked && masked --sid 9900001
result $? "credentials are masked in what the command line exports, from the event file and the store"
# What the server says of itself is in the inventory without anybody's doing, and proves nothing about what it does not say.
observed() { sekimori assets list | grep -q '^198.51.100.1 *80  nginx .* observed'; }
internet curl -s -o /dev/null --max-time 3 http://198.51.100.1/
wait_for 15 observed && sekimori assets list --json | jq -e '.[] | select(.port == 80) | .cpe | startswith("cpe:2.3:a:f5:nginx:")' >/dev/null
result $? "the product that answers is observed, with version and CPE"
server python3 "$WORLD/press.py" "/alerts/$alert/ack" '{}' | grep -q 'Unknown: the inventory does not say'
result $? "and leaves open whether an attack on what may run behind it concerns it"
printf 'address,port,product,complete\n198.51.100.1,0,Bash,\n' >"$WORLD/assets.csv"
sekimori assets import "$WORLD/assets.csv" | grep -q '1 assets taken' && printf 'address,port\n1.2.3.4,99999\n' >"$WORLD/bad.csv" && ! sekimori assets import "$WORLD/bad.csv" 2>/dev/null
result $? "assets come by command, whole or not at all"
server python3 "$WORLD/press.py" "/alerts/$alert/ack" '{}' | grep -q 'Applicable: what is attacked runs there'
result $? "and the alert says that it concerns what runs there"
press "/alerts/$alert/suppress" '{"reason": "a scanner of our own"}' | grep -q 'is silent about 198.18.0.77'
result $? "a rule is silenced for the source"
quiet() { [ "$(sekimori audit show -n 20 | grep -c 'engine 0 has')" -ge 2 ]; }
wait_for 20 quiet
before=$(kept 'SELECT count(*) FROM event WHERE kind = 0')
internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.77 -A '() { :;}; /bin/true' http://198.51.100.1/cgi-bin/status
internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.79 -A '() { :;}; /bin/true' http://198.51.100.1/cgi-bin/status
one_more() { [ "$(kept 'SELECT count(*) FROM event WHERE kind = 0')" -ge $((before + 1)) ]; }
wait_for 15 one_more
[ "$(kept "SELECT count(*) FROM event WHERE kind = 0 AND src = x'c612004d'")" = 1 ] && [ "$(kept "SELECT count(*) FROM event WHERE kind = 0 AND src = x'c612004f'")" = 1 ]
result $? "it tells about others, and of that one no more"
cat >"$WORLD/look.py" <<END
import sys
sys.path.insert(0, "$here/selftests/lib")
from portal_client import Browser
browser = Browser("$URL")
assert browser.login("root", "a-long-password")
print(browser.ask("GET", sys.argv[1]).text)
END
look() { server python3 "$WORLD/look.py" "$@"; }
look '/reports/assess?lang=en' >"$WORLD/assess.html"
grep -q 'Attacks are dropped, not only counted' "$WORLD/assess.html" && grep -q 'sekimori up --iface wan:host --enforce' "$WORLD/assess.html" &&
	look '/reports/assess?lang=ja&format=csv' | grep -q 'sekimori up --iface wan:host --enforce' && wait_for 10 logged 'report assess taken as csv'
result $? "the assessment names the drift and what mends it, here and to take along"
sekimori suppress list | grep -q "^1:[0-9]* *198.18.0.77 *a scanner of our own"
result $? "what is silent is listed with its reason"
rule=$(sekimori suppress list | awk '{ print $1 }')
press "/alerts/$alert/tell-again" '{}' | grep -q 'tells about 198.18.0.77 again' && [ -z "$(sekimori suppress list)" ] && wait_for 10 logged "tell again by rule $rule for 198.18.0.77"
result $? "the silence is taken back, with a line in the audit log"
press "/alerts/$alert/tell-again" '{}' | grep -q 'it is not silenced'
result $? "and not twice"
loud() {
	internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.77 -A '() { :;}; /bin/true' http://198.51.100.1/cgi-bin/status
	[ "$(kept "SELECT count(*) FROM event WHERE kind = 0 AND src = x'c612004d'")" -gt 1 ]
}
wait_for 20 loud
result $? "the rule tells about that source again"
# (One change at a time: while the engines still learn of the last one, the next is asked to come again.)
said() { local want=$1; shift; sekimori suppress "$@" 2>&1 | grep -q "$want"; }
wait_for 10 said 'is silent about' add "$rule" 198.18.0.77 --reason "by hand" && wait_for 10 said 'tells about' remove "$rule" 198.18.0.77 &&
	wait_for 10 said 'it is not silenced' remove "$rule" 198.18.0.77 && said 'a rule is SID or GID:SID' add x 198.18.0.77 --reason r
result $? "by command, too"
# The daemon says which of its processes may do what: the portal has no capability, no new privileges, seccomp.
pid=$(process_of portal)
server grep -q 'CapEff:.*0000000000000000' "/proc/$pid/status" && server grep -q 'Seccomp:.*2' "/proc/$pid/status" && server grep -q 'NoNewPrivs:.*1' "/proc/$pid/status"
result $? "the process has no capability and a filter of system calls"
[ "$(server ls "/proc/$pid/task" | wc -l)" = 2 ]
result $? "reports, which were shown above, have a thread of their own"

server $CLIENT attack $URL "$WORLD/state.json" >"$WORLD/attacks"
while read -r line; do
	case $line in
	ok*) result 0 "attack: ${line#ok * }" ;;
	"not ok"*) result 1 "attack: ${line#not ok * }" ;;
	*) echo "$line" ;;
	esac
done <"$WORLD/attacks"
alive=$(process_of portal)
[ "$alive" = "$pid" ]
result $? "and the process is the one that began"
echo "1..$ktap_number"
exit $ktap_failed
