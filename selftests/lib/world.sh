# SPDX-License-Identifier: GPL-2.0-or-later
# world.sh - sourced by namespace tests and benchmarks: one protected server with real nginx, one internet full of clients.
#
#     internet  wan 198.51.100.2 ───── veth ───── wan 198.51.100.1  server: nginx :80, UDP echo, sekimori (role host)
#     also is every address of 198.18.0.0/15
#
# Needs: root; $BIN with the programs. Gives: world_new, world_up ARGS…, internet CMD…, server CMD…, $WORLD (a folder that
# vanishes), $EVE, ok/not_ok/skip/plan for KTAP, wait_for SECONDS CMD….
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$here/tools/lab/machine.sh"
BIN=${BIN:-$here/build/san}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
TRAFFIC="python3 $here/selftests/lib/traffic.py"
WORLD=$(mktemp -d)
EVE=$WORLD/eve.json
trap 'world_end' EXIT
trap 'exit 1' INT TERM

ktap_number=0 ktap_failed=0
plan() { echo "KTAP version 1"; echo "1..$1"; }
result() { # exit code, name
	ktap_number=$((ktap_number + 1))
	if [ "$1" = 0 ]; then echo "ok $ktap_number $2"; else echo "not ok $ktap_number $2"; ktap_failed=1; fi
}
skip_all() { echo "KTAP version 1"; echo "1..1"; echo "ok 1 all # SKIP $1"; exit 0; }
note() { sed 's/^/# /'; }

# Waits for a condition, not for a time: wait_for SECONDS command…
wait_for() {
	local end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.05
	done
}

internet() { machine internet "$@"; }
server() { machine server "$@"; }
sekimori() { server "$BIN/sekimori" "$1" --state "$WORLD/state" --run "$WORLD/run" "${@:2}"; }

world_end() {
	machine_end_all
	rm -rf "$WORLD"
}

world_new() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	chmod 755 "$WORLD"
	machine_new internet && machine_new server || exit 1
	machine_link internet wan server wan
	internet ip addr add 198.51.100.2/24 dev wan
	server ip addr add 198.51.100.1/24 dev wan
	internet ip route add local 198.18.0.0/15 dev lo
	server ip route add 198.18.0.0/15 via 198.51.100.2
	server ip route add default via 198.51.100.2
	internet ping -c 1 -W 2 198.51.100.1 >/dev/null || { echo "# the link does not work" >&2; exit 1; }
	mkdir -p "$WORLD/www/cgi-bin"
	echo "<html>hello</html>" >"$WORLD/www/index.html"
	echo "ok" >"$WORLD/www/cgi-bin/status"
	cat >"$WORLD/nginx.conf" <<-END
		daemon off; master_process off; pid $WORLD/nginx.pid; error_log $WORLD/nginx.log;
		events { worker_connections 2048; }
		http { access_log off; default_type text/html; root $WORLD/www; keepalive_timeout 5; keepalive_requests 1000000;
		       client_body_temp_path $WORLD/t1; proxy_temp_path $WORLD/t2; fastcgi_temp_path $WORLD/t3; uwsgi_temp_path $WORLD/t4; scgi_temp_path $WORLD/t5;
		       server { listen 198.51.100.1:80 backlog=2048; } }
	END
	sed -i '1i user root;' "$WORLD/nginx.conf"
	machine_background server "$WORLD/nginx.out" nginx -c "$WORLD/nginx.conf"
	machine_background server "$WORLD/echo.out" $TRAFFIC echo 198.51.100.1
	wait_for 10 internet curl -s -o /dev/null --max-time 1 http://198.51.100.1/ || { cat "$WORLD/nginx.out" "$WORLD/nginx.log" >&2; exit 1; }
}

# world_up [configuration lines on stdin] -- arguments of `sekimori up`
world_up() {
	{ cat; echo "eve \"$EVE\"; rules \"$here/rules/*.rules\";"; } >"$WORLD/sekimori.conf"
	sekimori up --iface wan:host --config "$WORLD/sekimori.conf" "$@" >"$WORLD/up.out" 2>&1 || { cat "$WORLD/up.out" >&2; return 1; }
}

# The same, enforcing at once.
world_enforce() {
	world_up --enforce --confirm-within 900 "$@" && sekimori confirm >/dev/null
}

# One value of `status --json`: a jq path
status_of() { sekimori status --json 2>/dev/null | jq -r "$1"; }
# Packets of a reason: metric_of REASON [LABEL TEXT], e.g. metric_of spoofed; summed over all rows that name it
metric_of() { sekimori metrics 2>/dev/null | awk -v want="\"$1\"" '/^sekimori_packets/ && index($0, want) { n += $NF } END { print n + 0 }'; }
# Process id of a child as `status` names it; valid inside the server (`server kill …`).
process_of() { status_of ".processes[] | select(.name == \"$1\") | .pid"; }

# What the server's stack gets on $HEAR_ON (behind XDP), counted from hear NAME FILTER… to heard NAME, which prints the number.
hear() {
	local name=$1
	shift
	machine_background server "$WORLD/$name.heard" sh -c 'echo $$ >"$1"; shift; exec tcpdump "$@"' - "$WORLD/$name.pid" \
		-i "${HEAR_ON:-wan}" -Q in -n -p -l -B 65536 --immediate-mode "$@"
	wait_for 5 grep -q 'listening on' "$WORLD/$name.heard"
}
heard() {
	# What was sent last has to arrive: a frame of our own behind it says that it had its time.
	internet ping -c 2 -i 0.2 -W 1 198.51.100.1 >/dev/null 2>&1
	server kill -INT "$(cat "$WORLD/$1.pid")"
	wait_for 5 grep -qE 'packets? captured' "$WORLD/$1.heard" || return 1
	if grep -E 'packets? dropped by kernel' "$WORLD/$1.heard" | grep -qv '^0 '; then echo "# tcpdump lost packets of $1" >&2; fi
	sed -nE 's/^([0-9]+) packets? captured.*/\1/p' "$WORLD/$1.heard"
}
# Is the number of NAME, once its ear is closed, as wanted? heard_is NAME -eq 0
heard_is() {
	local number
	number=$(heard "$1")
	echo "# $1: $number packets reached the server"
	[ "$number" "$2" "$3" ]
}

# Alerts of one sid or class in EVE: eve_select PYTHON-EXPRESSION over e; prints the matching events as JSON lines
eve_select() {
	python3 -c 'import json,sys
for line in open(sys.argv[2], errors="replace"):
    e = json.loads(line)
    if eval(sys.argv[1]): print(json.dumps(e))' "$1" "$EVE" 2>/dev/null
}
