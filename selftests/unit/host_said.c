// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * host_said - names that hosts give themselves, out of whole packets; nothing is read beyond them, and what
 * is no name is none.
 */
#include <stdlib.h>
#include <string.h>

#include "core/egress/host_said.h"
#include "lib/cleanup.h"
#include "lib/ktap.h"

static uint8_t packet[1500];

static size_t udp4(uint16_t port, const void *payload, size_t len)
{
	static const uint8_t head[28] = {0x45, [9] = 17};

	memcpy(packet, head, sizeof(head));
	packet[22] = (uint8_t)(port >> 8);
	packet[23] = (uint8_t)port;
	memcpy(packet + 28, payload, len);
	return 28 + len;
}

static size_t dhcp(const char *name, uint8_t len)
{
	uint8_t body[400] = {1, 1, 6};
	static const uint8_t options[] = {99, 130, 83, 99, 53, 1, 3, 0, 0, 50, 4, 10, 0, 0, 9, 12};

	memcpy(body + 236, options, sizeof(options));
	body[236 + sizeof(options)] = len;
	memcpy(body + 236 + sizeof(options) + 1, name, strlen(name));
	body[236 + sizeof(options) + 1 + strlen(name)] = 255;
	return udp4(67, body, 236 + sizeof(options) + 2 + strlen(name));
}

/* A pointer record first, whose data refers to it; then the host's own address. */
#define MDNS_ANSWER                                                                                          \
	"\0\0\x84\0\0\0\0\2\0\0\0\0\5_http\4_tcp\5local\0\0\14\0\1\0\0\0\170\0\2\xc0\14\7printer\xc0\27\0\1" \
	"\x80\1\0\0\0\170\0\4\12\0\0\11"

static void names(void)
{
	char name[HOST_SAID_MAX] = "";
	size_t len = dhcp("web-07.dmz", 10);

	CHECK_EQ(host_said(packet, len, name), HOST_SAID_DHCP);
	CHECK(!strcmp(name, "web-07.dmz"), "%s", name);
	packet[28] = 2; /* an answer: not the host's word */
	CHECK_EQ(host_said(packet, len, name), HOST_SAID_NOWHERE);
	len = udp4(5353, MDNS_ANSWER, sizeof(MDNS_ANSWER) - 1);
	CHECK_EQ(host_said(packet, len, name), HOST_SAID_MDNS);
	CHECK(!strcmp(name, "printer"), "%s", name);
	packet[22] = 0;
	packet[23] = 53; /* not mDNS */
	CHECK_EQ(host_said(packet, len, name), HOST_SAID_NOWHERE);
	/* The same behind IPv6. */
	memmove(packet + 40, packet + 20, len - 20);
	memset(packet, 0, 40);
	packet[0] = 0x60;
	packet[6] = 17;
	packet[42] = 5353 >> 8;
	packet[43] = 5353 & 255;
	CHECK_EQ(host_said(packet, len + 20, name), HOST_SAID_MDNS);
	CHECK(!strcmp(name, "printer"), "%s", name);
}

static void no_names(void)
{
	static const char *const wrong[] = {"<script>", "a b", "-first", "\033[2J", "\xe9t\xe9", "a/b"};
	char name[HOST_SAID_MAX] = "";
	char label[80];

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		size_t len = dhcp(wrong[i], (uint8_t)strlen(wrong[i]));

		CHECK_EQ(host_said(packet, len, name), HOST_SAID_NOWHERE);
	}
	memset(label, 'a', sizeof(label));
	label[70] = '\0';
	CHECK_EQ(host_said(packet, dhcp(label, 70), name), HOST_SAID_NOWHERE);
	CHECK_EQ(host_said(packet, dhcp("short", 200), name), HOST_SAID_NOWHERE); /* longer than the packet */
	CHECK_EQ(host_said(packet, dhcp("", 0), name), HOST_SAID_NOWHERE);
}

/* Every cut and every changed byte, on memory that ends where the packet does. */
static void hostile(void)
{
	char name[HOST_SAID_MAX];
	size_t lens[2] = {dhcp("web-07", 6), 0};

	for (int kind = 0; kind < 2; kind++) {
		size_t len = kind ? udp4(5353, MDNS_ANSWER, sizeof(MDNS_ANSWER) - 1) : lens[0];

		for (size_t cut = 0; cut <= len; cut++) {
			uint8_t *copy = malloc(cut ? cut : 1);

			memcpy(copy, packet, cut);
			if (host_said(copy, cut, name))
				CHECK(strlen(name) < HOST_SAID_MAX);
			for (size_t at = 0; at < cut && cut == len; at++) {
				for (unsigned int value = 0; value < 256; value += 5) {
					copy[at] = (uint8_t)value;
					if (host_said(copy, cut, name))
						CHECK(strlen(name) < HOST_SAID_MAX);
				}
				copy[at] = packet[at];
			}
			free(copy);
		}
	}
}

static const struct ktap_test tests[] = {TEST(names), TEST(no_names), TEST(hostile)};
KTAP_MAIN(tests)
