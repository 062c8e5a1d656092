#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ctl_list - lists from files: formats, what is refused and taken by name, action, direction and life, changes of what is loaded, and
# what others read of them.
. "$(dirname "$0")/../lib/netns.sh"

plan 41
world
s up --iface va0:host --enforce --config "$WORK/base.conf" >/dev/null || not_ok "up"
CORPUS=$TOP/selftests/fuzz/corpus/list_import
entries() { s list status --json | jq -r --arg n "$1" '.lists[] | select(.name == $n) | .entries'; }
has() { [ "$(entries "$1")" = "$2" ]; }
says() { # name, words, command...
	name=$1 words=$2
	shift 2
	output=$("$@" 2>&1)
	code=$?
	case $code:$output in
	0:*"$words"*) ok "$name" ;;
	*) not_ok "$name" "exit $code: $output" ;;
	esac
}

# --- every format by its content, through the parser in its sandbox
for row in plain:5 firehol:3 spamhaus:3 spamhaus-json:3 feodo:3 feodo-json:2 crowdsec:3 iprep:3 stix:4 misp:4 sekimori:3; do
	format=${row%:*}
	s list load "of-$format" "$CORPUS/$format" >"$WORK/out" 2>&1
	case $format in
	stix | sekimori) # what they list ends on a day that may be over
		ok_if "$format is recognised" grep -Eq "rows read|has expired" "$WORK/out" ;;
	*)
		has "of-$format" "${row#*:}" && ok "$format is recognised and read" ||
			not_ok "$format is recognised and read" "$(cat "$WORK/out")" ;;
	esac
done
fails_with "what is no list is refused with the formats" 3 "one of: plain, firehol" s list load no "$TOP/Makefile"
fails_with "a file that was cut off is refused as a whole" 3 "allow-cut takes it" s list load of-firehol "$CORPUS/firehol-damaged"
ok_if "and what was loaded stays" has of-firehol 3
says "allowed by name it is taken" "2 refused" s list load of-firehol "$CORPUS/firehol-damaged" --allow-cut

# --- what must not be listed
printf '10.77.0.2\n10.77.0.3\n10.77.0.4\n10.77.0.5\n' >"$WORK/four.txt"
printf '10.77.0.2\n' >"$WORK/one.txt"
fails_with "private addresses in a list are refused" 3 "10.0.0.0/8, private addresses (RFC 1918)" s list load feed "$WORK/four.txt"
says "taken by name" "4 accepted" s list load feed "$WORK/four.txt" --allow-private
ok_if "the list drops" blocked 10.77.0.2
fails_with "a shrink of more than half is refused" 3 "it would lose more than half (allow-shrink takes it)" \
	s list load feed "$WORK/one.txt" --allow-private
ok_if "nothing of it changed" has feed 4
says "taken by name" "1 accepted" s list load feed "$WORK/one.txt" --allow-private --allow-shrink
overrides() { s audit show -n 50 | grep -q "list feed loaded.*overridden: allow-private, allow-shrink"; }
ok_if "who overrode what is in the audit log" wait_for overrides
ok_if "what is off the list passes" wait_for reaches 10.77.0.3
printf '10.77.0.2\n10.77.0.2/33\n10.77.0.2\nx\n' >"$WORK/mixed.txt"
says "rows are counted and named" 'line 2: "10.77.0.2/33": the prefix length is not 0..32' s list load feed "$WORK/mixed.txt" --allow-private
says "all of them" "4 rows read, 1 accepted (1 entries, 0 to remove), 1 merged, 2 refused" \
	s list load feed "$WORK/mixed.txt" --allow-private

# --- action, direction, life
s list load feed "$WORK/one.txt" --allow-private --action alert >/dev/null
ok_if "an alert-only list drops nothing" wait_for reaches 10.77.0.2
s list load feed "$WORK/one.txt" --allow-private --direction dst >/dev/null
[ "$(s list show feed --json | jq -r '.[0].side')" = destination ] && ok "direction dst" || not_ok "direction dst" "$(s list show feed --json)"
s list load feed "$WORK/one.txt" --allow-private --expires 3s >/dev/null
ok_if "an entry with a short life drops" blocked 10.77.0.2
ok_if "and passes when it is over" wait_for reaches 10.77.0.2

# --- changes of what is loaded
decision() { printf '{"duration":"%s","origin":"cscli","scenario":"test","scope":"Ip","type":"ban","value":"%s"}' "$1" "$2"; }
printf '{"deleted":[],"new":[%s,%s]}' "$(decision 1h 10.77.0.2)" "$(decision 1h 10.77.0.3)" >"$WORK/full.json"
printf '{"deleted":[%s],"new":[%s]}' "$(decision -1s 10.77.0.2)" "$(decision 1h 10.77.0.4)" >"$WORK/change.json"
s list load decisions "$WORK/full.json" --allow-private >/dev/null
says "a change adds and removes" "1 to remove" s list load decisions "$WORK/change.json" --allow-private --update
ok_if "what ended passes" wait_for reaches 10.77.0.2
ok_if "what began is dropped" blocked 10.77.0.4
fails_with "why names scenario and origin" 1 "test from cscli" s why 10.77.0.4

# --- export
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "11.%d.%d.0/24\n", i / 256, i % 256; print "2a06:e480::/29" }' >"$WORK/thousand.txt"
s list load many "$WORK/thousand.txt" >/dev/null
s list export many --format edl | sort >"$WORK/back.txt"
sort "$WORK/thousand.txt" | cmp -s - "$WORK/back.txt" && ok "every page comes back as EDL" || not_ok "every page comes back as EDL" "$(wc -l "$WORK/back.txt")"
s list export many --format plain >"$WORK/plain.txt"
s list load plain "$WORK/plain.txt" >/dev/null
s list export plain --format edl | sort | cmp -s "$WORK/back.txt" - && ok "plain lines are read again, whole" || not_ok "plain lines are read again, whole" "$(wc -l "$WORK/plain.txt")"
s list export decisions --format sekimori >"$WORK/own.json"
says "our own format is read again, whole" "2 accepted" s list load again "$WORK/own.json" --allow-private
if command -v nft >/dev/null; then
	s list export many --format nft >"$WORK/sets.nft"
	ok_if "nft takes the sets" nft -f "$WORK/sets.nft"
else
	ok "nft takes the sets # SKIP no nft"
fi
if command -v ipset >/dev/null && ipset create probe hash:net 2>/dev/null; then
	s list export many --format ipset >"$WORK/sets.ipset"
	ok_if "ipset takes the sets" ipset restore -file "$WORK/sets.ipset"
else
	ok "ipset takes the sets # SKIP no ipset, or no kernel support"
fi
exported() { s audit show -n 50 | grep -Eq "read +root +exported: $1\$"; }
ok_if "who takes a list along is in the audit log" wait_for exported "list many as edl"
s alerts --json >/dev/null
ok_if "who takes alerts along, too" wait_for exported "alerts as json"
exporter() { s report audit --format json | jq -e '[.sections[] | select(.key == "export").tables[].rows[] | select(.user == "0" and .last_file == "exported: alerts as json")] | length == 1'; }
ok_if "the report names who exports" exporter
s down >/dev/null
done_testing
