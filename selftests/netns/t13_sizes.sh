#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T13: packets of any size are read to their end. MTU 1500 with the plain program; MTU 9000 with the one for frames of several
# buffers, which says so; an attack behind the first page of a jumbo segment; a mark late in an answer that leaves in GSO packets.
. "$(dirname "$0")/../lib/world.sh"
RULES="rules \"$WORLD/mark.rules\"; inspect { depth-to-client 8m; }"
world_new
plan 18
cat >"$WORLD/mark.rules" <<'END'
alert http any any -> any any (msg:"LOCAL mark in a page"; flow:established,to_client; file.data; content:"EVIL-PAGE-MARK"; classtype:trojan-activity; sid:9900001; rev:1;)
alert tcp any any -> any any (msg:"LOCAL mark in a stream"; flow:established,to_client; content:"EVIL-STREAM-MARK"; classtype:trojan-activity; sid:9900002; rev:1;)
END
noise() { head -c "$1" /dev/urandom | base64 -w 0; }
# 3 MB each. file.data holds 1 MiB of a body, whatever depth-to-client says; the stream is read to the end.
{ noise 750000; echo " EVIL-PAGE-MARK "; noise 1500000; } >"$WORLD/www/page.html"
{ noise 2250000; echo " EVIL-PAGE-MARK end"; } >"$WORLD/www/late.html"
{ noise 2250000; echo " EVIL-STREAM-MARK end"; } >"$WORLD/www/stream.html"
told() { [ -n "$(eve_select 'e["event_type"] == "alert" and '"$1")" ]; }
marked() { told 'e["alert"]["signature_id"] == '"$1"' and "'"$2"'" in (e["src_ip"], e["dest_ip"])'; }
serves() { internet curl -s -o /dev/null --max-time 2 --interface "$1" http://198.51.100.1/; }
said() { grep -q "$2" "$WORLD/$1"; }
hook() { server ip -d link show wan | grep -q "name $1 "; }
attack() {
	internet curl -s -o /dev/null --max-time 2 --interface "$1" -H "X-Padding: $(printf '%*s' "$2" '' | tr ' ' p)" \
		-H 'X-Late: () { :; }; /bin/sh -c id' http://198.51.100.1/cgi-bin/status
}
fetch() {
	internet curl -s -o /dev/null --max-time 3 --interface "$1" -w "$2 %{http_code} %{size_download}\n" \
		"http://198.51.100.1/$2" | note
}
inspected() { [ "$(status_of .engine.inspected_bytes)" -ge "$1" ]; }
lossless() { # bytes that must have been inspected: the engine tells its numbers from time to time
	wait_for 5 inspected "$1" || return 1
	sekimori status --json | jq -c '{losses, engine: .engine |
		{chunks_lost, bad_records, undecoded, reassembly_gaps, flows_given_up, inspected_bytes}}' >"$WORLD/losses"
	note <"$WORLD/losses"
	# Decision records are held back by their own rate per source: no loss of what is inspected.
	jq -e '[.losses | del(.["held-back"])[]] + [.engine | del(.inspected_bytes)[]] | length > 5 and add == 0' "$WORLD/losses" >/dev/null
}

# --- MTU 1500
world_enforce <<<"$RULES"
result $? "MTU 1500: up and enforcing"
[ "$(status_of '.ifaces[0] | "\(.attached) \(.xdp) \(.frags)"')" = "true native false" ] && ! hook seki_xdp_frags
result $? "the plain program is on the hook"
attack 198.18.50.1 6000
unserved() { ! serves "$1"; }
wait_for 10 told 'e["src_ip"] == "198.18.50.1"' && wait_for 5 unserved 198.18.50.1
result $? "an attack behind 6000 bytes is found in a late segment, its source blocked"
fetch 198.18.50.2 page.html
wait_for 10 marked 9900001 198.18.50.2
result $? "file.data: the mark behind 1 000 000 bytes of an answer is found"
fetch 198.18.50.3 stream.html
wait_for 10 marked 9900002 198.18.50.3
result $? "stream: the mark behind 3 000 000 bytes of an answer is found"
lossless 4000000
result $? "nothing was lost"
sekimori down >"$WORLD/down.out" 2>&1
result $? "down"
note <"$WORLD/down.out"

# --- MTU 9000
internet ip link set wan mtu 9000 && server ip link set wan mtu 9000
world_enforce <<<"$RULES"
result $? "MTU 9000: up and enforcing"
[ "$(status_of '.ifaces[0] | "\(.attached) \(.xdp) \(.frags)"')" = "true native true" ]
result $? "status: the program for frames of several buffers is on the hook"
server ip -d link show wan | grep -o 'prog/xdp.*' | note
hook seki_xdp_frags
result $? "and the kernel says the same"

hear jumbo "src host 198.18.51.1 and greater 6000"
machine_background internet "$WORLD/held" $TRAFFIC hold --target 198.51.100.1 --source 198.18.51.1 --go "$WORLD/go" --attack --pad 6000
wait_for 10 said held open
touch "$WORLD/go"
wait_for 10 said held cut && told 'e["src_ip"] == "198.18.51.1" and e["sekimori"]["verdict"] in ("blocked", "cut")'
result $? "an attack behind byte 6000 of one segment is found and cut"
heard_is jumbo -ge 1
result $? "it did arrive in one frame"

server ethtool -k wan | grep -q '^tcp-segmentation-offload: on'
result $? "the server's link takes GSO packets"
machine_background server "$WORLD/gso.said" sh -c 'echo $$ >"$1"; exec tcpdump -i wan -Q out -n -p --immediate-mode -s 64 -B 65536 -w /dev/null \
	"dst net 198.18.51.0/24 and greater 20000"' - "$WORLD/gso.pid"
wait_for 5 said gso.said 'listening on'
fetch 198.18.51.4 late.html
fetch 198.18.51.2 page.html
wait_for 10 marked 9900001 198.18.51.2
result $? "file.data: the mark behind 1 000 000 bytes of an answer is found"
fetch 198.18.51.3 stream.html
wait_for 10 marked 9900002 198.18.51.3
result $? "stream: the mark behind 3 000 000 bytes of an answer is found"
eve_select 'e["event_type"] == "alert" and e["alert"]["signature_id"] in (9900001, 9900002)' | jq -c '{src_ip, dest_ip, sekimori}' | note
wait_for 10 marked 9900001 198.18.51.4
result $? "file.data: the mark behind 3 000 000 bytes of an answer is found"
server kill -INT "$(cat "$WORLD/gso.pid")"
wait_for 5 said gso.said 'captured'
super=$(sed -nE 's/^([0-9]+) packets? captured.*/\1/p' "$WORLD/gso.said")
echo "# packets above 20000 bytes in these answers: ${super:-0}"
grep "received by filter" "$WORLD/gso.said" | note
gso="they left in GSO packets"
[ "${super:-0}" -gt 0 ] || gso+=" # SKIP the link made no packet above 20000 bytes this time"
result 0 "$gso"
lossless 7000000
result $? "nothing was lost"
exit $ktap_failed
