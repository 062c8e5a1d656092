/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracker.h - what rules remember about addresses and flows: thresholds,
 * rates, xbits, values that they add to data sets. Keys name rules and marks as their authors do, so that a
 * table outlives the set that wrote it and one serves the sets before and after a reload.
 *
 * A table is pure over (pointer, length): it may lie in memory that several engines map (T15). None of them
 * believes the others: the size comes from whoever mapped it, slots hold numbers that lead nowhere, and a
 * lock that is not given back is taken. One that lies about locks all the time is left alone with its table.
 *
 * Fixed memory. Policy when full: of the eight slots that a key may take, the one untouched for longest is
 * given up, and counted; values are not taken instead, and that is counted.
 */
#ifndef CORE_TRACKER_H
#define CORE_TRACKER_H

#include "core/rule/rule.h"

struct tracker;

struct tracker_key {	 /* zeroed before it is filled: compared as bytes */
	uint32_t kind;	 /* enum rule_threshold_kind or TRACKER_*, and gid * 256 of a rule */
	uint32_t number; /* sid, or hash of an xbit's name */
	struct seki_addr first, second;
	uint64_t flow;
};
#define TRACKER_XBIT  100u
#define TRACKER_RATE  101u
#define TRACKER_VALUE 102u
#define TRACKER_PORT  103u
_Static_assert(sizeof(struct tracker_key) == 48, "no holes: keys are compared as bytes");

#define TRACKER_SLOTS 65536u /* of what rules count, unless there is a reason */

/* Bytes of a table of at least so many slots. */
size_t tracker_bytes(uint32_t slots);
/* Zeroed memory becomes an empty table; seed: so that nobody can aim at one place of it. */
void tracker_format(void *memory, size_t len, uint64_t seed);
/*
 * The table in memory, which stays the caller's and must be aligned to 8 bytes; owner, not 0, is different
 * for everyone who maps it. -EINVAL: too short for any table.
 */
__must_check int tracker_attach(void *memory, size_t len, uint32_t owner, struct tracker **out);
/* One of its own. */
__must_check int tracker_new(uint32_t slots, struct tracker **out);
struct tracker *tracker_ref(struct tracker *tracker);
void tracker_free(struct tracker *tracker); /* drops one reference; of one thread */
DEFINE_CLEANUP(tracker_free, struct tracker)

/* Forgets all marks and counts, but not how many were given up. */
void tracker_clear(struct tracker *tracker);

/* Counts one match at now; true: this one may alert. */
bool tracker_pass(struct tracker *tracker, const struct tracker_key *key,
		  const struct rule_threshold *threshold, uint64_t now_us);
/* Without counting one: are there more in the window than the threshold says? */
bool tracker_is_over(struct tracker *tracker, const struct tracker_key *key,
		     const struct rule_threshold *threshold, uint64_t now_us);
/* Counts one match at now; true: above the limit now, or within timeout seconds since it last was. */
bool tracker_rate(struct tracker *tracker, const struct tracker_key *key, const struct rule_threshold *limit,
		  uint32_t timeout, uint64_t now_us);
void tracker_set(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us, uint64_t until_us);
void tracker_unset(struct tracker *tracker, const struct tracker_key *key);
/* Unset when it is set at now, else set until until_us. */
void tracker_toggle(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us,
		    uint64_t until_us);
bool tracker_is_set(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us);

/* Is the value there? known: what holds while nobody changed it. */
bool tracker_value(struct tracker *tracker, const struct tracker_key *key, bool known);
/* Makes it so. 0: it was otherwise; -EEXIST: it was so; -ENOSPC: no room, it stays as it was. */
__must_check int tracker_value_change(struct tracker *tracker, const struct tracker_key *key, bool known,
				      bool there);

uint64_t tracker_given_up(const struct tracker *tracker);
/* Locks that were taken from whoever did not give them back. */
uint64_t tracker_taken(const struct tracker *tracker);
/* It was too often: from then on a copy of its own is used. */
bool tracker_is_alone(const struct tracker *tracker);

#endif
