/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet_check.h - what of a packet's headers is odd without making the
 * packet unreadable: options, extension headers, codes.
 */
#ifndef CORE_PACKET_CHECK_H
#define CORE_PACKET_CHECK_H

#include "packet.h"

/* Bytes behind the fixed IPv4 header. */
void packet_check_ip4_options(struct event_list *events, const uint8_t *p, size_t len);
void packet_check_tcp_options(struct event_list *events, const uint8_t *p, size_t len);
/* An SCTP packet, an IGMP message, an ARP message from their first byte (packet_check_message.c). */
void packet_check_sctp(struct event_list *events, const uint8_t *p, size_t len);
void packet_check_igmp(struct event_list *events, const uint8_t *p, size_t len);
void packet_check_arp(struct event_list *events, const uint8_t *p, size_t len);
/* icmp_type and icmp_code of the packet, and the packet that an error quotes. */
void packet_check_icmp(struct packet *packet);

/* Extension headers seen so far in one IPv6 packet. {} in the beginning. */
struct packet_extensions {
	uint8_t hop, destination, routing, authentication, fragment;
};
/* One extension header, whole: proto says which, its first byte is at p. plen: from p to the end of the
 * packet. */
void packet_check_extension(struct event_list *events, struct packet_extensions *seen, uint8_t proto,
			    const uint8_t *p, size_t len, size_t plen);

#endif
