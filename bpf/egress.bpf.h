/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * egress.bpf.h - what a DMZ host may start (role dmz, on the interface that
 * receives from it). Only originated flows count.
 */
#ifndef BPF_EGRESS_H
#define BPF_EGRESS_H

#include "flow.bpf.h"

static __always_inline bool profile_permits(struct work *w, __u8 profile)
{
	w->egress_key.prefixlen = SEKI_EGRESS_FIXED_BITS + 128;
	w->egress_key.profile = profile;
	w->egress_key.proto = w->p.proto;
	w->egress_key.port = is_icmp(w) ? 0 : w->p.dport;
	w->egress_key.dst = w->p.ip.dst;
	return bpf_map_lookup_elem(&seki_egress, &w->egress_key) != NULL;
}

/* The host's own profile, then what every DMZ host may. */
static __always_inline bool egress_permits(struct work *w)
{
	__u32 *profile;

	w->lpm.prefixlen = 128;
	w->lpm.addr = w->p.ip.src;
	profile = bpf_map_lookup_elem(&seki_egress_host, &w->lpm);
	if (profile && *profile && profile_permits(w, (__u8)*profile))
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

/* f: the packet's flow or NULL. Sets *permitted when the flow was originated here and may be. */
static __always_inline __u32 egress_check(struct work *w, const struct seki_settings *s, struct seki_flow *f,
					  bool *permitted)
{
	bool opens = true;

	if (w->p.fragment == 2) {
		frag_fill(w);
		return bpf_map_lookup_elem(&seki_frags, &w->frag_key) || egress_stays_inside(w)
			       ? SEKI_R_CLEAN
			       : SEKI_R_EGRESS_MIDSTREAM;
	}
	/* A SYN is no answer, whoever opened the flow: a knock from outside must not open the way out. */
	if (f && !(w->p.proto == IPPROTO_TCP && (w->p.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)) {
		bool initiator = !!(f->flags & SEKI_FLOW_INIT_LO) == w->from_lo;

		if ((!initiator && f->flags & SEKI_FLOW_INIT_KNOWN) || f->flags & SEKI_FLOW_EGRESS_OK)
			return SEKI_R_CLEAN;
	}
	if (egress_stays_inside(w) || egress_permits(w)) {
		*permitted = true;
		return SEKI_R_CLEAN;
	}
	if (w->p.proto == IPPROTO_TCP) {
		if (f && w->p.tcp_flags & TCP_RST && !w->p.payload)
			return SEKI_R_CLEAN; /* refuses what came in; of its own accord it carries numbers out
					      */
		/* An answer to a SYN that nobody saw come in is midstream: else it would open a way out. */
		opens = (w->p.tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	} else if (is_icmp(w)) {
		opens = w->p.icmp_type != 0 && w->p.icmp_type != 129;
	}
	if (opens)
		return SEKI_R_EGRESS_DENIED;
	if (w->now < s->grace_until) {
		*permitted = true; /* it was open before we came: learnt */
		return SEKI_R_CLEAN;
	}
	return SEKI_R_EGRESS_MIDSTREAM;
}

#endif
