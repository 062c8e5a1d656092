#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# daemon_lifecycle - up, status, a second daemon, down; children hold nothing; nobody may not.
. "$(dirname "$0")/../lib/netns.sh"

plan 19
world

fails_with "status without a daemon says not protecting" 3 "NOT PROTECTING" s status
ok_if "up starts the daemon in monitor mode" s up --iface va0:host --config "$WORK/base.conf"
case $(s status | head -1) in
"MONITOR ONLY on va0"*) ok "status begins with MONITOR ONLY on va0" ;;
*) not_ok "status begins with MONITOR ONLY on va0" "$(s status)" ;;
esac
ok_if "traffic passes" reaches 10.77.0.2
fails_with "a second daemon is refused and the first one named" 1 "served already by process $(keeper_pid)" \
	"$SEKIMORID" --foreground --instance "$NAME" --run "$WORK/run" --state "$WORK/state"
ok_if "a daemon of another name is not refused by the lock" sh -c "
	'$SEKIMORID' --foreground --instance other$NAME --run '$WORK/run' --state '$WORK/state' 2>'$WORK/other.log' & pid=\$!
	for i in \$(seq 100); do [ -S '$WORK/run/other$NAME/ctl.sock' ] && break; sleep 0.1; done
	kill \$pid; wait \$pid; [ -s '$WORK/run/other$NAME/lock' ]"
for kind in ctl reporter "engine 0"; do
	pid=$(process_pid "$kind")
	state=$(grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$pid/status" | tr -s '\t\n' ' ')
	case $state in
	"Uid: 0"*) not_ok "$kind is not root" "$state" ;;
	*"CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2"*) ok "$kind: own uid, no capability, seccomp" ;;
	*) not_ok "$kind: own uid, no capability, seccomp" "$state" ;;
	esac
done
uids=$(for kind in ctl reporter "engine 0"; do awk '/^Uid:/ { print $2 }' "/proc/$(process_pid "$kind")/status"; done | sort -u | wc -l)
[ "$uids" = 3 ] && ok "every process has its own uid" || not_ok "every process has its own uid" "$uids different"
maps=$(for kind in ctl reporter; do ls -l "/proc/$(process_pid "$kind")/fd"; done | grep -c bpf)
[ "$maps" = 0 ] && ok "ctl and reporter hold no BPF descriptor" || not_ok "ctl and reporter hold no BPF descriptor" "$maps"
maps=$(ls -l "/proc/$(process_pid 'engine 0')/fd" | grep -c bpf)
[ "$maps" = 1 ] && ok "the engine holds its ring and no other map" || not_ok "the engine holds its ring and no other map" "$maps"
if command -v setpriv >/dev/null; then
	fails_with "uid nobody is told what is missing" 1 "needs root" \
		setpriv --reuid 65534 --regid 65534 --clear-groups "$SEKIMORID" --foreground --run "$WORK/x" --state "$WORK/y"
	fails_with "uid nobody may not ask" 3 "permission denied" \
		setpriv --reuid 65534 --regid 65534 --clear-groups "$SEKIMORI" block 10.77.0.3 --instance "$NAME" --run "$WORK/run"
else
	skip "uid nobody is told what is missing" "no setpriv"
	skip "uid nobody may not ask" "no setpriv"
fi
fails_with "a missing interface is named" 3 "nosuch0 does not exist" s up --iface nosuch0
fails_with "an unknown role is a usage error" 2 "roles are" s up --iface va0:moat
ok_if "the event file holds changes" grep -q '"event_type":"shield"' "$WORK/log/eve.json"
ok_if "down detaches and stops" s down
if ip link show va0 | grep -q xdp || [ -n "$(ls "/sys/fs/bpf/sekimori/$NAME" 2>/dev/null)" ]; then
	not_ok "nothing stays on the interface" "$(ip link show va0; ls -R /sys/fs/bpf)"
else
	ok "nothing stays on the interface"
fi
done_testing
