#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# t12_reboot - row T12's last words: entries end while no daemon runs, and what is left of their time is left after everything that the
# kernel held is gone, as after a reboot.
. "$(dirname "$0")/../lib/netns.sh"

plan 9
world
s up --iface va0:host --enforce --config "$WORK/base.conf" >/dev/null || not_ok "up"
left() { # seconds that are left of an entry of the list; lasting: none
	s list show "$1" --json | jq -r --arg p "$2" --argjson now "$(date +%s)" '.[] | select(.prefix == $p) | if .expires > 0 then .expires - $now else "lasting" end'
}
printf '10.77.0.5\n' >"$WORK/list.txt"
s block 10.77.0.2 --for 4s --reason "short" >/dev/null
s block 10.77.0.3 --for 1h --reason "long" >/dev/null
s block 10.77.0.4 --reason "lasting" >/dev/null
s list load feed "$WORK/list.txt" --allow-private --expires 2h >/dev/null
began=$(date +%s)
keeper=$(keeper_pid)
children=$(s status --json | jq -r '.processes[] | select(.name != "keeper") | .pid')
ok_if "the short one drops" blocked 10.77.0.2
kill -9 "$keeper"
gone() {
	for pid in $children; do
		[ -d "/proc/$pid" ] && ! grep -q '^State:.*Z' "/proc/$pid/status" && return 1
	done
	return 0
}
wait_for gone
ok_if "without a daemon the short one ends" wait_for reaches 10.77.0.2
ok_if "and the long one does not" blocked 10.77.0.3

# --- nothing of the kernel's is left
ip link del va0
umount /sys/fs/bpf && mount -t bpf bpf /sys/fs/bpf
ip link add va0 type veth peer name vb0 netns "$PEER"
ip addr add 10.77.0.1/24 dev va0
ip link set va0 up
for i in 2 3 4 5 6; do peer ip addr add 10.77.0.$i/24 dev vb0; done
peer ip link set vb0 up
ok_if "everybody gets in" wait_for reaches 10.77.0.3
s up --iface va0:host --enforce >/dev/null 2>&1 || not_ok "up again"
[ "$(s status --json | jq .adopted)" = false ] && ok "nothing was there to adopt" || not_ok "nothing was there to adopt" "$(s status)"
blocked 10.77.0.3 && blocked 10.77.0.4 && blocked 10.77.0.5 && ok "what has time left drops again" || not_ok "what has time left drops again" "$(s list show manual)"
ok_if "what had ended before does not come back" reaches 10.77.0.2
within() { # seconds left, of how many at the beginning
	passed=$(($(date +%s) - began))
	[ "$1" -le $(($2 - passed + 2)) ] && [ "$1" -ge $(($2 - passed - 3)) ]
}
ok_if "the clock of the long one went on" within "$(left manual 10.77.0.3)" 3600
within "$(left feed 10.77.0.5)" 7200 && [ "$(left manual 10.77.0.4)" = lasting ] && ok "that of a list's entry, too; the lasting one has none" ||
	not_ok "that of a list's entry, too; the lasting one has none" "$(left feed 10.77.0.5), $(left manual 10.77.0.4)"
s down >/dev/null
done_testing
