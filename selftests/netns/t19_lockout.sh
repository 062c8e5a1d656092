#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T19: nobody locks himself out. Monitor is the default, enforcing where people come in needs a probation, a list of everything leaves
# the gateway and the management peer in, and the kernel itself ends a probation that nobody confirmed.
. "$(dirname "$0")/../lib/world.sh"
GATEWAY=198.51.100.2 # an administrator sits there as well
MANAGER=198.18.0.9   # another one; the page stands for his remote shell
OTHER=198.18.0.5
export SSH_CONNECTION="$GATEWAY 40000 198.51.100.1 22"
world_new
plan 21

serves() { internet curl -s -o /dev/null --max-time 1 --interface "$1" http://198.51.100.1/; }
pings() { internet ping -n -q -c "${2:-1}" -i 0.05 -W 1 -I "$1" 198.51.100.1 >/dev/null; }
mode_is() { [ "$(status_of '.ifaces[0].mode')" = "$1" ]; }
elapsed() { echo $((($(date +%s%N) - begin) / 1000000)); }
attached() { server ip -json link show dev wan | jq -r '.[0].xdp.prog.id // 0'; }

world_up <<<"" && mode_is monitor
result $? "up without flags is monitor"
printf '0.0.0.0/0\n%s\n%s\n' $GATEWAY $MANAGER >"$WORLD/everything"
SSH_CONNECTION="$MANAGER 40000 198.51.100.1 80" sekimori list load everything "$WORLD/everything" \
	--allow-own --allow-private --allow-share >"$WORLD/load" 2>&1
result $? "a list of everything, the gateway and the management peer is loaded"
note <"$WORLD/load"
grep -qF 0.0.0.0/0 "$WORLD/load" && grep -qF $GATEWAY "$WORLD/load" && grep -qF $MANAGER "$WORLD/load"
result $? "its answer names all three"
serves $OTHER && pings $OTHER
result $? "in monitor mode nothing is dropped"

sekimori up --iface wan:host --enforce >"$WORLD/refusal" 2>&1
[ $? = 3 ]
result $? "enforcing at once is refused"
note <"$WORLD/refusal"
grep -q -- "--confirm-within" "$WORLD/refusal"
result $? "the refusal names the remedy"
mode_is monitor && serves $OTHER
result $? "and nothing changed"

# --- on probation, 12 s: what can be prepared or read later is not done meanwhile
hear other "src host $OTHER"
begin=$(date +%s%N)
sekimori up --iface wan:host --enforce --confirm-within 12 >"$WORLD/up.out" 2>&1
taken=$?
began=$(elapsed)
pings $GATEWAY 5 && serves $GATEWAY
gateway=$?
serves $MANAGER
manager=$?
sekimori why $GATEWAY >"$WORLD/why" 2>&1
pings $OTHER 5
other=$?
sekimori status --json >"$WORLD/status"
alive=$(elapsed)
# The keeper first, for it starts the others anew.
server kill -9 $(jq -r '.processes | sort_by(.name != "keeper") | .[].pid | select(. > 0)' "$WORLD/status")
pings $OTHER 5
after=$?
killed=$(elapsed)
result $taken "with --confirm-within it is taken"
note <"$WORLD/up.out"
echo "# ms since the call: up returned $began, status $alive, killed and tried again $killed"
jq -e '.confirm_left > 0 and .ifaces[0].mode == "enforce" and .ifaces[0].attached' "$WORLD/status" >/dev/null
result $? "status of that time: enforcing, on probation"
result $gateway "the listed gateway is answered and served"
result $manager "the listed management peer reaches its port"
grep -q "the allow set wins" "$WORLD/why"
result $? "why says that the allow set wins"
note <"$WORLD/why"
[ $other != 0 ]
result $? "another source is not answered"
[ $after != 0 ]
result $? "nor with every process killed"
heard_is other -eq 0
result $? "not one packet of it reached the server"

# --- nobody confirms, no process is left that could take anything back
gone() {
	local pid
	for pid in $(jq -r '.processes[].pid | select(. > 0)' "$WORLD/status"); do
		! server grep -qsE '^State:[[:space:]]*[^Z[:space:]]' "/proc/$pid/status" || return 1
	done
	! sekimori status >/dev/null 2>&1
}
gone
result $? "no process of ours is there"
program=$(attached)
wait_for 30 pings $OTHER
result $? "when the probation is over the other source is answered"
back=$(elapsed)
echo "# $back ms since the call"
serves $OTHER
result $? "and served"
gone && [ "$program" != 0 ] && [ "$(attached)" = "$program" ]
result $? "the same program is still attached, still nobody is there"
sekimori up >"$WORLD/up.out" 2>&1 && mode_is monitor
result $? "a new daemon goes on in monitor mode"
note <"$WORLD/up.out"
serves $OTHER && pings $OTHER
result $? "and drops nothing"
exit $ktap_failed
