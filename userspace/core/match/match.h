/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match.h - does one buffer satisfy one list of a rule? Contents, regular
 * expressions and numbers in order, with earlier ones tried again at other
 * places when a relative one fails.
 */
#ifndef CORE_MATCH_H
#define CORE_MATCH_H

#include "core/flow/packet.h"
#include "core/rule/rule.h"

#define MATCH_STEPS_MAX	 20000u /* node tries per list and buffer; beyond it: no match, counted */
#define MATCH_PCRE_LIMIT 20000u /* PCRE2's match and depth limit; beyond it: no match, counted */

struct match_room; /* scratch of one thread */

__must_check int match_room_new(struct match_room **out);
void match_room_free(struct match_room *room);
DEFINE_CLEANUP(match_room_free, struct match_room)

struct match_stats {
	uint64_t steps_exceeded, pcre_exceeded;
};

/*
 * data_offset: where data begins in what contents with offset and depth count from (0 unless a stream's
 * window slid). variables: RULE_VARIABLES_MAX numbers of the rule, read and written.
 */
bool match_list(struct match_room *room, const struct rule_list *list, struct span data, uint64_t data_offset,
		uint64_t *variables);
const struct match_stats *match_room_stats(const struct match_room *room);

/* While on, matching lists change the data sets that they set or unset. */
void match_room_commit(struct match_room *room, bool on);
/* Byte order of numbers that "dce" leaves to the call. */
void match_room_order(struct match_room *room, bool little);
/* Seconds since 1970 of the packet at hand, for dates that are compared with it. */
void match_room_clock(struct match_room *room, uint64_t now_s);
/* The answer of a data set; commit: changes it, and false when there was nothing to change. */
bool match_data(const struct data_question *question, struct span value, bool commit);

bool match_range(const struct rule_range *range, uint64_t value);

#endif
