// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_document_tables.c - the suspicious-communication report's tables: what
 * was found, what to do, who talked to whom.
 */
#include <stdio.h>

#include "core/policy/contract_names.h"
#include "egress_document_private.h"

#define BARS 10u

/* Of each kind of finding: what it is, what to do. */
static const struct {
	enum phrase title, next;
} findings[EGRESS_FINDING_MAX] = {
#define X(id, ...) [EGRESS_##id] = {PHRASE_E_IS_##id, PHRASE_E_DO_##id},
	EGRESS_FINDINGS(X)
#undef X
};
static const enum phrase verdicts[SEKI_VERDICT_MAX] = {
	[SEKI_VERDICT_UNKNOWN] = PHRASE_VERDICT_UNKNOWN,
	[SEKI_VERDICT_BLOCKED] = PHRASE_VERDICT_BLOCKED,
	[SEKI_VERDICT_CUT] = PHRASE_VERDICT_CUT,
	[SEKI_VERDICT_WOULD_BLOCK] = PHRASE_VERDICT_WOULD_BLOCK,
	[SEKI_VERDICT_PASSED] = PHRASE_VERDICT_PASSED,
};
static const enum phrase severities[SEKI_SEVERITY_MAX] = {
	[SEKI_SEVERITY_LOW] = PHRASE_P_LOW,
	[SEKI_SEVERITY_MEDIUM] = PHRASE_P_MEDIUM,
	[SEKI_SEVERITY_HIGH] = PHRASE_P_HIGH,
	[SEKI_SEVERITY_CRITICAL] = PHRASE_P_CRITICAL,
};

#define SERVER_MAX 128u /* a name and an address */

/* "mail (10.0.2.25)", or what of it is known. */
static const char *writer_server(const struct writer *w, const struct egress_record *r, char text[SERVER_MAX])
{
	const char *host = *r->host ? r->host : writer_say(w, PHRASE_E_THIS_MACHINE);

	if (*r->name)
		snprintf(text, SERVER_MAX, "%s (%s)", r->name, host);
	else
		snprintf(text, SERVER_MAX, "%s", host);
	return text;
}

static const char *writer_service(const struct egress_record *r, char text[24])
{
	text[0] = '\0';
	if (*r->dst)
		snprintf(text, 24, "%s/%u", r->proto, r->dport);
	return text;
}

/* --- who */

/* "MAC 02:00:00:00:00:07, VLAN 12, calls itself web-07 (DHCP)" */
static void sender_say(const struct writer *w, const struct egress_record *r, char *text, size_t size)
{
	int n = snprintf(text, size, *r->mac ? "MAC %s" : "-", r->mac);

	if (*r->mac && r->vlan)
		n += snprintf(text + n, size - (size_t)n, ", VLAN %u", r->vlan);
	if (*r->mac && *r->said)
		snprintf(text + n, size - (size_t)n, ", %s: %s (%s)", writer_say(w, PHRASE_E_SAYS), r->said,
			 r->said_by);
}

/* "/usr/bin/curl (pid 7, uid 33, <- bash 6) nginx.service", or the sender's MAC address and VLAN. */
static void cell_program(const struct writer *w, const struct egress_record *r)
{
	char text[2 * EGRESS_TEXT_MAX];

	if (r->process && *r->exe)
		snprintf(text, sizeof(text), "%s (pid %u, uid %u, <- %s %u)%s%s", r->exe, r->pid, r->uid,
			 r->parent, r->ppid, *r->unit ? " " : "", r->unit);
	else if (r->process)
		snprintf(text, sizeof(text), "%s%s%s", writer_say(w, PHRASE_UNKNOWN), *r->unit ? " " : "",
			 r->unit);
	else
		sender_say(w, r, text, sizeof(text));
	document_cell(w->document, text);
}

/* For programs: the same, one by one. The columns of both tables end with these. */
#define WHO_COLUMNS                                                                                          \
	{"mac", "MAC", false}, {"vlan", "VLAN", true}, {"exe", writer_say(w, PHRASE_E_PROCESS), false},      \
		{"pid", "pid", true}, {"ppid", "ppid", true}, {"uid", "uid", true},                          \
		{"parent", writer_say(w, PHRASE_E_PARENT), false},                                           \
		{"unit", writer_say(w, PHRASE_E_UNIT), false}, {"cgroup", "cgroup", false},                  \
		{"host", writer_say(w, PHRASE_E_HOST), false},                                               \
		{"host_name", writer_say(w, PHRASE_E_NAME), false},                                          \
		{"host_says", writer_say(w, PHRASE_E_SAYS), false},                                          \
	{                                                                                                    \
		"host_says_by", writer_say(w, PHRASE_E_SAYS_BY), false                                       \
	}

static void cells_who(const struct writer *w, const struct egress_record *r)
{
	document_cell(w->document, r->mac);
	document_number(w->document, r->vlan);
	document_cell(w->document, r->exe);
	document_number(w->document, r->pid);
	document_number(w->document, r->ppid);
	document_number(w->document, r->uid);
	document_cell(w->document, r->parent);
	document_cell(w->document, r->unit);
	document_cell(w->document, r->cgroup);
	document_cell(w->document, r->host);
	document_cell(w->document, r->name);
	document_cell(w->document, r->said);
	document_cell(w->document, r->said_by);
}

/* --- findings */

static char *evidence(const struct writer *w, const struct egress_record *r)
{
	char a[24], b[24], c[24], text[121]; /* of a hostile name so much is shown */

	snprintf(text, sizeof(text), "%.120s", r->text);
	writer_number(r->count, a);
	switch (r->finding) {
	case EGRESS_BEACON:
		return phrase_with(w->language, PHRASE_E_EV_BEACON, writer_tenths(r->interval_ms / 100, b),
				   writer_tenths(r->jitter_permille, c), a);
	case EGRESS_SCAN:
		return phrase_with(w->language, r->ports ? PHRASE_E_EV_PORTS : PHRASE_E_EV_HOSTS, a);
	case EGRESS_BULK:
		return phrase_with(w->language, PHRASE_E_EV_BULK, writer_number(r->bytes >> 20, b));
	case EGRESS_LISTED_OUT:
	case EGRESS_LISTED_IN:
		return phrase_with(w->language, PHRASE_E_EV_LIST, text);
	case EGRESS_TUNNEL:
		return phrase_with(w->language, PHRASE_E_EV_NAMES, a, text);
	case EGRESS_RAW:
		return phrase_with(w->language, PHRASE_E_EV_FRAMES, a);
	default:
		return phrase_with(w->language, PHRASE_E_EV_TIMES, a);
	}
}

void writer_findings(const struct writer *w, bool *failed)
{
	const struct egress_report *r = w->report;
	const struct document_column columns[] = {
		{"time", writer_say(w, PHRASE_E_TIME), false},
		{"severity", writer_say(w, PHRASE_SEVERITY), false},
		{"finding", writer_say(w, PHRASE_E_FINDING), false},
		{"server", writer_say(w, PHRASE_E_HOST), false},
		{"destination", writer_say(w, PHRASE_E_DESTINATION), false},
		{"service", writer_say(w, PHRASE_E_SERVICE), false},
		{"result", writer_say(w, PHRASE_E_RESULT), false},
		{"evidence", writer_say(w, PHRASE_E_EVIDENCE), false},
		{"program", writer_say(w, PHRASE_E_SENDER), false},
		{"kind", writer_say(w, PHRASE_E_KIND), false},
		{"verdict", writer_say(w, PHRASE_VERDICT), false},
		WHO_COLUMNS,
	};
	char text[48], service[24], server[SERVER_MAX];

	document_section(w->document, "findings", writer_say(w, PHRASE_E_FINDINGS));
	if (!r->found_count) {
		document_say(w->document, TONE_PLAIN, writer_say(w, PHRASE_E_NONE));
		return;
	}
	document_table(w->document, columns, ARRAY_LEN(columns), "");
	document_data(w->document, 9);
	for (uint32_t i = 0; i < r->found_count; i++) {
		const struct egress_record *f = &r->found[i];

		document_cell(w->document, writer_when(w, f->t_us, text));
		document_cell(w->document, writer_say(w, severities[f->severity]));
		document_cell(w->document, writer_say(w, findings[f->finding].title));
		document_cell(w->document, writer_server(w, f, server));
		document_cell(w->document, f->dst);
		document_cell(w->document, writer_service(f, service));
		document_cell(w->document, writer_say(w, verdicts[f->verdict]));
		writer_cell(w->document, evidence(w, f), failed);
		cell_program(w, f);
		document_cell(w->document, egress_finding_names[f->finding]);
		document_cell(w->document, contract_verdicts[f->verdict]);
		cells_who(w, f);
	}
}

/* Once for each kind that was found: what to do. */
void writer_steps(const struct writer *w)
{
	const struct document_column columns[] = {{"finding", writer_say(w, PHRASE_E_FINDING), false},
						  {"count", writer_say(w, PHRASE_E_COUNT), true},
						  {"next", writer_say(w, PHRASE_E_NEXT), false},
						  {"kind", writer_say(w, PHRASE_E_KIND), false}};
	uint64_t counts[EGRESS_FINDING_MAX] = {0};

	if (!w->report->found_count)
		return;
	for (uint32_t i = 0; i < w->report->found_count; i++)
		counts[w->report->found[i].finding]++;
	document_section(w->document, "next", writer_say(w, PHRASE_E_STEPS));
	document_table(w->document, columns, ARRAY_LEN(columns), "");
	document_data(w->document, 3);
	for (int i = 0; i < EGRESS_FINDING_MAX; i++) {
		if (!counts[i])
			continue;
		document_cell(w->document, writer_say(w, findings[i].title));
		document_number(w->document, counts[i]);
		document_cell(w->document, writer_say(w, findings[i].next));
		document_cell(w->document, egress_finding_names[i]);
	}
}

/* --- talks */

static void write_bars(const struct writer *w)
{
	const struct egress_report *r = w->report;
	uint32_t count = r->row_count < BARS ? r->row_count : BARS;
	uint64_t most = 0;
	char service[24], server[SERVER_MAX], text[SERVER_MAX + 80];

	for (uint32_t i = 0; i < count; i++)
		most = r->rows[i].bytes_out > most ? r->rows[i].bytes_out : most;
	if (!most)
		return;
	document_picture(w->document, PICTURE_BARS, most, writer_say(w, PHRASE_E_BARS));
	for (uint32_t i = 0; i < count; i++) {
		const struct egress_record *row = &r->rows[i];

		snprintf(text, sizeof(text), "%s → %s %s", writer_server(w, row, server), row->dst,
			 writer_service(row, service));
		document_stroke(w->document, 0, row->bytes_out,
				row->blocked + row->would ? TONE_LOOK : TONE_PLAIN, text);
	}
}

void writer_talks(const struct writer *w)
{
	const struct egress_report *r = w->report;
	const struct document_column columns[] = {
		{"server", writer_say(w, PHRASE_E_HOST), false},
		{"destination", writer_say(w, PHRASE_E_DESTINATION), false},
		{"service", writer_say(w, PHRASE_E_SERVICE), false},
		{"connections", writer_say(w, PHRASE_E_FLOWS), true},
		{"blocked", writer_say(w, PHRASE_E_BLOCKED), true},
		{"would_block", writer_say(w, PHRASE_E_WOULD), true},
		{"bytes_out", writer_say(w, PHRASE_E_OUT), true},
		{"bytes_in", writer_say(w, PHRASE_E_IN), true},
		{"program", writer_say(w, PHRASE_E_SENDER), false},
		{"first", writer_say(w, PHRASE_E_FIRST_TIME), false},
		{"last", writer_say(w, PHRASE_E_LAST_TIME), false},
		{"verdict", writer_say(w, PHRASE_VERDICT), false},
		WHO_COLUMNS,
	};
	char text[48], service[24], server[SERVER_MAX];

	document_section(w->document, "talks", writer_say(w, PHRASE_E_TALKS));
	if (!r->row_count) {
		document_say(w->document, TONE_PLAIN, writer_say(w, PHRASE_E_NONE));
		return;
	}
	write_bars(w);
	document_table(w->document, columns, ARRAY_LEN(columns), "");
	document_data(w->document, 9);
	for (uint32_t i = 0; i < r->row_count; i++) {
		const struct egress_record *t = &r->rows[i];

		document_cell(w->document, writer_server(w, t, server));
		document_cell(w->document, t->dst);
		document_cell(w->document, writer_service(t, service));
		document_number(w->document, t->flows);
		document_number(w->document, t->blocked);
		document_number(w->document, t->would);
		document_number(w->document, t->bytes_out);
		document_number(w->document, t->bytes_in);
		cell_program(w, t);
		document_cell(w->document, writer_when(w, t->first, text));
		document_cell(w->document, writer_when(w, t->last, text));
		document_cell(w->document, contract_verdicts[t->verdict]);
		cells_who(w, t);
	}
}
