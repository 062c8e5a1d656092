// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_table.c - puts entries into the blacklist's tables and takes them out. Two-choice buckets: a build
 * moves entries to make room (nobody reads yet), a later change never moves one, so that no packet can miss
 * what is listed throughout.
 */
#include <errno.h>

#include "list_store.h"

#define MOVES_MAX 2 /* entries moved one after another to make room */

/* --- buckets */

static int bucket_free(void *bucket, bool six)
{
	const __u64 *said = bucket_said(bucket, six);

	for (int i = 0; i < SEKI_LIST_SLOTS; i++)
		if (!said[i])
			return i;
	return -1;
}

/* What an entry says is one store; from then on it is there, or says something else, or is gone (0). */
static void said_store(__u64 *at, __u64 said)
{
	__atomic_store_n(at, said, __ATOMIC_RELEASE);
}

/* Key and tag come first. */
static void bucket_put(void *bucket, const struct place *place, int i, struct key key, __u64 said)
{
	uint32_t *tags = bucket_tags(bucket, place->six), shift = (uint32_t)i * SEKI_LIST_TAG_BITS;

	if (place->six) {
		struct seki_list_key6 *held = &((struct seki_list_bucket6 *)bucket)->key[i];

		__atomic_store_n(&held->hi, key.hi, __ATOMIC_RELAXED);
		__atomic_store_n(&held->lo, key.lo, __ATOMIC_RELAXED);
	} else {
		__atomic_store_n(&((struct seki_list_bucket4 *)bucket)->key[i], (uint32_t)key.hi,
				 __ATOMIC_RELAXED);
	}
	__atomic_store_n(tags, (*tags & ~(31u << shift)) | place->tag << shift, __ATOMIC_RELEASE);
	said_store(&bucket_said(bucket, place->six)[i], said);
}

/* Something of keys whose first bucket it is. */
static void place_flag(const struct place *place, uint32_t flag)
{
	uint32_t *tags = bucket_tags(place->first, place->six);

	if (!(__atomic_load_n(tags, __ATOMIC_RELAXED) & flag))
		__atomic_fetch_or(tags, flag, __ATOMIC_RELEASE);
}

/* --- gates and Bloom words: set before the entry appears, never cleared. One writer of whole words, except
 * where bits are set by several threads of a build. */

static void word_set(__u64 *word, __u64 value)
{
	if (*word != value)
		__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

void gate4_set(struct list_table *t, uint32_t addr, __u64 class)
{
	__u64 *word = &t->gate4[addr >> 13];
	uint32_t shift = (addr >> 8) % 32 * 2;

	word_set(word, (*word & ~(3ull << shift)) | class << shift);
}

/* Every /24 of a prefix of /23 or shorter is at least covered. */
static void gate4_cover(struct list_table *t, uint32_t addr, uint32_t len)
{
	uint32_t count = 1u << (24 - len), first = addr >> 8;

	for (; count && (first % 32 || count < 32); first++, count--)
		if (gate4_class(t, first << 8) == SEKI_LIST_NONE)
			gate4_set(t, first << 8, SEKI_LIST_COVERED);
	for (; count; first += 32, count -= 32) {
		__u64 *word = &t->gate4[first / 32];

		word_set(word, *word | (~(*word >> 1) & 0x5555555555555555ull));
	}
}

static void gate6_mark(struct list_table *t, uint32_t first32, uint8_t bit)
{
	uint32_t index = seki_list_gate6_index(t->head, first32);
	__u64 *word = &t->words[SEKI_LIST_AT_GATE6 + index / 8];

	word_set(word, *word | (__u64)bit << index % 8 * 8);
}

/* From now on the /24 has a group. Hosts that have keys of their own are its crowd. */
static void inside_mark(struct list_table *t, uint32_t addr)
{
	struct place place;

	if (gate4_class(t, addr) == SEKI_LIST_HOSTS) {
		place = group_place(t, (struct key){addr, 0}, 24);
		__atomic_fetch_or(&t->head->levels4, 1, __ATOMIC_RELAXED);
		place_flag(&place, SEKI_LIST_MORE);
	}
	gate4_set(t, addr, SEKI_LIST_INSIDE);
}

/* One key of a prefix. */
void gates_mark(struct list_table *t, const struct span *span, struct key key)
{
	uint32_t addr = (uint32_t)key.hi;
	__u64 *wide;

	if (span->six) {
		int level = level_index(true, span->len);

		gate6_mark(t, (uint32_t)(key.hi >> 32), (uint8_t)(1u << level));
		t->head->levels6 |= (uint16_t)(1u << level);
	} else if (span->len >= 24) {
		if (!host_alone(t, addr, span->len))
			inside_mark(t, addr);
	} else {
		wide = &t->words[SEKI_LIST_AT_WIDE4 + (addr >> 18)];
		word_set(wide, *wide | 1ull << (addr >> 12) % 64);
		gate4_cover(t, addr, span->len < 20 ? 20 : span->len);
	}
}

static void bloom_mark(const struct place *place)
{
	__u64 bits = seki_list_bits(seki_list_more(place->hash));

	if (~__atomic_load_n(place->bloom, __ATOMIC_RELAXED) & bits)
		__atomic_fetch_or(place->bloom, bits, __ATOMIC_RELEASE);
}

/* The trie's rows: their gate bit, or the flag that asks it always. */
static void odd_mark(struct list_table *t, const struct span *span)
{
	if (span->len < 32)
		t->head->odd6 = 1;
	else
		gate6_mark(t, (uint32_t)(span->hi >> 32), SEKI_LIST_ODD);
}

/* --- finding room */

/* Which of an entry's possible places has it in this bucket? false: none, or more than one. */
static bool entry_place(const struct list_table *t, bool six, void *bucket, int i, struct place *out)
{
	__u64 said = bucket_said(bucket, six)[i];
	struct key key = bucket_key(bucket, six, i);
	uint32_t len = seki_list_len(said);
	struct place level = place_of(t, six, key, level_at(six, level_index(six, len))->length), shared;
	bool at_level = level.first == bucket || level.second == bucket;

	*out = level;
	if (six || host_alone(t, (uint32_t)key.hi, len))
		return at_level;
	shared = group_place(t, key, group_of(len));
	if (shared.first != bucket && shared.second != bucket)
		return at_level;
	*out = shared;
	return !at_level;
}

/* Makes room in a full bucket by moving one of its entries to that entry's other bucket. The free slot, or
 * -1. */
static int bucket_make_room(struct list_table *t, bool six, void *bucket, int moves)
{
	for (int i = 0; i < SEKI_LIST_SLOTS; i++) {
		struct place place;
		void *other;
		int room;

		if (!entry_place(t, six, bucket, i, &place) || place.first == place.second)
			continue;
		other = place.first == bucket ? place.second : place.first;
		room = bucket_free(other, six);
		if (room < 0 && moves > 1)
			room = bucket_make_room(t, six, other, moves - 1);
		if (room < 0)
			continue;
		if (place.first == bucket)
			place_flag(&place, place.second_bit);
		bucket_put(other, &place, room, bucket_key(bucket, six, i), bucket_said(bucket, six)[i]);
		said_store(&bucket_said(bucket, six)[i], 0);
		return i;
	}
	return -1;
}

/* A slot of a place, which may be filled from then on; NULL: both buckets are full. */
static void *place_room(struct list_table *t, const struct place *place, bool build, int *slot)
{
	int room = bucket_free(place->first, place->six), other;

	if (room >= 0 && (build || room < SEKI_LIST_SLOTS - 1)) {
		*slot = room;
		return place->first;
	}
	other = bucket_free(place->second, place->six);
	if (room >= 0 && (other < 0 || other >= room)) { /* changes keep the buckets even */
		*slot = room;
		return place->first;
	}
	if (other < 0 && build) {
		*slot = bucket_make_room(t, place->six, place->first, MOVES_MAX);
		if (*slot >= 0)
			return place->first;
		other = bucket_make_room(t, place->six, place->second, MOVES_MAX);
	}
	*slot = other;
	if (other < 0)
		return NULL;
	place_flag(place, place->second_bit);
	return place->second;
}

static struct seki_list_spill_key spill_key(bool six, struct key key, uint32_t len)
{
	return (struct seki_list_spill_key){.hi = key.hi,
					    .lo = key.lo,
					    .generation = six,
					    .level = six ? list_levels6[level_index(true, len)].length : len};
}

/* A key that found no room once may have found it now: from its bucket it is found first, and must not stay
 * outside. */
static void spilled_drop(bool six, struct key key, uint32_t len, const struct adding *how)
{
	const struct seki_list_spill_key outside = spill_key(six, key, len);

	if (!how->build && how->spill)
		(void)how->spill(&outside, NULL, how->arg);
}

/* A key of a level that is not there yet. -ENOSPC or what spill said. */
static int key_add(struct list_table *t, const struct place *place, struct key key, __u64 said,
		   const struct adding *how)
{
	const struct seki_list_spill_key outside = spill_key(place->six, key, seki_list_len(said));
	const struct seki_list_hit hit = ((union seki_list_said){.word = said}).hit;
	int slot, err;
	void *bucket;

	bloom_mark(place);
	bucket = place_room(t, place, how->build, &slot);
	if (bucket) {
		bucket_put(bucket, place, slot, key, said);
		/* It may have been spilled while the buckets were full: found here first from now on, it must
		 * not stay there. */
		if (!how->build && how->spill && place_more(place))
			(void)how->spill(&outside, NULL, how->arg);
		return 0;
	}
	if (how->in_shard)
		return -EAGAIN;
	err = how->spill ? how->spill(&outside, &hit, how->arg) : -ENOSPC;
	if (err)
		return err;
	place_flag(place, SEKI_LIST_MORE);
	t->head->spilled++;
	return 0;
}

/* --- adding and changing */

/*
 * One key at a level. IPv6: an entry of a longer prefix keeps it. *fresh: the prefix was not there; -EEXIST
 * when it was while a table is built.
 */
static int level_put(struct list_table *t, bool six, struct key key, __u64 said, const struct adding *how,
		     bool *fresh)
{
	uint32_t len = seki_list_len(said);
	const struct level *level = level_at(six, level_index(six, len));
	struct place place = place_of(t, six, key, level->length);
	__u64 *held = place_find(&place, key, six ? level->low : len, six ? level->length : len);

	if (!held) {
		*fresh = true;
		return key_add(t, &place, key, said, how);
	}
	if (seki_list_len(*held) > len)
		return 0;
	if (seki_list_len(*held) < len)
		*fresh = true;
	else if (how->build)
		return -EEXIST;
	said_store(held, said);
	return 0;
}

/* How many members of a group share its place. */
static int group_members(const struct place *place, uint32_t addr, uint32_t group)
{
	void *buckets[2] = {place->first, place->second};
	int count = 0;

	for (int b = 0; b < (place_second(place) && place->first != place->second ? 2 : 1); b++)
		for (int i = 0; i < SEKI_LIST_SLOTS; i++) {
			__u64 said = bucket_said(buckets[b], false)[i];

			count += said && group_of(seki_list_len(said)) == group &&
				 !((bucket_key(buckets[b], false, i).hi ^ addr) >> (32 - group));
		}
	return count;
}

static bool level_holds(const struct list_table *t, struct key key, uint32_t len)
{
	struct place level = place_of(t, false, key, list_levels4[level_index(false, len)].length);

	return place_find(&level, key, len, len);
}

/* One member of a group: with the others while they are few, else at its level. */
static int group_put(struct list_table *t, struct key key, uint32_t group, __u64 said,
		     const struct adding *how, bool *fresh)
{
	struct place place = group_place(t, key, group);
	uint32_t len = seki_list_len(said);
	__u64 *held = place_find(&place, key, len, len);
	/* Where threads fill shards, nothing lies at levels yet. */
	bool crowded = !how->in_shard && place_more(&place), known = false;
	int slot, err = 0;
	void *bucket;

	if (held && how->build)
		return -EEXIST;
	if (held) {
		said_store(held, said);
		return 0;
	}
	for (uint32_t n = 0; crowded && !known && n < crowd_keys(len); n++)
		known = level_holds(t, crowd_key(key, len, n), len);
	if (!known && group_members(&place, (uint32_t)key.hi, group) < LIST_MEMBERS_MAX) {
		bucket = place_room(t, &place, how->build, &slot);
		if (bucket) {
			*fresh = true;
			bucket_put(bucket, &place, slot, key, said);
			for (uint32_t n = 0; crowded && n < crowd_keys(len); n++)
				spilled_drop(false, crowd_key(key, len, n), len, how);
			return 0;
		}
	}
	if (how->in_shard)
		return -EAGAIN;
	t->head->levels4 |= (uint16_t)(1u << level_index(false, len));
	place_flag(&place, SEKI_LIST_MORE);
	for (uint32_t n = 0; !err && n < crowd_keys(len); n++)
		err = level_put(t, false, crowd_key(key, len, n), said, how, fresh);
	return err;
}

/* An entry of /16 or shorter: in each /16 that no longer one has. */
static int top_put(struct list_table *t, const struct span *span, __u64 said, const struct adding *how,
		   bool *fresh)
{
	__u64 *top = &t->words[SEKI_LIST_AT_TOP4 + (span->hi >> 16)];

	gate4_cover(t, (uint32_t)span->hi, span->len);
	for (uint32_t n = 0; n < 1u << (16 - span->len); n++) {
		if (top[n] && seki_list_len(top[n]) > span->len)
			continue;
		if (!top[n] || seki_list_len(top[n]) < span->len)
			*fresh = true;
		else if (how->build)
			return -EEXIST;
		said_store(&top[n], said);
	}
	return 0;
}

int key_put(struct list_table *t, const struct span *span, struct key key, __u64 said,
	    const struct adding *how, bool *fresh)
{
	if (span->six || host_alone(t, (uint32_t)key.hi, span->len))
		return level_put(t, span->six, key, said, how, fresh);
	return group_put(t, key, span_group(span), said, how, fresh);
}

int row_put(struct list_table *t, const struct gate_list_row *row, const struct adding *how)
{
	const union seki_list_said said = {.hit = list_hit_of(row)};
	struct span span = span_of(&row->key);
	uint32_t keys = span_keys(&span);
	bool fresh = false;
	int err = 0;

	if (span.six && !keys)
		odd_mark(t, &span);
	else if (!keys)
		err = top_put(t, &span, said.word, how, &fresh);
	for (uint32_t n = 0; !err && n < keys; n++) {
		struct key key = span_key(&span, n);

		gates_mark(t, &span, key);
		err = key_put(t, &span, key, said.word, how, &fresh);
	}
	/* A build counts what longer rows hide, too. */
	if (!err && (how->build || fresh))
		*(span.six ? &t->head->rows6 : &t->head->rows4) += 1;
	return err;
}

int list_table_put(struct list_table *table, const struct gate_list_row *row, list_spill_fn spill, void *arg)
{
	const struct adding how = {.spill = spill, .arg = arg};
	int err = list_row_check(row);

	return err ? err : row_put(table, row, &how);
}

/* --- removing */

struct removing {
	__u64 heir;
	list_spill_fn spill;
	void *arg;
	bool found;
};

/* A key of a level: the heir's from now on, or gone; in the spill map as well. */
static void level_remove(struct list_table *t, bool six, struct key key, uint32_t len, struct removing *how)
{
	const struct seki_list_spill_key outside = spill_key(six, key, len);
	const struct level *level = level_at(six, level_index(six, len));
	struct place place = place_of(t, six, key, level->length);
	__u64 *held = place_find(&place, key, six ? level->low : len, six ? level->length : len);
	union seki_list_said heir = {.word = how->heir};

	if (held && seki_list_len(*held) != len)
		return; /* a longer row's key */
	if (held) {
		said_store(held, how->heir);
		how->found = true;
	}
	if (place_more(&place) && how->spill &&
	    !how->spill(&outside, how->heir && !held ? &heir.hit : NULL, how->arg))
		how->found = true;
}

static void group_remove(struct list_table *t, struct key key, uint32_t group, uint32_t len,
			 struct removing *how)
{
	struct place place = group_place(t, key, group);
	__u64 *held = place_find(&place, key, len, len);

	if (held) {
		said_store(held, 0);
		how->found = true;
	}
	if (place_more(&place))
		for (uint32_t n = 0; n < crowd_keys(len); n++)
			level_remove(t, false, crowd_key(key, len, n), len, how);
}

static void top_remove(struct list_table *t, const struct span *span, struct removing *how)
{
	__u64 *top = &t->words[SEKI_LIST_AT_TOP4 + (span->hi >> 16)];

	for (uint32_t n = 0; n < 1u << (16 - span->len); n++)
		if (top[n] && seki_list_len(top[n]) == span->len) {
			said_store(&top[n], how->heir);
			how->found = true;
		}
}

int list_table_remove(struct list_table *table, const struct seki_lpm *key, const struct gate_list_row *heir,
		      list_spill_fn spill, void *arg)
{
	union seki_list_said next = {.word = 0};
	struct removing how = {.spill = spill, .arg = arg};
	struct span span = span_of(key);
	uint32_t group = span.six ? 0 : span_group(&span), keys = span_keys(&span);

	if (heir && (span.six || group == 16)) /* elsewhere each prefix has its own entry */
		next.hit = list_hit_of(heir);
	how.heir = next.word;
	if (span.six && !keys)
		return 0; /* the trie's; a stale gate bit costs time only */
	if (group == 16)
		top_remove(table, &span, &how);
	for (uint32_t n = 0; n < keys; n++) {
		struct key at = span_key(&span, n);

		if (group && !host_alone(table, (uint32_t)at.hi, span.len))
			group_remove(table, at, group, span.len, &how);
		else
			level_remove(table, span.six, at, span.len, &how);
	}
	if (!how.found)
		return -ENOENT;
	*(span.six ? &table->head->rows6 : &table->head->rows4) -= 1;
	return 0;
}
