/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_key.h - prefixes as the blacklist's tables number them: keys, levels, places. For the files that make
 * and read the tables.
 */
#ifndef KERN_LIST_KEY_H
#define KERN_LIST_KEY_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>

#include "list_table.h"

/* A prefix of either family in host byte order, left aligned: IPv4 in the low 32 bits of hi. */
struct span {
	bool six;
	uint32_t len;
	__u64 hi, lo;
};

/* One key: of a level, or the prefix itself. */
struct key {
	__u64 hi, lo;
};

struct level {
	uint8_t length, low;
};
extern const struct level list_levels4[SEKI_LIST_LEVEL_COUNT4], list_levels6[SEKI_LIST_LEVEL_COUNT6];

static inline struct span span_of(const struct seki_lpm *key)
{
	const __be32 *w = key->addr.w;

	if (key->prefixlen >= 96 && !(w[0] | w[1]) && w[2] == htonl(0xffff))
		return (struct span){.len = key->prefixlen - 96, .hi = ntohl(w[3])};
	return (struct span){.six = true,
			     .len = key->prefixlen,
			     .hi = (__u64)ntohl(w[0]) << 32 | ntohl(w[1]),
			     .lo = (__u64)ntohl(w[2]) << 32 | ntohl(w[3])};
}
struct seki_lpm lpm_of_key(bool six, struct key key, uint32_t len); /* bits behind len are cleared */
struct key key_masked(bool six, struct key key, uint32_t len);

/* The level where a length lives; -1: the trie. */
int level_index(bool six, uint32_t len);
static inline const struct level *level_at(bool six, int index)
{
	return six ? &list_levels6[index] : &list_levels4[index];
}

/*
 * How an IPv4 prefix is kept: 24 or 20, a member of such a group, or 16, in the table. One of /17 to /19 is a
 * member of several groups, a host of a /24 of class HOSTS of none.
 */
static inline uint32_t span_group(const struct span *span)
{
	return span->len <= 16 ? 16 : span->len >= 24 ? 24 : 20;
}
/* The same of a length above 16. */
static inline uint32_t group_of(uint32_t len)
{
	return len >= 24 ? 24 : 20;
}
uint32_t span_keys6(const struct span *span);
struct key span_key6(const struct span *span, uint32_t n);
/* How many keys a prefix has, and the nth: its members of groups (IPv4), its keys at its level (IPv6). 0:
 * none. */
static inline uint32_t span_keys(const struct span *span)
{
	if (span->six)
		return span_keys6(span);
	return span->len <= 16 ? 0 : span->len < 20 ? 1u << (20 - span->len) : 1;
}
static inline struct key span_key(const struct span *span, uint32_t n)
{
	/* IPv4: of /20; longer ones have one key. */
	return span->six ? span_key6(span, n) : (struct key){span->hi | (__u64)n << 12, 0};
}
/* The keys that a group's member has once its group is crowded. */
uint32_t crowd_keys(uint32_t len);
struct key crowd_key(struct key member, uint32_t len, uint32_t n);

/* Where a key is or may be: its first and second bucket, its Bloom word. */
struct place {
	bool six;
	uint32_t tag, second_bit; /* in the tags of its buckets, of its first one */
	__u64 hash;
	void *first, *second;
	__u64 *bloom;
};
/* level: of the table above, or 32 - group with the group's own key. */
static inline struct place place_of(const struct list_table *t, bool six, struct key key, uint32_t level)
{
	const struct seki_list_head *head = t->head;
	struct place place = {.six = six};
	__u64 more;

	if (six) {
		union seki_list_line6 *shard, *buckets;

		place.hash = seki_list_hash6(head, key.hi, key.lo, level);
		more = seki_list_more(place.hash);
		shard = t->line6 + (size_t)seki_list_shard(place.hash, head->shards6) * SEKI_LIST_LINES6;
		buckets = shard + SEKI_LIST_BLOOM6;
		place.first = &buckets[seki_list_first(place.hash, head->buckets6)].bucket;
		place.second = &buckets[seki_list_second(more, head->buckets6)].bucket;
		place.bloom = &shard->word[0] + seki_list_word(place.hash, head->words6);
	} else {
		place.hash = seki_list_hash4(head, (uint32_t)key.hi, level);
		more = seki_list_more(place.hash);
		place.first = &t->bucket4[seki_list_first4(place.hash, head->buckets4)];
		place.second = &t->bucket4[seki_list_second4(place.hash, head->buckets4)];
		place.bloom = &t->words[SEKI_LIST_AT_BLOOM4 + seki_list_word4(more)];
	}
	place.tag = seki_list_tag(place.hash);
	place.second_bit = seki_list_second_bit(place.hash);
	return place;
}
static inline struct place group_place(const struct list_table *t, struct key member, uint32_t group)
{
	return place_of(t, false, key_masked(false, member, group), 32 - group);
}

/* --- buckets of either family */

static inline __u64 *bucket_said(void *bucket, bool six)
{
	return six ? ((struct seki_list_bucket6 *)bucket)->said : ((struct seki_list_bucket4 *)bucket)->said;
}

static inline struct key bucket_key(const void *bucket, bool six, int i)
{
	const struct seki_list_bucket6 *b = bucket;

	if (!six)
		return (struct key){((const struct seki_list_bucket4 *)bucket)->key[i], 0};
	return (struct key){b->key[i].hi, b->key[i].lo};
}

static inline uint32_t *bucket_tags(void *bucket, bool six)
{
	return six ? &((struct seki_list_bucket6 *)bucket)->tags
		   : &((struct seki_list_bucket4 *)bucket)->tags;
}

/* Has a key of this place, or one that looks like it, its entry in the second bucket? */
static inline bool place_second(const struct place *place)
{
	return *bucket_tags(place->first, place->six) & place->second_bit;
}

static inline bool place_more(const struct place *place)
{
	return *bucket_tags(place->first, place->six) & SEKI_LIST_MORE;
}

/* The entry of a key whose length is low to high, wherever of its place; NULL. */
__u64 *place_find(const struct place *place, struct key key, uint32_t low, uint32_t high);

static inline uint32_t gate4_class(const struct list_table *t, uint32_t addr)
{
	return (uint32_t)(t->gate4[addr >> 13] >> (addr >> 8) % 32 * 2 & 3);
}

/* A host with a key of its own? */
static inline bool host_alone(const struct list_table *t, uint32_t addr, uint32_t len)
{
	return len == 32 && gate4_class(t, addr) == SEKI_LIST_HOSTS;
}

static inline bool wide4_bit(const struct list_table *t, uint32_t addr)
{
	return t->words[SEKI_LIST_AT_WIDE4 + (addr >> 18)] >> (addr >> 12) % 64 & 1;
}

#endif
