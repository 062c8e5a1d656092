/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * list.bpf.h - blacklist and auto-block. The structure is that of
 * sekimori/blacklist.h; list_gate4() and list_gate6() answer for most packets.
 *
 * What decides most hits is inline: a function's return costs more than it on processors that guard it. The
 * rest are global functions without a work area, verified once; what is found is the word that an entry is.
 */
#ifndef BPF_LIST_H
#define BPF_LIST_H

#include "allow.bpf.h"

/* The memory of one map of a generation, which is its only value; NULL when there is no list yet. */
static __always_inline void *list_memory(void *outer, __u32 at)
{
	void *inner = bpf_map_lookup_elem(outer, &at);
	__u32 only = 0;

	return inner ? bpf_map_lookup_elem(inner, &only) : NULL;
}

/* A word beside the IPv4 gate; index below SEKI_LIST_WORDS. */
static __always_inline __u64 list_word(__u32 active, __u32 index)
{
	const __u64 *words = list_memory(&seki_list_words, active);

	return words ? words[index] : 0;
}

static __always_inline __u64 addr_hi(const struct seki_addr *a)
{
	return (__u64)bpf_ntohl(a->w[0]) << 32 | bpf_ntohl(a->w[1]);
}

static __always_inline __u64 addr_lo(const struct seki_addr *a)
{
	return (__u64)bpf_ntohl(a->w[2]) << 32 | bpf_ntohl(a->w[3]);
}

/* enum seki_list_class of an address in host byte order. */
static __always_inline __u32 list_gate4(__u32 active, __u32 addr)
{
	const __u64 *gate = list_memory(&seki_list_gate4, active);

	return gate ? gate[addr >> 13] >> (addr >> 8) % 32 * 2 & 3 : 0;
}

/* The levels that exist below an address's first 32 bits, and SEKI_LIST_ODD. */
static __always_inline __u32 list_gate6(__u32 active, __u32 first)
{
	const struct seki_list_head *head = bpf_map_lookup_elem(&seki_list_head, &active);
	__u32 index;

	if (!head)
		return 0;
	index = seki_list_gate6_index(head, first);
	return (list_word(active, SEKI_LIST_AT_GATE6 + index / 8) >> index % 8 * 8 & 0xff) |
	       (head->odd6 ? SEKI_LIST_ODD : 0);
}

struct level {
	__u8 length, low;
};
#define X(level, low) {level, low},
static const struct level levels4[] TABLE = {SEKI_LIST_LEVELS4(X)};
static const struct level levels6[] TABLE = {SEKI_LIST_LEVELS6(X)};
#undef X

/* The lowest bit that is set: a loop that asks bit after bit ends in branches that nobody can foresee. */
static const __u8 lowest_bit[64] TABLE = {
	0, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0, 4, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0,
	5, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0, 4, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0,
};

static __always_inline struct seki_list_bucket4 *list_bucket4(__u32 active, __u32 index)
{
	struct seki_list_bucket4 *shard =
		list_memory(&seki_shard4, active * SEKI_LIST_SHARDS_MAX + index / SEKI_LIST_BUCKETS4);

	return shard ? shard + index % SEKI_LIST_BUCKETS4 : NULL;
}

static __always_inline union seki_list_line6 *list_shard6(__u32 active, const struct seki_list_head *head,
							  __u64 hash)
{
	return list_memory(&seki_shard6,
			   active * SEKI_LIST_SHARDS_MAX + seki_list_shard(hash, head->shards6));
}

/* A shard's bucket, below its Bloom words. */
static __always_inline const union seki_list_line6 *list_line6(const union seki_list_line6 *shard,
							       __u32 bucket)
{
	return shard + (SEKI_LIST_BLOOM6 + bucket) % SEKI_LIST_LINES6;
}

static __always_inline bool list_bloom4(__u32 active, __u64 hash)
{
	__u64 more = seki_list_more(hash), bits = seki_list_bits(more);

	return (list_word(active, SEKI_LIST_AT_BLOOM4 + seki_list_word4(more)) & bits) == bits;
}

static __always_inline bool list_bloom6(const union seki_list_line6 *shard, const struct seki_list_head *head,
					__u64 hash)
{
	__u32 word = seki_list_word(hash, head->words6);
	__u64 bits = seki_list_bits(seki_list_more(hash));

	return (shard[word / 16 % SEKI_LIST_LINES6].word[word % 16] & bits) == bits;
}

static __always_inline __u64 list_spilled(__u32 generation, __u64 hi, __u64 lo, __u32 level)
{
	struct seki_list_spill_key key = {.hi = hi, .lo = lo, .generation = generation, .level = level};
	union seki_list_said *said = bpf_map_lookup_elem(&seki_list_spill, &key);

	return said ? said->word : 0;
}

/* What the two buckets of a hash say of an address. *more: the first one's flag, if that can matter. */
static __always_inline __u64 list_both4(__u32 active, const struct seki_list_head *head, __u64 hash,
					__u32 addr, __u32 low, __u32 high, bool *more)
{
	const struct seki_list_bucket4 *bucket = list_bucket4(active, seki_list_first4(hash, head->buckets4));
	__u64 said;
	__u32 tags;

	*more = false;
	if (!bucket)
		return 0;
	said = seki_list_scan4(bucket, seki_list_tag(hash), addr, low, high);
	if (said && low == high)
		return said;
	tags = SEKI_LIST_READ(bucket->tags);
	*more = tags & SEKI_LIST_MORE;
	if (!(tags & seki_list_second_bit(hash)))
		return said;
	bucket = list_bucket4(active, seki_list_second4(hash, head->buckets4));
	return bucket ? seki_list_longer(said, seki_list_scan4(bucket, seki_list_tag(hash), addr, low, high))
		      : said;
}

/* What buckets say, or the spill map of a key at a level. */
static __always_inline __u64 list_or_spilled(__u32 active, __u32 key, __u32 low, __u32 high, __u64 said)
{
	for (__u32 len = high; len >= low && len > seki_list_len(said); len--) {
		__u64 other = list_spilled(active << 1, key, 0, len);

		if (other)
			return other;
	}
	return said;
}

/* Members of a crowded group that lie at the levels; the longest that covers addr, or 0. */
__noinline __u64 seki_list_crowd4(__u32 active, __u32 addr, __u32 from, __u32 to)
{
	const struct seki_list_head *head = bpf_map_lookup_elem(&seki_list_head, &active);

	if (!head)
		return 0;
	for (__u32 i = 0; i < SEKI_LIST_TOP4; i++) {
		__u32 high = levels4[i].length, key = addr & ~0u << (32 - high);
		__u64 hash, said;
		bool more;

		if (i < from || i >= to || !(head->levels4 >> i & 1))
			continue;
		hash = seki_list_hash4(head, key, high);
		if (!list_bloom4(active, hash))
			continue;
		said = list_both4(active, head, hash, key, levels4[i].low, high, &more);
		if (more)
			said = list_or_spilled(active, key, levels4[i].low, high, said);
		if (said)
			return said;
	}
	return 0;
}

/* Where a class has an address: COVERED the group of its /20, INSIDE that of its /24, HOSTS itself. */
struct where {
	__u32 key, level, low, high;
};

static __always_inline struct where list_where4(__u32 addr, __u32 class)
{
	struct where at = {addr >> 8 << 8, 8, 24, 32};

	if (class == SEKI_LIST_COVERED)
		at = (struct where){addr >> 12 << 12, 12, 17, 23};
	else if (class == SEKI_LIST_HOSTS)
		at = (struct where){addr, 32, 32, 32};
	return at;
}

/* The longest entry there. */
static __always_inline __u64 list_class4(__u32 active, const struct seki_list_head *head, __u32 addr,
					 __u32 class)
{
	struct where at = list_where4(addr, class);
	bool more;
	__u64 said = list_both4(active, head, seki_list_hash4(head, at.key, at.level), addr, at.low, at.high,
				&more);

	if (!more)
		return said;
	if (class == SEKI_LIST_HOSTS)
		return list_or_spilled(active, addr, 32, 32, said);
	return seki_list_longer(said,
				class == SEKI_LIST_INSIDE
					? seki_list_crowd4(active, addr, 0, SEKI_LIST_WIDE4)
					: seki_list_crowd4(active, addr, SEKI_LIST_WIDE4, SEKI_LIST_TOP4));
}

/* The whole search: the longest entry of an address of a class that is not NONE. */
__noinline __u64 seki_list_search4(__u32 active, __u32 addr, __u32 class)
{
	const struct seki_list_head *head = bpf_map_lookup_elem(&seki_list_head, &active);
	__u64 said;

	if (!head)
		return 0;
	said = list_class4(active, head, addr, class);
	if (said)
		return said;
	if (class != SEKI_LIST_COVERED &&
	    list_word(active, SEKI_LIST_AT_WIDE4 + (addr >> 18)) >> (addr >> 12) % 64 & 1)
		said = list_class4(active, head, addr, SEKI_LIST_COVERED);
	return said ? said : list_word(active, SEKI_LIST_AT_TOP4 + (addr >> 16));
}

/*
 * The entry that covers an address of a class that is not NONE, expired or not, as union seki_list_said; 0:
 * none. addr in host byte order. Most are decided by the first slot of the first bucket that has their tag:
 * when no longer one can be anywhere else, that is the answer. Few instructions matter as much as few cache
 * lines here: the processor begins the next packet's while it waits for this one's.
 */
static __always_inline __u64 list_find4(__u32 active, __u32 addr, __u32 class)
{
	const struct seki_list_head *head = bpf_map_lookup_elem(&seki_list_head, &active);
	struct where at = list_where4(addr, class);
	const struct seki_list_bucket4 *bucket;
	__u64 hash, said;
	__u32 tags, match, slot, key, len;

	if (!head)
		return 0;
	hash = seki_list_hash4(head, at.key, at.level);
	bucket = list_bucket4(active, seki_list_first4(hash, head->buckets4));
	if (!bucket)
		return 0;
	tags = SEKI_LIST_READ(bucket->tags);
	match = seki_list_match(tags, seki_list_tag(hash));
	slot = seki_list_match_slot(match);
	if (slot >= SEKI_LIST_SLOTS)
		return seki_list_search4(active, addr, class);
	key = SEKI_LIST_READ(bucket->key[slot]);
	said = SEKI_LIST_READ(bucket->said[slot]);
	len = seki_list_len(said);
	if (len < at.low || (key ^ addr) >> ((32 - len) & 31) || SEKI_LIST_READ(bucket->key[slot]) != key)
		return seki_list_search4(active, addr, class);
	if (((match & (match - 1)) | (tags & (seki_list_second_bit(hash) | SEKI_LIST_MORE))) && len < 32)
		return seki_list_search4(active, addr, class);
	return said;
}

static __always_inline __u64 list_probe6(__u32 active, const struct seki_list_head *head, __u64 hi, __u64 lo,
					 __u32 high, __u32 low)
{
	__u64 hash = seki_list_hash6(head, hi, lo, high), said;
	const union seki_list_line6 *shard = list_shard6(active, head, hash), *line;
	__u32 tags;

	if (!shard || !list_bloom6(shard, head, hash))
		return 0;
	line = list_line6(shard, seki_list_first(hash, head->buckets6));
	said = seki_list_scan6(&line->bucket, seki_list_tag(hash), hi, lo, low, high);
	tags = SEKI_LIST_READ(line->bucket.tags);
	if (said || !(tags & (seki_list_second_bit(hash) | SEKI_LIST_MORE)))
		return said;
	line = list_line6(shard, seki_list_second(seki_list_more(hash), head->buckets6));
	said = seki_list_scan6(&line->bucket, seki_list_tag(hash), hi, lo, low, high);
	return said || !(tags & SEKI_LIST_MORE) ? said : list_spilled(active << 1 | 1, hi, lo, high);
}

/* What the trie says of an address. */
static __always_inline __u64 list_odd6(__u32 active, __u64 hi, __u64 lo)
{
	void *trie = bpf_map_lookup_elem(&seki_list_odd, &active);
	struct seki_lpm key = {.prefixlen = 128};
	union seki_list_said *said;

	key.addr.w[0] = bpf_htonl(hi >> 32);
	key.addr.w[1] = bpf_htonl((__u32)hi);
	key.addr.w[2] = bpf_htonl(lo >> 32);
	key.addr.w[3] = bpf_htonl((__u32)lo);
	said = trie ? bpf_map_lookup_elem(trie, &key) : NULL;
	return said ? said->word : 0;
}

/* The same of IPv6. The trie has lengths above 64, which go before the levels from there on, and those below
 * 24, which come last. */
__noinline __u64 seki_list_find6(__u32 active, __u64 hi, __u64 lo, __u32 gate)
{
	const struct seki_list_head *head = bpf_map_lookup_elem(&seki_list_head, &active);
	__u64 said = 0, odd = 0;
	__u32 levels;

	if (!head)
		return 0;
	levels = head->levels6 & gate;
	if (levels & 1)
		said = list_probe6(active, head, hi, lo, 128, 128);
	if (said)
		return said;
	if (gate & SEKI_LIST_ODD)
		odd = list_odd6(active, hi, lo);
	if (odd && seki_list_len(odd) > 64)
		return odd;
	levels &= (1u << SEKI_LIST_LEVEL_COUNT6) - 2;
	for (int n = 1; n < SEKI_LIST_LEVEL_COUNT6 && levels; n++, levels &= levels - 1) {
		__u32 i = lowest_bit[levels & 63];

		barrier_var(i); /* the compiler knows the bound, the verifier does not */
		if (i >= SEKI_LIST_LEVEL_COUNT6)
			break;
		said = list_probe6(active, head, hi & ~0ull << (64 - levels6[i].length), 0, levels6[i].length,
				   levels6[i].low);
		if (said)
			return said;
	}
	return odd;
}

static __always_inline __u32 list_gate(__u32 active, const struct seki_addr *a)
{
	return addr_is4(a) ? list_gate4(active, bpf_ntohl(a->w[3])) : list_gate6(active, bpf_ntohl(a->w[0]));
}

/* The entry that covers a, whose gate is open, expired or not; 0: none. */
static __always_inline __u64 list_find(__u32 active, const struct seki_addr *a, __u32 gate)
{
	return addr_is4(a) ? list_find4(active, bpf_ntohl(a->w[3]), gate)
			   : seki_list_find6(active, addr_hi(a), addr_lo(a), gate);
}

static __always_inline void hits_add(struct seki_hits *hits, const struct work *w)
{
	__sync_fetch_and_add(&hits->pkts, 1);
	__sync_fetch_and_add(&hits->bytes, w->p.len);
	hits->last = w->now;
}

/* The deciding prefix, by which its hits are counted: the address without the bits behind its length. */
static __always_inline void hits_key_fill(struct work *w, const struct seki_addr *a, __u32 prefixlen,
					  __u32 list)
{
	__u64 hi = addr_hi(a), lo = addr_lo(a);

	if (prefixlen <= 64) {
		hi = prefixlen ? hi & ~0ull << ((64 - prefixlen) & 63) : 0;
		lo = 0;
	} else if (prefixlen < 128) {
		lo &= ~0ull << ((128 - prefixlen) & 63);
	}
	w->hits_key.addr.w[0] = bpf_htonl(hi >> 32);
	w->hits_key.addr.w[1] = bpf_htonl((__u32)hi);
	w->hits_key.addr.w[2] = bpf_htonl(lo >> 32);
	w->hits_key.addr.w[3] = bpf_htonl((__u32)lo);
	w->hits_key.prefixlen = prefixlen;
	w->hits_key.list = list;
}

static __always_inline void entry_count(struct work *w, const struct seki_addr *a, __u32 hits_list)
{
	__u32 list = w->list;
	struct seki_hits *hits = bpf_map_lookup_elem(&seki_list_count, &list);

	if (hits) {
		hits->pkts++;
		hits->bytes += w->p.len;
		hits->last = w->now;
	}
	if (!seki_count_entries)
		return;
	hits_key_fill(w, a, w->entry - 1, hits_list);
	hits = bpf_map_lookup_elem(&seki_hits, &w->hits_key);
	if (hits) {
		hits_add(hits, w);
		return;
	}
	w->hits = (struct seki_hits){.pkts = 1, .bytes = w->p.len, .last = w->now};
	bpf_map_update_elem(&seki_hits, &w->hits_key, &w->hits, BPF_ANY);
}

/*
 * w->held against one address: true when it is a live entry that says drop and the
 * allow set does not say otherwise. our_port: the port on our side, for scopes.
 */
static __always_inline bool entry_holds(struct work *w, __u8 direction, const struct seki_addr *a,
					__be16 our_port, bool automatic)
{
	const struct seki_list_hit *held = &w->held.hit;

	if (!(held->flags & direction) || (held->expires && held->expires <= w->now))
		return false;
	w->entry = 1 + held->len + (addr_is4(a) && !automatic ? 96 : 0);
	w->list = held->list;
	entry_count(w, a, automatic ? SEKI_LIST_AUTO : held->list);
	if (held->flags & SEKI_ENTRY_ALLOW)
		return false;
	if (held->flags & SEKI_ENTRY_ALERT) {
		w->alert = direction == SEKI_ENTRY_SRC ? SEKI_R_LISTED_SRC : SEKI_R_LISTED_DST;
		return false;
	}
	if (allowed(w, a, our_port)) {
		count_reason(w, SEKI_R_ALLOWED, true);
		return false;
	}
	return true;
}

static __always_inline bool block_check(struct work *w, const struct seki_addr *source)
{
	struct seki_entry *e = bpf_map_lookup_elem(&seki_blocked, source);

	if (!e)
		return false;
	w->held.hit =
		(struct seki_list_hit){.expires = e->expires, .list = e->list, .flags = e->flags, .len = 128};
	w->sid = e->sid;
	return entry_holds(w, SEKI_ENTRY_SRC, source, w->p.dport, true);
}

#endif
