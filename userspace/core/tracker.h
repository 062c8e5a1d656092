/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracker.h - what rules remember about addresses and flows: thresholds,
 * rates, xbits. Keys name rules and marks as their authors do, so that a table
 * outlives the set that wrote it and one serves the sets before and after a reload. Fixed memory. Policy when full: of the eight slots that a key may
 * take, the one untouched for longest is given up, and counted.
 */
#ifndef CORE_TRACKER_H
#define CORE_TRACKER_H

#include "rule.h"

struct tracker;

struct tracker_key {	 /* zeroed before it is filled: compared as bytes */
	uint32_t kind;	 /* enum rule_threshold_kind or TRACKER_*, and gid * 256 of a rule */
	uint32_t number; /* sid, or hash of an xbit's name */
	struct seki_addr first, second;
	uint64_t flow;
};
#define TRACKER_XBIT 100u
#define TRACKER_RATE 101u
_Static_assert(sizeof(struct tracker_key) == 48, "no holes: keys are compared as bytes");

__must_check int tracker_new(uint32_t slots, struct tracker **out);
struct tracker *tracker_ref(struct tracker *tracker);
void tracker_free(struct tracker *tracker); /* drops one reference; of one thread */
DEFINE_CLEANUP(tracker_free, struct tracker)

/* Forgets all marks and counts, but not how many were given up. */
void tracker_clear(struct tracker *tracker);

/* Counts one match at now; true: this one may alert. */
bool tracker_pass(struct tracker *tracker, const struct tracker_key *key,
		  const struct rule_threshold *threshold, uint64_t now_us);
/* Counts one match at now; true: above the limit now, or within timeout seconds since it last was. */
bool tracker_rate(struct tracker *tracker, const struct tracker_key *key, const struct rule_threshold *limit,
		  uint32_t timeout, uint64_t now_us);
void tracker_set(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us, uint64_t until_us);
void tracker_unset(struct tracker *tracker, const struct tracker_key *key);
bool tracker_is_set(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us);
uint64_t tracker_given_up(const struct tracker *tracker);

#endif
