/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * document.h - a report as headings, sentences, tables and pictures, and what it looks
 * like as text, HTML, CSV and JSON. Pure: builds text in memory.
 */
#ifndef CORE_DOCUMENT_H
#define CORE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rule/explain.h"

#define DOCUMENT_COLUMNS_MAX 24u

enum document_format { DOCUMENT_TEXT, DOCUMENT_HTML, DOCUMENT_CSV, DOCUMENT_JSON, DOCUMENT_FORMATS };
extern const char *const document_format_names[DOCUMENT_FORMATS];
/* -EINVAL: no such name. */
__must_check int document_format_find(const char *name, enum document_format *out);

enum document_tone { TONE_PLAIN, TONE_GOOD, TONE_LOOK, TONE_NOTE };

struct document;
/* title is copied, as is every text below; control characters in one become question marks. NULL: no memory.
 */
struct document *document_new(enum explain_language language, const char *title);
void document_free(struct document *document);
DEFINE_CLEANUP(document_free, struct document)

/* key names the section for machines, whatever the language. */
void document_section(struct document *document, const char *key, const char *heading);
void document_say(struct document *document, enum document_tone tone, const char *text);

struct document_column {
	const char *key, *title; /* static or living as long as the document */
	bool number;		 /* to the right, and a number for machines when it is one */
};
/* Begins a table in the present section; query: how to get at the rows behind the figures, or "". */
void document_table(struct document *document, const struct document_column *columns, size_t count,
		    const char *query);
/* Columns of that table from the first-th on are for programs: only CSV and JSON have them. */
void document_data(struct document *document, size_t first);
/* One cell after the other; a row ends when all columns have one. */
void document_cell(struct document *document, const char *text);
void document_number(struct document *document, uint64_t value);

enum document_picture {
	PICTURE_STRIP, /* a line from 0 to scale: parts of it, and where from and to are equal marks, or texts
			  below */
	PICTURE_BARS   /* a bar from 0 to each stroke's end, with its text */
};
/* Begins a picture, which HTML has; what it shows has to stand in a table, too. label: for who cannot see it;
 * bars have it above them.
 */
void document_picture(struct document *document, enum document_picture kind, uint64_t scale,
		      const char *label);
void document_stroke(struct document *document, uint64_t from, uint64_t to, enum document_tone tone,
		     const char *text);

/* A whole file, malloc'ed, NUL-terminated. -ENOMEM, also when anything was not added for want of memory. */
__must_check int document_write(const struct document *document, enum document_format format, char **out,
				size_t *len);

/* Cells that a terminal gives to text in UTF-8: two for East Asian wide characters, none for marks (UAX 11).
 */
size_t document_width(const char *text);

#endif
