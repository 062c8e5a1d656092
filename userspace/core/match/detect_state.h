/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect_state.h - what the matcher keeps per flow and per transaction.
 */
#ifndef CORE_DETECT_STATE_H
#define CORE_DETECT_STATE_H

#include "core/flow/flow.h"
#include "core/rule/ruleset_parts.h"

/* Stream rules that wait for more bytes or have alerted, per flow; beyond it the oldest is forgotten, and
 * counted. */
#define STREAM_MARKS_MAX 64u
/* Rules found in one transaction; beyond it further ones are looked at once and not again. */
#define TX_MARKS_MAX 4096u

struct stream_mark {
	uint32_t rule;
	uint8_t dir;
	bool waits;	 /* its literal was seen, the rest not yet */
	bool closed;	 /* never again on this flow */
	uint64_t hit_at; /* stream offset behind its literal */
	uint64_t from;	 /* bytes before were already alerted on */
};

struct detect_flow_state {
	bool passed;  /* a pass rule holds for the rest of the flow */
	bool dropped; /* a drop rule holds, from the packet behind over_number on */
	uint64_t over_number;
	bool once_done[2]; /* ip_only rules were judged */
	uint64_t stream_size[2];
	uint32_t mark_count, mark_oldest;
	struct stream_mark *marks;
	uint32_t *bits; /* flowbits, allocated with the first */
	uint32_t *ints; /* flowint values, behind them a bitmap of which are set */
	uint32_t bit_count, int_count;
};

struct tx_mark {
	uint32_t rule;
	uint8_t closed; /* bit per direction: alerted, or it cannot match any more */
	uint8_t known;	/* bit per direction: found there */
};

/* What of a buffer was already searched: instances before `instance`, and bytes of that one. */
struct tx_progress {
	uint32_t instance, bytes;
};

struct detect_tx_state {
	uint32_t mark_count, mark_room;
	struct tx_mark *marks;
	uint32_t
		again_at[2]; /* bytes of the biggest growing buffer at which waiting rules are judged again */
	bool begun[2];
	uint32_t *bits; /* numbers of the xbits that are set on it */
	uint32_t bit_count;
	struct tx_progress *scanned[2]; /* per lane */
	uint32_t scanned_size[2];
};

/* NULL when out of memory. */
struct detect_flow_state *flow_state_get(struct flow *flow);
struct detect_tx_state *tx_state_get(struct tx *tx, const struct ruleset *set, enum direction dir);

/* The mark of (rule, dir), made when absent. *given_up counts a forgotten one. NULL when out of memory. */
struct stream_mark *stream_mark_get(struct detect_flow_state *state, uint32_t rule, enum direction dir,
				    uint64_t *given_up);
struct stream_mark *stream_mark_find(struct detect_flow_state *state, uint32_t rule, enum direction dir);
struct tx_mark *tx_mark_get(struct detect_tx_state *state, uint32_t rule);
/* Marks of rules on the transaction itself, by the number of their name. -ENOMEM. */
bool txbit_is_set(const struct detect_tx_state *state, uint32_t bit);
__must_check int txbit_set(struct detect_tx_state *state, uint32_t bit);

bool flowbit_is_set(const struct detect_flow_state *state, uint32_t bit);
/* Sets, unsets or toggles. -ENOMEM. */
__must_check int flowbit_change(struct detect_flow_state *state, const struct ruleset *set, uint32_t bit,
				enum rule_state_action action);
bool flowint_is_set(const struct detect_flow_state *state, uint32_t number);
uint32_t flowint_value(const struct detect_flow_state *state, uint32_t number);
/* The option's number, or that of the other flowint it names. */
uint32_t flowint_operand(const struct detect_flow_state *state, const struct rule_state *option);
__must_check int flowint_change(struct detect_flow_state *state, const struct ruleset *set, uint32_t number,
				enum rule_state_action action, uint32_t value);

#endif
