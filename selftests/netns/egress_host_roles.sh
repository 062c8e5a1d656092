#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The allowlist in the shape of a single host: this machine has each role in turn, real clients and servers. What the role may works from
# end to end over IPv4 and IPv6; what it may not ends in EPERM for the caller, leaves no packet and is found once.
. "$(dirname "$0")/../lib/egress_world.sh"
egress_need
egress_wire
serve_internet
serve_web server
serve_ftp server
plan 24

host_of() { echo self; }
wire_of() { echo "(src host 198.51.100.1 or src host 2001:db8:1::1)"; }

host_up() { # ROLE TEMPLATE
	EVE=$WORLD/eve.$1.$2.json
	sekimori down >/dev/null 2>&1
	cat >"$WORLD/sekimori.conf" <<-CONF
		interface wan { role host; mode enforce; }
		egress { template $2; canary 2s; self $1; resolver 198.51.100.2 2001:db8:1::2; time-server 198.51.100.2 2001:db8:1::2; }
		inspect { new-flows-per-second 100000; burst 100000; quota 100000; decisions-per-second 1000; }
		eve "$EVE"; rules "$here/rules/*.rules";
	CONF
	sekimori up --iface wan:host --config "$WORLD/sekimori.conf" --enforce --confirm-within 900 >"$WORLD/up.out" 2>&1 && sekimori confirm >/dev/null ||
		{ note <"$WORLD/up.out"; return 1; }
	wait_for 10 early
}
early() { [ "$(server $SEND tcp 198.51.100.2 4444 2>&1)" = EPERM ]; }

# The caller of each denied service is told, by whatever it is.
refusals() { # ROLE TEMPLATE ADDRESS SERVICES
	local service bad=0 said
	for service in $4; do
		permitted "$1" "$service" "$3" "$2" && continue
		said=$(server $SEND "${WIRE[$service]%/*}" "$3" "${WIRE[$service]#*/}" 2>&1)
		[ "$said" = EPERM ] || { bad=1; echo "# $1 $service $3: $said"; }
	done
	return $bad
}

for role in $ROLES; do
	host_up $role standard
	up=$?
	result $up "$role: up"
	[ $up = 0 ] || exit 1
	capture_begin $role
	# First: beside an FTP connection the socket hooks leave high ports to the packet path, which may have heard of them.
	refusals $role standard 198.51.100.2 "$SERVICES4" && refusals $role standard 2001:db8:1::2 "$SERVICES6"
	denied=$?
	try_all $role server 198.51.100.2 "$SERVICES4" standard
	try_all $role server 2001:db8:1::2 "$SERVICES6" standard
	capture_end
	judge "$role"
	result $denied "$role: every denied caller gets EPERM"
done
server curl -sv --max-time 5 http://198.51.100.2/file 2>&1 | grep -i 'not permitted' | head -1 | note
server curl -sv --max-time 5 http://198.51.100.2/file 2>&1 | grep -qi 'not permitted'
result $? "curl says what it was: not permitted"

host_up web strict || exit 1
capture_begin strict
for address in 198.51.100.3 2001:db8:1::3 198.51.100.2 2001:db8:1::2; do try_all web server $address "dns dnstcp ntp smtp" strict; done
capture_end
judge "strict template"
exit $ktap_failed
