// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_document.c - the suspicious-communication report as a document.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "egress_document_private.h"
#include "lib/civil.h"

#define MARKS	1000u
#define PICTURE 960u /* a gap that is closer to another than that part of the period is drawn with it */

static const enum phrase gaps[EGRESS_GAP_MAX] = {
#define X(id, name) [EGRESS_GAP_##id] = PHRASE_E_GAP_##id,
	EGRESS_GAPS(X)
#undef X
};
static const struct {
	enum phrase text;
	const char *key;
} doubts[EGRESS_DOUBT_MAX] = {
#define X(id) [EGRESS_DOUBT_##id] = {PHRASE_E_DOUBT_##id, #id},
	EGRESS_DOUBTS(X)
#undef X
};
const char *writer_say(const struct writer *w, enum phrase which)
{
	return phrase(w->language, which);
}

const char *writer_when(const struct writer *w, uint64_t us, char text[48])
{
	struct civil c = civil_of((int64_t)(us / 1000000) + w->zone_s);

	snprintf(text, 48, "%04d-%02u-%02u %02u:%02u:%02u", c.year % 10000, c.month, c.day, c.hour, c.minute,
		 c.second);
	return text;
}

const char *writer_number(uint64_t value, char text[24])
{
	snprintf(text, 24, "%llu", (unsigned long long)value);
	return text;
}

/* Tenths with their point. */
const char *writer_tenths(uint64_t value, char text[24])
{
	snprintf(text, 24, "%llu.%llu", (unsigned long long)value / 10, (unsigned long long)value % 10);
	return text;
}

void writer_cell(struct document *document, char *text, bool *failed)
{
	*failed |= !text;
	document_cell(document, text ? text : "");
	free(text);
}

/* --- the verdict */

struct reasons { /* joined by semicolons, and one by one */
	char *text;
	size_t len;
	bool failed;
};

static void reason_add(struct reasons *all, char *text)
{
	size_t len = text ? strlen(text) : 0;
	char *moved = text ? realloc(all->text, all->len + len + 3) : NULL;

	if (moved) {
		all->text = moved;
		all->len += (size_t)snprintf(moved + all->len, len + 3, "%s%s", all->len ? "; " : "", text);
	} else {
		all->failed = true;
	}
	free(text);
}

static char *reason_doubt(const struct writer *w, int doubt)
{
	char text[24];

	return phrase_with(w->language, doubts[doubt].text, writer_number(w->report->doubts[doubt], text));
}

static char *reason_gap(const struct writer *w, int gap)
{
	char text[24];

	return phrase_with(w->language, gaps[gap], writer_number(w->report->gaps[gap], text));
}

static void reasons_join(const struct writer *w, struct reasons *all)
{
	for (int i = 0; i < EGRESS_DOUBT_MAX; i++)
		if (w->report->doubts[i])
			reason_add(all, reason_doubt(w, i));
	for (int i = 0; i < EGRESS_GAP_MAX; i++)
		if (w->report->gaps[i])
			reason_add(all, reason_gap(w, i));
}

/* The same for programs; people have the sentence. */
static void reasons_table(const struct writer *w, bool *failed)
{
	const struct document_column columns[] = {{"reason", writer_say(w, PHRASE_E_WHY), false},
						  {"count", writer_say(w, PHRASE_E_COUNT), true},
						  {"text", writer_say(w, PHRASE_E_WHY), false}};

	document_table(w->document, columns, ARRAY_LEN(columns), "");
	document_data(w->document, 0);
	for (int i = 0; i < EGRESS_DOUBT_MAX; i++) {
		if (!w->report->doubts[i])
			continue;
		document_cell(w->document, doubts[i].key);
		document_number(w->document, w->report->doubts[i]);
		writer_cell(w->document, reason_doubt(w, i), failed);
	}
	for (int i = 0; i < EGRESS_GAP_MAX; i++) {
		if (!w->report->gaps[i])
			continue;
		document_cell(w->document, egress_gap_names[i]);
		document_number(w->document, w->report->gaps[i]);
		writer_cell(w->document, reason_gap(w, i), failed);
	}
}

static void verdict_table(const struct writer *w)
{
	static const char *const names[EGRESS_VERDICT_MAX] = {"zero-proven", "zero-not-proven", "found"};
	const struct egress_report *r = w->report;
	const struct document_column columns[] = {
		{"verdict", writer_say(w, PHRASE_E_VERDICT), false},
		{"detections", writer_say(w, PHRASE_E_DETECTIONS), true},
		{"coverage_permille", writer_say(w, PHRASE_E_COVERAGE), true},
		{"canaries_seen", writer_say(w, PHRASE_E_CANARIES_SEEN), true},
		{"canaries_due", writer_say(w, PHRASE_E_CANARIES_DUE), true},
		{"packets", writer_say(w, PHRASE_E_PACKETS), true},
	};

	document_table(w->document, columns, ARRAY_LEN(columns), "");
	document_data(w->document, 0);
	document_cell(w->document, names[egress_report_verdict(r)]);
	document_number(w->document, r->detections);
	document_number(w->document, egress_report_coverage(r));
	document_number(w->document, r->canaries_seen);
	document_number(w->document, r->canaries_due);
	document_number(w->document, r->packets);
}

static void sentence_take(const struct writer *w, enum document_tone tone, char *text, bool *failed)
{
	*failed |= !text;
	document_say(w->document, tone, text ? text : "");
	free(text);
}

static void write_verdict(const struct writer *w, bool *failed)
{
	const struct egress_report *r = w->report;
	enum egress_verdict verdict = egress_report_verdict(r);
	uint32_t coverage = egress_report_coverage(r);
	char share[24], canaries[52], count[24];
	struct reasons reasons = {0};

	document_section(w->document, "verdict", writer_say(w, PHRASE_E_VERDICT));
	if (coverage == 1000)
		snprintf(share, sizeof(share), "100");
	else
		writer_tenths(coverage, share);
	snprintf(canaries, sizeof(canaries), "%llu/%llu", (unsigned long long)r->canaries_seen,
		 (unsigned long long)r->canaries_due);
	reasons_join(w, &reasons);
	*failed |= reasons.failed;
	if (verdict == EGRESS_ZERO)
		sentence_take(w, TONE_GOOD, phrase_with(w->language, PHRASE_E_ZERO, share, canaries), failed);
	else if (verdict == EGRESS_UNPROVEN)
		sentence_take(w, TONE_LOOK,
			      phrase_with(w->language, PHRASE_E_UNPROVEN, share, canaries,
					  reasons.text ? reasons.text : ""),
			      failed);
	else
		sentence_take(w, TONE_LOOK,
			      phrase_with(w->language, PHRASE_E_FOUND, writer_number(r->detections, count),
					  share, canaries),
			      failed);
	if (verdict == EGRESS_FOUND && reasons.text)
		sentence_take(w, TONE_LOOK, phrase_with(w->language, PHRASE_E_FOUND_MORE, reasons.text),
			      failed);
	if (r->monitored)
		document_say(w->document, TONE_LOOK, writer_say(w, PHRASE_E_MONITORED));
	document_say(w->document, TONE_NOTE, writer_say(w, PHRASE_E_CANARY_KEY));
	free(reasons.text);
	verdict_table(w);
	reasons_table(w, failed);
}

/* --- pictures */

/* Collects what was not watched; what would be drawn at one place is one. */
struct gap_line {
	const struct writer *w;
	uint64_t from, to; /* not drawn yet; equal: none */
};

static void gap_flush(struct gap_line *line)
{
	uint64_t zero = line->w->report->from;

	if (line->to > line->from)
		document_stroke(line->w->document, line->from - zero, line->to - zero, TONE_LOOK, "");
	line->from = line->to = 0;
}

static void gap_add(struct gap_line *line, uint64_t from, uint64_t to)
{
	uint64_t pixel = (line->w->report->to - line->w->report->from) / PICTURE;

	if (to <= from)
		return;
	if (line->to > line->from && from <= line->to + pixel) {
		line->to = to > line->to ? to : line->to;
		return;
	}
	gap_flush(line);
	line->from = from;
	line->to = to;
}

static void write_strip(const struct writer *w)
{
	const struct egress_report *r = w->report;
	struct gap_line line = {.w = w};
	uint64_t end = r->from, scale = r->to - r->from;
	char from[48], to[48];

	document_section(w->document, "coverage", writer_say(w, PHRASE_E_STRIP));
	document_picture(w->document, PICTURE_STRIP, scale, writer_say(w, PHRASE_E_STRIP));
	document_stroke(w->document, 0, scale, TONE_GOOD, "");
	for (uint32_t i = 0; i < r->span_count; i++) {
		const struct egress_span *span = &r->spans[i];

		gap_add(&line, end, span->from);
		if (span->lost_us)
			gap_add(&line, span->from, span->to);
		end = span->to > end ? span->to : end;
	}
	gap_add(&line, end, r->to);
	gap_flush(&line);
	for (uint32_t i = 0; i < r->found_count && i < MARKS; i++)
		document_stroke(w->document, r->found[i].t_us - r->from, r->found[i].t_us - r->from,
				r->found[i].severity >= SEKI_SEVERITY_HIGH ? TONE_LOOK : TONE_NOTE, "");
	document_stroke(w->document, 0, 0, TONE_PLAIN, writer_when(w, r->from, from));
	document_stroke(w->document, scale, scale, TONE_PLAIN, writer_when(w, r->to, to));
	document_say(w->document, TONE_NOTE, writer_say(w, PHRASE_E_STRIP_KEY));
}

int egress_report_document(const struct egress_report *report, enum explain_language language, int32_t zone_s,
			   struct document **out)
{
	CLEANUP(document_free)
	struct document *document = document_new(language, phrase(language, PHRASE_E_TITLE));
	const struct writer w = {report, document, language, zone_s};
	char from[48], to[48], zone[24];
	bool failed = false;

	if (!document)
		return -ENOMEM;
	snprintf(zone, sizeof(zone), "UTC%c%02d:%02d", zone_s < 0 ? '-' : '+', abs(zone_s) / 3600,
		 abs(zone_s) / 60 % 60);
	sentence_take(&w, TONE_NOTE,
		      phrase_with(language, PHRASE_E_PERIOD, writer_when(&w, report->from, from),
				  writer_when(&w, report->to, to), zone),
		      &failed);
	write_verdict(&w, &failed);
	write_strip(&w);
	writer_findings(&w, &failed);
	writer_steps(&w);
	writer_talks(&w);
	if (failed)
		return -ENOMEM;
	*out = TAKE_PTR(document);
	return 0;
}
