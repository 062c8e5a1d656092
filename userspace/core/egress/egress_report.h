/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_report.h - the suspicious-communication report of a period: who,
 * where to, how often, by which program; and whether "nothing" is proven.
 * Composed of the lines of egress_line.h. Pure: time is an argument.
 */
#ifndef CORE_EGRESS_REPORT_H
#define CORE_EGRESS_REPORT_H

#include "core/rule/explain.h"
#include "egress_line.h"

#define EGRESS_ROWS_MAX	 65536u
#define EGRESS_FOUND_MAX 65536u
#define EGRESS_SPANS_MAX 600000u /* a year of minutes, and restarts */

enum egress_verdict {
	EGRESS_ZERO,	 /* nothing was found, and everything was seen */
	EGRESS_UNPROVEN, /* nothing was found, and not everything was seen */
	EGRESS_FOUND,
	EGRESS_VERDICT_MAX
};
struct document;
struct egress_report;
/* from, to: us since the epoch, to exclusive. */
__must_check int egress_report_new(uint64_t from, uint64_t to, struct egress_report **out);
void egress_report_free(struct egress_report *report);
DEFINE_CLEANUP(egress_report_free, struct egress_report)
/* Lines of other kinds and other times are passed by; damaged ones of ours are counted and speak against
 * "proven". -ENOMEM. */
__must_check int egress_report_line(struct egress_report *report, const char *line, size_t len);
/* Once, after the last line. */
void egress_report_close(struct egress_report *report);
enum egress_verdict egress_report_verdict(const struct egress_report *report);
/* Of the period, per mille, rounded down: 1000 only when nothing is missing. */
uint32_t egress_report_coverage(const struct egress_report *report);
/* Events of the period that the store no longer has, or never got: they speak against "proven". */
void egress_report_lost(struct egress_report *report, uint64_t events);
/* For people and programs, in the time zone zone_s seconds east of UTC. -ENOMEM. */
__must_check int egress_report_document(const struct egress_report *report, enum explain_language language,
					int32_t zone_s, struct document **out);

#endif
