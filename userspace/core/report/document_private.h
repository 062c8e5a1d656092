/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * document_private.h - the parts of a document, for its writers.
 */
#ifndef CORE_DOCUMENT_PRIVATE_H
#define CORE_DOCUMENT_PRIVATE_H

#include "document.h"

enum part_kind { PART_SECTION, PART_SENTENCE, PART_TABLE, PART_PICTURE };

struct stroke {
	uint64_t from, to;
	enum document_tone tone;
	char *text;
};

struct part {
	struct part *next;
	enum part_kind kind;
	enum document_tone tone;
	char *key, *text; /* of a table its query, of a picture its label */
	struct document_column columns[DOCUMENT_COLUMNS_MAX];
	size_t column_count, shown; /* shown: columns that are for people, too */
	char **cells;
	size_t cell_count, cell_room;
	enum document_picture picture;
	uint64_t scale;
	struct stroke *strokes;
	size_t stroke_count, stroke_room;
};

struct document {
	enum explain_language language;
	char *title;
	struct part *first, *last;
	bool failed;
};

/* Text that grows; failed once means failed for good. */
struct output {
	char *data;
	size_t len, room;
	bool failed;
};
void output_add(struct output *out, const char *data, size_t len);
void output_text(struct output *out, const char *text);
void output_format(struct output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* For HTML, between tags and in quotes. */
void output_escaped(struct output *out, const char *text);
void output_spaces(struct output *out, size_t count);

void document_write_text(const struct document *document, struct output *out);
void document_write_html(const struct document *document, struct output *out);
void document_write_picture(const struct part *part, struct output *out);
/* The part between <body> and </body>. */
void document_write_html_body(const struct document *document, struct output *out);
void document_write_csv(const struct document *document, struct output *out);
void document_write_json(const struct document *document, struct output *out);

#endif
