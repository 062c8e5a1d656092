/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - from figures and events to reports for people. The program brings
 * what the store has; here it is counted, ranked and judged. Pure.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "document.h"
#include "sekimori/abi.h"
#include "threat.h"

#define REPORT_DAYS	400 /* of history by day before the end of the period */
#define REPORT_ROWS_MAX 1000u
#define REPORT_SLO_US	(7200ull * 1000000) /* within which somebody is told: the outer promise */

struct report_frame {
	enum explain_language language;
	uint64_t from, to, now; /* us since the epoch; to exclusive */
	uint64_t before_from;	/* the period before begins here and ends at from */
	int32_t zone_s;		/* seconds east of UTC, for days and times */
	unsigned int n;		/* rows of the ranking */
	const char *name;	/* of the period: "2014-09"; of whom: "" */
	const char *audit_head; /* "" unknown */
};

struct report;
/* threats and frame's texts are borrowed for the report's life. */
__must_check int report_new(const struct report_frame *frame, struct threat_set *threats,
			    struct report **out);
void report_free(struct report *report);
DEFINE_CLEANUP(report_free, struct report)

/* What matched is told first, then how often. -ENOMEM, -E2BIG: too many rules. */
__must_check int report_rule(struct report *report, uint32_t gid, uint32_t sid, const char *label,
			     const char *rule);
struct report_figure {
	uint64_t slot; /* begin of a quarter of an hour */
	uint8_t severity, verdict;
	uint32_t gid, sid;
	uint64_t count, first, last;
};
/* Detections of the whole history up to the end of the period; later ones are ignored. */
__must_check int report_figure(struct report *report, const struct report_figure *figure);
/* A detection of the period, for sources and targets. */
struct report_event {
	uint64_t t;
	uint8_t severity, verdict;
	uint32_t gid, sid;
	struct seki_addr source, target;
};
__must_check int report_event(struct report *report, const struct report_event *event);
/* Counters of the period as the sensor told them, "packets", "lost.ring-full", …; see keeper_archive.c. */
void report_counter(struct report *report, const char *name, uint64_t sum);
void report_counter_before(struct report *report, const char *name, uint64_t sum); /* of the period before */
/* What runs at the targets, borrowed; without it nothing is said of whether attacks concern it. */
struct asset_set;
void report_assets(struct report *report, const struct asset_set *assets);
/* Events that the store lost or removed in months of the period. */
void report_store(struct report *report, uint64_t lost, uint64_t removed);

/* A critical attack of the period that was not blocked, and when somebody was told. */
struct report_urgent_event {
	uint64_t id, t_match, t_delivered, t_acked; /* 0: not yet */
	uint32_t gid, sid;
	struct seki_addr target;
};
__must_check int report_urgent(struct report *report, const struct report_urgent_event *event);
struct report_notice {
	uint64_t id, count, t_first, t_delivered, t_acked, t_due, t_escalated;
	uint32_t gid, sid;
};
__must_check int report_notice(struct report *report, const struct report_notice *notice);

/* *out is the caller's. -ENOMEM. */
__must_check int report_top(struct report *report, struct document **out);
/* Before and after: the period begins when something was changed, the one before is as long. */
__must_check int report_change(struct report *report, struct document **out);
__must_check int report_notices(struct report *report, struct document **out);
__must_check int report_log(struct report *report, struct document **out);

#endif
