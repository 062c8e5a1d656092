/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_private.h - what the makers of reports share.
 */
#ifndef CORE_REPORT_PRIVATE_H
#define CORE_REPORT_PRIVATE_H

#include "asset.h"
#include "phrase.h"
#include "report.h"

#define REPORT_COUNTERS_MAX 160u
#define DAY_US		    (86400ull * 1000000)

struct report_row { /* of one threat */
	const struct threat *threat;
	uint64_t count, before;	    /* in the period, in the one before */
	uint64_t first, last;	    /* of the whole history */
	uint64_t first_in, last_in; /* of the period; 0 none */
	uint64_t severity[SEKI_SEVERITY_MAX], verdict[SEKI_VERDICT_MAX]; /* in the period */
	uint64_t verdict_before[SEKI_VERDICT_MAX];
	unsigned int rank, rank_before; /* from 1; 0 none */
	uint32_t *days;			/* REPORT_DAYS, the last one is that of the period's end */
};

struct report_rule_row {
	uint32_t gid, sid;
	struct report_row *row; /* NULL: free place */
};

struct report_pair { /* a group of the table that is asked for: threat and address, or address alone */
	struct report_row *row;
	struct seki_addr addr;
	uint64_t count, last, critical;
	uint8_t verdict; /* of the last one */
};
struct report_pairs { /* hash table, 2^bits places */
	struct report_pair *places;
	unsigned int bits;
	size_t count;
	uint64_t uncounted; /* events that found no room: said in the report */
};

struct report {
	struct report_frame frame;
	struct threat_set *threats;
	struct report_row **rows; /* each by itself */
	size_t row_count, row_room;
	struct report_rule_row *rules;
	unsigned int rule_bits;
	size_t rule_count;
	uint64_t total, total_before;
	uint64_t history; /* first detection ever, 0 none */
	uint64_t table[SEKI_SEVERITY_MAX][SEKI_VERDICT_MAX];
	uint64_t events; /* of report_event() */
	struct report_pairs sources, targets, urgent;
	struct {
		char name[40];
		uint64_t sum, before; /* in the period and in the one before */
	} counters[REPORT_COUNTERS_MAX];
	size_t counter_count;
	uint64_t store_lost, store_removed;
	const struct asset_set *assets; /* NULL: not known */
	struct report_slo *slo;		/* report_notices.c; NULL: not asked for */
};
void report_slo_free(struct report *report);
/* NULL: no memory. */
struct report_row *report_row_of_rule(struct report *report, uint32_t gid, uint32_t sid);

/* Rows of the period, most first; ranks are set. Those of the period before are ranked, too. */
void report_rank(struct report *report);
/* Pairs, most first; the table is a plain array afterwards. */
void report_pairs_sort(struct report_pairs *pairs);
uint64_t report_sum(const struct report *report, const char *name);
uint64_t report_sum_before(const struct report *report, const char *name);

/* Texts; each malloc'ed or in text. */
const char *report_day(const struct report *report, uint64_t t, char text[48]);
const char *report_time(const struct report *report, uint64_t t, char text[48]);
const char *report_number(uint64_t value, char text[24]);
const char *report_percent(uint64_t part, uint64_t whole, char text[72]); /* "58.5 % (5113/8733)" */
/* Days of the row: how many from its first day (in the period) to the period's end, and on how many it was
 * seen. */
void report_days_seen(const struct report *report, const struct report_row *row, unsigned int *seen,
		      unsigned int *since);
/* The day with most detections; its number, and a Japanese calendar label or "". */
uint64_t report_peak(const struct report *report, const struct report_row *row, uint32_t *count);
const char *report_calendar(const struct report *report, uint64_t t);
bool report_emerging(const struct report *report, const struct report_row *row);
bool report_rising(const struct report_row *row);

void report_say(struct document *document, enum document_tone tone, char *text); /* frees text */
struct document *report_begin(const struct report *report, enum phrase title, const char *first);
/* Does the threat concern what runs at the pair's address? Without a port: any service of that host counts.
 */
enum asset_concern report_concern(const struct report *report, const struct report_pair *pair);
/* Sections that every report has. */
void report_look(struct report *report, struct document *document);
void report_blindness(struct report *report, struct document *document);
/* Ranks of the last six months. */
void report_history(const struct report *report, struct document *document);
void report_drops(struct report *report, struct document *document);

#endif
