/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segments.h - raw IPv4 TCP packets of one connection, 192.0.2.1 to
 * 198.51.100.2:80, and rule sets from text.
 */
#ifndef SELFTESTS_SEGMENTS_H
#define SELFTESTS_SEGMENTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rule/ruleset.h"

static inline struct ruleset *rules_of(const char *text)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	struct ruleset *set = NULL;
	char why[256] = "";

	if (ruleset_builder_new(&builder) ||
	    ruleset_add_rules(builder, "test.rules", text, strlen(text), NULL, NULL) ||
	    ruleset_build(builder, &set, why, sizeof(why))) {
		printf("Bail out! rules: %s\n", why);
		exit(1);
	}
	return set;
}

static inline void put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline void put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

/* Writes 40 + len bytes to p; the checksum of TCP is zero. */
static inline size_t tcp_frame(uint8_t *p, bool from_client, uint16_t client_port, uint32_t seq, uint32_t ack,
			       uint8_t flags, const void *data, size_t len)
{
	static const uint8_t client[4] = {192, 0, 2, 1}, server[4] = {198, 51, 100, 2};
	uint32_t sum = 0;

	memset(p, 0, 40);
	p[0] = 0x45;
	put16(p + 2, (uint32_t)(40 + len));
	p[8] = 64;
	p[9] = IPPROTO_TCP;
	memcpy(p + 12, from_client ? client : server, 4);
	memcpy(p + 16, from_client ? server : client, 4);
	put16(p + 20, from_client ? client_port : 80);
	put16(p + 22, from_client ? 80 : client_port);
	put32(p + 24, seq);
	put32(p + 28, ack);
	p[32] = 0x50;
	p[33] = flags;
	put16(p + 34, 8192);
	memcpy(p + 40, data, len);
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	put16(p + 10, ~(sum + (sum >> 16)));
	return 40 + len;
}

#endif
