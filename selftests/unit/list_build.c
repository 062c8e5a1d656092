// SPDX-License-Identifier: GPL-2.0-or-later
/* list_build.c - whole blacklists built and checked by several threads over plain memory: hosts, mixed,
 * clustered, IPv6. What ThreadSanitizer looks at (make check-threads). */
#include "lib/ktap.h"

#include "bench/list_shapes.h"

#define ROWS 100000u

static struct gate_list_row memory[ROWS];

static void built_and_checked(enum shape shape)
{
	struct seki_list_head head = {.seed = {1, 2}};
	struct list_table table = {.head = &head};
	struct gate_list_row other = {.key = {.prefixlen = 128}, .value = {.flags = SEKI_ENTRY_SRC}};
	struct seki_list_hit hit;
	struct seki_lpm prefix;
	uint64_t digest;
	uint32_t bad, missed = 0;

	rows = memory;
	draw_rows(shape, ROWS);
	CHECK_EQ(list_table_size(rows, count, &head, &bad), 0);
	table.gate4 = calloc(SEKI_LIST_WORDS_GATE4, sizeof(*table.gate4));
	table.words = calloc(SEKI_LIST_WORDS, sizeof(*table.words));
	table.bucket4 = calloc(1, list_shards4(&head));
	table.line6 = calloc(1, list_shards6(&head));
	CHECK_EQ(list_table_build(&table, rows, count, NULL, NULL, &bad), 0);
	CHECK_EQ(list_table_check(&table, &digest), 0);
	for (uint32_t i = 0; i < count; i++)
		missed += !list_table_find(&table, &rows[i].key.addr, NULL, NULL, &prefix, &hit);
	CHECK_EQ(missed, 0);
	other.key.addr = address4(0xf0000001);
	CHECK(!list_table_find(&table, &other.key.addr, NULL, NULL, &prefix, &hit));
	free(table.gate4);
	free(table.words);
	free(table.bucket4);
	free(table.line6);
}

static void hosts(void)
{
	built_and_checked(HOSTS4);
}

static void mixed(void)
{
	built_and_checked(MIXED4);
}

static void clustered(void)
{
	built_and_checked(CLUSTERED4);
}

static void six(void)
{
	built_and_checked(MIXED6);
}

static const struct ktap_test tests[] = {TEST(hosts), TEST(mixed), TEST(clustered), TEST(six)};
KTAP_MAIN(tests)
