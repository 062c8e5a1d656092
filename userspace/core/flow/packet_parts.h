/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet_parts.h - what the decoders of a packet's layers (packet.c,
 * packet_link.c, packet_tunnel.c) share: where they read, and each other.
 */
#ifndef CORE_PACKET_PARTS_H
#define CORE_PACKET_PARTS_H

#include <string.h>

#include "packet.h"

/* Numbers of Ethernet types that more than one layer names. */
#define ETHERTYPE_IPV4	   0x0800
#define ETHERTYPE_IPV6	   0x86dd
#define ETHERTYPE_ARP	   0x0806
#define ETHERTYPE_VLAN	   0x8100
#define ETHERTYPE_QINQ	   0x88a8
#define ETHERTYPE_QINQ_OLD 0x9100
#define ETHERTYPE_BRIDGED  0x6558 /* in a tunnel: an Ethernet frame follows */

struct cursor {
	const uint8_t *p;
	size_t len;
	uint8_t follow; /* tunnels to follow; at the next one the packet stays what it is */
	uint8_t tags;	/* between Ethernet and what it carries, passed so far; those of VLANs have a limit of
			   their own */
};

/* Decodes what the cursor stands at into out. */
typedef enum seki_reason packet_layer(struct cursor c, struct packet *out);

packet_layer packet_ip4, packet_ip6;		      /* packet.c */
packet_layer packet_ether, packet_ppp;		      /* packet_link.c */
packet_layer packet_gre, packet_vxlan, packet_geneve; /* packet_tunnel.c */

/* One layer inside another, of which a packet has SEKI_MAX_TUNNEL. */
enum seki_reason packet_inner(struct cursor c, struct packet *out, packet_layer *decode);
/* The same where it need not hold IP; then the packet stays the outer one. */
enum seki_reason packet_framed(struct cursor c, struct packet *out, packet_layer *decode);

static inline enum seki_reason refuse(struct packet *out, enum app_event event, enum seki_reason why)
{
	event_list_add(&out->events, event);
	return why;
}

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline struct cursor cursor_skip(struct cursor c, size_t n)
{
	return (struct cursor){c.p + n, c.len - n, c.follow, c.tags};
}

static inline struct span span_of(const uint8_t *data, size_t len)
{
	return (struct span){data, (uint32_t)len};
}

#endif
