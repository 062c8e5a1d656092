/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access_report.h - the rankings of file access as a report, with what was read
 * and what could not be.
 */
#ifndef CORE_ACCESS_REPORT_H
#define CORE_ACCESS_REPORT_H

#include "access_rank.h"
#include "access_set.h"
#include "core/report/document.h"

struct access_source { /* one file that was read */
	const char *name, *map, *container;
	uint64_t records, refused; /* of the container */
	uint64_t unknown;	   /* fit no event of the map, or lack a time or name */
	uint64_t skipped;	   /* the map says that they are nobody's acts */
};

struct access_report {
	enum explain_language language;
	const char *period, *zone, *made; /* as they are shown; period NULL: all that was read */
	const struct access_clock *clock;
	unsigned int n;	  /* rows of a ranking */
	bool others_only; /* expected persons are not shown */
	const struct access_source *sources;
	size_t source_count;
	const struct access_fold *fold;
	uint64_t acts, outside; /* acts in the period, and those outside of it */
};

/* Rankings must be in order. *out is the caller's. -ENOMEM. */
__must_check int access_report_make(const struct access_report *report,
				    const struct access_rankings *rankings, struct document **out);

#endif
