#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The portal in a real browser: every page and button, both languages, telephone and desk, light and dark. Pictures are kept in
# build/portal/ for people to look at.
. "$(dirname "$0")/../lib/world.sh"
for tool in chromium node; do
	command -v $tool >/dev/null || skip_all "$tool is not installed"
done
world_new
URL=http://127.0.0.1:7443
PICTURES=$here/build/portal
cat >"$WORLD/evil.rules" <<'END'
alert http any any -> any any (msg:"<img src=x onerror=alert(1)> & \"quoted\""; flow:to_server; http.uri; content:"/evil"; sid:9900001; rev:1; classtype:web-application-attack; metadata:signature_severity Critical;)
END
echo "KTAP version 1"
echo "rules \"$WORLD/evil.rules\";" | world_up
result $? "up in monitor mode"
code=$(sekimori portal code | sed -n 's/^ *\([a-z0-9-]*\)$/\1/p')
server python3 "$here/selftests/lib/portal_client.py" setup $URL "$code" root a-long-password >/dev/null
result $? "an administrator is made"
for n in 1 2 3 4 5 6 7 8; do
	internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.$((70 + n)) -A '() { :;}; /bin/true' "http://198.51.100.1/cgi-bin/status?$n"
done
internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.99 -H 'Authorization: Basic hunter2' "http://198.51.100.1/evil?password=hunter2&x=<script>alert(1)</script>"
kept() { server sqlite3 -cmd '.timeout 5000' "$WORLD/state/default/store/events-$(date -u +%Y-%m).db" "$1"; }
stored() { [ "$(kept 'SELECT count(*) FROM event WHERE kind = 0' 2>/dev/null)" -ge 9 ]; }
wait_for 20 stored
result $? "attacks are stored"
month=$(((($(date -u +%Y) * 12 + $(date -u +%-m) - 1)) << 40))
cat >"$WORLD/state.json" <<END
{"admin": ["root", "a-long-password"], "alert": "$((month | $(kept "SELECT max(id) FROM event WHERE kind = 0 AND sid != 9900001")))",
 "evil": "$((month | $(kept "SELECT max(id) FROM event WHERE sid = 9900001")))"}
END
chmod 644 "$WORLD/state.json"
rm -rf "$PICTURES"
while read -r line; do
	case $line in
	@attack) internet curl -s -o /dev/null --max-time 3 --interface 198.18.0.98 -A '() { :;}; /bin/false' http://198.51.100.1/cgi-bin/status ;;
	ok*) result 0 "browser: ${line#ok * }" ;;
	"not ok"*) result 1 "browser: ${line#not ok * }" ;;
	1..*) ;;
	*) echo "$line" ;;
	esac
done < <(server env TMPDIR="$WORLD" node "$here/selftests/lib/portal_browser.mjs" $URL "$WORLD/state.json" "$PICTURES" 2>&1)
[ "$(find "$PICTURES" -name '*.png' -size +1k | wc -l)" -ge 160 ]
result $? "a picture of each is in build/portal"
echo "1..$ktap_number"
exit $ktap_failed
