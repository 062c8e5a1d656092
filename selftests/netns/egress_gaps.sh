#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the sensor could not see is in its record, however short it was: a filter that was away between two looks and came back, an
# interface made anew, events that could not be written, another way out for a moment, a daemon that could not look. What others send
# as if it were a canary is a finding, and no proof.
. "$(dirname "$0")/../lib/egress_world.sh"
egress_need
egress_wire
egress_dmz
plan 19
# The daemon's records are of an earlier day: a report ends two minutes ago.
export SEKIMORI_LAB_CLOCK="1409497200 1"

config() {
	cat >"$WORLD/sekimori.conf" <<-CONF
		protect 10.9.0.0/16 2001:db8:9::/48;
		egress { canary 1s; $1 }
		inspect { new-flows-per-second 100000; burst 100000; quota 100000; decisions-per-second 10000; }
		eve "$EVE";
	CONF
}
# A daemon's life on its own event file: begin NAME IFACE. Until it looks, there is no record that could have a gap.
begin() {
	EVE=$WORLD/$1.json
	config "$3"
	daemon_begin --iface "$2" || return 1
	local before=$(metric_of egress-denied)
	looks() { [ "$(metric_of egress-denied)" -gt "$before" ]; } # a canary of this life
	wait_for 20 looks
}
# The sum of one gap over that life; of all of them, as words.
gap() { coverage | jq -s "map(.gaps[\"$1\"] // 0) | add // 0"; }
gaps() { coverage | jq -cs 'map(.gaps | keys) | add | unique'; }
proven() { server env -u SEKIMORI_LAB_CLOCK "$BIN/sekimori" egress report --from "$(edge 1 from)" --to "$(edge '$' to)" "$EVE" | grep ', proven'; }
edge() { coverage | sed -n "$1p" | jq -r ".$2 / 1000000 | floor + (if \"$2\" == \"from\" then 1 else 0 end) | todate"; }

# --- nothing happens
begin quiet dm2:dmz
result $? "up"
sleep 3
daemon_finish
result $? "it ends"
gaps | note
[ "$(gaps)" = '[]' ] && proven >/dev/null
result $? "nothing happened: no gap, and proven"

# --- the filter was away between two looks, and somebody put it back
begin filter dm2:dmz
filter_of() { server tc -j filter show dev dm2 egress | jq -r '.[] | select(.options.prog) | .options.prog.id' | head -1; }
id=$(filter_of)
# tc takes a program by its pin.
server python3 - "$id" "$WORLD" <<'PY'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
attr = ctypes.create_string_buffer(struct.pack("I", int(sys.argv[1])), 120)
fd = libc.syscall(321, 13, attr, 120)  # BPF_PROG_GET_FD_BY_ID
path = ctypes.create_string_buffer(b"/sys/fs/bpf/kept")
attr = ctypes.create_string_buffer(struct.pack("QI", ctypes.addressof(path), fd), 120)
sys.exit(fd < 0 or libc.syscall(321, 6, attr, 120) < 0)  # BPF_OBJ_PIN
PY
printf 'filter del dev dm2 egress prio 1\nfilter add dev dm2 egress prio 1 handle 0x5e41 bpf da object-pinned /sys/fs/bpf/kept\n' | server tc -b -
[ "$(filter_of)" = "$id" ]
result $? "a filter was away and is back, as if nothing had been"
sleep 3
daemon_finish
! grep -q 'egress filter' "$WORLD/run/default/sekimorid.log"
result $? "no look saw it gone"
[ "$(gap detached)" -gt 0 ] && ! proven
result $? "the record has it, and nothing is proven"
coverage | jq -c .gaps | note

# --- the interface was taken away and made anew under its name
begin anew dm2:dmz
server ip link del dm2
machine_link server dm2 web eth0
server ip addr add 10.9.2.1/24 dev dm2
address6_on server dm2 2001:db8:9:2::1/64
machine web ip addr add 10.9.2.2/24 dev eth0
machine web ip route add default via 10.9.2.1
anew() { [ "$(status_of '.ifaces[0].attached')" = true ] && server ip link show dm2 | grep -q xdp; }
wait_for 15 anew
result $? "the interface is made anew, and protected again"
denied() { PATIENCE=1 client_tcp web 198.51.100.2; [ "$(metric_of egress-denied)" -gt 0 ]; }
wait_for 10 denied
sleep 2
daemon_finish
[ "$(gap detached)" -gt 0 ] && ! proven
result $? "the record has the time between"

# --- events that could not be told
begin events dm2:dmz
reporter=$(process_of reporter)
server kill -STOP "$reporter"
machine web python3 - <<'PY'
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(10000, 16000):
    s.sendto(b"x", ("198.51.100.2", port))
    if port % 100 == 0:
        time.sleep(0.02)
PY
lost() { [ "$(status_of .events.lost)" -gt 0 ]; }
wait_for 15 lost
result $? "a reporter that hangs: events are lost, and counted"
server kill -CONT "$reporter"
sleep 2
daemon_finish
[ "$(gap events-lost)" -gt 0 ]
result $? "the record has their number"
coverage | jq -c .gaps | note

# --- what others send as a canary
begin forged dm2:dmz
for _ in 1 2 3 4 5 6; do
	machine web python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"canaries", ("192.0.2.251", 9))'
done
forged() { [ -n "$(eve_select 'e["event_type"] == "egress" and e["egress"].get("finding") == "unknown-service" and e.get("dest_ip") == "192.0.2.251" and e.get("src_ip") == "10.9.2.2"')" ]; }
wait_for 10 forged
result $? "a forged canary is a finding"
daemon_finish
coverage | jq -c '[.canaries_seen, .canaries_due]' | note
coverage | jq -es 'map(.canaries_seen) | add > 0' >/dev/null && coverage | jq -es 'all(.canaries_seen == .canaries_due)' >/dev/null
result $? "and not counted as one of ours"

# --- role host: another way out, for a moment, with an address or without
for n in 1 2 3 4; do server ip link set dm$n down; done
begin moment wan:host "self web;"
result $? "role host: up"
printf 'link add extra type veth peer name extra2\nlink set extra2 up\nlink set extra up\nlink del extra\n' | server ip -b -
told() { grep -q 'extra2\? was for a moment up and not protected' "$WORLD/run/default/sekimorid.log"; }
wait_for 10 told
result $? "an interface that was up for a moment is told"
sleep 2
daemon_finish
[ "$(gap other-way-out)" -gt 0 ]
result $? "the record has the moment"
[ "$(gap other-way-out)" -lt 3000 ]
result $? "and not more than it"

# --- role host: a daemon that can ask nobody
begin blind wan:host "self web;"
keeper=$(cat "$WORLD/run/default/lock")
server prlimit --pid "$keeper" --nofile=3:
blind() { grep -q 'the interfaces cannot be asked for' "$WORLD/run/default/sekimorid.log"; }
wait_for 10 blind
result $? "a daemon that cannot see the interfaces says so"
[ "$(server $SEND tcp 198.51.100.2 4444 2>&1)" = EPERM ]
result $? "what was the case before stays so: EPERM"
server prlimit --pid "$keeper" --nofile=1024
sleep 2
daemon_finish
[ "$(gap unwatched)" -gt 0 ] && ! proven
result $? "and what it did not see is a gap"
coverage | jq -c .gaps | note
exit $ktap_failed
