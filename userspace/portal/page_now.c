// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_now.c - is it enforcing, and what happened: the first page, and the
 * stream that keeps it fresh.
 */
#include <stdio.h>
#include <string.h>

#include "core/report/document.h"
#include "core/eve/eve_text.h"
#include "lib/log.h"
#include "portal_private.h"

#define DAY_US	  (86400ull * 1000000)
#define HOURS	  24u
#define LATEST	  10u
#define LIVE_ROWS 50u

struct day {
	uint64_t from;
	uint64_t table[SEKI_SEVERITY_MAX][SEKI_VERDICT_MAX];
	uint64_t hours[HOURS], urgent[HOURS];
	uint64_t drops, total;
};

static bool day_figure(const struct store_figure *figure, void *arg)
{
	struct day *day = arg;
	uint64_t hour = (figure->slot - day->from) / (3600ull * 1000000);

	if (figure->kind == STORE_DROP) {
		day->drops += figure->count;
		return true;
	}
	day->table[figure->severity % SEKI_SEVERITY_MAX][figure->verdict % SEKI_VERDICT_MAX] += figure->count;
	day->total += figure->count;
	if (hour < HOURS) {
		day->hours[hour] += figure->count;
		if (figure->severity == SEKI_SEVERITY_CRITICAL && figure->verdict != SEKI_VERDICT_BLOCKED)
			day->urgent[hour] += figure->count;
	}
	return true;
}

/* What the daemon says of every interface; no answer is never good news. */
static void now_enforcing(struct visit *v)
{
	const json_t *status = daemon_status(v), *ifaces = json_object_get(status, "ifaces"), *iface;
	const json_t *engine = json_object_get(status, "engine");
	size_t enforcing = 0, attached = 0, count = json_array_size(ifaces), i;
	char number[24], total[24];

	if (!status) {
		part_say(v, TONE_LOOK, T(v, P_NO_DAEMON));
		return;
	}
	json_array_foreach(ifaces, i, iface)
	{
		bool there = json_is_true(json_object_get(iface, "attached"));

		attached += there;
		enforcing += there && !strcmp(member_text(iface, "mode"), "enforce");
	}
	snprintf(number, sizeof(number), "%zu", enforcing);
	snprintf(total, sizeof(total), "%zu", count);
	if (!count || !json_is_true(json_object_get(status, "gate")) || !attached) {
		part_say(v, TONE_LOOK, T(v, P_STATE_NOTHING));
	} else {
		AUTO_FREE char *text = phrase_with(v->language,
						   attached < count	? PHRASE_P_STATE_PARTLY
						   : enforcing == count ? PHRASE_P_STATE_ENFORCING
						   : enforcing		? PHRASE_P_STATE_MIXED
									: PHRASE_P_STATE_MONITOR,
						   number, total);

		part_say(v, attached == count && enforcing == count ? TONE_GOOD : TONE_LOOK,
			 text ? text : "");
	}
	if (member_number(status, "confirm_left"))
		part_say(v, TONE_LOOK, T(v, P_STATE_PROBATION));
	if (member_number(engine, "ready") < member_number(engine, "count") ||
	    !member_number(engine, "count"))
		part_say(v, TONE_LOOK, T(v, P_STATE_ENGINES));
	if (*member_text(status, "alarm")) {
		page_put(v->page, "<p class=\"note\">%s: %s</p>\n", T(v, P_LAST_ALARM),
			 member_text(status, "alarm"));
	}
}

static void now_ifaces(struct visit *v)
{
	const json_t *status = daemon_status(v), *iface;
	size_t i;

	if (!json_array_size(json_object_get(status, "ifaces")) || *v->user->tenant)
		return;
	page_put(v->page,
		 "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "<th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead><tbody>\n",
		 T(v, P_IFACE), T(v, P_IFACE_ROLE), T(v, P_IFACE_MODE), T(v, P_IFACE_HOOK));
	json_array_foreach(json_object_get(status, "ifaces"), i, iface)
	{
		page_put(v->page, "<tr>");
		part_cell(v, T(v, P_IFACE), member_text(iface, "name"));
		part_cell(v, T(v, P_IFACE_ROLE), member_text(iface, "role"));
		part_cell(v, T(v, P_IFACE_MODE),
			  !json_is_true(json_object_get(iface, "attached")) ? T(v, P_DETACHED)
			  : !strcmp(member_text(iface, "mode"), "enforce")  ? T(v, P_MODE_ENFORCE)
									    : T(v, P_MODE_MONITOR));
		part_cell(v, T(v, P_IFACE_HOOK), member_text(iface, "hook"));
		page_put(v->page, "</tr>\n");
	}
	page_put(v->page, "</tbody></table></div>\n");
}

/* Bars of an hour each, those that demand attention in front. */
static void now_chart(struct visit *v, const struct day *day)
{
	uint64_t most = 1;
	char text[40];

	for (unsigned int i = 0; i < HOURS; i++)
		most = day->hours[i] > most ? day->hours[i] : most;
	page_put(v->page,
		 "<figure><svg class=\"chart\" preserveAspectRatio=\"none\" viewBox=\"0 0 720 120\" "
		 "role=\"img\" aria-label=\"%s\">\n",
		 T(v, P_CHART));
	for (unsigned int i = 0; i < HOURS; i++) {
		unsigned int height = (unsigned int)(day->hours[i] * 100 / most),
			     urgent = (unsigned int)(day->urgent[i] * 100 / most);

		if (day->hours[i] && !height)
			height = 1;
		if (day->urgent[i] && !urgent)
			urgent = 1;
		page_put(v->page,
			 "<g><title>%s: %llu</title><rect class=\"bar\" x=\"%u\" y=\"%u\" width=\"26\" "
			 "height=\"%u\"/>"
			 "<rect class=\"bar urgent\" x=\"%u\" y=\"%u\" width=\"26\" height=\"%u\"/></g>\n",
			 part_time(day->from + i * 3600000000ull, text), (unsigned long long)day->hours[i],
			 i * 30 + 2, 110 - height, height, i * 30 + 2, 110 - urgent, urgent);
	}
	page_put(v->page,
		 "<path class=\"axis\" d=\"M0 110H720\"/></svg><figcaption>%s</figcaption></figure>\n",
		 T(v, P_CHART));
}

static void now_table(struct visit *v, const struct day *day)
{
	page_put(v->page, "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">%s</th>",
		 T(v, P_SEVERITY));
	for (unsigned int i = 0; i < SEKI_VERDICT_MAX; i++)
		page_put(v->page, "<th scope=\"col\" class=\"n\">%s</th>", verdict_word(v, i));
	page_put(v->page, "</tr></thead><tbody>\n");
	for (unsigned int s = SEKI_SEVERITY_MAX; s-- > 0;) {
		page_put(v->page, "<tr><th scope=\"row\">");
		part_severity(v, s);
		page_put(v->page, "</th>");
		for (unsigned int i = 0; i < SEKI_VERDICT_MAX; i++)
			if (day->table[s][i])
				page_put(v->page,
					 "<td class=\"n\"><a "
					 "href=\"/alerts?severity=%u&amp;verdict=%u&amp;period=24h\">%llu</"
					 "a></td>",
					 s, i, (unsigned long long)day->table[s][i]);
			else
				page_put(v->page, "<td class=\"n\">0</td>");
		page_put(v->page, "</tr>\n");
	}
	page_put(v->page, "</tbody></table></div>\n<p class=\"note\">%s: %llu</p>\n",
		 T(v, P_DROPS_WITHOUT_RULE), (unsigned long long)day->drops);
}

static void now_urgent(struct visit *v, const struct day *day)
{
	uint64_t urgent = 0;
	char number[24];

	for (unsigned int i = 0; i < SEKI_VERDICT_MAX; i++)
		if (i != SEKI_VERDICT_BLOCKED)
			urgent += day->table[SEKI_SEVERITY_CRITICAL][i];
	snprintf(number, sizeof(number), "%llu", (unsigned long long)urgent);
	if (urgent) {
		AUTO_FREE char *text = phrase_with(v->language, PHRASE_P_URGENT, number);

		page_put(v->page,
			 "<p class=\"look\">%s <a href=\"/alerts?urgent=1&amp;period=24h\">%s</a></p>\n",
			 text ? text : "", T(v, P_URGENT_LOOK));
	} else {
		part_say(v, TONE_NOTE, T(v, P_URGENT_NONE));
	}
}

static bool latest_row(const struct store_row *row, void *arg)
{
	const struct store_event *event = &row->event;
	struct visit *v = arg;
	char src[48], dst[48];

	page_put(v->page, "<li><a href=\"/alerts/%llu\">", (unsigned long long)event->id);
	part_moment(v, event->t_packet);
	page_put(v->page, "</a> ");
	part_severity(v, event->severity);
	page_put(v->page, " ");
	part_verdict(v, event->verdict);
	page_put(v->page, " <span class=\"label\">%s</span> <span class=\"ends\">%s → %s</span></li>\n",
		 event->label, eve_address(&event->src, src), eve_address(&event->dst, dst));
	return true;
}

static void now_latest(struct visit *v, struct store *store)
{
	const struct store_filter filter = {
		.kinds = 1u << STORE_ALERT, .tenant = visit_tenant(v), .newest_first = true, .limit = LATEST};

	page_put(
		v->page,
		"<h2>%s</h2>\n<p class=\"note\" id=\"live-state\" role=\"status\"></p>\n<ul class=\"events\" "
		"id=\"live\" data-on=\"%s\" data-off=\"%s\">\n",
		T(v, P_LATEST), T(v, P_LIVE_ON), T(v, P_LIVE_OFF));
	if (store && store_scan(store, &filter, latest_row, v))
		page_put(v->page, "<li class=\"look\">%s</li>\n", T(v, P_STORE_FAULT));
	page_put(v->page, "</ul>\n");
}

void page_now(struct visit *v)
{
	struct store *store = visit_store(v);
	uint64_t slot = v->now / STORE_SLOT_US * STORE_SLOT_US + STORE_SLOT_US;
	struct day day = {.from = slot - DAY_US};
	const struct store_filter filter = {.from = day.from,
					    .to = slot,
					    .kinds = 1u << STORE_ALERT | 1u << STORE_DROP,
					    .tenant = visit_tenant(v)};

	part_begin(v, T(v, P_NOW));
	now_enforcing(v);
	now_ifaces(v);
	page_put(v->page, "<h2>%s</h2>\n", T(v, P_LAST_DAY));
	if (!store) {
		part_say(v, TONE_NOTE, T(v, P_STORE_NONE));
	} else if (store_figures(store, &filter, day_figure, &day)) {
		part_say(v, TONE_LOOK, T(v, P_STORE_FAULT));
	} else {
		now_urgent(v, &day);
		now_chart(v, &day);
		now_table(v, &day);
	}
	now_latest(v, store);
	part_end(v);
	answer_page(v, 200);
}

/* --- the stream: what is new since the last one, then the browser asks again */

struct live {
	struct visit *v;
	json_t *rows;
	uint64_t last;
};

static bool live_row(const struct store_row *row, void *arg)
{
	const struct store_event *event = &row->event;
	struct live *live = arg;
	char src[48], dst[48], when[40], id[24];

	/* As text: scripts count exactly up to 2^53 only. */
	snprintf(id, sizeof(id), "%llu", (unsigned long long)event->id);
	live->last = event->id > live->last ? event->id : live->last;
	json_array_append_new(live->rows,
			      json_pack("{s:s,s:s,s:i,s:s,s:i,s:s,s:s,s:s,s:s}", "id", id, "time",
					part_time(event->t_packet, when), "severity", event->severity,
					"severity_word", severity_word(live->v, event->severity), "verdict",
					event->verdict, "verdict_word", verdict_word(live->v, event->verdict),
					"label", event->label, "src", eve_address(&event->src, src), "dst",
					eve_address(&event->dst, dst)));
	return true;
}

static bool live_newest(const struct store_row *row, void *arg)
{
	*(uint64_t *)arg = row->event.id;
	return false;
}

void page_live(struct visit *v)
{
	struct store *store = visit_store(v);
	struct store_filter filter = {
		.kinds = 1u << STORE_ALERT, .tenant = visit_tenant(v), .newest_first = true, .limit = 1};
	struct live live = {.v = v};
	AUTO_FREE char *rows = NULL;
	uint64_t after = 0;
	char *body;
	int len;

	if (!store || !text_number(v->request->last_event, UINT64_MAX, &after)) {
		if (store && store_scan(store, &filter, live_newest, &after))
			after = 0;
	} else {
		live.rows = json_array();
		filter.newest_first = false;
		filter.after = after;
		filter.limit = LIVE_ROWS;
		if (store_scan(store, &filter, live_row, &live))
			log_debug("the live view could not read the store");
		after = live.last ? live.last : after;
	}
	rows = live.rows && json_array_size(live.rows) ? json_dumps(live.rows, JSON_COMPACT) : NULL;
	json_decref(live.rows);
	len = asprintf(&body, "retry: 2000\nid: %llu\ndata: %s\n\n", (unsigned long long)after,
		       rows ? rows : "[]");
	if (len < 0)
		answer_fault(v, 503, PHRASE_P_STORE_FAULT);
	else
		answer_text(v, "text/event-stream; charset=utf-8", body, (size_t)len, NULL);
}
