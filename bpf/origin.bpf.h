/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * origin.bpf.h - tells of every flow that our side begins, permitted or not,
 * with who began it where that is known. What cannot be told is counted.
 */
#ifndef BPF_ORIGIN_H
#define BPF_ORIGIN_H

#include "suspect.bpf.h"

struct origin_budget {
	__u32 second, used;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct origin_budget);
} seki_origin_budget SEC(".maps");

/* A flood of flows must not fill the ring that drops are told through. */
static __always_inline bool origin_due(const struct seki_settings *s, __u32 now)
{
	__u32 zero = 0;
	struct origin_budget *b = bpf_map_lookup_elem(&seki_origin_budget, &zero);

	if (!b || !s->origin_rate)
		return false;
	if (b->second != now) {
		b->second = now;
		b->used = 0;
	}
	if (b->used >= s->origin_rate) {
		count_loss(SEKI_LOSS_ORIGIN);
		return false;
	}
	b->used++;
	return true;
}

/* Whose socket sent it: what its connect left, else its cgroup. */
static __always_inline void origin_process(const struct work *w, struct seki_process *to)
{
	__u64 cookie = w->cookie;
	const struct seki_process *owner = bpf_map_lookup_elem(&seki_owners, &cookie);

	if (owner) {
		__builtin_memcpy(to, owner, sizeof(*to));
		return;
	}
	__builtin_memset(to, 0, sizeof(*to));
	to->socket = cookie;
	to->cgroup_id = w->cgroup_id;
	to->way = w->cgroup_id ? SEKI_WAY_CGROUP : SEKI_WAY_NONE;
}

static __always_inline void origin_head(struct work *w, struct seki_record *r)
{
	w->offset = 0;
	w->seq = 0;
	record_fill(w, r, SEKI_REC_ORIGIN);
	if (w->verdict == SEKI_VERDICT_WOULD_BLOCK)
		r->flags |= SEKI_REC_WOULD;
	r->sid = w->rule;
	r->cap_len = w->head_len < SEKI_ORIGIN_HEAD ? w->head_len : SEKI_ORIGIN_HEAD;
	__builtin_memcpy(r + 1, w->head, SEKI_ORIGIN_HEAD);
}

static __always_inline void origin_tell(struct work *w, const struct seki_settings *s)
{
	struct seki_record *r;

	if (!origin_due(s, w->now))
		return;
	if (!w->egress) {
		r = bpf_ringbuf_reserve(&seki_prio, RECORD_SIZE + SEKI_ORIGIN_HEAD, 0);
		if (!r) {
			count_loss(SEKI_LOSS_PRIO_FULL);
			return;
		}
		origin_head(w, r);
	} else {
		r = bpf_ringbuf_reserve(&seki_prio,
					RECORD_SIZE + SEKI_ORIGIN_HEAD + sizeof(struct seki_process), 0);
		if (!r) {
			count_loss(SEKI_LOSS_PRIO_FULL);
			return;
		}
		origin_head(w, r);
		r->flags |= SEKI_REC_PROCESS;
		origin_process(w, (void *)(r + 1) + SEKI_ORIGIN_HEAD);
	}
	bpf_ringbuf_submit(r, 0);
}

#endif
