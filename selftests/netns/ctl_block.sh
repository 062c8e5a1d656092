#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ctl_block - block, unblock, why, allow; lists that would lock everybody out do not.
. "$(dirname "$0")/../lib/netns.sh"

plan 34
world
ip route add default via 10.77.0.8 dev va0

fails_with "enforcing on the default route's interface wants a confirm" 3 "--confirm-within" \
	s up --iface va0:host --enforce --config "$WORK/base.conf"
ok_if "with a confirm it is taken" s up --iface va0:host --enforce --confirm-within 60 --config "$WORK/base.conf"
ok_if "confirm" s confirm
ok_if "block one address" s block 10.77.0.2 --for 1h --reason "port scan"
ok_if "it is dropped" blocked 10.77.0.2
ok_if "its neighbour is not" reaches 10.77.0.3
fails_with "why tells list, reason, counter" 1 'listed: 10.77.0.2 in manual, "port scan"' s why 10.77.0.2
[ "$(s why 10.77.0.2 --json | jq .kernel.packets)" -ge 1 ] && ok "the entry counts" || not_ok "the entry counts" "$(s why 10.77.0.2)"
ok_if "drops are told as events" wait_for grep -q '"reason":"listed-source"' "$WORK/log/eve.json"
ok_if "unblock" s unblock 10.77.0.2
ok_if "it passes again" reaches 10.77.0.2
fails_with "unblock of an address that is not blocked is a finding" 1 "neither" s unblock 10.77.0.2
ok_if "why says nothing decides" s why 10.77.0.2
ok_if "block a network" s block 10.77.0.0/29
ok_if "it drops those inside" blocked 10.77.0.3
ok_if "and no others" reaches 10.77.0.9
ok_if "allow one of them" s allow 10.77.0.3
ok_if "the allow set wins" reaches 10.77.0.3
ok_if "unblock the network" s unblock 10.77.0.0/29
fails_with "a slip of the hand blocks no continent" 3 "0.0.0.0/0: shorter than /8" s block 0.0.0.0/0
fails_with "nor one of IPv6" 3 "2000::/3: shorter than /16" s block 2000::/3
s block 8.0.0.0/7 --allow-share >/dev/null && s unblock 8.0.0.0/7 >/dev/null
ok_if "who names it may" test $? = 0

# The session of a person at 10.77.0.5 who loads a list that names everything, and that of a stranger.
background python3 "$TOP/selftests/lib/session.py" serve 10.77.0.1 7022
for who in session:10.77.0.5 stranger:10.77.0.4; do
	log=$WORK/${who%:*} peer_background python3 "$TOP/selftests/lib/session.py" hold "${who#*:}" 10.77.0.1 7022 "$WORK/go"
	ok_if "${who%:*} opens" wait_for grep -qx open "$WORK/${who%:*}"
done
printf '0.0.0.0/0\n10.77.0.8\n10.77.0.5\n10.77.0.1\n' >"$WORK/all.txt"
export SSH_CONNECTION="10.77.0.5 40000 10.77.0.1 7022"
fails_with "a list with 0.0.0.0/0 is refused as a whole" 3 "allow-share takes it" s list load all "$WORK/all.txt"
fails_with "even then each of its entries" 3 "covers the own address 10.77.0.1 (allow-own takes it)" s list load all "$WORK/all.txt" --allow-share
fails_with "by name" 3 "10.77.0.5 is the management peer 10.77.0.5" s list load all "$WORK/all.txt" --allow-share
output=$(s list load all "$WORK/all.txt" --allow-share --allow-own --allow-private 2>&1)
unset SSH_CONNECTION
case $output in
*"4 accepted"*"allow set wins"*) ok "with all overrides it loads and its findings are told" ;;
*) not_ok "with all overrides it loads and its findings are told" "$output" ;;
esac
ok_if "everybody else is dropped" blocked 10.77.0.4
ok_if "the gateway stays reachable" reaches 10.77.0.8
touch "$WORK/go"
said() { grep -qx "$2" "$WORK/$1"; }
ok_if "the management session goes on" wait_for said session alive
ok_if "and a new one can be opened" wait_for said session new
ok_if "another client's session is cut" wait_for said stranger dead
fails_with "why names the management scope" 1 "allowed: management" s why 10.77.0.5
s down >/dev/null
done_testing
