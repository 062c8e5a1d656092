/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect.h - runs a ruleset over packets, streams and transactions. One
 * detector per engine thread; no I/O, time comes with the packet.
 *
 * Order per packet, called by inspector.c: detect_packet() for every decoded
 * packet; then detect_stream() for each direction in which reassembly made new
 * in-order bytes; then detect_tx() for each transaction and direction that changed;
 * at last detect_packet_end(). What fits is judged in the order of the rules: a
 * pass keeps those behind it quiet wherever in the packet they were found.
 */
#ifndef CORE_DETECT_H
#define CORE_DETECT_H

#include "core/flow/flow.h"
#include "core/rule/ruleset.h"

struct detect;
struct tracker;

/*
 * A match that survived thresholds and suppression; pointers are valid during
 * the call. A rule that drops or rejects is told also when its alert is
 * suppressed or beyond its limit: the action holds, see quiet.
 */
struct detect_alert {
	const struct rule_info *rule;
	const struct packet *packet;
	const struct flow *flow; /* NULL for flowless packets */
	const struct tx *tx;	 /* NULL when the rule looked at packet or stream */
	enum direction dir;
	enum rule_action action; /* the rule's, or what a rate_filter made of it */
	bool quiet;		 /* no alert is wanted, only the action */
};
typedef void (*detect_alert_fn)(const struct detect_alert *alert, void *arg);

/* Takes its own reference to set. */
__must_check int detect_new(struct ruleset *set, detect_alert_fn fn, void *arg, struct detect **out);
/* From now on what is remembered of addresses (thresholds, rates, xbits) is remembered there. Takes its own
 * reference. */
void detect_share(struct detect *detect, struct tracker *tracker);
struct tracker *detect_tracker(struct detect *detect);
void detect_free(struct detect *detect);
struct ruleset *detect_rules(const struct detect *detect);
DEFINE_CLEANUP(detect_free, struct detect)

/* Header, packet payload and flow keywords. flow may be NULL. dir is the packet's. */
void detect_packet(struct detect *detect, const struct packet *packet, struct flow *flow, enum direction dir);

/* The payload of a TCP packet that is no part of a stream: rules on the stream see it by itself. */
void detect_loose(struct detect *detect, const struct packet *packet, struct flow *flow, enum direction dir);

/*
 * Rules on events of the packet or of its flow, behind everything else about the packet: reassembly and
 * decoders notice events while they run. The packet need not hold IP.
 */
void detect_events(struct detect *detect, const struct packet *packet, struct flow *flow, enum direction dir);

/*
 * Raw reassembled bytes of one direction: window holds the stream from
 * window_offset on, the last `fresh` bytes of it are new. last: no more will come.
 */
void detect_stream(struct detect *detect, const struct packet *packet, struct flow *flow, enum direction dir,
		   struct span window, uint64_t window_offset, uint32_t fresh, bool last);

/* Buffers of tx in dir appeared or grew, or the direction is done. Gives each rule at most one alert per
 * transaction. */
void detect_tx(struct detect *detect, const struct packet *packet, struct flow *flow, struct tx *tx,
	       enum direction dir);

/* Acts on what was found so far; must come before a transaction that was inspected in this packet dies. */
void detect_packet_judge(struct detect *detect);
/* The packet is done: acts on all that was found, in the order of the rules. packet, flow and transactions
 * are still there. */
void detect_packet_end(struct detect *detect);
/* Drop rules that matched more than one packet end the inspection of their flow, as where they are enforced.
 */
void detect_drop_ends_flow(struct detect *detect, bool on);
/* The wall clock minus the clock that packets carry; 0 for files. */
void detect_set_wall(struct detect *detect, int64_t offset_us);
/* At most so many matches of one packet are judged, those of the rules that come first; 0: all. */
void detect_limit_alerts(struct detect *detect, uint32_t most);
/* Matches that were left out for that. */
uint64_t detect_left_out(const struct detect *detect);

/* Forgets what rules remember beyond flows: thresholds, rates, xbits. */
void detect_forget(struct detect *detect);

/* What judging a rule cost: how often its literal led to it, how often it fitted, and the time that took. */
struct detect_profile {
	uint64_t checks, matches, ns;
};
/* Off unless asked for, before the first packet. The clock counts nanoseconds from any origin. -ENOMEM. */
__must_check int detect_profile_on(struct detect *detect, uint64_t (*now_ns)(void));
/* Of the rule that ruleset_at() gives for index; NULL when off. */
const struct detect_profile *detect_profile_of(const struct detect *detect, uint32_t index);

/* Called by the flow and decoder code when these objects die. NULL is fine. */
void detect_flow_free(struct detect_flow_state *state);
void detect_tx_free(struct detect_tx_state *state);

#endif
