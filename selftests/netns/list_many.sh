#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# list_many - a list of LIST_MANY entries (10000000, say) from the command line to the kernel: loaded with progress told, verified, asked,
# replaced, rolled back; and what it takes. Only where that is set: it needs some GiB of memory and a minute.
if [ -z "$LIST_MANY" ]; then
	printf 'KTAP version 1\n1..0 # SKIP set LIST_MANY to a number of entries\n'
	exit 0
fi
. "$(dirname "$0")/../lib/netns.sh"

plan 14
world
# Host networks of no special purpose; one in eight is a /30. The second list lacks the first one's beginning and has other addresses instead.
python3 - "$LIST_MANY" "$WORK/first.txt" "$WORK/second.txt" <<'PYTHON' || exit 1
import random
import sys

many = int(sys.argv[1])
draw = random.Random(7).getrandbits
tops = [net for net in range(1, 224) if net not in (10, 77, 100, 127, 169, 172, 192, 198, 203)]


def rows(count):
    for _ in range(count):
        bits = draw(48)
        host = bits & 0xFFFFFF
        last = f"{host & 252}/30" if bits >> 24 & 7 == 7 else f"{host & 255}"
        yield f"{tops[(bits >> 27) % len(tops)]}.{host >> 16}.{host >> 8 & 255}.{last}\n"


common = list(rows(many - many // 10))
with open(sys.argv[2], "w") as first:
    first.write("77.0.2.1\n")
    first.writelines(rows(many // 10))
    first.writelines(common)
with open(sys.argv[3], "w") as second:
    second.write("77.0.2.2\n")
    second.writelines(rows(many // 10))
    second.writelines(common)
PYTHON
echo "list-entries 16000000;" >>"$WORK/base.conf"
s up --iface va0:host --enforce --config "$WORK/base.conf" >/dev/null || not_ok "up"

timed() { # name, command…
	name=$1
	shift
	begin=$(date +%s%N)
	"$@" >"$WORK/out" 2>"$WORK/err"
	code=$?
	echo "# $name: $((($(date +%s%N) - begin) / 1000000)) ms"
	return $code
}
entries() { s list status --json | jq -r '.lists[] | select(.name == "many") | .entries'; }
listed() { s why "$1" | grep -q "many"; }

timed "load" s list load many "$WORK/first.txt"
code=$?
ok_if "the list is loaded" [ $code = 0 ]
sed 's/^/# /' "$WORK/out" | tail -12
tr '\r' '\n' <"$WORK/err" | sed 's/^/# progress: /' | tail -8
first=$(entries)
ok_if "nearly all of its rows are entries" [ "$first" -gt $((LIST_MANY * 96 / 100)) ]
timed "status" s list status
code=$?
ok_if "status answers" [ $code = 0 ]
sed 's/^/# /' "$WORK/out"
echo "# keeper: $(grep -E 'VmRSS|VmHWM' "/proc/$(keeper_pid)/status" | tr -s '\t \n' ' ')"
timed "verify" s list verify
code=$?
ok_if "the kernel's tables hold what is meant" [ $code = 0 ]
sed 's/^/# /' "$WORK/out" | tail -4
timed "why" s why 77.0.2.1
ok_if "what is listed is found" listed 77.0.2.1
ok_if "what is not is not" sh -c '! "$@" | grep -q many' - "$SEKIMORI" why 77.0.2.2 --instance "$NAME" --run "$WORK/run" --state "$WORK/state"
timed "block" s block 77.0.2.3
code=$?
ok_if "one more is blocked" [ $code = 0 ]
timed "replace" s list load many "$WORK/second.txt"
code=$?
ok_if "the list is replaced" [ $code = 0 ]
ok_if "what is new is found" listed 77.0.2.2
ok_if "what is gone is not" sh -c '! "$@" | grep -q many' - "$SEKIMORI" why 77.0.2.1 --instance "$NAME" --run "$WORK/run" --state "$WORK/state"
timed "rollback" s list rollback many
code=$?
ok_if "the list is rolled back" [ $code = 0 ]
ok_if "to as many entries" sh -c "[ $(entries) = $first ]"
ok_if "what was listed is again" listed 77.0.2.1
timed "verify" s list verify
code=$?
ok_if "and the kernel's tables hold it" [ $code = 0 ]
s down >/dev/null
done_testing
