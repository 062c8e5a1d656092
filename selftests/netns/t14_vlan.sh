#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# T14: a role and a mode of its own for a VLAN. Frames with tags in them, on a real link: an address that is listed in the
# enforcing VLAN is stopped there and only there; egress is judged in the VLAN whose role is dmz; hardware that would strip the
# tags before XDP sees them is told not to.
. "$(dirname "$0")/../lib/world.sh"
FORGE="python3 $here/selftests/lib/forge.py"
world_new
plan 18
# A veth pair whose other end is in a named namespace of the server's own: the loader can tell it to leave tags in the frames.
server ip netns add far && server ip link add trunk type veth peer name trunk netns far || exit 1
server ip addr add 192.0.2.1/24 dev trunk
server ip link set trunk up
far() { server ip netns exec far "$@"; }
far ip link set trunk up
HEAR_ON=trunk
# Ten datagrams from a source behind tags to an address that is not the server's: send SOURCE PORT [TAG…]
send() {
	local source=$1 port=$2 tags=()
	shift 2
	for tag in "$@"; do tags+=(--tag "$tag"); done
	far $FORGE udp --device trunk "${tags[@]}" --source "$source/32" --count 10 --target 203.0.113.5 --port "$port" >/dev/null
}
# How many of them the server's stack gets: arrive NAME -eq N SOURCE PORT [TAG…]
arrive() {
	local name=$1 compare=$2 number=$3
	shift 3
	hear "$name" "ether src 02:00:00:00:00:01" && send "$@" && heard_is "$name" "$compare" "$number"
}
row() { status_of ".ifaces[] | select(.name == \"trunk\" and (.vlan // 0) == $1) | \"\(.role) \(.mode)\""; }

offload() { ethtool -k trunk | grep -E "^$1-vlan-(offload|stag-hw-(insert|parse)):" | grep -q ': on'; }
export -f offload
server ethtool -k trunk | grep -q '^rx-vlan-offload: on' && far ethtool -k trunk | grep -q '^tx-vlan-offload: on'
result $? "both ends start with tags beside the frame"
arrive before -eq 10 198.18.60.1 53 7
result $? "without us tagged frames reach the server"

printf 'eve "%s";\nrules "%s/rules/*.rules";\n' "$EVE" "$here" >"$WORLD/plain.conf"
! sekimori up --iface wan.7:wan --config "$WORLD/plain.conf" >"$WORLD/refused" 2>&1 && grep -q 'ip netns attach' "$WORLD/refused"
result $? "a pair whose other end cannot be asked: a role on its VLAN is refused, with the way out"
note <"$WORLD/refused"
cat >"$WORLD/sekimori.conf" <<-END
	eve "$EVE"; rules "$here/rules/*.rules";
	list bad { address 198.18.60.0/24; }
	egress { profile default { allow dns to any; } }
END
sekimori up --iface trunk:host --config "$WORLD/sekimori.conf" >"$WORLD/up.out" 2>&1
result $? "up: role host, monitor, no tag"
sekimori up --iface trunk.7:wan --enforce --confirm-within 900 >"$WORLD/seven" 2>&1 && sekimori confirm >/dev/null
result $? "up: VLAN 7 with role wan, enforcing"
sekimori up --iface trunk.9:dmz --enforce --confirm-within 900 >"$WORLD/nine" 2>&1 && sekimori confirm >/dev/null
result $? "up: VLAN 9 with role dmz, enforcing"
sekimori status | note
case $(sekimori status) in
"IN PART: ENFORCING on trunk vlan 7, trunk vlan 9; MONITOR ONLY on trunk, "*) result 0 "status: its first line tells them apart" ;;
*) result 1 "status: its first line tells them apart" ;;
esac
[ "$(row 0) / $(row 7) / $(row 9)" = "host monitor / wan enforce / dmz enforce" ]
result $? "status: three rows, two of them enforce"
! server bash -c 'offload rx' && ! far bash -c 'offload tx'
result $? "both ends were told to leave the tags in the frames"

before=$(metric_of listed-source)
arrive seven -eq 0 198.18.60.1 53 7
result $? "VLAN 7: a listed source is stopped"
[ $(($(metric_of listed-source) - before)) -ge 10 ]
result $? "and counted"
arrive clean -eq 10 198.18.61.1 53 7
result $? "VLAN 7: another one passes"
arrive plain -eq 10 198.18.60.1 53
result $? "no tag: the listed source passes, the interface only watches"
arrive eight -eq 10 198.18.60.1 53 8
result $? "VLAN 8 has no row: the interface's own holds, which only watches"
arrive qinq -eq 0 198.18.60.1 53 7 8
result $? "two tags: the outer one decides, the list holds behind both"
arrive dns -eq 10 198.18.62.1 53 9
result $? "VLAN 9: what the allowlist has leaves"
# From any port to a lower one: the other way round it could be the answer of a service that was asked before we came (grace).
arrive call -eq 0 198.18.62.1 19 9
result $? "VLAN 9: what it has not does not leave"
arrive open -eq 10 198.18.62.1 4444 7
result $? "the same in VLAN 7 is nobody's egress"
exit $ktap_failed
