#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may include what (doc/design.md, "Rooms"). Prints every breach as file:line and fails.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0

# room, forbidden include (extended regex over the text between <> or ""), reason
breach() {
	local found
	found=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" -r "$1" --include='*.[ch]' 2>/dev/null)
	[ -n "$found" ] || return 0
	echo "$found" | sed "s|\$|   <- $3|"
	bad=1
}

found=$(grep -nE '#[[:space:]]*include' -r include/sekimori | grep -vE '<linux/types.h>|"[a-z]+\.h"')
[ -z "$found" ] || { echo "$found   <- the contract includes only <linux/types.h>"; bad=1; }
breach userspace/lib 'sekimori/|core/|kern/|bpf/|sekimorid/' 'lib is mechanism: it knows nothing of sekimori'
breach userspace/core 'bpf/|kern/|sekimorid/|sys/(socket|stat|mman|epoll|time|uio)|netinet/(ip|tcp|udp)|net/|netlink|fcntl\.h|unistd\.h' \
	'core is policy without I/O: no libbpf, sockets, files or clock'
breach userspace/kern 'core/|sekimorid/|sekimori/(main|cmd)' 'kern does not know core'
breach userspace/store 'core/|kern/|bpf/|sekimorid/|sekimori/(main|cmd)|sys/socket|netinet/(ip|tcp|udp)' 'store keeps what it is given: no policy, no kernel, no network'
breach userspace/view 'kern/|bpf/|sekimorid/|sekimori/(main|cmd)|sys/socket|portal/' 'view joins the store and core, nothing else'
breach userspace/portal 'kern/|bpf/|sekimorid/|sekimori/(main|cmd)' 'the portal asks the daemon; it knows neither kernel nor keeper'
breach userspace/core 'store/|view/|portal/' 'core is policy without I/O: the programs bring it what the store has'
breach userspace/sekimori 'sekimorid/|bpf/' 'programs never include each other'
breach userspace/sekimorid 'bpf/|cmd' 'only kern knows libbpf; programs never include each other'
found=$(grep -nE '\b(fopen|open|openat|socket|connect|clock_gettime|gettimeofday|time)\(' -r userspace/core --include='*.c' | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(\*|/\*|//)|"[^"]*\b(open|time|connect)\(')
[ -z "$found" ] || { echo "$found   <- core opens nothing and has no clock: time is an argument"; bad=1; }
found=$(grep -nE '\b(clock_gettime|gettimeofday|time)\(' -r userspace/store --include='*.[ch]')
[ -z "$found" ] || { echo "$found   <- store has no clock: time is an argument"; bad=1; }
for room in userspace/lib userspace/core userspace/store userspace/view userspace/portal userspace/sekimori userspace/sekimorid; do
	found=$(grep -nE '\b(bpf_map_|bpf_prog_|bpf_object__|bpf_program__)[a-z_]+\(' -r $room --include='*.[ch]' 2>/dev/null)
	[ -z "$found" ] || { echo "$found   <- only userspace/kern calls libbpf"; bad=1; }
done
[ $bad = 0 ] && echo "include rules hold"
exit $bad
