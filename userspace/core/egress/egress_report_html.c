// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_report_html.c - the report as one page without script or outer
 * files: a strip of the period that was watched, bars of where bytes went.
 */
#include <inttypes.h>
#include <string.h>

#include "egress_report_parts.h"

#define STRIP_WIDTH 960u
#define BARS	    10u

static void put(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
		}
	}
}

static uint32_t place(const struct egress_report *r, uint64_t t)
{
	return (uint32_t)((double)(t - r->from) * STRIP_WIDTH / (double)(r->to - r->from));
}

/* Watched spans over a bar of what was not; findings as marks. */
static void strip(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	uint32_t drawn = 0;

	fprintf(out, "<h2>%s</h2>\n<svg class=\"strip\" viewBox=\"0 0 %u 60\" role=\"img\" aria-label=\"",
		egress_word(WORD_BY_HOUR, lang), STRIP_WIDTH);
	egress_write_verdict(r, lang, out);
	fprintf(out, "\"><rect class=\"gap\" x=\"0\" y=\"20\" width=\"%u\" height=\"24\"/>\n", STRIP_WIDTH);
	for (uint32_t i = 0; i < r->span_count; i++) {
		uint32_t from = place(r, r->spans[i].from), to = place(r, r->spans[i].to);

		from = from > drawn ? from : drawn;
		if (to <= from || r->spans[i].lost_us)
			continue;
		/* Spans that touch are one rectangle. */
		while (i + 1 < r->span_count && !r->spans[i + 1].lost_us &&
		       place(r, r->spans[i + 1].from) <= to)
			to = place(r, r->spans[++i].to) > to ? place(r, r->spans[i].to) : to;
		fprintf(out, "<rect class=\"seen\" x=\"%u\" y=\"20\" width=\"%u\" height=\"24\"/>\n", from,
			to - from);
		drawn = to;
	}
	for (uint32_t i = 0; i < r->found_count && i < 1000; i++)
		fprintf(out, "<path class=\"%s\" d=\"M%u 18l-5 -12h10z\"/>\n",
			r->found[i].severity >= SEKI_SEVERITY_HIGH ? "bad" : "mild",
			place(r, r->found[i].t_us));
	fputs("</svg>\n", out);
}

static void bars(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	uint64_t most = 1;
	uint32_t count = r->row_count < BARS ? r->row_count : BARS;

	for (uint32_t i = 0; i < count; i++)
		most = r->rows[i].bytes_out > most ? r->rows[i].bytes_out : most;
	if (!count)
		return;
	fprintf(out, "<h2>%s</h2>\n<svg class=\"bars\" viewBox=\"0 0 %u %u\" role=\"img\">\n",
		egress_word(WORD_OUT, lang), STRIP_WIDTH, count * 22 + 4);
	for (uint32_t i = 0; i < count; i++) {
		const struct egress_record *row = &r->rows[i];

		fprintf(out,
			"<rect class=\"%s\" x=\"380\" y=\"%u\" width=\"%u\" height=\"16\"/><text x=\"372\" "
			"y=\"%u\" text-anchor=\"end\">",
			row->blocked + row->would ? "bad" : "seen", i * 22 + 2,
			(uint32_t)((double)row->bytes_out * 480 / (double)most) + 1, i * 22 + 14);
		put(out, egress_host_text(row, lang));
		fputs(" → ", out);
		put(out, row->dst);
		fprintf(out, " %s/%u</text><text x=\"868\" y=\"%u\">%" PRIu64 "</text>\n", row->proto,
			row->dport, i * 22 + 14, row->bytes_out);
	}
	fputs("</svg>\n", out);
}

static void heads(FILE *out, enum egress_lang lang, const enum egress_word *words, unsigned int count)
{
	fputs("<table><thead><tr>", out);
	for (unsigned int i = 0; i < count; i++)
		fprintf(out, "<th>%s</th>", egress_word(words[i], lang));
	fputs("</tr></thead><tbody>\n", out);
}

static void program(FILE *out, const struct egress_record *r)
{
	if (!r->process) {
		put(out, *r->mac ? r->mac : "-");
		return;
	}
	put(out, r->exe);
	if (*r->exe)
		fprintf(out, "<br><small>pid %u, uid %u, ", r->pid, r->uid);
	else
		fputs("<br><small>", out);
	put(out, r->parent);
	fputs(" ", out);
	put(out, r->unit);
	fputs("</small>", out);
}

static void findings(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	static const enum egress_word words[] = {WORD_TIME,	WORD_SEVERITY,	  WORD_FINDING,
						 WORD_HOST,	WORD_DESTINATION, WORD_RESULT,
						 WORD_EVIDENCE, WORD_PROCESS,	  WORD_NEXT};
	char when[40];

	fprintf(out, "<h2>%s (%u)</h2>\n", egress_word(WORD_FINDINGS, lang), r->found_count);
	if (!r->found_count) {
		fprintf(out, "<p>%s</p>\n", egress_word(WORD_NONE, lang));
		return;
	}
	heads(out, lang, words, ARRAY_LEN(words));
	for (uint32_t i = 0; i < r->found_count; i++) {
		const struct egress_record *f = &r->found[i];

		fprintf(out, "<tr class=\"s%u\"><td>%s</td><td>%s</td><td>%s</td><td>", f->severity,
			egress_when(f->t_us, when), egress_severity_word(f->severity, lang),
			egress_finding_title(f->finding, lang));
		put(out, egress_host_text(f, lang));
		fputs("</td><td>", out);
		put(out, f->dst);
		if (*f->dst)
			fprintf(out, " %s/%u", f->proto, f->dport);
		fprintf(out, "</td><td>%s</td><td>", egress_verdict_word(f->verdict, lang));
		{
			char *text = NULL;
			size_t len = 0;
			FILE *memory = open_memstream(&text, &len);

			if (memory) {
				egress_evidence_write(memory, f, lang);
				fclose(memory);
				put(out, text);
				free(text);
			}
		}
		fputs("</td><td>", out);
		program(out, f);
		fprintf(out, "</td><td>%s</td></tr>\n", egress_finding_next(f->finding, lang));
	}
	fputs("</tbody></table>\n", out);
}

static void talks(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	static const enum egress_word words[] = {WORD_HOST,  WORD_DESTINATION, WORD_SERVICE,
						 WORD_FLOWS, WORD_BLOCKED,     WORD_OUT,
						 WORD_IN,    WORD_RESULT,      WORD_PROCESS};

	fprintf(out, "<h2>%s (%u)</h2>\n", egress_word(WORD_TALKS, lang), r->row_count);
	heads(out, lang, words, ARRAY_LEN(words));
	for (uint32_t i = 0; i < r->row_count; i++) {
		const struct egress_record *t = &r->rows[i];

		fputs("<tr><td>", out);
		put(out, egress_host_text(t, lang));
		fputs("</td><td>", out);
		put(out, t->dst);
		fprintf(out,
			"</td><td>%s/%u</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64
			"</td><td>%" PRIu64 "</td><td>%s</td><td>",
			t->proto, t->dport, t->flows, t->blocked, t->bytes_out, t->bytes_in,
			egress_verdict_word(t->verdict, lang));
		program(out, t);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

void egress_report_body(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	char from[40], to[40];

	fprintf(out, "<p>%s: %s - %s (UTC)</p>\n<p class=\"verdict v%d\">", egress_word(WORD_PERIOD, lang),
		egress_when(r->from, from), egress_when(r->to, to), egress_report_verdict(r));
	egress_write_verdict(r, lang, out);
	fprintf(out, "</p>\n<p>%s: %" PRIu64 "</p>\n", egress_word(WORD_PACKETS, lang), r->packets);
	if (r->monitored)
		fprintf(out, "<p>%s</p>\n", egress_word(WORD_MONITORED, lang));
	strip(r, lang, out);
	findings(r, lang, out);
	bars(r, lang, out);
	talks(r, lang, out);
}

void egress_write_html(const struct egress_report *r, enum egress_lang lang, FILE *out)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
		"content=\"width=device-width\">"
		"<title>%s</title>\n<style>body{font-family:sans-serif;max-width:75em;margin:2em "
		"auto;padding:0 1em;color:#222}"
		"table{border-collapse:collapse;width:100%%;font-size:85%%}th,td{border:1px solid "
		"#ccc;padding:.3em .5em;text-align:left;"
		"vertical-align:top;overflow-wrap:anywhere}th{background:#eee}.verdict{font-size:120%%;"
		"padding:1em;border-left:.5em solid}"
		".v0{border-color:#2a7d2a}.v1{border-color:#b8860b}.v2{border-color:#b22222}.gap{fill:#"
		"f3c0c0}.seen{fill:#2a7d2a}"
		".bad{fill:#b22222}.mild{fill:#b8860b}.s3,.s2{background:#fdecec}svg{width:100%%}svg "
		"text{font-size:12px}</style></head><body>\n",
		egress_lang_names[lang], egress_word(WORD_TITLE, lang));
	fprintf(out, "<h1>%s</h1>\n", egress_word(WORD_TITLE, lang));
	egress_report_body(r, lang, out);
	fputs("</body></html>\n", out);
}
