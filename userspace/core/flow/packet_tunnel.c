// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_tunnel.c - packets in packets: GRE (RFC 2784, 2890, 2637), mirrored
 * frames in it, VXLAN (RFC 7348), GENEVE (RFC 8926).
 */
#include "packet_parts.h"

#define ETHERTYPE_PPP 0x880b /* GRE version 1 */
#define ETHERTYPE_ERSPAN                                                                                     \
	0x88be /* GRE: a mirrored Ethernet frame, behind 8 bytes when sequence numbers are on */

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
enum seki_reason packet_inner(struct cursor c, struct packet *out, packet_layer *decode)
{
	enum seki_reason reason;
	bool outer_truncated = out->truncated;

	if (out->tunnels == c.follow)
		return SEKI_R_CLEAN;
	if (out->tunnels == SEKI_MAX_TUNNEL)
		return refuse(out, EVENT_DECODER_TOO_MANY_LAYERS, SEKI_R_TUNNEL_DEPTH);
	out->tunnels++;
	reason = decode(c, out);
	if (outer_truncated && out->truncated && (reason == SEKI_R_IP4_BAD || reason == SEKI_R_IP6_BAD))
		return SEKI_R_CLEAN;
	return tunnel_reason(reason);
}

/* A frame in a tunnel need not hold IP; then the packet stays the outer one. */
enum seki_reason packet_framed(struct cursor c, struct packet *out, packet_layer *decode)
{
	struct packet outer = *out;
	enum seki_reason reason = packet_inner(c, out, decode);

	if (reason == SEKI_R_NON_IP) {
		outer.events = out->events;
		*out = outer;
		return SEKI_R_CLEAN;
	}
	return reason;
}

/* --- GRE */

#define GRE_CHECKSUM  0x8000
#define GRE_ROUTE     0x4000 /* RFC 1701 */
#define GRE_KEY	      0x2000
#define GRE_SEQUENCE  0x1000
#define GRE_STRICT    0x0800 /* RFC 1701: strict source route */
#define GRE_RECURSION 0x0700 /* RFC 1701 */
#define GRE_ACK	      0x0080 /* version 1 */

/* Bits that a version has no use for are odd; the packet is looked into all the same, since receivers may
 * ignore them. */
static void check_gre(struct event_list *events, unsigned int version, uint16_t flags, uint16_t type)
{
	static const struct {
		uint8_t version;
		uint16_t bits;
		enum app_event event;
	} rows[] = {
		{0, GRE_RECURSION, EVENT_DECODER_GRE_VERSION0_RECUR},
		{0, 0x00f8, EVENT_DECODER_GRE_VERSION0_FLAGS},
		{1, GRE_CHECKSUM, EVENT_DECODER_GRE_VERSION1_CHKSUM},
		{1, GRE_ROUTE, EVENT_DECODER_GRE_VERSION1_ROUTE},
		{1, GRE_STRICT, EVENT_DECODER_GRE_VERSION1_SSR},
		{1, GRE_RECURSION, EVENT_DECODER_GRE_VERSION1_RECUR},
		{1, 0x0078, EVENT_DECODER_GRE_VERSION1_FLAGS},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].version == version && flags & rows[i].bits)
			event_list_add(events, rows[i].event);
	if (version && type != ETHERTYPE_PPP)
		event_list_add(events, EVENT_DECODER_GRE_VERSION1_WRONG_PROTOCOL);
	else if (version && !(flags & GRE_KEY))
		event_list_add(events, EVENT_DECODER_GRE_VERSION1_NO_KEY);
}

/* RFC 1701: route entries (family, offset, length, addresses) until one of family 0 and length 0. */
static bool gre_routes_sound(struct cursor c)
{
	while (c.len >= 4) {
		size_t len = c.p[3];

		if (!get16(c.p) && !len)
			return true;
		if (len > c.len - 4)
			return false;
		c = cursor_skip(c, 4 + len);
	}
	return false;
}

/* A mirrored frame: alone (type I), or with sequence numbers behind a header that says where it was seen
 * (type II, version 1; type III, version 2, which may have a part more). */
static enum seki_reason decode_erspan(struct cursor c, bool header, struct packet *out)
{
	size_t len = 8;
	uint16_t word;

	if (!header)
		return packet_framed(c, out, packet_ether);
	if (c.len < len)
		return refuse(out, EVENT_DECODER_ERSPAN_HEADER_TOO_SMALL, SEKI_R_TUNNEL_BAD);
	word = get16(c.p);
	if (word >> 12 != 1)
		event_list_add(&out->events, EVENT_DECODER_ERSPAN_UNSUPPORTED_VERSION);
	if (word >> 12 == 2)
		len = c.len >= 12 && c.p[11] & 1 ? 20 : 12;
	if (c.len < len)
		return refuse(out, EVENT_DECODER_ERSPAN_HEADER_TOO_SMALL, SEKI_R_TUNNEL_BAD);
	if (word & 0x0fff && out->vlan_count == SEKI_MAX_VLAN)
		return refuse(out, EVENT_DECODER_ERSPAN_TOO_MANY_VLAN_LAYERS, SEKI_R_CLEAN);
	if (word & 0x0fff)
		out->vlan[out->vlan_count++] = word & 0x0fff;
	return packet_framed(cursor_skip(c, len), out, packet_ether);
}

enum seki_reason packet_gre(struct cursor c, struct packet *out)
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
	check_gre(&out->events, version, flags, type);
	if (flags & (GRE_CHECKSUM | GRE_ROUTE))
		len += 4;
	if (flags & GRE_KEY)
		len += 4;
	if (flags & GRE_SEQUENCE)
		len += 4;
	if (version == 1 && flags & GRE_ACK)
		len += 4;
	if (c.len < len)
		return refuse(out,
			      version ? EVENT_DECODER_GRE_VERSION1_HDR_TOO_BIG
				      : EVENT_DECODER_GRE_VERSION0_HDR_TOO_BIG,
			      SEKI_R_TUNNEL_BAD);
	out->l4_header = span_of(c.p, len);
	c = cursor_skip(c, len);
	out->payload = span_of(c.p, c.len);
	if (flags & GRE_ROUTE) { /* source routes: nobody sends them, and no stack follows them */
		if (!version && !gre_routes_sound(c))
			event_list_add(&out->events, EVENT_DECODER_GRE_VERSION0_MALFORMED_SRE_HDR);
		return SEKI_R_TUNNEL_BAD;
	}
	switch (type) {
	case ETHERTYPE_IPV4:
		return packet_inner(c, out, packet_ip4);
	case ETHERTYPE_IPV6:
		return packet_inner(c, out, packet_ip6);
	case ETHERTYPE_BRIDGED:
		return packet_framed(c, out, packet_ether);
	case ETHERTYPE_ERSPAN:
		return decode_erspan(c, flags & GRE_SEQUENCE, out);
	case ETHERTYPE_PPP:
		return packet_framed(c, out, packet_ppp);
	default:
		return SEKI_R_CLEAN;
	}
}

/* --- in UDP */

/* Any UDP may go to these ports: what does not decode as the tunnel stays UDP. */
static enum seki_reason or_plain_udp(enum seki_reason reason, const struct packet *outer, struct packet *out)
{
	if (reason != SEKI_R_TUNNEL_BAD)
		return reason;
	*out = *outer;
	return SEKI_R_CLEAN;
}

enum seki_reason packet_vxlan(struct cursor c, struct packet *out)
{
	struct packet outer = *out;
	uint16_t type;

	if (c.len < 8 + 14 || c.p[0] != 0x08 || c.p[1] || c.p[2] || c.p[3] || c.p[7])
		return SEKI_R_CLEAN;
	type = get16(c.p + 8 + 12);
	if (type != ETHERTYPE_IPV4 && type != ETHERTYPE_IPV6 && type != ETHERTYPE_ARP &&
	    type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ && type != ETHERTYPE_QINQ_OLD)
		return refuse(out, EVENT_DECODER_VXLAN_UNKNOWN_PAYLOAD_TYPE, SEKI_R_CLEAN);
	return or_plain_udp(packet_framed(cursor_skip(c, 8), out, packet_ether), &outer, out);
}

enum seki_reason packet_geneve(struct cursor c, struct packet *out)
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
		reason = packet_framed(cursor_skip(c, len), out, packet_ether);
		break;
	case ETHERTYPE_IPV4:
		reason = packet_inner(cursor_skip(c, len), out, packet_ip4);
		break;
	case ETHERTYPE_IPV6:
		reason = packet_inner(cursor_skip(c, len), out, packet_ip6);
		break;
	case ETHERTYPE_ARP:
		return SEKI_R_CLEAN;
	default:
		return refuse(out, EVENT_DECODER_GENEVE_UNKNOWN_PAYLOAD_TYPE, SEKI_R_CLEAN);
	}
	return or_plain_udp(reason, &outer, out);
}
