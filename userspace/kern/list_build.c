// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_build.c - a whole blacklist into empty tables that nobody reads yet. Members of IPv4 groups are sorted
 * by shard first, so that the processor's caches hold what is being filled.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/cleanup.h"
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

int list_table_size(const struct gate_list_row *rows, uint32_t count, struct seki_list_head *head,
		    uint32_t *bad)
{
	__u64 keys[2] = {0};
	struct size size[2];
	uint32_t odd = 0, room6 = SEKI_LIST_LINES6 - SEKI_LIST_BLOOM6;

	for (uint32_t i = 0; i < count; i++) {
		struct span span;
		uint32_t many;

		if (list_row_check(&rows[i])) {
			*bad = i;
			return -EINVAL;
		}
		span = span_of(&rows[i].key);
		many = span_keys(&span);
		keys[span.six] += many;
		odd += span.six && !many;
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

/*
 * Before anything else is built: a /24 whose hosts fill a group gets class HOSTS, the others with hosts
 * INSIDE. They are counted where their class will be.
 */
static void hosts_classify(struct list_table *t, const struct gate_list_row *rows, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct span span = span_of(&rows[i].key);
		uint32_t hosts;

		if (span.six || span.len != 32)
			continue;
		hosts = gate4_class(t, (uint32_t)span.hi);
		if (hosts < LIST_MEMBERS_MAX)
			gate4_set(t, (uint32_t)span.hi, hosts + 1);
	}
	SEKI_STATIC_ASSERT(LIST_MEMBERS_MAX == 3 && SEKI_LIST_INSIDE == 3 && SEKI_LIST_HOSTS == 2,
			   "3 becomes 2, 1 and 2 become 3");
	for (uint32_t i = 0; i < SEKI_LIST_WORDS_GATE4; i++) {
		__u64 odd = t->gate4[i] & 0x5555555555555555ull,
		      even = t->gate4[i] >> 1 & 0x5555555555555555ull;

		t->gate4[i] = (odd | even) << 1 | (odd ^ even);
	}
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

/* One key of an IPv4 prefix of /17 or longer. */
struct member {
	uint32_t addr, row;
	__u64 said;
};

static struct place member_place(const struct list_table *t, uint32_t addr, uint32_t len)
{
	struct key key = {addr, 0};

	return host_alone(t, addr, len) ? place_of(t, false, key, 32) : group_place(t, key, group_of(len));
}

static uint16_t member_shard(const struct list_table *t, uint32_t addr, uint32_t len)
{
	struct place place = member_place(t, addr, len);

	return (uint16_t)((size_t)((struct seki_list_bucket4 *)place.first - t->bucket4) /
			  SEKI_LIST_BUCKETS4);
}

/* Marks the gates of all members, in the order of the rows. How many there are. */
static size_t members_mark(struct list_table *t, const struct gate_list_row *rows, uint32_t count)
{
	size_t many = 0;

	hosts_classify(t, rows, count);
	for (uint32_t i = 0; i < count; i++) {
		struct span span = span_of(&rows[i].key);
		uint32_t keys = span.six ? 0 : span_keys(&span);

		for (uint32_t n = 0; n < keys; n++)
			gates_mark(t, &span, span_key(&span, n));
		t->head->rows4 += keys > 0;
		many += keys;
	}
	return many;
}

/* The members in the order of the rows, the shard of each, and where each shard begins when they are sorted.
 */
static void members_list(const struct list_table *t, const struct gate_list_row *rows, uint32_t count,
			 struct member *all, uint16_t *shard, uint32_t begin[SEKI_LIST_SHARDS_MAX + 1])
{
	size_t at = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct span span = span_of(&rows[i].key);
		const union seki_list_said said = {.hit = list_hit_of(&rows[i])};
		uint32_t keys = span.six ? 0 : span_keys(&span);

		for (uint32_t n = 0; n < keys; n++, at++) {
			all[at] = (struct member){(uint32_t)span_key(&span, n).hi, i, said.word};
			shard[at] = member_shard(t, all[at].addr, span.len);
			begin[1 + shard[at]]++;
		}
	}
	for (uint32_t i = 0; i < SEKI_LIST_SHARDS_MAX; i++)
		begin[i + 1] += begin[i];
}

/* Sorted by shard; malloc'ed. */
static struct member *members_sort(struct list_table *t, const struct gate_list_row *rows, uint32_t count,
				   size_t *many)
{
	uint32_t begin[SEKI_LIST_SHARDS_MAX + 1] = {0};
	struct member *unsorted AUTO_FREE = NULL, *all;
	uint16_t *shard AUTO_FREE = NULL;

	*many = members_mark(t, rows, count);
	unsorted = malloc((*many + 1) * sizeof(*unsorted));
	shard = malloc((*many + 1) * sizeof(*shard));
	all = malloc((*many + 1) * sizeof(*all));
	if (!unsorted || !shard || !all) {
		free(all);
		return NULL;
	}
	members_list(t, rows, count, unsorted, shard, begin);
	for (size_t i = 0; i < *many; i++)
		all[begin[shard[i]]++] = unsorted[i];
	return all;
}

static int build_members(struct list_table *t, const struct gate_list_row *rows, uint32_t count,
			 const struct adding *how, uint32_t *bad)
{
	struct member *all AUTO_FREE = NULL;
	size_t many;
	int err = 0;

	all = members_sort(t, rows, count, &many);
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; !err && i < many; i++) {
		const struct member *m = &all[i];
		struct span span = {.len = seki_list_len(m->said)};
		bool fresh;

		if (i + AHEAD < many)
			__builtin_prefetch(member_place(t, m[AHEAD].addr, seki_list_len(m[AHEAD].said)).first,
					   1);
		*bad = m->row;
		err = key_put(t, &span, (struct key){m->addr, 0}, m->said, how, &fresh);
	}
	return err;
}

int list_table_build(struct list_table *table, const struct gate_list_row *rows, uint32_t count,
		     list_spill_fn spill, void *arg, uint32_t *bad)
{
	const struct adding how = {true, spill, arg};
	int err = build_members(table, rows, count, &how, bad);

	if (!err)
		err = build_apart(table, rows, count, &how, bad);
	return err == -EEXIST ? -EINVAL : err;
}
