// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report_change.c - before and after: what a rule, a list or a permission did,
 * by the same span on both sides of the moment when it changed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report_private.h"

#define CHANGE_ROWS 50u

static void change_look(const struct report *report, struct document *document)
{
	enum explain_language language = report->frame.language;
	char a[24], b[24], at[48];

	document_section(document, "look", phrase(language, PHRASE_LOOK));
	report_say(document, TONE_PLAIN,
		   phrase_with(language, PHRASE_CHANGE_SUM, report_time(report, report->frame.from, at),
			       report_number(report->total_before, a), report_number(report->total, b)));
	if (report->frame.now < report->frame.to)
		document_say(document, TONE_LOOK, phrase(language, PHRASE_CHANGE_EARLY));
	if (!report_sum(report, "time.watching-us") || !report_sum_before(report, "time.watching-us"))
		document_say(document, TONE_LOOK, phrase(language, PHRASE_CHANGE_BLIND));
}

static int row_order(const void *a, const void *b)
{
	const struct report_row *x = *(struct report_row *const *)a, *y = *(struct report_row *const *)b;
	uint64_t p = x->count + x->before, q = y->count + y->before;

	return p == q ? strcmp(x->threat->key, y->threat->key) : (p < q) - (p > q);
}

static void change_rules(struct report *report, struct document *document)
{
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {
		{"threat", phrase(language, PHRASE_THREAT), false},
		{"before", phrase(language, PHRASE_CHANGE_BEFORE), true},
		{"after", phrase(language, PHRASE_CHANGE_AFTER), true},
		{"blocked_before", phrase(language, PHRASE_CHANGE_BLOCKED_BEFORE), true},
		{"blocked_after", phrase(language, PHRASE_CHANGE_BLOCKED_AFTER), true},
		{"would_before", phrase(language, PHRASE_CHANGE_WOULD_BEFORE), true},
		{"would_after", phrase(language, PHRASE_CHANGE_WOULD_AFTER), true},
	};
	size_t shown = 0;

	document_section(document, "rules", phrase(language, PHRASE_CHANGE_RULES));
	if (report->row_count)
		qsort(report->rows, report->row_count, sizeof(*report->rows), row_order);
	for (size_t i = 0; i < report->row_count && shown < CHANGE_ROWS; i++) {
		const struct report_row *row = report->rows[i];

		if (!row->count && !row->before)
			continue;
		if (!shown++)
			document_table(document, columns, ARRAY_LEN(columns),
				       "figures of alerts on both sides of the moment");
		document_cell(document, row->threat->title[language]);
		document_number(document, row->before);
		document_number(document, row->count);
		document_number(document, row->verdict_before[SEKI_VERDICT_BLOCKED] +
						  row->verdict_before[SEKI_VERDICT_CUT]);
		document_number(document,
				row->verdict[SEKI_VERDICT_BLOCKED] + row->verdict[SEKI_VERDICT_CUT]);
		document_number(document, row->verdict_before[SEKI_VERDICT_WOULD_BLOCK]);
		document_number(document, row->verdict[SEKI_VERDICT_WOULD_BLOCK]);
	}
	if (!shown)
		document_say(document, TONE_PLAIN, phrase(language, PHRASE_NO_DETECTIONS));
}

/* Packets that the kernel dropped, or would have, without a rule: lists, egress, limits. */
static void change_drops(const struct report *report, struct document *document)
{
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {{"reason", phrase(language, PHRASE_REASON), false},
						  {"before", phrase(language, PHRASE_CHANGE_BEFORE), true},
						  {"after", phrase(language, PHRASE_CHANGE_AFTER), true}};
	bool any = false;

	document_section(document, "drops", phrase(language, PHRASE_CHANGE_DROPS));
	for (size_t i = 0; i < report->counter_count; i++) {
		const char *name = report->counters[i].name;

		if ((strncmp(name, "drop.", 5) && strncmp(name, "would.", 6)) ||
		    (!report->counters[i].sum && !report->counters[i].before))
			continue;
		if (!any)
			document_table(document, columns, ARRAY_LEN(columns),
				       "counters of the store: drop.*, would.*");
		any = true;
		document_cell(document, name);
		document_number(document, report->counters[i].before);
		document_number(document, report->counters[i].sum);
	}
	if (!any)
		document_say(document, TONE_PLAIN, phrase(language, PHRASE_DROPS_NONE));
}

int report_change(struct report *report, struct document **out)
{
	CLEANUP(document_free) struct document *document = report_begin(report, PHRASE_TITLE_CHANGE, NULL);

	if (!document)
		return -ENOMEM;
	change_look(report, document);
	change_rules(report, document);
	change_drops(report, document);
	report_blindness(report, document);
	*out = TAKE_PTR(document);
	return 0;
}
