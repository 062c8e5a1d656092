/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * defrag.h - IP fragments to datagrams. Bounded in time, count and bytes;
 * time is an argument.
 */
#ifndef CORE_DEFRAG_H
#define CORE_DEFRAG_H

#include "overlap.h"
#include "packet.h"

struct defrag;

#define DEFRAG_TIME_US	    60000000u /* RFC 8200 section 4.5 */
#define DEFRAG_DATAGRAM_MAX 1024u     /* unfinished datagrams; more give up the oldest */

struct defrag_stats {
	uint64_t datagrams; /* completed */
	uint64_t overlaps; /* fragments with bytes that were there already and differ (IPv4) or overlap at all
			      (IPv6) */
	uint64_t refused;  /* fragments that contradict the others or came for a refused datagram */
	uint64_t given_up; /* datagrams that timed out or made room */
	uint64_t full;	   /* of them, those that made room */
};

/* memory: bytes for unfinished datagrams. hosts is borrowed, NULL is fine. */
__must_check int defrag_new(uint64_t memory, const struct overlap_hosts *hosts, struct defrag **out);
void defrag_free(struct defrag *defrag);
DEFINE_CLEANUP(defrag_free, struct defrag)

enum defrag_result {
	DEFRAG_WAIT,	/* more is needed */
	DEFRAG_DONE,	/* *whole is the datagram with an IP header of its own */
	DEFRAG_REFUSED, /* contradicts the others; with IPv6 the whole datagram is (RFC 5722) */
};

/*
 * Takes a packet with packet->fragment set. IPv4 overlaps are resolved as the receiver does. *whole stays
 * valid until the next call. Extension headers in front of an IPv6 fragment header are left out of *whole.
 * What is odd is noted in packet->events.
 */
enum defrag_result defrag_add(struct defrag *defrag, struct packet *packet, struct span *whole);

/* Gives up what is older than DEFRAG_TIME_US. */
void defrag_expire(struct defrag *defrag, uint64_t now_us);
uint64_t defrag_memory(const struct defrag *defrag);
void defrag_count(const struct defrag *defrag, struct defrag_stats *out);

#endif
