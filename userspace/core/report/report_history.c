// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report_history.c - ranks month by month: what a single month's ranking does
 * not show, such as a threat that is second over half a year and was not seen
 * for weeks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/civil.h"
#include "report_private.h"

#define MONTHS 6

/* Local days of the months up to that of the period's end: begin of each, and the end of the last. */
static void months_of(const struct report *report, int64_t begins[MONTHS + 1], char names[MONTHS][16])
{
	int64_t last = ((int64_t)((report->frame.to - 1) / 1000000) + report->frame.zone_s) / 86400;
	struct civil c = civil_of(last * 86400);
	int month = c.year * 12 + (int)c.month - 1;

	for (int i = 0; i < MONTHS; i++) {
		int at = month - (MONTHS - 1 - i);

		begins[i] = civil_days(at / 12, (unsigned int)(at % 12) + 1, 1);
		snprintf(names[i], 16, "%04d-%02d", at / 12, at % 12 + 1);
	}
	begins[MONTHS] = last + 1;
}

static uint64_t month_count(const struct report *report, const struct report_row *row, int64_t begin,
			    int64_t end)
{
	int64_t last = ((int64_t)((report->frame.to - 1) / 1000000) + report->frame.zone_s) / 86400;
	uint64_t sum = 0;

	for (int64_t day = begin; day < end; day++)
		if (last - day < REPORT_DAYS)
			sum += row->days[REPORT_DAYS - 1 - (last - day)];
	return sum;
}

/* Ranks of a month: one more than how many have more; equal counts share one, as nobody saw them first then.
 */
static unsigned int month_rank(const uint64_t *counts, size_t rows, size_t at, unsigned int month)
{
	unsigned int rank = 1;

	for (size_t i = 0; i < rows; i++)
		rank += counts[i * MONTHS + month] > counts[at * MONTHS + month];
	return rank;
}

static void history_row(const struct report *report, struct document *document, const uint64_t *counts,
			size_t at, char names[MONTHS][16])
{
	char text[MONTHS * 64] = "";
	uint64_t sum = 0;
	size_t len = 0;

	for (unsigned int i = 0; i < MONTHS; i++) {
		uint64_t count = counts[at * MONTHS + i];

		sum += count;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s: ", i ? "; " : "", names[i]);
		if (count)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%u (%llu)",
						month_rank(counts, report->row_count, at, i),
						(unsigned long long)count);
		else
			len += (size_t)snprintf(text + len, sizeof(text) - len, "-");
	}
	document_cell(document, report->rows[at]->threat->title[report->frame.language]);
	document_number(document, sum);
	document_cell(document, text);
}

static int count_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* The count of the n-th of each month, at least 1: whoever has as many was among the first n. */
static int thresholds_of(const struct report *report, const uint64_t *counts, uint64_t least[MONTHS])
{
	AUTO_FREE uint64_t *column = calloc(report->row_count, sizeof(*column));

	if (!column)
		return -ENOMEM;
	for (unsigned int m = 0; m < MONTHS; m++) {
		for (size_t i = 0; i < report->row_count; i++)
			column[i] = counts[i * MONTHS + m];
		qsort(column, report->row_count, sizeof(*column), count_order);
		least[m] = report->row_count >= report->frame.n ? column[report->frame.n - 1] : 1;
		least[m] = least[m] ? least[m] : 1;
	}
	return 0;
}

static bool history_wanted(const uint64_t *counts, size_t at, const uint64_t least[MONTHS])
{
	for (unsigned int i = 0; i < MONTHS; i++)
		if (counts[at * MONTHS + i] >= least[i])
			return true;
	return false;
}

void report_history(const struct report *report, struct document *document)
{
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {{"threat", phrase(language, PHRASE_THREAT), false},
						  {"count", phrase(language, PHRASE_COUNT), true},
						  {"months", phrase(language, PHRASE_RANK_MONTHS), false}};
	AUTO_FREE uint64_t *counts =
		calloc(report->row_count ? report->row_count * MONTHS : 1, sizeof(*counts));
	int64_t begins[MONTHS + 1];
	uint64_t least[MONTHS];
	char names[MONTHS][16];

	document_section(document, "rank_history", phrase(language, PHRASE_RANK_HISTORY));
	if (!counts || !report->row_count)
		return;
	months_of(report, begins, names);
	for (size_t i = 0; i < report->row_count; i++)
		for (unsigned int m = 0; m < MONTHS; m++)
			counts[i * MONTHS + m] =
				month_count(report, report->rows[i], begins[m], begins[m + 1]);
	if (thresholds_of(report, counts, least))
		return;
	document_table(document, columns, ARRAY_LEN(columns), "figures of alerts, by month and threat");
	for (size_t i = 0, shown = 0; i < report->row_count && shown < 2 * report->frame.n; i++) {
		if (!history_wanted(counts, i, least))
			continue;
		history_row(report, document, counts, i, names);
		shown++;
	}
}
