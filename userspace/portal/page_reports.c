// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_reports.c - the reports of the command line, made by the same writers:
 * to look at, and to take along.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/report/document.h"
#include "core/egress/egress_report.h"
#include "lib/log.h"
#include "portal_private.h"
#include "store/audit_log.h"
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

void report_form(struct visit *v, const char *name, bool of_period)
{
	const char *period = web_form_get(&v->query, "period");

	page_put(v->page, "<form method=\"get\" action=\"/reports/%s\" class=\"filter\">\n", name);
	if (of_period)
		page_put(v->page,
			 "<span class=\"field\"><label for=\"p-%s\">%s</label> "
			 "<input id=\"p-%s\" name=\"period\" size=\"12\" maxlength=\"20\" value=\"%s\" "
			 "aria-describedby=\"period-note\"></span>\n",
			 name, T(v, P_PERIOD), name, *period ? period : "30d");
	page_put(v->page,
		 "<span class=\"field\"><label for=\"f-%s\">%s</label> <select id=\"f-%s\" "
		 "name=\"format\"><option value=\"\">%s</option>"
		 "<option>html</option><option>text</option><option>csv</option><option>json</option></"
		 "select></span>\n"
		 "<button>%s</button></form>\n",
		 name, T(v, P_FORMAT), name, T(v, P_HERE), T(v, P_SHOW));
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

static int report_make(struct visit *v, size_t which, const struct period *period, struct document **out)
{
	CLEANUP(report_free) struct report *report = NULL;
	struct store *store = visit_store(v);
	struct audit_head head;
	char text[96] = "";
	struct report_frame frame = {
		.language = v->language,
		.from = period->from,
		.to = period->to,
		.before_from = period->before_from,
		.now = v->now,
		.zone_s = period->zone_s,
		.n = 10,
		.name = period->name,
		.audit_head = text,
	};
	int err;

	if (!store)
		return -ENOENT;
	if (!audit_head_read(v->portal->options.store_dir, &head))
		snprintf(text, sizeof(text), "%llu:%s", (unsigned long long)head.number, head.hash);
	err = report_new(&frame, v->portal->threats, &report);
	if (!err)
		err = report_store_fill(store, report, period, reports[which].wants, visit_tenant(v));
	return err ? err : reports[which].make(report, out);
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
	const char *asked = web_form_get(&v->query, "period"), *word = web_form_get(&v->query, "format");
	enum document_format format = DOCUMENT_FORMATS;
	struct period period;
	char why[160];
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
	if (period_read(*asked ? asked : "30d", NULL, NULL, v->now, &period, why)) {
		answer_fault(v, 400, PHRASE_P_BAD_PERIOD);
		return;
	}
	err = report_make(v, which, &period, &document);
	if (err) {
		log_warn("portal: report %s: %s", reports[which].name, strerror(-err));
		answer_fault(v, err == -ENOENT ? 404 : 500,
			     err == -ENOENT ? PHRASE_P_STORE_NONE : PHRASE_P_STORE_FAULT);
		return;
	}
	report_show(v, reports[which].name, true, document, format);
}

/* --- what protected hosts began */

struct egress_feed {
	struct store *store;
	struct egress_report *report;
	int err;
};

static bool egress_row(const struct store_row *row, void *arg)
{
	struct egress_feed *feed = arg;
	AUTO_FREE char *line = NULL;
	size_t len = 0;

	feed->err = store_line(feed->store, row->event.id, &line, &len);
	if (!feed->err)
		feed->err = egress_report_line(feed->report, line, len);
	return !feed->err;
}

void page_egress(struct visit *v)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	struct egress_feed feed = {.store = visit_store(v)};
	struct store_filter filter = {.kinds = 1u << STORE_EGRESS};
	const char *asked = web_form_get(&v->query, "period");
	struct period period;
	char why[160];
	int err;

	if (period_read(*asked ? asked : "24h", NULL, NULL, v->now, &period, why)) {
		answer_fault(v, 400, PHRASE_P_BAD_PERIOD);
		return;
	}
	filter.from = period.from;
	filter.to = period.to < v->now ? period.to : v->now;
	part_begin(v, T(v, P_EGRESS));
	page_put(v->page,
		 "<form method=\"get\" action=\"/egress\" class=\"filter\"><span class=\"field\"><label "
		 "for=\"period\">%s</label> "
		 "<input id=\"period\" name=\"period\" size=\"12\" maxlength=\"20\" value=\"%s\"></span> "
		 "<button>%s</button></form>\n",
		 T(v, P_PERIOD), *asked ? asked : "24h", T(v, P_SHOW));
	err = feed.store ? egress_report_new(filter.from, filter.to, &feed.report) : -ENOENT;
	report = feed.report;
	if (!err)
		err = store_scan(feed.store, &filter, egress_row, &feed);
	if (!err)
		err = feed.err;
	if (err) {
		part_say(v, err == -ENOENT ? TONE_NOTE : TONE_LOOK,
			 err == -ENOENT ? T(v, P_STORE_NONE) : T(v, P_STORE_FAULT));
	} else {
		egress_report_close(report);
		page_egress_report(v->page, report, v->language == EXPLAIN_JA);
	}
	part_end(v);
	answer_page(v, 200);
}
