// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_check.c - oddities of headers (RFC 791, 792, 1108, 4443, 8200, 9293)
 * by the names that rules know them by.
 */
#include "packet_check.h"

#include <netinet/in.h>
#include <string.h>

#define PROTO_AH 51

#define LEN_ANY 255

/* Which lengths an option may have: from low to high in steps. */
struct option_row {
	uint8_t kind, low, high, step;
};

/* --- IPv4 options */

static const struct option_row ip4_options[] = {
	{7, 3, LEN_ANY, 1},    /* record route */
	{25, 8, LEN_ANY, 1},   /* quick start, RFC 4782 */
	{68, 5, LEN_ANY, 1},   /* timestamp */
	{130, 3, LEN_ANY, 1},  /* security, RFC 1108 */
	{131, 3, LEN_ANY, 1},  /* loose source route */
	{133, 3, LEN_ANY, 1},  /* extended security */
	{134, 10, LEN_ANY, 1}, /* commercial security */
	{136, 4, 4, 1},	       /* stream identifier */
	{137, 3, LEN_ANY, 1},  /* strict source route */
	{148, 4, 4, 1},	       /* router alert, RFC 2113 */
};

static const struct option_row *row_find(const struct option_row *rows, size_t count, uint8_t kind)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind == kind)
			return &rows[i];
	return NULL;
}

static bool row_fits(const struct option_row *row, size_t len)
{
	return len >= row->low && (row->high == LEN_ANY || len <= row->high) &&
	       !((len - row->low) % row->step);
}

/* The pointer of an option that hosts fill in: behind its head, at the border of an entry, not beyond its
 * end. */
static bool pointer_sound(const uint8_t *p, size_t len)
{
	bool stamps = p[0] == 68;
	size_t first = stamps ? 5 : 4, entry = stamps && (p[3] & 15) ? 8 : 4;

	return p[2] >= first && !((p[2] - first) % entry) && p[2] <= len + 1;
}

void packet_check_ip4_options(struct event_list *events, const uint8_t *p, size_t len)
{
	uint64_t seen = 0;

	if (len % 8)
		event_list_add(events, EVENT_DECODER_IPV4_OPT_PAD_REQUIRED);
	while (len && p[0]) {
		size_t size = 1;

		if (p[0] != 1) {
			const struct option_row *row = row_find(ip4_options, ARRAY_LEN(ip4_options), p[0]);
			unsigned int bit = row ? (unsigned int)(row - ip4_options) : 0;

			if (len < 2) {
				event_list_add(events, EVENT_DECODER_IPV4_OPT_EOL_REQUIRED);
				return;
			}
			size = p[1];
			if (size < 2 || size > len) {
				event_list_add(events, EVENT_DECODER_IPV4_OPT_INVALID_LEN);
				return;
			}
			if (!row)
				event_list_add(events, EVENT_DECODER_IPV4_OPT_INVALID);
			else if (seen & 1u << bit)
				event_list_add(events, EVENT_DECODER_IPV4_OPT_DUPLICATE);
			else if (!row_fits(row, size))
				event_list_add(events, EVENT_DECODER_IPV4_OPT_INVALID_LEN);
			else if ((p[0] == 7 || p[0] == 68 || p[0] == 131 || p[0] == 137) &&
				 !pointer_sound(p, size))
				event_list_add(events, EVENT_DECODER_IPV4_OPT_MALFORMED);
			seen |= row ? 1u << bit : 0;
		}
		p += size;
		len -= size;
	}
}

/* --- TCP options */

static const struct option_row tcp_options[] = {
	{2, 4, 4, 1},	     /* maximum segment size */
	{3, 3, 3, 1},	     /* window scale */
	{4, 2, 2, 1},	     /* selective acknowledgements permitted */
	{5, 2, 34, 8},	     /* selective acknowledgements */
	{8, 10, 10, 1},	     /* timestamps */
	{19, 18, 18, 1},     /* MD5, RFC 2385 */
	{29, 4, LEN_ANY, 1}, /* authentication, RFC 5925 */
	{34, 2, 18, 2},	     /* Fast Open, RFC 7413 */
};

void packet_check_tcp_options(struct event_list *events, const uint8_t *p, size_t len)
{
	uint32_t seen = 0;

	while (len && p[0]) {
		const struct option_row *row;
		unsigned int bit;

		if (p[0] == 1) {
			p++;
			len--;
			continue;
		}
		if (len < 2 || p[1] < 2 || p[1] > len) {
			event_list_add(events, EVENT_DECODER_TCP_OPT_INVALID_LEN);
			return;
		}
		row = row_find(tcp_options, ARRAY_LEN(tcp_options), p[0]);
		bit = row ? (unsigned int)(row - tcp_options) : 0;
		if (row && !row_fits(row, p[1]))
			event_list_add(events, EVENT_DECODER_TCP_OPT_INVALID_LEN);
		else if (row && seen & 1u << bit)
			event_list_add(events, EVENT_DECODER_TCP_OPT_DUPLICATE);
		seen |= row ? 1u << bit : 0;
		len -= p[1];
		p += p[1];
	}
}

/* --- ICMP */

/* Messages from kind first to last have codes up to this one. */
struct icmp_row {
	uint8_t first, last, code;
};

static const struct icmp_row icmp4_rows[] = {
	{0, 0, 0}, {3, 3, 15}, {4, 4, 0}, {5, 5, 3}, {8, 8, 0}, {9, 10, 255}, {11, 11, 1}, {12, 18, 0},
};
static const struct icmp_row icmp6_rows[] = {
	{1, 1, 6},     {2, 2, 0},     {3, 3, 1},       {4, 4, 2},     {128, 137, 0},   {138, 138, 2},
	{139, 140, 2}, {141, 149, 0}, {150, 153, 255}, {154, 154, 0}, {155, 155, 255}, {156, 159, 0},
};

/* Errors quote the packet that they are about. */
static void check_quoted(struct packet *packet)
{
	struct span quoted = packet->payload;

	if (packet->ip_version == 4) {
		if (quoted.len < 20)
			event_list_add(&packet->events, EVENT_DECODER_ICMPV4_IPV4_TRUNC_PKT);
		else if (quoted.data[0] >> 4 != 4)
			event_list_add(&packet->events, EVENT_DECODER_ICMPV4_IPV4_UNKNOWN_VER);
		return;
	}
	if (quoted.len < 40)
		event_list_add(&packet->events, EVENT_DECODER_ICMPV6_IPV6_TRUNC_PKT);
	else if (quoted.data[0] >> 4 != 6)
		event_list_add(&packet->events, EVENT_DECODER_ICMPV6_IPV6_UNKNOWN_VERSION);
}

/* RFC 4443 section 2.1 and the registry of types. */
static enum app_event icmp6_type_event(uint8_t type)
{
	if (type == 100 || type == 101 || type == 200 || type == 201)
		return EVENT_DECODER_ICMPV6_EXPERIMENTATION_TYPE;
	if ((type >= 5 && type < 127) || (type >= 160 && type < 255))
		return EVENT_DECODER_ICMPV6_UNASSIGNED_TYPE;
	return EVENT_DECODER_ICMPV6_UNKNOWN_TYPE;
}

void packet_check_icmp(struct packet *packet)
{
	bool v4 = packet->ip_version == 4;
	const struct icmp_row *rows = v4 ? icmp4_rows : icmp6_rows, *row = NULL;
	size_t count = v4 ? ARRAY_LEN(icmp4_rows) : ARRAY_LEN(icmp6_rows);
	uint8_t type = packet->icmp_type, code = packet->icmp_code;
	bool good;

	for (size_t i = 0; i < count && !row; i++)
		if (type >= rows[i].first && type <= rows[i].last)
			row = &rows[i];
	if (!row) {
		event_list_add(&packet->events,
			       v4 ? EVENT_DECODER_ICMPV4_UNKNOWN_TYPE : icmp6_type_event(type));
		return;
	}
	good = code <= row->code;
	if (!v4 && type == 138) /* router renumbering: a reset too */
		good |= code == 255;
	if (!v4 && type == 155) /* RPL: plain and secure messages */
		good = code <= 3 || (code >= 128 && code <= 132);
	if (!good)
		event_list_add(&packet->events,
			       v4 ? EVENT_DECODER_ICMPV4_UNKNOWN_CODE : EVENT_DECODER_ICMPV6_UNKNOWN_CODE);
	if (!v4 && type >= 130 && type <= 132 && packet->ttl != 1)
		event_list_add(&packet->events, EVENT_DECODER_ICMPV6_MLD_MESSAGE_WITH_INVALID_HL);
	if (v4 ? type == 3 || type == 4 || type == 5 || type == 11 || type == 12 : type >= 1 && type <= 4)
		check_quoted(packet);
	if (v4 && (type == 13 || type == 14) && packet->payload.len < 12)
		event_list_add(&packet->events, EVENT_DECODER_ICMPV4_IPV4_TRUNC_PKT);
}

/* --- IPv6 extension headers */

/* Smallest sound data length of the options that are known; others are told as unknown. */
static const struct {
	uint8_t kind, len;
	bool counts; /* as something that is no padding */
} ip6_options[] = {
	{5, 2, true} /* router alert */, {0xc2, 4, false} /* jumbo */, {0xc9, 16, true} /* home address */};

static void check_ip6_options(struct event_list *events, bool hop, const uint8_t *p, size_t len)
{
	bool padding = false, other = false;

	while (len) {
		unsigned int row = 0;
		size_t size;

		if (p[0] == 0) { /* Pad1 */
			padding = true;
			p++;
			len--;
			continue;
		}
		if (len < 2 || (size = p[1]) > len - 2) {
			event_list_add(events, EVENT_DECODER_IPV6_EXTHDR_INVALID_OPTLEN);
			break;
		}
		while (row < ARRAY_LEN(ip6_options) && ip6_options[row].kind != p[0])
			row++;
		if (p[0] == 1) { /* PadN */
			padding = true;
			if (!size)
				event_list_add(events, EVENT_DECODER_IPV6_ZERO_LEN_PADN);
		} else if (row == ARRAY_LEN(ip6_options)) {
			other = true;
			event_list_add(events, hop ? EVENT_DECODER_IPV6_HOPOPTS_UNKNOWN_OPT
						   : EVENT_DECODER_IPV6_DSTOPTS_UNKNOWN_OPT);
		} else if (size < ip6_options[row].len) {
			event_list_add(events, EVENT_DECODER_IPV6_EXTHDR_INVALID_OPTLEN);
			break;
		} else {
			other |= ip6_options[row].counts;
		}
		p += size + 2;
		len -= size + 2;
	}
	if (padding && !other)
		event_list_add(events, hop ? EVENT_DECODER_IPV6_HOPOPTS_ONLY_PADDING
					   : EVENT_DECODER_IPV6_DSTOPTS_ONLY_PADDING);
}

static void check_fragment_header(struct event_list *events, bool again, const uint8_t *p, size_t plen)
{
	bool more = p[3] & 1;

	if (p[1])
		event_list_add(events, EVENT_DECODER_IPV6_FH_NON_ZERO_RESERVED_FIELD);
	if (again)
		event_list_add(events, EVENT_DECODER_IPV6_EXTHDR_DUPL_FH);
	else if (!more && !p[2] && !(p[3] & 0xf8))
		event_list_add(events, EVENT_DECODER_IPV6_EXTHDR_USELESS_FH);
	else if (more && plen % 8)
		event_list_add(events, EVENT_DECODER_IPV6_FRAG_INVALID_LENGTH);
}

void packet_check_extension(struct event_list *events, struct packet_extensions *seen, uint8_t proto,
			    const uint8_t *p, size_t len, size_t plen)
{
	switch (proto) {
	case IPPROTO_HOPOPTS:
		if (seen->hop++)
			event_list_add(events, EVENT_DECODER_IPV6_EXTHDR_DUPL_HH);
		else
			check_ip6_options(events, true, p + 2, len - 2);
		break;
	case IPPROTO_DSTOPTS:
		/* Two are sound: for the hosts of a routing header, and for the last one. */
		if (seen->destination >= 2)
			event_list_add(events, EVENT_DECODER_IPV6_EXTHDR_DUPL_DH);
		else
			check_ip6_options(events, false, p + 2, len - 2);
		seen->destination += seen->destination < 2;
		break;
	case IPPROTO_ROUTING:
		if (seen->routing)
			event_list_add(events, EVENT_DECODER_IPV6_EXTHDR_DUPL_RH);
		else if (!p[2])
			event_list_add(events, EVENT_DECODER_IPV6_RH_TYPE_0);
		seen->routing = 1;
		break;
	case PROTO_AH:
		if (p[2] || p[3])
			event_list_add(events, EVENT_DECODER_IPV6_EXTHDR_AH_RES_NOT_NULL);
		if (seen->authentication)
			event_list_add(events, EVENT_DECODER_IPV6_EXTHDR_DUPL_AH);
		seen->authentication = 1;
		break;
	case IPPROTO_FRAGMENT:
		check_fragment_header(events, seen->fragment, p, plen);
		seen->fragment = 1;
		break;
	}
}
