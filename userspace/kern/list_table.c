// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_table.c - the blacklist's tables in memory. Two-choice buckets: a build moves entries to make room
 * (nobody reads yet), a later change never moves one, so that no packet can miss what is listed throughout.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "list_table.h"

#define KEYS_PER_BUCKET_X10 39u /* built at most this full: 3.9 of 5 */
#define KEYS_PER_WORD	    4u	/* 16 bits of Bloom word a key */
#define BUCKETS_MIN	    2048u
#define BUCKETS_MAX	    (1u << 22)
#define AHEAD		    16 /* keys whose lines are fetched before they are needed */

struct level {
	uint8_t length, low;
};

#define X(level, low) {level, low},
static const struct level levels4[] = {SEKI_LIST_LEVELS4(X)};
static const struct level levels6[] = {SEKI_LIST_LEVELS6(X)};
#undef X
SEKI_STATIC_ASSERT(ARRAY_LEN(levels4) == SEKI_LIST_LEVEL_COUNT4, "levels of IPv4");
SEKI_STATIC_ASSERT(ARRAY_LEN(levels6) == SEKI_LIST_LEVEL_COUNT6, "levels of IPv6");

static const uint8_t mapped_head[12] = {[10] = 0xff, [11] = 0xff};

/* A prefix of either family in host byte order, left aligned: IPv4 in the low 32 bits of hi. */
struct span {
	bool six;
	uint32_t len;
	uint64_t hi, lo;
};

/* One key of a level. */
struct key {
	uint64_t hi, lo;
};

static struct span span_of(const struct seki_lpm *key)
{
	struct span span = {.six = key->prefixlen < 96 ||
				   memcmp(key->addr.b, mapped_head, sizeof(mapped_head)),
			    .len = key->prefixlen};

	if (!span.six) {
		span.len -= 96;
		span.hi = ntohl(key->addr.w[3]);
		return span;
	}
	span.hi = (uint64_t)ntohl(key->addr.w[0]) << 32 | ntohl(key->addr.w[1]);
	span.lo = (uint64_t)ntohl(key->addr.w[2]) << 32 | ntohl(key->addr.w[3]);
	return span;
}

static uint64_t mask64(uint32_t bits)
{
	return bits >= 64 ? UINT64_MAX : bits ? ~(UINT64_MAX >> bits) : 0;
}

static struct key key_masked(bool six, struct key key, uint32_t len)
{
	if (!six)
		return (struct key){key.hi & (len ? UINT32_MAX << (32 - len) : 0), 0};
	return (struct key){key.hi & mask64(len), len > 64 ? key.lo & mask64(len - 64) : 0};
}

static struct seki_lpm lpm_of(bool six, struct key key, uint32_t len)
{
	struct seki_lpm out = {.prefixlen = six ? len : len + 96};

	key = key_masked(six, key, len);
	if (six) {
		out.addr.w[0] = htonl((uint32_t)(key.hi >> 32));
		out.addr.w[1] = htonl((uint32_t)key.hi);
		out.addr.w[2] = htonl((uint32_t)(key.lo >> 32));
		out.addr.w[3] = htonl((uint32_t)key.lo);
	} else {
		memcpy(out.addr.b, mapped_head, sizeof(mapped_head));
		out.addr.w[3] = htonl((uint32_t)key.hi);
	}
	return out;
}

/* The level where a length lives; -1: the trie. */
static int level_index(bool six, uint32_t len)
{
	const struct level *levels = six ? levels6 : levels4;
	int count = six ? SEKI_LIST_LEVEL_COUNT6 : SEKI_LIST_LEVEL_COUNT4;

	for (int i = 0; i < count; i++)
		if (len <= levels[i].length && len >= levels[i].low)
			return i;
	return -1;
}

static const struct level *level_at(bool six, int index)
{
	return six ? &levels6[index] : &levels4[index];
}

void list_prefix_mask(struct seki_lpm *prefix)
{
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t kept = prefix->prefixlen > i * 8 ? prefix->prefixlen - i * 8 : 0;

		if (kept < 8)
			prefix->addr.b[i] &= (uint8_t)(0xff00 >> kept);
	}
}

bool list_table_is_odd(const struct seki_lpm *key)
{
	struct span span = span_of(key);

	return level_index(span.six, span.len) < 0;
}

uint32_t list_table_level_low(const struct seki_lpm *key)
{
	struct span span = span_of(key);
	int level = level_index(span.six, span.len);

	if (level < 0)
		return key->prefixlen;
	return level_at(span.six, level)->low + (span.six ? 0u : 96u);
}

static uint32_t span_keys(const struct span *span)
{
	int level = level_index(span->six, span->len);

	return level < 0 ? 0 : 1u << (level_at(span->six, level)->length - span->len);
}

/* The nth key of a prefix at its level. No level has more than 2^8 keys of one prefix, all within one 64-bit
 * half. */
static struct key span_key(const struct span *span, const struct level *level, uint32_t n)
{
	struct key key = {span->hi, span->lo};

	if (!span->six)
		key.hi |= (uint64_t)n << (32 - level->length);
	else if (level->length <= 64)
		key.hi |= (uint64_t)n << (64 - level->length);
	else
		key.lo |= (uint64_t)n << (128 - level->length);
	return key;
}

struct seki_list_hit list_hit_of(const struct gate_list_row *row)
{
	struct span span = span_of(&row->key);

	return (struct seki_list_hit){
		.expires = row->value.expires,
		.list = row->value.list,
		.flags = (uint8_t)(row->value.flags | row->value.severity << SEKI_LIST_SEVERITY_SHIFT),
		.len = (uint8_t)span.len,
	};
}

struct seki_entry list_entry_of(const struct seki_list_hit *hit)
{
	return (struct seki_entry){
		.expires = hit->expires,
		.list = hit->list,
		.flags = hit->flags & ((1u << SEKI_LIST_SEVERITY_SHIFT) - 1),
		.severity = hit->flags >> SEKI_LIST_SEVERITY_SHIFT,
	};
}

static int row_check(const struct gate_list_row *row)
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

static uint32_t power_of_two(uint64_t least, uint32_t from)
{
	uint64_t size = from;

	while (size < least)
		size *= 2;
	return size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

int list_table_size(const struct gate_list_row *rows, uint32_t count, struct seki_list_head *head,
		    uint32_t *bad)
{
	uint64_t keys[2] = {0};
	uint32_t buckets[2], odd = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct span span;

		if (row_check(&rows[i])) {
			*bad = i;
			return -EINVAL;
		}
		span = span_of(&rows[i].key);
		keys[span.six] += span_keys(&span);
		odd += !span_keys(&span);
	}
	for (int six = 0; six < 2; six++) {
		buckets[six] = power_of_two(keys[six] * 10 / KEYS_PER_BUCKET_X10 + 1, BUCKETS_MIN);
		if (buckets[six] > BUCKETS_MAX)
			return -E2BIG;
	}
	head->rows_odd = odd;
	head->bucket_mask4 = buckets[0] - 1;
	head->bucket_mask6 = buckets[1] - 1;
	head->bloom_mask4 = power_of_two(keys[0] / KEYS_PER_WORD, BUCKETS_MIN) - 1;
	head->bloom_mask6 = power_of_two(keys[1] / KEYS_PER_WORD, BUCKETS_MIN) - 1;
	return 0;
}

uint32_t list_table_words(const struct seki_list_head *head, enum seki_list_words kind)
{
	switch (kind) {
	case SEKI_LIST_GATE4:
		return SEKI_LIST_WORDS_GATE4;
	case SEKI_LIST_GATE6:
		return SEKI_LIST_WORDS_GATE6;
	case SEKI_LIST_BLOOM4:
		return head->bloom_mask4 + 1;
	default:
		return head->bloom_mask6 + 1;
	}
}

/* --- buckets, either family */

static void *bucket_at(const struct list_table *t, bool six, uint32_t index)
{
	return six ? (void *)&t->bucket6[index] : (void *)&t->bucket4[index];
}

static struct seki_list_hit *bucket_hit(void *bucket, bool six, int i)
{
	return six ? &((struct seki_list_bucket6 *)bucket)->slot[i].hit
		   : &((struct seki_list_bucket4 *)bucket)->slot[i].hit;
}

static struct key bucket_key(void *bucket, bool six, int i)
{
	const struct seki_list_bucket6 *b = bucket;

	if (!six)
		return (struct key){((struct seki_list_bucket4 *)bucket)->slot[i].key, 0};
	return (struct key){b->slot[i].hi, b->slot[i].lo};
}

static uint32_t *bucket_overflow(void *bucket, bool six)
{
	return six ? &((struct seki_list_bucket6 *)bucket)->overflow
		   : &((struct seki_list_bucket4 *)bucket)->overflow;
}

static int bucket_free(void *bucket, bool six)
{
	for (int i = 0; i < SEKI_LIST_SLOTS; i++)
		if (!bucket_hit(bucket, six, i)->flags)
			return i;
	return -1;
}

/* Flags, list and length in one store, last: from then on the entry is there. */
static void hit_publish(struct seki_list_hit *at, const struct seki_list_hit *hit)
{
	uint32_t word;

	__atomic_store_n(&at->expires, hit->expires, __ATOMIC_RELAXED);
	memcpy(&word, (const uint8_t *)hit + sizeof(hit->expires), sizeof(word));
	__atomic_store_n((uint32_t *)(void *)&at->list, word, __ATOMIC_RELEASE);
}

static void hit_withdraw(struct seki_list_hit *at)
{
	__atomic_store_n((uint32_t *)(void *)&at->list, 0, __ATOMIC_RELEASE);
}

static void bucket_put(void *bucket, bool six, int i, struct key key, const struct seki_list_hit *hit)
{
	if (six) {
		struct seki_list_slot6 *slot = &((struct seki_list_bucket6 *)bucket)->slot[i];

		__atomic_store_n(&slot->hi, key.hi, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->lo, key.lo, __ATOMIC_RELAXED);
	} else {
		__atomic_store_n(&((struct seki_list_bucket4 *)bucket)->slot[i].key, (uint32_t)key.hi,
				 __ATOMIC_RELAXED);
	}
	hit_publish(bucket_hit(bucket, six, i), hit);
}

static struct seki_list_hit *bucket_scan(void *bucket, bool six, struct key key, const struct level *level)
{
	return six ? seki_list_scan6(bucket, key.hi, key.lo, level->low, level->length)
		   : seki_list_scan4(bucket, (uint32_t)key.hi, level->low, level->length);
}

/* Where a key is or may be. */
struct place {
	uint64_t hash;
	uint32_t first, second;
};

static struct place place_of(const struct list_table *t, bool six, struct key key, const struct level *level)
{
	uint32_t mask = six ? t->head->bucket_mask6 : t->head->bucket_mask4;
	uint64_t hash = seki_list_hash(t->head, key.hi, key.lo, level->length);

	return (struct place){hash, seki_list_bucket_first(hash, mask), seki_list_bucket_second(hash, mask)};
}

static struct seki_list_hit *key_find(const struct list_table *t, bool six, struct key key,
				      const struct level *level, const struct place *place)
{
	void *bucket = bucket_at(t, six, place->first);
	struct seki_list_hit *hit = bucket_scan(bucket, six, key, level);

	if (!hit && *bucket_overflow(bucket, six) & SEKI_LIST_SECOND)
		hit = bucket_scan(bucket_at(t, six, place->second), six, key, level);
	return hit;
}

/* A number of what an entry says; their sum does not depend on order. */
static uint64_t entry_digest(bool six, struct key key, const struct level *level,
			     const struct seki_list_hit *hit)
{
	const struct seki_list_head unkeyed = {.seed = {0x736b, six}};
	uint64_t said;

	memcpy(&said, hit, sizeof(said));
	return seki_list_hash(&unkeyed, key.hi, key.lo ^ said * 0xff51afd7ed558ccdull, level->length);
}

/* --- gate and Bloom words: set before the entry appears, never cleared */

static void word_or(uint64_t *word, uint64_t bits)
{
	if ((*word & bits) != bits)
		__atomic_fetch_or(word, bits, __ATOMIC_RELAXED);
}

/* first..first + count - 1 of the /24 numbers */
static void gate4_mark(struct list_table *t, uint32_t first, uint32_t count, uint64_t bit)
{
	uint64_t *words = t->words[SEKI_LIST_GATE4];

	while (count && (first % 32 || count < 32)) {
		word_or(&words[first / 32], bit << first % 32 * 2);
		first++;
		count--;
	}
	for (; count >= 32; first += 32, count -= 32)
		word_or(&words[first / 32], bit * 0x5555555555555555ull);
	if (count)
		gate4_mark(t, first, count, bit);
}

static void gate6_mark(struct list_table *t, uint32_t first32, uint8_t bit)
{
	uint32_t index = seki_list_gate6_index(t->head, first32);

	word_or(&t->words[SEKI_LIST_GATE6][index / 8], (uint64_t)bit << index % 8 * 8);
}

static void gates_mark(struct list_table *t, bool six, struct key key, int index)
{
	const struct level *level = level_at(six, index);

	if (six)
		gate6_mark(t, (uint32_t)(key.hi >> 32), (uint8_t)(1u << index));
	else if (index < SEKI_LIST_NARROW4)
		gate4_mark(t, (uint32_t)key.hi >> 8, 1, SEKI_LIST_INSIDE);
	else
		gate4_mark(t, (uint32_t)key.hi >> 8, 1u << (24 - level->length), SEKI_LIST_COVERED);
	if (six)
		t->head->levels6 |= (uint16_t)(1u << index);
	else
		t->head->levels4 |= (uint16_t)(1u << index);
}

static uint64_t *bloom_word(const struct list_table *t, bool six, uint64_t hash)
{
	return &t->words[six ? SEKI_LIST_BLOOM6 : SEKI_LIST_BLOOM4]
			[seki_list_bloom_index(hash, six ? t->head->bloom_mask6 : t->head->bloom_mask4)];
}

/* The trie's rows: their gate bit, or the flag that asks it always. */
static void odd_mark(struct list_table *t, const struct span *span)
{
	if (span->len < 32)
		t->head->odd6 = 1;
	else
		gate6_mark(t, (uint32_t)(span->hi >> 32), SEKI_LIST_ODD);
}

/* --- building */

/* Makes room in a full bucket by moving one of its entries to that entry's other bucket. The free slot, -1.
 */
static int bucket_make_room(struct list_table *t, bool six, uint32_t index)
{
	void *bucket = bucket_at(t, six, index);

	for (int i = 0; i < SEKI_LIST_SLOTS; i++) {
		struct seki_list_hit *hit = bucket_hit(bucket, six, i);
		const struct level *level = level_at(six, level_index(six, hit->len));
		struct key key = bucket_key(bucket, six, i);
		struct place place = place_of(t, six, key, level);
		bool was_first = place.first == index;
		void *other = bucket_at(t, six, was_first ? place.second : place.first);
		int room = bucket_free(other, six);

		if (room < 0 || place.first == place.second)
			continue;
		bucket_put(other, six, room, key, hit);
		hit_withdraw(hit);
		if (was_first)
			*bucket_overflow(bucket, six) |= SEKI_LIST_SECOND;
		return i;
	}
	return -1;
}

struct spill {
	list_spill_fn fn;
	void *arg;
};

static int key_spill(struct list_table *t, bool six, struct key key, const struct level *level, void *first,
		     const struct seki_list_hit *hit, const struct spill *spill)
{
	const struct seki_list_spill_key entry = {
		.hi = key.hi, .lo = key.lo, .generation = six, .level = level->length};
	int err = spill && spill->fn ? spill->fn(&entry, hit, spill->arg) : -ENOSPC;

	if (err)
		return err;
	*bucket_overflow(first, six) |= SEKI_LIST_SPILLED;
	t->head->spilled++;
	return 0;
}

/* A key that is not there yet. build: entries may be moved. -ENOSPC or what spill said. */
static int key_add(struct list_table *t, bool six, struct key key, int index, const struct place *place,
		   const struct seki_list_hit *hit, bool build, const struct spill *spill)
{
	const struct level *level = level_at(six, index);
	void *first = bucket_at(t, six, place->first), *second = bucket_at(t, six, place->second),
	     *into = first;
	int slot = bucket_free(first, six), other = slot >= 0 && slot < 4 ? -1 : bucket_free(second, six);

	/* The first bucket while it is not nearly full, else the emptier one. */
	if (slot < 0 || (other >= 0 && other < slot)) {
		if (other >= 0) {
			into = second;
			slot = other;
		} else if (build) {
			slot = bucket_make_room(t, six, place->first);
			if (slot < 0 && (slot = bucket_make_room(t, six, place->second)) >= 0)
				into = second;
		}
	}
	gates_mark(t, six, key, index);
	word_or(bloom_word(t, six, place->hash), seki_list_bloom_bits(place->hash));
	if (slot < 0)
		return key_spill(t, six, key, level, first, hit, spill);
	if (into == second && place->first != place->second)
		__atomic_fetch_or(bucket_overflow(first, six), SEKI_LIST_SECOND, __ATOMIC_RELEASE);
	bucket_put(into, six, slot, key, hit);
	return 0;
}

/* Row numbers, the longest prefixes first, by counting. malloc'ed. */
static uint32_t *rows_by_length(const struct gate_list_row *rows, uint32_t count)
{
	uint32_t begin[130] = {0}, *order = malloc(((size_t)count + 1) * sizeof(*order));

	if (!order)
		return NULL;
	for (uint32_t i = 0; i < count; i++)
		begin[129 - rows[i].key.prefixlen]++;
	for (int len = 1; len < 130; len++)
		begin[len] += begin[len - 1];
	for (uint32_t i = 0; i < count; i++)
		order[begin[128 - rows[i].key.prefixlen]++] = i;
	return order;
}

static int row_build(struct list_table *t, const struct gate_list_row *row, const struct spill *spill)
{
	struct seki_list_hit hit = list_hit_of(row);
	struct span span = span_of(&row->key);
	int index = level_index(span.six, span.len), err = 0;
	const struct level *level;

	if (span.six)
		t->head->rows6++;
	else
		t->head->rows4++;
	if (index < 0) {
		odd_mark(t, &span);
		return 0;
	}
	level = level_at(span.six, index);
	for (uint32_t n = 0; !err && n < span_keys(&span); n++) {
		struct key key = span_key(&span, level, n);
		struct place place = place_of(t, span.six, key, level);
		const struct seki_list_hit *held = key_find(t, span.six, key, level, &place);

		/* Longest first: who is there before us is longer, or the same prefix a second time. */
		if (held && held->len == hit.len)
			err = -EEXIST;
		else if (!held)
			err = key_add(t, span.six, key, index, &place, &hit, true, spill);
	}
	return err;
}

/* What row_build() will touch of a row's first key, fetched while others are built. */
static void row_fetch(const struct list_table *t, const struct gate_list_row *row)
{
	struct span span = span_of(&row->key);
	int index = level_index(span.six, span.len);
	struct place place;

	if (index < 0)
		return;
	place = place_of(t, span.six, (struct key){span.hi, span.lo}, level_at(span.six, index));
	__builtin_prefetch(bucket_at(t, span.six, place.first), 1);
	__builtin_prefetch(bloom_word(t, span.six, place.hash), 1);
}

int list_table_build(struct list_table *table, const struct gate_list_row *rows, uint32_t count,
		     list_spill_fn spill, void *arg, uint32_t *bad)
{
	const struct spill to = {spill, arg};
	uint32_t *order AUTO_FREE = rows_by_length(rows, count);
	int err = 0;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; !err && i < count; i++) {
		if (i + AHEAD < count)
			row_fetch(table, &rows[order[i + AHEAD]]);
		err = row_build(table, &rows[order[i]], &to);
		if (err == -EEXIST) {
			*bad = order[i];
			err = -EINVAL;
		}
	}
	return err;
}

/* --- one row, while packets read */

int list_table_put(struct list_table *table, const struct gate_list_row *row, list_spill_fn spill, void *arg)
{
	const struct spill to = {spill, arg};
	struct seki_list_hit hit = list_hit_of(row);
	struct span span = span_of(&row->key);
	int index = level_index(span.six, span.len), err = row_check(row);
	const struct level *level;
	bool added = false;

	if (err)
		return err;
	if (index < 0) {
		odd_mark(table, &span);
		return 0;
	}
	level = level_at(span.six, index);
	for (uint32_t n = 0; !err && n < span_keys(&span); n++) {
		struct key key = span_key(&span, level, n);
		struct place place = place_of(table, span.six, key, level);
		struct seki_list_hit *held = key_find(table, span.six, key, level, &place);

		if (held && held->len > hit.len)
			continue;
		added |= !held || held->len != hit.len;
		if (held)
			hit_publish(held, &hit);
		else
			err = key_add(table, span.six, key, index, &place, &hit, false, &to);
	}
	if (!err && added)
		*(span.six ? &table->head->rows6 : &table->head->rows4) += 1;
	return err;
}

/* The key in the spill map: the heir's from now on, or gone. */
static int key_unspill(const struct list_table *t, bool six, struct key key, const struct level *level,
		       const struct place *place, const struct seki_list_hit *heir, const struct spill *spill)
{
	const struct seki_list_spill_key entry = {
		.hi = key.hi, .lo = key.lo, .generation = six, .level = level->length};

	if (!(*bucket_overflow(bucket_at(t, six, place->first), six) & SEKI_LIST_SPILLED) || !spill->fn)
		return -ENOENT;
	return spill->fn(&entry, heir, spill->arg);
}

int list_table_remove(struct list_table *table, const struct seki_lpm *key, const struct gate_list_row *heir,
		      list_spill_fn spill, void *arg)
{
	const struct spill from = {spill, arg};
	struct span span = span_of(key);
	int index = level_index(span.six, span.len), err = -ENOENT;
	struct seki_list_hit next = heir ? list_hit_of(heir) : (struct seki_list_hit){0};
	const struct level *level;

	if (index < 0)
		return 0; /* the trie's; a stale gate bit costs time only */
	level = level_at(span.six, index);
	for (uint32_t n = 0; n < span_keys(&span); n++) {
		struct key at = span_key(&span, level, n);
		struct place place = place_of(table, span.six, at, level);
		struct seki_list_hit *held = key_find(table, span.six, at, level, &place);

		if (held && held->len != span.len)
			continue; /* a longer row's key */
		if (held && heir)
			hit_publish(held, &next);
		else if (held)
			hit_withdraw(held);
		if (!key_unspill(table, span.six, at, level, &place, heir && !held ? &next : NULL, &from) ||
		    held)
			err = 0;
	}
	if (!err)
		*(span.six ? &table->head->rows6 : &table->head->rows4) -= 1;
	return err;
}

/* --- reading */

bool list_table_find(const struct list_table *table, const struct seki_addr *addr, list_spilled_fn spilled,
		     void *arg, struct seki_lpm *prefix, struct seki_list_hit *out)
{
	const struct seki_lpm host = {.prefixlen = 128, .addr = *addr};
	struct span span = span_of(&host);
	int count = span.six ? SEKI_LIST_LEVEL_COUNT6 : SEKI_LIST_LEVEL_COUNT4;

	for (int i = 0; i < count; i++) {
		const struct level *level = level_at(span.six, i);
		struct key key = key_masked(span.six, (struct key){span.hi, span.lo}, level->length);
		struct place place = place_of(table, span.six, key, level);
		const struct seki_list_hit *hit = key_find(table, span.six, key, level, &place);
		const struct seki_list_spill_key outside = {
			.hi = key.hi, .lo = key.lo, .generation = span.six, .level = level->length};
		bool look = spilled && *bucket_overflow(bucket_at(table, span.six, place.first), span.six) &
					       SEKI_LIST_SPILLED;

		if (hit)
			*out = *hit;
		else if (!look || !spilled(&outside, out, arg))
			continue;
		*prefix = lpm_of(span.six, key, out->len);
		return true;
	}
	return false;
}

static int table_walk(const struct list_table *table, bool six,
		      int (*fn)(const struct list_table *table, bool six, struct key key,
				const struct seki_list_hit *hit, void *arg),
		      void *arg)
{
	uint32_t mask = six ? table->head->bucket_mask6 : table->head->bucket_mask4;

	for (uint32_t index = 0; index <= mask; index++) {
		void *bucket = bucket_at(table, six, index);

		for (int i = 0; i < SEKI_LIST_SLOTS; i++) {
			const struct seki_list_hit *hit = bucket_hit(bucket, six, i);
			int err = hit->flags ? fn(table, six, bucket_key(bucket, six, i), hit, arg) : 0;

			if (err)
				return err;
		}
	}
	return 0;
}

struct each {
	list_entry_fn fn;
	void *arg;
};

static int each_entry(const struct list_table *table, bool six, struct key key,
		      const struct seki_list_hit *hit, void *arg)
{
	const struct each *each = arg;
	struct seki_lpm prefix = lpm_of(six, key, hit->len);

	return each->fn(&prefix, hit, each->arg);
}

int list_table_each(const struct list_table *table, list_entry_fn fn, void *arg)
{
	struct each each = {fn, arg};
	int err = table_walk(table, false, each_entry, &each);

	return err ? err : table_walk(table, true, each_entry, &each);
}

static bool gate_opens(const struct list_table *t, bool six, struct key key, int index)
{
	uint32_t at = six ? seki_list_gate6_index(t->head, (uint32_t)(key.hi >> 32)) : (uint32_t)key.hi >> 8;
	uint64_t bit = six ? 1u << index : index < SEKI_LIST_NARROW4 ? SEKI_LIST_INSIDE : SEKI_LIST_COVERED;

	if (six)
		return t->words[SEKI_LIST_GATE6][at / 8] >> at % 8 * 8 & bit;
	return t->words[SEKI_LIST_GATE4][at / 32] >> at % 32 * 2 & bit;
}

/* The way of a packet to the bucket of an entry's key. */
static bool key_is_led_to(const struct list_table *t, bool six, struct key key, int index,
			  const struct place *place)
{
	uint64_t bits = seki_list_bloom_bits(place->hash);

	return gate_opens(t, six, key, index) && (*bloom_word(t, six, place->hash) & bits) == bits &&
	       (six ? t->head->levels6 : t->head->levels4) & 1u << index;
}

struct audit {
	list_audit_fn fn;
	void *arg;
};

static int audit_entry(const struct list_table *t, bool six, struct key key, const struct seki_list_hit *hit,
		       void *arg)
{
	const struct audit *audit = arg;
	struct seki_lpm prefix = lpm_of(six, key, hit->len);
	int index = level_index(six, hit->len);
	const struct level *level = index < 0 ? NULL : level_at(six, index);
	struct place place;

	if (!level)
		return audit->fn(&prefix, hit, 0, false, audit->arg);
	place = place_of(t, six, key, level);
	return audit->fn(&prefix, hit, entry_digest(six, key, level, hit),
			 key_find(t, six, key, level, &place) == hit &&
				 key_is_led_to(t, six, key, index, &place),
			 audit->arg);
}

int list_table_audit(const struct list_table *table, list_audit_fn fn, void *arg)
{
	struct audit audit = {fn, arg};
	int err = table_walk(table, false, audit_entry, &audit);

	return err ? err : table_walk(table, true, audit_entry, &audit);
}

void list_table_audit_spilled(const struct list_table *table, const struct seki_list_spill_key *key,
			      const struct seki_list_hit *hit, struct seki_lpm *prefix, uint64_t *digest,
			      bool *reached)
{
	const bool six = key->generation & 1;
	const struct key at = {key->hi, key->lo};
	int index = level_index(six, hit->len);
	const struct level *level = index < 0 ? NULL : level_at(six, index);
	struct place place;

	*prefix = lpm_of(six, at, hit->len);
	*digest = 0;
	*reached = false;
	if (!level || level->length != key->level)
		return;
	place = place_of(table, six, at, level);
	*digest = entry_digest(six, at, level, hit);
	*reached = key_is_led_to(table, six, at, index, &place) && !key_find(table, six, at, level, &place) &&
		   *bucket_overflow(bucket_at(table, six, place.first), six) & SEKI_LIST_SPILLED;
}

void list_table_audit_odd(const struct list_table *table, const struct seki_lpm *prefix,
			  const struct seki_list_hit *hit, uint64_t *digest, bool *reached)
{
	static const struct level trie = {255, 255};
	struct span span = span_of(prefix);
	uint32_t at = seki_list_gate6_index(table->head, (uint32_t)(span.hi >> 32));

	*digest = entry_digest(true, (struct key){span.hi, span.lo}, &trie, hit);
	*reached = table->head->odd6 ||
		   (span.len >= 32 && table->words[SEKI_LIST_GATE6][at / 8] >> at % 8 * 8 & SEKI_LIST_ODD);
}

static int check_entry(const struct seki_lpm *prefix, const struct seki_list_hit *hit, uint64_t digest,
		       bool reached, void *arg)
{
	*(uint64_t *)arg += digest;
	return reached ? 0 : -EIO;
}

int list_table_check(const struct list_table *table, uint64_t *digest)
{
	*digest = 0;
	return list_table_audit(table, check_entry, digest);
}
