#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T3: the allowlist in the gateway shape where the gateway translates addresses, and where packets go out by one wire and come back by
# another. What hosts may works from end to end, what they may not leaves no packet, and findings name the host, not the translation.
. "$(dirname "$0")/../lib/egress_world.sh"
egress_need
ROLES="proxy web"
egress_wire
egress_dmz
serve_internet
serve_web web
# A second wire: what is routed over it leaves there and is answered on the first.
machine_link internet wan2 server wan2
internet ip addr add 198.51.101.2/24 dev wan2
server ip addr add 198.51.101.1/24 dev wan2
address6_on internet wan2 2001:db8:2::2/64
address6_on server wan2 2001:db8:2::1/64
for side in internet server; do
	machine $side sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.wan.rp_filter=0 net.ipv4.conf.wan2.rp_filter=0
done
# Translation, out and in. A kernel without it has nothing to show here.
server nft -f - <<-NFT 2>"$WORLD/nft.out" || skip_all "this kernel translates no addresses: $(head -1 "$WORLD/nft.out")"
	table inet nat {
		chain in { type nat hook prerouting priority dstnat; iifname wan tcp dport 80 dnat ip to 10.9.2.2; }
		chain in6 { type nat hook prerouting priority dstnat; iifname wan tcp dport 80 dnat ip6 to 2001:db8:9:2::2; }
		chain out { type nat hook postrouting priority srcnat; oifname wan masquerade; }
	}
NFT
plan 14

cat >"$WORLD/sekimori.conf" <<-CONF
	protect 10.9.0.0/16 2001:db8:9::/48;
	interface wan { role wan; mode enforce; }
	interface wan2 { role wan; mode enforce; }
	interface dm1 { role dmz; mode enforce; }
	interface dm2 { role dmz; mode enforce; }
	egress { canary 2s; $(for role in $ROLES; do echo "host ${HOST4[$role]} ${HOST6[$role]} $role;"; done) }
	inspect { new-flows-per-second 100000; burst 100000; quota 100000; decisions-per-second 1000; }
	eve "$EVE"; rules "$here/rules/*.rules";
CONF
sekimori up --iface wan:wan --iface wan2:wan --iface dm1:dmz --iface dm2:dmz --config "$WORLD/sekimori.conf" --enforce --confirm-within 900 \
	>"$WORLD/up.out" 2>&1 && sekimori confirm >/dev/null
up=$?
result $up "up and enforcing"
[ $up = 0 ] || { note <"$WORLD/up.out"; exit 1; }

host_of() { case $2 in *:*) echo "${HOST6[$1]}" ;; *) echo "${HOST4[$1]}" ;; esac; }
# Behind the translation all have the gateway's address: each role has the wire for itself.
wire_of() { echo inbound or not inbound; }
WIRE_IN=any
matrix() { # NAME
	local role
	for role in $ROLES; do
		capture_begin "$1-$role"
		try_all $role $role 198.51.100.2 "$SERVICES4" standard
		try_all $role $role 2001:db8:1::2 "$SERVICES6" standard
		capture_end
		judge "$1, $role"
	done
}
# An announced address that nobody translates is the server's reason to refuse: active FTP is for the asymmetric rounds.
active4=$SERVICES4 active6=$SERVICES6
SERVICES4=${SERVICES4/ port eprt/} SERVICES6=${SERVICES6/ eprt/}
matrix masquerade
[ "$(capture_count "src net 10.9.0.0/16 or src net 2001:db8:9::/48")" = 0 ]
result $? "the wire had translated addresses only"

# --- translated on the way in
before=$(wc -l <"$EVE")
client_http internet 198.51.100.1 && client_http internet 2001:db8:1::1
result $? "a public service behind a translated address, over both"
for _ in $(seq 20); do client_http internet 198.51.100.1 || break; done
result $? "again and again"
sleep 3
! tail -n +$((before + 1)) "$EVE" | grep '"kind":"finding"' | grep -qv first-seen
result $? "which is no finding"

# --- out by one wire, back by the other; findings are told once an hour, so the hosts have not been heard of
server nft delete table inet nat
sekimori down >/dev/null && rm -f "$EVE"
server ip route replace 198.51.100.2/32 via 198.51.101.2 dev wan2
server ip -6 route replace 2001:db8:1::2/128 via 2001:db8:2::2 dev wan2
sekimori up --iface wan:wan --iface wan2:wan --iface dm1:dmz --iface dm2:dmz --config "$WORLD/sekimori.conf" --enforce --confirm-within 900 \
	>"$WORLD/up.out" 2>&1 && sekimori confirm >/dev/null || note <"$WORLD/up.out"
SERVICES4=$active4 SERVICES6=$active6 ROLES=proxy
matrix asymmetric
exit $ktap_failed
