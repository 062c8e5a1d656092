/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * parse.bpf.h - the frame's headers: link, VLAN, PPPoE, IP, extension
 * headers, tunnels, transport. Works on the copied head only, so one parser
 * serves XDP, multi-buffer XDP and tc. Check the length, then advance.
 */
#ifndef BPF_PARSE_H
#define BPF_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>

#include "config.bpf.h"

#define ETH_P_PPP_SESSION 0x8864
#define PPP_IP		  0x0021
#define PPP_IPV6	  0x0057
#define IPPROTO_ICMPV6	  58
#define GRE_CSUM	  0x8000
#define GRE_ROUTING	  0x4000
#define GRE_KEY		  0x2000
#define GRE_SEQ		  0x1000
#define GRE_TEB		  0x6558
#define GRE_WCCP	  0x883e

#define TUNNEL_END -1

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_ACK 16

/* n header bytes at offset, or NULL when the head does not hold them. */
static __always_inline void *head_at(struct work *w, __u64 offset, const __u32 n)
{
	barrier_var(offset); /* the very register that was compared must be the one that is added */
	if (offset > HEAD_MAX - n || offset + n > w->head_len)
		return NULL;
	barrier_var(offset);
	return w->head + offset;
}

/* 1..max, in a form that Linux 6.1's verifier understands as a bound for load helpers. */
static __always_inline bool length_bounded(__u32 *length, const __u32 max)
{
	__u32 less = *length - 1;

	barrier_var(less);
	if (less >= max)
		return false;
	*length = less + 1;
	barrier_var(*length);
	return true;
}

static __always_inline __u16 head_be16(const __u8 *b)
{
	return (__u16)(b[0] << 8 | b[1]);
}

static __always_inline __u32 head_be32(const __u8 *b)
{
	return (__u32)b[0] << 24 | (__u32)b[1] << 16 | (__u32)b[2] << 8 | b[3];
}

static __always_inline void addr_from4(struct seki_addr *to, const __u8 *from)
{
	to->w[0] = 0;
	to->w[1] = 0;
	to->w[2] = bpf_htonl(0xffff);
	__builtin_memcpy(&to->w[3], from, 4);
}

static __always_inline bool addr_is4(const struct seki_addr *a)
{
	return !a->w[0] && !a->w[1] && a->w[2] == bpf_htonl(0xffff);
}

static __always_inline bool addr_equal(const struct seki_addr *a, const struct seki_addr *b)
{
	return a->w[0] == b->w[0] && a->w[1] == b->w[1] && a->w[2] == b->w[2] && a->w[3] == b->w[3];
}

/* Link header to *ethertype, p->next_offset behind it. */
static __always_inline enum seki_reason parse_link(struct work *w, __u16 *ethertype)
{
	__u32 at = 12;
	__u8 *b = head_at(w, 0, ETH_HLEN);
	__u16 type;

	if (!b)
		return SEKI_R_FRAME_SHORT;
	type = head_be16(b + 12);
	for (int tag = 0; tag <= SEKI_MAX_VLAN; tag++) {
		if (type != ETH_P_8021Q && type != ETH_P_8021AD && type != 0x9100)
			break;
		if (tag == SEKI_MAX_VLAN)
			return SEKI_R_VLAN_DEPTH;
		b = head_at(w, at + 2, 4);
		if (!b)
			return SEKI_R_FRAME_SHORT;
		if (!tag && !w->p.vlan) /* tc: the device took the outermost tag off already */
			w->p.vlan = head_be16(b) & 0xfff;
		type = head_be16(b + 2);
		at += 4;
	}
	at += 2;
	if (type == ETH_P_PPP_SESSION) {
		b = head_at(w, at, 8);
		if (!b || b[0] != 0x11 || b[1] || head_be16(b + 4) < 2 ||
		    head_be16(b + 4) + at + 6 > w->p.len)
			return SEKI_R_PPPOE_BAD;
		/* RFC 1661 6.5: an odd first byte is a protocol field compressed to one byte, which Linux
		 * takes. */
		type = b[6] & 1 ? b[6] : head_be16(b + 6);
		at += b[6] & 1 ? 7 : 8;
		type = type == PPP_IP ? ETH_P_IP : type == PPP_IPV6 ? ETH_P_IPV6 : 0;
	}
	w->p.next_offset = at;
	*ethertype = type;
	return SEKI_R_CLEAN;
}

/* RFC 791. Fills addresses, *proto, next_offset, ip_len, fragment fields. */
static __always_inline enum seki_reason parse_ip4(struct work *w, struct pair *pair, __u8 *proto)
{
	__u32 at = w->p.next_offset, room, header, total;
	__u8 *b = head_at(w, at, 20);
	__u16 frag;

	if (!b)
		return SEKI_R_IP4_BAD;
	addr_from4(&pair->src, b + 12);
	addr_from4(&pair->dst, b + 16);
	w->p.has_addresses = 1;
	room = w->p.len - at;
	header = (b[0] & 15) * 4;
	total = head_be16(b + 2);
	if (w->p.gso) /* BIG TCP writes 0 here; the stack made it, its length is the skb's */
		total = room;
	if (b[0] >> 4 != 4 || header < 20 || total < header || (total > room && !w->p.cut))
		return SEKI_R_IP4_BAD;
	w->p.hops = b[8];
	*proto = b[9];
	w->p.ip_len = total;
	w->p.next_offset = at + header;
	w->p.fragment = 0;
	frag = head_be16(b + 6);
	if (frag & 0x3fff) {
		__u32 offset = (frag & 0x1fff) * 8;

		w->p.frag_id = (__be32)head_be16(b + 4);
		w->p.fragment = offset ? 2 : 1;
		if (offset + total - header > 65535 - header || (frag & 0x2000 && (total - header) & 7) ||
		    total == header)
			return SEKI_R_FRAGMENT_BAD;
		if (offset == 8 && *proto == IPPROTO_TCP) /* RFC 3128: overwrites the TCP flags */
			return SEKI_R_FRAGMENT_BAD;
	}
	return SEKI_R_CLEAN;
}

/*
 * RFC 8200 chain of extension headers from w->p.next_proto on, up to frame
 * offset end; stops at the first that is none. Global, so that the verifier
 * walks its loop once and not once per tunnel level.
 */
__noinline int seki_parse_ip6_extensions(struct work *w, __u32 end)
{
	__u32 at;
	__u8 next;

	if (!w)
		return SEKI_R_IP6_BAD;
	at = w->p.next_offset;
	next = w->p.next_proto;

	for (int i = 0; i <= SEKI_MAX_IP6_EXT; i++) {
		__u32 length;
		__u8 *b;

		if (next != 0 && next != 43 && next != 44 && next != 51 && next != 60 && next != 135 &&
		    next != 139 && next != 140)
			break;
		if (i == SEKI_MAX_IP6_EXT)
			return SEKI_R_IP6_EXT_DEPTH;
		b = head_at(w, at, 8);
		if (!b) /* cut off, or beyond the head that the parser follows */
			return at + 8 > w->p.len ? SEKI_R_IP6_BAD : SEKI_R_IP6_EXT_DEPTH;
		length = next == 44 ? 8 : next == 51 ? (b[1] + 2u) * 4 : (b[1] + 1u) * 8;
		if (at + length > end)
			return SEKI_R_IP6_BAD;
		if (next == 44) {
			__u32 offset = head_be16(b + 2) & 0xfff8, rest = end - at - 8;
			bool more = b[3] & 1;

			if (w->p.fragment) /* a fragment of a fragment: no stack sends it */
				return SEKI_R_FRAGMENT_BAD;
			w->p.frag_id = (__be32)head_be32(b + 4);
			w->p.fragment = offset ? 2
					: more ? 1
					       : 0; /* RFC 6946: an atomic fragment is no fragment */
			if (offset + rest > 65535 || (more && rest & 7) || !rest)
				return SEKI_R_FRAGMENT_BAD;
			if (offset == 8 && b[0] == IPPROTO_TCP) /* as in parse_ip4() */
				return SEKI_R_FRAGMENT_BAD;
		}
		next = b[0];
		at += length;
		if (w->p.fragment == 2)
			break;
	}
	w->p.next_offset = at;
	w->p.next_proto = next;
	return SEKI_R_CLEAN;
}

static __always_inline enum seki_reason parse_ip6(struct work *w, struct pair *pair, __u8 *proto)
{
	__u32 at = w->p.next_offset, payload, reason;
	__u8 *b = head_at(w, at, 40);

	if (!b)
		return SEKI_R_IP6_BAD;
	__builtin_memcpy(&pair->src, b + 8, 16);
	__builtin_memcpy(&pair->dst, b + 24, 16);
	w->p.has_addresses = 1;
	payload = head_be16(b + 4);
	if (w->p.gso)
		payload = w->p.len - at - 40;
	if (b[0] >> 4 != 6 || (payload + 40 > w->p.len - at && !w->p.cut) || (!payload && b[6] != 59))
		return SEKI_R_IP6_BAD;
	w->p.hops = b[7];
	w->p.next_proto = b[6];
	w->p.ip_len = payload + 40;
	w->p.next_offset = at + 40;
	w->p.fragment = 0;
	reason = seki_parse_ip6_extensions(w, at + 40 + payload);
	*proto = w->p.next_proto;
	return reason;
}

/* GRE (RFC 2784, 2890): *ethertype of what it carries, 0 for what we do not follow. */
static __always_inline enum seki_reason parse_gre(struct work *w, __u16 *ethertype)
{
	__u32 at = w->p.next_offset;
	__u8 *b = head_at(w, at, 4);
	__u16 flags;

	*ethertype = 0;
	if (!b)
		return SEKI_R_TUNNEL_BAD;
	flags = head_be16(b);
	if (flags & 7 || flags & GRE_ROUTING) /* PPTP's version 1 and source routes carry nothing we follow */
		return SEKI_R_CLEAN;
	*ethertype = head_be16(b + 2);
	at += 4 + (flags & GRE_CSUM ? 4 : 0) + (flags & GRE_KEY ? 4 : 0) + (flags & GRE_SEQ ? 4 : 0);
	if (*ethertype == GRE_TEB) {
		b = head_at(w, at, ETH_HLEN);
		if (!b)
			return SEKI_R_TUNNEL_BAD;
		*ethertype = head_be16(b + 12);
		at += ETH_HLEN;
		for (int tag = 0; tag < 2 && (*ethertype == ETH_P_8021Q || *ethertype == ETH_P_8021AD);
		     tag++) {
			b = head_at(w, at, 4);
			if (!b)
				return SEKI_R_TUNNEL_BAD;
			*ethertype = head_be16(b + 2);
			at += 4;
		}
		if (*ethertype == ETH_P_8021Q || *ethertype == ETH_P_8021AD)
			return SEKI_R_TUNNEL_DEPTH;
	}
	if (*ethertype == GRE_WCCP &&
	    !flags) { /* IPv4, behind a redirect header in version 2; Linux takes both */
		b = head_at(w, at, 1);
		if (!b)
			return SEKI_R_TUNNEL_BAD;
		*ethertype = ETH_P_IP;
		at += b[0] >> 4 == 4 ? 0 : 4;
	}
	w->p.next_offset = at;
	return SEKI_R_CLEAN;
}

/*
 * One level of tunnel: is w->p.next_proto one? Then the addresses inside.
 * SEKI_R_CLEAN: go on with the next level; TUNNEL_END: nothing more inside;
 * else the fault.
 */
__noinline int seki_parse_tunnel(struct work *w, __u32 depth)
{
	struct pair *pair;
	__u32 reason;
	__u16 ethertype;
	__u8 proto;

	if (!w)
		return SEKI_R_TUNNEL_BAD;
	proto = w->p.next_proto;
	if (proto == IPPROTO_GRE) {
		reason = parse_gre(w, &ethertype);
		if (reason != SEKI_R_CLEAN)
			return (int)reason;
	} else {
		ethertype = proto == IPPROTO_IPIP ? ETH_P_IP : proto == IPPROTO_IPV6 ? ETH_P_IPV6 : 0;
	}
	if (ethertype != ETH_P_IP && ethertype != ETH_P_IPV6)
		return TUNNEL_END;
	if (depth >= SEKI_MAX_TUNNEL)
		return SEKI_R_TUNNEL_DEPTH;
	if (w->p.fragment) /* a first fragment: what is inside may promise more than is here */
		w->p.cut = 1;
	pair = depth ? &w->p.inner[1] : &w->p.inner[0];
	reason = ethertype == ETH_P_IP ? parse_ip4(w, pair, &proto) : parse_ip6(w, pair, &proto);
	w->p.inners = depth + 1;
	w->p.next_proto = proto;
	if (reason != SEKI_R_CLEAN)
		return SEKI_R_TUNNEL_BAD;
	return w->p.fragment == 2 ? TUNNEL_END : SEKI_R_CLEAN;
}

/* Addresses inside of tunnels, so that a listed source cannot hide there. The outer header stays the flow's.
 */
static __always_inline enum seki_reason parse_tunnels(struct work *w)
{
	int what;

	w->p.next_proto = w->p.proto;
	w->p.next_offset = w->p.l4_offset;
	what = seki_parse_tunnel(w, 0);
	if (what == SEKI_R_CLEAN)
		what = seki_parse_tunnel(w, 1);
	if (what == SEKI_R_CLEAN)
		what = seki_parse_tunnel(w, 2);
	return what == TUNNEL_END ? SEKI_R_CLEAN : what;
}

/* Each ICMP belongs to its own IP version; in the other its number is just a protocol. */
static __always_inline bool is_icmp(const struct work *w)
{
	return w->p.proto == (w->p.version == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

/* The packet that an ICMP error quotes: whose flow it is about. Missing bytes just leave it unknown. */
static __always_inline void parse_icmp_error(struct work *w, __u32 at, bool v6)
{
	__u8 *b;

	if (v6) {
		b = head_at(w, at, 48);
		if (!b)
			return;
		__builtin_memcpy(&w->p.error.src, b + 8, 16);
		__builtin_memcpy(&w->p.error.dst, b + 24, 16);
		w->p.error_proto = b[6];
		b += 40;
	} else {
		b = head_at(w, at, 28);
		if (!b || (b[0] & 15) != 5)
			return;
		addr_from4(&w->p.error.src, b + 12);
		addr_from4(&w->p.error.dst, b + 16);
		w->p.error_proto = b[9];
		b += 20;
	}
	w->p.error_sport = *(__be16 *)b;
	w->p.error_dport = *(__be16 *)(b + 2);
}

static __always_inline enum seki_reason parse_icmp(struct work *w, __u32 room)
{
	__u32 at = w->p.l4_offset;
	__u8 *b = head_at(w, at, 8);
	bool v6 = w->p.proto == IPPROTO_ICMPV6;

	if (!b || room < 8)
		return SEKI_R_L4_SHORT;
	w->p.icmp_type = b[0];
	w->p.payload = room - 8;
	if (v6 ? (b[0] == 128 || b[0] == 129) : (b[0] == 8 || b[0] == 0)) {
		w->p.sport = *(__be16 *)(b + 4); /* echo: the identifier stands for both ports */
		w->p.dport = w->p.sport;
	}
	if (v6 ? (b[0] >= 1 && b[0] <= 4)
	       : (b[0] == 3 || b[0] == 4 || b[0] == 5 || b[0] == 11 || b[0] == 12)) {
		w->p.is_icmp_error = 1;
		parse_icmp_error(w, at + 8, v6);
	}
	return SEKI_R_CLEAN;
}

static __always_inline enum seki_reason parse_tcp(struct work *w, __u32 room)
{
	__u8 *b = head_at(w, w->p.l4_offset, 20);
	__u32 header;
	__u8 flags;

	if (!b || room < 20)
		return SEKI_R_L4_SHORT;
	header = (b[12] >> 4) * 4;
	if (header < 20 || header > room)
		return SEKI_R_L4_SHORT;
	w->p.sport = *(__be16 *)b;
	w->p.dport = *(__be16 *)(b + 2);
	w->p.seq = head_be32(b + 4);
	w->p.ack = head_be32(b + 8);
	flags = b[13] & 63;
	w->p.tcp_flags = flags;
	w->p.payload = room - header;
	if (!flags || (flags & TCP_SYN && flags & (TCP_FIN | TCP_RST)))
		return SEKI_R_TCP_FLAGS;
	return SEKI_R_CLEAN;
}

static __always_inline enum seki_reason parse_udp(struct work *w, __u32 room)
{
	__u8 *b = head_at(w, w->p.l4_offset, 8);
	__u32 length;

	if (!b || room < 8)
		return SEKI_R_L4_SHORT;
	length = head_be16(b + 4);
	w->p.sport = *(__be16 *)b;
	w->p.dport = *(__be16 *)(b + 2);
	w->p.payload = room - 8;
	if (w->p.gso || w->p.fragment ||
	    w->p.proto == IPPROTO_UDPLITE) /* RFC 3828: what the checksum covers */
		return SEKI_R_CLEAN;
	if (length < 8 || length > room)
		return SEKI_R_L4_SHORT;
	w->p.payload = length - 8;
	return SEKI_R_CLEAN;
}

static __always_inline enum seki_reason parse_transport(struct work *w)
{
	__u32 used = w->p.l4_offset - w->p.l3_offset, room;
	enum seki_reason reason = SEKI_R_CLEAN;

	if (w->p.fragment == 2) {
		w->p.payload = w->p.ip_len > used ? w->p.ip_len - used : 0;
		return SEKI_R_CLEAN;
	}
	if (w->p.ip_len < used)
		return SEKI_R_L4_SHORT;
	room = w->p.ip_len - used;
	switch (w->p.proto) {
	case IPPROTO_TCP:
		reason = parse_tcp(w, room);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		reason = parse_udp(w, room);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (is_icmp(w)) {
			reason = parse_icmp(w, room);
			break;
		}
		__attribute__((fallthrough));
	default:
		w->p.payload = room;
		return SEKI_R_CLEAN;
	}
	/* A first fragment that does not hold the transport header hides it in a later one. */
	if (reason == SEKI_R_L4_SHORT && w->p.fragment)
		return SEKI_R_FRAGMENT_BAD;
	if (reason == SEKI_R_CLEAN && w->p.sport == w->p.dport && w->p.proto != IPPROTO_ICMP &&
	    w->p.proto != IPPROTO_ICMPV6 && addr_equal(&w->p.ip.src, &w->p.ip.dst))
		return SEKI_R_LAND;
	return reason;
}

/*
 * w->head, head_len, p.len and p.gso are set; fills the rest of w->p.
 * CLEAN, NON_IP, NEIGHBOUR, or the reason why the frame cannot be understood.
 */
__noinline int seki_parse(struct work *w)
{
	__u32 reason, outer_len;
	__u16 ethertype = 0;
	__u8 proto = 0, outer_fragment;

	if (!w)
		return SEKI_R_FRAME_SHORT;
	reason = parse_link(w, &ethertype);
	if (reason != SEKI_R_CLEAN)
		return reason;
	w->p.l3_offset = w->p.next_offset;
	if (ethertype == ETH_P_IP)
		reason = parse_ip4(w, &w->p.ip, &proto);
	else if (ethertype == ETH_P_IPV6)
		reason = parse_ip6(w, &w->p.ip, &proto);
	else
		return SEKI_R_NON_IP;
	w->p.version = ethertype == ETH_P_IP ? 4 : 6;
	w->p.proto = proto;
	w->p.l4_offset = w->p.next_offset;
	if (reason != SEKI_R_CLEAN)
		return reason;
	reason = parse_transport(w);
	if (reason != SEKI_R_CLEAN)
		return reason;
	/* RFC 4861 7.1: what crossed a router is no neighbour discovery, and its receiver ignores it. */
	if (proto == IPPROTO_ICMPV6 && is_icmp(w) && !w->p.fragment && w->p.icmp_type >= 133 &&
	    w->p.icmp_type <= 137 && w->p.hops == 255)
		return SEKI_R_NEIGHBOUR;
	if (w->p.fragment == 2 || (proto != IPPROTO_GRE && proto != IPPROTO_IPIP && proto != IPPROTO_IPV6))
		return SEKI_R_CLEAN;
	outer_len = w->p.ip_len;
	outer_fragment = w->p.fragment;
	reason = parse_tunnels(w);
	w->p.ip_len = outer_len;
	w->p.fragment = outer_fragment;
	return reason;
}

#endif
