// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * expect.c - a ring of announced connections, oldest first. They are few and
 * live shortly, so they are searched one by one, by port first.
 */
#include "expect.h"

#include <errno.h>
#include <string.h>

struct slot {
	struct expectation *expectation; /* NULL: taken */
	uint64_t until_us;
};

struct expect {
	struct slot slots[EXPECT_MAX];
	uint32_t first, count;
	uint32_t ports[65536 / 32]; /* bit: some slot may be for this port */
	uint64_t given_up;
};

struct expectation *expectation_new(struct span name)
{
	uint32_t len = name.len < EXPECT_NAME_MAX ? name.len : EXPECT_NAME_MAX;
	struct expectation *expectation = calloc(1, sizeof(*expectation) + len);

	if (!expectation)
		return NULL;
	expectation->name_len = len;
	if (len)
		memcpy(expectation->name, name.data, len);
	return expectation;
}

void expectation_free(struct expectation *expectation)
{
	free(expectation);
}

struct expectation *expectation_first(struct expectation **list)
{
	struct expectation *first = *list;

	*list = first->next;
	first->next = NULL;
	return first;
}

int expect_new(struct expect **out)
{
	struct expect *expect = calloc(1, sizeof(*expect));

	if (!expect)
		return -ENOMEM;
	*out = expect;
	return 0;
}

static void drop_first(struct expect *expect)
{
	struct slot *slot = &expect->slots[expect->first];

	expectation_free(slot->expectation);
	slot->expectation = NULL;
	expect->first = (expect->first + 1) % EXPECT_MAX;
	if (!--expect->count)
		memset(expect->ports, 0, sizeof(expect->ports));
}

void expect_free(struct expect *expect)
{
	if (!expect)
		return;
	while (expect->count)
		drop_first(expect);
	free(expect);
}

void expect_add(struct expect *expect, struct expectation *expectation, uint64_t now_us)
{
	while (expect->count &&
	       (!expect->slots[expect->first].expectation || expect->slots[expect->first].until_us < now_us))
		drop_first(expect);
	if (expect->count == EXPECT_MAX) {
		expect->given_up++;
		drop_first(expect);
	}
	expect->slots[(expect->first + expect->count++) % EXPECT_MAX] =
		(struct slot){expectation, now_us + EXPECT_TIME_US};
	expect->ports[expectation->port / 32] |= 1u << expectation->port % 32;
}

static bool expected(const struct expect *expect, uint16_t port)
{
	return expect->ports[port / 32] >> port % 32 & 1;
}

static bool same(const struct seki_addr *a, const struct seki_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool fits(const struct expectation *expectation, const struct packet *packet)
{
	if (expectation->port == packet->dst_port && same(&expectation->listener, &packet->dst) &&
	    same(&expectation->peer, &packet->src))
		return true;
	return expectation->port == packet->src_port && same(&expectation->listener, &packet->src) &&
	       same(&expectation->peer, &packet->dst);
}

struct expectation *expect_take(struct expect *expect, const struct packet *packet)
{
	if (!expect->count || (!expected(expect, packet->dst_port) && !expected(expect, packet->src_port)))
		return NULL;
	/* The newest: an older one for the same port was never used. */
	for (uint32_t i = expect->count; i-- > 0;) {
		struct slot *slot = &expect->slots[(expect->first + i) % EXPECT_MAX];
		struct expectation *expectation = slot->expectation;

		if (!expectation || slot->until_us < packet->time_us || !fits(expectation, packet))
			continue;
		slot->expectation = NULL;
		return expectation;
	}
	return NULL;
}

uint64_t expect_given_up(const struct expect *expect)
{
	return expect->given_up;
}
