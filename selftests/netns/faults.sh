#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# faults - what a machine lacks and what people get wrong: each has an answer that says where, what and what to do, and what held
# before goes on holding.
. "$(dirname "$0")/../lib/netns.sh"

plan 32
world
holds() { blocked 10.77.0.2 && reaches 10.77.0.4; }
rules_are() { [ "$(s status --json | jq "[.engine.rules_loaded, .engine.rules_failed] | @csv" -r)" = "$1" ]; }

# --- the machine: no BPF file system, and no way to mount one; no type information of the kernel
umount /sys/fs/bpf
ok_if "without bpffs, up mounts it" s up --iface va0:host --enforce --config "$WORK/base.conf"
ok_if "and attaches" sh -c "ip link show va0 | grep -q xdp"
s down >/dev/null
umount /sys/fs/bpf
up_without_mounting() { # as where the kernel or a container forbids mounts
	setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$SEKIMORI" up --instance "$NAME" --run "$WORK/run" --state "$WORK/state" \
		--iface va0:host --config "$WORK/base.conf"
}
fails_with "where it may not: the error names the place and the command" 3 "mount -t bpf bpf /sys/fs/bpf" up_without_mounting
ok_if "nothing is attached" sh -c "! ip link show va0 | grep -q xdp"
s down >/dev/null 2>&1
mount -t bpf bpf /sys/fs/bpf
mkdir "$WORK/nothing"
mount --bind "$WORK/nothing" /sys/kernel/btf
ok_if "without the kernel's BTF it works as before" s up --iface va0:host --enforce --config "$WORK/base.conf"
s block 10.77.0.2 --for 1h --reason "before the faults" >/dev/null
ok_if "and drops" holds
umount /sys/kernel/btf

# --- lists that do not fit, or are no lists
printf '10.77.0.3\n' >"$WORK/one.txt"
awk 'BEGIN { for (i = 0; i < 1200; i++) printf "20.%d.%d.%d\n", i / 32768, i / 128 % 256, i % 128 * 2 }' >"$WORK/many.txt"
printf 'list-entries 1000;\n' >>"$WORK/base.conf"
ok_if "a limit for list entries is taken" s apply "$WORK/base.conf"
fails_with "a list for which there is no room is refused with both numbers" 3 "of 1200 does not fit: at most 1000 entries in all" \
	s list load feed "$WORK/many.txt"
[ -z "$(s list status | grep feed)" ] && ok "it left no name behind" || not_ok "it left no name behind" "$(s list status)"
ok_if "what held goes on" holds
ok_if "a small one loads" s list load feed "$WORK/one.txt" --allow-private
fails_with "and stays when its successor does not fit" 3 "not loaded" s list load feed "$WORK/many.txt"
ok_if "its entry still drops" blocked 10.77.0.3
[ "$(s list status --json | jq -r '.lists[] | select(.name == "feed") | .entries')" = 1 ] && ok "and is shown" ||
	not_ok "and is shown" "$(s list status --json)"
head -c 65536 /dev/urandom >"$WORK/noise.txt"
fails_with "a file that is no list is refused" 3 "not to be told" s list load feed "$WORK/noise.txt"
ok_if "and takes nothing away" blocked 10.77.0.3
fails_with "a list that is not there is named" 2 "$WORK/absent.txt" s list load feed "$WORK/absent.txt"

# --- configuration and rules
printf 'eve "%s";\nlist x { adress 192.0.2.1; }\n' "$WORK/log/eve.json" >"$WORK/bad.conf"
fails_with "check: file, line, column, and what was meant" 1 "bad.conf:2:10: unknown key 'adress' in list, did you mean 'address'?" \
	s check "$WORK/bad.conf"
fails_with "apply: the same, and nothing changes" 3 "bad.conf:2:10" s apply "$WORK/bad.conf"
ok_if "what held goes on" holds
cat >"$WORK/mixed.rules" <<'END'
alert tcp any any -> any any (msg:"unknown keyword"; frobnicate; sid:1;)
alert tcp any any -> any any (msg:"good"; content:"zzz"; sid:2;)
alert tcp any any -> any any (msg:"broken pcre"; pcre:"/(/"; sid:3;)
END
printf 'eve "%s";\nrules "%s";\n' "$WORK/log/eve.json" "$WORK/mixed.rules" >"$WORK/rules.conf"
ok_if "rules of which some are bad: the others load" s apply "$WORK/rules.conf"
ok_if "status counts both" wait_for rules_are 1,2
fails_with "check names each with file, line and keyword" 1 "mixed.rules:1: frobnicate: unknown keyword" "$SEKIMORI" rules check "$WORK/mixed.rules"
printf 'eve "%s";\nrules "%s/nowhere/*.rules";\n' "$WORK/log/eve.json" "$WORK" >"$WORK/none.conf"
fails_with "rule files that are not there are named" 3 "nowhere" s apply "$WORK/none.conf"
ok_if "the rules stay as they were" rules_are 1,2
ok_if "what held goes on" holds

# --- captures
: >"$WORK/empty.pcap"
head -c 4000 /dev/urandom >"$WORK/noise.pcap"
# A record that claims more than its file holds, and one of 4 GiB.
printf '\324\303\262\241\002\000\004\000\000\000\000\000\000\000\000\000\000\000\004\000\001\000\000\000' >"$WORK/head"
{ cat "$WORK/head"; printf '\000\000\000\000\000\000\000\000\100\000\000\000\100\000\000\000cut off here'; } >"$WORK/cut.pcap"
{ cat "$WORK/head"; printf '\000\000\000\000\000\000\000\000\377\377\377\377\377\377\377\377nothing'; } >"$WORK/huge.pcap"
for file in empty noise cut huge absent; do
	fails_with "inspect $file.pcap: named, no crash" 2 "$file.pcap: " "$SEKIMORI" inspect -l "$WORK" "$WORK/$file.pcap"
done
ok_if "down" s down
done_testing
