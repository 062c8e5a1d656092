// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_reports.c - the reports of the command line, made by the same writers:
 * to look at, and to take along.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/report/document.h"
#include "lib/log.h"
#include "portal_private.h"
#include "store/audit_log.h"
#include "view/egress_store.h"
#include "view/report_store.h"

static const struct {
	const char *name;
	enum phrase title;
	enum report_wants wants;
	int (*make)(struct report *report, struct document **out);
} reports[] = {
	{"top", PHRASE_P_REPORT_TOP, WANTS_NOTHING, report_top},
	{"security-log", PHRASE_P_REPORT_LOG, WANTS_EVENTS, report_log},
	{"notices", PHRASE_P_REPORT_NOTICES, WANTS_NOTICES, report_notices},
};

static void period_field(struct visit *v, const char *name, const char *usual)
{
	const char *period = web_form_get(&v->query, "period");

	page_put(v->page,
		 "<span class=\"field\"><label for=\"p-%s\">%s</label> "
		 "<input id=\"p-%s\" name=\"period\" size=\"12\" maxlength=\"20\" value=\"%s\" "
		 "aria-describedby=\"period-note\"></span>\n",
		 name, T(v, P_PERIOD), name, *period ? period : usual);
}

/* And the button, the form's end. */
static void format_field(struct visit *v, const char *name)
{
	page_put(v->page,
		 "<span class=\"field\"><label for=\"f-%s\">%s</label> <select id=\"f-%s\" "
		 "name=\"format\"><option value=\"\">%s</option>"
		 "<option>html</option><option>text</option><option>csv</option><option>json</option></"
		 "select></span>\n"
		 "<button>%s</button></form>\n",
		 name, T(v, P_FORMAT), name, T(v, P_HERE), T(v, P_SHOW));
}

void report_form(struct visit *v, const char *name, bool of_period)
{
	page_put(v->page, "<form method=\"get\" action=\"/reports/%s\" class=\"filter\">\n", name);
	if (of_period)
		period_field(v, name, "30d");
	format_field(v, name);
}

void page_reports(struct visit *v)
{
	part_begin(v, T(v, P_REPORTS));
	page_put(v->page, "<p id=\"period-note\" class=\"note\">%s</p>\n", T(v, P_PERIOD_NOTE));
	for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
		if (reports[i].wants == WANTS_NOTICES && visit_tenant(v))
			continue;
		page_put(v->page, "<h2>%s</h2>\n", phrase(v->language, reports[i].title));
		report_form(v, reports[i].name, true);
	}
	if (!visit_tenant(v)) {
		page_put(v->page, "<h2>%s</h2>\n", T(v, P_REPORT_ASSESS));
		report_form(v, "assess", false);
	}
	part_end(v);
	answer_page(v, 200);
}

/* In the worker's thread. */
static int report_make(const struct report_order *order, const struct report_place *place,
		       struct document **out)
{
	CLEANUP(report_free) struct report *report = NULL;
	const struct period *period = &order->period;
	struct audit_head head;
	char text[96] = "";
	struct report_frame frame = {
		.language = order->name.language,
		.from = period->from,
		.to = period->to,
		.before_from = period->before_from,
		.now = order->now,
		.zone_s = period->zone_s,
		.n = 10,
		.name = period->name,
		.audit_head = text,
	};
	int err;

	if (!place->store)
		return -ENOENT;
	if (!audit_head_read(place->store_dir, &head))
		snprintf(text, sizeof(text), "%llu:%s", (unsigned long long)head.number, head.hash);
	err = report_new(&frame, place->threats, &report);
	if (!err) {
		report_assets(report, place->assets);
		err = report_store_fill(place->store, report, period, reports[order->which].wants,
					*order->name.tenant ? order->name.tenant : NULL);
	}
	return err ? err : reports[order->which].make(report, out);
}

/* -EINPROGRESS: nothing is to be answered yet. -EINVAL: no such period. */
static int report_ask(struct visit *v, const char *name, const char *usual, struct report_order *order,
		      struct document **out)
{
	const char *asked = web_form_get(&v->query, "period");
	char why[160];
	int err;

	if (!*asked)
		asked = usual;
	memset(&order->name, 0, sizeof(order->name));
	if (strlen(asked) >= sizeof(order->name.period) ||
	    period_read(asked, NULL, NULL, v->now, &order->period, why))
		return -EINVAL;
	snprintf(order->name.report, sizeof(order->name.report), "%s", name);
	snprintf(order->name.period, sizeof(order->name.period), "%s", asked);
	snprintf(order->name.tenant, sizeof(order->name.tenant), "%s", v->user->tenant);
	order->name.language = v->language;
	order->now = v->now;
	err = report_worker_ask(v->portal->reports, order, out);
	v->response->later = err == -EINPROGRESS;
	return err;
}

static void report_download(struct visit *v, const char *name, const struct document *document,
			    enum document_format format)
{
	static const char *const types[DOCUMENT_FORMATS] = {
		[DOCUMENT_TEXT] = "text/plain; charset=utf-8",
		[DOCUMENT_HTML] = "text/html; charset=utf-8",
		[DOCUMENT_CSV] = "text/csv; charset=utf-8",
		[DOCUMENT_JSON] = "application/json",
	};
	char file[80], *text = NULL;
	size_t len = 0;

	if (document_write(document, format, &text, &len)) {
		answer_fault(v, 503, PHRASE_P_STORE_FAULT);
		return;
	}
	/* Who takes figures out of the house is an audit question. */
	if (!daemon_trace(v, "read", "portal: report %s taken as %s", name, document_format_names[format])) {
		free(text);
		answer_fault(v, 503, PHRASE_P_FAULT_TRACE);
		return;
	}
	snprintf(file, sizeof(file), "sekimori-%s.%s", name,
		 format == DOCUMENT_TEXT ? "txt" : document_format_names[format]);
	answer_text(v, types[format], text, len, file);
}

void report_show(struct visit *v, const char *name, bool of_period, const struct document *document,
		 enum document_format format)
{
	if (format != DOCUMENT_FORMATS) {
		report_download(v, name, document, format);
		return;
	}
	part_begin(v, T(v, P_REPORTS));
	if (of_period)
		page_put(v->page, "<p id=\"period-note\" class=\"note\">%s</p>\n", T(v, P_PERIOD_NOTE));
	report_form(v, name, of_period);
	page_put(v->page, "<article class=\"report\">\n");
	page_document(v->page, document);
	page_put(v->page, "</article>\n");
	part_end(v);
	answer_page(v, 200);
}

void page_report(struct visit *v)
{
	CLEANUP(document_free) struct document *document = NULL;
	struct report_order order = {.make = report_make};
	const char *word = web_form_get(&v->query, "format");
	enum document_format format = DOCUMENT_FORMATS;
	size_t which = 0;
	int err;

	while (which < ARRAY_LEN(reports) && strcmp(reports[which].name, v->captured.name) != 0)
		which++;
	if (which == ARRAY_LEN(reports)) {
		answer_fault(v, 404, PHRASE_P_FAULT_PATH);
		return;
	}
	/* Notices are the machine's: who is of one tenant must not see those of others. */
	if (reports[which].wants == WANTS_NOTICES && visit_tenant(v)) {
		answer_fault(v, 403, PHRASE_P_FAULT_ROLE);
		return;
	}
	if (*word && document_format_find(word, &format)) {
		answer_fault(v, 400, PHRASE_P_FAULT_FORM);
		return;
	}
	order.which = which;
	err = report_ask(v, reports[which].name, "30d", &order, &document);
	if (err == -EINPROGRESS)
		return;
	if (err == -EINVAL) {
		answer_fault(v, 400, PHRASE_P_BAD_PERIOD);
		return;
	}
	if (err) {
		log_warn("portal: report %s: %s", reports[which].name, strerror(-err));
		answer_fault(v, err == -ENOENT ? 404 : 500,
			     err == -ENOENT ? PHRASE_P_STORE_NONE : PHRASE_P_STORE_FAULT);
		return;
	}
	report_show(v, reports[which].name, true, document, format);
}

/* --- what protected hosts began */

/* The newest moments are not told yet: they would only say that nobody watched them. */
static int egress_make(const struct report_order *order, const struct report_place *place,
		       struct document **out)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	const struct period *period = &order->period;
	uint64_t told = order->now - EGRESS_SETTLE_US;
	int err = place->store ? egress_store_report(place->store, period->from,
						     period->to < told ? period->to : told, &report)
			       : -ENOENT;

	return err ? err : egress_report_document(report, order->name.language, period->zone_s, out);
}

void page_egress(struct visit *v)
{
	CLEANUP(document_free) struct document *document = NULL;
	struct report_order order = {.make = egress_make};
	const char *word = web_form_get(&v->query, "format");
	enum document_format format = DOCUMENT_FORMATS;
	int err;

	if (*word && document_format_find(word, &format)) {
		answer_fault(v, 400, PHRASE_P_FAULT_FORM);
		return;
	}
	err = report_ask(v, "egress", "24h", &order, &document);
	if (err == -EINPROGRESS)
		return;
	if (err == -EINVAL) {
		answer_fault(v, 400, PHRASE_P_BAD_PERIOD);
		return;
	}
	if (!err && format != DOCUMENT_FORMATS) {
		report_download(v, "egress", document, format);
		return;
	}
	part_begin(v, T(v, P_EGRESS));
	page_put(v->page, "<p id=\"period-note\" class=\"note\">%s</p>\n", T(v, P_PERIOD_NOTE));
	page_put(v->page, "<form method=\"get\" action=\"/egress\" class=\"filter\">\n");
	period_field(v, "egress", "24h");
	format_field(v, "egress");
	if (err) {
		part_say(v, err == -ENOENT ? TONE_NOTE : TONE_LOOK,
			 err == -ENOENT ? T(v, P_STORE_NONE) : T(v, P_STORE_FAULT));
	} else {
		page_put(v->page, "<article class=\"report\">\n");
		page_document(v->page, document);
		page_put(v->page, "</article>\n");
	}
	part_end(v);
	answer_page(v, 200);
}
