// SPDX-License-Identifier: GPL-2.0-or-later
/* spool.c - in order, once while the receiver lives, again when it died, and every loss counted. */
#include "lib/ktap.h"
#include "lib/spool.h"

static void add(struct spool *spool, uint32_t number, size_t extra)
{
	static const uint8_t filler[4096];

	spool_add(spool, &number, sizeof(number), filler, extra);
}

static uint32_t next(struct spool *spool)
{
	size_t len = 0;
	const void *data = spool_next(spool, &len);
	uint32_t number = 0;

	if (data && CHECK(len >= sizeof(number)))
		memcpy(&number, data, sizeof(number));
	return number;
}

static void order(void)
{
	struct spool spool;

	spool_init(&spool, 1 << 20);
	for (uint32_t i = 1; i <= 5; i++)
		add(&spool, i, i);
	for (uint32_t i = 1; i <= 3; i++) {
		CHECK_EQ(next(&spool), i);
		spool_sent(&spool);
	}
	CHECK(spool_done(&spool, 2));
	CHECK_EQ(spool.records, 3);
	CHECK_EQ(next(&spool), 4);
	CHECK(!spool_done(&spool, 2)); /* only one more was sent */
	CHECK_EQ(spool.records, 2);
	spool_free(&spool);
	CHECK_EQ(spool.bytes, 0);
}

static void again(void)
{
	struct spool spool;

	spool_init(&spool, 1 << 20);
	for (uint32_t i = 1; i <= 4; i++)
		add(&spool, i, 0);
	for (int i = 0; i < 4; i++)
		spool_sent(&spool);
	CHECK(!spool_next(&spool, &(size_t){0}));
	CHECK(spool_done(&spool, 1));
	spool_again(&spool);
	CHECK(!spool_done(&spool, 1)); /* nothing was sent to the new one yet */
	for (uint32_t i = 2; i <= 4; i++) {
		CHECK_EQ(next(&spool), i);
		spool_sent(&spool);
	}
	add(&spool, 5, 0);
	CHECK_EQ(next(&spool), 5);
	CHECK(spool_done(&spool, 3));
	CHECK_EQ(spool.records, 1);
	spool_free(&spool);
}

static void bounded(void)
{
	struct spool spool;
	uint64_t offered = 0;

	spool_init(&spool, 100000);
	for (; offered < 1000; offered++)
		add(&spool, (uint32_t)offered + 1, 1000);
	CHECK(spool.bytes <= 100000);
	CHECK(spool.records > 90);
	CHECK_EQ(spool.records + spool.lost, offered);
	CHECK_EQ(next(&spool), 1); /* what came first is kept: the beginning of an attack is worth more */
	spool_sent(&spool);
	CHECK(spool_done(&spool, 1));
	add(&spool, 2000, 1000);
	CHECK_EQ(spool.records + spool.lost + 1, offered + 1);
	spool_free(&spool);
}

static const struct ktap_test tests[] = {TEST(order), TEST(again), TEST(bounded)};
KTAP_MAIN(tests)
