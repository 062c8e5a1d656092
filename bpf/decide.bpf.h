/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decide.bpf.h - from a reason to pass or drop, and the counter of that way.
 */
#ifndef BPF_DECIDE_H
#define BPF_DECIDE_H

#include "parse.bpf.h"

#define CLASS_X 0 /* plain exit */
#define CLASS_V 1 /* a verdict */

static const __u8 reason_class[SEKI_REASON_MAX] TABLE = {
#define X(id, name, class, action, help) [SEKI_R_##id] = CLASS_##class,
	SEKI_REASONS(X)
#undef X
};

static const __u8 reason_action[SEKI_REASON_MAX] TABLE = {
#define X(id, name, class, action, help) [SEKI_R_##id] = SEKI_ACTION_##action,
	SEKI_REASONS(X)
#undef X
};

static __always_inline void count_loss(__u32 loss)
{
	__u64 *value = bpf_map_lookup_elem(&seki_losses, &loss);

	if (value)
		(*value)++;
}

static __always_inline void count_reason(const struct work *w, __u32 reason, bool would)
{
	struct seki_counter *counter = bpf_map_lookup_elem(&seki_counters, &reason);

	if (!counter)
		return;
	if (would) {
		counter->would_pkts++;
		counter->would_bytes += w->p.len;
	} else {
		counter->pkts++;
		counter->bytes += w->p.len;
	}
}

/* Confirm-or-rollback: behind the deadline enforce reads as monitor, with or without a daemon (T19). */
static __always_inline bool enforcing(const struct work *w)
{
	return w->mode == SEKI_MODE_ENFORCE && (!w->enforce_until || w->now < w->enforce_until);
}

/*
 * True: drop. Counts the way out (or the would-be one) and leaves the
 * verdict in w->verdict and the reason in w->reason.
 */
static __always_inline bool decide(struct work *w, const struct seki_settings *s, __u32 reason)
{
	__u8 action;

	if (reason >= SEKI_REASON_MAX)
		return false;
	if (reason_class[reason] == CLASS_X) {
		count_reason(w, reason, false);
		return false;
	}
	action = s->action[reason & 63];
	if (action == SEKI_ACTION_DEFAULT)
		action = reason_action[reason];
	w->reason = reason;
	if (action == SEKI_ACTION_DROP && enforcing(w)) {
		w->verdict = SEKI_VERDICT_BLOCKED;
		count_reason(w, reason, false);
		return true;
	}
	if (action == SEKI_ACTION_DROP)
		w->verdict = SEKI_VERDICT_WOULD_BLOCK;
	count_reason(w, reason, true);
	return false;
}

#endif
