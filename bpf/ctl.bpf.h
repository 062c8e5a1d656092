/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ctl.bpf.h - seki_flow_ctl: how user space changes a flow. The command
 * names the flow by key and id, so it cannot hit a later flow of the same key.
 */
#ifndef BPF_CTL_H
#define BPF_CTL_H

#include "suspect.bpf.h"

/* Idle for its protocol's time, or ended: leaves the table. -EBUSY: it lives, or its cut does. */
static __always_inline int ctl_expire(struct seki_flow *f, const struct seki_flow_key *key, __u32 now)
{
	__u32 both = SEKI_FLOW_FIN_LO | SEKI_FLOW_FIN_HI, zero = 0, idle;
	struct seki_settings *s = bpf_map_lookup_elem(&seki_settings, &zero);
	struct seki_addr prefix;

	if (!s || (f->state == SEKI_FLOW_BLOCKED && now < f->blocked_until))
		return -EBUSY;
	idle = s->other_idle;
	if (key->proto == IPPROTO_TCP)
		idle = f->flags & SEKI_FLOW_RST || (f->flags & both) == both ? s->tcp_closing : s->tcp_idle;
	else if (key->proto == IPPROTO_UDP)
		idle = s->udp_idle;
	if (now < f->last + idle)
		return -EBUSY;
	quota_key(&prefix, flow_initiator(key, f->flags));
	if (bpf_map_delete_elem(&seki_flows, key))
		return -ENOENT;
	quota_change(&prefix, -1);
	return 0;
}

/* A flow of this source ended well: evidence that others share it (T2). Only flows that proved where they
 * come from count. */
static __always_inline void source_clean(const struct seki_flow_key *key, __u32 flags, __u32 now)
{
	struct seki_addr initiator = *flow_initiator(key, flags);
	struct seki_source *source, fresh = {};

	if (!(flags & SEKI_FLOW_VALIDATED))
		return;
	source = bpf_map_lookup_elem(&seki_sources, &initiator);
	if (!source) {
		fresh.window = now;
		fresh.clean[0] = 1;
		bpf_map_update_elem(&seki_sources, &initiator, &fresh, BPF_NOEXIST);
		return;
	}
	if (now - source->window >= SEKI_SHARED_WINDOW) {
		source->clean[1] = now - source->window < 2 * SEKI_SHARED_WINDOW ? source->clean[0] : 0;
		source->clean[0] = 0;
		source->window = now;
	}
	source->clean[0]++;
}

static __always_inline int ctl_clear(struct seki_flow_cmd *cmd, struct seki_flow *f,
				     const struct seki_flow_key *key, __u32 now)
{
	__u32 to = cmd->op == SEKI_OP_SEAL ? SEKI_FLOW_SEALED : SEKI_FLOW_CLEARED;

	if (f->flags & SEKI_FLOW_LOST) {
		__sync_val_compare_and_swap(&f->state, SEKI_FLOW_SUSPECT, SEKI_FLOW_UNINSPECTED);
		return -EBUSY;
	}
	if (cmd->op == SEKI_OP_SEAL && !(f->flags & SEKI_FLOW_REPLIED))
		return -EBUSY;
	if (__sync_val_compare_and_swap(&f->state, SEKI_FLOW_SUSPECT, to) != SEKI_FLOW_SUSPECT)
		return f->state == to ? 0 : -EBUSY;
	source_clean(key, f->flags, now);
	return 0;
}

/* A cut flow never lives in the table that a flood can churn (T18). */
static __always_inline int ctl_block(struct seki_flow_cmd *cmd, struct seki_flow *f,
				     const struct seki_flow_key *key, bool embryo)
{
	struct seki_addr prefix;

	if (embryo) {
		bool moved = !bpf_map_update_elem(&seki_flows, key, f, BPF_NOEXIST);

		/* Not moved, yet there: a packet has just promoted it. */
		f = bpf_map_lookup_elem(&seki_flows, key);
		if (!f)
			return -ENOSPC;
		if (moved) {
			bpf_map_delete_elem(&seki_embryos, key);
			quota_key(&prefix, flow_initiator(key, f->flags));
			quota_change(&prefix, 1);
		}
	}
	f->blocked_until = cmd->until;
	f->state = SEKI_FLOW_BLOCKED;
	return 0;
}

SEC("syscall")
int seki_flow_ctl(struct seki_flow_cmd *cmd)
{
	__u32 now =
		(__u32)(bpf_ktime_get_ns() / 1000000000); /* the coarse clock is for packet programs only */
	struct seki_flow_key key = cmd->key;
	struct seki_flow *f;
	bool embryo;
	int err = 0;

	f = flow_find(&key, &embryo);
	if (!f) {
		cmd->result = -ENOENT;
		return 0;
	}
	if (f->id != cmd->id && (cmd->id || (cmd->op != SEKI_OP_READ && cmd->op != SEKI_OP_BLOCK))) {
		cmd->result = -ESTALE;
		return 0;
	}
	switch (cmd->op) {
	case SEKI_OP_READ:
		break;
	case SEKI_OP_CLEAR:
	case SEKI_OP_SEAL:
		err = ctl_clear(cmd, f, &key, now);
		break;
	case SEKI_OP_CLEAN_END:
		if (f->flags & SEKI_FLOW_LOST)
			err = -EBUSY;
		else
			source_clean(&key, f->flags, now);
		break;
	case SEKI_OP_BLOCK:
		err = ctl_block(cmd, f, &key, embryo);
		break;
	case SEKI_OP_UNBLOCK:
		flow_unflag(f, FLOW_INLINE);
		__sync_val_compare_and_swap(&f->state, SEKI_FLOW_BLOCKED, SEKI_FLOW_SUSPECT);
		break;
	case SEKI_OP_NARROW:
		if (key.proto == IPPROTO_TCP)
			err = -EINVAL;
		else if (f->flags & SEKI_FLOW_LOST)
			err = -EBUSY;
		else
			flow_flag(f, SEKI_FLOW_NARROW);
		break;
	case SEKI_OP_EXPIRE:
		err = embryo ? -EBUSY : ctl_expire(f, &key, now); /* embryos churn by themselves */
		break;
	default:
		err = -EINVAL;
	}
	f = flow_find(&key, &embryo);
	if (f)
		cmd->flow = *f;
	cmd->result = err;
	return 0;
}

#endif
