// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report_log.c - the security log report: findings first, then every detection
 * of the period, whatever its severity.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/eve/eve_text.h"
#include "core/policy/contract_names.h"
#include "report_private.h"

#define LOG_ROWS 20u

static void log_severities(struct report *report, struct document *document)
{
	enum explain_language language = report->frame.language;
	struct document_column columns[SEKI_VERDICT_MAX + 2] = {
		{"severity", phrase(language, PHRASE_SEVERITY), false}};
	uint64_t sums[SEKI_VERDICT_MAX] = {0};

	for (int v = 0; v < SEKI_VERDICT_MAX; v++)
		columns[v + 1] = (struct document_column){contract_verdicts[v], contract_verdicts[v], true};
	columns[SEKI_VERDICT_MAX + 1] = (struct document_column){"sum", phrase(language, PHRASE_SUM), true};
	document_section(document, "severities", phrase(language, PHRASE_SEVERITIES));
	document_table(document, columns, ARRAY_LEN(columns), "figures of alerts in the period");
	for (int s = SEKI_SEVERITY_MAX - 1; s >= 0; s--) {
		uint64_t sum = 0;

		document_cell(document, contract_severities[s]);
		for (int v = 0; v < SEKI_VERDICT_MAX; v++) {
			document_number(document, report->table[s][v]);
			sum += report->table[s][v];
			sums[v] += report->table[s][v];
		}
		document_number(document, sum);
	}
	document_cell(document, phrase(language, PHRASE_SUM));
	for (int v = 0; v < SEKI_VERDICT_MAX; v++)
		document_number(document, sums[v]);
	document_number(document, report->total);
}

static void log_not_blocked(struct report *report, struct document *document)
{
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {
		{"threat", phrase(language, PHRASE_THREAT), false},
		{"target", phrase(language, PHRASE_TARGET), false},
		{"count", phrase(language, PHRASE_COUNT), true},
		{"verdict", phrase(language, PHRASE_VERDICT), false},
		{"last", phrase(language, PHRASE_LAST), false},
		{"concerns", phrase(language, PHRASE_CONCERNS), false},
	};
	static const enum phrase concerns[] = {
		[ASSET_UNKNOWN] = PHRASE_CONCERNS_UNKNOWN,
		[ASSET_APPLICABLE] = PHRASE_CONCERNS_YES,
		[ASSET_NOT_APPLICABLE] = PHRASE_CONCERNS_NO,
	};
	const struct report_pairs *pairs = &report->urgent;
	char text[48];

	document_section(document, "not_blocked", phrase(language, PHRASE_NOT_BLOCKED));
	report_pairs_sort(&report->urgent);
	if (!pairs->count) {
		document_say(document, TONE_GOOD, phrase(language, PHRASE_NOT_BLOCKED_NONE));
		return;
	}
	document_table(document, columns, ARRAY_LEN(columns) - !report->assets,
		       "alerts with severity critical and verdict not blocked");
	for (size_t i = 0; i < pairs->count && i < REPORT_ROWS_MAX; i++) {
		const struct report_pair *pair = &pairs->places[i];

		document_cell(document, pair->row->threat->title[language]);
		document_cell(document, eve_address(&pair->addr, text));
		document_number(document, pair->count);
		document_cell(document, contract_verdicts[pair->verdict]);
		document_cell(document, report_time(report, pair->last, text));
		if (report->assets)
			document_cell(document, phrase(language, concerns[report_concern(report, pair)]));
	}
}

static const char *worst(const struct report_row *row)
{
	for (int s = SEKI_SEVERITY_MAX - 1; s > 0; s--)
		if (row->severity[s])
			return contract_severities[s];
	return contract_severities[0];
}

static void log_frequent(struct report *report, struct document *document)
{
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {
		{"rank", phrase(language, PHRASE_RANK), true},
		{"threat", phrase(language, PHRASE_THREAT), false},
		{"severity", phrase(language, PHRASE_SEVERITY), false},
		{"count", phrase(language, PHRASE_COUNT), true},
		{"before", phrase(language, PHRASE_COUNT_BEFORE), true},
		{"last", phrase(language, PHRASE_LAST), false},
	};
	char text[48];

	document_section(document, "frequent", phrase(language, PHRASE_FREQUENT));
	document_table(document, columns, ARRAY_LEN(columns), "figures of alerts in the period, by threat");
	for (size_t i = 0; i < report->row_count && report->rows[i]->rank && i < REPORT_ROWS_MAX; i++) {
		const struct report_row *row = report->rows[i];

		document_number(document, row->rank);
		document_cell(document, row->threat->title[language]);
		document_cell(document, worst(row));
		document_number(document, row->count);
		document_number(document, row->before);
		document_cell(document, report_time(report, row->last_in, text));
	}
}

static void log_new(struct report *report, struct document *document)
{
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {{"threat", phrase(language, PHRASE_THREAT), false},
						  {"first", phrase(language, PHRASE_FIRST_SEEN), false},
						  {"count", phrase(language, PHRASE_COUNT), true}};
	bool any = false;
	char text[48];

	document_section(document, "new", phrase(language, PHRASE_NEW));
	for (size_t i = 0; i < report->row_count; i++) {
		const struct report_row *row = report->rows[i];

		if (!report_emerging(report, row))
			continue;
		if (!any)
			document_table(document, columns, ARRAY_LEN(columns),
				       "figures of alerts, first seen in the period");
		any = true;
		document_cell(document, row->threat->title[language]);
		document_cell(document, report_time(report, row->first, text));
		document_number(document, row->count);
	}
	if (!any)
		document_say(document, TONE_PLAIN, phrase(language, PHRASE_NEW_NONE));
}

static void log_addresses(struct report *report, struct document *document, const char *key,
			  enum phrase heading, struct report_pairs *pairs)
{
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {{"address", phrase(language, heading), false},
						  {"count", phrase(language, PHRASE_COUNT), true},
						  {"critical", "critical", true},
						  {"last", phrase(language, PHRASE_LAST), false}};
	char text[48];

	document_section(document, key, phrase(language, heading));
	report_pairs_sort(pairs);
	document_table(document, columns, ARRAY_LEN(columns), "sekimori alerts --host ADDRESS --from --to");
	for (size_t i = 0; i < pairs->count && i < LOG_ROWS; i++) {
		const struct report_pair *pair = &pairs->places[i];

		document_cell(document, eve_address(&pair->addr, text));
		document_number(document, pair->count);
		document_number(document, pair->critical);
		document_cell(document, report_time(report, pair->last, text));
	}
}

static void log_days(struct report *report, struct document *document)
{
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {{"day", phrase(language, PHRASE_DAY), false},
						  {"count", phrase(language, PHRASE_COUNT), true}};
	uint64_t days = (report->frame.to - report->frame.from + DAY_US - 1) / DAY_US;
	char text[48];

	document_section(document, "days", phrase(language, PHRASE_PER_DAY));
	document_table(document, columns, ARRAY_LEN(columns), "figures of alerts in the period, by day");
	for (uint64_t back = days < REPORT_DAYS ? days : REPORT_DAYS; back > 0; back--) {
		uint64_t sum = 0;

		for (size_t i = 0; i < report->row_count; i++)
			sum += report->rows[i]->days[REPORT_DAYS - back];
		document_cell(document, report_day(report, report->frame.to - 1 - (back - 1) * DAY_US, text));
		document_number(document, sum);
	}
}

int report_log(struct report *report, struct document **out)
{
	struct document *document;

	report_rank(report);
	document = report_begin(report, PHRASE_TITLE_LOG, NULL);
	if (!document)
		return -ENOMEM;
	report_look(report, document);
	log_severities(report, document);
	log_not_blocked(report, document);
	log_new(report, document);
	log_frequent(report, document);
	log_addresses(report, document, "sources", PHRASE_TOP_SOURCES, &report->sources);
	log_addresses(report, document, "targets", PHRASE_TOP_TARGETS, &report->targets);
	log_days(report, document);
	report_drops(report, document);
	report_blindness(report, document);
	*out = document;
	return 0;
}
