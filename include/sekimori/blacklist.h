/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * blacklist.h - the blacklist as the packet path reads it. Per generation and family:
 *
 *	gate     one word answers "nothing here" for most addresses (IPv4: 2 bits per /24; IPv6: a mask of levels per hashed /32)
 *	bloom    4 bits in one word per key: ends most of the rest
 *	bucket   five entries in one cache line (IPv4) or two (IPv6), with expiry and list inside
 *
 * A prefix is stored at the nearest level that is as long as it or longer, as the few keys of that level which it covers. Levels are
 * asked from the longest on and the first entry found decides, so user space folds into each row what wider ones say. IPv6 lengths
 * that no level is near to (65..127, below 24) live in a small trie.
 *
 * Packets read while user space writes: an entry is valid while its flags are not 0; they are written last and cleared first.
 */
#ifndef SEKIMORI_BLACKLIST_H
#define SEKIMORI_BLACKLIST_H

#include "abi.h"

#define SEKI_LIST_SLOTS 5

/* Longest first: level, shortest prefix length stored there. */
#define SEKI_LIST_LEVELS4(X) \
	X(32, 31) X(30, 29) X(28, 27) X(26, 25) X(24, 23) X(22, 21) X(20, 19) X(18, 17) X(16, 13) X(12, 9) X(8, 0)
#define SEKI_LIST_LEVELS6(X) \
	X(128, 128) X(64, 57) X(56, 49) X(48, 41) X(40, 33) X(32, 24)
#define SEKI_LIST_LEVEL_COUNT4 11
#define SEKI_LIST_LEVEL_COUNT6 6
#define SEKI_LIST_NARROW4 4 /* so many levels are longer than /24 */

/* What an entry says; the tail of a slot of both families. */
struct seki_list_hit {
	__u32 expires; /* second of CLOCK_MONOTONIC, 0 = never */
	__u16 list;
	__u8 flags; /* SEKI_ENTRY_*; severity << SEKI_LIST_SEVERITY_SHIFT; 0: the slot is empty */
	__u8 len;   /* of the prefix as it was listed */
};
#define SEKI_LIST_SEVERITY_SHIFT 5

struct seki_list_slot4 {
	__u32 key; /* host byte order, bits behind the level are 0 */
	struct seki_list_hit hit;
};

struct seki_list_slot6 {
	__u64 hi, lo; /* host byte order */
	struct seki_list_hit hit;
};

#define SEKI_LIST_SECOND 1u  /* a key whose first bucket this is lives in its second one */
#define SEKI_LIST_SPILLED 2u /* or in the spill map */

struct seki_list_bucket4 {
	struct seki_list_slot4 slot[SEKI_LIST_SLOTS];
	__u32 overflow;
};

struct seki_list_bucket6 {
	struct seki_list_slot6 slot[SEKI_LIST_SLOTS];
	__u32 overflow;
	__u32 pad;
};

struct seki_list_spill_key {
	__u64 hi, lo;
	__u32 generation; /* slot << 1 | is IPv6 */
	__u32 level;
};

/* One per generation slot. */
struct seki_list_head {
	__u64 seed[2];
	__u32 bloom_mask4, bloom_mask6;	  /* words - 1 */
	__u32 bucket_mask4, bucket_mask6; /* buckets - 1 */
	__u16 levels4, levels6;		  /* bit i: level i of the table above has entries */
	__u8 odd6;			  /* the trie has prefixes shorter than /24: ask it always */
	__u8 pad[3];
	__u32 rows4, rows6, rows_odd, spilled;
};

/* Inner maps of seki_list_words, by slot * SEKI_LIST_WORDS_MAX + kind: arrays of __u64. */
enum seki_list_words { SEKI_LIST_GATE4, SEKI_LIST_BLOOM4, SEKI_LIST_GATE6, SEKI_LIST_BLOOM6, SEKI_LIST_WORDS_MAX };

/* IPv4 gate: 2 bits per /24, 32 of them a word. */
#define SEKI_LIST_WORDS_GATE4 (1u << 19)
#define SEKI_LIST_COVERED 1u /* an entry of /24 or shorter covers it */
#define SEKI_LIST_INSIDE 2u  /* longer ones lie inside */

/* IPv6 gate: 8 bits per hash of the first 32 bits, 8 of them a word; bit i: level i exists below, ODD: the trie has something. */
#define SEKI_LIST_WORDS_GATE6 (1u << 17)
#define SEKI_LIST_ODD 0x80u

#define SEKI_LIST_INLINE static inline __attribute__((always_inline))

/* Keyed by the generation's seed, so that who chooses addresses cannot choose buckets. IPv4: hi is the key, lo 0. */
SEKI_LIST_INLINE __u64 seki_list_hash(const struct seki_list_head *head, __u64 hi, __u64 lo, __u32 level)
{
	__u64 h = (hi ^ head->seed[0]) * 0x9e3779b97f4a7c15ull;

	h ^= h >> 32;
	h = (h ^ lo ^ head->seed[1]) * 0xbf58476d1ce4e5b9ull;
	h ^= h >> 29;
	h = (h ^ level) * 0x94d049bb133111ebull;
	return h ^ h >> 32;
}

SEKI_LIST_INLINE __u32 seki_list_bloom_index(__u64 hash, __u32 mask)
{
	return (__u32)hash & mask;
}

SEKI_LIST_INLINE __u64 seki_list_bloom_bits(__u64 hash)
{
	return 1ull << (hash >> 58) | 1ull << (hash >> 52 & 63) | 1ull << (hash >> 46 & 63) | 1ull << (hash >> 40 & 63);
}

SEKI_LIST_INLINE __u32 seki_list_bucket_first(__u64 hash, __u32 mask)
{
	return (__u32)(hash >> 16) & mask;
}

SEKI_LIST_INLINE __u32 seki_list_bucket_second(__u64 hash, __u32 mask)
{
	return (__u32)(hash * 0x9e3779b97f4a7c15ull >> 32) & mask;
}

/* The byte of the IPv6 gate for an address whose first 32 bits are given. */
SEKI_LIST_INLINE __u32 seki_list_gate6_index(const struct seki_list_head *head, __u32 first)
{
	return (__u32)(seki_list_hash(head, first, 0, 0) >> 20) & (SEKI_LIST_WORDS_GATE6 * 8 - 1);
}

SEKI_LIST_INLINE struct seki_list_hit *seki_list_scan4(struct seki_list_bucket4 *bucket, __u32 key, __u8 low, __u8 level)
{
	for (int i = 0; i < SEKI_LIST_SLOTS; i++) {
		struct seki_list_slot4 *slot = &bucket->slot[i];

		if (slot->key == key && slot->hit.flags && slot->hit.len >= low && slot->hit.len <= level)
			return &slot->hit;
	}
	return 0;
}

SEKI_LIST_INLINE struct seki_list_hit *seki_list_scan6(struct seki_list_bucket6 *bucket, __u64 hi, __u64 lo, __u8 low, __u8 level)
{
	for (int i = 0; i < SEKI_LIST_SLOTS; i++) {
		struct seki_list_slot6 *slot = &bucket->slot[i];

		if (slot->hi == hi && slot->lo == lo && slot->hit.flags && slot->hit.len >= low && slot->hit.len <= level)
			return &slot->hit;
	}
	return 0;
}

SEKI_STATIC_ASSERT(sizeof(struct seki_list_hit) == 8, "seki_list_hit");
SEKI_STATIC_ASSERT(sizeof(struct seki_list_bucket4) == 64, "a cache line");
SEKI_STATIC_ASSERT(sizeof(struct seki_list_bucket6) == 128, "two cache lines");
SEKI_STATIC_ASSERT(sizeof(struct seki_list_spill_key) == 24, "seki_list_spill_key");
SEKI_STATIC_ASSERT(sizeof(struct seki_list_head) == 56, "seki_list_head");

#endif
