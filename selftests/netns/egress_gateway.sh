#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The allowlist in the gateway shape: four hosts of a DMZ, each with its role, real clients and servers. What a role may works from
# end to end over IPv4 and IPv6; of what it may not, no packet reaches the internet and one finding names the host.
. "$(dirname "$0")/../lib/egress_world.sh"
egress_need
egress_wire
egress_dmz
serve_internet
# A public FTP and web service of our own, beside what the hosts start.
serve_web web
serve_ftp web
plan 13

config() { # TEMPLATE extra
	cat <<-CONF
		protect 10.9.0.0/16 2001:db8:9::/48;
		interface wan { role wan; mode enforce; }
		$(for n in 1 2 3 4; do echo "interface dm$n { role dmz; mode enforce; }"; done)
		egress {
			template $1; canary 2s;
			resolver 198.51.100.2 2001:db8:1::2; time-server 198.51.100.2 2001:db8:1::2;
			$(for role in $ROLES; do echo "host ${HOST4[$role]} ${HOST6[$role]} $role;"; done)
			$2
		}
		inspect { new-flows-per-second 100000; burst 100000; quota 100000; decisions-per-second 1000; }
		eve "$EVE"; rules "$here/rules/*.rules";
	CONF
}
gateway_up() {
	config "$@" >"$WORLD/sekimori.conf"
	sekimori up --iface wan:wan --iface dm1:dmz --iface dm2:dmz --iface dm3:dmz --iface dm4:dmz --config "$WORLD/sekimori.conf" --enforce \
		--confirm-within 900 >"$WORLD/up.out" 2>&1 && sekimori confirm >/dev/null || { note <"$WORLD/up.out"; return 1; }
}

host_of() { case $2 in *:*) echo "${HOST6[$1]}" ;; *) echo "${HOST4[$1]}" ;; esac; }
wire_of() { echo "src host $1"; }

gateway_up standard
up=$?
result $up "up and enforcing"
[ $up = 0 ] || exit 1

capture_begin standard
for role in $ROLES; do
	try_all $role $role 198.51.100.2 "$SERVICES4" standard
	try_all $role $role 2001:db8:1::2 "$SERVICES6" standard
done
capture_end
judge "standard template"

# The mail host's own MTA delivers, over both.
if [ -x /usr/sbin/exim4 ]; then
	exim_conf mail
	for who in four six; do echo "Subject: $who" | machine mail exim4 -C "$WORLD/mail.exim.conf" -f a@mail.example $who@internet.example; done
	delivered() { grep -q 'Subject: four' "$WORLD/internet.spool/box" && grep -q 'Subject: six' "$WORLD/internet.spool/box"; }
	wait_for 10 delivered
	result $? "exim on the mail host delivers over IPv4 and IPv6"
else
	result 0 "exim on the mail host delivers over IPv4 and IPv6 # SKIP this machine has another MTA, which is left alone"
fi

# --- public services: their data connections begin at either side
PATIENCE=5
ftp_in() { client_pasv internet 10.9.2.2 && client_port internet 10.9.2.2 && client_epsv internet 2001:db8:9:2::2 && client_eprt internet 2001:db8:9:2::2 && client_lftp internet 10.9.2.2; }
before=$(wc -l <"$EVE")
ftp_in
result $? "clients from outside: FTP active and passive over both"
tail -n +$((before + 1)) "$EVE" | grep '"kind":"finding"' | grep -v first-seen | note
! tail -n +$((before + 1)) "$EVE" | grep '"kind":"finding"' | grep -qv first-seen
result $? "which is no finding"
# An announcement is for its two hosts and its port only.
machine web $SEND tcp 198.51.100.3 4444 >/dev/null 2>&1 &
! machine web timeout 3 $SEND tcp 198.51.100.2 4444 2>/dev/null | grep -qx ok
result $? "and opens nothing else"

# --- data in names: the service is permitted, what it carries is not
machine web $SEND tunnel 198.51.100.2 200
result $? "a DNS tunnel through a permitted service"
tunnel() { eve_select "e['event_type'] == 'egress' and e['egress'].get('finding') == 'dns-tunnel' and e.get('src_ip') == '${HOST4[web]}' and e['egress']['evidence']['text'] == 't.example' and e['sekimori']['severity'] == 'high'" | grep -q .; }
wait_for 10 tunnel
result $? "is found, with host and domain"

# --- strict
config strict >"$WORLD/sekimori.conf"
sekimori apply "$WORLD/sekimori.conf" >"$WORLD/apply.out" 2>&1 && sekimori confirm >/dev/null 2>&1
capture_begin strict
for role in $ROLES; do
	for address in 198.51.100.3 2001:db8:1::3; do try_all $role $role $address "dns dnstcp ntp smtp" strict; done
	for address in 198.51.100.2 2001:db8:1::2; do try_all $role $role $address "dns dnstcp ntp" strict; done
done
capture_end
judge "strict template"
exit $ktap_failed
