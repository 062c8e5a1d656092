/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_report_parts.h - the report's inside, for egress_report*.c only.
 */
#ifndef CORE_EGRESS_REPORT_PARTS_H
#define CORE_EGRESS_REPORT_PARTS_H

#include "egress_report.h"

/* Why nothing found is no proof. Beside EGRESS_GAPS, whose texts come first. */
#define EGRESS_DOUBTS(X)                                                                                     \
	X(COVERAGE)                                                                                          \
	X(CANARIES)                                                                                          \
	X(NO_CANARIES)                                                                                       \
	X(NO_PACKETS)                                                                                        \
	X(RAW_OPEN)                                                                                          \
	X(XDP_OPEN)                                                                                          \
	X(DAMAGED)                                                                                           \
	X(REPORT_FULL)
enum egress_doubt {
#define X(id) EGRESS_DOUBT_##id,
	EGRESS_DOUBTS(X)
#undef X
		EGRESS_DOUBT_MAX
};

struct egress_span {
	uint64_t from, to, lost_us; /* lost: of it, without programs */
};

struct egress_report {
	uint64_t from, to;
	struct egress_record *rows, *found; /* talks added up; findings, the first of each talk and kind */
	uint32_t row_count, row_room, found_count, found_room;
	struct egress_span *spans;
	uint32_t span_count, span_room;
	uint32_t *index; /* open hash over rows */
	uint32_t index_size;
	uint64_t packets, gaps[EGRESS_GAP_MAX], damaged, dropped, covered_us, canaries_due, canaries_seen;
	bool raw_open, xdp_open, monitored;
	uint32_t detections; /* findings that are about what our side began */
	bool doubts[EGRESS_DOUBT_MAX];
};

/* --- words: everything a person reads, in both languages */

struct egress_words {
	const char *text[EGRESS_LANG_MAX];
};
enum egress_word {
	WORD_TITLE,
	WORD_PERIOD,
	WORD_VERDICT,
	WORD_ZERO,
	WORD_UNPROVEN,
	WORD_FOUND,
	WORD_BECAUSE,
	WORD_COVERAGE,
	WORD_CANARIES,
	WORD_PACKETS,
	WORD_FINDINGS,
	WORD_TALKS,
	WORD_NONE,
	WORD_TIME,
	WORD_SEVERITY,
	WORD_FINDING,
	WORD_HOST,
	WORD_DESTINATION,
	WORD_SERVICE,
	WORD_FLOWS,
	WORD_BLOCKED,
	WORD_OUT,
	WORD_IN,
	WORD_PROCESS,
	WORD_RESULT,
	WORD_EVIDENCE,
	WORD_NEXT,
	WORD_THIS_MACHINE,
	WORD_MONITORED,
	WORD_UNKNOWN,
	WORD_BY_HOUR,
	WORD_MAX
};
const char *egress_word(enum egress_word word, enum egress_lang lang);
const char *egress_finding_title(enum egress_finding finding, enum egress_lang lang);
const char *egress_finding_next(enum egress_finding finding, enum egress_lang lang);
const char *egress_verdict_word(uint8_t verdict, enum egress_lang lang);
const char *egress_severity_word(uint8_t severity, enum egress_lang lang);
/* A sentence of why; with its count. */
void egress_gap_write(FILE *out, enum egress_gap gap, uint64_t count, enum egress_lang lang);
void egress_doubt_write(FILE *out, const struct egress_report *report, enum egress_doubt doubt,
			enum egress_lang lang);

/* "beaconing: every 60.0 s, jitter 1.2 %, 40 flows" and the like. */
void egress_evidence_write(FILE *out, const struct egress_record *record, enum egress_lang lang);
const char *egress_host_text(const struct egress_record *record, enum egress_lang lang);
/* A time in UTC; text needs 40 bytes. */
const char *egress_when(uint64_t us, char text[40]);

void egress_write_text(const struct egress_report *report, enum egress_lang lang, FILE *out);
void egress_write_html(const struct egress_report *report, enum egress_lang lang, FILE *out);
void egress_write_csv(const struct egress_report *report, enum egress_lang lang, FILE *out);
void egress_write_json(const struct egress_report *report, enum egress_lang lang, FILE *out);
/* "0 detections, coverage 100 %, canaries 288/288." or why not. */
void egress_write_verdict(const struct egress_report *report, enum egress_lang lang, FILE *out);

#endif
