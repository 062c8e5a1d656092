// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * assess.c - a guideline's points, judged one after the other: a fact is found
 * by its path, compared, and told. Facts come from the daemon, which reads the
 * kernel back; nothing here believes what was merely asked for.
 */
#include "assess.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assess_point.h"
#include "report_private.h"

struct assess {
	json_t *root; /* as read; rows of "points" are checked */
};

void assess_free(struct assess *assess)
{
	if (!assess)
		return;
	json_decref(assess->root);
	free(assess);
}

int assess_new(const char *guideline, size_t len, struct assess **out, char why[160])
{
	CLEANUP(assess_free) struct assess *assess = calloc(1, sizeof(*assess));
	const json_t *points, *point;
	json_error_t error;
	size_t i;

	if (!assess)
		return -ENOMEM;
	assess->root = json_loadb(guideline, len, JSON_REJECT_DUPLICATES, &error);
	if (!assess->root) {
		snprintf(why, 160, "line %d: %.120s", error.line, error.text);
		return -EBADMSG;
	}
	points = json_object_get(assess->root, "points");
	if (!json_array_size(points)) {
		snprintf(why, 160, "it has no \"points\"");
		return -EBADMSG;
	}
	json_array_foreach((json_t *)points, i, point)
	{
		const char *fault = assess_point_fault(point);

		if (fault) {
			const char *id = json_string_value(json_object_get(point, "id"));

			snprintf(why, 160, "point %zu (%.40s): %s", i + 1, id ? id : "no id", fault);
			return -EBADMSG;
		}
	}
	*out = TAKE_PTR(assess);
	return 0;
}

/* --- what is counted of the facts */

static void derive_sum(json_t *derived, const char *name, const json_t *object)
{
	json_int_t sum = 0;
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return;
	json_object_foreach((json_t *)object, key, value) sum += json_integer_value(value);
	json_object_set_new(derived, name, json_integer(sum));
}

static void derive_ifaces(const json_t *facts, json_t *ifaces)
{
	const json_t *config = json_object_get(json_object_get(facts, "config"), "ifaces");
	json_t *iface, *row;
	size_t i, j;

	json_array_foreach(ifaces, i, iface)
	{
		json_array_foreach((json_t *)config, j, row)
		{
			const char *name = json_string_value(json_object_get(iface, "name"));

			if (name && !strcmp(name, json_string_value(json_object_get(row, "name"))) &&
			    json_integer_value(json_object_get(iface, "vlan")) ==
				    json_integer_value(json_object_get(row, "vlan")))
				json_object_set(iface, "configured_mode", json_object_get(row, "mode"));
		}
		/* A configuration that was read and does not name it is a fact, too. */
		if (config && !json_object_get(iface, "configured_mode"))
			json_object_set_new(iface, "configured_mode", json_string(""));
	}
}

static void derive_lists(json_t *lists, uint64_t now_s)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(lists, "lists"), i, row)
	{
		json_int_t end = json_integer_value(json_object_get(row, "not_after"));

		json_object_set_new(row, "ended", json_boolean(end && end <= (json_int_t)now_s));
	}
}

void assess_facts(json_t *facts, uint64_t now_s)
{
	json_t *status = json_object_get(facts, "status"), *derived = json_object();
	const json_t *usage = json_object_get(status, "usage"), *events = json_object_get(status, "events");
	json_int_t max = json_integer_value(json_object_get(usage, "list_max"));

	if (status) {
		json_object_set_new(
			derived, "ifaces",
			json_integer((json_int_t)json_array_size(json_object_get(status, "ifaces"))));
		derive_sum(derived, "lost", json_object_get(status, "losses"));
	}
	if (max)
		json_object_set_new(
			derived, "list_percent",
			json_integer(100 * json_integer_value(json_object_get(usage, "list_rows")) / max));
	if (events)
		json_object_set_new(derived, "events_lost",
				    json_integer(json_integer_value(json_object_get(events, "lost")) +
						 json_integer_value(json_object_get(
							 json_object_get(events, "store"), "lost"))));
	derive_ifaces(facts, json_object_get(status, "ifaces"));
	derive_lists(json_object_get(facts, "lists"), now_s);
	json_object_set_new(facts, "derived", derived);
}

/* --- the report */

struct judging {
	const json_t *facts;
	struct assess_point_result *results;
	size_t count, room;
	bool failed;
};

static void judge_one(struct judging *j, const json_t *point, const json_t *row)
{
	if (j->count == j->room) {
		size_t room = j->room ? 2 * j->room : 64;
		struct assess_point_result *grown = realloc(j->results, room * sizeof(*grown));

		if (!grown) {
			j->failed = true;
			return;
		}
		j->results = grown;
		j->room = room;
	}
	j->results[j->count++] = assess_point_judge(point, row, j->facts);
}

static void judge_all(struct judging *j, const json_t *points)
{
	const json_t *point, *row;
	size_t i, k;

	json_array_foreach((json_t *)points, i, point)
	{
		const char *each = json_string_value(json_object_get(point, "each"));
		const json_t *rows = each ? assess_fact(each, NULL, j->facts) : NULL;

		if (!each || !json_is_array(rows)) {
			judge_one(j, point, NULL); /* rows that are not known are a point that is not known */
			continue;
		}
		json_array_foreach((json_t *)rows, k, row) judge_one(j, point, row);
	}
}

static void cell(struct document *document, char *text)
{
	AUTO_FREE char *owned = text;

	document_cell(document, owned ? owned : "");
}

static void section(struct document *document, const struct judging *j, enum assess_answer answer,
		    enum explain_language language)
{
	static const struct {
		const char *key;
		enum phrase heading;
	} heads[] = {[ASSESS_DRIFT] = {"drifts", PHRASE_ASSESS_DRIFTS},
		     [ASSESS_UNKNOWN] = {"unknown", PHRASE_ASSESS_UNKNOWN},
		     [ASSESS_MET] = {"met", PHRASE_ASSESS_MET}};
	const struct document_column columns[] = {
		{"point", phrase(language, PHRASE_ASSESS_POINT), false},
		{"about", phrase(language, PHRASE_ASSESS_ABOUT), false},
		{"guideline", phrase(language, PHRASE_ASSESS_GUIDELINE), false},
		{"effective", phrase(language, PHRASE_ASSESS_EFFECTIVE), false},
		{"cause", phrase(language, PHRASE_ASSESS_CAUSE), false},
		{"command", phrase(language, PHRASE_ASSESS_COMMAND), false}};
	const size_t shown = answer == ASSESS_DRIFT ? 6 : 4;
	bool any = false;

	document_section(document, heads[answer].key, phrase(language, heads[answer].heading));
	for (size_t i = 0; i < j->count; i++) {
		const struct assess_point_result *r = &j->results[i];

		if (r->answer != answer)
			continue;
		if (!any)
			document_table(document, columns, shown, "sekimori assess --json");
		any = true;
		cell(document, assess_text(r->point, "title", language, r->row, j->facts));
		cell(document, assess_text(r->point, "row", language, r->row, j->facts));
		cell(document, assess_wanted(r));
		cell(document, assess_value(r->value));
		if (shown < 6)
			continue;
		cell(document, assess_text(r->point, "cause", language, r->row, j->facts));
		cell(document, assess_text(r->point, "fix", language, r->row, j->facts));
	}
	if (!any)
		document_say(document, TONE_PLAIN, phrase(language, PHRASE_ASSESS_NONE));
}

static void summary(const struct assess *assess, struct document *document, const struct assess_frame *frame,
		    const struct assess_sum *sum)
{
	enum explain_language language = frame->language;
	char met[24], all[24], drifts[24], unknown[24];
	AUTO_FREE char *name = assess_text(assess->root, "name", language, NULL, NULL);

	document_section(document, "summary", phrase(language, PHRASE_ASSESS_SUMMARY));
	report_say(document, TONE_NOTE,
		   phrase_with(language, PHRASE_ASSESS_OF, name ? name : "", frame->when));
	report_say(document, sum->drifts || sum->unknown ? TONE_LOOK : TONE_GOOD,
		   phrase_with(language, PHRASE_ASSESS_SUM, report_number(sum->met, met),
			       report_number(sum->met + sum->drifts + sum->unknown, all),
			       report_number(sum->drifts, drifts), report_number(sum->unknown, unknown)));
	if (sum->unknown)
		document_say(document, TONE_LOOK, phrase(language, PHRASE_ASSESS_BLIND));
}

int assess_report(const struct assess *assess, const json_t *facts, const struct assess_frame *frame,
		  struct document **out, struct assess_sum *sum)
{
	CLEANUP(document_free)
	struct document *document =
		document_new(frame->language, phrase(frame->language, PHRASE_ASSESS_TITLE));
	struct judging j = {.facts = facts};
	AUTO_FREE void *owned = NULL;

	judge_all(&j, json_object_get(assess->root, "points"));
	owned = j.results;
	if (!document || j.failed)
		return -ENOMEM;
	*sum = (struct assess_sum){0};
	for (size_t i = 0; i < j.count; i++) {
		sum->met += j.results[i].answer == ASSESS_MET;
		sum->drifts += j.results[i].answer == ASSESS_DRIFT;
		sum->unknown += j.results[i].answer == ASSESS_UNKNOWN;
	}
	summary(assess, document, frame, sum);
	section(document, &j, ASSESS_DRIFT, frame->language);
	section(document, &j, ASSESS_UNKNOWN, frame->language);
	section(document, &j, ASSESS_MET, frame->language);
	*out = TAKE_PTR(document);
	return 0;
}
