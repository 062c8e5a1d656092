/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flow.bpf.h - who talks to whom: two tables, states, proof that the remote
 * party is where it says it is (T1), quotas (T18), re-arming (T5).
 */
#ifndef BPF_FLOW_H
#define BPF_FLOW_H

#include "list.bpf.h"

#define DATAGRAM_WINDOW 8 /* seconds */
#define NARROW_IDLE                                                                                          \
	30 /* seconds; an engine forgets no flow earlier, and what it forgot is looked at from its beginning \
	    */
#define FLOW_INLINE (SEKI_FLOW_INLINE | SEKI_FLOW_INLINE_FIRST)

/* Smaller (address, port) first, by the bytes on the wire. */
static __always_inline bool pair_is_lo(const struct seki_addr *a, __be16 a_port, const struct seki_addr *b,
				       __be16 b_port)
{
	for (int i = 0; i < 4; i++) {
		__u32 x = bpf_ntohl(a->w[i]), y = bpf_ntohl(b->w[i]);

		if (x != y)
			return x < y;
	}
	return bpf_ntohs(a_port) <= bpf_ntohs(b_port);
}

/* Fills w->key and w->from_lo. */
static __always_inline void key_fill(struct work *w, const struct pair *pair, __be16 sport, __be16 dport,
				     __u8 proto)
{
	w->from_lo = pair_is_lo(&pair->src, sport, &pair->dst, dport);
	w->key.lo = w->from_lo ? pair->src : pair->dst;
	w->key.hi = w->from_lo ? pair->dst : pair->src;
	w->key.lo_port = w->from_lo ? sport : dport;
	w->key.hi_port = w->from_lo ? dport : sport;
	w->key.proto = proto;
	w->key.pad = 0;
	w->key.zone = 0;
}

static __always_inline struct seki_flow *flow_find(const struct seki_flow_key *key, bool *embryo)
{
	struct seki_flow *f = bpf_map_lookup_elem(&seki_flows, key);

	*embryo = false;
	if (f)
		return f;
	*embryo = true;
	return bpf_map_lookup_elem(&seki_embryos, key);
}

static __always_inline __u64 flow_id_next(void)
{
	__u32 zero = 0;
	__u64 *last = bpf_map_lookup_elem(&seki_ids, &zero);

	if (!last)
		return 0;
	return ++*last << 10 | (bpf_get_smp_processor_id() & 1023);
}

static __always_inline const struct seki_addr *flow_initiator(const struct seki_flow_key *key, __u32 flags)
{
	return flags & SEKI_FLOW_INIT_LO ? &key->lo : &key->hi;
}

/* The source prefix that shares a quota: /24, or /48. */
static __always_inline void quota_key(struct seki_addr *prefix, const struct seki_addr *a)
{
	*prefix = *a;
	if (addr_is4(a)) {
		prefix->b[15] = 0;
		return;
	}
	prefix->w[1] &= bpf_htonl(0xffff0000);
	prefix->w[2] = 0;
	prefix->w[3] = 0;
}

/* +1 or -1; the new count. */
static __always_inline __u32 quota_change(struct seki_addr *prefix, int delta)
{
	__u32 *count = bpf_map_lookup_elem(&seki_quota, prefix), one = 1;

	if (!count) {
		if (delta > 0)
			bpf_map_update_elem(&seki_quota, prefix, &one, BPF_NOEXIST);
		return 1;
	}
	if (delta < 0 && !*count)
		return 0;
	__sync_fetch_and_add(count, delta);
	return *count;
}

static __always_inline void flow_flag(struct seki_flow *f, __u32 flag)
{
	if ((f->flags & flag) != flag)
		__sync_fetch_and_or(&f->flags, flag);
}

static __always_inline void flow_unflag(struct seki_flow *f, __u32 flag)
{
	if (f->flags & flag)
		__sync_fetch_and_and(&f->flags, ~flag);
}

/* Who opened it? A SYN says; an answer says the reverse; in the middle the lower port is the server's. */
static __always_inline __u32 flow_guess_initiator(const struct work *w)
{
	bool sender = true, known = true;

	if (w->p.proto == IPPROTO_TCP) {
		if (w->p.tcp_flags & TCP_SYN) {
			sender = !(w->p.tcp_flags & TCP_ACK);
			known = sender || !w->ours; /* our own answer proves no question */
		} else {
			known = false;
			sender = bpf_ntohs(w->p.sport) >= bpf_ntohs(w->p.dport);
		}
	} else if (is_icmp(w)) {
		sender = w->p.icmp_type != 0 && w->p.icmp_type != 129;
		known = sender || !w->ours;
	}
	if (w->p.fragment)
		known = false;
	return (sender == w->from_lo ? SEKI_FLOW_INIT_LO : 0) | (known ? SEKI_FLOW_INIT_KNOWN : 0);
}

/* Token bucket of the sender: may this new flow be inspected (T4)? Milli-tokens; time in ms. */
static __always_inline bool source_admits(struct work *w, const struct seki_settings *s)
{
	struct seki_source *source = bpf_map_lookup_elem(&seki_sources, &w->p.ip.src);
	__u32 now = (__u32)(w->now_ns / 1000000), full = s->burst * 1000;
	__u64 tokens;

	if (!s->rate)
		return true;
	if (!source) {
		__builtin_memset(&w->source, 0, sizeof(w->source));
		w->source.tokens = full - 1000;
		w->source.stamp = now;
		bpf_map_update_elem(&seki_sources, &w->p.ip.src, &w->source, BPF_NOEXIST);
		return true;
	}
	tokens = source->tokens + (__u64)(now - source->stamp) * s->rate;
	if (tokens > full)
		tokens = full;
	source->stamp = now;
	if (tokens < 1000) {
		source->tokens = (__u32)tokens;
		return false;
	}
	source->tokens = (__u32)tokens - 1000;
	return true;
}

/*
 * How many embryos were made in this window of time and in the one before. An
 * LRU table tells nobody what it evicts; by this number one knows when a
 * young flow may be among it.
 */
struct churn {
	__u32 window, now, before;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct churn);
} seki_churn SEC(".maps");

#define CHURN_SECONDS 10u /* an answer that takes longer is nobody's any more */

/* Two CPUs that turn the window at once lose some of a count that is compared with half a table. */
static __always_inline void churn_turn(struct churn *c, __u32 now)
{
	__u32 window = now / CHURN_SECONDS;

	if (c->window == window)
		return;
	c->before = c->window + 1 == window ? c->now : 0;
	c->window = window;
	c->now = 0;
}

static __always_inline void churn_note(__u32 now)
{
	__u32 zero = 0;
	struct churn *c = bpf_map_lookup_elem(&seki_churn, &zero);

	if (!c)
		return;
	churn_turn(c, now);
	__sync_fetch_and_add(&c->now, 1);
}

/* May the embryo of a question that came a moment ago be gone? */
static __always_inline bool churn_is_high(__u32 now)
{
	__u32 zero = 0;
	struct churn *c = bpf_map_lookup_elem(&seki_churn, &zero);

	if (!c)
		return true;
	churn_turn(c, now);
	return c->now > EMBRYO_ENTRIES / 2 || c->before > EMBRYO_ENTRIES / 2;
}

/* A flow nobody knows yet goes to the embryos. Returns the row, NULL when even that failed. */
static __always_inline struct seki_flow *flow_create(struct work *w, const struct seki_settings *s,
						     bool admitted)
{
	__builtin_memset(&w->flow, 0, sizeof(w->flow));
	w->flow.id = flow_id_next();
	w->flow.flags = flow_guess_initiator(w);
	w->flow.state = admitted ? SEKI_FLOW_SUSPECT : SEKI_FLOW_UNINSPECTED;
	w->flow.first = w->now;
	w->flow.last = w->now;
	w->flow.ifindex = w->ifindex;
	churn_note(w->now);
	bpf_map_update_elem(&seki_embryos, &w->key, &w->flow, BPF_NOEXIST);
	return bpf_map_lookup_elem(&seki_embryos, &w->key);
}

/*
 * The flow has proven itself: from the embryos to the table that nothing
 * evicts. CLEAN, or the reason why it stays where it was.
 */
static __always_inline __u32 flow_promote(struct work *w, const struct seki_settings *s, struct seki_flow *f)
{
	quota_key(&w->address, flow_initiator(&w->key, f->flags));
	/* Signed: two CPUs that give back at once may leave less than nothing, which is not full. */
	if ((__s32)quota_change(&w->address, 1) > (__s32)s->quota && s->quota) {
		quota_change(&w->address, -1);
		return SEKI_R_FLOW_QUOTA;
	}
	if (bpf_map_update_elem(&seki_flows, &w->key, f, BPF_NOEXIST)) {
		quota_change(&w->address, -1);
		return bpf_map_lookup_elem(&seki_flows, &w->key) ? SEKI_R_CLEAN : SEKI_R_FLOW_TABLE_FULL;
	}
	bpf_map_delete_elem(&seki_embryos, &w->key);
	return SEKI_R_CLEAN;
}

/* Sequence numbers of our side, and the remote party's proof that it saw them (T1). Returns true when it has
 * just been given. */
static __always_inline bool flow_track_tcp(struct work *w, struct seki_flow *f)
{
	__u8 flags = w->p.tcp_flags;

	if (flags & TCP_FIN)
		flow_flag(f, w->from_lo ? SEKI_FLOW_FIN_LO : SEKI_FLOW_FIN_HI);
	if (flags & TCP_RST)
		flow_flag(f, SEKI_FLOW_RST);
	else if (w->p.payload) /* a flow that goes on was not reset, whatever somebody injected (T21) */
		flow_unflag(f, SEKI_FLOW_RST);
	if (w->ours) {
		__u32 end = w->p.seq + w->p.payload + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);

		if (flags & TCP_RST)
			return false;
		if (flags & TCP_SYN && f->iss != w->p.seq) {
			/* A new connection on old ports: neither the old proof nor the old numbers speak for
			 * it, else what lies between both numbers could be "acknowledged" blindly (T1). */
			flow_unflag(f, SEKI_FLOW_VALIDATED);
			f->iss = w->p.seq;
			f->snd_nxt = end;
		} else if (f->iss == f->snd_nxt) {
			f->iss = w->p.seq;
			f->snd_nxt = end;
		} else if ((__s32)(end - f->snd_nxt) > 0) {
			f->snd_nxt = end;
		}
		return false;
	}
	if (f->flags & SEKI_FLOW_VALIDATED || !(flags & TCP_ACK) || f->iss == f->snd_nxt)
		return false;
	if (w->p.ack - f->iss - 1 >= f->snd_nxt - f->iss)
		return false;
	flow_flag(f, SEKI_FLOW_VALIDATED);
	return true;
}

static __always_inline void flow_look_again(struct seki_flow *f, __u32 from)
{
	flow_unflag(f, SEKI_FLOW_LAST_SERVER);
	f->copied[0] = 0;
	f->copied[1] = 0;
	if (f->state == from)
		__sync_val_compare_and_swap(&f->state, from, SEKI_FLOW_SUSPECT);
}

/*
 * T5: after server data, client data begins a new transaction: depth counts
 * anew, a cleared flow is looked at again. Datagrams may never be answered
 * (syslog), so that without TCP every window of time begins one, too.
 */
static __always_inline void flow_rearm(struct work *w, struct seki_flow *f)
{
	if (!w->p.payload)
		return;
	if (w->now >= f->last + NARROW_IDLE)
		flow_unflag(f, SEKI_FLOW_NARROW);
	if (!w->from_initiator) {
		flow_flag(f, SEKI_FLOW_LAST_SERVER);
		return;
	}
	flow_flag(f, SEKI_FLOW_CLIENT_EVER);
	if (f->flags & SEKI_FLOW_LAST_SERVER ||
	    (w->p.proto != IPPROTO_TCP && w->now / DATAGRAM_WINDOW != f->last / DATAGRAM_WINDOW))
		flow_look_again(f, SEKI_FLOW_CLEARED);
}

/*
 * A SYN of a flow that has a row already: a connection begins anew on ports
 * that were used before, so what was said of the old one (cleared, sealed,
 * ended) does not hold for it. Who opened it is taken from the SYN only while
 * nothing is proven and our side has sent nothing: a stray SYN+ACK before the
 * SYN must not swap the parties, and a forged SYN not those of a living flow.
 * The row then gets a new id, since an engine may know it the wrong way round.
 */
static __always_inline void flow_restart(struct work *w, struct seki_flow *f, bool embryo)
{
	__u32 party = SEKI_FLOW_INIT_LO | SEKI_FLOW_INIT_KNOWN;
	__u32 opens = SEKI_FLOW_INIT_KNOWN | (w->from_lo ? SEKI_FLOW_INIT_LO : 0);

	if (w->p.proto != IPPROTO_TCP || w->p.fragment || (w->p.tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return;
	flow_look_again(f, SEKI_FLOW_CLEARED);
	flow_look_again(f, SEKI_FLOW_SEALED);
	flow_unflag(f, SEKI_FLOW_FIN_LO | SEKI_FLOW_FIN_HI | SEKI_FLOW_RST | SEKI_FLOW_TURN |
			       SEKI_FLOW_CLIENT_EVER | FLOW_INLINE | SEKI_FLOW_NARROW |
			       ~0u << SEKI_FLOW_MARKS);
	if (!embryo || (f->flags & party) == opens || f->iss != f->snd_nxt)
		return;
	flow_unflag(f, party | SEKI_FLOW_REPLIED | SEKI_FLOW_EGRESS_OK);
	flow_flag(f, opens);
	f->id = flow_id_next();
	for (int i = 0; i < 2; i++) {
		f->pkts[i] = 0;
		f->bytes[i] = 0;
	}
}

/* Something of it was not seen. A cut that user space makes at this moment must win. */
static __always_inline void flow_unvouch(struct seki_flow *f)
{
	__u32 state = f->state;

	if (state != SEKI_FLOW_BLOCKED)
		__sync_val_compare_and_swap(&f->state, state, SEKI_FLOW_UNINSPECTED);
}

/* Cut, and the cut has not ended? An ended one goes back to inspection, and what comes then was not dropped.
 */
static __always_inline bool flow_is_cut(struct work *w, struct seki_flow *f)
{
	if (f->state != SEKI_FLOW_BLOCKED)
		return false;
	if (w->now < f->blocked_until)
		return true;
	flow_unflag(f, FLOW_INLINE);
	__sync_val_compare_and_swap(&f->state, SEKI_FLOW_BLOCKED, SEKI_FLOW_SUSPECT);
	return false;
}

static __always_inline void flow_deliver(struct work *w, struct seki_flow *f, bool cut)
{
	__u32 dir = !w->from_initiator;

	if (cut) {
		__sync_fetch_and_add(&f->cut_pkts[dir & 1], 1);
		__sync_fetch_and_add(&f->cut_bytes[dir & 1], w->p.len);
	} else {
		__sync_fetch_and_add(&f->pkts[dir & 1], 1);
		__sync_fetch_and_add(&f->bytes[dir & 1], w->p.len);
	}
	f->last = w->now;
}

#endif
