/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * threshold.h - the operator's file over the rules' own limits: lines of
 *   threshold|event_filter gen_id G, sig_id S, type T, track K, count N, seconds N
 *   rate_filter gen_id G, sig_id S, track K, count N, seconds N, new_action A, timeout N
 *   suppress gen_id G, sig_id S[, track K, ip GROUP]
 * sig_id 0 means every rule of the group, gen_id 0 with it every rule. A line for one rule takes the place of
 * that rule's own threshold or detection_filter; a line for many gives way to them.
 */
#ifndef CORE_THRESHOLD_H
#define CORE_THRESHOLD_H

#include "lib/arena.h"
#include "rule.h"
#include "rule_group.h"

enum threshold_entry_kind { ENTRY_THRESHOLD, ENTRY_RATE, ENTRY_SUPPRESS };

struct threshold_entry {
	struct threshold_entry *next; /* in the order of the file */
	uint8_t kind;		      /* enum threshold_entry_kind */
	uint8_t new_action;	      /* enum rule_action, ENTRY_RATE */
	uint8_t track;		      /* ENTRY_SUPPRESS: TRACK_NONE, _SRC, _DST, _EITHER */
	uint32_t gid, sid;
	uint32_t timeout;		   /* ENTRY_RATE: seconds that the new action holds */
	uint32_t rules;			   /* how many it applies to, known once the set is built */
	struct rule_threshold limit;	   /* THRESHOLD and RATE */
	const struct range_set *addresses; /* SUPPRESS with track */
	const char *file;
	unsigned int line;
};

/* One entry at one rule. */
struct threshold_link {
	const struct threshold_entry *entry;
	const struct threshold_link *next;
};

struct threshold_table {
	struct threshold_entry *first, *last;
};

/* Everything lives in arena; groups gives variables. -EINVAL: lines were refused through fn, the others hold;
 * -ENOMEM. */
__must_check int threshold_read(struct threshold_table *table, struct arena *arena,
				struct rule_groups *groups, const char *file, const char *text, size_t len,
				ruleset_refused_fn fn, void *arg);

/* Hangs the entries on the rules they name; by_sid is sorted by sid, then gid. */
__must_check int threshold_apply(struct threshold_table *table, struct arena *arena,
				 struct rule *const *by_sid, uint32_t count);

/* The first entry that suppresses an alert of rule between these addresses, NULL: none does. */
const struct threshold_entry *threshold_suppresses(const struct rule *rule, range_value src, range_value dst);

#endif
