/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access_rank.h - rankings of accesses as data (logs/rankings.conf): who does most of what, when.
 *
 *	ranking night {
 *		title "Late-night access"; title-ja "深夜帯のアクセスランキング";
 *		hours 22:00-05:00;		# of the place's clock; may span midnight
 *		days weekend holiday;		# any of these: weekday weekend holiday
 *		action read write;		# any of these; default all
 *		object *confidential* *機密*;	# any of these globs, any case of ASCII letters
 *		by user;			# user (default), object, client, server
 *	}
 */
#ifndef CORE_ACCESS_RANK_H
#define CORE_ACCESS_RANK_H

#include "access_map.h"

#define ACCESS_RANK_ROWS_MAX (1u << 20) /* different names in one ranking */

struct access_rankings;

/* -EINVAL with errors filled, -ENOMEM. */
__must_check int access_rankings_parse(const char *file, const char *text, size_t len,
				       struct access_rankings **out, struct conf_errors *errors);
void access_rankings_free(struct access_rankings *rankings); /* NULL is fine */
DEFINE_CLEANUP(access_rankings_free, struct access_rankings)

/*
 * Who may be expected to appear: one name or glob a line, # begins a comment. Borrowed until rankings are
 * freed. They are counted, but apart: a page of exceptions shows the others.
 */
void access_rankings_expect(struct access_rankings *rankings, const char *text, size_t len);

/* Counts it in each ranking that it belongs to. -E2BIG: ACCESS_RANK_ROWS_MAX names; it is counted in
 * ranking.left_out. -ENOMEM. */
__must_check int access_rankings_add(struct access_rankings *rankings, const struct access *access,
				     const struct access_clock *clock);

struct access_ranking {
	const char *name, *title, *title_ja, *by;
	uint64_t total;	   /* accesses in it: the denominator of shares */
	uint64_t denied;   /* of them */
	uint64_t expected; /* of them, by expected persons */
	uint64_t left_out; /* of them, by names beyond the limit */
	uint64_t names;
};
struct access_rank {
	uint64_t rank; /* equal counts share one */
	struct text name;
	uint64_t count, denied;
	bool expected;
	int64_t first, last; /* us */
	struct text object;  /* the last one touched */
};
/* false: there is none of that index. */
bool access_rankings_at(const struct access_rankings *rankings, unsigned int at, struct access_ranking *out);
/* Highest counts first, then by name. The order is made by this call; add nothing after it. */
void access_rankings_order(struct access_rankings *rankings);
bool access_rankings_row(const struct access_rankings *rankings, unsigned int at, uint64_t row,
			 struct access_rank *out);

#endif
