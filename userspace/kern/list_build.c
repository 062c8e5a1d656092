// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_build.c - a whole blacklist into empty tables that nobody reads yet: their sizes, members of IPv4
 * groups (list_members.c), then the other rows.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "lib/parallel.h"
#include "list_store.h"

#define KEYS_PER_BUCKET_X10 36u /* built at most this full: 3.6 of 5 */
#define KEYS_SPARSE_X10	    25u /* while one shard is not full: changes find room */
#define BUCKETS_MIN	    2048u
#define AHEAD		    16 /* keys whose lines are fetched before they are needed */

int list_row_check(const struct gate_list_row *row)
{
	uint32_t len = row->key.prefixlen;

	if (len > 128 || row->value.list >= SEKI_MAX_LISTS || !row->value.flags ||
	    row->value.flags >> SEKI_LIST_SEVERITY_SHIFT || row->value.severity >= SEKI_SEVERITY_MAX)
		return -EINVAL;
	/* Host bits would make two keys of one prefix. */
	if (len % 8 && row->key.addr.b[len / 8] & (0xff >> (len % 8)))
		return -EINVAL;
	for (uint32_t i = (len + 7) / 8; i < 16; i++)
		if (row->key.addr.b[i])
			return -EINVAL;
	return 0;
}

struct size {
	uint32_t shards, buckets; /* of all shards */
};

/* room: buckets of a shard */
static int size_for(uint64_t keys, uint32_t room, struct size *out)
{
	uint64_t full = (uint64_t)room * KEYS_PER_BUCKET_X10 / 10, wanted = keys * 10 / KEYS_SPARSE_X10;
	uint64_t shards = keys / full + 1;

	if (shards > SEKI_LIST_SHARDS_MAX)
		return -E2BIG;
	if (wanted < BUCKETS_MIN)
		wanted = BUCKETS_MIN;
	*out = (struct size){(uint32_t)shards,
			     (uint32_t)(shards > 1 || wanted > room ? shards * room : wanted)};
	return 0;
}

/* What a part of the rows adds up to. */
struct sum {
	uint64_t keys[2];  /* of each family */
	uint32_t odd, bad; /* bad: the first malformed one, or UINT32_MAX */
};

struct sizing {
	const struct gate_list_row *rows;
	uint32_t count;
	struct sum sums[LIST_CHUNKS];
};

static void chunk_size(void *arg, uint32_t chunk)
{
	struct sizing *sizing = arg;
	struct sum sum = {.bad = UINT32_MAX};
	uint32_t end = list_chunk(sizing->count, chunk + 1);

	for (uint32_t i = list_chunk(sizing->count, chunk); i < end; i++) {
		struct span span;
		uint32_t many;

		if (list_row_check(&sizing->rows[i])) {
			sum.bad = i;
			break;
		}
		span = span_of(&sizing->rows[i].key);
		many = span_keys(&span);
		sum.keys[span.six] += many;
		sum.odd += span.six && !many;
	}
	sizing->sums[chunk] = sum;
}

int list_table_size(const struct gate_list_row *rows, uint32_t count, struct seki_list_head *head,
		    uint32_t *bad)
{
	struct sizing sizing = {.rows = rows, .count = count};
	uint32_t odd = 0, room6 = SEKI_LIST_LINES6 - SEKI_LIST_BLOOM6;
	__u64 keys[2] = {0};
	struct size size[2];

	parallel_run(chunk_size, &sizing, list_chunks(count));
	for (uint32_t i = 0; i < list_chunks(count); i++) {
		if (sizing.sums[i].bad != UINT32_MAX) {
			*bad = sizing.sums[i].bad;
			return -EINVAL;
		}
		keys[0] += sizing.sums[i].keys[0];
		keys[1] += sizing.sums[i].keys[1];
		odd += sizing.sums[i].odd;
	}
	if (size_for(keys[0], SEKI_LIST_BUCKETS4, &size[0]) || size_for(keys[1], room6, &size[1]))
		return -E2BIG;
	head->rows_odd = odd;
	head->shards4 = size[0].shards;
	head->buckets4 = size[0].buckets;
	head->shards6 = size[1].shards;
	head->buckets6 = size[1].buckets / size[1].shards;
	head->words6 = SEKI_LIST_BLOOM6 * 16 * head->buckets6 / room6; /* as many as go with the buckets */
	return 0;
}

/* Rows that are members of no IPv4 group, the longest prefixes first, by counting. malloc'ed. */
static uint32_t *rows_apart(const struct gate_list_row *rows, uint32_t count, uint32_t *many)
{
	uint32_t begin[130] = {0}, *order;

	for (uint32_t i = 0; i < count; i++) {
		struct span span = span_of(&rows[i].key);

		begin[129 - rows[i].key.prefixlen] += span.six || span.len <= 16;
	}
	for (int len = 1; len < 130; len++)
		begin[len] += begin[len - 1];
	*many = begin[129];
	order = malloc(((size_t)*many + 1) * sizeof(*order));
	for (uint32_t i = 0; order && i < count; i++) {
		struct span span = span_of(&rows[i].key);

		if (span.six || span.len <= 16)
			order[begin[128 - rows[i].key.prefixlen]++] = i;
	}
	return order;
}

static void place_fetch(const struct list_table *t, const struct gate_list_row *row)
{
	struct span span = span_of(&row->key);
	struct place place;

	if (!span.six || !span_keys(&span))
		return;
	place = place_of(t, true, (struct key){span.hi, span.lo},
			 list_levels6[level_index(true, span.len)].length);
	__builtin_prefetch(place.first, 1);
	__builtin_prefetch(place.bloom, 1);
}

static int build_apart(struct list_table *t, const struct gate_list_row *rows, uint32_t count,
		       const struct adding *how, uint32_t *bad)
{
	uint32_t many, *order AUTO_FREE = rows_apart(rows, count, &many);
	int err = order ? 0 : -ENOMEM;

	for (uint32_t i = 0; !err && i < many; i++) {
		if (i + AHEAD < many)
			place_fetch(t, &rows[order[i + AHEAD]]);
		*bad = order[i];
		err = row_put(t, &rows[order[i]], how);
	}
	return err;
}

int list_table_build(struct list_table *table, const struct gate_list_row *rows, uint32_t count,
		     list_spill_fn spill, void *arg, uint32_t *bad)
{
	const struct adding how = {.build = true, .spill = spill, .arg = arg};
	uint32_t members;
	int err = list_members_build(table, rows, count, &how, &members, bad);

	if (!err && members < count)
		err = build_apart(table, rows, count, &how, bad);
	return err == -EEXIST ? -EINVAL : err;
}
