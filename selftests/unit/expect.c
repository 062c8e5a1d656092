// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * expect - announced connections: found once, either way round, in time, and never without bound.
 */
#include "core/flow/expect.h"

#include <string.h>

#include "lib/ktap.h"

static struct packet packet_of(uint8_t src, uint16_t sport, uint8_t dst, uint16_t dport, uint64_t time_us)
{
	struct packet packet = {.src_port = sport, .dst_port = dport, .time_us = time_us};

	packet.src.b[15] = src;
	packet.dst.b[15] = dst;
	return packet;
}

static void announce(struct expect *expect, uint16_t port, const char *name, uint64_t now_us)
{
	struct expectation *expectation =
		expectation_new((struct span){(const uint8_t *)name, (uint32_t)strlen(name)});

	expectation->listener.b[15] = 2;
	expectation->peer.b[15] = 1;
	expectation->port = port;
	expect_add(expect, expectation, now_us);
}

static bool taken(struct expect *expect, struct packet packet, const char *name)
{
	struct expectation *expectation = expect_take(expect, &packet);
	bool good = expectation && expectation->name_len == strlen(name) &&
		    !memcmp(expectation->name, name, expectation->name_len);

	expectation_free(expectation);
	return good;
}

static void found(void)
{
	CLEANUP(expect_free) struct expect *expect = NULL;

	if (!CHECK_EQ(expect_new(&expect), 0))
		return;
	CHECK(!taken(expect, packet_of(1, 5000, 2, 20, 0), "a"));
	announce(expect, 20, "a", 0);
	announce(expect, 21, "b", 0);
	announce(expect, 21, "c", 0);
	CHECK(!taken(expect, packet_of(3, 5000, 2, 20, 1), "a"));
	CHECK(!taken(expect, packet_of(1, 5000, 2, 22, 1), "a"));
	CHECK(!taken(expect, packet_of(1, 20, 2, 5000, 1), "a"));
	CHECK(taken(expect, packet_of(1, 5000, 2, 20, 1), "a"));
	CHECK(!taken(expect, packet_of(1, 5000, 2, 20, 1), "a"));
	CHECK(taken(expect, packet_of(2, 21, 1, 5000, 1), "c"));
	CHECK(taken(expect, packet_of(2, 21, 1, 5000, 1), "b"));
	announce(expect, 20, "late", 0);
	CHECK(!taken(expect, packet_of(1, 5000, 2, 20, EXPECT_TIME_US + 1), "late"));
}

static void bounded(void)
{
	CLEANUP(expect_free) struct expect *expect = NULL;
	char name[EXPECT_NAME_MAX + 100];
	struct expectation *expectation;

	if (!CHECK_EQ(expect_new(&expect), 0))
		return;
	for (unsigned int i = 0; i <= EXPECT_MAX; i++)
		announce(expect, (uint16_t)(1000 + i), "x", 0);
	CHECK_EQ(expect_given_up(expect), 1);
	CHECK(!taken(expect, packet_of(1, 1, 2, 1000, 1), "x"));
	CHECK(taken(expect, packet_of(1, 1, 2, 1001, 1), "x"));
	CHECK(taken(expect, packet_of(1, 1, 2, 1000 + EXPECT_MAX, 1), "x"));
	/* What ran out of time makes room without being called given up. */
	announce(expect, 7, "y", 10 * EXPECT_TIME_US);
	CHECK_EQ(expect_given_up(expect), 1);
	CHECK(taken(expect, packet_of(1, 1, 2, 7, 10 * EXPECT_TIME_US), "y"));
	memset(name, 'n', sizeof(name));
	expectation = expectation_new((struct span){(const uint8_t *)name, sizeof(name)});
	CHECK_EQ(expectation->name_len, EXPECT_NAME_MAX);
	expectation_free(expectation);
}

static const struct ktap_test tests[] = {TEST(found), TEST(bounded)};
KTAP_MAIN(tests)
