// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * document_data.c - a report for programs: CSV (RFC 4180) and JSON.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "document_private.h"
#include "core/eve/eve_text.h"

/*
 * A cell that a spreadsheet would take for a formula gets an apostrophe: texts come from packets. Negative
 * numbers do not occur.
 */
static void csv_cell(struct output *out, const char *text, bool last)
{
	output_text(out, "\"");
	if (*text && strchr("=+-@\t\r", *text) && strcmp(text, "-") != 0)
		output_text(out, "'");
	for (; *text; text++) {
		if (*text == '"')
			output_text(out, "\"");
		output_add(out, text, 1);
	}
	output_text(out, last ? "\"\r\n" : "\",");
}

/* One table after the other, each behind a line with its section's key. */
void document_write_csv(const struct document *document, struct output *out)
{
	const char *section = "";

	/* a byte order mark: without it spreadsheets read Japanese in another encoding */
	output_text(out, "\xef\xbb\xbf");
	for (const struct part *part = document->first; part; part = part->next) {
		if (part->kind == PART_SECTION)
			section = part->key;
		if (part->kind != PART_TABLE)
			continue;
		csv_cell(out, section, true);
		for (size_t i = 0; i < part->column_count; i++)
			csv_cell(out, part->columns[i].key, i + 1 == part->column_count);
		for (size_t i = 0; i < part->cell_count; i++)
			csv_cell(out, part->cells[i], i % part->column_count + 1 == part->column_count);
	}
}

static json_t *cell_value(const struct document_column *column, const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (column->number && *text >= '0' && *text <= '9' && !*end && value <= INT64_MAX)
		return json_integer((json_int_t)value);
	return json_string(text);
}

static json_t *table_value(const struct part *part)
{
	json_t *table = json_object(), *rows = json_array(), *titles = json_object(), *row = NULL;

	for (size_t i = 0; i < part->column_count; i++)
		eve_set(titles, part->columns[i].key, json_string(part->columns[i].title));
	for (size_t i = 0; i < part->cell_count; i++) {
		const struct document_column *column = &part->columns[i % part->column_count];

		if (i % part->column_count == 0) {
			row = json_object();
			json_array_append_new(rows, row);
		}
		eve_set(row, column->key, cell_value(column, part->cells[i]));
	}
	eve_set(table, "columns", titles);
	eve_set(table, "rows", rows);
	eve_set(table, "query", json_string(part->text));
	return table;
}

void document_write_json(const struct document *document, struct output *out)
{
	static const char *const tones[] = {
		[TONE_PLAIN] = "plain", [TONE_GOOD] = "good", [TONE_LOOK] = "look", [TONE_NOTE] = "note"};
	json_t *root = json_object(), *sections = json_array(), *section = NULL;
	AUTO_FREE char *text = NULL;

	eve_set(root, "title", json_string(document->title));
	eve_set(root, "language", json_string(document->language == EXPLAIN_JA ? "ja" : "en"));
	eve_set(root, "sections", sections);
	for (const struct part *part = document->first; part; part = part->next) {
		if (part->kind == PART_SECTION || !section) {
			section = json_object();
			json_array_append_new(sections, section);
			eve_set(section, "key", json_string(part->kind == PART_SECTION ? part->key : ""));
			eve_set(section, "heading",
				json_string(part->kind == PART_SECTION ? part->text : ""));
			eve_set(section, "sentences", json_array());
			eve_set(section, "tables", json_array());
		}
		if (part->kind == PART_SENTENCE)
			json_array_append_new(
				json_object_get(section, "sentences"),
				json_pack("{s:s, s:s}", "tone", tones[part->tone], "text", part->text));
		else if (part->kind == PART_TABLE)
			json_array_append_new(json_object_get(section, "tables"), table_value(part));
	}
	text = json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	json_decref(root);
	out->failed |= !text;
	if (text)
		output_format(out, "%s\n", text);
}
