// SPDX-License-Identifier: GPL-2.0-only
/*
 * guard_table.c - the guard's table and the packets that it judges, read. Compiled for the kernel and for
 * user space.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <errno.h>
#endif

#include "guard_table.h"

#define ETHER_IP4    0x0800
#define ETHER_IP6    0x86dd
#define ETHER_8021Q  0x8100
#define ETHER_8021AD 0x88a8
#define ETHER_PPPOE  0x8864

#define NEXT_HOP	 0 /* IPv6 hop-by-hop options */
#define NEXT_IP4	 4
#define NEXT_TCP	 6
#define NEXT_UDP	 17
#define NEXT_IP6	 41
#define NEXT_ROUTING	 43
#define NEXT_FRAGMENT	 44
#define NEXT_GRE	 47
#define NEXT_AUTH	 51
#define NEXT_ICMP6	 58
#define NEXT_DESTINATION 60
#define NEXT_MOBILITY	 135
#define NEXT_SCTP	 132

#define MAPPED 0xffff00000000ull /* ::ffff:0:0, the lower half of a v4-mapped address */

struct sections {
	const struct seki_guard_range6 *rows6, *allow6;
	const struct seki_guard_range4 *rows4, *allow4;
	const struct seki_scope *scopes;
	__u64 size;
};

static struct sections sections_of(const struct seki_guard_head *head)
{
	struct sections out;
	const __u8 *at = (const __u8 *)(head + 1);

	out.rows6 = (const void *)at;
	at += (__u64)head->rows6 * sizeof(*out.rows6);
	out.allow6 = (const void *)at;
	at += (__u64)head->allow6 * sizeof(*out.allow6);
	out.rows4 = (const void *)at;
	at += (__u64)head->rows4 * sizeof(*out.rows4);
	out.allow4 = (const void *)at;
	at += (__u64)head->allow4 * sizeof(*out.allow4);
	out.scopes = (const void *)at;
	at += (__u64)head->scopes * sizeof(*out.scopes);
	out.size = (__u64)(at - (const __u8 *)head);
	return out;
}

static bool hit_sound(const struct seki_guard_hit *hit)
{
	const __u8 known = SEKI_ENTRY_SRC | SEKI_ENTRY_DST | SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW;

	return hit->flags && !(hit->flags & ~known) && hit->list < SEKI_MAX_LISTS && !hit->pad;
}

static bool scopes_sound(const struct seki_guard_scopes *scopes, __u32 count)
{
	return scopes->count >= 1 && scopes->count <= SEKI_MAX_SCOPES && scopes->first < count &&
	       scopes->count <= count - scopes->first;
}

static bool before6(__u64 hi, __u64 lo, __u64 than_hi, __u64 than_lo)
{
	return hi < than_hi || (hi == than_hi && lo < than_lo);
}

static bool ranges6_sound(const struct seki_guard_range6 *range, __u32 count, bool rows, __u32 scopes)
{
	__u32 i;

	for (i = 0; i < count; i++, range++) {
		if (before6(range->last_hi, range->last_lo, range->first_hi, range->first_lo))
			return false;
		if (i && !before6(range[-1].last_hi, range[-1].last_lo, range->first_hi, range->first_lo))
			return false;
		if (rows ? !hit_sound(&range->hit) : !scopes_sound(&range->scopes, scopes))
			return false;
	}
	return true;
}

static bool ranges4_sound(const struct seki_guard_range4 *range, __u32 count, bool rows, __u32 scopes)
{
	__u32 i;

	for (i = 0; i < count; i++, range++) {
		if (range->last < range->first || (i && range[-1].last >= range->first))
			return false;
		if (rows ? !hit_sound(&range->hit) : !scopes_sound(&range->scopes, scopes))
			return false;
	}
	return true;
}

int seki_guard_check(const void *table, __u32 len)
{
	const struct seki_guard_head *head = table;
	struct sections in;

	if (len < sizeof(*head) || head->magic != SEKI_GUARD_MAGIC || head->version != SEKI_GUARD_VERSION ||
	    head->size != len || head->pad || head->scopes > SEKI_GUARD_SCOPES)
		return -EINVAL;
	in = sections_of(head);
	if (in.size != len)
		return -EINVAL;
	if (!ranges6_sound(in.rows6, head->rows6, true, 0) ||
	    !ranges4_sound(in.rows4, head->rows4, true, 0) ||
	    !ranges6_sound(in.allow6, head->allow6, false, head->scopes) ||
	    !ranges4_sound(in.allow4, head->allow4, false, head->scopes))
		return -EINVAL;
	return 0;
}

/* The range that holds an address, or NULL. */
static const struct seki_guard_range4 *find4(const struct seki_guard_range4 *ranges, __u32 count, __u32 addr)
{
	__u32 low = 0, high = count;

	while (low < high) {
		__u32 middle = low + (high - low) / 2;

		if (ranges[middle].last < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && ranges[low].first <= addr ? &ranges[low] : NULL;
}

static const struct seki_guard_range6 *find6(const struct seki_guard_range6 *ranges, __u32 count, __u64 hi,
					     __u64 lo)
{
	__u32 low = 0, high = count;

	while (low < high) {
		__u32 middle = low + (high - low) / 2;

		if (before6(ranges[middle].last_hi, ranges[middle].last_lo, hi, lo))
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && !before6(hi, lo, ranges[low].first_hi, ranges[low].first_lo) ? &ranges[low]
											   : NULL;
}

static bool is_mapped(__u64 hi, __u64 lo)
{
	return !hi && lo >> 32 == 0xffff;
}

static const struct seki_guard_hit *hit_of(const struct seki_guard_head *head, const struct sections *in,
					   __u64 hi, __u64 lo)
{
	const struct seki_guard_range4 *four;
	const struct seki_guard_range6 *six;

	if (is_mapped(hi, lo)) {
		four = find4(in->rows4, head->rows4, (__u32)lo);
		return four ? &four->hit : NULL;
	}
	six = find6(in->rows6, head->rows6, hi, lo);
	return six ? &six->hit : NULL;
}

static const struct seki_guard_scopes *scopes_of(const struct seki_guard_head *head,
						 const struct sections *in, __u64 hi, __u64 lo)
{
	const struct seki_guard_range4 *four;
	const struct seki_guard_range6 *six;

	if (is_mapped(hi, lo)) {
		four = find4(in->allow4, head->allow4, (__u32)lo);
		return four ? &four->scopes : NULL;
	}
	six = find6(in->allow6, head->allow6, hi, lo);
	return six ? &six->scopes : NULL;
}

static __u16 be16_of(const void *at)
{
	const __u8 *b = at;

	return (__u16)(b[0] << 8 | b[1]);
}

static bool exempt(const struct seki_guard_head *head, const struct sections *in, __u64 hi, __u64 lo,
		   const struct seki_guard_packet *packet, __u16 our_port)
{
	const struct seki_guard_scopes *scopes = scopes_of(head, in, hi, lo);
	__u32 i;

	for (i = 0; scopes && i < scopes->count; i++) {
		const struct seki_scope *scope = &in->scopes[scopes->first + i];
		__u16 port = be16_of(&scope->port);

		if ((!scope->ifindex || scope->ifindex == packet->ifindex) &&
		    (!scope->proto || scope->proto == packet->proto) &&
		    (!port || port == our_port || !packet->has_ports))
			return true;
	}
	return false;
}

static enum seki_guard_answer judge_address(const struct seki_guard_head *head, const struct sections *in,
					    const struct seki_guard_packet *packet, __u64 hi, __u64 lo,
					    __u8 direction, __u32 now)
{
	const struct seki_guard_hit *hit = hit_of(head, in, hi, lo);

	if (!hit || !(hit->flags & direction) || hit->flags & (SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW) ||
	    (hit->expires && hit->expires <= now))
		return SEKI_GUARD_PASS;
	return exempt(head, in, hi, lo, packet, direction == SEKI_ENTRY_SRC ? packet->dport : packet->sport)
		       ? SEKI_GUARD_EXEMPT
		       : SEKI_GUARD_DROP;
}

enum seki_guard_answer seki_guard_judge(const void *table, const struct seki_guard_packet *packet, __u32 now)
{
	const struct seki_guard_head *head = table;
	enum seki_guard_answer answer = SEKI_GUARD_PASS, one;
	struct sections in = sections_of(head);
	__u32 i;

	for (i = 0; i < packet->pairs && i < SEKI_GUARD_HEADERS; i++) {
		const struct seki_guard_pair *pair = &packet->pair[i];

		one = judge_address(head, &in, packet, pair->src_hi, pair->src_lo, SEKI_ENTRY_SRC, now);
		if (one == SEKI_GUARD_DROP)
			return one;
		if (one == SEKI_GUARD_EXEMPT)
			answer = one;
		one = judge_address(head, &in, packet, pair->dst_hi, pair->dst_lo, SEKI_ENTRY_DST, now);
		if (one == SEKI_GUARD_DROP)
			return one;
		if (one == SEKI_GUARD_EXEMPT)
			answer = one;
	}
	return answer;
}

/* --- packets: check the length, then advance */

struct cursor {
	const __u8 *at;
	size_t left;
};

static const __u8 *take(struct cursor *c, size_t n)
{
	const __u8 *at = c->at;

	if (c->left < n)
		return NULL;
	c->at += n;
	c->left -= n;
	return at;
}

static __u32 be32_of(const __u8 *b)
{
	return (__u32)b[0] << 24 | (__u32)b[1] << 16 | (__u32)b[2] << 8 | b[3];
}

static __u64 be64_of(const __u8 *b)
{
	return (__u64)be32_of(b) << 32 | be32_of(b + 4);
}

/* Tags and PPPoE; the ethertype of what follows, 0: cut off. */
static __u16 parse_tags(struct cursor *c, __u16 ethertype, struct seki_guard_packet *packet)
{
	const __u8 *b;
	int i;

	for (i = 0; i < SEKI_MAX_VLAN && (ethertype == ETHER_8021Q || ethertype == ETHER_8021AD); i++) {
		b = take(c, 4);
		if (!b)
			return 0;
		if (!packet->vlan)
			packet->vlan = be16_of(b) & 0xfff;
		ethertype = be16_of(b + 2);
	}
	if (ethertype != ETHER_PPPOE)
		return ethertype;
	b = take(c, 8);
	if (!b)
		return 0;
	return be16_of(b + 6) == 0x0021 ? ETHER_IP4 : be16_of(b + 6) == 0x0057 ? ETHER_IP6 : 0;
}

/* One IP header: its addresses, and the protocol behind it; -1: cut off or no IP. */
struct header {
	struct seki_guard_pair pair;
	int proto;
	bool later; /* a fragment without the upper header */
	bool near;  /* hop limit 255 */
};

static bool parse_ip4(struct cursor *c, struct header *out)
{
	const __u8 *b = take(c, 20);
	__u32 options;

	if (!b || b[0] >> 4 != 4 || (b[0] & 15) < 5)
		return false;
	options = (b[0] & 15) * 4 - 20;
	out->pair.src_hi = 0;
	out->pair.dst_hi = 0;
	out->pair.src_lo = MAPPED | be32_of(b + 12);
	out->pair.dst_lo = MAPPED | be32_of(b + 16);
	out->proto = b[9];
	out->later = be16_of(b + 6) & 0x1fff;
	if (!take(c, options)) /* the addresses stand all the same */
		out->proto = -1;
	return true;
}

static bool is_extension(int next)
{
	return next == NEXT_HOP || next == NEXT_ROUTING || next == NEXT_FRAGMENT || next == NEXT_AUTH ||
	       next == NEXT_DESTINATION || next == NEXT_MOBILITY;
}

static bool parse_ip6(struct cursor *c, struct header *out)
{
	const __u8 *b = take(c, 40);
	int i, next;
	size_t len;

	if (!b || b[0] >> 4 != 6)
		return false;
	out->pair.src_hi = be64_of(b + 8);
	out->pair.src_lo = be64_of(b + 16);
	out->pair.dst_hi = be64_of(b + 24);
	out->pair.dst_lo = be64_of(b + 32);
	out->near = b[7] == 255;
	next = b[6];
	for (i = 0; i < SEKI_MAX_IP6_EXT && is_extension(next) && !out->later; i++) {
		b = take(c, 8);
		if (!b) {
			next = -1;
			break;
		}
		if (next == NEXT_FRAGMENT) {
			out->later = be16_of(b + 2) & 0xfff8;
			out->near = false; /* RFC 6980: neighbour discovery is never fragmented */
			len = 8;
		} else {
			len = next == NEXT_AUTH ? ((size_t)b[1] + 2) * 4 : ((size_t)b[1] + 1) * 8;
		}
		next = b[0];
		if (len > 8 && !take(c, len - 8)) {
			next = -1;
			break;
		}
	}
	out->proto = next;
	return true;
}

/* GRE (RFC 2784, 2890); the ethertype inside, 0: none that is followed. */
static __u16 parse_gre(struct cursor *c)
{
	const __u8 *b = take(c, 4);
	size_t more;

	if (!b || b[0] & 0x4f || b[1] & 7) /* routing and recursion are of RFC 1701, version 1 is PPTP's */
		return 0;
	more = (b[0] & 0x80 ? 4 : 0) + (b[0] & 0x20 ? 4 : 0) + (b[0] & 0x10 ? 4 : 0);
	return take(c, more) ? be16_of(b + 2) : 0;
}

/* Ports and neighbour discovery of the outer header. False: the packet is never judged. */
static bool parse_upper(struct cursor *c, const struct header *header, struct seki_guard_packet *packet)
{
	if (header->proto < 0)
		return true;
	packet->proto = (__u8)header->proto;
	if (header->later)
		return true;
	if (packet->proto == NEXT_ICMP6 && header->near && c->left >= 1 && c->at[0] >= 133 && c->at[0] <= 137)
		return false; /* RFC 4861: routers and neighbours are found whoever is listed */
	if ((packet->proto == NEXT_TCP || packet->proto == NEXT_UDP || packet->proto == NEXT_SCTP) &&
	    c->left >= 4) {
		packet->sport = be16_of(c->at);
		packet->dport = be16_of(c->at + 2);
		packet->has_ports = 1;
	}
	return true;
}

bool seki_guard_parse(const __u8 *data, size_t len, __u16 ethertype, struct seki_guard_packet *packet)
{
	struct cursor c = {.at = data, .left = len};

	packet->pairs = 0;
	packet->has_ports = 0;
	packet->proto = 0;
	packet->sport = 0;
	packet->dport = 0;
	ethertype = parse_tags(&c, ethertype, packet);
	while (packet->pairs < SEKI_GUARD_HEADERS) {
		struct header header = {.proto = -1};
		bool is4 = ethertype == ETHER_IP4;

		if ((!is4 && ethertype != ETHER_IP6) ||
		    !(is4 ? parse_ip4(&c, &header) : parse_ip6(&c, &header)))
			break;
		packet->pair[packet->pairs] = header.pair;
		packet->pairs++;
		if (packet->pairs == 1 && !parse_upper(&c, &header, packet)) {
			packet->pairs = 0;
			return true;
		}
		if (header.later)
			break;
		if (header.proto == NEXT_GRE)
			ethertype = parse_gre(&c);
		else
			ethertype = header.proto == NEXT_IP4   ? ETHER_IP4
				    : header.proto == NEXT_IP6 ? ETHER_IP6
							       : 0;
	}
	return packet->pairs > 0;
}
