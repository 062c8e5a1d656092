// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * document.c - a report as headings, sentences, tables and pictures.
 */
#include "document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "document_private.h"

const char *const document_format_names[DOCUMENT_FORMATS] = {
	[DOCUMENT_TEXT] = "text", [DOCUMENT_HTML] = "html", [DOCUMENT_CSV] = "csv", [DOCUMENT_JSON] = "json"};

int document_format_find(const char *name, enum document_format *out)
{
	for (int i = 0; i < DOCUMENT_FORMATS; i++) {
		if (!strcmp(document_format_names[i], name)) {
			*out = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Control characters, also those of two bytes (U+0080 to U+009F), would reach a terminal. */
static char *text_copy(const char *text)
{
	char *copy = strdup(text);

	for (unsigned char *at = (unsigned char *)copy; at && *at; at++) {
		if (*at < 0x20 || *at == 0x7f)
			*at = '?';
		else if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
			at[0] = at[1] = '?';
	}
	return copy;
}

struct document *document_new(enum explain_language language, const char *title)
{
	struct document *document = calloc(1, sizeof(*document));

	if (!document)
		return NULL;
	document->language = language;
	document->title = text_copy(title);
	document->failed = !document->title;
	return document;
}

void document_free(struct document *document)
{
	if (!document)
		return;
	while (document->first) {
		struct part *part = document->first;

		document->first = part->next;
		for (size_t i = 0; i < part->cell_count; i++)
			free(part->cells[i]);
		free(part->cells);
		for (size_t i = 0; i < part->stroke_count; i++)
			free(part->strokes[i].text);
		free(part->strokes);
		free(part->key);
		free(part->text);
		free(part);
	}
	free(document->title);
	free(document);
}

static struct part *part_add(struct document *document, enum part_kind kind, const char *key,
			     const char *text)
{
	struct part *part = calloc(1, sizeof(*part));

	if (!part) {
		document->failed = true;
		return NULL;
	}
	part->kind = kind;
	part->key = strdup(key);
	part->text = text_copy(text);
	document->failed |= !part->key || !part->text;
	if (document->last)
		document->last->next = part;
	else
		document->first = part;
	document->last = part;
	return part;
}

void document_section(struct document *document, const char *key, const char *heading)
{
	part_add(document, PART_SECTION, key, heading);
}

void document_say(struct document *document, enum document_tone tone, const char *text)
{
	struct part *part = part_add(document, PART_SENTENCE, "", text);

	if (part)
		part->tone = tone;
}

void document_table(struct document *document, const struct document_column *columns, size_t count,
		    const char *query)
{
	struct part *part = part_add(document, PART_TABLE, "", query);

	if (!part)
		return;
	part->column_count = count < DOCUMENT_COLUMNS_MAX ? count : DOCUMENT_COLUMNS_MAX;
	part->shown = part->column_count;
	memcpy(part->columns, columns, part->column_count * sizeof(*columns));
}

void document_data(struct document *document, size_t first)
{
	struct part *part = document->last;

	if (!part || part->kind != PART_TABLE || first > part->column_count)
		document->failed = true;
	else
		part->shown = first;
}

void document_cell(struct document *document, const char *text)
{
	struct part *part = document->last;

	if (!part || part->kind != PART_TABLE) {
		document->failed = true;
		return;
	}
	if (part->cell_count == part->cell_room) {
		size_t room = part->cell_room ? 2 * part->cell_room : 64;
		char **cells = realloc(part->cells, room * sizeof(*cells));

		if (!cells) {
			document->failed = true;
			return;
		}
		part->cells = cells;
		part->cell_room = room;
	}
	part->cells[part->cell_count] = text_copy(text);
	if (part->cells[part->cell_count])
		part->cell_count++;
	else
		document->failed = true;
}

void document_number(struct document *document, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	document_cell(document, text);
}

void document_picture(struct document *document, enum document_picture kind, uint64_t scale,
		      const char *label)
{
	struct part *part = part_add(document, PART_PICTURE, "", label);

	if (!part)
		return;
	part->picture = kind;
	part->scale = scale ? scale : 1;
}

void document_stroke(struct document *document, uint64_t from, uint64_t to, enum document_tone tone,
		     const char *text)
{
	struct part *part = document->last;
	struct stroke *stroke;

	if (!part || part->kind != PART_PICTURE || from > to || to > part->scale) {
		document->failed = true;
		return;
	}
	if (part->stroke_count == part->stroke_room) {
		size_t room = part->stroke_room ? 2 * part->stroke_room : 64;
		struct stroke *strokes = realloc(part->strokes, room * sizeof(*strokes));

		if (!strokes) {
			document->failed = true;
			return;
		}
		part->strokes = strokes;
		part->stroke_room = room;
	}
	stroke = &part->strokes[part->stroke_count];
	*stroke = (struct stroke){.from = from, .to = to, .tone = tone, .text = text_copy(text)};
	if (stroke->text)
		part->stroke_count++;
	else
		document->failed = true;
}

/* --- output */

void output_add(struct output *out, const char *data, size_t len)
{
	if (out->failed)
		return;
	if (out->len + len + 1 > out->room) {
		size_t room = out->room ? out->room : 4096;
		char *moved;

		while (room < out->len + len + 1)
			room *= 2;
		moved = realloc(out->data, room);
		if (!moved) {
			out->failed = true;
			return;
		}
		out->data = moved;
		out->room = room;
	}
	memcpy(out->data + out->len, data, len);
	out->len += len;
	out->data[out->len] = '\0';
}

void output_text(struct output *out, const char *text)
{
	output_add(out, text, strlen(text));
}

void output_format(struct output *out, const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0) {
		out->failed = true;
		return;
	}
	output_add(out, text, (size_t)n);
	free(text);
}

void output_spaces(struct output *out, size_t count)
{
	while (count--)
		output_add(out, " ", 1);
}

int document_write(const struct document *document, enum document_format format, char **out, size_t *len)
{
	static void (*const writers[DOCUMENT_FORMATS])(const struct document *document,
						       struct output *out) = {
		[DOCUMENT_TEXT] = document_write_text,
		[DOCUMENT_HTML] = document_write_html,
		[DOCUMENT_CSV] = document_write_csv,
		[DOCUMENT_JSON] = document_write_json,
	};
	struct output output = {0};

	if (document->failed)
		return -ENOMEM;
	output_text(&output, "");
	writers[format](document, &output);
	if (output.failed) {
		free(output.data);
		return -ENOMEM;
	}
	*out = output.data;
	*len = output.len;
	return 0;
}
