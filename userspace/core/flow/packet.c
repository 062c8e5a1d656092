// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet.c - IP with options and extension headers, fragments, transport
 * headers. One function per layer; link headers and tunnels have files of
 * their own.
 */
#include <netinet/in.h>

#include "packet_check.h"
#include "packet_parts.h"

#define PORT_VXLAN  4789
#define PORT_GENEVE 6081

#define IPPROTO_AH_ 51
#define IP4_MF	    0x2000
#define IP4_OFFSET  0x1fff

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4

static void addr_from4(struct seki_addr *addr, const uint8_t *p)
{
	memset(addr->b, 0, 10);
	addr->b[10] = addr->b[11] = 0xff;
	memcpy(addr->b + 12, p, 4);
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
		return packet_vxlan(c, out);
	if (out->dst_port == PORT_GENEVE)
		return packet_geneve(c, out);
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
	if (!out->truncated)
		packet_check_sctp(&out->events, c.p, c.len);
	return SEKI_R_CLEAN;
}

/* What IPv6 carries must be long enough for the version that it says it is. */
static void check_inner(struct cursor c, struct packet *out, unsigned int version)
{
	if (out->ip_version != 6)
		return;
	if (c.len < (version == 4 ? 20 : 40))
		event_list_add(&out->events, version == 4 ? EVENT_DECODER_IPV6_IPV4_IN_IPV6_TOO_SMALL
							  : EVENT_DECODER_IPV6_IPV6_IN_IPV6_TOO_SMALL);
	else if (c.p[0] >> 4 != version)
		event_list_add(&out->events, version == 4 ? EVENT_DECODER_IPV6_IPV4_IN_IPV6_WRONG_VERSION
							  : EVENT_DECODER_IPV6_IPV6_IN_IPV6_WRONG_VERSION);
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
		return packet_gre(c, out);
	case IPPROTO_IGMP:
		if (!out->truncated)
			packet_check_igmp(&out->events, c.p, c.len);
		return SEKI_R_CLEAN;
	case IPPROTO_IPIP:
		check_inner(c, out, 4);
		return packet_inner(c, out, packet_ip4);
	case IPPROTO_IPV6:
		check_inner(c, out, 6);
		return packet_inner(c, out, packet_ip6);
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

enum seki_reason packet_ip4(struct cursor c, struct packet *out)
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

enum seki_reason packet_ip6(struct cursor c, struct packet *out)
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
