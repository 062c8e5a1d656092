/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.h - the engine's flow: who talks to whom, what was seen, which
 * transactions are open, and the per-flow state that rules keep.
 */
#ifndef CORE_FLOW_H
#define CORE_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"
#include "core/app/tx.h"

struct stream;		  /* stream.c: reassembly of both directions */
struct expectation;	  /* expect.c: a connection that the flow announced */
struct detect_flow_state; /* detect.c: flowbits, thresholds by flow, alerts given */

enum flow_end_reason { FLOW_REASON_TIMEOUT, FLOW_REASON_FORCED, FLOW_REASON_SHUTDOWN, FLOW_REASON_REUSE };

struct flow {
	uint64_t id; /* BPF's flow id live; a stable hash for files */
	struct seki_flow_key key;
	struct seki_addr client, server; /* client = initiator (seen or guessed) */
	uint16_t client_port, server_port;
	uint8_t proto;
	bool initiator_known;	 /* SYN or first packet seen */
	bool established;	 /* handshake seen, or picked up mid-stream: not seen to be otherwise */
	bool established_before; /* the same before the packet at hand, for rules about packets */
	bool both_directions;
	bool validated; /* SEKI_FLOW_VALIDATED, live only */
	bool lost;	/* a record of it was lost */
	bool ended;	/* FIN both ways or RST, or timed out */
	bool closed;	/* FIN both ways or RST */
	bool opaque;	/* ciphertext from here on: no literal is looked for in it */
	bool alerted;
	uint8_t tcp_flags[2]; /* of all packets, by direction */
	bool gaps[2];	      /* bytes of that side are missing */
	enum app_proto app;
	uint8_t side_app[2]; /* enum app_proto: what each side said first is; APP_FAILED: nothing known */
	enum app_proto
		app_shown; /* TCP: the same for rules about packets, known since the other side answered */
	uint64_t first_us, last_us, last_number; /* time and number of the newest packet */
	uint64_t pkts[2], bytes[2];
	struct tx *txs; /* open and just-ended ones, oldest first */
	uint64_t tx_count;
	uint64_t app_skipped;  /* body and line bytes that decoders saw but did not keep for inspection */
	struct stream *stream; /* NULL for non-TCP */
	void *app_state[2];    /* the decoder's, one per direction or shared in [0] */
	struct detect_flow_state *detect;
	int64_t app_memory;	     /* what decoders and rules hold for it, see account.h */
	struct expectation *expects; /* newly announced by the decoder; the owner takes them */
	struct expectation
		*listens; /* the same, agreed on before anybody says what for: for the gate, without a name */
	struct event_list events; /* noticed while the packet at hand is looked at; its rules and EVE get them
				     with it */
};

#endif
