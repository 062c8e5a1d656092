/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * list.bpf.h - blacklist and auto-block. list_find() is the one place that
 * knows the list's structure.
 */
#ifndef BPF_LIST_H
#define BPF_LIST_H

#include "allow.bpf.h"

/* The row that covers a in the active generation, expired or not; NULL. */
static __always_inline struct seki_entry *list_find(struct work *w, const struct seki_settings *s,
						    const struct seki_addr *a)
{
	__u32 slot = s->active & 1;
	void *inner;

	if (addr_is4(a)) {
		inner = bpf_map_lookup_elem(&seki_list4, &slot);
		if (!inner)
			return NULL;
		w->lpm4.prefixlen = 32;
		w->lpm4.addr = a->w[3];
		return bpf_map_lookup_elem(inner, &w->lpm4);
	}
	inner = bpf_map_lookup_elem(&seki_list6, &slot);
	if (!inner)
		return NULL;
	w->lpm.prefixlen = 128;
	w->lpm.addr = *a;
	return bpf_map_lookup_elem(inner, &w->lpm);
}

static __always_inline void hits_add(struct seki_hits *hits, const struct work *w)
{
	__sync_fetch_and_add(&hits->pkts, 1);
	__sync_fetch_and_add(&hits->bytes, w->p.len);
	hits->last = w->now;
}

static __always_inline void entry_count(struct work *w)
{
	__u32 id = w->entry, list = w->list;
	struct seki_hits *hits = bpf_map_lookup_elem(&seki_list_count, &list);

	if (hits) {
		hits->pkts++;
		hits->bytes += w->p.len;
		hits->last = w->now;
	}
	if (!seki_count_entries)
		return;
	hits = bpf_map_lookup_elem(&seki_hits, &id);
	if (hits) {
		hits_add(hits, w);
		return;
	}
	w->hits = (struct seki_hits){.pkts = 1, .bytes = w->p.len, .last = w->now};
	bpf_map_update_elem(&seki_hits, &id, &w->hits, BPF_ANY);
}

/*
 * One address against one entry: true when a live entry says drop and the
 * allow set does not say otherwise. our_port: the port on our side, for scopes.
 */
static __always_inline bool entry_holds(struct work *w, const struct seki_entry *e, __u8 direction,
					const struct seki_addr *a, __be16 our_port)
{
	if (!e || !(e->flags & direction) || (e->expires && e->expires <= w->now))
		return false;
	w->entry = e->id;
	w->list = e->list;
	w->sid = e->sid;
	entry_count(w);
	if (e->flags & SEKI_ENTRY_ALERT) {
		w->alert = direction == SEKI_ENTRY_SRC ? SEKI_R_LISTED_SRC : SEKI_R_LISTED_DST;
		return false;
	}
	if (allowed(w, a, our_port)) {
		count_reason(w, SEKI_R_ALLOWED, true);
		return false;
	}
	return true;
}

/* Outer and inner addresses, both directions. The reason, or CLEAN. */
static __always_inline __u32 list_check_pair(struct work *w, const struct seki_settings *s,
					     const struct pair *pair)
{
	if (entry_holds(w, list_find(w, s, &pair->src), SEKI_ENTRY_SRC, &pair->src, w->p.dport))
		return SEKI_R_LISTED_SRC;
	if (entry_holds(w, list_find(w, s, &pair->dst), SEKI_ENTRY_DST, &pair->dst, w->p.sport))
		return SEKI_R_LISTED_DST;
	return SEKI_R_CLEAN;
}

static __always_inline bool block_check(struct work *w, const struct seki_addr *source)
{
	struct seki_entry *e = bpf_map_lookup_elem(&seki_blocked, source);

	return entry_holds(w, e, SEKI_ENTRY_SRC, source, w->p.dport);
}

#endif
