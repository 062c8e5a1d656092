# SPDX-License-Identifier: GPL-2.0-or-later
# netns.sh - sourced first by every namespace test: its own network and mount
# namespace, its own bpffs, a second namespace as "the other side", KTAP output
# and a cleanup that runs however the test ends.
#
#   . "$(dirname "$0")/../lib/netns.sh"
#   plan 3
#   world                       # va0 10.77.0.1/24 here, vb0 10.77.0.2 .. .9 in the peer
#   ok_if "name" command...     # ok when the command succeeds
#   done_testing

if [ -z "$SEKI_NETNS" ]; then
	if [ "$(id -u)" != 0 ] || ! unshare -n -m true 2>/dev/null; then
		printf 'KTAP version 1\n1..0 # SKIP needs root and namespaces\n'
		exit 0
	fi
	SEKI_NETNS=1 exec unshare -n -m --propagation private sh "$0" "$@"
fi

TOP=$(cd "$(dirname "$0")/../.." && pwd)
BIN=${BIN:-$TOP/build/san}
[ -x "$BIN/sekimorid" ] || BIN=$TOP/build
SEKIMORI=$BIN/sekimori
SEKIMORID=$BIN/sekimorid
# Children may not ptrace themselves, which the leak checker needs.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:exitcode=99
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
WORK=$(mktemp -d "${TMPDIR:-/tmp}/sekimori-test.XXXXXX")
NAME=t$$
PEER=
BACKGROUND=
test_count=0
test_failed=0
unset SSH_CONNECTION

s() {
	command=$1
	shift
	"$SEKIMORI" "$command" --instance "$NAME" --run "$WORK/run" --state "$WORK/state" "$@"
}

# Process ids of the instance: the keeper (from the lock), or its children by kind.
keeper_pid() {
	cat "$WORK/run/$NAME/lock" 2>/dev/null
}

process_pid() { # kind as `status` names it
	s status --json 2>/dev/null | jq -r --arg n "$1" '.processes[] | select(.name == $n) | .pid'
}

cleanup() {
	status=$?
	trap - EXIT INT TERM
	pid=$(keeper_pid)
	[ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = sekimorid ] && kill -9 "$pid" 2>/dev/null
	[ -n "$BACKGROUND" ] && kill $BACKGROUND 2>/dev/null
	[ -n "$PEER" ] && kill "$PEER" 2>/dev/null
	if [ "$test_failed" -gt 0 ] || [ "$status" -ne 0 ]; then
		[ -f "$WORK/run/$NAME/sekimorid.log" ] && sed 's/^/# log: /' "$WORK/run/$NAME/sekimorid.log" | tail -60
	fi
	rm -rf "$WORK"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

plan() {
	printf 'KTAP version 1\n1..%d\n' "$1"
}

ok() {
	test_count=$((test_count + 1))
	printf 'ok %d %s\n' "$test_count" "$1"
}

not_ok() {
	test_count=$((test_count + 1))
	test_failed=$((test_failed + 1))
	printf 'not ok %d %s\n' "$test_count" "$1"
	[ -n "$2" ] && printf '%s\n' "$2" | sed 's/^/# /'
	return 0
}

skip() { # name, reason
	test_count=$((test_count + 1))
	printf 'ok %d %s # SKIP %s\n' "$test_count" "$1" "$2"
}

ok_if() { # name, command...
	test_name=$1
	shift
	if output=$("$@" 2>&1); then ok "$test_name"; else not_ok "$test_name" "$* -> $? : $output"; fi
}

fails_with() { # name, exit code, text that must be in the output, command...
	test_name=$1 want=$2 text=$3
	shift 3
	output=$("$@" 2>&1)
	got=$?
	case $output in
	*"$text"*) [ "$got" = "$want" ] && ok "$test_name" && return 0 ;;
	esac
	not_ok "$test_name" "exit $got (wanted $want), output: $output"
}

done_testing() {
	[ "$test_failed" = 0 ]
	exit $?
}

# Until the command succeeds; 20 s at most.
wait_for() {
	for _ in $(seq 200); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

# Own /sys and bpffs, a veth pair, the peer's addresses 10.77.0.2 to .9.
world() {
	mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf || { echo "# mounts failed"; exit 1; }
	ip link set lo up
	unshare -n sleep 3600 &
	PEER=$!
	wait_for sh -c "[ \$(readlink /proc/$PEER/ns/net) != $(readlink /proc/$$/ns/net) ]"
	ip link add va0 type veth peer name vb0 netns "$PEER"
	ip addr add 10.77.0.1/24 dev va0
	ip link set va0 up
	for i in 2 3 4 5 6 7 8 9; do
		peer ip addr add 10.77.0.$i/24 dev vb0
	done
	peer ip link set vb0 up
	peer ip link set lo up
	mkdir -p "$WORK/log"
	chmod 755 "$WORK"
	cat >"$WORK/base.conf" <<EOF
eve "$WORK/log/eve.json";
EOF
}

peer() {
	nsenter -t "$PEER" -n "$@"
}

# A command that runs until the test ends; its output goes to $log if that is set.
background() {
	"$@" >"${log:-/dev/null}" 2>&1 &
	BACKGROUND="$BACKGROUND $!"
}

peer_background() {
	background nsenter -t "$PEER" -n "$@"
}

# Does the address of the peer reach us? One packet, at most a second.
reaches() {
	peer ping -n -c 1 -W 1 -I "$1" 10.77.0.1 >/dev/null 2>&1
}

blocked() {
	! reaches "$1"
}
