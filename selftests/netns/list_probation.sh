#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# list_probation - a configuration with another list is applied on probation and the daemon is killed: the kernel alone lets everybody in
# again when the time is over, and a daemon that starts finds the list that was confirmed.
. "$(dirname "$0")/../lib/netns.sh"

plan 12
world
conf() { # file, address that its list blocks
	printf '%s\n' "$2" >"$WORK/$1.txt"
	{
		cat "$WORK/base.conf"
		printf 'interface va0 { role host; mode enforce; }\nlist feed { file "%s"; allow-private on; }\n' "$WORK/$1.txt"
	} >"$WORK/$1.conf"
}
conf old 10.77.0.2
conf new 10.77.0.3
all_dead() {
	for pid in $pids; do
		[ -d "/proc/$pid" ] && ! grep -q '^State:.*Z' "/proc/$pid/status" && return 1
	done
	return 0
}
daemon_killed() {
	pids=$(s status --json | jq -r '.processes | sort_by(.name != "keeper") | .[].pid | select(. > 0)')
	kill -9 $pids 2>/dev/null
	wait_for all_dead
}

s up --iface va0:host --enforce --config "$WORK/old.conf" >"$WORK/up" 2>&1 || not_ok "up" "$(cat "$WORK/up")"
ok_if "the old list drops" blocked 10.77.0.2
ok_if "the new one is taken on probation" s apply "$WORK/new.conf" --confirm-within 6
blocked 10.77.0.3 && reaches 10.77.0.2 && ok "it drops, the old one no longer" || not_ok "it drops, the old one no longer" "$(s list show feed)"
ok_if "the daemon is killed" daemon_killed
ok_if "the new one still drops" blocked 10.77.0.3
ok_if "until its time is over: the kernel ends it by itself" wait_for reaches 10.77.0.3
ok_if "a daemon starts again" s up
ok_if "the old list drops again" wait_for blocked 10.77.0.2
ok_if "what only the new one had does not" reaches 10.77.0.3
[ "$(s list show feed --json | jq -r '[.[].prefix] | join(" ")')" = 10.77.0.2 ] && ok "by the daemon's word, too" || not_ok "by the daemon's word, too" "$(s list show feed --json)"
ok_if "as the kernel holds it" s list verify
fails_with "nothing waits for a confirm" 1 "" s confirm
s down >/dev/null
done_testing
