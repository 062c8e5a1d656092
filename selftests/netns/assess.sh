#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guideline against the effective state (M40): what drifts is found in the kernel itself, with its cause, and the command beside it
# mends it. What cannot be known is never met.
. "$(dirname "$0")/../lib/world.sh"
world_new
plan 13
assess() { sekimori assess --lang en --json "$@" >"$WORLD/assess.json" 2>"$WORLD/assess.err"; }
# Rows of a section, "point: effective" each: rows drifts
rows() { jq -r --arg key "$1" '.sections[] | select(.key == $key) | .tables[]?.rows[]? | "\(.point) | \(.about) | \(.effective) | \(.command)"' "$WORLD/assess.json"; }
assess
[ $? = 1 ] && [ "$(rows drifts | head -1 | cut -d'|' -f1)" = "The daemon answers " ] && rows unknown | grep -q 'Attacks are dropped' && ! rows met | grep -q '[Kk]ernel'
result $? "without a daemon that is the drift, and nothing about the kernel is met"
printf '203.0.113.0/28\n' >"$WORLD/feed"
world_up <<END
list feed { file "$WORLD/feed"; format plain; allow-private on; }
interface wan { role host; mode monitor; }
END
result $? "up in monitor mode"
assess
code=$?
[ $code = 1 ] && rows drifts | grep -q '^Attacks are dropped, not only counted | wan | monitor | sekimori up --iface wan:host --enforce' &&
	rows drifts | grep -q '^Somebody is told of critical attacks '
result $? "monitor mode and missing channels are drifts, with what mends them"
rows met | grep -q "^The kernel's list, read back, is the one that is meant" && rows met | grep -q '^The kernel holds the mode that the daemon set | wan' &&
	rows met | grep -q '^The kernel holds the policy that the daemon applied' && rows met | grep -q '^The configuration on the disk is the one that holds' &&
	rows unknown | grep -q '^The channels of notices work' && [ "$(rows unknown | wc -l)" = 1 ]
result $? "what was read back from the kernel is met; of channels that are not there nothing is known"
rows drifts | note
sekimori up --iface wan:host --enforce --confirm-within 900 --config "$WORLD/sekimori.conf" >/dev/null && assess
rows drifts | grep -q '^Nothing is on probation' && rows met | grep -q '^Attacks are dropped, not only counted | wan | enforce' &&
	rows drifts | grep -q '^The interface does what the configuration says | wan | monitor | interface wan { role host; mode enforce; }'
result $? "enforcing by hand mends it, and is itself a drift from the file"
sekimori confirm >/dev/null && assess
! rows drifts | grep -q probation
result $? "so is the probation until it is confirmed"
# Behind the daemon's back: the kernel's row of the interface says monitor.
map=$(server bpftool -j prog show id "$(status_of '.ifaces[0].program')" | jq -r '.map_ids[]' |
	while read -r id; do server bpftool -j map show id "$id"; done | jq -r 'select(.name == "seki_ifaces") | .id')
key=$(server bpftool -j map dump id "$map" | jq -r '.[0].key | join(" ")')
value=$(server bpftool -j map dump id "$map" | jq -r '.[0].value | join(" ")')
note <<<"interface row $key: $value"
changed=$(python3 -c 'import sys
octets = sys.argv[1].split()
octets[1] = "0x00" if octets[1] != "0x00" else "0x01"
print(" ".join(octets))' "$value")
# shellcheck disable=SC2086 # words
server bpftool map update id "$map" key $key value $changed && assess
rows drifts | grep -q '^The kernel holds the mode that the daemon set | wan | monitor' && rows drifts | grep -q '^Attacks are dropped, not only counted | wan | monitor'
result $? "a row that somebody changed in the kernel is seen there"
# shellcheck disable=SC2086
server bpftool map update id "$map" key $key value $value && assess
rows met | grep -q '^The kernel holds the mode that the daemon set | wan | enforce'
result $? "and put right"
sed -i 's/mode monitor/mode enforce/' "$WORLD/sekimori.conf" && assess
rows drifts | grep "^The configuration on the disk is the one that holds" | grep -q "sekimori apply $WORLD/sekimori.conf"
result $? "a configuration that was changed and not applied is a drift"
sekimori apply "$WORLD/sekimori.conf" --confirm-within 900 >/dev/null && sekimori confirm >/dev/null && assess
rows met | grep -q '^The configuration on the disk is the one that holds' && rows met | grep -q '^The interface does what the configuration says'
result $? "and its command mends it"
good=0
for format in text html csv json; do
	sekimori assess --lang ja --format $format >"$WORLD/out.$format" 2>/dev/null
	grep -q '通知先' "$WORLD/out.$format" && grep -q 'sekimori notify test' "$WORLD/out.$format" && good=$((good + 1))
done
[ $good = 4 ]
result $? "text, HTML, CSV and JSON, in Japanese, too"
echo '{"points": [{"id": "x"}]}' >"$WORLD/bad.json"
sekimori assess --guideline "$WORLD/bad.json" >/dev/null 2>"$WORLD/bad.err"
[ $? = 2 ] && grep -q 'point 1 (x): .*--guideline' "$WORLD/bad.err"
result $? "a guideline that is none is refused with the place"
jq '{name: .name, points: [.points[] | select(.id == "attached" or .id == "lists-read-back")]}' "$here/rules/guideline.json" >"$WORLD/own.json" &&
	sekimori assess --guideline "$WORLD/own.json" >/dev/null
result $? "a house's own guideline that is met ends with 0"
exit $ktap_failed
