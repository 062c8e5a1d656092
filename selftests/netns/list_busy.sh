#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# list_busy - what takes long does not keep anybody waiting: while a list goes to a slow disk, while a large one comes into force, and while
# it is compared with what the kernel holds, a block is in force at once.
. "$(dirname "$0")/../lib/netns.sh"

plan 21
world
s up --iface va0:host --enforce --config "$WORK/base.conf" >/dev/null || not_ok "up"
printf '10.77.0.2\n' >"$WORK/one.txt"
printf '10.77.0.3\n10.77.0.4\n' >"$WORK/two.txt"
runs() { kill -0 "$1" 2>/dev/null; }

# --- a disk that takes four seconds
s list load feed "$WORK/one.txt" --allow-private >/dev/null
if command -v strace >/dev/null; then
	strace -f -qq -o /dev/null -p "$(keeper_pid)" -e trace=fsync -e inject=fsync:delay_enter=4000000 2>/dev/null &
	tracer=$!
	wait_for grep -q "^TracerPid:[[:space:]]*$tracer\$" "/proc/$(keeper_pid)/status"
	s list load feed "$WORK/two.txt" --allow-private >"$WORK/loaded" 2>&1 &
	load=$!
	ok_if "the list is in force" wait_for blocked 10.77.0.3
	ok_if "a block is taken" s block 10.77.0.5
	ok_if "and is in force" blocked 10.77.0.5
	ok_if "while the list is still being saved" runs $load
	fails_with "another change has to wait" 3 "another change is being made" s list rollback feed
	wait $load && ok "then the list is saved" || not_ok "then the list is saved" "$(cat "$WORK/loaded")"
	kill -INT $tracer 2>/dev/null
	wait $tracer 2>/dev/null
else
	for i in 1 2 3 4 5 6; do skip "with a slow disk ($i)" "no strace"; done
fi

# --- half a million entries, read back
awk 'BEGIN { for (i = 0; i < 500000; i++) { a = 184549376 + i * 47; printf "%d.%d.%d.%d\n", a / 16777216, a / 65536 % 256, a / 256 % 256, a % 256 } }' >"$WORK/many.txt"
echo 10.77.0.9 >>"$WORK/many.txt"
s list load many "$WORK/many.txt" --allow-private >/dev/null || not_ok "many"

# The same again: blocks and an unblock before and after the switch; one that covers what is listed waits for the load.
s block 10.77.0.6 >/dev/null
s list load many "$WORK/many.txt" --allow-private >"$WORK/loaded" 2>&1 &
load=$!
count=0
slowest=0
while runs $load; do
	count=$((count + 1))
	before=$(date +%s%3N)
	s block 203.0.113.$((count % 250)) --reason "$count" >/dev/null || not_ok "a block during a load"
	took=$(($(date +%s%3N) - before))
	[ $took -le $slowest ] || slowest=$took
	[ $count = 3 ] && s block 10.77.0.7 >/dev/null
	[ $count = 5 ] && s unblock 10.77.0.6 >/dev/null
	[ $count = 7 ] && s block 10.77.0.8/29 >/dev/null
done
wait $load && ok "half a million entries are loaded again" || not_ok "half a million entries are loaded again" "$(cat "$WORK/loaded")"
[ $count -ge 8 ] && ok "with blocks meanwhile" || not_ok "with blocks meanwhile" "$count"
echo "# $count blocks, the slowest took $slowest ms"
ok_if "a block meanwhile is in force in the new generation" blocked 10.77.0.7
ok_if "an unblock holds" reaches 10.77.0.6
ok_if "and so does a block around what is listed" blocked 10.77.0.8
ok_if "the list itself is in force" blocked 10.77.0.9
s unblock 10.77.0.8/29 >/dev/null
s unblock 10.77.0.7 >/dev/null
ok_if "what is meant is what the kernel holds" s list verify
s list verify >"$WORK/verified" 2>&1 &
verify=$!
for i in 6 7 8; do s block 10.77.0.$i >/dev/null; done
runs $verify && ok "three blocks while the tables are compared" || not_ok "three blocks while the tables are compared" "$(cat "$WORK/verified")"
ok_if "are in force" blocked 10.77.0.8
wait $verify && grep -q "holds what the lists add up to" "$WORK/verified" && ok "and no difference" || not_ok "and no difference" "$(cat "$WORK/verified")"

# --- half a million entries of the configuration itself
{
	cat "$WORK/base.conf"
	echo "list large { file \"$WORK/many.txt\"; allow-private on; }"
} >"$WORK/large.conf"
s unblock 10.77.0.6 >/dev/null
s list load many "$WORK/one.txt" --allow-private --allow-shrink >/dev/null || not_ok "many becomes small"
s apply "$WORK/large.conf" >"$WORK/applied" 2>&1 &
apply=$!
count=0 slowest=0 refused=0
while runs $apply; do
	count=$((count + 1))
	before=$(date +%s%3N)
	s block 203.0.113.$((count % 250)) --reason "$count" >/dev/null || not_ok "a block during an apply"
	took=$(($(date +%s%3N) - before))
	[ $took -le $slowest ] || slowest=$took
	s allow 203.0.113.7 2>&1 | grep -q "another change is being made" && refused=$((refused + 1))
	[ $count = 3 ] && s block 10.77.0.6 >/dev/null
done
wait $apply && ok "a configuration with half a million entries is applied" || not_ok "a configuration with half a million entries is applied" "$(cat "$WORK/applied")"
echo "# $count blocks, the slowest took $slowest ms; $refused changes of the policy refused"
[ $count -ge 4 ] && ok "with blocks meanwhile" || not_ok "with blocks meanwhile" "$count"
[ $refused -ge 1 ] && ok "but with no other change of the policy" || not_ok "but with no other change of the policy"
ok_if "a block meanwhile is in force" blocked 10.77.0.6
ok_if "and what is meant is what the kernel holds" s list verify
s down >/dev/null
done_testing
