// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of flows: keys, age, limits. */
#include "lib/ktap.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "core/flow/flow_table.h"

static unsigned int ended[3];
static uint32_t last_ended;

static void on_end(struct flow_entry *entry, enum flow_end why, void *arg)
{
	ended[why]++;
	memcpy(&last_ended, entry->flow.key.lo.b, 4);
}

static struct flow_table *table_new(uint32_t flow_max, uint64_t memory)
{
	struct flow_table_options options = {
		.flow_max = flow_max,
		.memory = memory,
		.entry_size = sizeof(struct flow_entry),
		.end = on_end,
	};
	struct flow_table *table = NULL;

	memset(ended, 0, sizeof(ended));
	if (flow_table_new(&options, &table))
		abort();
	return table;
}

static struct seki_flow_key key_of(uint32_t n)
{
	struct seki_flow_key key = {.proto = 6};

	memcpy(key.lo.b, &n, 4);
	return key;
}

static void keys_are_symmetric(void)
{
	struct packet a = {.proto = IPPROTO_TCP, .src_port = 1000, .dst_port = 80}, b;
	struct seki_flow_key key_a, key_b;

	a.src.b[15] = 9;
	a.dst.b[15] = 5;
	b = a;
	b.src = a.dst;
	b.dst = a.src;
	b.src_port = 80;
	b.dst_port = 1000;
	CHECK(!flow_key_of(&a, &key_a));
	CHECK(flow_key_of(&b, &key_b));
	CHECK(!memcmp(&key_a, &key_b, sizeof(key_a)));
	CHECK_EQ(ntohs(key_a.lo_port), 80);
	a.dst = a.src; /* one host with itself: ports order */
	CHECK(!flow_key_of(&a, &key_a));
	CHECK_EQ(ntohs(key_a.lo_port), 80);
	a.proto = IPPROTO_ICMP;
	a.icmp_type = 8;
	a.icmp_id = 77;
	flow_key_of(&a, &key_a);
	CHECK_EQ(ntohs(key_a.lo_port), 77);
	CHECK_EQ(ntohs(key_a.hi_port), 77);
	a.icmp_type = 3;
	flow_key_of(&a, &key_a);
	CHECK_EQ(key_a.lo_port, 0);
}

static void oldest_is_given_up(void)
{
	CLEANUP(flow_table_free) struct flow_table *table = table_new(4, 1 << 20);

	for (uint32_t i = 1; i <= 4; i++) {
		struct seki_flow_key key = key_of(i);

		CHECK(flow_table_add(table, &key) != NULL);
	}
	struct seki_flow_key one = key_of(1), five = key_of(5), two = key_of(2);

	flow_table_touch(table, flow_table_find(table, &one), 0);
	flow_table_add(table, &five);
	CHECK_EQ(ended[FLOW_END_GIVEN_UP], 1);
	CHECK_EQ(last_ended, 2);
	CHECK(!flow_table_find(table, &two));
	CHECK(flow_table_find(table, &one) != NULL);
	CHECK_EQ(flow_table_count(table), 4);
	CHECK_EQ(flow_table_given_up(table), 1);
}

static void memory_is_bounded(void)
{
	CLEANUP(flow_table_free) struct flow_table *table = table_new(1000, 100000);
	struct flow_entry *entry = NULL;

	for (uint32_t i = 0; i < 100; i++) {
		struct seki_flow_key key = key_of(i);

		entry = flow_table_add(table, &key);
		flow_table_touch(table, entry, 5000);
		CHECK(flow_table_memory(table) <= 100000);
	}
	CHECK(ended[FLOW_END_GIVEN_UP] > 80);
	flow_table_touch(table, entry, 200000); /* the flow in hand is never given up for itself */
	CHECK_EQ(flow_table_count(table), 1);
	flow_table_touch(table, entry, 0);
	CHECK_EQ(flow_table_memory(table), sizeof(struct flow_entry));
	flow_table_end(table, entry, FLOW_END_TIMEOUT);
	CHECK_EQ(ended[FLOW_END_TIMEOUT], 1);
	CHECK_EQ(flow_table_memory(table), 0);
	CHECK(!flow_table_oldest(table));
}

static void many_flows(void)
{
	CLEANUP(flow_table_free) struct flow_table *table = table_new(5000, 1 << 30);

	for (uint32_t i = 0; i < 5000; i++) {
		struct seki_flow_key key = key_of(i * 2654435761u);

		flow_table_add(table, &key);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		struct seki_flow_key key = key_of(i * 2654435761u);
		struct flow_entry *entry = flow_table_find(table, &key);

		if (CHECK(entry != NULL) && i % 3)
			flow_table_end(table, entry, FLOW_END_NORMAL);
	}
	CHECK_EQ(flow_table_count(table), 1667);
	CHECK_EQ(ended[FLOW_END_NORMAL], 3333);
}

static void limits_are_refused(void)
{
	struct flow_table_options options = {.flow_max = 1, .entry_size = sizeof(struct flow_entry)};
	struct flow_table *table = NULL;

	CHECK_EQ(flow_table_new(&options, &table), -EINVAL);
	options.flow_max = 10;
	options.entry_size = 1;
	CHECK_EQ(flow_table_new(&options, &table), -EINVAL);
	CHECK(!table);
}

static const struct ktap_test tests[] = {
	TEST(keys_are_symmetric), TEST(oldest_is_given_up), TEST(memory_is_bounded),
	TEST(many_flows),	  TEST(limits_are_refused),
};
KTAP_MAIN(tests)
