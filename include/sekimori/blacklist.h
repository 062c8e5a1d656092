/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * blacklist.h - the blacklist as the packet path reads it, per generation:
 *
 *	gate	one word answers "nothing here" for most addresses (IPv4: a class per /24; IPv6: a mask of levels per hashed /32)
 *	bloom	4 bits in one word per key: ends most of the rest
 *	bucket	five entries in one cache line (IPv4) or two (IPv6), with expiry and list inside
 *
 * IPv4: the class of a /24 says where to look. A /24 and what is longer lie together in the bucket of their /24, prefixes of /17 to /23 in that
 * of their /20, so that one line holds every candidate and the longest that covers the address decides. What is /16 or shorter fills a
 * table with one entry per /16. A group with more members than fit well is crowded: the rest of them have keys at the nearest level that
 * is as long as they are, which are asked only where a bucket says so. A /24 of which many hosts are listed has no group at all,
 * but a key for each of them. Five bits of hash per slot, in one word, say which slot to read: comparing one key after the other ends in
 * branches that nobody can foresee, and these cost as much as memory does.
 *
 * IPv6: a prefix is stored at the nearest level that is as long as it or longer, as the keys of that level which it covers; levels are asked
 * from the longest on and the first entry decides, so user space folds into each row what wider ones say. Lengths that no level is near
 * to (65..127, below 24) live in a small trie.
 *
 * Buckets lie in shards, arrays of one size of which a generation has as many as it needs: arrays of one size are looked up
 * without a call. IPv6 has its Bloom words there, too; IPv4 has some for the keys of levels.
 *
 * Packets read while user space writes: what an entry says is one aligned word, written after its key and cleared before it; who has
 * read it looks at the key once more.
 */
#ifndef SEKIMORI_BLACKLIST_H
#define SEKIMORI_BLACKLIST_H

#include "abi.h"

#define SEKI_LIST_SLOTS 5

/* Longest first: level, shortest prefix length stored there. IPv4: crowded groups of /24, of /20, the table of /16. */
#define SEKI_LIST_LEVELS4(X) X(32, 32) X(31, 31) X(30, 29) X(28, 27) X(26, 24) X(23, 21) X(20, 17) X(16, 0)
#define SEKI_LIST_LEVELS6(X) X(128, 128) X(64, 57) X(56, 49) X(48, 41) X(40, 33) X(32, 24)
#define SEKI_LIST_LEVEL_COUNT4 8
#define SEKI_LIST_LEVEL_COUNT6 6
#define SEKI_LIST_WIDE4 5 /* the levels of crowded groups of /20 begin here; before them those of /24 */
#define SEKI_LIST_TOP4 7

/* What an entry says. */
struct seki_list_hit {
	__u32 expires; /* second of CLOCK_MONOTONIC, 0 = never */
	__u16 list;
	__u8 flags; /* SEKI_ENTRY_*; severity << SEKI_LIST_SEVERITY_SHIFT; never 0 */
	__u8 len;   /* of the prefix as it was listed */
};
#define SEKI_LIST_SEVERITY_SHIFT 5

/* The same as one word, which is 0 where there is no entry. */
union seki_list_said {
	__u64 word;
	struct seki_list_hit hit;
};

/*
 * A bucket's tags: 5 bits of hash per slot, the first slot lowest; then about keys whose first bucket it is: one of six bits is set for
 * each that lives in its second bucket, and a flag when one is in the spill map or a member of a crowded group at its level.
 */
#define SEKI_LIST_TAG_BITS 5
#define SEKI_LIST_TAG_ONES 0x0108421u /* 1 in each tag */
#define SEKI_LIST_TAG_TOPS 0x1084210u /* the uppermost bit of each */
#define SEKI_LIST_TAG_MASK 0x1ffffffu
#define SEKI_LIST_SECOND_AT 25
#define SEKI_LIST_SECOND_BITS 6
#define SEKI_LIST_MORE (1u << 31)

struct seki_list_bucket4 {
	__u32 key[SEKI_LIST_SLOTS]; /* host byte order, bits behind the prefix or level are 0 */
	__u32 tags;
	__u64 said[SEKI_LIST_SLOTS];
};

struct seki_list_key6 {
	__u64 hi, lo; /* host byte order */
};

/* What every look-up reads is in the first line. */
struct seki_list_bucket6 {
	__u32 tags, pad;
	__u64 said[SEKI_LIST_SLOTS];
	struct seki_list_key6 key[SEKI_LIST_SLOTS];
};

/* One element of a shard. IPv6: the first ones are Bloom words, the others buckets. */
union seki_list_line6 {
	__u64 word[16];
	struct seki_list_bucket6 bucket;
};

#define SEKI_LIST_SHARDS_MAX 512u /* of one family and generation */
#define SEKI_LIST_BUCKETS4 16384u /* of a shard: 1 MiB */
#define SEKI_LIST_LINES6 8192u
#define SEKI_LIST_BLOOM6 512u
#define SEKI_LIST_SHARD_BYTES (1u << 20)

struct seki_list_spill_key {
	__u64 hi, lo;
	__u32 generation; /* slot << 1 | is IPv6 */
	__u32 level;	  /* IPv4: the length as listed */
};

/* One per generation slot. */
struct seki_list_head {
	__u64 seed[2];
	__u32 shards4, shards6; /* 0: nothing is in the slot */
	__u32 buckets4;		/* of all shards, as many as are in use */
	__u32 buckets6, words6; /* of each shard, likewise */
	__u32 pad4;
	__u16 levels4, levels6;	  /* bit i: level i of the table above has keys */
	__u8 odd6;		  /* the trie has prefixes shorter than /24: ask it always */
	__u8 pad[3];
	__u32 rows4, rows6, rows_odd, spilled;
};

/* IPv4 gate: a class per /24, 2 bits, 32 of them a word. */
#define SEKI_LIST_WORDS_GATE4 (1u << 19)
enum seki_list_class {
	SEKI_LIST_NONE,
	SEKI_LIST_COVERED, /* by an entry of /23 or shorter; nothing longer inside */
	SEKI_LIST_HOSTS,   /* many hosts inside, each with its key at level 32; perhaps covered as well */
	SEKI_LIST_INSIDE,  /* a group of /24 and longer; perhaps covered as well */
};

/* The array of words beside it, of one size for all generations: */
#define SEKI_LIST_AT_TOP4 0u		      /* per /16: the longest entry of /16 or shorter (seki_list_said) */
#define SEKI_LIST_AT_WIDE4 (1u << 16)	      /* a bit per /20: its group has members */
#define SEKI_LIST_AT_BLOOM4 (SEKI_LIST_AT_WIDE4 + (1u << 14)) /* of keys at levels: few, so that it need not grow */
#define SEKI_LIST_WORDS_BLOOM4 (1u << 15)
#define SEKI_LIST_AT_GATE6 (SEKI_LIST_AT_BLOOM4 + SEKI_LIST_WORDS_BLOOM4)
#define SEKI_LIST_WORDS_GATE6 (1u << 17)      /* 8 bits per hash of the first 32 bits; bit i: level i exists below */
#define SEKI_LIST_ODD 0x80u		      /* the trie has something below */
#define SEKI_LIST_WORDS (SEKI_LIST_AT_GATE6 + SEKI_LIST_WORDS_GATE6)

#define SEKI_LIST_INLINE static inline __attribute__((always_inline))
#define SEKI_LIST_READ(x) (*(const volatile __typeof__(x) *)&(x))

/* Keyed by the generation's seed, so that who chooses addresses cannot choose buckets. */
SEKI_LIST_INLINE __u64 seki_list_hash4(const struct seki_list_head *head, __u32 key, __u32 level)
{
	__u64 h = (((__u64)level << 32 | key) ^ head->seed[0]) * 0x9e3779b97f4a7c15ull;

	return (h ^ h >> 32 ^ head->seed[1]) * 0xbf58476d1ce4e5b9ull;
}

/* The other bits that a key needs, from its hash. */
SEKI_LIST_INLINE __u64 seki_list_more(__u64 hash)
{
	return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
}

/* IPv4: the first bucket, and the second one, which is in the same shard. */
SEKI_LIST_INLINE __u32 seki_list_first4(__u64 hash, __u32 buckets)
{
	return (__u32)((hash >> 32) * buckets >> 32);
}

SEKI_LIST_INLINE __u32 seki_list_second4(__u64 hash, __u32 buckets)
{
	__u64 room = buckets < SEKI_LIST_BUCKETS4 ? buckets : SEKI_LIST_BUCKETS4;

	return seki_list_first4(hash, buckets) / SEKI_LIST_BUCKETS4 * SEKI_LIST_BUCKETS4 +
	       (__u32)((seki_list_more(hash) >> 32) * room >> 32);
}

SEKI_LIST_INLINE __u32 seki_list_tag(__u64 hash)
{
	return hash >> 32 & 31;
}

/* The bit that says of a key whose first bucket this is that it may live in the second one. */
SEKI_LIST_INLINE __u32 seki_list_second_bit(__u64 hash)
{
	return 1u << (SEKI_LIST_SECOND_AT + ((hash >> 16 & 0xff) * SEKI_LIST_SECOND_BITS >> 8));
}

SEKI_LIST_INLINE __u32 seki_list_word4(__u64 more)
{
	return more >> 16 & (SEKI_LIST_WORDS_BLOOM4 - 1);
}

SEKI_LIST_INLINE __u64 seki_list_hash6(const struct seki_list_head *head, __u64 hi, __u64 lo, __u32 level)
{
	__u64 h = (hi ^ head->seed[0]) * 0x9e3779b97f4a7c15ull;

	h ^= h >> 32;
	h = (h ^ lo ^ head->seed[1]) * 0xbf58476d1ce4e5b9ull;
	h ^= h >> 29;
	h = (h ^ level) * 0x94d049bb133111ebull;
	return h ^ h >> 32;
}

/* IPv6 */
SEKI_LIST_INLINE __u32 seki_list_shard(__u64 hash, __u32 shards)
{
	return (__u32)((hash >> 32) * shards >> 32);
}

SEKI_LIST_INLINE __u32 seki_list_first(__u64 hash, __u32 buckets)
{
	return (__u32)((hash & 0xffff) * buckets >> 16);
}

SEKI_LIST_INLINE __u32 seki_list_word(__u64 hash, __u32 words)
{
	return (__u32)((hash >> 16 & 0xffff) * words >> 16);
}

SEKI_LIST_INLINE __u32 seki_list_second(__u64 more, __u32 buckets)
{
	return (__u32)((more >> 16 & 0xffff) * buckets >> 16);
}

SEKI_LIST_INLINE __u64 seki_list_bits(__u64 more)
{
	return 1ull << (more >> 58) | 1ull << (more >> 52 & 63) | 1ull << (more >> 46 & 63) | 1ull << (more >> 40 & 63);
}

/* The byte of the IPv6 gate for an address whose first 32 bits are given. */
SEKI_LIST_INLINE __u32 seki_list_gate6_index(const struct seki_list_head *head, __u32 first)
{
	return (__u32)(seki_list_hash6(head, first, 0, 0) >> 20) & (SEKI_LIST_WORDS_GATE6 * 8 - 1);
}

SEKI_LIST_INLINE __u32 seki_list_len(__u64 said)
{
	return ((union seki_list_said){.word = said}).hit.len;
}

/* The longer of two entries. */
SEKI_LIST_INLINE __u64 seki_list_longer(__u64 a, __u64 b)
{
	return seki_list_len(b) > seki_list_len(a) ? b : a;
}

/* A bit for each slot that has a tag, the lowest surely; perhaps more behind it. */
SEKI_LIST_INLINE __u32 seki_list_match(__u32 tags, __u32 tag)
{
	__u32 differ = (tags & SEKI_LIST_TAG_MASK) ^ tag * SEKI_LIST_TAG_ONES;

	return (differ - SEKI_LIST_TAG_ONES) & ~differ & SEKI_LIST_TAG_TOPS;
}

/* The slot of the lowest bit, which lies at 5 * slot + 4: three bits of the product. SEKI_LIST_SLOTS or more: there is none. */
SEKI_LIST_INLINE __u32 seki_list_match_slot(__u32 match)
{
	return match ? (match & (0 - match)) * (1u << 20 | 2u << 15 | 3u << 10 | 4u << 5) >> 29 : SEKI_LIST_SLOTS;
}

/*
 * The longest of the bucket's entries with a tag that cover an address and are low to high bits long (low above 0). One that changes
 * meanwhile is not there: its key is read before and after it.
 */
SEKI_LIST_INLINE __u64 seki_list_scan4(const struct seki_list_bucket4 *bucket, __u32 tag, __u32 addr, __u32 low, __u32 high)
{
	__u32 match = seki_list_match(SEKI_LIST_READ(bucket->tags), tag);
	__u64 best = 0;

	for (int n = 0; n < SEKI_LIST_SLOTS; n++) {
		__u32 i = seki_list_match_slot(match), key, len;
		__u64 said;

		if (i >= SEKI_LIST_SLOTS)
			break;
		key = SEKI_LIST_READ(bucket->key[i]);
		said = SEKI_LIST_READ(bucket->said[i]);
		len = seki_list_len(said);
		if (len - low <= high - low && !((key ^ addr) >> ((32 - len) & 31)) && SEKI_LIST_READ(bucket->key[i]) == key) {
			best = seki_list_longer(best, said);
		}
		match &= match - 1;
		if (!match)
			break;
	}
	return best;
}

/* A key of IPv6 has one entry at most at each level. */
SEKI_LIST_INLINE __u64 seki_list_scan6(const struct seki_list_bucket6 *bucket, __u32 tag, __u64 hi, __u64 lo, __u32 low, __u32 high)
{
	__u32 match = seki_list_match(SEKI_LIST_READ(bucket->tags), tag);

	for (int n = 0; n < SEKI_LIST_SLOTS; n++) {
		__u32 i = seki_list_match_slot(match);
		const struct seki_list_key6 *key;
		__u64 said, off;

		if (i >= SEKI_LIST_SLOTS)
			break;
		key = &bucket->key[i];
		off = (SEKI_LIST_READ(key->hi) ^ hi) | (SEKI_LIST_READ(key->lo) ^ lo);
		said = SEKI_LIST_READ(bucket->said[i]);
		off |= (SEKI_LIST_READ(key->hi) ^ hi) | (SEKI_LIST_READ(key->lo) ^ lo);
		if (!off && seki_list_len(said) - low <= high - low)
			return said;
		match &= match - 1;
	}
	return 0;
}

SEKI_STATIC_ASSERT(sizeof(struct seki_list_hit) == 8, "seki_list_hit");
SEKI_STATIC_ASSERT(sizeof(struct seki_list_bucket4) == 64, "a cache line");
SEKI_STATIC_ASSERT(sizeof(union seki_list_line6) == 128, "two cache lines");
SEKI_STATIC_ASSERT(SEKI_LIST_BUCKETS4 * sizeof(struct seki_list_bucket4) == SEKI_LIST_SHARD_BYTES, "a shard of IPv4");
SEKI_STATIC_ASSERT(SEKI_LIST_LINES6 * sizeof(union seki_list_line6) == SEKI_LIST_SHARD_BYTES, "a shard of IPv6");
SEKI_STATIC_ASSERT(sizeof(struct seki_list_spill_key) == 24, "seki_list_spill_key");
SEKI_STATIC_ASSERT(sizeof(struct seki_list_head) == 64, "seki_list_head");

#endif
