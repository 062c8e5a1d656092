// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report_notices.c - the promise: who was told of critical attacks that were not
 * blocked, how soon, and what nobody was told of in time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/eve/eve_text.h"
#include "notice_text.h"
#include "report_private.h"

#define SECOND_US  1000000ull
#define BREACHES   100u /* shown; all are counted */
#define OPEN_SHOWN 50u

struct report_breach {
	uint64_t id, t, told; /* told 0: never yet */
	struct report_row *row;
	uint32_t sid;
	struct seki_addr target;
};

struct report_slo {
	uint64_t *lags; /* of those told, us */
	size_t lag_count, lag_room;
	uint64_t untold, waiting, breaches; /* untold: of these, waiting are within the promise */
	struct report_breach shown[BREACHES];
	uint64_t notices, delivered, acked, escalated, late;
	uint64_t *acks; /* us from delivery to acknowledgement */
	size_t ack_count, ack_room;
	struct report_notice open[OPEN_SHOWN];
	uint64_t open_count;
};

void report_slo_free(struct report *report)
{
	if (!report->slo)
		return;
	free(report->slo->lags);
	free(report->slo->acks);
	free(report->slo);
}

static int slo_get(struct report *report, struct report_slo **out)
{
	if (!report->slo)
		report->slo = calloc(1, sizeof(*report->slo));
	*out = report->slo;
	return report->slo ? 0 : -ENOMEM;
}

static int number_add(uint64_t **numbers, size_t *count, size_t *room, uint64_t value)
{
	if (*count == *room) {
		size_t more = *room ? 2 * *room : 1024;
		uint64_t *moved = realloc(*numbers, more * sizeof(*moved));

		if (!moved)
			return -ENOMEM;
		*numbers = moved;
		*room = more;
	}
	(*numbers)[(*count)++] = value;
	return 0;
}

int report_urgent(struct report *report, const struct report_urgent_event *event)
{
	struct report_slo *slo;
	uint64_t told = event->t_delivered, end;
	int err = slo_get(report, &slo);

	if (err)
		return err;
	/* Who acknowledged knows, however he heard of it. */
	if (event->t_acked && (!told || event->t_acked < told))
		told = event->t_acked;
	end = told ? told : report->frame.now;
	if (end > event->t_match + REPORT_SLO_US) {
		struct report_breach *row =
			&slo->shown[slo->breaches < BREACHES ? slo->breaches : BREACHES - 1];

		slo->breaches++;
		*row = (struct report_breach){.id = event->id,
					      .t = event->t_match,
					      .told = told,
					      .row = report_row_of_rule(report, event->gid, event->sid),
					      .sid = event->sid,
					      .target = event->target};
	} else if (!told) {
		slo->waiting++;
	}
	slo->untold += !told;
	if (!told)
		return 0;
	return number_add(&slo->lags, &slo->lag_count, &slo->lag_room,
			  told > event->t_match ? told - event->t_match : 0);
}

int report_notice(struct report *report, const struct report_notice *notice)
{
	struct report_slo *slo;
	int err = slo_get(report, &slo);

	if (err)
		return err;
	slo->notices++;
	slo->delivered += notice->t_delivered != 0;
	slo->escalated += notice->t_escalated != 0;
	slo->acked += notice->t_acked != 0;
	slo->late += notice->t_delivered > notice->t_due;
	if (!notice->t_acked) {
		if (slo->open_count < OPEN_SHOWN)
			slo->open[slo->open_count] = *notice;
		slo->open_count++;
		return 0;
	}
	return number_add(&slo->acks, &slo->ack_count, &slo->ack_room,
			  notice->t_delivered && notice->t_acked > notice->t_delivered
				  ? notice->t_acked - notice->t_delivered
				  : 0);
}

static int number_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The least number that so many per mille do not exceed. */
static uint64_t permille(const uint64_t *sorted, size_t count, unsigned int part)
{
	size_t at = (count * part + 999) / 1000;

	return count ? sorted[at ? at - 1 : 0] : 0;
}

static const char *span_text(uint64_t us, char text[24])
{
	uint64_t ms = us / 1000;

	if (ms < 60000)
		snprintf(text, 24, "%llu.%03llu s", (unsigned long long)(ms / 1000),
			 (unsigned long long)(ms % 1000));
	else
		snprintf(text, 24, "%llu:%02llu:%02llu", (unsigned long long)(ms / 3600000),
			 (unsigned long long)(ms / 60000 % 60), (unsigned long long)(ms / 1000 % 60));
	return text;
}

static void notices_look(const struct report *report, struct document *document)
{
	const struct report_slo *slo = report->slo;
	enum explain_language language = report->frame.language;
	uint64_t all = slo->lag_count + slo->untold;
	char a[24], b[24];

	document_section(document, "look", phrase(language, PHRASE_LOOK));
	if (slo->breaches)
		report_say(document, TONE_LOOK,
			   phrase_with(language, PHRASE_SLO_BREACHES, report_number(slo->breaches, a),
				       report_number(all, b)));
	if (slo->waiting)
		report_say(document, TONE_LOOK,
			   phrase_with(language, PHRASE_SLO_WAITING, report_number(slo->waiting, a)));
	if (slo->open_count)
		report_say(document, TONE_LOOK,
			   phrase_with(language, PHRASE_SLO_OPEN, report_number(slo->open_count, a)));
	if (report_sum(report, "lost.notice-times"))
		report_say(document, TONE_LOOK,
			   phrase_with(language, PHRASE_SLO_UNMARKED,
				       report_number(report_sum(report, "lost.notice-times"), a)));
	if (!all)
		document_say(document, TONE_PLAIN, phrase(language, PHRASE_SLO_NOTHING));
	else if (!slo->breaches && !slo->waiting)
		report_say(document, TONE_GOOD,
			   phrase_with(language, PHRASE_SLO_KEPT, report_number(all, a)));
}

static void notices_clock(struct report *report, struct document *document)
{
	static const struct {
		const char *key;
		uint64_t us;
	} steps[] = {{"1 s", SECOND_US},
		     {"5 s", 5 * SECOND_US},
		     {"1 min", 60 * SECOND_US},
		     {"15 min", 900 * SECOND_US},
		     {"2 h", REPORT_SLO_US}};
	struct report_slo *slo = report->slo;
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {{"within", phrase(language, PHRASE_SLO_WITHIN), false},
						  {"count", phrase(language, PHRASE_COUNT), true},
						  {"share", phrase(language, PHRASE_SHARE), true}};
	uint64_t all = slo->lag_count + slo->untold;
	size_t at = 0;
	char text[72], a[24], b[24], c[24];

	document_section(document, "clock", phrase(language, PHRASE_SLO_CLOCK));
	document_say(document, TONE_NOTE, phrase(language, PHRASE_SLO_HOW));
	if (slo->lag_count)
		qsort(slo->lags, slo->lag_count, sizeof(*slo->lags), number_order);
	document_table(document, columns, ARRAY_LEN(columns),
		       "sekimori alerts --severity critical: t_delivered - t_match where the verdict is not "
		       "blocked");
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		while (at < slo->lag_count && slo->lags[at] <= steps[i].us)
			at++;
		document_cell(document, steps[i].key);
		document_number(document, at);
		document_cell(document, report_percent(at, all, text));
	}
	document_cell(document, phrase(language, PHRASE_SLO_LATER));
	document_number(document, slo->lag_count - at);
	document_cell(document, report_percent(slo->lag_count - at, all, text));
	document_cell(document, phrase(language, PHRASE_SLO_UNTOLD));
	document_number(document, slo->untold);
	document_cell(document, report_percent(slo->untold, all, text));
	if (slo->lag_count)
		report_say(document, TONE_PLAIN,
			   phrase_with(language, PHRASE_SLO_SPREAD,
				       span_text(permille(slo->lags, slo->lag_count, 500), a),
				       span_text(permille(slo->lags, slo->lag_count, 990), b),
				       span_text(slo->lags[slo->lag_count - 1], c)));
}

static void notices_breaches(const struct report *report, struct document *document)
{
	const struct report_slo *slo = report->slo;
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {{"event", phrase(language, PHRASE_SLO_EVENT), true},
						  {"time", phrase(language, PHRASE_SLO_MATCHED), false},
						  {"threat", phrase(language, PHRASE_THREAT), false},
						  {"target", phrase(language, PHRASE_TARGET), false},
						  {"told", phrase(language, PHRASE_SLO_TOLD), false}};
	uint64_t shown = slo->breaches < BREACHES ? slo->breaches : BREACHES;
	char text[48], a[24], b[24];

	document_section(document, "breaches", phrase(language, PHRASE_SLO_BREACH_TABLE));
	if (!shown) {
		document_say(document, TONE_GOOD, phrase(language, PHRASE_SLO_NO_BREACH));
		return;
	}
	document_table(document, columns, ARRAY_LEN(columns),
		       "events told later than two hours, or not at all since");
	for (uint64_t i = 0; i < shown; i++) {
		const struct report_breach *row = &slo->shown[i];

		document_number(document, row->id);
		document_cell(document, report_time(report, row->t, text));
		document_cell(document,
			      row->row ? row->row->threat->title[language] : report_number(row->sid, a));
		document_cell(document, eve_address(&row->target, text));
		document_cell(document, row->told ? report_time(report, row->told, text)
						  : phrase(language, PHRASE_SLO_NEVER));
	}
	if (slo->breaches > shown)
		report_say(document, TONE_NOTE,
			   phrase_with(language, PHRASE_SLO_MORE, report_number(slo->breaches - shown, a),
				       report_number(slo->breaches, b)));
}

static void notices_open(const struct report *report, struct document *document)
{
	const struct report_slo *slo = report->slo;
	enum explain_language language = report->frame.language;
	const struct document_column columns[] = {
		{"notice", phrase(language, PHRASE_SLO_NOTICE), false},
		{"time", phrase(language, PHRASE_SLO_MATCHED), false},
		{"events", phrase(language, PHRASE_COUNT), true},
		{"threat", phrase(language, PHRASE_THREAT), false},
		{"escalated", phrase(language, PHRASE_SLO_ESCALATED), false}};
	uint64_t shown = slo->open_count < OPEN_SHOWN ? slo->open_count : OPEN_SHOWN;
	char text[48], a[24], b[24];

	document_table(document, columns, ARRAY_LEN(columns), "sekimori notify list");
	for (uint64_t i = 0; i < shown; i++) {
		const struct report_notice *row = &slo->open[i];
		struct report_row *threat = report_row_of_rule((struct report *)report, row->gid, row->sid);

		notice_id_text(row->id, a);
		document_cell(document, a);
		document_cell(document, report_time(report, row->t_first, text));
		document_number(document, row->count);
		document_cell(document, threat ? threat->threat->title[language] : "");
		document_cell(document, row->t_escalated ? report_time(report, row->t_escalated, text)
							 : phrase(language, PHRASE_ACCESS_NO));
	}
	if (slo->open_count > shown)
		report_say(document, TONE_NOTE,
			   phrase_with(language, PHRASE_SLO_MORE, report_number(slo->open_count - shown, a),
				       report_number(slo->open_count, b)));
}

static void notices_notices(struct report *report, struct document *document)
{
	struct report_slo *slo = report->slo;
	enum explain_language language = report->frame.language;
	char a[24], b[24], c[24], d[24], e[24];

	document_section(document, "notices", phrase(language, PHRASE_SLO_NOTICES));
	report_say(document, TONE_PLAIN,
		   phrase_with(language, PHRASE_SLO_NOTICES_SUM, report_number(slo->notices, a),
			       report_number(slo->delivered, b), report_number(slo->late, c),
			       report_number(slo->acked, d), report_number(slo->escalated, e)));
	if (slo->ack_count) {
		qsort(slo->acks, slo->ack_count, sizeof(*slo->acks), number_order);
		report_say(document, TONE_PLAIN,
			   phrase_with(language, PHRASE_SLO_ACK_SPREAD,
				       span_text(permille(slo->acks, slo->ack_count, 500), a),
				       span_text(slo->acks[slo->ack_count - 1], b)));
	}
	if (slo->open_count)
		notices_open(report, document);
}

int report_notices(struct report *report, struct document **out)
{
	CLEANUP(document_free) struct document *document = NULL;
	struct report_slo *slo;
	int err = slo_get(report, &slo);

	if (err)
		return err;
	document = report_begin(report, PHRASE_TITLE_NOTICES, NULL);
	if (!document)
		return -ENOMEM;
	notices_look(report, document);
	notices_clock(report, document);
	notices_breaches(report, document);
	notices_notices(report, document);
	report_blindness(report, document);
	*out = TAKE_PTR(document);
	return 0;
}
