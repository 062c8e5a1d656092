#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab of `make run`: three small machines made of namespaces, real servers and clients, eleven attacks, one hijacked host.
# Ends by itself after about a minute with a summary (--stay: keeps running until Ctrl-C) and removes everything it made.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tools/lab/machine.sh"
BIN=${BIN:-$top/build}
stay=
[ "${1-}" = --stay ] && stay=1
[ "$(id -u)" = 0 ] || { echo "The lab makes network namespaces: run it as root." >&2; exit 1; }

lab=$(mktemp -d)
chmod 755 "$lab"
lab_end() {
	machine_end_all
	rm -rf "$lab"
}
trap lab_end EXIT
trap 'exit 130' INT TERM

if [ -t 1 ]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'
else
	bold='' dim='' red='' plain=''
fi
started=$(date +%s)
say() { printf '%s%3d s%s  %s\n' "$dim" $(($(date +%s) - started)) "$plain" "$*"; }
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
fail() { printf '%s%s%s\n' "$red" "$*" "$plain" >&2; exit 1; }
wait_for() { # seconds command…
	local end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.1
	done
}

internet() { machine internet "$@"; }
edge() { machine edge "$@"; }
dmz() { machine dmz "$@"; }
sekimori() { edge "$BIN/sekimori" "$1" --state "$lab/state" --run "$lab/run" "${@:2}"; }

cat <<'END'
    internet                        edge (Sekimori)                dmz
    users     198.51.100.10  ──┐                               ┌── web   10.0.2.10  nginx :80 :443
    attackers 203.0.113.x    ──┼── wan  [XDP]        dmz [XDP] ┼── mail  10.0.2.25  SMTP  :25
    listed    192.0.2.66     ──┘                               ├── dns   10.0.2.53  DNS   :53
    evil web  203.0.113.200                                    └── proxy 10.0.2.80, hijacked 10.0.2.66
END

title "Building the machines"
machine_new internet && machine_new edge && machine_new dmz || fail "No namespaces, no lab."
machine_link internet eth0 edge wan
machine_link edge dmz dmz eth0
internet ip addr add 198.51.100.2/24 dev eth0
for address in 198.51.100.10 198.51.100.11; do internet ip addr add $address/24 dev eth0; done
for net in 203.0.113.0/24 192.0.2.0/24; do
	internet ip route add local $net dev lo
	edge ip route add $net via 198.51.100.2 2>/dev/null
done
edge ip addr add 198.51.100.1/24 dev wan
edge ip addr add 10.0.2.1/24 dev dmz
for net in 203.0.113.0/24 192.0.2.0/24; do edge ip route replace $net via 198.51.100.2; done
edge sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
for host in 10 25 53 66 80; do dmz ip addr add 10.0.2.$host/24 dev eth0; done
dmz ip route add default via 10.0.2.1
internet ip route add 10.0.2.0/24 via 198.51.100.1 src 198.51.100.10
wait_for 5 internet ping -c 1 -W 1 10.0.2.10 >/dev/null || fail "The lab's links do not work."

title "Starting real servers in the DMZ"
mkdir -p "$lab/www/cgi-bin" "$lab/tmp"
echo '<html><body>Welcome. A page that talks about cmd.exe and () { :; }; is no attack.</body></html>' >"$lab/www/index.html"
echo ok >"$lab/www/cgi-bin/status"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab.example -keyout "$lab/key.pem" -out "$lab/cert.pem" >/dev/null 2>&1
cat >"$lab/nginx.conf" <<END
user root; daemon off; master_process off; pid $lab/nginx.pid; error_log $lab/nginx.log;
events {}
http { access_log off; root $lab/www; client_body_temp_path $lab/tmp; proxy_temp_path $lab/tmp/p; fastcgi_temp_path $lab/tmp/f; uwsgi_temp_path $lab/tmp/u; scgi_temp_path $lab/tmp/s;
       server { listen 10.0.2.10:80; listen 10.0.2.10:443 ssl; ssl_certificate $lab/cert.pem; ssl_certificate_key $lab/key.pem; } }
END
machine_background dmz "$lab/nginx.out" nginx -c "$lab/nginx.conf"
machine_background dmz "$lab/smtp.out" /usr/bin/python3 -m aiosmtpd -n -l 10.0.2.25:25
machine_background dmz "$lab/dns.out" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --listen-address=10.0.2.53 \
	--bind-interfaces --address=/www.lab.example/10.0.2.10 --pid-file="$lab/dns.pid" --user=root
machine_background internet "$lab/evil.out" python3 "$top/tools/attack.py" serve --bind 203.0.113.200 --port 80
machine_background internet "$lab/c2.out" python3 -m http.server --bind 203.0.113.201 4444 --directory "$lab/www"
wait_for 10 internet curl -s -o /dev/null --max-time 1 http://10.0.2.10/ || fail "nginx does not answer: $(tail -3 "$lab/nginx.out" "$lab/nginx.log")"
wait_for 10 internet bash -c 'exec 3<>/dev/tcp/10.0.2.25/25 && read -t 2 -r line <&3 && [ -n "$line" ]' 2>/dev/null || fail "the SMTP server does not answer: $(tail -3 "$lab/smtp.out")"
say "nginx, aiosmtpd and dnsmasq answer"

title "Protecting the edge"
printf '# the lab'\''s blacklist\n192.0.2.66\n' >"$lab/drop.txt"
cat >"$lab/sekimori.conf" <<END
interface wan { role wan; mode enforce; }
interface dmz { role dmz; mode enforce; }
protect 10.0.2.0/24;
list lab { file "$lab/drop.txt"; allow-private on; }
egress {
	profile default { allow dns to any; allow smtp to any; allow ntp to any; }
	profile proxy { allow http to any; allow https to any; allow ftp to any; }
	host 10.0.2.80 proxy;
}
rules "$top/rules/*.rules";
variable HOME_NET "[10.0.2.0/24]";
eve "$lab/eve.json";
END
sekimori up --config "$lab/sekimori.conf" --enforce || fail "sekimori up failed (above)"
sekimori status || true

title "Live"
sekimori monitor 2>&1 | sed -u "s/^/       /" &
viewer=$!
disown -a

users() { # normal users, until the file goes away
	local good=0 bad=0
	while [ -e "$lab/users" ]; do
		for from in 198.51.100.10 198.51.100.11; do
			if internet curl -s -o /dev/null --max-time 5 --interface $from http://10.0.2.10/; then good=$((good + 1)); else bad=$((bad + 1)); fi
		done
		echo "$good $bad" >"$lab/users.count"
		sleep 0.3
	done
}
touch "$lab/users"
users &
users_pid=$!

say "listed source 192.0.2.66 asks for a page"
if internet curl -s -o /dev/null --max-time 2 --interface 192.0.2.66 http://10.0.2.10/; then listed="ANSWERED"; else listed="dropped"; fi
say "… $listed"

number=10
play() { # case, target, port: each attacker has its own address
	number=$((number + 1))
	local from=203.0.113.$number out
	say "attacker $from plays $1 against $2:$3"
	out=$(internet python3 "$top/tools/attack.py" send "$1" --target "$2" --port "$3" --source $from --timeout 1.5 2>&1 | tail -1)
	say "… and saw: $(echo "$out" | sed -nE 's/.*"outcome": "([a-z]+)".*/\1/p')"
	echo "$1 $from" >>"$lab/played"
	sleep 1
}
lure() { # name: the proxy host of the DMZ fetches something evil
	say "10.0.2.80 is lured to http://203.0.113.200/$1/0"
	dmz curl -s -o /dev/null --max-time 3 --interface 10.0.2.80 "http://203.0.113.200/$1"
	echo "$1 203.0.113.200" >>"$lab/played"
	sleep 1
}
# The newsletter's ten threats in its order, and Shellshock: how it is played, case, target, port.
while read -r how name target port; do
	case $how in
	send) play "$name" "$target" "$port" ;;
	lure) lure "$name" ;;
	esac
done <<END
send exe-shell         10.0.2.10 80
send zom-filler        10.0.2.25 25
send keyarg            10.0.2.10 443
send dotdot-climb      10.0.2.10 80
send mime-parameter    10.0.2.25 25
send sendmail-header   10.0.2.25 25
lure ie-spray
send php-cgi           10.0.2.10 80
send heartbleed        10.0.2.10 443
lure excel-merge
send shellshock-header 10.0.2.10 80
END

say "the hijacked host 10.0.2.66 calls home to 203.0.113.201:4444"
if dmz curl -s -o /dev/null --max-time 2 --interface 10.0.2.66 http://203.0.113.201:4444/; then home="GOT THROUGH"; else home="stopped at the edge"; fi
say "… $home"
sleep 1
rm -f "$lab/users"
wait $users_pid 2>/dev/null

title "Summary"
sekimori status || true
read -r good bad <"$lab/users.count"
echo "normal users: $good requests answered, $bad lost"
echo "listed source: $listed.   hijacked host: $home."
echo
sekimori alerts || true
kill $viewer 2>/dev/null
cp "$lab/eve.json" "$top/build/lab-eve.json" 2>/dev/null && echo "every event: build/lab-eve.json"
if [ -n "$stay" ]; then
	title "Staying. In another terminal: nsenter -t ${machine_pid[edge]} -n -m -p $BIN/sekimori status --run $lab/run   (Ctrl-C ends all)"
	while sleep 3600; do :; done
fi
expected=$(wc -l <"$lab/played")
found=$(python3 - "$lab/eve.json" "$lab/played" <<'END'
import json, sys
seen = {(e["src_ip"], e["dest_ip"]) for e in map(json.loads, open(sys.argv[1])) if e["event_type"] == "alert"}
hosts = {a for pair in seen for a in pair}
print(sum(1 for line in open(sys.argv[2]) if line.split()[1] in hosts))
END
)
echo
echo "$found of $expected attacks were told; $(($(date +%s) - started)) s"
[ "$found" = "$expected" ] && [ "$bad" = 0 ] && [ "$listed" = dropped ] && [ "$home" = "stopped at the edge" ]
