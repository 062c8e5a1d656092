#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ctl_list_state - lists read back from the kernel, brought back to what they were, and found again after the daemon was killed.
. "$(dirname "$0")/../lib/netns.sh"

plan 18
world
s up --iface va0:host --enforce --config "$WORK/base.conf" >/dev/null || not_ok "up"
equal() { s list verify | grep -q "holds what the lists add up to"; }
rows() { s list status --json | jq -r --arg n "$1" '.lists[] | select(.name == $n) | .entries'; }
has() { [ "$(rows "$1")" = "$2" ]; }
printf '10.77.0.2\n10.77.0.3\n' >"$WORK/one.txt"
printf '10.77.0.3\n10.77.0.4\n10.77.0.5\n' >"$WORK/two.txt"

ok_if "an empty list verifies" equal
s list load feed "$WORK/one.txt" --allow-private >/dev/null
fails_with "a list loaded once has no earlier state" 1 "no earlier state" s list rollback feed
s list load feed "$WORK/two.txt" --allow-private >/dev/null
s block 10.77.0.9 --reason "by hand" >/dev/null
ok_if "what was loaded and typed is what the kernel holds" equal
ok_if "the second list drops" blocked 10.77.0.4
case $(s list rollback feed) in *"a new generation"*) ok "another change came between: a new generation" ;; *) not_ok "rollback" ;; esac
ok_if "the first list drops again" blocked 10.77.0.2
ok_if "and what only the second had passes" wait_for reaches 10.77.0.4
ok_if "what was typed meanwhile still drops" blocked 10.77.0.9
case $(s list rollback feed) in *"by one store"*) ok "and back: one store" ;; *) not_ok "back by one store" ;; esac
ok_if "the second list again" blocked 10.77.0.4
ok_if "which the kernel holds" equal
fails_with "by hand only" 3 "block and unblock only" s list rollback manual

# --- killed, and started again
kill -9 "$(keeper_pid)"
ok_if "the lists hold without a daemon" blocked 10.77.0.4
s up >/dev/null
ok_if "started again: the loaded list" has feed 3
ok_if "the typed one, from its journal" has manual 1
ok_if "as the kernel holds them" equal
s list rollback feed >/dev/null
ok_if "the earlier state was kept on disk" has feed 2

# --- whose word counts
printf '10.77.0.2\n' >"$WORK/open.txt"
s list load open "$WORK/open.txt" --action allow --priority 5 >/dev/null
ok_if "an exception opens what another list closes" wait_for reaches 10.77.0.2
s down >/dev/null
done_testing
