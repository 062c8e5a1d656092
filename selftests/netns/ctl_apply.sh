#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ctl_apply - a change on probation goes back by itself, also when the daemon was killed meanwhile.
. "$(dirname "$0")/../lib/netns.sh"

plan 17
world

config() { # mode
	cat >"$WORK/$1.conf" <<EOF
eve "$WORK/log/eve.json";
interface va0 { role host; mode $1; }
list feed { file "$WORK/feed.txt"; direction both; action drop; severity high; allow-private on; }
EOF
}
printf '10.77.0.2\n' >"$WORK/feed.txt"
config monitor
config enforce
printf 'interface va0 { role host; mdoe monitor; }\n' >"$WORK/bad.conf"

ok_if "up with a configuration" s up --config "$WORK/monitor.conf"
ok_if "monitor: the listed address passes" reaches 10.77.0.2
[ "$(s status --json | jq .would_drop)" -ge 1 ] && ok "and is counted as would-drop" || not_ok "and is counted as would-drop" "$(s status)"
fails_with "a broken configuration is refused with file, line and suggestion" 3 "bad.conf:1:" s apply "$WORK/bad.conf"
ok_if "the old one keeps running" reaches 10.77.0.2
fails_with "check finds the same" 1 "mode" s check "$WORK/bad.conf"
ok_if "check of a good one" s check "$WORK/enforce.conf"
ok_if "apply on probation" s apply "$WORK/enforce.conf" --confirm-within 5
ok_if "it enforces" blocked 10.77.0.2
fails_with "a second change must wait" 3 "waits for" s apply "$WORK/monitor.conf"
ok_if "unconfirmed it goes back" wait_for reaches 10.77.0.2
back() { [ "$(s status --json | jq -r '.ifaces[0].mode')" = monitor ]; }
ok_if "status says monitor again" wait_for back

s apply "$WORK/enforce.conf" --confirm-within 5 >/dev/null
kill -9 "$(keeper_pid)"
ok_if "daemon killed on probation: the kernel falls back to monitor" wait_for reaches 10.77.0.2
ok_if "a restart has the last confirmed policy" s up
ok_if "which is monitor" back
s apply "$WORK/enforce.conf" --confirm-within 60 >/dev/null
s confirm >/dev/null
kill -9 "$(keeper_pid)"
s up >/dev/null
ok_if "confirmed, killed, restarted: it enforces" blocked 10.77.0.2
ok_if "rollback goes to a state before or says there is none" sh -c "
	out=\$('$SEKIMORI' rollback --instance '$NAME' --run '$WORK/run' --state '$WORK/state' 2>&1); rc=\$?
	[ \$rc = 0 ] || case \$out in *'no earlier policy'*) true ;; *) echo \"\$out\"; false ;; esac"
s down >/dev/null
done_testing
