// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve_text.c - text for EVE: UTF-8 kept, everything else made visible.
 */
#include "eve_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/flow/blob.h"

#define TEXT_MAX (EVE_TEXT_MAX * 4 + 64)

static const struct {
	uint8_t number;
	const char *name;
} protos[] = {
	{IPPROTO_TCP, "TCP"},	{IPPROTO_UDP, "UDP"},	{IPPROTO_ICMP, "ICMP"}, {IPPROTO_ICMPV6, "IPv6-ICMP"},
	{IPPROTO_SCTP, "SCTP"}, {IPPROTO_GRE, "GRE"},	{IPPROTO_ESP, "ESP"},	{IPPROTO_AH, "AH"},
	{IPPROTO_IGMP, "IGMP"}, {IPPROTO_IPIP, "IPv4"}, {IPPROTO_IPV6, "IPv6"},
};

/* Length of the well-formed UTF-8 sequence at the begin of s (RFC 3629), 0: none. */
static uint32_t utf8_length(struct span s)
{
	uint8_t c = s.data[0], low = 0x80, high = 0xbf;
	uint32_t n;

	if (c < 0x80)
		return c ? 1 : 0;
	if (c >= 0xc2 && c <= 0xdf)
		n = 2;
	else if (c >= 0xe0 && c <= 0xef)
		n = 3;
	else if (c >= 0xf0 && c <= 0xf4)
		n = 4;
	else
		return 0;
	if (s.len < n)
		return 0;
	/* No overlong forms, surrogates or points beyond U+10FFFF. */
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (s.data[1] < low || s.data[1] > high)
		return 0;
	for (uint32_t i = 2; i < n; i++)
		if ((s.data[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

json_t *eve_text(struct span bytes)
{
	struct blob out = {};
	uint32_t over = bytes.len > EVE_TEXT_MAX ? bytes.len - EVE_TEXT_MAX : 0;
	char text[32];
	json_t *value;

	bytes.len -= over;
	while (bytes.len) {
		uint32_t n = utf8_length(bytes);

		if (n) {
			blob_add(&out, bytes.data, n, TEXT_MAX);
		} else {
			n = 1;
			snprintf(text, sizeof(text), "\\x%02x", bytes.data[0]);
			blob_text(&out, text, TEXT_MAX);
		}
		bytes = span_from(bytes, n);
	}
	if (over) {
		snprintf(text, sizeof(text), " [+%u bytes]", over);
		blob_text(&out, text, TEXT_MAX);
	}
	value = json_stringn(out.len ? (const char *)out.data : "", out.len);
	blob_free(&out);
	return value;
}

json_t *eve_text_of(const char *text)
{
	return eve_text((struct span){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0});
}

void eve_set(json_t *object, const char *key, json_t *value)
{
	if (value)
		json_object_set_new(object, key, value);
}

const char *eve_address(const struct seki_addr *addr, char text[48])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool v4 = !memcmp(addr->b, mapped, sizeof(mapped));

	if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? addr->b + 12 : addr->b, text, 48))
		text[0] = '\0';
	return text;
}

json_t *eve_proto(uint8_t proto)
{
	for (size_t i = 0; i < ARRAY_LEN(protos); i++)
		if (protos[i].number == proto)
			return json_string(protos[i].name);
	return json_sprintf("%03u", proto);
}

uint8_t eve_proto_number(const char *name)
{
	unsigned int number;

	for (size_t i = 0; i < ARRAY_LEN(protos); i++)
		if (!strcmp(protos[i].name, name))
			return protos[i].number;
	return sscanf(name, "%3u", &number) == 1 && number < 256 ? (uint8_t)number : 0;
}

const char *eve_time(uint64_t us, char text[40])
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;
	size_t n;

	text[0] = '\0';
	if (!gmtime_r(&seconds, &tm))
		return text;
	n = strftime(text, 24, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, 40 - n, ".%06u+0000", (unsigned int)(us % 1000000));
	return text;
}
