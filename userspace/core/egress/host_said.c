// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * host_said.c - names out of DHCP requests and mDNS answers.
 */
#include "host_said.h"

#include <ctype.h>
#include <string.h>

#define DHCP_HEAD   240u /* fixed fields and the magic number */
#define MDNS_HEAD   12u
#define RECORDS_MAX 32u /* of an answer; who has more is no host that says its name */

const char *const host_said_names[HOST_SAID_BY_MAX] = {
	[HOST_SAID_NOWHERE] = "", [HOST_SAID_DHCP] = "DHCP", [HOST_SAID_MDNS] = "mDNS"};

static uint16_t be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* Letters, digits, hyphens and dots, as hosts are called; anything else is no name. */
static bool name_take(const uint8_t *at, size_t len, char name[HOST_SAID_MAX])
{
	if (!len || len >= HOST_SAID_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum(at[i]) && !(i && memchr("-._", at[i], 4)))
			return false;
	memcpy(name, at, len);
	name[len] = '\0';
	return true;
}

static bool dhcp_name(const uint8_t *at, size_t len, char name[HOST_SAID_MAX])
{
	static const uint8_t magic[4] = {99, 130, 83, 99};

	if (len < DHCP_HEAD || at[0] != 1 || memcmp(at + DHCP_HEAD - 4, magic, 4))
		return false;
	for (size_t i = DHCP_HEAD; i < len && at[i] != 255;) {
		if (!at[i]) { /* padding */
			i++;
			continue;
		}
		if (len - i < 2 || len - i - 2 < at[i + 1])
			return false;
		if (at[i] == 12)
			return name_take(at + i + 2, at[i + 1], name);
		i += 2u + at[i + 1];
	}
	return false;
}

/* The length of the owner's name at `at`, 0 when it is cut off: labels until the root or a reference. */
static size_t owner_len(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i += 1u + at[i]) {
		if (!at[i])
			return i + 1;
		if (at[i] >= 0xc0)
			return i + 2 <= len ? i + 2 : 0;
		if (at[i] >= 0x40)
			return 0;
	}
	return 0;
}

/* The first answer that gives an address: its owner's first label. One written as a reference is passed by.
 */
static bool mdns_name(const uint8_t *at, size_t len, char name[HOST_SAID_MAX])
{
	unsigned int records;
	size_t i = MDNS_HEAD;

	/* An answer without questions, as mDNS has them. */
	if (len < MDNS_HEAD || !(at[2] & 0x80) || be16(at + 4))
		return false;
	records = (unsigned int)be16(at + 6) + be16(at + 8) + be16(at + 10);
	for (unsigned int n = 0; n < records && n < RECORDS_MAX; n++) {
		size_t owner = owner_len(at + i, len - i);
		uint16_t type;

		if (!owner || len - i - owner < 10)
			return false;
		type = be16(at + i + owner);
		if ((type == 1 || type == 28) && at[i] && at[i] < 0x40)
			return name_take(at + i + 1, at[i], name);
		if (len - i - owner - 10 < be16(at + i + owner + 8))
			return false;
		i += owner + 10 + be16(at + i + owner + 8);
	}
	return false;
}

enum host_said_by host_said(const uint8_t *packet, size_t len, char name[HOST_SAID_MAX])
{
	size_t head = len < 20		    ? 0
		      : packet[0] >> 4 == 4 ? (packet[0] & 15u) * 4
		      : packet[0] >> 4 == 6 ? 40
					    : 0;
	uint16_t port;

	/* UDP, whole: neither is ever sent in fragments or behind extension headers. */
	if (head < 20 || len < head + 8 || packet[head == 40 && packet[0] >> 4 == 6 ? 6 : 9] != 17 ||
	    (packet[0] >> 4 == 4 && be16(packet + 6) & 0x3fff))
		return HOST_SAID_NOWHERE;
	port = be16(packet + head + 2);
	packet += head + 8;
	len -= head + 8;
	if (port == 67 && dhcp_name(packet, len, name))
		return HOST_SAID_DHCP;
	return port == 5353 && mdns_name(packet, len, name) ? HOST_SAID_MDNS : HOST_SAID_NOWHERE;
}
