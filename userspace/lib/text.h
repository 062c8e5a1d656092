/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - pieces of a text that somebody else owns: lines, fields, numbers.
 * Pure; nothing is copied.
 */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text { /* not NUL-terminated */
	const char *at;
	size_t len;
};

struct text text_of(const char *string); /* NULL is "" */
struct text text_trim(struct text text);
bool text_is(struct text text, const char *word);
bool text_begins(struct text text, const char *word);
bool text_has(struct text text, const char *word);
/* Takes the next line without its end off text; false: there is none. */
bool text_line(struct text *text, struct text *line);
/* Takes the part before the separator (or all) off text. */
struct text text_split(struct text *text, char separator);
/* First line that is neither blank nor a comment (# or ;); false: there is none. */
bool text_data_line(struct text *text, struct text *line);
/* Plain decimal, at most max. */
bool text_number(struct text text, uint64_t max, uint64_t *out);

#endif
