/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect_run.h - one look at one piece of data: what the parts of the
 * detector hand to each other.
 */
#ifndef CORE_DETECT_RUN_H
#define CORE_DETECT_RUN_H

#include "detect.h"
#include "detect_state.h"
#include "match.h"
#include "core/flow/tracker.h"
#include "transform.h"

struct detect_view { /* a transformed buffer of the current run */
	struct transform_room room;
	struct span span;
	uint64_t run;
	enum direction dir;
	unsigned int instance;
	bool valid;
};

struct detect_queued { /* a rule that fits the packet at hand or one of its transactions */
	const struct rule *rule;
	const struct packet *packet;
	struct flow *flow; /* may be NULL */
	struct tx *tx;	   /* NULL when the rule looked at packet or stream */
	enum direction dir;
	enum rule_stage stage;
	struct seki_addr src, dst; /* for thresholds */
	uint32_t order;
	bool whole_flow; /* its action holds for the rest of the flow */
};

struct detect_run {
	struct detect *detect;
	const struct packet *packet;
	struct flow *flow; /* may be NULL */
	struct tx *tx;	   /* STAGE_TX */
	enum direction dir;
	enum rule_stage stage;
	enum app_proto app; /* of the flow, as far as it is known to what is looked at */
	const struct seki_addr *src, *dst;
	uint16_t sport, dport;
	range_value src_value, dst_value;
	struct span payload;
	uint64_t payload_offset;
	bool loose; /* STAGE_STREAM over a payload that is no part of a stream */
};

struct detect {
	struct ruleset *set;
	detect_alert_fn fn;
	void *arg;
	struct hs_scratch *scratch;
	struct match_room *room;
	struct tracker *tracker;
	struct detect_view *views;
	uint64_t *stamps;   /* per rule: the run in which it was taken up */
	uint32_t *found;    /* rules to look at in this run */
	uint64_t *found_at; /* stream runs: where the literal of found[i] ended */
	uint32_t found_count;
	uint64_t run;
	uint64_t marks_given_up;
	int64_t wall_offset_us;	     /* wall clock minus the packets' */
	uint64_t suppressed;	     /* matches without an alert: suppressed or beyond a limit */
	const struct packet *passed; /* a pass rule holds for this packet */
	uint64_t passed_number;
	/* The newest stream window, for transaction rules that also look at the stream. */
	const struct flow *window_flow;
	uint64_t window_packet;
	enum direction window_dir;
	struct span window;
	uint64_t window_offset;
	bool window_last;
	/* Rules found in the packet at hand that wait for its stream, to be judged together with those found
	 * there. */
	struct detect_run held_run;
	uint32_t *held;
	uint32_t held_count, held_next;
	/* What fits, until the packet is done; what stands before queue_judged has had its turn. */
	struct detect_queued *queue;
	uint32_t queue_count, queue_judged, queue_room;
	uint32_t alert_max, alert_count; /* of the packet at hand; 0: no limit */
	uint64_t left_out;		 /* matches beyond it */
	bool drop_ends_flow;
	struct detect_profile *profile; /* per rule; NULL: off */
	uint64_t (*profile_clock)(void);
};

static inline uint64_t profile_begin(const struct detect *detect)
{
	return detect->profile ? detect->profile_clock() : 0;
}

static inline void profile_end(struct detect *detect, const struct rule *rule, uint64_t began)
{
	struct detect_profile *row = detect->profile ? &detect->profile[rule->index] : NULL;

	if (!row)
		return;
	row->checks++;
	row->ns += detect->profile_clock() - began;
}

/* Header, flow options, header tests and what the rule needs to have been remembered. */
bool detect_endpoints(const struct detect_run *run, const struct rule *rule);
/* What the rule's options on addresses set and unset in data sets, now that it fits. */
void detect_data_change(const struct detect_run *run, const struct rule *rule);
bool detect_tests(const struct detect_run *run, const struct rule *rule);
/* Both. */
bool detect_header(const struct detect_run *run, const struct rule *rule);
bool detect_states(const struct detect_run *run, const struct rule *rule);
void xbit_key(const struct detect_run *run, const struct rule_state *state, struct tracker_key *key);
/* Everything fits: changes what is remembered, and queues the rule. */
void detect_fire(struct detect_run *run, const struct rule *rule);
/* Judges rules that were found in the packet alone. */
void detect_held_judge(struct detect *detect);
/* Rules on packet and stream have one list at most: the payload. Where there is none they say nothing, not
 * even what it lacks. */
bool detect_payload_matches(const struct detect_run *run, const struct rule *rule, struct span data,
			    uint64_t offset);
/* Those of the packet's rules that come before another one, or are that one. */
void detect_held_judge_to(struct detect *detect, uint32_t rule);

#endif
