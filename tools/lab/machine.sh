# SPDX-License-Identifier: GPL-2.0-or-later
# machine.sh - sourced: small "machines" made of namespaces (network, mount, pid), each with its own /sys, bpffs, /run and
# /tmp. They have no names outside of this shell, and everything in one ends with it, also when the shell is killed.
#   machine_new NAME          machine NAME command…        machine_link NAME1 IF1 NAME2 IF2
#   machine_background NAME LOG command…                   machine_end NAME        machine_end_all

declare -A machine_pid machine_outer

machine_new() {
	local name=$1 ready
	ready=$(mktemp -u)
	mkfifo "$ready"
	# The holder is pid 1 of the machine: when it dies the kernel ends the rest.
	# shellcheck disable=SC2016
	setsid unshare --net --mount --pid --fork --kill-child=KILL --mount-proc --propagation private sh -c '
		mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf && mount -t tmpfs tmpfs /run && mkdir -p /run/lock &&
		ip link set lo up && echo ok >"$1"
		exec sleep 86400' holder "$ready" </dev/null >/dev/null 2>&1 &
	local outer=$!
	if ! timeout 20 cat "$ready" >/dev/null; then
		rm -f "$ready"
		kill "$outer" 2>/dev/null
		echo "cannot make a namespace machine: this needs root and CONFIG_NET_NS" >&2
		return 1
	fi
	rm -f "$ready"
	machine_pid[$name]=$(pgrep -P "$outer" | head -1)
	machine_outer[$name]=$outer
	# --kill-child covers the death of unshare; this covers the death of our shell.
	(
		while kill -0 $$ 2>/dev/null && kill -0 "$outer" 2>/dev/null; do sleep 1; done
		kill "$outer" 2>/dev/null
	) </dev/null >/dev/null 2>&1 &
	disown -a
}

machine() {
	local name=$1
	shift
	nsenter -t "${machine_pid[$name]}" --net --mount --pid --wd="$PWD" -- "$@"
}

machine_background() {
	local name=$1 log=$2
	shift 2
	nsenter -t "${machine_pid[$name]}" --net --mount --pid --wd="$PWD" -- "$@" </dev/null >"$log" 2>&1 &
	disown
}

# A veth pair between two machines. The host's pid numbers are not known inside, so the pair is made from outside.
machine_link() {
	nsenter -t "${machine_pid[$1]}" --net -- ip link add "$2" type veth peer name "$4" netns "${machine_pid[$3]}"
	machine "$1" ip link set "$2" up
	machine "$3" ip link set "$4" up
}

machine_end() {
	kill -KILL "${machine_pid[$1]}" "${machine_outer[$1]}" 2>/dev/null
	unset "machine_pid[$1]" "machine_outer[$1]"
}

machine_end_all() {
	local name
	for name in "${!machine_pid[@]}"; do machine_end "$name"; done
}
