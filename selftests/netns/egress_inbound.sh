#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Only what our side begins counts: clients from outside use every public service, TCP and UDP, FTP in both modes, IPv4 and IPv6, many at
# a time. Nothing of the answers is a finding, nothing is dropped, no byte is lost. COUNT=100000 (make egress-inbound) is the whole of it.
. "$(dirname "$0")/../lib/egress_world.sh"
COUNT=${COUNT:-3000}
egress_need
egress_wire
egress_dmz
internet ip route add local 198.18.0.0/15 dev lo
internet ip -6 route add local 2001:db8:198::/64 dev lo
server ip route add 198.18.0.0/15 via 198.51.100.2
server ip -6 route add 2001:db8:198::/64 via 2001:db8:1::2
mkdir -p "$WORLD/www"
plan 8

public_services() { # MACHINE
	serve_web "$1" && serve_ftp "$1" && serve_dns "$1" && machine_background "$1" "$WORLD/$1.echo" $SEND echo 7 && wait_for 10 listening_on "$1" u 7
}
run() { # SHAPE ADDRESS4 ADDRESS6
	local before
	before=$(wc -l <"$EVE" 2>/dev/null || echo 0)
	internet python3 "$here/selftests/lib/inbound.py" "$COUNT" "$WORLD/www/file" http=$2 http=$3 echo=$2 echo=$3 dns=$2 dns=$3 ftp=$2 ftp=$3 >"$WORLD/inbound"
	local rc=$?
	note <"$WORLD/inbound"
	result $rc "$1: $COUNT clients, every byte of every answer"
	eve_select "e['event_type'] == 'egress' and e['egress']['kind'] == 'finding'" >"$WORLD/findings"
	note <"$WORLD/findings"
	[ ! -s "$WORLD/findings" ]
	result $? "$1: no finding"
	for reason in egress-denied egress-midstream flow-table-full flow-quota; do echo "$reason $(metric_of $reason)"; done >"$WORLD/reasons"
	note <"$WORLD/reasons"
	[ "$(awk '{ n += $2 } END { print n }' "$WORLD/reasons")" = 0 ]
	result $? "$1: no answer was dropped, none was judged as something that began here"
}

public_services web
cat >"$WORLD/sekimori.conf" <<CONF
protect 10.9.0.0/16 2001:db8:9::/48;
interface wan { role wan; mode enforce; }
$(for n in 1 2 3 4; do echo "interface dm$n { role dmz; mode enforce; }"; done)
egress { host ${HOST4[web]} ${HOST6[web]} web; canary 0; }
eve "$EVE"; rules "$here/rules/*.rules";
CONF
sekimori up --iface wan:wan --iface dm1:dmz --iface dm2:dmz --iface dm3:dmz --iface dm4:dmz --config "$WORLD/sekimori.conf" --enforce --confirm-within 900 \
	>"$WORLD/up.out" 2>&1 && sekimori confirm >/dev/null
up=$?
result $up "gateway: up and enforcing"
[ $up = 0 ] || { note <"$WORLD/up.out"; exit 1; }
run gateway "${HOST4[web]}" "${HOST6[web]}"
sekimori down >/dev/null

EVE=$WORLD/eve.host.json
public_services server
cat >"$WORLD/sekimori.conf" <<CONF
interface wan { role host; mode enforce; }
egress { self web; canary 0; }
eve "$EVE"; rules "$here/rules/*.rules";
CONF
sekimori up --iface wan:host --config "$WORLD/sekimori.conf" --enforce --confirm-within 900 >"$WORLD/up.out" 2>&1 && sekimori confirm >/dev/null
up=$?
result $up "host: up and enforcing"
[ $up = 0 ] || { note <"$WORLD/up.out"; exit 1; }
run host 198.51.100.1 2001:db8:1::1
exit $ktap_failed
