#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T11: what `ip link` attached is adopted without a hole, made a pinned link on request, and its removal is an alarm. A program that
# is not ours is named, refused and left alone.
. "$(dirname "$0")/../lib/world.sh"
SOURCE=198.18.0.5
FILTER="src host $SOURCE and udp dst port 9"
OBJECT=$here/build/sekimori.bpf.o
world_new
[ -r "$OBJECT" ] || skip_all "no packet program: make first"
plan 22

attached() { server ip -json link show dev wan | jq -r '.[0].xdp.prog.id // 0'; }
up_again() { sekimori up "$@" >"$WORLD/up.out" 2>&1; }
hook_is() { [ "$(status_of '.ifaces[0].hook')" = "$1" ]; }
alarms() { eve_select 'e["event_type"] == "shield" and e["shield"]["kind"] == "alarm" and "not protected" in e["shield"]["text"]'; }
sent() { tail -1 "$WORLD/sender.out"; }
# Runs a command under fire: true when it succeeds and at least 100 datagrams were sent meanwhile and shortly after.
under_fire() {
	local from
	from=$(sent)
	"$@" || { note <"$WORLD/up.out"; return 1; }
	more() { [ $(($(sent) - from)) -ge 100 ]; }
	wait_for 5 more
}

# --- a program that is not ours
cat >"$WORLD/foreign.c" <<'END'
__attribute__((section("xdp"), used)) int somebody_elses(void *ctx) { return 2; }
__attribute__((section("license"), used)) char terms[] = "GPL";
END
clang -target bpf -O2 -g -c "$WORLD/foreign.c" -o "$WORLD/foreign.o" && server ip link set dev wan xdp obj "$WORLD/foreign.o" sec xdp
foreign=$(attached)
[ "$foreign" != 0 ]
result $? "a foreign program is attached"
! world_up <<<"" 2>"$WORLD/refusal"
result $? "up refuses the interface"
note <"$WORLD/refusal"
grep -q foreign "$WORLD/refusal" && grep -q "$foreign" "$WORLD/refusal" && grep -q somebody_elses "$WORLD/refusal"
result $? "the refusal names the program and its id"
[ "$(attached)" = "$foreign" ]
result $? "it is still attached"
sekimori down >/dev/null 2>&1
[ "$(attached)" = "$foreign" ]
result $? "down leaves it alone"
server ip link set dev wan xdp off

# --- adoption
server ip link set dev wan xdp obj "$OBJECT" sec xdp
result $? "ip link attaches the packet program"
world_enforce <<<""
result $? "up adopts it and enforces"
note <"$WORLD/up.out"
hook_is "removable by ip link"
result $? "status: removable by ip link"

# Sends 2000 datagrams a second and tells how many so far.
cat >"$WORLD/sender.py" <<'END'
import socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], 0))
number, begin = 0, time.monotonic()
while True:
    sock.sendto(b"T11", ("198.51.100.1", 9))
    number += 1
    if number % 20 == 0:
        print(number, flush=True)
    time.sleep(max(0, begin + number / 2000 - time.monotonic()))
END
hear before "$FILTER"
machine_background internet "$WORLD/sender.out" python3 "$WORLD/sender.py" $SOURCE
flows() { [ "$(sent)" -ge 200 ] 2>/dev/null; }
wait_for 5 flows
heard_is before -ge 100
result $? "before it is listed, the source's datagrams reach the server"
sekimori block $SOURCE --reason "T11" >/dev/null

hear again "$FILTER"
under_fire up_again --iface wan:host --enforce
result $? "up is run again"
kept() { sekimori down --keep >"$WORLD/up.out" 2>&1 && up_again; }
under_fire kept && [ "$(status_of .adopted)" = true ]
result $? "the daemon ends, a new one adopts"
heard_is again -eq 0
result $? "not one packet of the listed source passed"

hear takeover "$FILTER"
under_fire up_again --takeover && hook_is "pinned link"
result $? "takeover makes it a pinned link"
note <"$WORLD/up.out"
passed=$(heard takeover)
echo "# takeover: $passed packets reached the server"
gap=$(sed -nE 's/.*without a program for ([0-9]+)\.[0-9]+ ms.*/\1/p' "$WORLD/up.out")
# The sender makes up for what it missed while it had no processor: a little more than 2 per millisecond is no leak.
explained=0
[ -z "$gap" ] || explained=$((100 + 4 * gap))
[ "$passed" -le "$explained" ]
result $? "none passed, or no more than the stated gap explains"
hear after "$FILTER"
under_fire up_again
heard_is after -eq 0
result $? "behind the takeover not one"
! server ip link set dev wan xdp off 2>/dev/null && [ "$(attached)" != 0 ]
result $? "ip link cannot take the pinned link off"

# --- somebody takes a netlink attachment off
sekimori down >"$WORLD/up.out" 2>&1 && [ "$(attached)" = 0 ]
result $? "down takes ours off"
server ip link set dev wan xdp obj "$OBJECT" sec xdp && world_enforce <<<"" && hook_is "removable by ip link"
result $? "adopted once more"
: >"$EVE"
server ip link set dev wan xdp off
noticed() { [ -n "$(alarms)" ]; }
wait_for 15 noticed
result $? "its removal is an alarm within 15 s"
alarms | head -1 | jq -c .shield | note
sekimori status >"$WORLD/status"
head -1 "$WORLD/status" | note
head -1 "$WORLD/status" | grep -q '^NOT PROTECTING'
result $? "status begins with NOT PROTECTING"
remedy=$(alarms | head -1 | grep -oE 'sekimori up[^`]*' | head -1)
# shellcheck disable=SC2086 # words of a command line
up_again ${remedy#sekimori up}
[ -n "$remedy" ] && [ "$(status_of '.ifaces[0] | .role + " " + .mode')" = "host enforce" ]
result $? "what the alarm names ($remedy) protects as before"
sekimori status | head -2 | note
hear back "$FILTER"
under_fire true && heard_is back -eq 0
result $? "not one packet passes again"
exit $ktap_failed
