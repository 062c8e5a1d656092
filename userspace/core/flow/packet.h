/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h - one decoded frame. Pure over (pointer, length); nothing is copied:
 * a packet borrows the frame's bytes.
 */
#ifndef CORE_PACKET_H
#define CORE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/app/app_event.h"
#include "lib/cleanup.h"
#include "sekimori/abi.h"
#include "lib/span.h"

enum link_type { /* DLT values of pcap */
		 LINK_NULL = 0,
		 LINK_ETHERNET = 1,
		 LINK_PPP = 9,
		 LINK_RAW_12 = 12,
		 LINK_RAW = 101,
		 LINK_CHDLC = 104,
		 LINK_SLL = 113,
		 LINK_IPV4 = 228,
		 LINK_IPV6 = 229,
		 LINK_SLL2 = 276,
};

/* What a capture library calls a link, on this system (DLT_*). false: it is not decoded. */
bool packet_link_find(int datalink, enum link_type *out);
/* What libpcap calls it. */
const char *packet_link_name(enum link_type link);

/* Sender and receiver as on the wire; the innermost IP header that was followed. */
struct packet {
	uint64_t time_us; /* of capture; since the epoch for files, CLOCK_MONOTONIC live */
	uint64_t number;  /* frame number in its capture, 1-based; live: running */
	struct span frame;
	enum link_type link; /* of the frame */
	uint8_t ip_version;  /* 4, 6, or 0: not IP */
	uint8_t proto;	     /* IPPROTO_*, after extension headers */
	uint8_t ttl, tos;
	uint16_t ip_id;
	uint16_t vlan[SEKI_MAX_VLAN];
	uint8_t vlan_count, tunnels;
	struct seki_addr src, dst;
	uint16_t src_port, dst_port;		   /* host order; 0 where the protocol has none */
	struct span ip_header, l4_header, payload; /* payload: behind the L4 header, cut at the IP length */
	struct span ip_payload;			   /* behind the IP header(s) */
	bool fragment; /* this frame holds an unfinished fragment: only ip_* is valid */
	bool more_fragments;
	uint32_t fragment_offset, fragment_id;
	bool truncated; /* the frame ends before the IP length does (IP4_BAD or IP6_BAD, unless the capture
			   was cut) */
	bool checksum_unknown;		       /* SEKI_REC_CSUM_PARTIAL or GSO: never verified */
	bool ip_checksum_bad, l4_checksum_bad; /* filled by packet_verify() */
	/* TCP */
	uint32_t seq, ack;
	uint16_t window;
	uint8_t tcp_flags; /* FIN 1 SYN 2 RST 4 PSH 8 ACK 16 URG 32 ECE 64 CWR 128 */
	bool has_timestamp;
	uint32_t tsval, tsecr;
	/* ICMP, ICMPv6 */
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_id, icmp_seq;
	struct event_list events; /* what decoding and reassembly noticed about it */
};

/* Why a frame could not be decoded; the same names as the packet program's reasons. */
#define PACKET_OK SEKI_R_CLEAN

/*
 * Decodes frame into *out. Returns SEKI_R_CLEAN, SEKI_R_NON_IP, or the enum
 * seki_reason that names the fault; *out then holds what was understood.
 */
enum seki_reason packet_decode(enum link_type link, const uint8_t *frame, size_t len, struct packet *out);

/* The same, but follows at most `tunnels` tunnels: the outer layers of a packet that packet_decode() saw
 * through. */
enum seki_reason packet_decode_layer(enum link_type link, const uint8_t *frame, size_t len,
				     unsigned int tunnels, struct packet *out);

/* The same from an IP header on (tunnel insides, reassembled datagrams). */
enum seki_reason packet_decode_ip(const uint8_t *ip, size_t len, struct packet *out);

/* Does a TCP header ask for or carry a Fast Open cookie (RFC 7413, and its experimental number, RFC 6994)? */
bool packet_fast_open(const struct packet *packet);

/* Fills the *_checksum_bad fields; RFC 1071, 8200 section 8.1. */
void packet_verify(struct packet *packet);

#endif
