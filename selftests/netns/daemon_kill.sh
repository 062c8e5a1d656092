#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# daemon_kill - kill -9 of each process, and of all: the kernel enforces on, a restart finds everything again.
. "$(dirname "$0")/../lib/netns.sh"

plan 15
world

s up --iface va0:host --enforce --config "$WORK/base.conf" >/dev/null || not_ok "up"
s block 10.77.0.2 --for 1h --reason "kill test" >/dev/null
printf '10.77.0.3\n192.0.2.0/24\n' >"$WORK/list.txt"
s list load feed "$WORK/list.txt" --allow-private >/dev/null
s allow 10.77.0.9 >/dev/null

peer_background sh -c 'while :; do ping -n -q -c 5 -i 0.2 -W 1 -I 10.77.0.4 10.77.0.1; ping -n -q -c 2 -i 0.2 -W 1 -I 10.77.0.2 10.77.0.1; done'

for kind in ctl reporter "engine 0"; do
	old=$(process_pid "$kind")
	kill -9 "$old"
	ok_if "$kind killed: 10.77.0.2 stays blocked" blocked 10.77.0.2
	came_back() {
		new=$(process_pid "$kind")
		[ -n "$new" ] && [ "$new" != 0 ] && [ "$new" != "$old" ]
	}
	ok_if "$kind comes back" wait_for came_back
done
ok_if "others still reach us" reaches 10.77.0.4

rows=$(s status --json | jq .usage.list_rows)
keeper=$(keeper_pid)
children=$(s status --json | jq -r '.processes[] | select(.name != "keeper") | .pid')
kill -9 "$keeper"
gone() {
	for pid in $children; do
		[ -d "/proc/$pid" ] && ! grep -q '^State:.*Z' "/proc/$pid/status" && return 1
	done
	return 0
}
ok_if "keeper killed: its children go too" wait_for gone
ok_if "keeper killed: 10.77.0.2 stays blocked" blocked 10.77.0.2
ok_if "keeper killed: 10.77.0.3 of the loaded list stays blocked" blocked 10.77.0.3
ok_if "up takes over what is there" s up
[ "$(s status --json | jq .adopted)" = true ] && ok "the maps were adopted" || not_ok "the maps were adopted" "$(s status)"
[ "$(s status --json | jq .usage.list_rows)" = "$rows" ] && ok "as many rows as before ($rows)" ||
	not_ok "as many rows as before ($rows)" "$(s status)"
case $(s why 10.77.0.2) in
*"kill test"*) ok "the manual entry has its reason" ;;
*) not_ok "the manual entry has its reason" "$(s why 10.77.0.2)" ;;
esac
case $(s status | head -1) in
ENFORCING*) ok "it enforces as before" ;;
*) not_ok "it enforces as before" "$(s status)" ;;
esac
s down >/dev/null
done_testing
