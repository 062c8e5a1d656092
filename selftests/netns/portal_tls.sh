#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The portal over TLS, asked by clients that are not ours: pages over https only, nothing older than TLS 1.2, and files that do not fit
# are named, with what to do, while what serves goes on.
. "$(dirname "$0")/../lib/world.sh"
world_new
AT=198.51.100.1:7443
pair() { # NAME, further arguments of `openssl req`: NAME.pem and NAME.key in $WORLD
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORLD/$1.key" -out "$WORLD/$1.pem" -subj "/CN=$1" \
		-addext "subjectAltName=IP:198.51.100.1,DNS:edge.example" -days 30 "${@:2}" 2>/dev/null
}
pair first && pair second
openssl ec -in "$WORLD/first.key" -aes256 -passout pass:word -out "$WORLD/locked.key" 2>/dev/null
echo "not a key" >"$WORLD/text.key"
chmod 600 "$WORLD"/*.key
# portal_config CERTIFICATE KEY [statements]
portal_config() {
	{
		echo "portal { listen $AT; certificate \"$WORLD/$1\"; key \"$WORLD/$2\"; host edge.example; }"
		echo "eve \"$EVE\"; rules \"$here/rules/*.rules\";"
	} >"$WORLD/sekimori.conf"
}
apply() { sekimori apply "$WORLD/sekimori.conf" "$@" >"$WORLD/applied" 2>&1; }
# fetch CERTIFICATE arguments of curl: only a server that has this certificate is believed
fetch() { internet curl -sS --max-time 5 --cacert "$WORLD/$1.pem" "${@:2}" 2>"$WORLD/curl.err"; }
serves() { fetch "$1" -o /dev/null "https://$AT/login"; }
told() { sekimori audit show -n 20 | grep -q "$@"; }
echo "KTAP version 1"
portal_config first.pem first.key
sekimori up --iface wan:host --config "$WORLD/sekimori.conf" >"$WORLD/up.out" 2>&1
result $? "up with a certificate"
wait_for 10 serves first && fetch first -L "https://$AT/" | grep -q '<form'
result $? "curl gets a page over https, and believes the certificate"
fetch first -o /dev/null -D "$WORLD/headers" "https://$AT/login?lang=en" && grep -qi '^strict-transport-security: max-age=[1-9]' "$WORLD/headers" &&
	grep -qi '^set-cookie: .*; secure' "$WORLD/headers"
result $? "with strict transport security and secure cookies"
code=$(sekimori portal code)
grep -q "https://$AT/setup" <<<"$code"
result $? "\`portal code\` names the address with https"
fetch first --resolve edge.example:7443:198.51.100.1 -o /dev/null -w '%{http_code}' https://edge.example:7443/login | grep -q '^200' &&
	fetch first -k --resolve other.example:7443:198.51.100.1 -o /dev/null -w '%{http_code}' https://other.example:7443/login | grep -q '^421'
result $? "under its own name, and under no other"
# A client that would speak anything; that it can is shown by a server that speaks the old.
client() { internet timeout 5 openssl s_client -connect "$@" </dev/null 2>&1; }
any='ALL:COMPLEMENTOFALL:@SECLEVEL=0'
refused() { client $AT "$@" >"$WORLD/refused"; grep -q 'Cipher is (NONE)' "$WORLD/refused" && ! grep -q 'BEGIN CERTIFICATE' "$WORLD/refused"; }
machine_background server "$WORLD/old.out" openssl s_server -accept 198.51.100.1:7444 -cert "$WORLD/first.pem" -key "$WORLD/first.key" \
	-tls1_1 -cipher "$any" -quiet
old() { client 198.51.100.1:7444 -tls1_1 -cipher "$any" | grep -q 'Protocol *: TLSv1.1'; }
client $AT -tls1_2 | grep -q 'New, TLSv1.2' && client $AT -tls1_3 | grep -q 'New, TLSv1.3'
result $? "TLS 1.2 and 1.3 are spoken"
wait_for 10 old && refused -tls1_1 -cipher "$any" && refused -tls1 -cipher "$any"
result $? "TLS 1.1 and 1.0 are refused, by a client that could"
refused -tls1_2 -cipher 'aNULL:eNULL:@SECLEVEL=0' && ! refused -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256
result $? "and so are ciphers without authentication"
# In the clear: not one byte that a page or a redirect would have.
internet curl -s --max-time 5 "http://$AT/login" >"$WORLD/clear"
[ $? != 0 ] && ! grep -qai 'http/1\|<html' "$WORLD/clear" &&
	! internet curl -s --http0.9 --max-time 5 "http://$AT/login" | grep -qai 'http/1\|<html'
result $? "plain http on that port is answered by no page"

# What serves must go on, whatever the next configuration says.
goes_on() { serves first && [ "$(process_of portal)" = "$portal" ]; }
portal=$(process_of portal)
portal_config first.pem second.key
apply
wait_for 10 told "the key is not the one of the certificate.*$WORLD/first.pem.*$WORLD/second.key.*sekimori apply"
result $? "a key of another certificate is named, with both files and what to do"
goes_on
result $? "and the portal before goes on"
sekimori status | grep -q 'key is not the one of the certificate'
result $? "the status says so"
portal_config first.pem missing.key
apply
grep -q "the key $WORLD/missing.key cannot be read (No such file.*sekimori apply" "$WORLD/applied" && goes_on
result $? "a key that is not there is named by \`apply\` itself; the portal before goes on"
portal_config missing.pem first.key
apply
grep -q "the certificate $WORLD/missing.pem cannot be read" "$WORLD/applied" && goes_on
result $? "so is a certificate"
portal_config first.pem text.key
apply
wait_for 10 told "the key is no private key in PEM.*$WORLD/text.key" && goes_on
result $? "so is a key that is none"
portal_config text.key first.key
apply
wait_for 10 told "the certificate is not PEM.*$WORLD/text.key" && goes_on
result $? "a certificate that is none"
portal_config first.pem locked.key
apply
wait_for 10 told "the key has a password.*$WORLD/locked.key" && goes_on
result $? "and one that has a password"
# Renewal: the same names, other files behind them.
cp "$WORLD/second.pem" "$WORLD/renewed.pem" && cp "$WORLD/second.key" "$WORLD/renewed.key"
portal_config renewed.pem renewed.key
apply
wait_for 10 serves second && ! serves first && ! grep -q 'cannot be read' "$WORLD/applied"
result $? "the next pair that fits is served"
pair renewed && apply && wait_for 10 serves renewed && ! serves second
result $? "new files under the same names are taken by the next apply"
openssl x509 -in "$WORLD/first.pem" -signkey "$WORLD/first.key" -days -1 -out "$WORLD/old.pem" 2>/dev/null
portal_config old.pem first.key
apply
wait_for 10 told "browsers will refuse the certificate: it has expired on 20..-..-...*$WORLD/old.pem"
result $? "one that has expired is served, and said to be refused by browsers"
# One that begins with files that do not fit has nothing that could go on: it waits, and the rest does its work.
portal_config first.pem second.key
apply
server kill "$portal"
begun() { now=$(process_of portal) && [ -n "$now" ] && [ "$now" != 0 ] && [ "$now" != "$portal" ]; }
wait_for 20 begun && ! internet curl -ks --max-time 3 "https://$AT/" >/dev/null && ! internet curl -s --max-time 3 "http://$AT/" >/dev/null
result $? "begun with files that do not fit, the portal does not serve, nor in the clear"
code() { sekimori portal code 2>&1 | grep -q "does not serve: the key is not the one of the certificate.*$WORLD/second.key"; }
wait_for 10 code
result $? "\`portal code\` says why"
portal_config first.pem first.key
apply && wait_for 10 serves first
result $? "and one apply of files that fit mends it"
echo "1..$ktap_number"
exit $ktap_failed
