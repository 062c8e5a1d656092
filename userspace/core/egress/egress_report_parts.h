/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_report_parts.h - the report's inside, for egress_report.c and egress_document.c only.
 */
#ifndef CORE_EGRESS_REPORT_PARTS_H
#define CORE_EGRESS_REPORT_PARTS_H

#include "egress_report.h"

/* Why nothing found is no proof. Beside EGRESS_GAPS, whose texts come first. */
#define EGRESS_DOUBTS(X)                                                                                     \
	X(COVERAGE)                                                                                          \
	X(OVERLAP)                                                                                           \
	X(CANARIES)                                                                                          \
	X(NO_CANARIES)                                                                                       \
	X(NO_PACKETS)                                                                                        \
	X(RAW_OPEN)                                                                                          \
	X(XDP_OPEN)                                                                                          \
	X(DAMAGED)                                                                                           \
	X(LOST)                                                                                              \
	X(REPORT_FULL)
enum egress_doubt {
#define X(id) EGRESS_DOUBT_##id,
	EGRESS_DOUBTS(X)
#undef X
		EGRESS_DOUBT_MAX
};

struct egress_span {
	uint64_t from, to,
		lost_us; /* lost: of it, without programs, without a look, or with a way out beside */
};

struct egress_report {
	uint64_t from, to;
	struct egress_record *rows, *found; /* talks added up; findings, the first of each talk and kind */
	uint32_t row_count, row_room, found_count, found_room;
	struct egress_span *spans;
	uint32_t span_count, span_room;
	uint32_t *index; /* open hash over rows */
	uint32_t index_size;
	uint64_t packets, gaps[EGRESS_GAP_MAX], damaged, dropped, lost, covered_us, overlaps, canaries_due,
		canaries_seen;
	bool raw_open, xdp_open, monitored;
	uint32_t detections;		   /* findings that are about what our side began */
	uint64_t doubts[EGRESS_DOUBT_MAX]; /* 0: none; else how often, where that is known */
};

#endif
