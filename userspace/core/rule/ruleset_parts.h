/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ruleset_parts.h - the inside of a compiled set, for the matcher only.
 */
#ifndef CORE_RULESET_PARTS_H
#define CORE_RULESET_PARTS_H

#include "address_index.h"
#include "lib/arena.h"
#include "core/match/mpm.h"
#include "core/flow/payload_lane.h"
#include "rule.h"
#include "suffix_index.h"
#include "threshold.h"

#define RULESET_VIEWS_MAX 1024u
#define RULESET_KEY_BYTES 32u /* SHA-256 */

enum lane_class { LANE_TCP, LANE_UDP, LANE_OTHER, LANE_CLASS_MAX };

struct dataset_pool;
struct reputation;

/* Rules that are looked at without a literal having been found. */
struct rule_run {
	uint32_t *rules;
	uint32_t count, room;
};

/* A rule without literal for packets, and what is cheap to ask before it is judged: never stricter than the
 * rule. */
struct packet_gate {
	uint32_t rule;
	uint16_t src_low, src_high, dst_low, dst_high; /* ports */
	uint8_t flags_mask, flags;		       /* TCP flags that have to be as here */
};
struct packet_gates {
	struct packet_gate *rows;
	uint32_t count, room;
};

/* Of tx_lanes, in their order. */
struct lane_list {
	uint16_t *lanes;
	uint32_t count;
};

/* One view of one application protocol in one direction. */
struct tx_lane {
	uint16_t view;
	int32_t twin; /* lane whose search finds this one's rules too where their buffers are the same; -1:
			 none */
	struct mpm mpm;
	struct suffix_index
		suffixes; /* domains and other ends of the buffer; their literals are not in mpm */
};

struct ruleset {
	unsigned int references;
	struct arena arena;
	struct text_pool *texts;
	struct rule **rules; /* in the order of inspection */
	uint32_t count;
	struct rule **by_sid;
	struct ruleset_counts counts;
	uint8_t cache_key[RULESET_KEY_BYTES]; /* names what the databases were compiled from */
	struct threshold_table thresholds;
	uint32_t flowbit_count, flowint_count;

	struct rule_view *views; /* views[0] is the payload as it is */
	uint32_t view_count;
	struct transform_pool *transforms;
	struct dataset_pool *datasets;
	struct reputation *reputation;

	struct payload_lanes packet[LANE_CLASS_MAX][2];
	struct packet_gates packet_always[LANE_CLASS_MAX][2];
	struct address_index once_src, once_dst; /* ip_only: once per flow and direction */
	struct rule_run once_always;
	struct address_index packet_src, packet_dst; /* the other rules without content */
	struct rule_run event_rules;		     /* on events of packets */
	struct payload_lanes stream[2];
	struct rule_run stream_always[2];
	struct tx_lane *tx_lanes[2]; /* per direction, view_count of them at most */
	uint32_t tx_lane_count[2];
	struct lane_list tx_lanes_of[2][APP_PROTO_MAX]; /* those that transactions of a protocol may have */
	struct rule_run tx_always[2][APP_PROTO_MAX];	/* rules for any protocol are in every row */
};

/* Calls fn for each literal database, in an order that only the rules decide, until it fails. */
__must_check int ruleset_each_mpm(struct ruleset *set, mpm_visit_fn fn, void *arg);

#endif
