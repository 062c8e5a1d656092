#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# list_crash - the daemon dies by SIGKILL at each system call with which a list's replacement reaches the kernel, the disk or the person who
# asked. Under traffic, what both lists have never passes and what neither has always does; afterwards the kernel drops by the old list or
# the new one, the state folder holds either, whole, and a daemon that starts again makes them one.
. "$(dirname "$0")/../lib/netns.sh"

command -v strace >/dev/null || { plan 1; skip "killed at each step" "no strace"; done_testing; }
# In the keeper itself; in it or a process that it makes for the purpose (the parser, the copy that writes to the disk).
OWN="bpf openat write sendmsg mmap munmap"
ANY="fsync ftruncate fchmod link unlink unlinkat rename renameat renameat2 write"
world
s up --iface va0:host --enforce --config "$WORK/base.conf" >/dev/null || not_ok "up"
printf '10.77.0.2\n10.77.0.3\n10.77.0.5\n' >"$WORK/one.txt"
printf '10.77.0.2\n10.77.0.6\n10.77.0.7\n' >"$WORK/two.txt"
load() { s list load feed "$WORK/$1.txt" --allow-private; }

# By packets: one, two, or what it is instead.
in_force() {
	passed=
	for i in 2 3 5 6 7; do
		peer ping -n -q -c 1 -W 0.3 -I 10.77.0.$i 10.77.0.1 >/dev/null 2>&1 && echo $i >"$WORK/passed.$i" &
	done
	wait $(jobs -p | grep -vxF "$(printf '%s\n' $PEER $BACKGROUND)") 2>/dev/null
	for i in 2 3 5 6 7; do
		[ -e "$WORK/passed.$i" ] && passed="$passed $i"
		rm -f "$WORK/passed.$i"
	done
	case $passed in
	" 6 7") echo one ;;
	" 3 5") echo two ;;
	*) echo "neither: passed$passed" ;;
	esac
}
# By the daemon's word, which it has from the state folder.
in_state() {
	case $(s list show feed --json 2>/dev/null | jq -r '[.[].prefix] | join(" ")') in
	"10.77.0.2 10.77.0.3 10.77.0.5") echo one ;;
	"10.77.0.2 10.77.0.6 10.77.0.7") echo two ;;
	*) echo "neither: $(s list show feed 2>&1)" ;;
	esac
}
# Killed at the n-th such call on the way from list one to list two; $loaded: what the person was told. Fails when nobody was.
dies_at() { # call, n, -f: also in processes that are made
	pid=$(keeper_pid)
	strace $3 -qq -o "$WORK/trace" -p "$pid" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" 2>/dev/null &
	tracer=$!
	wait_for grep -q "^TracerPid:[[:space:]]*$tracer\$" "/proc/$pid/status"
	load two >"$WORK/loaded" 2>&1
	loaded=$?
	grep -q "not saved" "$WORK/loaded" && loaded=1
	# Somebody else died: the keeper goes after him.
	[ $loaded = 0 ] || kill -9 "$pid" 2>/dev/null
	kill -INT "$tracer" 2>/dev/null # it goes by itself when the keeper is gone
	wait "$tracer" 2>/dev/null
	[ $loaded = 0 ] || wait_for dead
	dead
}
dead() { ! [ -d "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status"; }
# Nothing is wrong behind the n-th death; else it says what is.
step_checked() { # call, n
	kernel=$(in_force)
	case $loaded:$kernel in
	*:two) after=$((after + 1)) ;;
	[1-9]*:one) before=$((before + 1)) ;;
	*) echo "load's exit $loaded, in force: $kernel" ;;
	esac
	s up >"$WORK/up" 2>&1 || cat "$WORK/up"
	state=$(in_state)
	kernel=$(in_force)
	[ "$state" = "$kernel" ] || echo "started again: the daemon has $state, in force is $kernel"
	[ "$loaded" != 0 ] || [ "$state" = two ] || echo "the load was told to be done, then $state came back"
	s list verify >"$WORK/verify" 2>&1 || cat "$WORK/verify"
	find "$WORK/state" -path '*/store' -prune -o -name '.*.????????????????' -print
	[ "$state" = one ] || load one >/dev/null || echo "list one cannot be loaded again"
}

load one >/dev/null
log=$WORK/always
peer_background ping -n -i 0.005 -W 1 -I 10.77.0.2 10.77.0.1
log=$WORK/never
peer_background ping -n -i 0.005 -W 1 -I 10.77.0.4 10.77.0.1
pingers=$BACKGROUND
deaths=0 before=0 after=0
at_each() { # call, -f
	n=1
	while [ ! -s "$WORK/bad" ] && dies_at "$1" $n $2; do
		step_checked >"$WORK/bad" 2>&1
		[ ! -s "$WORK/bad" ] || echo "at $1 $n" >>"$WORK/bad"
		deaths=$((deaths + 1)) n=$((n + 1))
	done
	[ -s "$WORK/bad" ] && return
	[ "$loaded" = 0 ] && [ "$(in_force)" = two ] || echo "nobody died at $1 $n: exit $loaded, $(in_force)" >"$WORK/bad"
	load one >/dev/null
	echo "# $1: $((n - 1))"
}
for call in $OWN; do at_each $call; done
for call in $ANY; do at_each $call -f; done
kill -INT $pingers
plan 6
[ ! -s "$WORK/bad" ] && ok "killed at each of $deaths steps: the old list $before times, the new one $after times, never anything else" ||
	not_ok "killed at each step" "$(cat "$WORK/bad")"
[ "$before" -gt 5 ] && [ "$after" -gt 5 ] && ok "on both sides of the switch" || not_ok "on both sides of the switch" "$before before, $after after"
ok_if "undisturbed it takes the new list" load two
told() { grep -q 'packets transmitted' "$WORK/$1"; }
wait_for told always && wait_for told never
case $(grep 'packets transmitted' "$WORK/always") in
*" 0 received"*) ok "what both lists have never passed" ;;
*) not_ok "what both lists have never passed" "$(cat "$WORK/always" | tail -3)" ;;
esac
sent=$(sed -n 's/ packets transmitted.*//p' "$WORK/never")
got=$(sed -n 's/.*transmitted, \([0-9]*\) received.*/\1/p' "$WORK/never")
[ "$sent" -gt 200 ] && [ $((sent - got)) -le 1 ] && ok "what neither has always did ($sent packets)" || not_ok "what neither has always did" "$(tail -3 "$WORK/never")"
ok_if "and the list before it is still kept" s list rollback feed
s down >/dev/null
done_testing
