/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * list.bpf.h - blacklist and auto-block. The structure is that of
 * sekimori/blacklist.h; list_gate() answers for most packets.
 */
#ifndef BPF_LIST_H
#define BPF_LIST_H

#include "allow.bpf.h"

/* The words of a kind in the active generation; NULL: there is no list yet. */
static __always_inline __u64 *list_word(__u32 active, enum seki_list_words kind, __u32 index)
{
	__u32 at = active * SEKI_LIST_WORDS_MAX + kind;
	void *words = bpf_map_lookup_elem(&seki_list_words, &at);

	return words ? bpf_map_lookup_elem(words, &index) : NULL;
}

static __always_inline __u64 addr_hi(const struct seki_addr *a)
{
	return (__u64)bpf_ntohl(a->w[0]) << 32 | bpf_ntohl(a->w[1]);
}

static __always_inline __u64 addr_lo(const struct seki_addr *a)
{
	return (__u64)bpf_ntohl(a->w[2]) << 32 | bpf_ntohl(a->w[3]);
}

/* What the gate says of an address: 0 for most. IPv4 SEKI_LIST_COVERED, _INSIDE; IPv6 a mask of levels,
 * SEKI_LIST_ODD. */
static __always_inline __u32 list_gate(__u32 active, const struct seki_addr *a)
{
	const struct seki_list_head *head;
	__u64 *word;
	__u32 index;

	if (addr_is4(a)) {
		index = bpf_ntohl(a->w[3]) >> 8;
		word = list_word(active, SEKI_LIST_GATE4, index / 32);
		return word ? *word >> index % 32 * 2 & 3 : 0;
	}
	head = bpf_map_lookup_elem(&seki_list_head, &active);
	if (!head)
		return 0;
	index = seki_list_gate6_index(head, bpf_ntohl(a->w[0]));
	word = list_word(active, SEKI_LIST_GATE6, index / 8);
	return (word ? *word >> index % 8 * 8 & 0xff : 0) | (head->odd6 ? SEKI_LIST_ODD : 0);
}

struct level {
	__u8 length, low;
};
#define X(level, low) {level, low},
static const struct level levels4[] = {SEKI_LIST_LEVELS4(X)};
static const struct level levels6[] = {SEKI_LIST_LEVELS6(X)};
#undef X

/* Notes what an entry says. True: there is one. */
static __always_inline bool held_take(struct work *w, const struct seki_list_hit *hit)
{
	if (!hit || !hit->flags)
		return false;
	w->held = *hit;
	return true;
}

static __always_inline bool list_spilled(struct work *w, __u32 generation, __u64 hi, __u64 lo, __u32 level)
{
	struct seki_list_spill_key key = {.hi = hi, .lo = lo, .generation = generation, .level = level};

	return held_take(w, bpf_map_lookup_elem(&seki_list_spill, &key));
}

/*
 * One level of a family; the entry into w->held. Global, so that they are verified once and not for each of
 * the levels. work_of(slot) is the caller's desk.
 */
__noinline int seki_list_probe4(__u32 slot, __u32 active, __u32 key, __u32 index)
{
	const struct seki_list_head *head = bpf_map_lookup_elem(&seki_list_head, &active);
	struct work *w = bpf_map_lookup_elem(&seki_work, &slot);
	void *buckets = bpf_map_lookup_elem(&seki_bucket4, &active);
	struct seki_list_bucket4 *bucket;
	__u32 at, overflow;
	__u64 hash, *word;
	struct level level;

	if (!head || !w || !buckets || index >= SEKI_LIST_LEVEL_COUNT4)
		return 0;
	level = levels4[index];
	hash = seki_list_hash(head, key, 0, level.length);
	word = list_word(active, SEKI_LIST_BLOOM4, seki_list_bloom_index(hash, head->bloom_mask4));
	if (!word || (*word & seki_list_bloom_bits(hash)) != seki_list_bloom_bits(hash))
		return 0;
	at = seki_list_bucket_first(hash, head->bucket_mask4);
	bucket = bpf_map_lookup_elem(buckets, &at);
	if (!bucket)
		return 0;
	if (held_take(w, seki_list_scan4(bucket, key, level.low, level.length)))
		return 1;
	overflow = bucket->overflow;
	if (!overflow)
		return 0;
	at = seki_list_bucket_second(hash, head->bucket_mask4);
	bucket = bpf_map_lookup_elem(buckets, &at);
	if (bucket && held_take(w, seki_list_scan4(bucket, key, level.low, level.length)))
		return 1;
	return overflow & SEKI_LIST_SPILLED && list_spilled(w, active << 1, key, 0, level.length);
}

__noinline int seki_list_probe6(__u32 slot, __u32 active, __u64 hi, __u64 lo, __u32 index)
{
	const struct seki_list_head *head = bpf_map_lookup_elem(&seki_list_head, &active);
	struct work *w = bpf_map_lookup_elem(&seki_work, &slot);
	void *buckets = bpf_map_lookup_elem(&seki_bucket6, &active);
	struct seki_list_bucket6 *bucket;
	__u32 at, overflow;
	__u64 hash, *word;
	struct level level;

	if (!head || !w || !buckets || index >= SEKI_LIST_LEVEL_COUNT6)
		return 0;
	level = levels6[index];
	hash = seki_list_hash(head, hi, lo, level.length);
	word = list_word(active, SEKI_LIST_BLOOM6, seki_list_bloom_index(hash, head->bloom_mask6));
	if (!word || (*word & seki_list_bloom_bits(hash)) != seki_list_bloom_bits(hash))
		return 0;
	at = seki_list_bucket_first(hash, head->bucket_mask6);
	bucket = bpf_map_lookup_elem(buckets, &at);
	if (!bucket)
		return 0;
	if (held_take(w, seki_list_scan6(bucket, hi, lo, level.low, level.length)))
		return 1;
	overflow = bucket->overflow;
	if (!overflow)
		return 0;
	at = seki_list_bucket_second(hash, head->bucket_mask6);
	bucket = bpf_map_lookup_elem(buckets, &at);
	if (bucket && held_take(w, seki_list_scan6(bucket, hi, lo, level.low, level.length)))
		return 1;
	return overflow & SEKI_LIST_SPILLED && list_spilled(w, active << 1 | 1, hi, lo, level.length);
}

static __always_inline bool list_find4(__u32 slot, const struct seki_list_head *head, __u32 active,
				       const struct seki_addr *a, __u32 gate)
{
	__u32 addr = bpf_ntohl(a->w[3]), narrow = (1u << SEKI_LIST_NARROW4) - 1;
	__u32 levels = head->levels4 &
		       ((gate & SEKI_LIST_INSIDE ? narrow : 0) | (gate & SEKI_LIST_COVERED ? ~narrow : 0));

	for (__u32 i = 0; i < SEKI_LIST_LEVEL_COUNT4; i++)
		if (levels >> i & 1 &&
		    seki_list_probe4(slot, active, addr & ~0u << (32 - levels4[i].length), i))
			return true;
	return false;
}

/* The trie has lengths above 64, which go before the levels from there on, and those below 24, which come
 * last. */
static __always_inline bool list_find6(struct work *w, __u32 slot, const struct seki_list_head *head,
				       __u32 active, const struct seki_addr *a, __u32 gate)
{
	__u32 levels = head->levels6 & gate;
	__u64 hi = addr_hi(a), lo = addr_lo(a);
	struct seki_list_hit *odd = NULL;

	if (levels & 1 && seki_list_probe6(slot, active, hi, lo, 0))
		return true;
	if (gate & SEKI_LIST_ODD) {
		void *trie = bpf_map_lookup_elem(&seki_list_odd, &active);

		w->lpm.prefixlen = 128;
		w->lpm.addr = *a;
		odd = trie ? bpf_map_lookup_elem(trie, &w->lpm) : NULL;
	}
	if (odd && odd->len > 64)
		return held_take(w, odd);
	for (__u32 i = 1; i < SEKI_LIST_LEVEL_COUNT6; i++)
		if (levels >> i & 1 &&
		    seki_list_probe6(slot, active, hi & ~0ull << (64 - levels6[i].length), 0, i))
			return true;
	return held_take(w, odd);
}

/* The entry that covers a, expired or not, into w->held; false: none. slot is that of w. */
static __always_inline bool list_find(struct work *w, __u32 slot, __u32 active, const struct seki_addr *a,
				      __u32 gate)
{
	const struct seki_list_head *head = bpf_map_lookup_elem(&seki_list_head, &active);

	if (!head)
		return false;
	return addr_is4(a) ? list_find4(slot, head, active, a, gate)
			   : list_find6(w, slot, head, active, a, gate);
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
	const struct seki_list_hit *held = &w->held;

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
	w->held =
		(struct seki_list_hit){.expires = e->expires, .list = e->list, .flags = e->flags, .len = 128};
	w->sid = e->sid;
	return entry_holds(w, SEKI_ENTRY_SRC, source, w->p.dport, true);
}

#endif
