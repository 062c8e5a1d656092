// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_alerts.c - what was detected, by severity, verdict, period and host, a
 * page at a time along the index on time.
 */
#include <stdio.h>
#include <string.h>

#include "core/report/document.h"
#include "core/eve/eve_read.h"
#include "core/eve/eve_text.h"
#include "portal_private.h"
#include "view/period.h"

#define ROWS 50u

struct listing {
	struct visit *v;
	uint64_t before_t, before_id; /* the last row of the page before; 0: the first page */
	uint64_t last_t, last_id;
	unsigned int rows;
	bool more;
};

static bool listing_row(const struct store_row *row, void *arg)
{
	const struct store_event *event = &row->event;
	struct listing *list = arg;
	struct visit *v = list->v;
	char text[64], address[48];

	if (list->before_t && event->t_packet == list->before_t && event->id >= list->before_id)
		return true;
	if (list->rows == ROWS) {
		list->more = true;
		return false;
	}
	list->rows++;
	list->last_t = event->t_packet;
	list->last_id = event->id;
	page_put(v->page, "<tr><td data-label=\"%s\"><a href=\"/alerts/%llu\">", T(v, P_TIME),
		 (unsigned long long)event->id);
	part_moment(v, event->t_packet);
	page_put(v->page, "</a></td><td data-label=\"%s\">", T(v, P_SEVERITY));
	part_severity(v, event->severity);
	page_put(v->page, "</td><td data-label=\"%s\">", T(v, P_VERDICT));
	part_verdict(v, event->verdict);
	page_put(v->page, "</td>");
	part_cell(v, T(v, P_WHAT), event->label);
	snprintf(text, sizeof(text), "%s:%u", eve_address(&event->src, address), event->src_port);
	part_cell(v, T(v, P_SOURCE), text);
	snprintf(text, sizeof(text), "%s:%u", eve_address(&event->dst, address), event->dst_port);
	part_cell(v, T(v, P_TARGET), text);
	part_cell(v, T(v, P_ACKED), row->moments[STORE_ACKED] ? T(v, P_YES) : "-");
	page_put(v->page, "</tr>\n");
	return true;
}

/* --- the filter: words of the query to the store's */

struct wanted {
	struct store_filter filter;
	struct seki_addr host;
	struct period period;
	const char *bad; /* what is wrong with the query, NULL nothing */
};

static void wanted_read(struct visit *v, struct wanted *out)
{
	const char *period = web_form_get(&v->query, "period"), *host = web_form_get(&v->query, "host");
	uint64_t number;
	char why[160];

	out->filter = (struct store_filter){
		.kinds = 1u << STORE_ALERT, .tenant = visit_tenant(v), .newest_first = true};
	if (web_form_number(&v->query, "severity", SEKI_SEVERITY_MAX - 1, &number))
		out->filter.severities = 1u << number;
	if (web_form_number(&v->query, "verdict", SEKI_VERDICT_MAX - 1, &number))
		out->filter.verdicts = 1u << number;
	if (web_form_number(&v->query, "sid", UINT32_MAX, &number))
		out->filter.sid = (uint32_t)number;
	if (!strcmp(web_form_get(&v->query, "urgent"), "1")) {
		out->filter.severities = 1u << SEKI_SEVERITY_CRITICAL;
		out->filter.verdicts = ~(1u << SEKI_VERDICT_BLOCKED) & ((1u << SEKI_VERDICT_MAX) - 1);
	}
	if (*host && eve_read_address(host, &out->host))
		out->bad = T(v, P_BAD_HOST);
	else if (*host)
		out->filter.host = &out->host;
	if (*period && period_read(period, NULL, NULL, v->now, &out->period, why)) {
		out->bad = T(v, P_BAD_PERIOD);
	} else if (*period) {
		out->filter.from = out->period.from;
		out->filter.to = out->period.to;
	}
}

static void select_begin(struct visit *v, const char *name, const char *label)
{
	page_put(v->page, "<span class=\"field\"><label for=\"%s\">%s</label> <select id=\"%s\" name=\"%s\">",
		 name, label, name, name);
}

static void select_option(struct visit *v, const char *value, const char *chosen, const char *text)
{
	page_put(v->page, "<option value=\"%s\"", value);
	page_put(v->page, strcmp(value, chosen) ? ">" : " selected=\"\">");
	page_put(v->page, "%s</option>", text);
}

static void wanted_form(struct visit *v)
{
	static const struct {
		const char *value;
		enum phrase word;
	} periods[] = {{"", PHRASE_P_ANY},
		       {"1h", PHRASE_P_HOUR},
		       {"24h", PHRASE_P_DAY},
		       {"7d", PHRASE_P_WEEK},
		       {"30d", PHRASE_P_MONTH}};
	const char *severity = web_form_get(&v->query, "severity"),
		   *verdict = web_form_get(&v->query, "verdict"), *period = web_form_get(&v->query, "period");
	bool known = false;
	char number[12];

	page_put(v->page, "<form method=\"get\" action=\"/alerts\" class=\"filter\" role=\"search\">\n");
	select_begin(v, "severity", T(v, P_SEVERITY));
	select_option(v, "", severity, T(v, P_ANY));
	for (unsigned int i = SEKI_SEVERITY_MAX; i-- > 0;) {
		snprintf(number, sizeof(number), "%u", i);
		select_option(v, number, severity, severity_word(v, i));
	}
	page_put(v->page, "</select></span>\n");
	select_begin(v, "verdict", T(v, P_VERDICT));
	select_option(v, "", verdict, T(v, P_ANY));
	for (unsigned int i = 0; i < SEKI_VERDICT_MAX; i++) {
		snprintf(number, sizeof(number), "%u", i);
		select_option(v, number, verdict, verdict_word(v, i));
	}
	page_put(v->page, "</select></span>\n");
	select_begin(v, "period", T(v, P_PERIOD));
	for (size_t i = 0; i < ARRAY_LEN(periods); i++) {
		select_option(v, periods[i].value, period, phrase(v->language, periods[i].word));
		known |= !strcmp(periods[i].value, period);
	}
	if (!known)
		select_option(v, period, period, period);
	page_put(v->page,
		 "</select></span>\n<span class=\"field\"><label for=\"host\">%s</label> <input id=\"host\" "
		 "name=\"host\" "
		 "size=\"18\" maxlength=\"45\" value=\"%s\"></span>\n"
		 "<span class=\"field\"><label for=\"sid\">%s</label> <input id=\"sid\" name=\"sid\" "
		 "inputmode=\"numeric\" "
		 "size=\"8\" maxlength=\"10\" value=\"%s\"></span>\n<button>%s</button></form>\n",
		 T(v, P_HOST), web_form_get(&v->query, "host"), T(v, P_RULE), web_form_get(&v->query, "sid"),
		 T(v, P_SHOW));
}

static void listing_next(struct visit *v, const struct listing *list)
{
	page_put(v->page, "<p><a rel=\"next\" href=\"/alerts?");
	for (size_t i = 0; i < v->query.count; i++)
		if (strcmp(v->query.fields[i].name, "before") && strcmp(v->query.fields[i].name, "id"))
			page_put(v->page, "%s=%s&amp;", v->query.fields[i].name, v->query.fields[i].value);
	page_put(v->page, "before=%llu&amp;id=%llu\">%s</a></p>\n", (unsigned long long)list->last_t,
		 (unsigned long long)list->last_id, T(v, P_OLDER));
}

/* Quarters of an hour from which on back there are enough rows: known from the figures, so nothing is walked
 * in vain. */
struct narrow {
	uint64_t *slots;
	size_t count, room;
	uint64_t to;
	bool failed;
};

static bool narrow_figure(const struct store_figure *figure, void *arg)
{
	struct narrow *n = arg;

	if (n->count && n->slots[2 * n->count - 2] == figure->slot) {
		n->slots[2 * n->count - 1] += figure->count;
		return true;
	}
	if (n->count == n->room) {
		size_t room = n->room ? 2 * n->room : 1024;
		uint64_t *grown = realloc(n->slots, room * 2 * sizeof(*grown));

		if (!grown) {
			n->failed = true;
			return false;
		}
		n->slots = grown;
		n->room = room;
	}
	n->slots[2 * n->count] = figure->slot;
	n->slots[2 * n->count++ + 1] = figure->count;
	return true;
}

static int by_slot(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? 1 : *x > *y ? -1 : 0;
}

/* Of the figures since `from`: where the page begins, 0: they are not enough for one. */
static uint64_t narrow_from(struct store *store, const struct store_filter *filter, uint64_t from, bool *none)
{
	struct store_filter figures = *filter;
	struct narrow n = {0};
	uint64_t seen = 0, found = 0;

	*none = false;
	figures.from = from / STORE_SLOT_US * STORE_SLOT_US;
	figures.to = filter->to ? (filter->to + STORE_SLOT_US - 1) / STORE_SLOT_US * STORE_SLOT_US : 0;
	if (!store_figures(store, &figures, narrow_figure, &n) && !n.failed) {
		if (n.count)
			qsort(n.slots, n.count, 2 * sizeof(*n.slots), by_slot);
		*none = !n.count;
		for (size_t i = 0; i < n.count && !found; i++) {
			seen += n.slots[2 * i + 1];
			/* The newest slot counts only in part: what was shown already lies in it. */
			if (i && seen - n.slots[1] > ROWS)
				found = n.slots[2 * i];
		}
	}
	free(n.slots);
	return found;
}

struct rule_wanted {
	uint32_t sid;
	bool there;
};

static bool rule_seen(const struct store_rule *rule, void *arg)
{
	struct rule_wanted *wanted = arg;

	wanted->there |= rule->sid == wanted->sid;
	return !wanted->there;
}

/* A selection by rule, severity or verdict may be rare among many others: looked for in the last day, then in
 * all. */
static void narrow_filter(struct visit *v, struct store *store, struct store_filter *filter)
{
	uint64_t end = filter->to && filter->to < v->now ? filter->to : v->now, window = 86400ull * 1000000,
		 found = 0;
	bool none = false, all = false;

	if (filter->host || (!filter->severities && !filter->verdicts && !filter->sid && !filter->tenant))
		return;
	if (filter->sid) {
		struct rule_wanted wanted = {.sid = filter->sid};

		if (!store_rules(store, rule_seen, &wanted) && !wanted.there) {
			filter->to = filter->from + 1;
			return;
		}
	}
	for (; !found && !all; window *= 1000) {
		all = window > 400 * 86400ull * 1000000 || window >= end || end - window <= filter->from;
		found = narrow_from(store, filter, all ? filter->from : end - window, &none);
	}
	if (found > filter->from)
		filter->from = found;
	if (!found && none) /* the walk need not find that out */
		filter->to = filter->from + 1;
}

void page_alerts(struct visit *v)
{
	struct store *store = visit_store(v);
	struct listing list = {.v = v};
	struct wanted wanted = {0};
	uint64_t number;
	int err = 0;

	wanted_read(v, &wanted);
	if (web_form_number(&v->query, "before", INT64_MAX - 1, &number)) {
		list.before_t = number;
		if (!wanted.filter.to || number + 1 < wanted.filter.to)
			wanted.filter.to = number + 1;
	}
	if (web_form_number(&v->query, "id", INT64_MAX, &number))
		list.before_id = number;
	part_begin(v, T(v, P_ALERTS));
	wanted_form(v);
	if (wanted.bad)
		part_say(v, TONE_LOOK, wanted.bad);
	page_put(v->page,
		 "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "<th scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "<th scope=\"col\">%s</th></tr></thead><tbody>\n",
		 T(v, P_TIME), T(v, P_SEVERITY), T(v, P_VERDICT), T(v, P_WHAT), T(v, P_SOURCE),
		 T(v, P_TARGET), T(v, P_ACKED));
	if (store && !wanted.bad) {
		narrow_filter(v, store, &wanted.filter);
		err = store_scan(store, &wanted.filter, listing_row, &list);
	}
	page_put(v->page, "</tbody></table></div>\n");
	if (err)
		part_say(v, TONE_LOOK, T(v, P_STORE_FAULT));
	else if (!list.rows && !wanted.bad)
		part_say(v, TONE_NOTE, store ? T(v, P_NO_ALERTS) : T(v, P_STORE_NONE));
	if (list.more)
		listing_next(v, &list);
	part_end(v);
	answer_page(v, 200);
}
