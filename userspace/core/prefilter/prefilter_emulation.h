/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefilter_emulation.h - what the packet program and the kernel module
 * together would do to packets of a capture: which reach an engine, which
 * are dropped.
 */
#ifndef CORE_PREFILTER_EMULATION_H
#define CORE_PREFILTER_EMULATION_H

#include "core/flow/flow_table.h"
#include "lib/cleanup.h"
#include "core/flow/packet.h"
#include "prefilter.h"

struct prefilter_emulation;

/* Per flow; zero for a new one. */
struct prefilter_flow {
	uint16_t marks;
	bool server_data; /* it spoke last, as far as data goes */
	bool turn;	  /* a request begins at turn_seq */
	uint32_t turn_seq;
	bool cleared, sealed; /* what the engine said of it */
	bool narrow;	      /* the engine said: only what rules on packets match by itself */
	uint32_t seen[2];     /* packets with payload */
	uint32_t copied[2];   /* bytes of this turn */
};

struct prefilter_emulation_stats {
	uint64_t packets, bytes;	       /* with payload, and their payload */
	uint64_t ring_packets, ring_bytes;     /* that reach an engine without the module */
	uint64_t narrow_packets, narrow_bytes; /* that do with it */
	uint64_t dropped;		       /* by a rule that one packet proved */
	uint64_t unconfirmed;		       /* of these, without an alert of that rule */
};

/* image: of prefilter_compile(), borrowed. depth: of the packet program. */
__must_check int prefilter_emulation_new(const void *image, const uint32_t depth[2],
					 struct prefilter_emulation **out);
void prefilter_emulation_free(struct prefilter_emulation *emulation);
DEFINE_CLEANUP(prefilter_emulation_free, struct prefilter_emulation)

/*
 * The next packet of a flow. *sid: of the rule that drops it, 0: none. True: an engine sees it. Call
 * prefilter_emulation_alert() for what the rules say of it, then _done().
 */
bool prefilter_emulate(struct prefilter_emulation *emulation, const struct packet *packet, enum direction dir,
		       struct prefilter_flow *flow);
void prefilter_emulation_alert(struct prefilter_emulation *emulation, uint32_t sid);
void prefilter_emulation_done(struct prefilter_emulation *emulation);
const struct prefilter_emulation_stats *
prefilter_emulation_stats(const struct prefilter_emulation *emulation);

#endif
