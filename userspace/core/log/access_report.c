// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * access_report.c - who accesses files at night, on weekends, confidential
 * ones; who deletes, who copies. Exceptions first, every figure with its total.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "access_report.h"
#include "core/report/phrase.h"
#include "core/report/report_private.h"

struct page {
	const struct access_report *report;
	const struct access_rankings *rankings;
	struct document *document;
};

static const char *say(const struct page *page, enum phrase which)
{
	return phrase(page->report->language, which);
}

static const char *title_of(const struct page *page, const struct access_ranking *ranking)
{
	return page->report->language == EXPLAIN_JA ? ranking->title_ja : ranking->title;
}

static const char *local_time(const struct page *page, int64_t time, char text[48])
{
	const struct access_clock *clock = page->report->clock;
	struct civil wall = civil_of(time / 1000000);

	wall = civil_of(time / 1000000 + clock->zone(&wall, clock->arg));
	snprintf(text, 48, "%04d-%02u-%02u %02u:%02u", wall.year, wall.month, wall.day, wall.hour,
		 wall.minute);
	return text;
}

static uint64_t unexpected(const struct page *page, unsigned int at)
{
	struct access_rank row;
	uint64_t count = 0;

	for (uint64_t i = 0; access_rankings_row(page->rankings, at, i, &row); i++)
		count += !row.expected;
	return count;
}

/* What deserves a look, before any table. */
static void page_look(struct page *page)
{
	struct access_ranking ranking;
	uint64_t unread = 0;
	bool any = false;
	char text[24];

	document_section(page->document, "look", say(page, PHRASE_LOOK));
	for (size_t i = 0; i < page->report->source_count; i++)
		unread += page->report->sources[i].refused + page->report->sources[i].unknown;
	if (unread)
		report_say(page->document, TONE_LOOK,
			   phrase_with(page->report->language, PHRASE_LOOK_ACCESS_REFUSED,
				       report_number(unread, text)));
	for (unsigned int at = 0; access_rankings_at(page->rankings, at, &ranking); at++) {
		uint64_t others = page->report->others_only ? unexpected(page, at) : 0;

		if (ranking.denied)
			report_say(page->document, TONE_LOOK,
				   phrase_with(page->report->language, PHRASE_LOOK_ACCESS_DENIED,
					       title_of(page, &ranking),
					       report_number(ranking.denied, text)));
		if (others)
			report_say(page->document, TONE_LOOK,
				   phrase_with(page->report->language, PHRASE_LOOK_ACCESS_OTHERS,
					       title_of(page, &ranking), report_number(others, text)));
		any = any || ranking.denied || others;
	}
	if (!any && !unread)
		document_say(page->document, TONE_GOOD, say(page, PHRASE_LOOK_NONE));
}

static enum phrase by_phrase(const char *by)
{
	static const struct {
		const char *by;
		enum phrase phrase;
	} rows[] = {{"object", PHRASE_ACCESS_OBJECT},
		    {"client", PHRASE_ACCESS_CLIENT},
		    {"server", PHRASE_ACCESS_SERVER}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].by, by))
			return rows[i].phrase;
	return PHRASE_ACCESS_USER;
}

static void page_rows(struct page *page, unsigned int at, const struct access_ranking *ranking)
{
	const struct document_column columns[] = {
		{"rank", say(page, PHRASE_RANK), true},
		{ranking->by, say(page, by_phrase(ranking->by)), false},
		{"count", say(page, PHRASE_ACCESS_COUNT), true},
		{"share", say(page, PHRASE_SHARE), true},
		{"denied", say(page, PHRASE_ACCESS_DENIED), true},
		{"expected", say(page, PHRASE_ACCESS_EXPECTED), false},
		{"last", say(page, PHRASE_LAST), false},
		{"last_file", say(page, PHRASE_ACCESS_LAST_FILE), false},
	};
	struct access_rank row;
	unsigned int shown = 0;
	char text[72];

	document_table(page->document, columns, ARRAY_LEN(columns), "");
	for (uint64_t i = 0; shown < page->report->n && access_rankings_row(page->rankings, at, i, &row);
	     i++) {
		if (row.expected && page->report->others_only)
			continue;
		shown++;
		document_number(page->document, row.rank);
		document_cell(page->document, row.name.len ? row.name.at : say(page, PHRASE_UNKNOWN));
		document_number(page->document, row.count);
		document_cell(page->document, report_percent(row.count, ranking->total, text));
		document_number(page->document, row.denied);
		document_cell(page->document, say(page, row.expected ? PHRASE_ACCESS_YES : PHRASE_ACCESS_NO));
		document_cell(page->document, local_time(page, row.last, text));
		document_cell(page->document, row.object.len ? row.object.at : "-");
	}
}

static void page_ranking(struct page *page, unsigned int at, const struct access_ranking *ranking)
{
	enum explain_language language = page->report->language;
	char a[24], b[24], c[24], d[24];

	document_section(page->document, ranking->name, title_of(page, ranking));
	if (!ranking->total) {
		document_say(page->document, TONE_PLAIN, say(page, PHRASE_ACCESS_NONE));
		return;
	}
	page_rows(page, at, ranking);
	report_say(page->document, TONE_PLAIN,
		   phrase_with(language, PHRASE_ACCESS_TOTAL, report_number(ranking->total, a),
			       report_number(ranking->names, b), report_number(ranking->expected, c),
			       report_number(ranking->denied, d)));
	if (page->report->others_only)
		document_say(page->document, TONE_NOTE, say(page, PHRASE_ACCESS_ONLY_OTHERS));
	if (ranking->left_out)
		report_say(
			page->document, TONE_LOOK,
			phrase_with(language, PHRASE_ACCESS_LEFT_OUT, report_number(ranking->left_out, a)));
}

static void page_sources(struct page *page)
{
	const struct document_column columns[] = {
		{"file", say(page, PHRASE_ACCESS_FILE), false},
		{"format", say(page, PHRASE_ACCESS_FORMAT), false},
		{"records", say(page, PHRASE_ACCESS_RECORDS), true},
		{"refused", say(page, PHRASE_ACCESS_REFUSED), true},
		{"unknown", say(page, PHRASE_ACCESS_UNKNOWN), true},
		{"skipped", say(page, PHRASE_ACCESS_SKIPPED), true},
	};
	const struct access_report *report = page->report;
	const struct access_fold *fold = report->fold;
	char format[96], n[6][24];

	document_section(page->document, "read", say(page, PHRASE_ACCESS_READ));
	document_table(page->document, columns, ARRAY_LEN(columns), "");
	for (size_t i = 0; i < report->source_count; i++) {
		const struct access_source *source = &report->sources[i];

		snprintf(format, sizeof(format), "%s, %s", source->map, source->container);
		document_cell(page->document, source->name);
		document_cell(page->document, format);
		document_number(page->document, source->records);
		document_number(page->document, source->refused);
		document_number(page->document, source->unknown);
		document_number(page->document, source->skipped);
	}
	report_say(page->document, TONE_PLAIN,
		   phrase_with(report->language, PHRASE_ACCESS_FOLDED, report_number(report->acts, n[0]),
			       report_number(fold->handles, n[1]), report_number(fold->repeated, n[2]),
			       report_number(fold->copied, n[3]), report_number(fold->unresolved, n[4]),
			       report_number(report->outside, n[5])));
}

int access_report_make(const struct access_report *report, const struct access_rankings *rankings,
		       struct document **out)
{
	AUTO_FREE char *title =
		phrase_with(report->language, PHRASE_TITLE_ACCESS,
			    report->period ? report->period : phrase(report->language, PHRASE_ACCESS_ALL));
	struct page page = {.report = report, .rankings = rankings};
	struct access_ranking ranking;

	page.document = title ? document_new(report->language, title) : NULL;
	if (!page.document)
		return -ENOMEM;
	report_say(page.document, TONE_NOTE,
		   phrase_with(report->language, PHRASE_ACCESS_MADE, report->made, report->zone));
	page_look(&page);
	for (unsigned int at = 0; access_rankings_at(rankings, at, &ranking); at++)
		page_ranking(&page, at, &ranking);
	page_sources(&page);
	*out = page.document;
	return 0;
}
