// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * document_html.c - a report as one HTML file without anything from outside:
 * readable on a telephone, in the dark, and on paper.
 */
#include <string.h>

#include "document_private.h"

static const char style[] =
	"body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 "
	"auto;padding:1rem;color:#1b1b1b;background:#fff}"
	"h1{font-size:1.5rem}h2{font-size:1.15rem;border-bottom:1px solid #8888;margin-top:2rem}"
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{padding:.3rem "
	".6rem;text-align:left;"
	"border-bottom:1px solid "
	"#8884;vertical-align:top}.n{text-align:right;font-variant-numeric:tabular-nums}"
	".look{border-left:.3rem solid #c00;padding-left:.6rem;font-weight:600}.good{border-left:.3rem solid "
	"#080;padding-left:.6rem}"
	"th{word-break:keep-all}.t{white-space:nowrap}"
	".note,.query{color:#555;font-size:.9rem}.query{overflow-wrap:anywhere}"
	"svg{width:100%;height:auto}svg "
	"text{font-size:12px;fill:currentColor}.missing,.bad{fill:#b22222}.seen{fill:#2a7d2a}"
	".mild{fill:#b8860b}.plain{fill:#3a6ea5}"
	"@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}.note,.query{color:#aaa}}"
	"@media "
	"print{body{max-width:none;font-size:10pt;color:#000;background:#fff}h2{break-after:avoid}tr{break-"
	"inside:avoid}}";

void output_escaped(struct output *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			output_text(out, "&lt;");
			break;
		case '>':
			output_text(out, "&gt;");
			break;
		case '&':
			output_text(out, "&amp;");
			break;
		case '"':
			output_text(out, "&quot;");
			break;
		case '\'':
			output_text(out, "&#39;");
			break;
		default:
			output_add(out, text, 1);
		}
	}
}

static void element(struct output *out, const char *open, const char *text, const char *close)
{
	output_text(out, open);
	output_escaped(out, text);
	output_text(out, close);
}

/* A moment is read as one word, not broken at its hyphens. */
static bool is_moment(const char *text)
{
	static const char form[] = "0000-00-00";

	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return strlen(text) < 30;
}

static const char *cell_open(const struct document_column *column, const char *text)
{
	if (column->number)
		return "<td class=\"n\">";
	return is_moment(text) ? "<td class=\"t\">" : "<td>";
}

static void table_write(const struct part *part, struct output *out)
{
	size_t columns = part->column_count;

	if (!part->shown)
		return;
	output_text(out, "<div class=\"scroll\"><table><thead><tr>");
	for (size_t i = 0; i < part->shown; i++)
		element(out,
			part->columns[i].number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">",
			part->columns[i].title, "</th>");
	output_text(out, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < part->cell_count; i++) {
		if (i % columns == 0)
			output_text(out, "<tr>");
		if (i % columns < part->shown)
			element(out, cell_open(&part->columns[i % columns], part->cells[i]), part->cells[i],
				"</td>");
		if (i % columns + 1 == columns)
			output_text(out, "</tr>\n");
	}
	output_text(out, "</tbody></table></div>\n");
	if (*part->text)
		element(out, "<p class=\"query\">", part->text, "</p>\n");
}

void document_write_html_body(const struct document *document, struct output *out)
{
	static const char *const classes[] = {[TONE_PLAIN] = "<p>",
					      [TONE_GOOD] = "<p class=\"good\">",
					      [TONE_LOOK] = "<p class=\"look\">",
					      [TONE_NOTE] = "<p class=\"note\">"};

	element(out, "<h1>", document->title, "</h1>\n");
	for (const struct part *part = document->first; part; part = part->next) {
		if (part->kind == PART_SECTION)
			element(out, "<h2>", part->text, "</h2>\n");
		else if (part->kind == PART_SENTENCE)
			element(out, classes[part->tone], part->text, "</p>\n");
		else if (part->kind == PART_TABLE)
			table_write(part, out);
		else
			document_write_picture(part, out);
	}
}

void document_write_html(const struct document *document, struct output *out)
{
	output_format(out, "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">",
		      document->language == EXPLAIN_JA ? "ja" : "en");
	output_text(out, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
			 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
			 "style-src 'unsafe-inline'\">");
	element(out, "<title>", document->title, "</title>");
	output_format(out, "<style>%s</style></head><body>\n", style);
	document_write_html_body(document, out);
	output_text(out, "</body></html>\n");
}
