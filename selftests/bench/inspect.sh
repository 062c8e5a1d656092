#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The matcher beside Suricata of Debian sid, on one traffic mix with one large rule set; inspect.py measures.
# The generator and the rules are taken from $SHARED when they are there.
set -u
cd "$(dirname "$0")/../.." || exit 1
SHARED=${SHARED:-$PWD/../shared}
MEGABYTES=${MEGABYTES:-300}
mix=build/bench/mix-$MEGABYTES.pcap
rules=$(for folder in "$SHARED"/rulesets/*/; do ls "$folder"*.rules >/dev/null 2>&1 && echo "$folder"; done | head -1)
[ -n "$rules" ] || { echo "# no large rule set beside the project: inspection not measured"; exit 0; }
if [ ! -e "$mix" ]; then
	[ -e "$SHARED/tools/genmix.py" ] || { echo "# no traffic mix generator beside the project: inspection not measured"; exit 0; }
	mkdir -p build/bench
	python3 "$SHARED/tools/genmix.py" "$mix.part" "$MEGABYTES" 1 >/dev/null && mv "$mix.part" "$mix" || exit 1
fi
if ! suricata=$(selftests/bench/suricata.sh 2>build/bench/suricata.why); then
	echo "# no Suricata beside ours: $(head -1 build/bench/suricata.why)"
	suricata=
fi
# shellcheck disable=SC2086 # a command line
python3 selftests/bench/inspect.py "$mix" "$rules" $suricata || exit 1
build/bench/reload "$rules"*.rules
