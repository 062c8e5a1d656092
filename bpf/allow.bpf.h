/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * allow.bpf.h - own networks and the allow set: one trie. The allow set is
 * asked only after a list or auto-block hit: the same answer as "allow
 * first", and free for clean packets.
 */
#ifndef BPF_ALLOW_H
#define BPF_ALLOW_H

#include "decide.bpf.h"

static __always_inline struct seki_net *net_find(struct work *w, const struct seki_addr *a)
{
	w->lpm.prefixlen = 128;
	w->lpm.addr = *a;
	return bpf_map_lookup_elem(&seki_nets, &w->lpm);
}

static __always_inline bool allowed(struct work *w, const struct seki_addr *a, __be16 our_port)
{
	struct seki_net *net = net_find(w, a);

	if (!net)
		return false;
	for (__u32 i = 0; i < SEKI_MAX_SCOPES; i++) {
		const struct seki_scope *scope = &net->scope[i];

		if (i >= net->scopes)
			break;
		if ((!scope->ifindex || scope->ifindex == w->ifindex) &&
		    (!scope->proto || scope->proto == w->p.proto) &&
		    /* a later fragment has no ports, and without its first one no effect */
		    (!scope->port || scope->port == our_port || w->p.fragment == 2))
			return true;
	}
	return false;
}

static __always_inline __u32 net_flags(struct work *w, const struct seki_addr *a)
{
	struct seki_net *net = net_find(w, a);

	return net ? net->flags : 0;
}

/* Addresses that no packet from outside may carry as its source (T7; RFC 1122 3.2.1.3, RFC 4291 2.7). */
static __always_inline bool source_impossible(const struct work *w)
{
	const struct seki_addr *src = &w->p.ip.src;

	if (addr_is4(src)) {
		if (w->p.version == 6) /* v4-mapped: never on the wire, and the key of a v4 host here */
			return true;
		if (!src->w[3]) /* DHCP clients have no address yet */
			return !(w->p.proto == IPPROTO_UDP && w->p.dport == bpf_htons(67));
		return src->b[12] == 0 || src->b[12] == 127 || src->b[12] >= 224;
	}
	if (!src->w[0] && !src->w[1] && !src->w[2])
		return src->w[3] == bpf_htonl(1) ||
		       w->p.proto != IPPROTO_ICMPV6; /* ::1; "::" is for address detection */
	return src->b[0] == 0xff;
}

static __always_inline bool spoofed(struct work *w)
{
	if (w->role != SEKI_ROLE_WAN && w->role != SEKI_ROLE_HOST)
		return false;
	return source_impossible(w) || net_flags(w, &w->p.ip.src) & (SEKI_NET_OWN | SEKI_NET_DMZ);
}

#endif
