// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet.c - frame bytes to struct packet: link headers, tags, IP with
 * options and extension headers, tunnels, ports. One function per layer.
 */
#include "packet_check.h"

#include <netinet/in.h>
#include <string.h>

#define ETHERTYPE_IPV4	   0x0800
#define ETHERTYPE_IPV6	   0x86dd
#define ETHERTYPE_VLAN	   0x8100
#define ETHERTYPE_QINQ	   0x88a8
#define ETHERTYPE_QINQ_OLD 0x9100
#define ETHERTYPE_PPPOE	   0x8864
#define ETHERTYPE_NSH	   0x894f
#define ETHERTYPE_MPLS	   0x8847
#define ETHERTYPE_MPLS_UP  0x8848 /* upstream-assigned */
#define ETHERTYPE_ERSPAN                                                                                     \
	0x88be /* GRE: a mirrored Ethernet frame, behind 8 bytes when sequence numbers are on */
#define ETHERTYPE_BRIDGED 0x6558 /* GRE: an Ethernet frame follows */
#define ETHERTYPE_PPP	  0x880b /* GRE version 1 */

#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057

#define PORT_VXLAN  4789
#define PORT_GENEVE 6081

#define IPPROTO_AH_ 51
#define IP4_MF	    0x2000
#define IP4_OFFSET  0x1fff

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4

struct cursor {
	const uint8_t *p;
	size_t len;
	uint8_t follow; /* tunnels to follow; at the next one the packet stays what it is */
};

static enum seki_reason decode_ip4(struct cursor c, struct packet *out);
static enum seki_reason decode_ip6(struct cursor c, struct packet *out);
static enum seki_reason decode_ether(struct cursor c, struct packet *out);
static enum seki_reason decode_ppp(struct cursor c, struct packet *out);

static enum seki_reason refuse(struct packet *out, enum app_event event, enum seki_reason why)
{
	event_list_add(&out->events, event);
	return why;
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct cursor cursor_skip(struct cursor c, size_t n)
{
	return (struct cursor){c.p + n, c.len - n, c.follow};
}

static struct span span_of(const uint8_t *data, size_t len)
{
	return (struct span){data, (uint32_t)len};
}

static void addr_from4(struct seki_addr *addr, const uint8_t *p)
{
	memset(addr->b, 0, 10);
	addr->b[10] = addr->b[11] = 0xff;
	memcpy(addr->b + 12, p, 4);
}

/* --- tunnels */

/* A fault of the header inside a tunnel is told apart from the same fault outside. */
static enum seki_reason tunnel_reason(enum seki_reason inner)
{
	switch (inner) {
	case SEKI_R_IP4_BAD:
	case SEKI_R_IP6_BAD:
	case SEKI_R_FRAME_SHORT:
	case SEKI_R_PPPOE_BAD:
		return SEKI_R_TUNNEL_BAD;
	default:
		return inner;
	}
}

/* outer_truncated: then the inner header is cut as well, which is not its fault. */
static enum seki_reason decode_inner(struct cursor c, struct packet *out,
				     enum seki_reason (*decode)(struct cursor c, struct packet *out))
{
	enum seki_reason reason;
	bool outer_truncated = out->truncated;

	if (out->tunnels == c.follow)
		return SEKI_R_CLEAN;
	if (out->tunnels == SEKI_MAX_TUNNEL)
		return SEKI_R_TUNNEL_DEPTH;
	out->tunnels++;
	reason = decode(c, out);
	if (outer_truncated && out->truncated && (reason == SEKI_R_IP4_BAD || reason == SEKI_R_IP6_BAD))
		return SEKI_R_CLEAN;
	return tunnel_reason(reason);
}

/* A frame in a tunnel need not hold IP; then the packet stays the outer one. */
static enum seki_reason decode_framed(struct cursor c, struct packet *out,
				      enum seki_reason (*decode)(struct cursor c, struct packet *out))
{
	struct packet outer = *out;
	enum seki_reason reason = decode_inner(c, out, decode);

	if (reason == SEKI_R_NON_IP) {
		*out = outer;
		return SEKI_R_CLEAN;
	}
	return reason;
}

static enum seki_reason decode_gre(struct cursor c, struct packet *out)
{
	uint16_t flags, type;
	size_t len = 4;
	unsigned int version;

	if (c.len < 4)
		return refuse(out, EVENT_DECODER_GRE_PKT_TOO_SMALL, SEKI_R_L4_SHORT);
	flags = get16(c.p);
	type = get16(c.p + 2);
	version = flags & 7;
	if (version > 1)
		return refuse(out, EVENT_DECODER_GRE_WRONG_VERSION, SEKI_R_CLEAN);
	if (flags & 0x8000 || flags & 0x4000) /* checksum or (RFC 1701) routing */
		len += 4;
	if (flags & 0x2000)
		len += 4;
	if (flags & 0x1000)
		len += 4;
	if (version == 1 && flags & 0x0080)
		len += 4;
	if (c.len < len)
		return refuse(out,
			      version ? EVENT_DECODER_GRE_VERSION1_HDR_TOO_BIG
				      : EVENT_DECODER_GRE_VERSION0_HDR_TOO_BIG,
			      SEKI_R_TUNNEL_BAD);
	out->l4_header = span_of(c.p, len);
	c = cursor_skip(c, len);
	out->payload = span_of(c.p, c.len);
	if (flags & 0x4000) /* source routes: nobody sends them, and no stack follows them */
		return SEKI_R_TUNNEL_BAD;
	switch (type) {
	case ETHERTYPE_IPV4:
		return decode_inner(c, out, decode_ip4);
	case ETHERTYPE_IPV6:
		return decode_inner(c, out, decode_ip6);
	case ETHERTYPE_BRIDGED:
		return decode_framed(c, out, decode_ether);
	case ETHERTYPE_ERSPAN:
		if (flags & 0x1000 && c.len < 8)
			return refuse(out, EVENT_DECODER_ERSPAN_HEADER_TOO_SMALL, SEKI_R_TUNNEL_BAD);
		return decode_framed(flags & 0x1000 ? cursor_skip(c, 8) : c, out, decode_ether);
	case ETHERTYPE_PPP:
		return decode_framed(c, out, decode_ppp);
	default:
		return SEKI_R_CLEAN;
	}
}

/* Any UDP may go to these ports: what does not decode as the tunnel stays UDP. */
static enum seki_reason or_plain_udp(enum seki_reason reason, const struct packet *outer, struct packet *out)
{
	if (reason != SEKI_R_TUNNEL_BAD)
		return reason;
	*out = *outer;
	return SEKI_R_CLEAN;
}

static enum seki_reason decode_vxlan(struct cursor c, struct packet *out)
{
	struct packet outer = *out;

	if (c.len < 8 + 14 || c.p[0] != 0x08 || c.p[1] || c.p[2] || c.p[3] || c.p[7])
		return SEKI_R_CLEAN;
	return or_plain_udp(decode_framed(cursor_skip(c, 8), out, decode_ether), &outer, out);
}

static enum seki_reason decode_geneve(struct cursor c, struct packet *out)
{
	struct packet outer = *out;
	size_t len;
	enum seki_reason reason;

	if (c.len < 8 || c.p[0] >> 6 || c.p[1] & 0x3f || c.p[7])
		return SEKI_R_CLEAN;
	len = 8 + (size_t)(c.p[0] & 0x3f) * 4;
	if (len > c.len)
		return SEKI_R_CLEAN;
	switch (get16(c.p + 2)) {
	case ETHERTYPE_BRIDGED:
		reason = decode_framed(cursor_skip(c, len), out, decode_ether);
		break;
	case ETHERTYPE_IPV4:
		reason = decode_inner(cursor_skip(c, len), out, decode_ip4);
		break;
	case ETHERTYPE_IPV6:
		reason = decode_inner(cursor_skip(c, len), out, decode_ip6);
		break;
	default:
		return SEKI_R_CLEAN;
	}
	return or_plain_udp(reason, &outer, out);
}

/* --- transport */

static void decode_tcp_options(const uint8_t *p, size_t len, struct packet *out)
{
	while (len) {
		size_t option_len;

		if (p[0] == 0)
			return;
		if (p[0] == 1) {
			p++;
			len--;
			continue;
		}
		if (len < 2 || p[1] < 2 || p[1] > len)
			return;
		option_len = p[1];
		if (p[0] == 8 && option_len == 10) {
			out->has_timestamp = true;
			out->tsval = get32(p + 2);
			out->tsecr = get32(p + 6);
		}
		p += option_len;
		len -= option_len;
	}
}

static enum seki_reason check_land(const struct packet *out)
{
	if (out->src_port == out->dst_port && !memcmp(&out->src, &out->dst, sizeof(out->src)))
		return SEKI_R_LAND;
	return SEKI_R_CLEAN;
}

static enum seki_reason decode_tcp(struct cursor c, struct packet *out)
{
	size_t header_len;
	uint8_t flags;

	if (c.len < 20)
		return refuse(out, EVENT_DECODER_TCP_PKT_TOO_SMALL, SEKI_R_L4_SHORT);
	header_len = (size_t)(c.p[12] >> 4) * 4;
	if (header_len < 20)
		return refuse(out, EVENT_DECODER_TCP_INVALID_OPTLEN, SEKI_R_L4_SHORT);
	if (header_len > c.len)
		return refuse(out, EVENT_DECODER_TCP_HLEN_TOO_SMALL, SEKI_R_L4_SHORT);
	out->src_port = get16(c.p);
	out->dst_port = get16(c.p + 2);
	out->seq = get32(c.p + 4);
	out->ack = get32(c.p + 8);
	out->tcp_flags = flags = c.p[13];
	out->window = get16(c.p + 14);
	out->l4_header = span_of(c.p, header_len);
	decode_tcp_options(c.p + 20, header_len - 20, out);
	packet_check_tcp_options(&out->events, c.p + 20, header_len - 20);
	c = cursor_skip(c, header_len);
	out->payload = span_of(c.p, c.len);
	/* Without FIN, SYN, RST and ACK no stack would take it; FIN, PSH and URG alone are scans that rules
	 * look at. */
	if (flags & TCP_SYN && flags & TCP_FIN)
		event_list_add(&out->events, EVENT_STREAM_FIN_SYN);
	if ((flags & TCP_SYN && flags & (TCP_FIN | TCP_RST)) || !(flags & 0x3f))
		return SEKI_R_TCP_FLAGS;
	return check_land(out);
}

static enum seki_reason decode_udp(struct cursor c, struct packet *out)
{
	size_t udp_len;
	enum seki_reason reason;

	if (c.len < 8)
		return refuse(out, EVENT_DECODER_UDP_HLEN_TOO_SMALL, SEKI_R_L4_SHORT);
	udp_len = get16(c.p + 4);
	if (udp_len > c.len && !out->truncated)
		return refuse(out, EVENT_DECODER_UDP_PKT_TOO_SMALL, SEKI_R_L4_SHORT);
	if (udp_len < 8)
		return refuse(out, EVENT_DECODER_UDP_LEN_INVALID, SEKI_R_L4_SHORT);
	if (udp_len > c.len)
		udp_len = c.len;
	out->src_port = get16(c.p);
	out->dst_port = get16(c.p + 2);
	out->l4_header = span_of(c.p, 8);
	c.len = udp_len;
	c = cursor_skip(c, 8);
	out->payload = span_of(c.p, c.len);
	reason = check_land(out);
	if (reason != SEKI_R_CLEAN)
		return reason;
	if (out->dst_port == PORT_VXLAN)
		return decode_vxlan(c, out);
	if (out->dst_port == PORT_GENEVE)
		return decode_geneve(c, out);
	return SEKI_R_CLEAN;
}

static enum seki_reason decode_icmp(struct cursor c, struct packet *out)
{
	if (c.len < 8)
		return refuse(out,
			      out->ip_version == 4 ? EVENT_DECODER_ICMPV4_PKT_TOO_SMALL
						   : EVENT_DECODER_ICMPV6_PKT_TOO_SMALL,
			      SEKI_R_L4_SHORT);
	out->icmp_type = c.p[0];
	out->icmp_code = c.p[1];
	out->icmp_id = get16(c.p + 4);
	out->icmp_seq = get16(c.p + 6);
	out->l4_header = span_of(c.p, 8);
	out->payload = span_of(c.p + 8, c.len - 8);
	packet_check_icmp(out);
	return SEKI_R_CLEAN;
}

static enum seki_reason decode_sctp(struct cursor c, struct packet *out)
{
	if (c.len < 12)
		return refuse(out, EVENT_DECODER_SCTP_PKT_TOO_SMALL, SEKI_R_L4_SHORT);
	out->src_port = get16(c.p);
	out->dst_port = get16(c.p + 2);
	out->l4_header = span_of(c.p, 12);
	out->payload = span_of(c.p + 12, c.len - 12);
	return SEKI_R_CLEAN;
}

static enum seki_reason decode_l4(struct cursor c, struct packet *out)
{
	out->ip_payload = out->payload = span_of(c.p, c.len);
	out->l4_header = span_of(c.p, 0);
	switch (out->proto) {
	case IPPROTO_TCP:
		return decode_tcp(c, out);
	case IPPROTO_UDP:
		return decode_udp(c, out);
	case IPPROTO_ICMP:
		return out->ip_version == 4 ? decode_icmp(c, out)
					    : refuse(out, EVENT_DECODER_IPV6_ICMPV4, SEKI_R_CLEAN);
	case IPPROTO_ICMPV6:
		return out->ip_version == 6 ? decode_icmp(c, out)
					    : refuse(out, EVENT_DECODER_IPV4_ICMPV6, SEKI_R_CLEAN);
	case IPPROTO_SCTP:
		return decode_sctp(c, out);
	case IPPROTO_GRE:
		return decode_gre(c, out);
	case IPPROTO_IPIP:
		return decode_inner(c, out, decode_ip4);
	case IPPROTO_IPV6:
		return decode_inner(c, out, decode_ip6);
	case IPPROTO_NONE:
		return out->ip_version == 6 && c.len
			       ? refuse(out, EVENT_DECODER_IPV6_DATA_AFTER_NONE_HEADER, SEKI_R_CLEAN)
			       : SEKI_R_CLEAN;
	case IPPROTO_ESP:
		return c.len < 8 ? refuse(out, EVENT_DECODER_ESP_PKT_TOO_SMALL, SEKI_R_CLEAN) : SEKI_R_CLEAN;
	default:
		return out->ip_version == 6
			       ? refuse(out, EVENT_DECODER_IPV6_UNKNOWN_NEXT_HEADER, SEKI_R_CLEAN)
			       : SEKI_R_CLEAN;
	}
}

/* --- fragments */

/* Bytes of the transport header that the first fragment must hold, else filters cannot judge it (RFC 1858,
 * 7112). */
static size_t first_fragment_min(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	default:
		return 0;
	}
}

static enum seki_reason decode_fragment(struct cursor c, struct packet *out)
{
	out->fragment = true;
	out->ip_payload = out->payload = span_of(c.p, c.len);
	out->l4_header = span_of(c.p, 0);
	if (!c.len || out->fragment_offset + c.len > 65535)
		return SEKI_R_FRAGMENT_BAD;
	if (out->truncated)
		return SEKI_R_CLEAN;
	if (out->more_fragments && c.len % 8)
		return SEKI_R_FRAGMENT_BAD;
	if (!out->fragment_offset && c.len < first_fragment_min(out->proto))
		return SEKI_R_FRAGMENT_BAD;
	if (out->proto == IPPROTO_TCP && out->fragment_offset && out->fragment_offset < 20)
		return SEKI_R_FRAGMENT_BAD;
	return SEKI_R_CLEAN;
}

/* --- network */

static void reset_inner(struct packet *out)
{
	out->src_port = out->dst_port = 0;
	out->fragment = out->more_fragments = out->truncated = false;
	out->fragment_offset = out->fragment_id = 0;
	out->l4_header = out->payload = out->ip_payload = (struct span){NULL, 0};
}

/* Truncation is the reason only when nothing worse was found behind it. */
static enum seki_reason or_truncated(enum seki_reason reason, bool truncated, enum seki_reason why)
{
	return reason == SEKI_R_CLEAN && truncated ? why : reason;
}

static enum seki_reason decode_ip4(struct cursor c, struct packet *out)
{
	size_t header_len, total_len;
	uint16_t frag;
	bool truncated;
	enum seki_reason reason;

	if (c.len < 20)
		return refuse(out, EVENT_DECODER_IPV4_PKT_TOO_SMALL, SEKI_R_IP4_BAD);
	if (c.p[0] >> 4 != 4)
		return refuse(out, EVENT_DECODER_IPV4_WRONG_IP_VERSION, SEKI_R_IP4_BAD);
	header_len = (size_t)(c.p[0] & 15) * 4;
	total_len = get16(c.p + 2);
	if (header_len < 20)
		return refuse(out, EVENT_DECODER_IPV4_HLEN_TOO_SMALL, SEKI_R_IP4_BAD);
	if (total_len < header_len)
		return refuse(out, EVENT_DECODER_IPV4_IPLEN_SMALLER_THAN_HLEN, SEKI_R_IP4_BAD);
	if (total_len > c.len)
		event_list_add(&out->events, EVENT_DECODER_IPV4_TRUNC_PKT);
	if (header_len > c.len)
		return SEKI_R_IP4_BAD;
	reset_inner(out);
	out->ip_version = 4;
	out->tos = c.p[1];
	out->ip_id = get16(c.p + 4);
	frag = get16(c.p + 6);
	out->ttl = c.p[8];
	out->proto = c.p[9];
	addr_from4(&out->src, c.p + 12);
	addr_from4(&out->dst, c.p + 16);
	out->ip_header = span_of(c.p, header_len);
	packet_check_ip4_options(&out->events, c.p + 20, header_len - 20);
	truncated = out->truncated = total_len > c.len;
	if (!truncated)
		c.len = total_len;
	c = cursor_skip(c, header_len);
	out->more_fragments = frag & IP4_MF;
	out->fragment_offset = (uint32_t)(frag & IP4_OFFSET) * 8;
	out->fragment_id = out->ip_id;
	if (frag & (IP4_MF | IP4_OFFSET))
		reason = decode_fragment(c, out);
	else
		reason = decode_l4(c, out);
	return or_truncated(reason, truncated, SEKI_R_IP4_BAD);
}

/* Walks the extension headers; *c stands behind the last one. Stops at a fragment header that really
 * fragments. */
static enum seki_reason skip_extensions(struct cursor *c, struct packet *out)
{
	struct packet_extensions seen = {};

	for (unsigned int count = 0;; count++) {
		size_t len;

		switch (out->proto) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case 135: /* mobility */
		case 139: /* host identity */
		case 140: /* SHIM6 */
		case IPPROTO_AH_:
			if (c->len < 8)
				return refuse(out, EVENT_DECODER_IPV6_TRUNC_EXTHDR, SEKI_R_IP6_BAD);
			len = out->proto == IPPROTO_AH_ ? ((size_t)c->p[1] + 2) * 4
							: ((size_t)c->p[1] + 1) * 8;
			break;
		case IPPROTO_FRAGMENT:
			if (c->len < 8)
				return refuse(out, EVENT_DECODER_IPV6_TRUNC_EXTHDR, SEKI_R_IP6_BAD);
			len = 8;
			out->fragment_offset = get16(c->p + 2) & 0xfff8;
			out->more_fragments = c->p[3] & 1;
			out->fragment_id = get32(c->p + 4);
			break;
		default:
			/* Extension headers that announce more, and nothing comes. */
			if (count && c->len < 2 && out->proto != IPPROTO_NONE)
				event_list_add(&out->events, EVENT_DECODER_IPV6_TRUNC_EXTHDR);
			return SEKI_R_CLEAN;
		}
		if (count == SEKI_MAX_IP6_EXT)
			return SEKI_R_IP6_EXT_DEPTH;
		if (len > c->len)
			return refuse(out, EVENT_DECODER_IPV6_TRUNC_EXTHDR, SEKI_R_IP6_BAD);
		packet_check_extension(&out->events, &seen, out->proto, c->p, len, c->len);
		/* An atomic fragment (RFC 6946) is a whole packet. */
		out->fragment =
			out->proto == IPPROTO_FRAGMENT && (out->fragment_offset || out->more_fragments);
		out->proto = c->p[0];
		*c = cursor_skip(*c, len);
		if (out->fragment)
			return SEKI_R_CLEAN;
	}
}

static enum seki_reason decode_ip6(struct cursor c, struct packet *out)
{
	const uint8_t *start = c.p;
	size_t payload_len;
	bool truncated;
	enum seki_reason reason;

	if (c.len < 40)
		return refuse(out, EVENT_DECODER_IPV6_PKT_TOO_SMALL, SEKI_R_IP6_BAD);
	if (c.p[0] >> 4 != 6)
		return refuse(out, EVENT_DECODER_IPV6_WRONG_IP_VERSION, SEKI_R_IP6_BAD);
	payload_len = get16(c.p + 4);
	if (payload_len > c.len - 40)
		event_list_add(&out->events, EVENT_DECODER_IPV6_TRUNC_PKT);
	reset_inner(out);
	out->ip_version = 6;
	out->tos = (uint8_t)(get16(c.p) >> 4);
	out->ip_id = 0;
	out->proto = c.p[6];
	out->ttl = c.p[7];
	memcpy(out->src.b, c.p + 8, 16);
	memcpy(out->dst.b, c.p + 24, 16);
	out->ip_header = span_of(start, 40);
	c = cursor_skip(c, 40);
	truncated = out->truncated = payload_len > c.len;
	if (!truncated)
		c.len = payload_len;
	reason = skip_extensions(&c, out);
	if (reason != SEKI_R_CLEAN)
		return reason;
	out->ip_header = span_of(start, (size_t)(c.p - start));
	reason = out->fragment ? decode_fragment(c, out) : decode_l4(c, out);
	return or_truncated(reason, truncated, SEKI_R_IP6_BAD);
}

static enum seki_reason decode_ip(struct cursor c, struct packet *out)
{
	if (!c.len)
		return SEKI_R_FRAME_SHORT;
	return c.p[0] >> 4 == 6 ? decode_ip6(c, out) : decode_ip4(c, out);
}

/* --- link */

/* Address and control may be left out, and the protocol be compressed to one byte, which is odd (RFC 1661,
 * 1662). */
static enum seki_reason decode_ppp(struct cursor c, struct packet *out)
{
	uint16_t protocol;

	if (c.len >= 2 && c.p[0] == 0xff && c.p[1] == 3)
		c = cursor_skip(c, 2);
	if (c.len < 2)
		return refuse(out, EVENT_DECODER_PPP_PKT_TOO_SMALL, SEKI_R_FRAME_SHORT);
	protocol = c.p[0] & 1 ? c.p[0] : get16(c.p);
	c = cursor_skip(c, c.p[0] & 1 ? 1 : 2);
	switch (protocol) {
	case PPP_IPV4:
		return decode_ip4(c, out);
	case PPP_IPV6:
		return decode_ip6(c, out);
	default:
		return SEKI_R_NON_IP;
	}
}

static enum seki_reason decode_pppoe(struct cursor c, struct packet *out)
{
	size_t len;

	if (c.len < 8)
		return refuse(out, EVENT_DECODER_PPPOE_PKT_TOO_SMALL, SEKI_R_PPPOE_BAD);
	if (c.p[0] != 0x11 || c.p[1])
		return refuse(out, EVENT_DECODER_PPPOE_WRONG_CODE, SEKI_R_PPPOE_BAD);
	len = get16(c.p + 4);
	c = cursor_skip(c, 6);
	if (len < 2 || len > c.len)
		return SEKI_R_PPPOE_BAD;
	c.len = len;
	return decode_ppp(c, out);
}

/* RFC 8300: a service path header in front of what was in the frame. */
static enum seki_reason decode_nsh(struct cursor c, struct packet *out)
{
	size_t len;

	if (c.len < 8)
		return refuse(out, EVENT_DECODER_NSH_HEADER_TOO_SMALL, SEKI_R_FRAME_SHORT);
	len = (size_t)(c.p[1] & 0x3f) * 4;
	if (c.p[0] >> 6)
		return refuse(out, EVENT_DECODER_NSH_UNSUPPORTED_VERSION, SEKI_R_NON_IP);
	if (len < 8 || len >= c.len || ((c.p[2] & 15) == 1 && len != 24))
		return refuse(out, EVENT_DECODER_NSH_BAD_HEADER_LENGTH, SEKI_R_NON_IP);
	if (!(c.p[2] & 15) || (c.p[2] & 15) == 15)
		return refuse(out, EVENT_DECODER_NSH_RESERVED_TYPE, SEKI_R_NON_IP);
	if ((c.p[2] & 15) > 2)
		return refuse(out, EVENT_DECODER_NSH_UNSUPPORTED_TYPE, SEKI_R_NON_IP);
	switch (c.p[3]) {
	case 1:
		return decode_ip4(cursor_skip(c, len), out);
	case 2:
		return decode_ip6(cursor_skip(c, len), out);
	case 3:
		return decode_framed(cursor_skip(c, len), out, decode_ether);
	default:
		return refuse(out, EVENT_DECODER_NSH_UNKNOWN_PAYLOAD, SEKI_R_NON_IP);
	}
}

static enum seki_reason decode_ethertype(uint16_t type, struct cursor c, struct packet *out);

/*
 * RFC 3032: labels until the bottom of the stack; RFC 4385: a nibble of zero behind it begins the control
 * word of a pseudowire, whose Ethernet frame is taken for this one.
 */
static enum seki_reason decode_mpls(struct cursor c, struct packet *out)
{
	uint32_t entry;

	do {
		if (c.len < 4)
			return refuse(out, EVENT_DECODER_MPLS_HEADER_TOO_SMALL, SEKI_R_FRAME_SHORT);
		entry = get32(c.p);
		c = cursor_skip(c, 4);
	} while (!(entry & 0x100));
	if (!c.len)
		return refuse(out, EVENT_DECODER_MPLS_PKT_TOO_SMALL, SEKI_R_FRAME_SHORT);
	switch (entry >> 12) {
	case 0:
		return decode_ip4(c, out);
	case 1:
		return refuse(out, EVENT_DECODER_MPLS_BAD_LABEL_ROUTER_ALERT, SEKI_R_NON_IP);
	case 2:
		return decode_ip6(c, out);
	case 3:
		return refuse(out, EVENT_DECODER_MPLS_BAD_LABEL_IMPLICIT_NULL, SEKI_R_NON_IP);
	}
	if (entry >> 12 < 16)
		return refuse(out, EVENT_DECODER_MPLS_BAD_LABEL_RESERVED, SEKI_R_NON_IP);
	switch (c.p[0] >> 4) {
	case 0:
		if (c.len < 18)
			return SEKI_R_FRAME_SHORT;
		/* Labels do not nest in such a frame but behind a VLAN tag, of which a packet has few. */
		entry = get16(c.p + 16);
		return entry == ETHERTYPE_MPLS || entry == ETHERTYPE_MPLS_UP
			       ? SEKI_R_NON_IP
			       : decode_ethertype((uint16_t)entry, cursor_skip(c, 18), out);
	case 4:
		return decode_ip4(c, out);
	case 6:
		return decode_ip6(c, out);
	default:
		return refuse(out, EVENT_DECODER_MPLS_UNKNOWN_PAYLOAD_TYPE, SEKI_R_NON_IP);
	}
}

static enum seki_reason decode_ethertype(uint16_t type, struct cursor c, struct packet *out)
{
	for (;;) {
		switch (type) {
		case ETHERTYPE_IPV4:
			return decode_ip4(c, out);
		case ETHERTYPE_IPV6:
			return decode_ip6(c, out);
		case ETHERTYPE_PPPOE:
			return decode_pppoe(c, out);
		case ETHERTYPE_NSH:
			return decode_nsh(c, out);
		case ETHERTYPE_MPLS:
		case ETHERTYPE_MPLS_UP:
			return decode_mpls(c, out);
		case ETHERTYPE_VLAN:
		case ETHERTYPE_QINQ:
		case ETHERTYPE_QINQ_OLD:
			if (out->vlan_count == SEKI_MAX_VLAN)
				return refuse(out, EVENT_DECODER_VLAN_TOO_MANY_LAYERS, SEKI_R_VLAN_DEPTH);
			if (c.len < 4)
				return refuse(out, EVENT_DECODER_VLAN_HEADER_TOO_SMALL, SEKI_R_FRAME_SHORT);
			out->vlan[out->vlan_count++] = get16(c.p) & 0x0fff;
			type = get16(c.p + 2);
			c = cursor_skip(c, 4);
			break;
		default:
			return SEKI_R_NON_IP;
		}
	}
}

static enum seki_reason decode_ether(struct cursor c, struct packet *out)
{
	if (c.len < 14)
		return refuse(out, EVENT_DECODER_ETHERNET_PKT_TOO_SMALL, SEKI_R_FRAME_SHORT);
	return decode_ethertype(get16(c.p + 12), cursor_skip(c, 14), out);
}

/* The address family is in the byte order of the machine that captured; its number for IPv6 differs by
 * system. */
static enum seki_reason decode_null(struct cursor c, struct packet *out)
{
	uint32_t family;

	if (c.len < 4)
		return refuse(out, EVENT_DECODER_LTNULL_PKT_TOO_SMALL, SEKI_R_FRAME_SHORT);
	family = get32(c.p);
	if (family & 0xffff0000)
		family = __builtin_bswap32(family);
	c = cursor_skip(c, 4);
	switch (family) {
	case 2:
		return decode_ip4(c, out);
	case 10:
	case 23:
	case 24:
	case 28:
	case 30:
		return decode_ip6(c, out);
	default:
		return refuse(out, EVENT_DECODER_LTNULL_UNSUPPORTED_TYPE, SEKI_R_NON_IP);
	}
}

static enum seki_reason decode_cooked(struct cursor c, size_t header_len, size_t type_offset,
				      struct packet *out)
{
	if (c.len < header_len)
		return refuse(out,
			      header_len == 16 ? EVENT_DECODER_SLL_PKT_TOO_SMALL
					       : EVENT_DECODER_SLL2_PKT_TOO_SMALL,
			      SEKI_R_FRAME_SHORT);
	return decode_ethertype(get16(c.p + type_offset), cursor_skip(c, header_len), out);
}

/* Cisco HDLC: address, control, and an Ethernet type. */
static enum seki_reason decode_chdlc(struct cursor c, struct packet *out)
{
	if (c.len < 4)
		return refuse(out, EVENT_DECODER_CHDLC_PKT_TOO_SMALL, SEKI_R_FRAME_SHORT);
	return decode_ethertype(get16(c.p + 2), cursor_skip(c, 4), out);
}

static enum seki_reason decode_link(enum link_type link, struct cursor c, struct packet *out)
{
	switch (link) {
	case LINK_ETHERNET:
		return decode_ether(c, out);
	case LINK_NULL:
		return decode_null(c, out);
	case LINK_RAW_12:
	case LINK_RAW:
		return decode_ip(c, out);
	case LINK_IPV4:
		return decode_ip4(c, out);
	case LINK_IPV6:
		return decode_ip6(c, out);
	case LINK_PPP:
		return decode_ppp(c, out);
	case LINK_CHDLC:
		return decode_chdlc(c, out);
	case LINK_SLL:
		return decode_cooked(c, 16, 14, out);
	case LINK_SLL2:
		return decode_cooked(c, 20, 0, out);
	}
	return SEKI_R_NON_IP;
}

enum seki_reason packet_decode_layer(enum link_type link, const uint8_t *frame, size_t len,
				     unsigned int tunnels, struct packet *out)
{
	struct cursor c = {frame, len, (uint8_t)(tunnels > SEKI_MAX_TUNNEL ? SEKI_MAX_TUNNEL + 1 : tunnels)};

	memset(out, 0, sizeof(*out));
	out->frame = span_of(frame, len);
	return decode_link(link, c, out);
}

enum seki_reason packet_decode(enum link_type link, const uint8_t *frame, size_t len, struct packet *out)
{
	return packet_decode_layer(link, frame, len, SEKI_MAX_TUNNEL + 1, out);
}

enum seki_reason packet_decode_ip(const uint8_t *ip, size_t len, struct packet *out)
{
	return packet_decode(LINK_RAW, ip, len, out);
}

bool packet_fast_open(const struct packet *packet)
{
	const uint8_t *p = packet->l4_header.data + 20, *end = packet->l4_header.data + packet->l4_header.len;

	while (p < end && *p) {
		if (*p == 1) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return false;
		if (*p == 34 || ((*p == 253 || *p == 254) && p[1] >= 4 && p[2] == 0xf9 && p[3] == 0x89))
			return true;
		p += p[1];
	}
	return false;
}
