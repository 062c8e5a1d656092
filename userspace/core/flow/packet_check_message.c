// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_check_message.c - oddities of messages that hosts speak among
 * themselves: SCTP chunks (RFC 9260), IGMP (RFC 2236, 9776), ARP (RFC 826).
 */
#include "packet_check.h"
#include "packet_parts.h"

/* --- SCTP */

#define CHUNK_DATA     0
#define CHUNK_INIT     1
#define CHUNK_INIT_ACK 2

#define CHUNKS_MAX	16u /* more in one packet is odd */
#define DATA_CHUNKS_MAX 16u

void packet_check_sctp(struct event_list *events, const uint8_t *p, size_t len)
{
	struct cursor c = {.p = p + 12, .len = len - 12};
	uint32_t tag = get32(p + 4), chunks = 0, data = 0;
	bool init = false;

	while (c.len) {
		size_t size = c.len < 4 ? 0 : get16(c.p + 2);

		if (c.len < 4 || size < 4 || size > c.len) {
			event_list_add(events, c.len < 4 ? EVENT_DECODER_SCTP_CHUNK_TOO_SMALL
							 : EVENT_DECODER_SCTP_CHUNK_LEN_INVALID);
			break;
		}
		if (++chunks > CHUNKS_MAX)
			event_list_add(events, EVENT_DECODER_SCTP_TOO_MANY_CHUNKS);
		if (c.p[0] == CHUNK_DATA) {
			if (size >= 16 && ++data > DATA_CHUNKS_MAX)
				event_list_add(events, EVENT_DECODER_SCTP_TOO_MANY_DATA_CHUNKS);
			if (!tag)
				event_list_add(events, EVENT_DECODER_SCTP_DATA_WITH_ZERO_VTAG);
		}
		if (c.p[0] == CHUNK_INIT && tag) /* section 8.5.1 */
			event_list_add(events, EVENT_DECODER_SCTP_INIT_WITH_NON_ZERO_VTAG);
		init |= c.p[0] == CHUNK_INIT || c.p[0] == CHUNK_INIT_ACK;
		size = (size + 3) & ~(size_t)3;
		c = cursor_skip(c, size < c.len ? size : c.len);
	}
	if (init && chunks > 1) /* section 6.10 */
		event_list_add(events, EVENT_DECODER_SCTP_INIT_CHUNK_BUNDLED);
}

/* --- IGMP */

#define IGMP_QUERY     0x11
#define IGMP_REPORT_V3 0x22
#define SOURCES_MAX    16374u /* that fit a datagram of 64 KiB */

static void check_igmp_report(struct event_list *events, struct cursor c, unsigned int groups)
{
	for (; groups; groups--) {
		size_t size;

		if (c.len < 8) {
			event_list_add(events, EVENT_DECODER_IGMP_V3_PKT_TOO_SMALL);
			return;
		}
		size = 8 + 4 * ((size_t)c.p[1] + get16(c.p + 2));
		if (size > c.len) {
			event_list_add(events, EVENT_DECODER_IGMP_MALFORMED);
			return;
		}
		c = cursor_skip(c, size);
	}
}

void packet_check_igmp(struct event_list *events, const uint8_t *p, size_t len)
{
	struct cursor c = {.p = p, .len = len};

	if (len < 8) {
		event_list_add(events, EVENT_DECODER_IGMP_PKT_TOO_SMALL);
	} else if (p[0] == IGMP_QUERY && len >= 12) {
		if (get16(p + 10) > SOURCES_MAX)
			event_list_add(events, EVENT_DECODER_IGMP_MALFORMED);
		else if (len < 12 + 4 * (size_t)get16(p + 10))
			event_list_add(events, EVENT_DECODER_IGMP_V3_PKT_TOO_SMALL);
	} else if (p[0] == IGMP_REPORT_V3) {
		check_igmp_report(events, cursor_skip(c, 8), get16(p + 6));
	}
}

/* --- ARP */

static enum app_event arp_event(const uint8_t *p, size_t len)
{
	if (len < 8)
		return EVENT_DECODER_ARP_PKT_TOO_SMALL;
	if (get16(p) != 1)
		return EVENT_DECODER_ARP_UNSUPPORTED_HARDWARE;
	if (get16(p + 2) != ETHERTYPE_IPV4)
		return EVENT_DECODER_ARP_UNSUPPORTED_PROTOCOL;
	if (len < 28)
		return EVENT_DECODER_ARP_INVALID_PKT;
	if (p[4] != 6)
		return EVENT_DECODER_ARP_INVALID_HARDWARE_SIZE;
	if (p[5] != 4)
		return EVENT_DECODER_ARP_INVALID_PROTOCOL_SIZE;
	/* Requests and replies, and those of RARP (RFC 903). */
	return get16(p + 6) >= 1 && get16(p + 6) <= 4 ? EVENT_NONE : EVENT_DECODER_ARP_UNSUPPORTED_OPCODE;
}

void packet_check_arp(struct event_list *events, const uint8_t *p, size_t len)
{
	enum app_event event = arp_event(p, len);

	if (event)
		event_list_add(events, event);
}
