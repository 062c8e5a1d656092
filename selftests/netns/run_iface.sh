#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# run_iface - what `make run IFACE=…` does to a real interface: it watches; it enforces when asked, on probation.
. "$(dirname "$0")/../lib/netns.sh"

plan 9
world
ip route add default via 10.77.0.8 dev va0
# The programs' own places, not those of the machine.
for place in /run /var/lib /var/log; do mount -t tmpfs tmpfs $place; done
cd "$TOP" || exit 1
run() { SSH_CONNECTION="10.77.0.5 40000 10.77.0.1 22" tools/run.sh "$@" >"$WORK/said" 2>&1; }
says() { grep -q "$1" "$WORK/said"; }
end() { build/sekimori down >/dev/null 2>&1; }
trap 'end; cleanup' EXIT

ok_if "IFACE=va0" run --iface va0
ok_if "it says that it only watches" says "^MONITOR ONLY on va0"
ok_if "and how to look and to stop" says "sekimori monitor.*sekimori down"
ok_if "block a client" build/sekimori block 10.77.0.2
ok_if "nothing is dropped" reaches 10.77.0.2
ok_if "ENFORCE=1" run --iface va0 --enforce
ok_if "it enforces on probation and says how to keep it" says "sekimori confirm"
ok_if "the client is dropped" blocked 10.77.0.2
ok_if "the person who did it is not" reaches 10.77.0.5
done_testing
