#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Roles on VLANs, on the link of part_product.sh.
# T14 with the kernel's own VLAN devices; the far end keeps its tags in the frame, as a wire does.
vlan_reaches() { ip netns exec far ping -c 1 -W 2 -I "192.0.3.$1" 192.0.3.1; }
vlan_cut_off() { ! vlan_reaches "$1"; }
vlan_link() {
	ip netns exec far ip link add link v1 name v1.7 type vlan id 7 && ip link add link v0 name office type vlan id 7 &&
		ip addr add 192.0.3.1/24 dev office && ip link set office up && ip netns exec far ip link set v1.7 up &&
		ip netns exec far ip addr add 192.0.3.2/24 dev v1.7 && ip netns exec far ip addr add 192.0.3.66/24 dev v1.7
}
offload_is_off() { ethtool -k v0 | grep '^rx-vlan-offload: off'; }
refused_with() { # text, command…
	text=$1
	shift
	! "$@" >/tmp/refused 2>&1 && grep "$text" /tmp/refused || { cat /tmp/refused; return 1; }
}
try "VLAN devices on both ends" vlan_link
try "tagged traffic passes" vlan_reaches 66
try "a role on the VLAN device is refused, the right words are named" refused_with "office is VLAN 7 of v0: use v0.7 instead" seki up --iface office:wan
try "up on VLAN 7 of the interface, enforcing" within 120 seki up --iface v0.7:wan --enforce --confirm-within 600
try "confirm" seki confirm
seki status | sed 's/^/# /'
try "block" seki block 192.0.3.66 --for 1h --reason vm
try "the blocked address is cut off in the VLAN" vlan_cut_off 66
try "its neighbour is not" vlan_reaches 2
try "the interface was told not to strip tags" offload_is_off
seki status | sed 's/^/# /'
try "down" seki down
