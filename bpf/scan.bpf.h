/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scan.bpf.h - the payload goes through the kernel module's prefilter, where
 * the object was built for it. An attack that one packet proves ends there.
 */
#ifndef BPF_SCAN_H
#define BPF_SCAN_H

#include "suspect.bpf.h"

#define INLINE_CUT_SECONDS 600

#ifdef SEKI_WITH_KMOD
#include "sekimori/kfunc.h"
#define SCANS 1
#else
#define SCANS 0
#endif

/*
 * Where requests begin is known from the connection's first byte on and as long as each ends where it says.
 * That the server spoke tells nothing: it may answer while a body is under way, or ask for one (100
 * Continue).
 */
static __always_inline void turn_begin(struct work *w, struct seki_flow *f)
{
	if (!w->from_initiator || w->p.tcp_flags & TCP_ACK)
		return;
	f->turn_seq = w->p.seq + 1;
	if (w->p.payload)
		flow_unflag(f, SEKI_FLOW_TURN); /* the server need not take what a SYN carries */
	else
		flow_flag(f, SEKI_FLOW_TURN);
}

/* Does a request begin in this packet? */
static __always_inline bool turn_is_here(struct work *w, const struct seki_flow *f)
{
	w->query.next = f->turn_seq - w->p.seq;
	return w->p.proto == IPPROTO_TCP && w->from_initiator && f->flags & SEKI_FLOW_TURN &&
	       w->query.next < w->p.payload;
}

static __always_inline void turn_end(struct work *w, struct seki_flow *f)
{
	if (!(w->query.flags & SEKI_PF_TURN))
		return;
	f->turn_seq = w->p.seq + w->query.next;
	if (!w->query.next)
		flow_unflag(f, SEKI_FLOW_TURN);
}

/* What the module is to look at of a packet that passes so far. Before the flow is told of the packet. */
__noinline int seki_scan_prepare(__u32 slot, const struct seki_settings *s, struct seki_flow *f)
{
	struct work *w = bpf_map_lookup_elem(&seki_work, &slot);

	if (!w || !s || !f)
		return 0;
	if (w->p.proto == IPPROTO_TCP && !w->p.fragment && w->p.tcp_flags & TCP_SYN) {
		turn_begin(w, f);
		return 0; /* its receiver need not take the data, and then rules do not see it */
	}
	if (!w->p.payload || w->p.fragment || f->state == SEKI_FLOW_SEALED)
		return 0;
	w->query.payload = w->p.l3_offset + w->p.ip_len - w->p.payload;
	w->query.len = w->p.payload;
	w->query.marks = f->flags >> SEKI_FLOW_MARKS;
	w->query.sid = 0;
	w->query.sport = bpf_ntohs(w->p.sport);
	w->query.dport = bpf_ntohs(w->p.dport);
	w->query.proto = w->p.proto;
	w->query.direction = w->from_initiator ? SEKI_PF_TO_SERVER : SEKI_PF_TO_CLIENT;
	w->query.flags = turn_is_here(w, f) ? SEKI_PF_TURN : 0;
	w->query.outcome = SEKI_PF_INSPECT; /* what holds when the module cannot answer */
	w->first_data = w->from_initiator &&
			(f->flags & (SEKI_FLOW_INIT_KNOWN | SEKI_FLOW_CLIENT_EVER)) == SEKI_FLOW_INIT_KNOWN;
	/* The first packet of either side always reaches an engine. */
	if (s->narrow && f->flags & SEKI_FLOW_NARROW && w->p.proto != IPPROTO_TCP &&
	    f->pkts[w->from_initiator ? 0 : 1])
		w->query.flags |= SEKI_PF_NARROW;
	return 0;
}

/* A packet of a narrowed flow: it is handed over when a rule might match it. */
static __always_inline void scan_narrow(struct work *w, struct seki_flow *f)
{
	if (!w->copy || !(w->query.flags & SEKI_PF_NARROW))
		return;
	w->copy = w->query.outcome != SEKI_PF_NONE;
	if (!w->copy)
		return;
	if (f && f->id == w->flow_id)
		copy_take(w, f);
	else
		w->copy = 0; /* its row has gone, and with it the number of the record */
}

/*
 * The connection that carried an attack is over. Datagrams are judged one by
 * one: whoever forges an address must not end what goes on between two others.
 */
static __always_inline void scan_cut(struct work *w, struct seki_settings *s, struct seki_flow *f,
				     bool embryo)
{
	__u32 dir = !w->from_initiator;

	__sync_fetch_and_add(&f->pkts[dir & 1], -1);
	__sync_fetch_and_add(&f->bytes[dir & 1], -(__u64)w->p.len);
	__sync_fetch_and_add(&f->cut_pkts[dir & 1], 1);
	__sync_fetch_and_add(&f->cut_bytes[dir & 1], w->p.len);
	flow_flag(f, SEKI_FLOW_INLINE);
	if (w->p.proto != IPPROTO_TCP)
		return;
	if (w->first_data)
		flow_flag(f, SEKI_FLOW_INLINE_FIRST);
	w->flow_flags = f->flags;
	f->blocked_until = w->now + INLINE_CUT_SECONDS;
	f->state = SEKI_FLOW_BLOCKED;
	if (embryo)
		flow_promote(w, s, f);
}

/* What the module said: 1 drop. The record that an engine gets says the same. */
__noinline int seki_scanned(__u32 slot, struct seki_settings *s)
{
	struct work *w = bpf_map_lookup_elem(&seki_work, &slot);
	struct seki_flow *f;
	bool embryo, wanted;

	if (!w || !s)
		return 0;
	f = flow_find(&w->key, &embryo);
	if (f && f->id == w->flow_id && w->query.marks)
		flow_flag(f, w->query.marks << SEKI_FLOW_MARKS);
	if (f && f->id == w->flow_id)
		turn_end(w, f);
	wanted = w->copy;
	scan_narrow(w, f);
	if (w->query.outcome != SEKI_PF_DROP) {
		count_reason(w, w->copy ? SEKI_R_COPIED : wanted ? SEKI_R_NARROWED : SEKI_R_CLEAN, false);
		return 0;
	}
	w->sid = w->query.sid;
	decide(w, s, SEKI_R_ATTACK);
	decision_tell(w, s);
	if (w->verdict != SEKI_VERDICT_BLOCKED)
		return 0;
	if (f && f->id == w->flow_id)
		scan_cut(w, s, f, embryo);
	w->state = SEKI_FLOW_BLOCKED;
	return 1;
}

/* True: drop. Without the module's object, or with nothing to look at, nothing happens. */
static __always_inline bool scan_frame(void *ctx, bool skb, struct work *w, struct seki_settings *s)
{
#ifdef SEKI_WITH_KMOD
	if (!w->query.len)
		return false;
	if (skb ? bpf_seki_scan_tc(ctx, &w->query, sizeof(w->query))
		: bpf_seki_scan_xdp(ctx, &w->query, sizeof(w->query)))
		w->query.next = 0; /* nobody read it */
	return seki_scanned(w->egress, s);
#else
	return false;
#endif
}

#endif
