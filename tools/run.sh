#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make run` does: the lab, or with --iface the protection of a real interface.
set -eu
cd "$(dirname "$0")/.."
iface='' stay='' enforce=''
while [ $# -gt 0 ]; do
	case $1 in
	--iface) iface=$2; shift ;;
	--stay) stay=1 ;;
	--enforce) enforce=1 ;;
	*) echo "usage: run.sh [--iface IF[:ROLE] [--enforce]] [--stay]" >&2; exit 2 ;;
	esac
	shift
done
[ "$(id -u)" = 0 ] || { echo "This attaches programs to network interfaces: run it as root (sudo make run)." >&2; exit 1; }
if [ -n "$iface" ]; then
	case $iface in
	*:*) ;;
	*) iface=$iface:host ;;
	esac
	build/sekimori up --iface "$iface" ${enforce:+--enforce --confirm-within 300}
	build/sekimori status
	if [ -n "$enforce" ]; then
		echo "Enforcing for 300 s. Still connected? Then: build/sekimori confirm"
	fi
	echo "Live view: build/sekimori monitor     Stop: build/sekimori down"
	exit 0
fi
exec tools/lab/lab.sh ${stay:+--stay}
