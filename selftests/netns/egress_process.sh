#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Role host: who began a connection is known also when the process lived five milliseconds. Each of COUNT processes has a name, a user and a
# destination of its own; every one must be told with exactly that name, user, parent and executable.
. "$(dirname "$0")/../lib/egress_world.sh"
COUNT=${COUNT:-1000}
egress_wire
command -v gcc >/dev/null || skip_all "needs gcc"
plan 5
internet ip route add local 198.18.0.0/15 dev lo
cat >"$WORLD/brief.c" <<'CODE'
/* brief N: N children, one after the other; each takes a name and a user, asks for a way out by TCP or UDP in turn, and is gone. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	int slow = 0;

	for (int i = 0; i < atoi(argv[1]); i++) {
		double begin = ms();
		int status;

		if (!fork()) {
			struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(20000 + i)};
			int fd = socket(AF_INET, i % 2 ? SOCK_DGRAM : SOCK_STREAM, 0);
			char name[16];

			snprintf(name, sizeof(name), "brief-%d", i);
			prctl(PR_SET_NAME, name);
			to.sin_addr.s_addr = htonl(0xc6120001 + i);
			if (setuid(10000 + i))
				_exit(2);
			_exit(connect(fd, (struct sockaddr *)&to, sizeof(to)) ? 0 : 1);
		}
		wait(&status);
		slow += ms() - begin > 5;
		if (status)
			return 1; /* it was not refused */
		usleep(2000);
	}
	printf("%d of %s lived longer than 5 ms\n", slow, argv[1]);
	return 0;
}
CODE
gcc -O2 -o "$WORLD/brief" "$WORLD/brief.c" 2>/dev/null
cat >"$WORLD/sekimori.conf" <<CONF
interface wan { role host; mode enforce; }
egress { self web; canary 0; }
eve "$EVE"; rules "$here/rules/*.rules";
CONF
sekimori up --iface wan:host --config "$WORLD/sekimori.conf" --enforce --confirm-within 900 >"$WORLD/up.out" 2>&1 && sekimori confirm >/dev/null
result $? "up and enforcing"
early() { [ "$(server $SEND tcp 198.51.100.2 4444 2>&1)" = EPERM ]; }
wait_for 10 early
server "$WORLD/brief" "$COUNT" >"$WORLD/brief.out"
result $? "each of $COUNT processes is refused"
note <"$WORLD/brief.out"
cat >"$WORLD/check.py" <<'PY'
import json, sys
path, count, exe = sys.argv[1], int(sys.argv[2]), sys.argv[3]
seen, wrong = {}, []
for line in open(path, errors="replace"):
    e = json.loads(line)
    if e["event_type"] != "egress" or e["egress"].get("finding") != "unknown-service" or not 20000 <= e.get("dest_port", 0) < 20000 + count:
        continue
    n, p = e["dest_port"] - 20000, e["egress"].get("process", {})
    seen[n] = seen.get(n, 0) + 1
    if (p.get("comm"), p.get("uid"), p.get("parent")) != (f"brief-{n}", 10000 + n, "brief") or not p.get("exe", "").endswith(exe) or not p.get("pid") \
            or e["proto"] != ("UDP" if n % 2 else "TCP"):
        wrong.append((n, p))
if len(sys.argv) > 4:
    print(f"# {len(seen)} told, {len(wrong)} wrong, {sum(c > 1 for c in seen.values())} twice", *wrong[:3])
sys.exit(len(seen) != count if len(sys.argv) <= 4 else bool(wrong) or len(seen) != count)
PY
told() { python3 "$WORLD/check.py" "$EVE" "$COUNT" "${WORLD##*/}/brief"; }
wait_for 20 told
result $? "each is a finding"
python3 "$WORLD/check.py" "$EVE" "$COUNT" "${WORLD##*/}/brief" say
result $? "each with its name, user, parent and executable"
[ "$(status_of '.losses["origin-untold"] + .losses["priority-ring-full"]')" = 0 ]
result $? "no record was lost"
exit $ktap_failed
