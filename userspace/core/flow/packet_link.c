// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_link.c - from a frame's link header to the network layer: Ethernet
 * with tags, labels and sessions, and what captures have instead.
 */
#include "packet_check.h"
#include "packet_parts.h"

#define ETHERTYPE_DISCOVERY 0x8863 /* of PPPoE sessions */
#define ETHERTYPE_PPPOE	    0x8864
#define ETHERTYPE_NSH	    0x894f
#define ETHERTYPE_MPLS	    0x8847
#define ETHERTYPE_MPLS_UP   0x8848 /* upstream-assigned */

#define ETHERTYPE_8021AH 0x88e7 /* provider backbone bridges */
#define ETHERTYPE_FABRIC 0x8903 /* Cisco's: two bytes, and a frame */
#define ETHERTYPE_VNTAG	 0x8926
#define ETHERTYPE_ETAG	 0x893f /* IEEE 802.1BR */

#define PPP_IPV4     0x0021
#define PPP_VJ_PLAIN 0x002f /* RFC 1144: a whole header, but its protocol is a slot number: not decoded */
#define PPP_IPV6     0x0057

static enum seki_reason decode_ip(struct cursor c, struct packet *out)
{
	if (!c.len)
		return SEKI_R_FRAME_SHORT;
	if (c.p[0] >> 4 != 4 && c.p[0] >> 4 != 6)
		event_list_add(&out->events, EVENT_DECODER_IPRAW_INVALID_IP_VERSION);
	return c.p[0] >> 4 == 6 ? packet_ip6(c, out) : packet_ip4(c, out);
}

/* Protocols that end hosts do not speak are told, others that negotiate are sound (the registry of RFC 1661).
 */
static void check_ppp_protocol(struct event_list *events, uint16_t protocol)
{
	static const uint16_t sound[] = {
		0x00fd,								  /* compressed */
		0x8021, /* IPCP */ 0x8057, /* IPV6CP */ 0x80fd, /* CCP */ 0xc021, /* LCP */
		0xc023, /* PAP */ 0xc025,  /* LQM */ 0xc029,			  /* CBCP */
		0xc223, /* CHAP */ 0x8207,					  /* CDPCP */
	};
	static const uint16_t known[] = {
		0x0023, 0x0025, 0x0027, 0x0029, 0x002b, 0x002d, 0x0031, 0x0033, 0x0035,
		0x0201, 0x0203, 0x0205, 0x0207, 0x0231, 0x0281, 0x0283, 0x4021, 0x8023,
		0x8025, 0x8027, 0x8029, 0x802b, 0x8033, 0x8035, 0x8281,
	};

	for (size_t i = 0; i < ARRAY_LEN(sound); i++)
		if (sound[i] == protocol)
			return;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i] == protocol) {
			event_list_add(events, EVENT_DECODER_PPP_UNSUP_PROTO);
			return;
		}
	event_list_add(events, EVENT_DECODER_PPP_WRONG_TYPE);
}

/* Address and control may be left out, and the protocol be compressed to one byte, which is odd (RFC 1661,
 * 1662). */
enum seki_reason packet_ppp(struct cursor c, struct packet *out)
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
		return c.len < 20 ? refuse(out, EVENT_DECODER_PPP_IP4_PKT_TOO_SMALL, SEKI_R_FRAME_SHORT)
				  : packet_ip4(c, out);
	case PPP_IPV6:
		return c.len < 40 ? refuse(out, EVENT_DECODER_PPP_IP6_PKT_TOO_SMALL, SEKI_R_FRAME_SHORT)
				  : packet_ip6(c, out);
	case PPP_VJ_PLAIN:
		return c.len < 20 ? refuse(out, EVENT_DECODER_PPP_VJU_PKT_TOO_SMALL, SEKI_R_FRAME_SHORT)
				  : SEKI_R_NON_IP;
	default:
		check_ppp_protocol(&out->events, protocol);
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
	return packet_ppp(c, out);
}

/* RFC 2516 section 5: how a session is found; nothing of it is IP. */
static enum seki_reason decode_discovery(struct cursor c, struct packet *out)
{
	static const uint8_t codes[] = {0x09, 0x07, 0x19, 0x65, 0xa7}; /* PADI, PADO, PADR, PADS, PADT */

	if (c.len < 6)
		return refuse(out, EVENT_DECODER_PPPOE_PKT_TOO_SMALL, SEKI_R_NON_IP);
	if (!memchr(codes, c.p[1], sizeof(codes)))
		return refuse(out, EVENT_DECODER_PPPOE_WRONG_CODE, SEKI_R_NON_IP);
	if (get16(c.p + 4) > c.len - 6)
		return refuse(out, EVENT_DECODER_PPPOE_MALFORMED_TAGS, SEKI_R_NON_IP);
	return SEKI_R_NON_IP;
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
		return packet_ip4(cursor_skip(c, len), out);
	case 2:
		return packet_ip6(cursor_skip(c, len), out);
	case 3:
		return packet_framed(cursor_skip(c, len), out, packet_ether);
	default:
		return refuse(out, EVENT_DECODER_NSH_UNKNOWN_PAYLOAD, SEKI_R_NON_IP);
	}
}

static enum seki_reason decode_arp(struct cursor c, struct packet *out)
{
	packet_check_arp(&out->events, c.p, c.len);
	return SEKI_R_NON_IP;
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
		return packet_ip4(c, out);
	case 1:
		return refuse(out, EVENT_DECODER_MPLS_BAD_LABEL_ROUTER_ALERT, SEKI_R_NON_IP);
	case 2:
		return packet_ip6(c, out);
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
		return packet_ip4(c, out);
	case 6:
		return packet_ip6(c, out);
	default:
		return refuse(out, EVENT_DECODER_MPLS_UNKNOWN_PAYLOAD_TYPE, SEKI_R_NON_IP);
	}
}

#define TAGS_MAX 4u /* beside those of VLANs: labels that nest behind tags end here */

/* Tags between Ethernet and what it carries; their last two bytes say what follows. */
static const struct tag_row {
	uint16_t type;
	uint8_t len;
	enum app_event cut, unknown; /* the frame ends in it; nothing known follows */
} tag_rows[] = {
	{ETHERTYPE_VLAN, 4, EVENT_DECODER_VLAN_HEADER_TOO_SMALL, EVENT_DECODER_VLAN_UNKNOWN_TYPE},
	{ETHERTYPE_QINQ, 4, EVENT_DECODER_VLAN_HEADER_TOO_SMALL, EVENT_DECODER_VLAN_UNKNOWN_TYPE},
	{ETHERTYPE_QINQ_OLD, 4, EVENT_DECODER_VLAN_HEADER_TOO_SMALL, EVENT_DECODER_VLAN_UNKNOWN_TYPE},
	{ETHERTYPE_8021AH, 18, EVENT_DECODER_IEEE8021AH_HEADER_TOO_SMALL, EVENT_NONE},
	{ETHERTYPE_VNTAG, 6, EVENT_DECODER_VNTAG_HEADER_TOO_SMALL, EVENT_DECODER_VNTAG_UNKNOWN_TYPE},
	{ETHERTYPE_ETAG, 8, EVENT_DECODER_ETAG_HEADER_TOO_SMALL, EVENT_DECODER_ETAG_UNKNOWN_TYPE},
	{ETHERTYPE_FABRIC, 16, EVENT_DECODER_DCE_PKT_TOO_SMALL, EVENT_NONE},
};

static const struct tag_row *tag_find(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(tag_rows); i++)
		if (tag_rows[i].type == type)
			return &tag_rows[i];
	return NULL;
}

/* What an Ethernet type names that holds, or may hold, IP. */
static packet_layer *layer_of(uint16_t type)
{
	static const struct {
		uint16_t type;
		packet_layer *decode;
	} rows[] = {
		{ETHERTYPE_IPV4, packet_ip4},	  {ETHERTYPE_IPV6, packet_ip6},
		{ETHERTYPE_PPPOE, decode_pppoe},  {ETHERTYPE_DISCOVERY, decode_discovery},
		{ETHERTYPE_NSH, decode_nsh},	  {ETHERTYPE_MPLS, decode_mpls},
		{ETHERTYPE_MPLS_UP, decode_mpls}, {ETHERTYPE_ARP, decode_arp},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].type == type)
			return rows[i].decode;
	return NULL;
}

static enum seki_reason decode_ethertype(uint16_t type, struct cursor c, struct packet *out)
{
	const struct tag_row *tag = NULL;
	packet_layer *layer;

	while (!(layer = layer_of(type))) {
		const struct tag_row *next = tag_find(type);
		bool vlan = next && next->len == 4;

		if (!next) {
			event_list_add(&out->events, EVENT_DECODER_ETHERNET_UNKNOWN_ETHERTYPE);
			if (tag && tag->unknown)
				event_list_add(&out->events, tag->unknown);
			return SEKI_R_NON_IP;
		}
		tag = next;
		if (vlan ? out->vlan_count == SEKI_MAX_VLAN : c.tags == TAGS_MAX)
			return refuse(out, EVENT_DECODER_VLAN_TOO_MANY_LAYERS, SEKI_R_VLAN_DEPTH);
		if (c.len < tag->len)
			return refuse(out, tag->cut, SEKI_R_FRAME_SHORT);
		c.tags += !vlan;
		if (vlan)
			out->vlan[out->vlan_count++] = get16(c.p) & 0x0fff;
		type = get16(c.p + tag->len - 2);
		c = cursor_skip(c, tag->len);
	}
	return layer(c, out);
}

enum seki_reason packet_ether(struct cursor c, struct packet *out)
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
		return packet_ip4(c, out);
	case 10:
	case 23:
	case 24:
	case 28:
	case 30:
		return packet_ip6(c, out);
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
		return packet_ether(c, out);
	case LINK_NULL:
		return decode_null(c, out);
	case LINK_RAW_12:
	case LINK_RAW:
		return decode_ip(c, out);
	case LINK_IPV4:
		return packet_ip4(c, out);
	case LINK_IPV6:
		return packet_ip6(c, out);
	case LINK_PPP:
		return packet_ppp(c, out);
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
	struct cursor c = {frame, len, (uint8_t)(tunnels > SEKI_MAX_TUNNEL ? SEKI_MAX_TUNNEL + 1 : tunnels),
			   0};

	memset(out, 0, sizeof(*out));
	out->frame = span_of(frame, len);
	out->link = link;
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

bool packet_link_find(int datalink, enum link_type *out)
{
	static const struct {
		int datalink;
		enum link_type link;
	} rows[] = {
		{LINK_NULL, LINK_NULL},
		{108, LINK_NULL}, /* OpenBSD's, in network order */
		{LINK_ETHERNET, LINK_ETHERNET},
		{LINK_PPP, LINK_PPP},
		{50, LINK_PPP}, /* with address and control */
		{LINK_RAW_12, LINK_RAW},
		{14, LINK_RAW}, /* OpenBSD's number */
		{LINK_RAW, LINK_RAW},
		{LINK_CHDLC, LINK_CHDLC},
		{LINK_SLL, LINK_SLL},
		{LINK_SLL2, LINK_SLL2},
		{LINK_IPV4, LINK_IPV4},
		{LINK_IPV6, LINK_IPV6},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].datalink == datalink) {
			*out = rows[i].link;
			return true;
		}
	return false;
}

const char *packet_link_name(enum link_type link)
{
	static const struct {
		enum link_type link;
		const char *name;
	} rows[] = {{LINK_NULL, "NULL"},     {LINK_ETHERNET, "EN10MB"}, {LINK_PPP, "PPP"},
		    {LINK_RAW, "RAW"},	     {LINK_RAW_12, "RAW"},	{LINK_CHDLC, "C_HDLC"},
		    {LINK_SLL, "LINUX_SLL"}, {LINK_SLL2, "LINUX_SLL2"}, {LINK_IPV4, "IPV4"},
		    {LINK_IPV6, "IPV6"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].link == link)
			return rows[i].name;
	return "n/a";
}
