/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspector.h - the engine without its surroundings: frames in, alerts and
 * flow ends out. `sekimori inspect` and the live engine both run this.
 */
#ifndef CORE_INSPECTOR_H
#define CORE_INSPECTOR_H

#include "detect.h"
#include "core/flow/overlap.h"

struct inspector;

struct prefilter_emulation;
struct inspector_options {
	bool verify_checksums;	  /* false: -k none */
	bool bad_checksums_count; /* what has one is told, and looked at all the same */
	bool live;		  /* flows carry BPF ids, time is monotonic */
	uint64_t flow_memory;	  /* bytes for flows and reassembly; 0 = 256 MiB. Beyond it the oldest flow is
				     given up, counted */
	uint32_t flow_max;	  /* 0 = 65536 */
	uint64_t seed; /* of the flow hash: random live, so that nobody can aim at one bucket; 0 for files:
			  same input, same run */
	bool handshake_required; /* TCP that began before the capture is not put in order, only its packets
				    are seen */
	bool stream_first; /* rules about a packet know what its bytes made of the stream, as where packets
			      are held back for that */
	bool answer_opens; /* where it is: the server's half of a handshake will do */
	const struct overlap_hosts
		*hosts;	    /* who resolves overlaps how; borrowed for the inspector's life, may be NULL */
	uint32_t alert_max; /* matches of one packet that are judged; 0 = all */
	uint32_t depth[2];  /* inspection depth per transaction; 0 = 1 MiB */
	struct prefilter_emulation *prefilter; /* packets that it keeps from engines are not looked at;
						  borrowed, may be NULL */
	struct tracker *tracker; /* what rules count lies there, with what other inspectors count; borrowed
				    for the inspector's life. NULL: in one of its own */
};

/* What BPF said of a live packet; zero for files but for the last two members. */
struct inspector_hint {
	uint64_t flow_id;
	uint32_t flow_flags; /* SEKI_FLOW_* */
	uint32_t record_seq;
	bool from_lo;
	bool lost;	       /* a record of this flow is missing before this one */
	bool checksum_unknown; /* SEKI_REC_CSUM_PARTIAL or SEKI_REC_GSO: there is nothing to verify yet */
	bool truncated;	       /* the capture holds less than the frame: its IP length cannot be met */
};

enum flow_outcome {
	FLOW_ENDED, /* ended or timed out: nothing found */
	FLOW_ENDED_ALERTED,
	FLOW_DEPTH,	 /* inspection depth reached, nothing found: may be cleared */
	FLOW_CIPHERTEXT, /* both halves of the handshake seen, now opaque: may be sealed */
	FLOW_LOST,	 /* lost a record or was given up: uninspected */
	/* Nothing but datagrams that no decoder knows, each judged by itself: only those that a rule might
	 * match are wanted. The one that is told more than once. */
	FLOW_NARROW,
	FLOW_OUTCOME_MAX
};

/* Something that no sound sender does; tx is NULL for events of packet and flow, flow for packets without
 * one. */
struct inspector_event {
	enum app_event event;
	const struct packet *packet;
	const struct flow *flow;
	const struct tx *tx;
	enum direction dir;
};

struct inspector_ops {
	detect_alert_fn alert;
	/* Each event once per packet or transaction. May be NULL. */
	void (*event)(const struct inspector_event *event, void *arg);
	/* A transaction that will not change any more, and a flow at its end. May be NULL. */
	void (*tx)(const struct flow *flow, const struct tx *tx, void *arg);
	void (*flow_end)(const struct flow *flow, enum flow_end_reason reason, void *arg);
	/* Both sides agreed on a connection that will come (FTP): who connects to whom. May be NULL. */
	void (*announced)(const struct flow *flow, const struct expectation *expectation, void *arg);
	/* Once per outcome and flow; live engines turn it into messages to the keeper. */
	void (*flow)(const struct flow *flow, enum flow_outcome outcome, void *arg);
	void *arg;
};

struct inspector_stats {
	uint64_t packets, bytes, undecoded[SEKI_REASON_MAX];
	uint64_t flows, flows_given_up, fragments, reassembly_gaps, overlaps, midstream, checksum_bad;
	uint64_t inspected_bytes, ciphertext_bytes, skipped_bytes;
	uint64_t alerts;
	uint64_t events, events_dropped; /* dropped: more than one packet has room for */
	/* What a cap cost, by cause: flows of flows_given_up, holes of reassembly_gaps, datagrams,
	 * announcements. */
	uint64_t memory_flows, full_streams, full_fragments, full_expectations;
};

__must_check int inspector_new(const struct inspector_options *options, struct ruleset *set,
			       const struct inspector_ops *ops, struct inspector **out);
void inspector_free(struct inspector *inspector);
DEFINE_CLEANUP(inspector_free, struct inspector)

/* Profiles the rules as detect_profile_on() does; the figures are of the newest set. */
__must_check int inspector_profile_on(struct inspector *inspector, uint64_t (*now_ns)(void));
const struct detect_profile *inspector_profile_of(const struct inspector *inspector, uint32_t index);

/* One frame. hint may be NULL. Never fails: what cannot be decoded is counted by reason. */
void inspector_frame(struct inspector *inspector, enum link_type link, const uint8_t *frame, size_t len,
		     uint64_t time_us, const struct inspector_hint *hint);
/* A frame that another inspector looks at: it only counts, and lets time pass. */
void inspector_pass_over(struct inspector *inspector, uint64_t time_us);
/* Time without packets: timeouts of flows and fragments. */
void inspector_tick(struct inspector *inspector, uint64_t time_us);
/* End of input: every flow ends, last data is inspected. What comes next is another input, on which this one
 * leaves no trace. */
void inspector_finish(struct inspector *inspector);
/* The wall clock minus the clock that packets carry; 0, until it is set. For the newest rules. */
void inspector_set_wall(struct inspector *inspector, int64_t offset_us);
/* New flows use set; old flows keep theirs until they end. -ENOMEM: nothing changed. */
__must_check int inspector_reload(struct inspector *inspector, struct ruleset *set);
struct ruleset *inspector_rules(const struct inspector *inspector); /* those of new flows */
void inspector_count(const struct inspector *inspector, struct inspector_stats *out);

#endif
