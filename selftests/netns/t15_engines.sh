#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T15: one engine and four give the same alerts for the same traffic: limits by source, by target and by rule, a rate, marks on
# addresses, what rules add to a data set; for whole packets and for fragments; before and after a reload.
. "$(dirname "$0")/../lib/world.sh"
world_new
plan 10
OWN="198.51.100.1 198.51.100.11 198.51.100.12 198.51.100.13"
for address in $OWN; do server ip addr add "$address/24" dev wan 2>/dev/null; done
mkdir "$WORLD/r"
cat >"$WORLD/r/own.rules" <<'END'
alert udp any any -> any 7 (msg:"each"; content:"probe"; sid:9100001;)
alert udp any any -> any 7 (msg:"twice a source"; content:"probe"; threshold:type limit,track by_src,count 2,seconds 600; sid:9100002;)
alert udp any any -> any 7 (msg:"thrice a target"; content:"probe"; threshold:type limit,track by_dst,count 3,seconds 600; sid:9100003;)
alert udp any any -> any 7 (msg:"every fifth"; content:"probe"; threshold:type threshold,track by_rule,count 5,seconds 600; sid:9100004;)
alert udp any any -> any 7 (msg:"after six of a source"; content:"probe"; detection_filter:track by_src,count 6,seconds 600; sid:9100005;)
alert udp any any -> any 7 (msg:"marks"; content:"first"; xbits:set,known,track ip_src,expire 600; sid:9100006;)
alert udp any any -> any 7 (msg:"marked"; content:"second"; xbits:isset,known,track ip_src; sid:9100007;)
alert dns any any -> any any (msg:"new word"; dns.query; content:"word-"; dataset:set,words,type string; sid:9100008;)
alert udp any any -> any 7 (msg:"rate"; content:"probe"; sid:9100009;)
alert udp any any -> any 7 (msg:"end of a long one"; content:"tail-of-the-fragments"; sid:9100010;)
END
echo 'rate_filter gen_id 1, sig_id 9100009, track by_src, count 4, seconds 600, new_action drop, timeout 600' >"$WORLD/threshold.config"

# The same datagrams in the same order whoever looks; each source asks each of our addresses.
cat >"$WORLD/send.py" <<'END'
import socket, sys
sources, targets = ["198.18.%d.%d" % (n, n + 1) for n in range(1, 9)], sys.argv[2:]
def ask(source, target, name):
    send(source, target, bytes.fromhex("000101000001000000000000") + bytes([len(name)]) + name + b"\0\0\1\0\1", 53)
def send(source, target, text, port=7):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_IP, 10, 0)  # IP_MTU_DISCOVER: may be fragmented
    s.bind((source, 0))
    s.sendto(text, (target, port))
    s.close()
if sys.argv[1] == "before":
    for round in range(3):
        for source in sources:
            for target in targets:
                send(source, target, b"probe")
    for source in sources[:4]:
        send(source, targets[0], b"first")
    for n in range(6):
        for target in targets:
            ask(sources[n], target, b"word-%d" % (n % 3))
    for source in sources:
        for target in targets:
            send(source, target, b"x" * 4000 + b"tail-of-the-fragments")
else:
    for source in sources:
        send(source, targets[-1], b"second")
    for source in sources:
        for target in targets:
            ask(source, target, b"word-0")
            send(source, target, b"probe")
END
alerts() { eve_select 'e["event_type"] == "alert"'; }
count_of() { alerts | grep -c "\"signature_id\": *$1\b"; }
reached() { [ "$(count_of "$1")" -ge "$2" ]; }
# Alerts by signature and, where the limit is one of a source or a target, by that.
table() {
	alerts | python3 -c '
import collections, json, sys
count = collections.Counter()
for line in sys.stdin:
    e = json.loads(line)
    sid = e["alert"]["signature_id"]
    by = {9100003: e["dest_ip"], 9100004: "", 9100008: ""}.get(sid, e["src_ip"])
    count[sid, by, e["sekimori"]["verdict"]] += 1
for row, n in sorted(count.items()):
    print(*row, n)'
}
# world_run ENGINES: everything, into $WORLD/table.ENGINES
world_run() {
	EVE=$WORLD/eve.$1.json
	{
		echo "eve \"$EVE\"; rules \"$WORLD/r/*.rules\"; rule-data threshold \"$WORLD/threshold.config\";"
		echo "inspect { engines $1; }"
	} >"$WORLD/sekimori.conf"
	sekimori up --iface wan:host --config "$WORLD/sekimori.conf" >"$WORLD/up.out" 2>&1 || note <"$WORLD/up.out"
	ready() { [ "$(status_of .engine.rules_loaded)" = 10 ] && [ -n "$(process_of "engine $(($1 - 1))")" ]; }
	wait_for 20 ready "$1"
	result $? "$1 engines have the rules"
	internet python3 "$WORLD/send.py" before $OWN
	wait_for 20 reached 9100001 96 && wait_for 20 reached 9100010 32
	result $? "$1 engines: every datagram was looked at, fragments too"
	sekimori rules reload >"$WORLD/reload.out" 2>&1 || note <"$WORLD/reload.out"
	internet python3 "$WORLD/send.py" after $OWN
	wait_for 20 reached 9100001 128
	result $? "$1 engines: and after the reload"
	wait_for 5 reached 9100007 4
	sekimori down >"$WORLD/down.out" 2>&1 || note <"$WORLD/down.out"
	table >"$WORLD/table.$1"
}
world_run 1
world_run 4
diff "$WORLD/table.1" "$WORLD/table.4" | note
cmp -s "$WORLD/table.1" "$WORLD/table.4"
result $? "the same alerts, by rule, source and target"
[ "$(count_of 9100002)" = 16 ] && [ "$(count_of 9100003)" = 12 ] && [ "$(count_of 9100005)" = 80 ]
result $? "limits are those of one owner: 2 of 8 sources, 3 of 4 targets, all but 6 of 16 of 8 sources"
[ "$(count_of 9100006)" = 4 ] && [ "$(count_of 9100007)" = 4 ]
result $? "a mark that one engine set is seen by the others"
[ "$(count_of 9100008)" = 3 ]
result $? "a word is new once, whoever sees it, also after the reload"
exit $ktap_failed
