// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_lookup.c - reads the blacklist's tables: one address, every entry, and whether each is where packets
 * look.
 */
#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/parallel.h"
#include "list_key.h"

#define AHEAD 4 /* buckets whose gates are fetched before they are needed */

struct asking {
	const struct list_table *t;
	list_spilled_fn spilled;
	void *arg;
};

static __u64 ask_spilled(const struct asking *ask, bool six, struct key key, uint32_t level)
{
	const struct seki_list_spill_key outside = {key.hi, key.lo, six, level};
	union seki_list_said said = {.word = 0};

	return ask->spilled && ask->spilled(&outside, &said.hit, ask->arg) ? said.word : 0;
}

/* The longest entry of an address's key at a level. */
static __u64 ask_level(const struct asking *ask, bool six, struct key addr, int index)
{
	const struct level *level = level_at(six, index);
	struct key key = key_masked(six, addr, level->length);
	struct place place = place_of(ask->t, six, key, level->length);
	__u64 said = 0;

	for (uint32_t len = level->length; !said && len >= level->low; len--) {
		const __u64 *held = place_find(&place, key, len, len);

		if (held)
			said = *held;
		else if (place_more(&place) && (!six || len == level->length))
			said = ask_spilled(ask, six, key, len);
	}
	return said;
}

static __u64 ask_group(const struct asking *ask, uint32_t addr, uint32_t group)
{
	struct place place = group_place(ask->t, (struct key){addr, 0}, group);
	uint32_t low = group == 24 ? 24 : 17, high = group == 24 ? 32 : 23;
	__u64 said = seki_list_scan4(place.first, place.tag, addr, low, high), crowd = 0;
	int from = group == 24 ? 0 : SEKI_LIST_WIDE4, to = group == 24 ? SEKI_LIST_WIDE4 : SEKI_LIST_TOP4;

	if (place_second(&place))
		said = seki_list_longer(said, seki_list_scan4(place.second, place.tag, addr, low, high));
	for (int i = from; place_more(&place) && !crowd && i < to; i++)
		crowd = ask_level(ask, false, (struct key){addr, 0}, i);
	return seki_list_longer(said, crowd);
}

static __u64 ask4(const struct asking *ask, uint32_t addr)
{
	__u64 said = host_alone(ask->t, addr, 32) ? ask_level(ask, false, (struct key){addr, 0}, 0)
						  : ask_group(ask, addr, 24);

	if (!said)
		said = ask_group(ask, addr, 20);
	return said ? said : ask->t->words[SEKI_LIST_AT_TOP4 + (addr >> 16)];
}

bool list_table_find(const struct list_table *table, const struct seki_addr *addr, list_spilled_fn spilled,
		     void *arg, struct seki_lpm *prefix, struct seki_list_hit *out)
{
	const struct seki_lpm host = {.prefixlen = 128, .addr = *addr};
	const struct asking ask = {table, spilled, arg};
	struct span span = span_of(&host);
	struct key key = {span.hi, span.lo};
	union seki_list_said said = {.word = 0};

	if (!span.six)
		said.word = ask4(&ask, (uint32_t)span.hi);
	for (int i = 0; span.six && !said.word && i < SEKI_LIST_LEVEL_COUNT6; i++)
		said.word = ask_level(&ask, true, key, i);
	if (!said.word)
		return false;
	*out = said.hit;
	*prefix = lpm_of_key(span.six, key, said.hit.len);
	return true;
}

/* --- every entry */

/* One entry of a bucket, or of the table of /16 (bucket NULL). Nonzero ends the walk. */
typedef int (*walk_fn)(const struct list_table *table, bool six, void *bucket, struct key key, __u64 said,
		       void *arg);

static int walk_bucket(const struct list_table *table, bool six, void *bucket, walk_fn fn, void *arg)
{
	int err = 0;

	for (int i = 0; !err && i < SEKI_LIST_SLOTS; i++) {
		__u64 said = bucket_said(bucket, six)[i];

		if (said)
			err = fn(table, six, bucket, bucket_key(bucket, six, i), said, arg);
	}
	return err;
}

/* What a look at its entries will read beside it. */
static void gates_fetch(const struct list_table *table, const struct seki_list_bucket4 *bucket)
{
	for (int i = 0; i < SEKI_LIST_SLOTS; i++)
		__builtin_prefetch(&table->gate4[bucket->key[i] >> 13]);
}

/* A table's parts: that of /16, then the shards of both families. */
static uint32_t walk_parts(const struct list_table *table)
{
	return 1 + table->head->shards4 + table->head->shards6;
}

static int walk_top(const struct list_table *table, walk_fn fn, void *arg)
{
	const __u64 *top = &table->words[SEKI_LIST_AT_TOP4];
	int err = 0;

	for (uint32_t i = 0; !err && i < 1u << 16; i++)
		if (top[i])
			err = fn(table, false, NULL, (struct key){i << 16, 0}, top[i], arg);
	return err;
}

static int walk_shard4(const struct list_table *table, uint32_t shard, walk_fn fn, void *arg)
{
	uint32_t begin = shard * SEKI_LIST_BUCKETS4, end = begin + SEKI_LIST_BUCKETS4;
	int err = 0;

	if (end > table->head->buckets4)
		end = table->head->buckets4;
	for (uint32_t i = begin; !err && i < end; i++) {
		if (i + AHEAD < end)
			gates_fetch(table, &table->bucket4[i + AHEAD]);
		err = walk_bucket(table, false, &table->bucket4[i], fn, arg);
	}
	return err;
}

static int walk_shard6(const struct list_table *table, uint32_t shard, walk_fn fn, void *arg)
{
	union seki_list_line6 *buckets = table->line6 + (size_t)shard * SEKI_LIST_LINES6 + SEKI_LIST_BLOOM6;
	int err = 0;

	for (uint32_t i = 0; !err && i < table->head->buckets6; i++)
		err = walk_bucket(table, true, &buckets[i].bucket, fn, arg);
	return err;
}

static int walk_part(const struct list_table *table, uint32_t part, walk_fn fn, void *arg)
{
	uint32_t shards4 = table->head->shards4;

	if (part == 0)
		return walk_top(table, fn, arg);
	return part <= shards4 ? walk_shard4(table, part - 1, fn, arg)
			       : walk_shard6(table, part - 1 - shards4, fn, arg);
}

static int table_walk(const struct list_table *table, walk_fn fn, void *arg)
{
	int err = 0;

	for (uint32_t part = 0; !err && part < walk_parts(table); part++)
		err = walk_part(table, part, fn, arg);
	return err;
}

struct each {
	list_entry_fn fn;
	void *arg;
	__u64 top; /* what the /16 before said */
	uint32_t addr;
};

/* Is it the key of an IPv4 prefix that stands for all of them? */
static bool key_is_base(struct key key, __u64 said)
{
	return key_masked(false, key, seki_list_len(said)).hi == key.hi;
}

static int each_entry(const struct list_table *table, bool six, void *bucket, struct key key, __u64 said,
		      void *arg)
{
	struct each *each = arg;
	union seki_list_said entry = {.word = said};
	struct seki_lpm prefix = lpm_of_key(six, key, entry.hit.len);

	if (!bucket) { /* a run of the same prefix once */
		uint32_t addr = (uint32_t)key_masked(false, key, entry.hit.len).hi;
		bool same = each->top == said && each->addr == addr;

		each->top = said;
		each->addr = addr;
		if (same)
			return 0;
	} else if (!six && !key_is_base(key, said)) {
		return 0;
	}
	return each->fn(&prefix, &entry.hit, each->arg);
}

int list_table_each(const struct list_table *table, list_entry_fn fn, void *arg)
{
	struct each each = {.fn = fn, .arg = arg};

	return table_walk(table, each_entry, &each);
}

/* --- is every entry where packets look? */

/* A number of what an entry says; their sum does not depend on order. */
static __u64 entry_digest(bool six, struct key key, __u64 said)
{
	const struct seki_list_head unkeyed = {.seed = {0x736b, six}};

	return seki_list_hash6(&unkeyed, key.hi, key.lo ^ said * 0xff51afd7ed558ccdull, seki_list_len(said));
}

static bool place_holds(const struct place *place, const void *bucket)
{
	return place->first == bucket || (place->second == bucket && place_second(place));
}

/* Does the way of a packet lead to the bucket of a key of a level? */
static bool level_leads(const struct list_table *t, bool six, const struct place *place, struct key key,
			uint32_t len)
{
	__u64 bits = seki_list_bits(seki_list_more(place->hash));

	if (!six && host_alone(t, (uint32_t)key.hi, len))
		return true;
	return (*place->bloom & bits) == bits &&
	       (six ? t->head->levels6 : t->head->levels4) >> level_index(six, len) & 1;
}

static bool level_reaches(const struct list_table *t, bool six, const void *bucket, struct key key,
			  uint32_t len)
{
	struct place place = place_of(t, six, key, level_at(six, level_index(six, len))->length);

	return place_holds(&place, bucket) && level_leads(t, six, &place, key, len);
}

/* The gate of every /24 from here on says that something covers it. */
static bool covered4(const struct list_table *t, uint32_t addr, uint32_t count)
{
	bool all = true;

	for (uint32_t n = 0; n < count && all; n++)
		all = gate4_class(t, addr + (n << 8)) != SEKI_LIST_NONE;
	return all;
}

/* Do the words before the buckets let an address of this key through to its group? */
static bool gate4_opens(const struct list_table *t, uint32_t addr, uint32_t len)
{
	uint32_t covers = len < 20 ? 20 : len; /* of this key */

	if (len >= 24)
		return gate4_class(t, addr) == SEKI_LIST_INSIDE;
	return wide4_bit(t, addr) &&
	       covered4(t, (uint32_t)key_masked(false, (struct key){addr, 0}, covers).hi,
			1u << (24 - covers));
}

/* The n keys of an IPv4 prefix at its level, all saying the same. */
static bool crowd_whole(const struct list_table *t, struct key member, __u64 said)
{
	uint32_t len = seki_list_len(said), count = crowd_keys(len);
	bool whole = true;

	for (uint32_t n = 0; n < count && whole; n++) {
		struct key key = crowd_key(member, len, n);
		struct place place = place_of(t, false, key, list_levels4[level_index(false, len)].length);
		const __u64 *held = place_find(&place, key, len, len);

		whole = (held && *held == said) || place_more(&place);
	}
	return whole;
}

/* Every member and key of an IPv4 prefix of /17 to /31. */
static bool whole4(const struct list_table *t, struct key base, __u64 said)
{
	const struct span span = {.len = seki_list_len(said), .hi = base.hi};
	bool whole = true;

	for (uint32_t n = 0; n < span_keys(&span) && whole; n++) {
		struct key member = span_key(&span, n);
		struct place place = group_place(t, member, span_group(&span));
		const __u64 *held = place_find(&place, member, span.len, span.len);

		whole = held ? *held == said : crowd_whole(t, member, said);
	}
	return whole;
}

static bool reaches4(const struct list_table *t, void *bucket, struct key key, __u64 said)
{
	uint32_t addr = (uint32_t)key.hi, len = seki_list_len(said);
	struct place shared;
	bool together;

	if (len <= 16 || len > 32)
		return false;
	if (host_alone(t, addr, len))
		return level_reaches(t, false, bucket, key, len);
	if (!gate4_opens(t, addr, len))
		return false;
	shared = group_place(t, key, group_of(len));
	together = place_holds(&shared, bucket);
	if (!together && (!place_more(&shared) || !level_reaches(t, false, bucket, key, len)))
		return false;
	/* One key, or all of them. */
	return (together && len >= 20) || len == 32 || whole4(t, key_masked(false, key, len), said);
}

static bool reaches6(const struct list_table *t, void *bucket, struct key key, uint32_t len)
{
	int index = level_index(true, len);
	uint32_t at;

	if (index < 0)
		return false;
	at = seki_list_gate6_index(t->head, (uint32_t)(key.hi >> 32));
	return t->words[SEKI_LIST_AT_GATE6 + at / 8] >> at % 8 * 8 >> index & 1 &&
	       level_reaches(t, true, bucket, key, len);
}

struct audit {
	list_audit_fn fn;
	void *arg;
};

static int audit_entry(const struct list_table *t, bool six, void *bucket, struct key key, __u64 said,
		       void *arg)
{
	const union seki_list_said entry = {.word = said};
	struct seki_lpm prefix = lpm_of_key(six, key, entry.hit.len);
	const struct audit *audit = arg;
	bool reached;

	if (!bucket)
		reached = entry.hit.len <= 16 && covered4(t, (uint32_t)key.hi, 256);
	else if (six)
		reached = reaches6(t, bucket, key, entry.hit.len);
	else
		reached = reaches4(t, bucket, key, said);
	/* The other keys of a prefix come with its first one. */
	if (bucket && !six && reached && !key_is_base(key, said))
		return 0;
	return audit->fn(&prefix, &entry.hit, entry_digest(six, key, said), reached, audit->arg);
}

int list_table_audit(const struct list_table *table, list_audit_fn fn, void *arg)
{
	struct audit audit = {fn, arg};

	return table_walk(table, audit_entry, &audit);
}

bool list_table_audit_spilled(const struct list_table *table, const struct seki_list_spill_key *key,
			      const struct seki_list_hit *hit, struct seki_lpm *prefix, uint64_t *digest,
			      bool *reached)
{
	const union seki_list_said said = {.hit = *hit};
	const struct key at = {key->hi, key->lo};
	const bool six = key->generation & 1;
	int index = level_index(six, hit->len);
	uint32_t length = index < 0 ? 0 : level_at(six, index)->length;
	struct place place, shared;

	*prefix = list_spilled_prefix(key, hit);
	*digest = 0;
	*reached = false;
	if (!length || key->level != (six ? length : hit->len) || (!six && hit->len <= 16))
		return true;
	place = place_of(table, six, at, length);
	*digest = entry_digest(six, at, said.word);
	*reached = !place_find(&place, at, six ? level_at(six, index)->low : hit->len,
			       six ? length : hit->len) &&
		   place_more(&place) && level_leads(table, six, &place, at, hit->len);
	if (six)
		return true;
	shared = group_place(table, at, group_of(hit->len));
	*reached &= host_alone(table, (uint32_t)at.hi, hit->len) ||
		    (gate4_opens(table, (uint32_t)at.hi, hit->len) && place_more(&shared) &&
		     whole4(table, key_masked(false, at, hit->len), said.word));
	return !*reached || key_is_base(at, said.word);
}

void list_table_audit_odd(const struct list_table *table, const struct seki_lpm *prefix,
			  const struct seki_list_hit *hit, uint64_t *digest, bool *reached)
{
	const union seki_list_said said = {.hit = *hit};
	struct span span = span_of(prefix);
	uint32_t at = seki_list_gate6_index(table->head, (uint32_t)(span.hi >> 32));

	*digest = entry_digest(true, (struct key){span.hi, span.lo}, said.word);
	*reached =
		table->head->odd6 ||
		(span.len >= 32 && table->words[SEKI_LIST_AT_GATE6 + at / 8] >> at % 8 * 8 & SEKI_LIST_ODD);
}

/* Several threads check, each a part at a time. */
struct checking {
	const struct list_table *table;
	uint64_t digest;
	bool lost;
};

static int check_entry(const struct seki_lpm *prefix, const struct seki_list_hit *hit, uint64_t digest,
		       bool reached, void *arg)
{
	*(uint64_t *)arg += digest;
	return reached ? 0 : -EIO;
}

static void check_part(void *arg, uint32_t part)
{
	struct checking *checking = arg;
	uint64_t digest = 0;
	struct audit audit = {check_entry, &digest};

	if (walk_part(checking->table, part, audit_entry, &audit))
		__atomic_store_n(&checking->lost, true, __ATOMIC_RELAXED);
	__atomic_fetch_add(&checking->digest, digest, __ATOMIC_RELAXED);
}

int list_table_check(const struct list_table *table, uint64_t *digest)
{
	struct checking checking = {.table = table};

	parallel_run(check_part, &checking, walk_parts(table));
	*digest = checking.digest;
	return checking.lost ? -EIO : 0;
}
