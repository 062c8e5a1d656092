// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report_top.c - the ranking of threats, its shares with their denominators,
 * and what a ranking hides: new, rising and vanished threats below it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/civil.h"
#include "report_private.h"

#define QUERY_TOP "figures of alerts in the period; rows: sekimori alerts --sid SID --from --to"

struct top {
	struct report *report;
	struct document *document;
	enum explain_language language;
	size_t shown;
	uint64_t shown_sum;
};

static const char *say(const struct top *top, enum phrase which)
{
	return phrase(top->language, which);
}

static void top_row(const struct top *top, const struct report_row *row)
{
	const struct threat *threat = row->threat;
	char text[72], peak[100];
	uint32_t most;
	uint64_t day = report_peak(top->report, row, &most);
	const char *label = report_calendar(top->report, day);

	document_number(top->document, row->rank);
	document_cell(top->document, threat->title[top->language]);
	document_cell(top->document, *threat->affected[top->language] ? threat->affected[top->language]
								      : say(top, PHRASE_UNKNOWN));
	document_number(top->document, row->count);
	document_cell(top->document, report_percent(row->count, top->report->total, text));
	document_cell(top->document, row->rank_before ? report_number(row->rank_before, text) : "-");
	document_cell(top->document,
		      threat->since ? report_number(threat->since, text) : say(top, PHRASE_UNKNOWN));
	snprintf(peak, sizeof(peak), "%s (%u%s%s)", report_day(top->report, day, text), most,
		 *label ? " " : "", label);
	document_cell(top->document, peak);
	document_cell(top->document, report_day(top->report, row->last_in, text));
}

static void top_ranking(struct top *top)
{
	struct report *report = top->report;
	const struct document_column columns[] = {
		{"rank", say(top, PHRASE_RANK), true},
		{"threat", say(top, PHRASE_THREAT), false},
		{"affected", say(top, PHRASE_AFFECTED), false},
		{"count", say(top, PHRASE_COUNT), true},
		{"share", say(top, PHRASE_SHARE), true},
		{"rank_before", say(top, PHRASE_RANK_BEFORE), true},
		{"since", say(top, PHRASE_SINCE), true},
		{"peak", say(top, PHRASE_PEAK), false},
		{"last", say(top, PHRASE_ACTIVE), false},
	};
	char a[24], b[24], c[24];

	document_section(top->document, "ranking", say(top, PHRASE_RANKING));
	if (!report->total) {
		document_say(top->document, TONE_PLAIN, say(top, PHRASE_NO_DETECTIONS));
		return;
	}
	document_table(top->document, columns, ARRAY_LEN(columns), QUERY_TOP);
	for (size_t i = 0; i < report->row_count && report->rows[i]->rank && i < report->frame.n; i++) {
		top_row(top, report->rows[i]);
		top->shown++;
		top->shown_sum += report->rows[i]->count;
	}
	report_say(top->document, TONE_PLAIN,
		   phrase_with(top->language, PHRASE_TOTAL, report_number(report->total, a),
			       report_number(top->shown_sum, b), report_number(top->shown, c)));
	document_say(top->document, TONE_NOTE, say(top, PHRASE_RANK_ORDER));
}

/* --- shares */

static void share_row(const struct top *top, const char *what, uint64_t sum, const char *how)
{
	char rows[72], all[72];

	document_cell(top->document, what);
	document_number(top->document, sum);
	document_cell(top->document, report_percent(sum, top->shown_sum, rows));
	document_cell(top->document, report_percent(sum, top->report->total, all));
	document_cell(top->document, how);
}

static bool names_have(const char names[THREAT_NAMES_MAX][24], unsigned int count, const char *name)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Rows of the ranking that have the name, once without and once with those that are not clear. */
static void share_name(const struct top *top, bool platform, const char *name)
{
	char clear[128] = "", unclear[128] = "";
	AUTO_FREE char *what =
		phrase_with(top->language, platform ? PHRASE_SHARE_PLATFORM : PHRASE_SHARE_METHOD, name);
	uint64_t sum = 0, doubtful = 0;

	for (size_t i = 0; i < top->shown; i++) {
		const struct report_row *row = top->report->rows[i];
		const struct threat *t = row->threat;
		bool doubt = platform ? t->platform_unclear : t->method_unclear;
		size_t len;

		if (platform ? !names_have(t->platforms, t->platform_count, name)
			     : !names_have(t->methods, t->method_count, name))
			continue;
		len = strlen(unclear);
		snprintf(unclear + len, sizeof(unclear) - len, "%s%u", len ? "+" : "", row->rank);
		doubtful += row->count;
		if (doubt)
			continue;
		len = strlen(clear);
		snprintf(clear + len, sizeof(clear) - len, "%s%u", len ? "+" : "", row->rank);
		sum += row->count;
	}
	if (sum) {
		AUTO_FREE char *how = phrase_with(top->language, PHRASE_HOW_CLEAR, clear);

		share_row(top, what ? what : "", sum, how ? how : "");
	}
	if (doubtful != sum) {
		AUTO_FREE char *how = phrase_with(top->language, PHRASE_HOW_UNCLEAR, unclear);

		share_row(top, what ? what : "", doubtful, how ? how : "");
	}
}

/* Every name that the rows have, in the order of the ranking. */
static void share_names(const struct top *top, bool platform)
{
	char seen[64][24];
	unsigned int count = 0;

	for (size_t i = 0; i < top->shown; i++) {
		const struct threat *t = top->report->rows[i]->threat;
		unsigned int names = platform ? t->platform_count : t->method_count;

		for (unsigned int j = 0; j < names && count < ARRAY_LEN(seen); j++) {
			const char *name = platform ? t->platforms[j] : t->methods[j];

			if (names_have(seen, count, name) || !strcmp(name, "any"))
				continue;
			memcpy(seen[count++], name, sizeof(seen[0]));
			share_name(top, platform, name);
		}
	}
}

static void top_shares(struct top *top)
{
	const struct document_column columns[] = {
		{"what", say(top, PHRASE_SHARE_OF), false},  {"numerator", say(top, PHRASE_NUMERATOR), true},
		{"of_rows", say(top, PHRASE_OF_ROWS), true}, {"of_all", say(top, PHRASE_OF_ALL), true},
		{"how", say(top, PHRASE_HOW), false},
	};
	uint32_t year = (uint32_t)civil_of((int64_t)(top->report->frame.to / 1000000) - 1).year - 10;
	AUTO_FREE char *how = NULL;
	uint64_t old = 0;
	char text[24];

	document_section(top->document, "shares", say(top, PHRASE_SHARES));
	if (!top->shown)
		return;
	document_table(top->document, columns, ARRAY_LEN(columns), QUERY_TOP);
	if (top->shown > 1)
		share_row(top, say(top, PHRASE_SHARE_FIRST_TWO),
			  top->report->rows[0]->count + top->report->rows[1]->count,
			  say(top, PHRASE_SHARE_FIRST_TWO_HOW));
	for (size_t i = 0; i < top->shown; i++)
		if (top->report->rows[i]->threat->since && top->report->rows[i]->threat->since <= year)
			old += top->report->rows[i]->count;
	how = phrase_with(top->language, PHRASE_SHARE_OLD_HOW, report_number(year, text));
	share_row(top, say(top, PHRASE_SHARE_OLD), old, how ? how : "");
	share_names(top, true);
	share_names(top, false);
}

/* --- what the ranking hides */

static void top_emerging(struct top *top)
{
	struct report *report = top->report;
	const struct document_column columns[] = {
		{"rank", say(top, PHRASE_RANK), true},	 {"threat", say(top, PHRASE_THREAT), false},
		{"count", say(top, PHRASE_COUNT), true}, {"first", say(top, PHRASE_FIRST_SEEN), false},
		{"days", say(top, PHRASE_DAYS), false},	 {"last", say(top, PHRASE_ACTIVE), false},
	};
	char text[48], a[24], b[24];
	AUTO_FREE char *heading =
		phrase_with(top->language, PHRASE_EMERGING, report_number(report->frame.n, text));
	bool any = false;

	document_section(top->document, "emerging", heading ? heading : "");
	for (size_t i = top->shown; i < report->row_count && report->rows[i]->rank; i++) {
		const struct report_row *row = report->rows[i];
		AUTO_FREE char *days = NULL;
		unsigned int seen, since;

		if (!report_emerging(report, row))
			continue;
		if (!any)
			document_table(top->document, columns, ARRAY_LEN(columns), QUERY_TOP);
		any = true;
		report_days_seen(report, row, &seen, &since);
		days = phrase_with(top->language, PHRASE_DAYS_OF, report_number(seen, a),
				   report_number(since, b));
		document_number(top->document, row->rank);
		document_cell(top->document, row->threat->title[top->language]);
		document_number(top->document, row->count);
		document_cell(top->document, report_time(report, row->first, text));
		document_cell(top->document, days ? days : "");
		document_cell(top->document, report_time(report, row->last_in, text));
	}
	if (!any)
		report_say(top->document, TONE_PLAIN,
			   phrase_with(top->language, PHRASE_EMERGING_NONE,
				       report_number(report->frame.n, text)));
}

/* A spike: once ten times what there is now, and nothing in the period. */
static bool gone(const struct report *report, const struct report_row *row)
{
	uint32_t most;

	report_peak(report, row, &most);
	return !row->count && most >= 10;
}

static void top_moves(struct top *top)
{
	struct report *report = top->report;
	const struct document_column columns[] = {
		{"threat", say(top, PHRASE_THREAT), false}, {"move", say(top, PHRASE_MOVE), false},
		{"count", say(top, PHRASE_COUNT), true},    {"before", say(top, PHRASE_COUNT_BEFORE), true},
		{"peak", say(top, PHRASE_PEAK), false},	    {"last", say(top, PHRASE_ACTIVE), false},
	};
	bool any = false;
	char text[48], peak[100];

	document_section(top->document, "moves", say(top, PHRASE_MOVES));
	for (size_t i = 0; i < report->row_count; i++) {
		const struct report_row *row = report->rows[i];
		bool vanished = gone(report, row);
		uint32_t most;
		uint64_t day;

		if (!vanished && !report_rising(row))
			continue;
		if (!any)
			document_table(top->document, columns, ARRAY_LEN(columns), QUERY_TOP);
		any = true;
		day = report_peak(report, row, &most);
		document_cell(top->document, row->threat->title[top->language]);
		document_cell(top->document, say(top, vanished ? PHRASE_MOVE_GONE : PHRASE_MOVE_RISING));
		document_number(top->document, row->count);
		document_number(top->document, row->before);
		snprintf(peak, sizeof(peak), "%s (%u)", report_day(report, day, text), most);
		document_cell(top->document, peak);
		document_cell(top->document, report_day(report, row->last, text));
	}
	if (!any)
		document_say(top->document, TONE_PLAIN, say(top, PHRASE_MOVES_NONE));
}

int report_top(struct report *report, struct document **out)
{
	struct top top = {.report = report, .language = report->frame.language};
	char n[24];

	report_rank(report);
	top.document = report_begin(report, PHRASE_TITLE_TOP, report_number(report->frame.n, n));
	if (!top.document)
		return -ENOMEM;
	report_look(report, top.document);
	top_ranking(&top);
	top_shares(&top);
	top_emerging(&top);
	top_moves(&top);
	report_history(report, top.document);
	report_drops(report, top.document);
	report_blindness(report, top.document);
	*out = top.document;
	return 0;
}
