/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspector_parts.h - what inspector.c (frames), inspector_flow.c (flows) and
 * inspector_payload.c (streams, decoders, rules, depth) share. Nobody else includes it.
 */
#ifndef CORE_INSPECTOR_PARTS_H
#define CORE_INSPECTOR_PARTS_H

#include "core/app/app.h"
#include "core/flow/defrag.h"
#include "core/flow/expect.h"
#include "core/flow/flow_table.h"
#include "inspector.h"
#include "core/prefilter/prefilter_emulation.h"
#include "core/flow/stream.h"

/* A detector with the rules it was made for; lives as long as a flow uses it. */
struct generation {
	struct detect *detect;
	uint64_t users;
};

struct subject {
	struct flow_entry entry; /* first */
	struct generation *generation;
	const struct app_decoder *decoder;
	uint64_t spent[2]; /* bytes of this turn, per direction, against the depth */
	bool server_spoke; /* the last data came from the server: client data begins a new turn (T5) */
	bool told[FLOW_OUTCOME_MAX]; /* outcomes given */
	uint64_t narrow_told_us;
	bool any_data, dir_last[2];
	enum direction first_dir; /* of data */
	enum direction app_dir;	  /* of the packet that told the protocol */
	uint8_t datagrams;
	bool skipped;	  /* detection was given up on one direction alone, and said so */
	uint64_t seen[2]; /* bytes in order */
	struct prefilter_flow prefilter;
};

struct inspector {
	struct inspector_options options;
	struct inspector_ops ops;
	struct inspector_stats stats;
	struct stream_stats stream_stats;
	struct flow_table *flows;
	struct defrag *defrag;
	struct expect *expect;
	struct generation *generation;
	struct subject *current; /* whose bytes are with the rules now */
	uint64_t number, now_us, swept_us;
	bool dying, finishing;
};

/* --- inspector.c */

/* One user less; the last one frees it. */
void generation_put(struct generation *generation);

/* --- inspector_flow.c */

/* Bytes of the flow went by unseen. */
void subject_lost(struct inspector *inspector, struct subject *subject);
/* Behind everything else about the packet: rules on its events and its flow's, and the owner get them. Then
 * what fits is judged. */
void inspector_packet_end(struct inspector *inspector, struct detect *detect, struct packet *packet,
			  struct flow *flow, enum direction dir);
/*
 * Both sides said their last and all of it was looked into: what is held for more goes now, not when the flow
 * expires. On a capture of 300 MB with flows of two seconds that was a quarter of a gigabyte.
 */
void subject_release(struct inspector *inspector, struct subject *subject);
/* Inspects what waits in the stream when no packet is at hand. */
void subject_drain_alone(struct inspector *inspector, struct subject *subject, bool flush);
/* For the flow table: the last look, and what is told of the flow. */
void subject_flow_end(struct flow_entry *entry, enum flow_end why, void *arg);
enum direction subject_direction(const struct flow *flow, const struct packet *packet);
/* Until when it lives without a packet. */
void subject_expiry(struct inspector *inspector, struct subject *subject);
/* Counts a packet that belongs to the flow. */
void subject_account(struct subject *subject, const struct packet *packet, enum direction dir);
/* The packet's flow, a new one where there is none; NULL when the table is full. */
struct subject *subject_of(struct inspector *inspector, const struct packet *packet,
			   const struct inspector_hint *hint);
/* Adds the packet to its stream; *subject changes when it opens a connection of its own, NULL when the table
 * is full. */
enum stream_verdict subject_stream(struct inspector *inspector, const struct packet *packet,
				   const struct inspector_hint *hint, struct subject **subject);
/* Bytes that are held for it. */
uint64_t subject_memory(const struct subject *subject);

/* --- inspector_payload.c */

/* Gives the outcome to the owner, once. */
void subject_tell(struct inspector *inspector, struct subject *subject, enum flow_outcome outcome);

/*
 * Inspects what the stream has in order, dir first. packets: by direction, what rules see as the packet at
 * hand. flush: nothing more comes.
 */
void subject_drain(struct inspector *inspector, struct subject *subject, const struct packet *packets[2],
		   enum direction dir, bool flush);
/* What protocol is it? Before anything looks at a UDP packet. */
void subject_probe_datagram(struct subject *subject, const struct packet *packet, enum direction dir);
/* The same for the payload of one UDP packet. */
void subject_datagram(struct inspector *inspector, struct subject *subject, const struct packet *packet,
		      enum direction dir);
/* Frees the transactions and the decoder's state. */
void subject_drop_decoder(struct inspector *inspector, struct subject *subject);

#endif
