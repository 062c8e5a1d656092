# SPDX-License-Identifier: GPL-2.0-or-later
# egress_world.sh - sourced by the egress tests: real servers on the internet's side, real clients on ours, and for each pair of
# (host, service) what the allowlist says of it.
#
#   gateway   proxy, web, mail, dns (one machine each, 10.9.N.2, 2001:db8:9:N::2)  ─── dmN  server (sekimori: role dmz)  wan ─── internet
#   host      server (sekimori: role host)                                                                              wan ─── internet
#
# The internet: 198.51.100.2 and .3, 2001:db8:1::2 and ::3. nginx (http, https), vsftpd (ftp), unbound (dns), chrony (ntp), exim (smtp),
# and listeners that take anything on 22, 443/udp and 4444.
. "$(dirname "${BASH_SOURCE[0]}")/world.sh"
SEND="python3 $here/selftests/lib/senders.py"
ROLES="proxy web mail dns"
declare -A HOST4 HOST6

egress_need() {
	local tool
	for tool in curl dig lftp nginx openssl tcpdump unbound vsftpd chronyd jq; do
		command -v $tool >/dev/null || [ -x /usr/sbin/$tool ] || skip_all "needs $tool"
	done
}

address6_on() {
	machine "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0
	machine "$1" ip addr add "$3" dev "$2" nodad
}

# The wire between server and internet; the internet's second addresses.
egress_wire() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	chmod 755 "$WORLD"
	machine_new internet && machine_new server || exit 1
	machine_link internet wan server wan
	internet ip addr add 198.51.100.2/24 dev wan
	internet ip addr add 198.51.100.3/24 dev wan
	server ip addr add 198.51.100.1/24 dev wan
	server ip route add default via 198.51.100.2
	address6_on internet wan 2001:db8:1::2/64
	address6_on internet wan 2001:db8:1::3/64
	address6_on server wan 2001:db8:1::1/64
	server ip -6 route add default via 2001:db8:1::2
	wait_for 5 server ping -c 1 -W 1 198.51.100.2 >/dev/null
	wait_for 5 server ping -c 1 -W 1 2001:db8:1::2 >/dev/null || { echo "# the link does not work" >&2; exit 1; }
}

# Four hosts behind the server, a wire each.
egress_dmz() {
	local role n=0
	server sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	internet ip route add 10.9.0.0/16 via 198.51.100.1
	internet ip -6 route add 2001:db8:9::/48 via 2001:db8:1::1
	for role in $ROLES; do
		n=$((n + 1))
		machine_new "$role" || exit 1
		machine_link server "dm$n" "$role" eth0
		server ip addr add 10.9.$n.1/24 dev dm$n
		address6_on server dm$n 2001:db8:9:$n::1/64
		machine "$role" ip addr add 10.9.$n.2/24 dev eth0
		machine "$role" ip route add default via 10.9.$n.1
		address6_on "$role" eth0 2001:db8:9:$n::2/64
		machine "$role" ip -6 route add default via 2001:db8:9:$n::1
		HOST4[$role]=10.9.$n.2 HOST6[$role]=2001:db8:9:$n::2
		wait_for 5 machine "$role" ping -c 1 -W 1 198.51.100.2 >/dev/null
		wait_for 5 machine "$role" ping -c 1 -W 1 2001:db8:1::2 >/dev/null || { echo "# $role has no way out" >&2; exit 1; }
	done
}

# --- the daemon, with $WORLD/sekimori.conf, enforcing
daemon_begin() { # --iface ...
	sekimori up "$@" --config "$WORLD/sekimori.conf" --enforce --confirm-within 900 >"$WORLD/up.out" 2>&1 && sekimori confirm >/dev/null
}
# Ends it, which writes its last span of coverage; what is attached stays.
daemon_finish() {
	local ended
	server kill -TERM "$(cat "$WORLD/run/default/lock")"
	ended() { ! server ps -C sekimorid -o stat= | grep -qv Z; } # who ended is nobody's child here, and stays as a zombie
	wait_for 15 ended
}
# The spans of coverage that are on file, one a line.
coverage() { eve_select "e['event_type'] == 'egress' and e['egress']['kind'] == 'coverage'" | jq -c .egress; }

# --- servers; serve_* MACHINE
listening_on() { machine "$1" ss -Hln"$2" "sport = :$3" | grep -q .; }

serve_web() {
	mkdir -p "$WORLD/www"
	# One file for all servers: clients compare what they got with it.
	[ -e "$WORLD/www/file" ] || head -c 20000 /dev/urandom >"$WORLD/www/file"
	[ -e "$WORLD/key.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout "$WORLD/key.pem" -out "$WORLD/cert.pem" 2>/dev/null
	cat >"$WORLD/$1.nginx.conf" <<-CONF
		user root; daemon off; master_process off; pid $WORLD/$1.nginx.pid; error_log $WORLD/$1.nginx.log;
		events { worker_connections 4096; }
		http { access_log off; root $WORLD/www; default_type text/plain; keepalive_timeout 5;
		       client_body_temp_path $WORLD/t1; proxy_temp_path $WORLD/t2; fastcgi_temp_path $WORLD/t3; uwsgi_temp_path $WORLD/t4; scgi_temp_path $WORLD/t5;
		       server { listen 80 backlog=4096; listen [::]:80 ipv6only=on backlog=4096; listen 443 ssl; listen [::]:443 ipv6only=on ssl;
				ssl_certificate $WORLD/cert.pem; ssl_certificate_key $WORLD/key.pem; } }
	CONF
	machine_background "$1" "$WORLD/$1.nginx.out" nginx -c "$WORLD/$1.nginx.conf"
	wait_for 10 listening_on "$1" t 443
}

serve_ftp() {
	mkdir -p "$WORLD/ftp/up" "$WORLD/empty"
	cp "$WORLD/www/file" "$WORLD/ftp/file"
	chmod 777 "$WORLD/ftp/up"
	chmod 755 "$WORLD/ftp"
	cat >"$WORLD/$1.vsftpd.conf" <<-CONF
		listen=NO
		listen_ipv6=YES
		background=NO
		anonymous_enable=YES
		anon_root=$WORLD/ftp
		anon_upload_enable=YES
		write_enable=YES
		no_anon_password=YES
		ftp_username=daemon
		secure_chroot_dir=$WORLD/empty
		connect_from_port_20=NO
		pasv_min_port=50000
		pasv_max_port=50999
		seccomp_sandbox=NO
		isolate=NO
		isolate_network=NO
	CONF
	chmod 600 "$WORLD/$1.vsftpd.conf"
	machine_background "$1" "$WORLD/$1.vsftpd.out" vsftpd "$WORLD/$1.vsftpd.conf"
	wait_for 10 listening_on "$1" t 21
}

serve_dns() {
	cat >"$WORLD/$1.unbound.conf" <<-CONF
		server:
			username: ""
			chroot: ""
			directory: "$WORLD"
			pidfile: "$WORLD/$1.unbound.pid"
			interface: 0.0.0.0
			interface: ::0
			interface-automatic: yes
			access-control: 0.0.0.0/0 allow
			access-control: ::0/0 allow
			use-syslog: no
			local-zone: "example." static
			local-data: "www.example. A 192.0.2.80"
			local-zone: "t.example." redirect
			local-data: "t.example. TXT answered"
		remote-control:
			control-enable: no
	CONF
	machine_background "$1" "$WORLD/$1.unbound.out" unbound -d -c "$WORLD/$1.unbound.conf"
	wait_for 10 listening_on "$1" u 53
}

# -x: it never touches the clock of this machine.
serve_ntp() {
	printf 'local stratum 8\nallow all\ncmdport 0\nbindcmdaddress /\npidfile %s\n' "$WORLD/$1.chrony.pid" >"$WORLD/$1.chrony.conf"
	machine_background "$1" "$WORLD/$1.chrony.out" chronyd -d -x -u root -f "$WORLD/$1.chrony.conf"
	wait_for 10 listening_on "$1" u 123
}

# Takes mail for anybody and counts it; sends for us by the address that stands in the recipient.
exim_conf() { # MACHINE
	mkdir -p "$WORLD/$1.spool"
	chown -R Debian-exim: "$WORLD/$1.spool"
	cat >"$WORLD/$1.exim.conf" <<-CONF
		primary_hostname = $1.example
		spool_directory = $WORLD/$1.spool
		log_file_path = $WORLD/$1.spool/%slog
		pid_file_path = $WORLD/$1.spool/pid
		acl_smtp_rcpt = accept
		trusted_users = root
		host_lookup =
		rfc1413_query_timeout = 0s
		domainlist here = $1.example
		tls_advertise_hosts =
		keep_environment =
		begin acl
		begin routers
		here:
		  driver = accept
		  domains = +here
		  transport = box
		there:
		  driver = manualroute
		  domains = internet.example
		  route_data = \${if eq{\$local_part}{six}{2001::db8::1::::2}{198.51.100.2}}
		  self = send
		  transport = remote
		begin transports
		box:
		  driver = appendfile
		  file = $WORLD/$1.spool/box
		  user = Debian-exim
		  mode_fail_narrower = false
		remote:
		  driver = smtp
		  connect_timeout = 3s
		  hosts_try_dane =
		begin retry
		* * F,1s,1s
	CONF
}
serve_smtp() { # a machine with another MTA keeps it
	if [ ! -x /usr/sbin/exim4 ]; then
		machine_background "$1" "$WORLD/$1.smtp.out" python3 -m aiosmtpd -n -c aiosmtpd.handlers.Sink -l '[::]:25'
		wait_for 10 listening_on "$1" t 25
		return
	fi
	exim_conf "$1"
	machine_background "$1" "$WORLD/$1.exim.out" exim4 -C "$WORLD/$1.exim.conf" -bdf
	wait_for 10 listening_on "$1" t 25
}

serve_any() {
	local row
	for row in tcp/22 tcp/4444 udp/443 udp/4444; do
		machine_background "$1" "$WORLD/$1.${row#*/}" $SEND listen ${row%/*} ${row#*/}
	done
	for row in t/22 t/4444 u/443 u/4444; do wait_for 10 listening_on "$1" ${row%/*} ${row#*/}; done
}

serve_internet() {
	serve_web internet && serve_ftp internet && serve_dns internet && serve_ntp internet && serve_smtp internet && serve_any internet ||
		{ echo "# a server did not start" >&2; tail -5 "$WORLD"/internet.*out >&2; exit 1; }
}

# --- clients: client_SERVICE MACHINE ADDRESS; 0 when it worked from end to end
bracket() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac; }
get() { # MACHINE URL options: the file must come whole
	local to
	to=$(mktemp -p "$WORLD")
	machine "$1" curl -sk --connect-timeout "${PATIENCE:-5}" --max-time 15 -o "$to" "${@:3}" "$2" && cmp -s "$to" "$WORLD/www/file"
}
client_http() { get "$1" "http://$(bracket "$2")/file"; }
client_https() { get "$1" "https://$(bracket "$2")/file"; }
client_pasv() { get "$1" "ftp://$(bracket "$2")/file" --disable-epsv; }
client_epsv() { get "$1" "ftp://$(bracket "$2")/file"; }
client_port() { get "$1" "ftp://$(bracket "$2")/file" -P - --disable-eprt; }
client_eprt() { get "$1" "ftp://$(bracket "$2")/file" -P -; }
# A whole session: list, get, put.
client_lftp() {
	local to
	to=$(mktemp -d -p "$WORLD")
	machine "$1" env HOME="$to" timeout 30 lftp -e "set net:timeout ${PATIENCE:-5}; set net:max-retries 1; open ftp://$(bracket "$2"); ls; get file -o $to/file; put $to/file -o up/$RANDOM; bye" >/dev/null 2>&1 &&
		cmp -s "$to/file" "$WORLD/www/file"
}
client_dns() { machine "$1" dig +tries=1 +time="${PATIENCE:-5}" +short "@$2" www.example. A 2>/dev/null | grep -qx 192.0.2.80; }
client_dnstcp() { machine "$1" dig +tcp +tries=1 +time="${PATIENCE:-5}" +short "@$2" www.example. A 2>/dev/null | grep -qx 192.0.2.80; }
# One exchange that sets no clock.
client_ntp() { machine "$1" timeout "${PATIENCE:-8}" chronyd -Q -u root "server $2 iburst maxsamples 1" "pidfile $WORLD/$RANDOM.pid" "cmdport 0" "bindcmdaddress /" 2>&1 | grep -q 'System clock wrong by'; }
client_smtp() { echo "Subject: test" | machine "$1" curl -s --connect-timeout "${PATIENCE:-5}" --max-time 15 "smtp://$(bracket "$2")/test.example" --mail-from a@test.example --mail-rcpt b@internet.example -T - >/dev/null; }
client_ssh() { machine "$1" nc.openbsd -z -w "${PATIENCE:-5}" "$2" 22 2>/dev/null; }
client_tcp() { machine "$1" nc.openbsd -z -w "${PATIENCE:-5}" "$2" 4444 2>/dev/null; }
client_udp() { machine "$1" $SEND udp "$2" 4444 | grep -qx ok; }
client_quic() { machine "$1" $SEND udp "$2" 443 | grep -qx ok; }

# What each leaves on the wire: protocol and port of the service it asks for.
declare -A WIRE=([http]=tcp/80 [https]=tcp/443 [pasv]=tcp/21 [epsv]=tcp/21 [port]=tcp/21 [eprt]=tcp/21 [lftp]=tcp/21 [dns]=udp/53
	[dnstcp]=tcp/53 [ntp]=udp/123 [smtp]=tcp/25 [ssh]=tcp/22 [tcp]=tcp/4444 [udp]=udp/4444 [quic]=udp/443)
SERVICES4="http https pasv epsv port eprt lftp dns dnstcp ntp smtp ssh tcp udp quic"
SERVICES6="http https epsv eprt lftp dns dnstcp ntp smtp ssh tcp udp quic"

# The newsletter's allowlist, said a second time: ROLE SERVICE ADDRESS TEMPLATE. The strict template names .2 and ::2 as servers.
permitted() {
	local named
	case $3 in 198.51.100.2 | 2001:db8:1::2) named=1 ;; *) named= ;; esac
	case $2:$4 in
	http:* | https:* | pasv:* | epsv:* | port:* | eprt:* | lftp:*) [ "$1" = proxy ] ;;
	dns:standard | dnstcp:standard | ntp:standard | smtp:standard) true ;;
	dns:strict | dnstcp:strict) [ "$1" = dns ] || [ "$named" ] ;;
	ntp:strict) [ "$named" ] ;;
	smtp:strict) [ "$1" = mail ] ;;
	*) false ;;
	esac
}

# --- the wire: everything that reaches the internet's side, to a file; WIRE_IN=any by whichever wire
# Heads only, each at once: whole packets would leave room for a few hundred of them, blocks would come late.
capture_begin() {
	CAPTURE=$WORLD/$1.pcap
	machine_background internet "$CAPTURE.out" sh -c 'echo $$ >"$1.pid"; exec tcpdump -i "$2" -Q in -s 256 -B 32768 --immediate-mode -n -U -w "$1"' - "$CAPTURE" "${WIRE_IN:-wan}"
	wait_for 10 grep -q 'listening on' "$CAPTURE.out" || { echo "# tcpdump does not listen, so nothing would be seen" >&2; exit 1; }
}
# The answer to our own last packet (119 bytes, as nothing else sends; an answer may leave in any role) is in the file, and with it
# all that came before.
capture_complete() {
	internet ping -c 1 -W 1 -s 91 198.51.100.1 >/dev/null 2>&1
	[ "$(capture_count 'icmp and ip[2:2] = 119')" -gt 0 ]
}
capture_end() {
	wait_for 20 capture_complete || { echo "Bail out! the capture does not come to its end"; exit 1; }
	internet kill -INT "$(cat "$CAPTURE.pid")"
	wait_for 20 grep -q 'packets\? captured' "$CAPTURE.out" || { echo "Bail out! tcpdump does not end"; exit 1; }
	! grep -q '^[1-9][0-9]* packets\? dropped by kernel' "$CAPTURE.out" || { echo "Bail out! tcpdump lost packets"; exit 1; }
}
capture_count() { tcpdump -r "$CAPTURE" -n "$@" 2>/dev/null | wc -l; }

# Unknown services that were found: HOST DST PROTO/PORT, one a line. A host that is this machine has no address: "self".
findings_all() {
	python3 -c 'import json, sys
for line in open(sys.argv[1], errors="replace"):
    e = json.loads(line)
    if e["event_type"] == "egress" and e["egress"].get("finding") == "unknown-service":
        print(e.get("src_ip", "self"), e.get("dest_ip"), "%s/%s" % (e.get("proto", "").lower(), e.get("dest_port")))' "$EVE" >"$WORLD/found"
}
# The denied pairs of $WORLD/said that nothing was found of, or several times; the permitted ones of which something was.
findings_wrong() {
	findings_all
	awk 'NR == FNR { seen[$1 " " $2 " " $3]++; next }
		$4 == "no" && seen[$1 " " $2 " " $3] != 1 { print "# " $0 ": " seen[$1 " " $2 " " $3] + 0 " findings" }
		$4 == "yes" && seen[$1 " " $2 " " $3] { print "# " $0 ": a false finding" }' "$WORLD/found" "$WORLD/pairs"
}
findings_right() { [ -z "$(findings_wrong)" ]; }

# $WORLD/said: ROLE SERVICE ADDRESS TEMPLATE yes|no EXIT. Three results: it works, nothing on the wire, found.
judge() { # NAME
	local role service address template may rc works=0 silent=0 host
	: >"$WORLD/pairs"
	while read -r role service address template may rc; do
		host=$(host_of "$role" "$address")
		echo "$host $address ${WIRE[$service]} $may $role $service" >>"$WORLD/pairs"
		if [ "$may" = yes ]; then
			[ "$rc" = 0 ] || { works=1; echo "# $role $service $address ($template): does not work"; }
			continue
		fi
		[ "$(capture_count "$(wire_of "$host") and dst host $address and ${WIRE[$service]%/*} dst port ${WIRE[$service]#*/}")" = 0 ] ||
			{ silent=1; echo "# $role $service $address ($template): packets reached the internet"; }
		[ "$rc" != 0 ] || [ "${WIRE[$service]%/*}" = udp ] || { silent=1; echo "# $role $service $address: worked"; }
	done <"$WORLD/said"
	echo "# $1: $(grep -c ' yes ' "$WORLD/said") permitted, $(grep -c ' no ' "$WORLD/said") denied pairs"
	result $works "$1: what is permitted works from end to end"
	result $silent "$1: what is not permitted leaves no packet"
	wait_for 10 findings_right
	result $? "$1: one finding for each host and service that is not permitted, none else"
	findings_wrong
	rm -f "$WORLD/said"
}

# Every service of a role to an address, at once.
try_all() { # ROLE MACHINE ADDRESS SERVICES TEMPLATE
	local service
	for service in $4; do
		(
			if permitted "$1" "$service" "$3" "$5"; then
				"client_$service" "$2" "$3"
				echo "$1 $service $3 $5 yes $?"
			else
				PATIENCE=1 "client_$service" "$2" "$3"
				echo "$1 $service $3 $5 no $?"
			fi >>"$WORLD/said" 2>/dev/null
		) &
	done
	wait
}
