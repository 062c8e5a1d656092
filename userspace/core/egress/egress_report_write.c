// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_report_write.c - the report as text, CSV and JSON.
 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "egress_report_parts.h"
#include "core/eve/eve_text.h"
#include "lib/civil.h"

const char *egress_when(uint64_t us, char text[40])
{
	struct civil c = civil_of((int64_t)(us / 1000000));

	snprintf(text, 40, "%04d-%02u-%02u %02u:%02u:%02u", c.year % 10000, c.month, c.day, c.hour, c.minute,
		 c.second);
	return text;
}

const char *egress_host_text(const struct egress_record *record, enum egress_lang lang)
{
	return *record->host ? record->host : egress_word(WORD_THIS_MACHINE, lang);
}

static bool any_reason(const struct egress_report *r)
{
	return egress_report_verdict(r) != EGRESS_ZERO;
}

static void reasons_write(const struct egress_report *r, enum egress_lang lang, FILE *out,
			  const char *between)
{
	const char *sep = "";

	for (int i = 0; i < EGRESS_DOUBT_MAX; i++) {
		if (!r->doubts[i])
			continue;
		fputs(sep, out);
		egress_doubt_write(out, r, i, lang);
		sep = between;
	}
	for (int i = 0; i < EGRESS_GAP_MAX; i++) {
		if (!r->gaps[i])
			continue;
		fputs(sep, out);
		egress_gap_write(out, i, r->gaps[i], lang);
		sep = between;
	}
}

void egress_write_verdict(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	enum egress_verdict verdict = egress_report_verdict(r);
	uint32_t coverage = egress_report_coverage(r);

	if (verdict == EGRESS_FOUND)
		fprintf(out, "%u %s", r->detections, egress_word(WORD_FOUND, lang));
	else
		fputs(egress_word(verdict == EGRESS_ZERO ? WORD_ZERO : WORD_UNPROVEN, lang), out);
	fprintf(out, ", %s ", egress_word(WORD_COVERAGE, lang));
	if (coverage == 1000)
		fputs("100 %", out);
	else
		fprintf(out, "%u.%u %%", coverage / 10, coverage % 10);
	fprintf(out, ", %s %" PRIu64 "/%" PRIu64, egress_word(WORD_CANARIES, lang), r->canaries_seen,
		r->canaries_due);
	if (verdict != EGRESS_UNPROVEN)
		return;
	fprintf(out, "; %s: ", egress_word(WORD_BECAUSE, lang));
	reasons_write(r, lang, out, "; ");
}

/* Control characters of strangers must not reach a terminal. */
static void put_plain(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
}

static void put_program(FILE *out, const struct egress_record *r, enum egress_lang lang)
{
	if (!r->process) {
		if (*r->mac)
			fprintf(out, "MAC %s", r->mac);
		else
			fputs("-", out);
		return;
	}
	put_plain(out, *r->exe ? r->exe : egress_word(WORD_UNKNOWN, lang));
	if (*r->exe)
		fprintf(out, " (pid %u, uid %u, <- ", r->pid, r->uid);
	if (*r->exe)
		put_plain(out, r->parent);
	if (*r->exe)
		fprintf(out, " %u)", r->ppid);
	if (*r->unit)
		fputs(" ", out);
	put_plain(out, r->unit);
}

static void text_findings(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	char when[40];

	fprintf(out, "\n%s: %u\n", egress_word(WORD_FINDINGS, lang), r->found_count);
	for (uint32_t i = 0; i < r->found_count; i++) {
		const struct egress_record *f = &r->found[i];

		fprintf(out, "  [%s] %s  %s  %s", egress_severity_word(f->severity, lang),
			egress_when(f->t_us, when), egress_finding_title(f->finding, lang),
			egress_host_text(f, lang));
		if (*f->dst)
			fprintf(out, " -> %s %s/%u", f->dst, f->proto, f->dport);
		fprintf(out, "  %s\n    %s: ", egress_verdict_word(f->verdict, lang),
			egress_word(WORD_EVIDENCE, lang));
		egress_evidence_write(out, f, lang);
		fprintf(out, "\n    %s: ", egress_word(WORD_PROCESS, lang));
		put_program(out, f, lang);
		fprintf(out, "\n    %s: %s\n", egress_word(WORD_NEXT, lang),
			egress_finding_next(f->finding, lang));
	}
}

void egress_write_text(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	char from[40], to[40];

	fprintf(out, "%s\n%s: %s - %s (UTC)\n%s: ", egress_word(WORD_TITLE, lang),
		egress_word(WORD_PERIOD, lang), egress_when(r->from, from), egress_when(r->to, to),
		egress_word(WORD_VERDICT, lang));
	egress_write_verdict(r, lang, out);
	fprintf(out, "\n%s: %" PRIu64 "\n", egress_word(WORD_PACKETS, lang), r->packets);
	if (r->monitored)
		fprintf(out, "%s\n", egress_word(WORD_MONITORED, lang));
	text_findings(r, lang, out);
	fprintf(out, "\n%s: %u\n", egress_word(WORD_TALKS, lang), r->row_count);
	for (uint32_t i = 0; i < r->row_count; i++) {
		const struct egress_record *row = &r->rows[i];

		fprintf(out,
			"  %s -> %s %s/%u  %s %" PRIu64 ", %s %" PRIu64 ", %s %" PRIu64 ", %s %" PRIu64 "  ",
			egress_host_text(row, lang), row->dst, row->proto, row->dport,
			egress_word(WORD_FLOWS, lang), row->flows, egress_word(WORD_BLOCKED, lang),
			row->blocked, egress_word(WORD_OUT, lang), row->bytes_out, egress_word(WORD_IN, lang),
			row->bytes_in);
		put_program(out, row, lang);
		fputs("\n", out);
	}
}

/* RFC 4180; what a spreadsheet would take for a formula is quoted by an apostrophe. */
static void put_cell(FILE *out, const char *text, const char *end)
{
	fputc('"', out);
	if (*text && strchr("=+-@\t\r", *text))
		fputc('\'', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
	}
	fprintf(out, "\"%s", end);
}

static void csv_row(const struct egress_record *r, const char *kind, enum egress_lang lang, FILE *out)
{
	char when[40], last[40];

	put_cell(out, kind, ",");
	put_cell(out, egress_when(r->first, when), ",");
	put_cell(out, egress_when(r->last, last), ",");
	put_cell(out, *kind == 't' ? "" : egress_severity_word(r->severity, lang), ",");
	put_cell(out, *kind == 't' ? "" : egress_finding_names[r->finding], ",");
	put_cell(out, egress_host_text(r, lang), ",");
	put_cell(out, r->mac, ",");
	put_cell(out, r->dst, ",");
	put_cell(out, r->proto, ",");
	fprintf(out, "%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", r->dport, r->flows,
		r->blocked, r->would, r->bytes_out, r->bytes_in);
	put_cell(out, egress_verdict_word(r->verdict, lang), ",");
	put_cell(out, r->exe, ",");
	fprintf(out, "%u,%u,", r->pid, r->uid);
	put_cell(out, r->unit, "\r\n");
}

/* The verdict is a row of its own: an empty table says nothing about the sensor. */
void egress_write_csv(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	char *verdict = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&verdict, &len);

	fputs("kind,first,last,severity,finding,host,mac,destination,protocol,port,connections,blocked,would_"
	      "block,bytes_out,"
	      "bytes_in,result,program,pid,uid,unit\r\n",
	      out);
	if (memory) {
		egress_write_verdict(r, lang, memory);
		fclose(memory);
		put_cell(out, "verdict", ",");
		put_cell(out, verdict, "\r\n");
		free(verdict);
	}
	for (uint32_t i = 0; i < r->found_count; i++)
		csv_row(&r->found[i], "finding", lang, out);
	for (uint32_t i = 0; i < r->row_count; i++)
		csv_row(&r->rows[i], "talk", lang, out);
}

static json_t *json_row(const struct egress_record *r, bool finding, enum egress_lang lang)
{
	json_t *o = json_object();

	if (finding) {
		eve_set(o, "finding", json_string(egress_finding_names[r->finding]));
		eve_set(o, "title", json_string(egress_finding_title(r->finding, lang)));
		eve_set(o, "next", json_string(egress_finding_next(r->finding, lang)));
		eve_set(o, "severity", json_string(egress_severity_word(r->severity, EGRESS_EN)));
		eve_set(o, "count", json_integer((json_int_t)r->count));
		if (r->interval_ms) {
			eve_set(o, "interval_ms", json_integer(r->interval_ms));
			eve_set(o, "jitter_permille", json_integer(r->jitter_permille));
		}
		if (*r->text)
			eve_set(o, "text", eve_text_of(r->text));
	}
	eve_set(o, "host", eve_text_of(r->host));
	eve_set(o, "mac", eve_text_of(r->mac));
	eve_set(o, "destination", eve_text_of(r->dst));
	eve_set(o, "protocol", eve_text_of(r->proto));
	eve_set(o, "port", json_integer(r->dport));
	eve_set(o, "first", json_integer((json_int_t)r->first));
	eve_set(o, "last", json_integer((json_int_t)r->last));
	eve_set(o, "connections", json_integer((json_int_t)r->flows));
	eve_set(o, "blocked", json_integer((json_int_t)r->blocked));
	eve_set(o, "would_block", json_integer((json_int_t)r->would));
	eve_set(o, "bytes_out", json_integer((json_int_t)r->bytes_out));
	eve_set(o, "bytes_in", json_integer((json_int_t)r->bytes_in));
	eve_set(o, "program", eve_text_of(r->exe));
	eve_set(o, "parent", eve_text_of(r->parent));
	eve_set(o, "pid", json_integer(r->pid));
	eve_set(o, "uid", json_integer(r->uid));
	eve_set(o, "unit", eve_text_of(r->unit));
	return o;
}

void egress_write_json(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	static const char *const names[EGRESS_VERDICT_MAX] = {"zero-proven", "zero-not-proven", "found"};
	json_t *o = json_object(), *found = json_array(), *rows = json_array(), *why = json_array();

	eve_set(o, "from", json_integer((json_int_t)r->from));
	eve_set(o, "to", json_integer((json_int_t)r->to));
	eve_set(o, "verdict", json_string(names[egress_report_verdict(r)]));
	eve_set(o, "detections", json_integer(r->detections));
	eve_set(o, "coverage_permille", json_integer(egress_report_coverage(r)));
	eve_set(o, "canaries_due", json_integer((json_int_t)r->canaries_due));
	eve_set(o, "canaries_seen", json_integer((json_int_t)r->canaries_seen));
	eve_set(o, "packets", json_integer((json_int_t)r->packets));
	for (int i = 0; any_reason(r) && i < EGRESS_DOUBT_MAX; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *memory = r->doubts[i] ? open_memstream(&text, &len) : NULL;

		if (!memory)
			continue;
		egress_doubt_write(memory, r, i, lang);
		fclose(memory);
		json_array_append_new(why, json_string(text));
		free(text);
	}
	for (int i = 0; i < EGRESS_GAP_MAX; i++)
		if (r->gaps[i])
			json_array_append_new(why, json_pack("{s:s,s:I}", "gap", egress_gap_names[i], "count",
							     (json_int_t)r->gaps[i]));
	eve_set(o, "not_proven_because", why);
	for (uint32_t i = 0; i < r->found_count; i++)
		json_array_append_new(found, json_row(&r->found[i], true, lang));
	for (uint32_t i = 0; i < r->row_count; i++)
		json_array_append_new(rows, json_row(&r->rows[i], false, lang));
	eve_set(o, "findings", found);
	eve_set(o, "talks", rows);
	json_dumpf(o, out, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	fputc('\n', out);
	json_decref(o);
}
