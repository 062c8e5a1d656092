// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report_parts.c - sentences, dates and the sections that every report has.
 */
#include <stdio.h>
#include <string.h>

#include "lib/civil.h"
#include "report_private.h"

static struct civil local_of(const struct report *report, uint64_t t)
{
	return civil_of((int64_t)(t / 1000000) + report->frame.zone_s);
}

const char *report_day(const struct report *report, uint64_t t, char text[48])
{
	struct civil c = local_of(report, t);

	snprintf(text, 48, "%04d-%02u-%02u", c.year, c.month, c.day);
	return text;
}

const char *report_time(const struct report *report, uint64_t t, char text[48])
{
	struct civil c = local_of(report, t);

	snprintf(text, 48, "%04d-%02u-%02u %02u:%02u", c.year, c.month, c.day, c.hour, c.minute);
	return text;
}

const char *report_number(uint64_t value, char text[24])
{
	snprintf(text, 24, "%llu", (unsigned long long)value);
	return text;
}

/* Rounded to nearest; "-" of nothing. Numerator and denominator always stand beside it. */
const char *report_percent(uint64_t part, uint64_t whole, char text[72])
{
	uint64_t tenths =
		whole ? (uint64_t)(((unsigned __int128)part * 2000 + whole) / (2 * (unsigned __int128)whole))
		      : 0;

	if (!whole)
		snprintf(text, 72, "-");
	else
		snprintf(text, 72, "%llu.%llu %% (%llu/%llu)", (unsigned long long)(tenths / 10),
			 (unsigned long long)(tenths % 10), (unsigned long long)part,
			 (unsigned long long)whole);
	return text;
}

void report_days_seen(const struct report *report, const struct report_row *row, unsigned int *seen,
		      unsigned int *since)
{
	uint64_t begin = row->first_in ? row->first_in : report->frame.from;
	int64_t first = ((int64_t)(begin / 1000000) + report->frame.zone_s) / 86400;
	int64_t last = ((int64_t)((report->frame.to - 1) / 1000000) + report->frame.zone_s) / 86400;

	*since = (unsigned int)(last - first + 1);
	*seen = 0;
	for (unsigned int i = 0; i < *since && i < REPORT_DAYS; i++)
		*seen += row->days[REPORT_DAYS - 1 - i] > 0;
}

uint64_t report_peak(const struct report *report, const struct report_row *row, uint32_t *count)
{
	unsigned int best = REPORT_DAYS - 1;

	for (unsigned int i = 0; i < REPORT_DAYS; i++)
		if (row->days[i] > row->days[best])
			best = i;
	*count = row->days[best];
	return report->frame.to - 1 - (REPORT_DAYS - 1 - best) * DAY_US;
}

/* What a Japanese reader has in mind: offices are closed and attacks go on. */
const char *report_calendar(const struct report *report, uint64_t t)
{
	static const struct {
		unsigned int from, to; /* month * 100 + day */
		enum phrase label;
	} labels[] = {
		{101, 103, PHRASE_LABEL_YEAR_END},
		{429, 506, PHRASE_LABEL_GOLDEN_WEEK},
		{813, 816, PHRASE_LABEL_OBON},
		{1228, 1231, PHRASE_LABEL_YEAR_END},
	};
	struct civil c = local_of(report, t);
	unsigned int day = c.month * 100u + c.day;

	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		if (day >= labels[i].from && day <= labels[i].to)
			return phrase(report->frame.language, labels[i].label);
	return "";
}

/* First seen in this period, by a store that had been watching for a week: before that everything is new to
 * it. */
bool report_emerging(const struct report *report, const struct report_row *row)
{
	return row->count && row->first >= report->frame.from && row->first >= report->history + 7 * DAY_US;
}

bool report_rising(const struct report_row *row)
{
	return row->before && row->count >= 2 * row->before && row->count - row->before >= 10;
}

void report_say(struct document *document, enum document_tone tone, char *text)
{
	document_say(document, tone, text ? text : "");
	free(text);
}

struct document *report_begin(const struct report *report, enum phrase title, const char *first)
{
	const struct report_frame *f = &report->frame;
	char from[48], to[48], now[48], zone[24];
	AUTO_FREE char *text = first ? phrase_with(f->language, title, first, f->name)
				     : phrase_with(f->language, title, f->name);
	struct document *document = text ? document_new(f->language, text) : NULL;

	if (!document)
		return NULL;
	snprintf(zone, sizeof(zone), "UTC%c%02d:%02d", f->zone_s < 0 ? '-' : '+', abs(f->zone_s) / 3600,
		 abs(f->zone_s) / 60 % 60);
	report_say(document, TONE_NOTE,
		   phrase_with(f->language, PHRASE_PERIOD, report_time(report, f->from, from),
			       report_time(report, f->to, to), zone, report_time(report, f->now, now)));
	if (f->audit_head && *f->audit_head)
		report_say(document, TONE_NOTE, phrase_with(f->language, PHRASE_AUDIT_HEAD, f->audit_head));
	return document;
}

static uint64_t losses(const struct report *report)
{
	uint64_t sum = report->store_lost;

	for (size_t i = 0; i < report->counter_count; i++)
		if (!strncmp(report->counters[i].name, "lost.", 5) &&
		    strcmp(report->counters[i].name, "lost.truncated") != 0)
			sum += report->counters[i].sum;
	return sum;
}

/* Tenths of a per cent of the period that was watched; 1000: all of it, as exactly as counters are told. */
static unsigned int watched(const struct report *report)
{
	uint64_t end = report->frame.now < report->frame.to ? report->frame.now : report->frame.to;
	uint64_t span = end > report->frame.from ? end - report->frame.from : 1;
	uint64_t seen = report_sum(report, "time.watching-us");

	/* Both ends of the watch lie between two counts: less than a thousandth is rounding, never more than
	 * all. */
	return seen >= span ? 1000 : (unsigned int)(seen * 1000 / span);
}

static char *watched_text(const struct report *report, char text[24])
{
	unsigned int tenths = watched(report);

	snprintf(text, 24, "%u.%u", tenths / 10, tenths % 10);
	return text;
}

void report_assets(struct report *report, const struct asset_set *assets)
{
	report->assets = assets;
}

enum asset_concern report_concern(const struct report *report, const struct report_pair *pair)
{
	const struct asset *asset;

	return asset_concerns(report->assets, &pair->addr, 0, "{}", pair->row->threat->affected[EXPLAIN_EN],
			      &asset);
}

/* Of the critical ones that were not blocked; pairs are a plain array by now, or a table with free places. */
static uint64_t concerned(const struct report *report)
{
	const struct report_pairs *pairs = &report->urgent;
	uint64_t sum = 0;

	for (size_t i = 0; report->assets && pairs->places && i < 1ull << pairs->bits; i++)
		if (pairs->places[i].row && report_concern(report, &pairs->places[i]) == ASSET_APPLICABLE)
			sum += pairs->places[i].count;
	return sum;
}

void report_look(struct report *report, struct document *document)
{
	const struct report_frame *f = &report->frame;
	uint64_t urgent = 0;
	unsigned int found = 0;
	char text[48], a[24], b[24], c[24], day[48];

	document_section(document, "look", phrase(f->language, PHRASE_LOOK));
	for (int v = 0; v < SEKI_VERDICT_MAX; v++)
		urgent += v == SEKI_VERDICT_BLOCKED ? 0 : report->table[SEKI_SEVERITY_CRITICAL][v];
	if (urgent && ++found)
		report_say(document, TONE_LOOK,
			   phrase_with(f->language, PHRASE_LOOK_NOT_BLOCKED, report_number(urgent, a)));
	if (concerned(report) && ++found)
		report_say(
			document, TONE_LOOK,
			phrase_with(f->language, PHRASE_LOOK_CONCERNED, report_number(concerned(report), a)));
	for (size_t i = 0; i < report->row_count && found < 20; i++) {
		const struct report_row *row = report->rows[i];
		unsigned int seen, since;

		if (report_emerging(report, row) && ++found) {
			report_days_seen(report, row, &seen, &since);
			report_say(document, TONE_LOOK,
				   phrase_with(f->language, PHRASE_LOOK_EMERGING,
					       row->threat->title[f->language],
					       report_day(report, row->first, day), report_number(seen, a),
					       report_number(since, b), report_number(row->count, c)));
		} else if (report_rising(row) && ++found) {
			report_say(document, TONE_LOOK,
				   phrase_with(f->language, PHRASE_LOOK_RISING,
					       row->threat->title[f->language], report_number(row->count, a),
					       report_number(row->before, b)));
		}
	}
	if (report_sum(report, "packets") && watched(report) < 1000 && ++found)
		report_say(document, TONE_LOOK,
			   phrase_with(f->language, PHRASE_LOOK_BLIND, watched_text(report, text)));
	if (losses(report) && ++found)
		report_say(document, TONE_LOOK,
			   phrase_with(f->language, PHRASE_LOOK_LOSS, report_number(losses(report), a)));
	if (!found)
		document_say(document, TONE_GOOD, phrase(f->language, PHRASE_LOOK_NONE));
}

static void blind_row(struct document *document, const char *what, uint64_t amount, const char *share)
{
	document_cell(document, what);
	document_number(document, amount);
	document_cell(document, share);
}

void report_blindness(struct report *report, struct document *document)
{
	const enum explain_language language = report->frame.language;
	const struct document_column columns[] = {{"what", phrase(language, PHRASE_WHAT), false},
						  {"amount", phrase(language, PHRASE_AMOUNT), true},
						  {"share", phrase(language, PHRASE_SHARE), true}};
	uint64_t bytes = report_sum(report, "bytes"), copied = report_sum(report, "bytes.copied");
	char text[72];

	document_section(document, "blindness", phrase(language, PHRASE_BLINDNESS));
	if (!report_sum(report, "time.watching-us") && !report_sum(report, "time.blind-us")) {
		document_say(document, TONE_LOOK, phrase(language, PHRASE_BLIND_UNKNOWN));
	} else {
		report_say(document, watched(report) < 1000 ? TONE_LOOK : TONE_GOOD,
			   phrase_with(language, PHRASE_BLIND_WATCHED, watched_text(report, text)));
	}
	document_table(document, columns, ARRAY_LEN(columns),
		       "counters of the store: bytes, uninspected.*, lost.*");
	blind_row(document, phrase(language, PHRASE_ALL_TRAFFIC), bytes, "");
	blind_row(document, phrase(language, PHRASE_INSPECTED), report_sum(report, "inspected.bytes"),
		  report_percent(report_sum(report, "inspected.bytes"), bytes, text));
	blind_row(document, phrase(language, PHRASE_CIPHERTEXT),
		  report_sum(report, "uninspected.ciphertext-bytes"),
		  report_percent(report_sum(report, "uninspected.ciphertext-bytes"), bytes, text));
	blind_row(document, phrase(language, PHRASE_NOT_COPIED), bytes > copied ? bytes - copied : 0,
		  report_percent(bytes > copied ? bytes - copied : 0, bytes, text));
	for (size_t i = 0; i < report->counter_count; i++) {
		AUTO_FREE char *what = NULL;

		if (strncmp(report->counters[i].name, "lost.", 5) != 0 || !report->counters[i].sum)
			continue;
		what = phrase_with(language, PHRASE_LOST_RECORDS, report->counters[i].name + 5);
		blind_row(document, what ? what : "", report->counters[i].sum, "");
	}
	blind_row(document, phrase(language, PHRASE_STORE_LOST), report->store_lost, "");
	blind_row(document, phrase(language, PHRASE_STORE_REMOVED), report->store_removed, "");
}

void report_drops(struct report *report, struct document *document)
{
	const enum explain_language language = report->frame.language;
	const struct document_column columns[] = {{"reason", phrase(language, PHRASE_REASON), false},
						  {"dropped", phrase(language, PHRASE_PACKETS_DROPPED), true},
						  {"would", phrase(language, PHRASE_PACKETS_WOULD), true}};
	bool any = false;

	document_section(document, "drops", phrase(language, PHRASE_DROPS));
	for (size_t i = 0; i < report->counter_count; i++) {
		const char *name = report->counters[i].name;
		char other[48];
		bool drop = !strncmp(name, "drop.", 5), would = !strncmp(name, "would.", 6);

		if ((!drop && !would) || !report->counters[i].sum)
			continue;
		snprintf(other, sizeof(other), "drop.%s", name + 6);
		if (would && report_sum(report, other))
			continue; /* in the row of its drops */
		if (!any)
			document_table(document, columns, ARRAY_LEN(columns),
				       "counters of the store: drop.*, would.*");
		any = true;
		snprintf(other, sizeof(other), "would.%s", name + 5);
		document_cell(document, name + (drop ? 5 : 6));
		document_number(document, drop ? report->counters[i].sum : 0);
		document_number(document, drop ? report_sum(report, other) : report->counters[i].sum);
	}
	if (!any)
		document_say(document, TONE_PLAIN, phrase(language, PHRASE_DROPS_NONE));
}
