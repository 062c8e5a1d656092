/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * egress.bpf.h - what a DMZ host may start (role dmz, on the interface that
 * receives from it) and what this machine may (role host, where it leaves).
 * Only originated flows count.
 */
#ifndef BPF_EGRESS_H
#define BPF_EGRESS_H

#include "origin.bpf.h"

/* Is the packet in hand one that the egress policy judges? Role dmz where it comes in, role host where it
 * leaves. */
static __always_inline bool egress_here(const struct work *w, const struct seki_settings *s)
{
	if (!seki_check_egress || !s->magic)
		return false;
	return w->egress ? w->role == SEKI_ROLE_HOST && s->egress_flags & SEKI_EGRESS_SELF
			 : w->role == SEKI_ROLE_DMZ;
}

/* A rule that was used, for people who ask which are not. */
static __always_inline void rule_used(__u32 rule, __u32 now)
{
	struct seki_egress_use *use = bpf_map_lookup_elem(&seki_egress_use, &rule);
	struct seki_egress_use fresh = {.flows = 1, .first = now, .last = now};

	if (!use) {
		bpf_map_update_elem(&seki_egress_use, &rule, &fresh, BPF_NOEXIST);
		return;
	}
	__sync_fetch_and_add(&use->flows, 1);
	use->last = now;
}

static __always_inline bool rule_holds(const struct seki_egress_rule *rule, __u32 now)
{
	return rule && (!rule->expires || now < rule->expires);
}

static __always_inline bool profile_permits(struct work *w, __u8 profile)
{
	const struct seki_egress_rule *rule;

	w->egress_key.prefixlen = SEKI_EGRESS_FIXED_BITS + 128;
	w->egress_key.profile = profile;
	w->egress_key.proto = w->p.proto;
	w->egress_key.port = is_icmp(w) ? 0 : w->p.dport;
	w->egress_key.dst = w->p.ip.dst;
	rule = bpf_map_lookup_elem(&seki_egress, &w->egress_key);
	if (!rule_holds(rule, w->now))
		return false;
	w->rule = rule->rule;
	return true;
}

/* Whose profile it is, and whether what goes against it is dropped. */
static __always_inline void egress_host(struct work *w, const struct seki_settings *s)
{
	const __u32 *row;

	if (w->egress) {
		w->profile = s->self_profile;
		w->host_monitor = !!(s->egress_flags & SEKI_EGRESS_SELF_MONITOR);
		return;
	}
	w->lpm.prefixlen = 128;
	w->lpm.addr = w->p.ip.src;
	row = bpf_map_lookup_elem(&seki_egress_host, &w->lpm);
	w->profile = row ? *row & SEKI_HOST_PROFILE : 0;
	w->host_monitor = row ? !!(*row & SEKI_HOST_MONITOR) : !!(s->egress_flags & SEKI_EGRESS_MONITOR);
}

/* The host's own profile, then what every DMZ host may. */
static __always_inline bool egress_permits(struct work *w, const struct seki_settings *s)
{
	egress_host(w, s);
	if (w->profile && profile_permits(w, w->profile))
		return true;
	return profile_permits(w, 0);
}

/* Multicast, broadcast, link-local and our own networks: nothing leaves. */
static __always_inline bool egress_stays_inside(struct work *w)
{
	const struct seki_addr *dst = &w->p.ip.dst;

	if (addr_is4(dst)) {
		if (dst->b[12] >= 224 || (dst->b[12] == 169 && dst->b[13] == 254))
			return true;
	} else if (dst->b[0] == 0xff || (dst->b[0] == 0xfe && (dst->b[1] & 0xc0) == 0x80)) {
		return true;
	}
	return net_flags(w, dst) & (SEKI_NET_OWN | SEKI_NET_DMZ);
}

static __always_inline void frag_fill(struct work *w)
{
	__builtin_memset(&w->frag_key, 0, sizeof(w->frag_key));
	w->frag_key.src = w->p.ip.src;
	w->frag_key.dst = w->p.ip.dst;
	w->frag_key.id = w->p.frag_id;
	w->frag_key.proto = w->p.proto;
}

/* A first fragment that passed lets its datagram's others follow. */
static __always_inline void egress_remember_fragment(struct work *w)
{
	__u8 yes = 1;

	if (w->p.fragment != 1)
		return;
	frag_fill(w);
	bpf_map_update_elem(&seki_frags, &w->frag_key, &yes, BPF_ANY);
}

/*
 * The flow that an ICMP error is about; NULL: none, or the error does not go
 * to who sent what it quotes, as a way out for anything would. Leaves w->key
 * to that flow.
 */
static __always_inline struct seki_flow *error_flow(struct work *w)
{
	bool embryo;

	if (!addr_equal(&w->p.ip.dst, &w->p.error.src))
		return NULL;
	key_fill(w, &w->p.error, w->p.error_sport, w->p.error_dport, w->p.error_proto);
	return flow_find(&w->key, &embryo);
}

/*
 * Neighbour discovery is free between neighbours. Towards an address that is
 * neither ours nor declared it would be routed on, and carry data out.
 */
static __always_inline bool neighbour_leaves(struct work *w)
{
	struct seki_net *net;

	if (w->role != SEKI_ROLE_DMZ || w->egress || egress_stays_inside(w))
		return false;
	net = net_find(w, &w->p.ip.dst); /* a gateway of a bridged DMZ is in the allow set */
	return !net || !net->scopes;
}

/* --- FTP: connections that another one announces */

static __always_inline bool is_syn(const struct work *w)
{
	return w->p.proto == IPPROTO_TCP && (w->p.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

#define FTP_PORT	 bpf_htons(21)
#define FTP_PAIR_SECONDS 600u /* so long after its last command a data connection may still come */

/* Ports of services are never announced (RFC 2577 section 3). */
static __always_inline bool ftp_pair_holds(const __u32 *second, __be16 port, __u32 now)
{
	return second && now - *second <= FTP_PAIR_SECONDS && bpf_ntohs(port) >= 1024;
}

/* These two have an FTP control connection, whoever opened it. */
static __always_inline void ftp_note(struct work *w)
{
	if (w->p.proto != IPPROTO_TCP || (w->p.dport != FTP_PORT && w->p.sport != FTP_PORT) ||
	    w->p.fragment == 2 || (!w->p.payload && !(w->p.tcp_flags & TCP_SYN)))
		return;
	w->pair.from = w->p.ip.src;
	w->pair.to = w->p.ip.dst;
	bpf_map_update_elem(&seki_ftp, &w->pair, &w->now, BPF_ANY);
	if (!w->egress)
		return;
	__builtin_memset(&w->pair.from, 0, sizeof(w->pair.from)); /* a socket has no address yet */
	bpf_map_update_elem(&seki_ftp, &w->pair, &w->now, BPF_ANY);
}

/* Was the flow announced? It takes the announcement, and keeps it for SYNs that are sent again. */
static __always_inline bool expected_takes(struct work *w)
{
	struct seki_expected taken = {.until = w->now + SEKI_EXPECT_SECONDS, .asked = w->now};
	const struct seki_expected *known = bpf_map_lookup_elem(&seki_expected, &w->key);
	const struct seki_expect *row;

	if (known && w->now < known->until)
		return true;
	__builtin_memset(&w->expect_key, 0, sizeof(w->expect_key));
	w->expect_key.src = w->p.ip.src;
	w->expect_key.dst = w->p.ip.dst;
	w->expect_key.dport = w->p.dport;
	row = bpf_map_lookup_elem(&seki_expect, &w->expect_key);
	if (!row || w->now >= row->until)
		return false;
	if (bpf_map_delete_elem(&seki_expect, &w->expect_key))
		return false; /* another CPU's packet has just taken it */
	bpf_map_update_elem(&seki_expected, &w->key, &taken, BPF_ANY);
	return true;
}

/*
 * The connection can come before the engine has read its announcement: while
 * an FTP connection is open between the two, a first SYN is dropped, and sent
 * again a second later. That is a finding when it then still was not
 * announced, or when it is not sent again and nothing announced it
 * (keeper_watch.c). In monitor mode the flow goes on meanwhile.
 */
static __always_inline bool expected_awaited(struct work *w)
{
	struct seki_expected fresh = {.asked = w->now};
	const struct seki_expected *known = bpf_map_lookup_elem(&seki_expected, &w->key);
	const __u32 *second;

	if (known)
		return !is_syn(w) && !known->until && w->now - known->asked < SEKI_AWAIT_SECONDS;
	if (!is_syn(w))
		return false;
	w->pair.from = w->p.ip.src;
	w->pair.to = w->p.ip.dst;
	second = bpf_map_lookup_elem(&seki_ftp, &w->pair);
	if (!ftp_pair_holds(second, w->p.dport, w->now))
		return false;
	bpf_map_update_elem(&seki_expected, &w->key, &fresh, BPF_ANY);
	return true;
}

/* --- a flow table that is under pressure */

/*
 * New flows of one of our hosts in this window. Beyond its share they pass by
 * their rule without a row, so that no host evicts what others have; they
 * are counted, since nobody then looks into them.
 */
struct begun {
	__u32 window, flows;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct seki_addr);
	__type(value, struct begun);
} seki_begun SEC(".maps");

static __always_inline bool begun_has_room(struct work *w)
{
	struct begun fresh = {.window = w->now / CHURN_SECONDS, .flows = 1};
	struct begun *b = bpf_map_lookup_elem(&seki_begun, &w->p.ip.src);

	if (!b) {
		bpf_map_update_elem(&seki_begun, &w->p.ip.src, &fresh, BPF_ANY);
		return true;
	}
	if (b->window != fresh.window) {
		b->window = fresh.window;
		b->flows = 0;
	}
	if (b->flows < EMBRYO_ENTRIES / 4) {
		__sync_fetch_and_add(&b->flows, 1);
		return true;
	}
	count_loss(SEKI_LOSS_UNTRACKED);
	return false;
}

/* What a service would answer to a question that is no longer known: dropped, and no proof that nobody asked.
 */
static __always_inline bool answer_untracked(struct work *w)
{
	if (w->p.proto != IPPROTO_UDP || bpf_ntohs(w->p.sport) >= bpf_ntohs(w->p.dport) ||
	    !churn_is_high(w->now))
		return false;
	count_loss(SEKI_LOSS_UNTRACKED);
	return true;
}

/* --- flows of the time before the shield */

/* Learnt while the grace lasts, up to its limit. Datagrams only where they look like a service's answers. */
static __always_inline bool grace_learns(struct work *w, const struct seki_settings *s)
{
	__u32 zero = 0, *count;

	if (w->now >= s->grace_until || is_syn(w) || is_icmp(w))
		return false;
	if (w->p.proto != IPPROTO_TCP &&
	    (w->p.proto != IPPROTO_UDP || bpf_ntohs(w->p.sport) >= bpf_ntohs(w->p.dport)))
		return false;
	count = bpf_map_lookup_elem(&seki_grace, &zero);
	if (!count)
		return false;
	if (*count >= s->grace_limit) {
		count_loss(SEKI_LOSS_GRACE_FULL);
		return false;
	}
	__sync_fetch_and_add(count, 1);
	return true;
}

/* It begins a flow: of what leaves, each one is told. */
static __always_inline void origin_mark(struct work *w, const struct seki_flow *f)
{
	w->origin = !f || is_syn(w);
	if (w->origin)
		rule_used(w->rule, w->now);
}

/* f: the packet's flow or NULL. Sets *permitted when the flow was originated here and may be. */
static __always_inline __u32 egress_check(struct work *w, const struct seki_settings *s, struct seki_flow *f,
					  bool *permitted)
{
	bool opens = true;

	if (w->p.fragment == 2) {
		frag_fill(w);
		if (bpf_map_lookup_elem(&seki_frags, &w->frag_key) || egress_stays_inside(w))
			return SEKI_R_CLEAN;
		egress_host(w, s);
		return SEKI_R_EGRESS_MIDSTREAM;
	}
	/* A SYN is no answer, whoever opened the flow: a knock from outside must not open the way out. */
	if (f && !is_syn(w)) {
		bool initiator = !!(f->flags & SEKI_FLOW_INIT_LO) == w->from_lo;

		if ((!initiator && f->flags & SEKI_FLOW_INIT_KNOWN) || f->flags & SEKI_FLOW_EGRESS_OK)
			return SEKI_R_CLEAN;
	}
	if (egress_stays_inside(w)) {
		*permitted = true;
		return SEKI_R_CLEAN;
	}
	if (egress_permits(w, s)) {
		*permitted = true;
		origin_mark(w, f);
		return SEKI_R_CLEAN;
	}
	if (w->p.proto == IPPROTO_TCP) {
		if (f && w->p.tcp_flags & TCP_RST && !w->p.payload)
			return SEKI_R_CLEAN; /* refuses what came in; of its own accord it carries numbers out
					      */
		if (expected_takes(w)) {
			*permitted = true;
			return SEKI_R_CLEAN;
		}
		if (expected_awaited(w))
			return SEKI_R_EGRESS_AWAITED;
		/* An answer to a SYN that nobody saw come in is midstream: else it would open a way out. */
		opens = is_syn(w);
	} else if (is_icmp(w)) {
		opens = w->p.icmp_type != 0 && w->p.icmp_type != 129;
	}
	if (grace_learns(w, s)) {
		*permitted = true; /* it was open before we came */
		return SEKI_R_CLEAN;
	}
	if (!f && answer_untracked(w))
		opens = false;
	return opens ? SEKI_R_EGRESS_DENIED : SEKI_R_EGRESS_MIDSTREAM;
}

/* What our side may not send: dropped or not, counted, told. True: drop. */
static __always_inline bool egress_sentence(struct work *w, const struct seki_settings *s, __u32 reason)
{
	__u8 mode = w->mode;
	bool drop;

	if (w->host_monitor)
		w->mode = SEKI_MODE_MONITOR;
	drop = decide(w, s, reason);
	if (reason != SEKI_R_EGRESS_AWAITED)
		decision_tell(w, s);
	if (reason == SEKI_R_EGRESS_DENIED || (reason == SEKI_R_EGRESS_AWAITED && is_syn(w)))
		origin_tell(w, s); /* user space waits for the announcement of the latter */
	w->mode = mode;
	return drop;
}

/* Role host: a datagram from outside, so that the socket hooks know an answer to it. */
static __always_inline void heard_note(struct work *w)
{
	if (w->p.proto != IPPROTO_UDP || w->p.fragment == 2)
		return;
	__builtin_memset(&w->heard_key, 0, sizeof(w->heard_key));
	w->heard_key.remote = w->p.ip.src;
	w->heard_key.remote_port = w->p.sport;
	w->heard_key.local_port = w->p.dport;
	bpf_map_update_elem(&seki_heard, &w->heard_key, &w->now, BPF_ANY);
}

#endif
