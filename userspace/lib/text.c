// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * text.c - pieces of a text that somebody else owns.
 */
#include <string.h>

#include "text.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

struct text text_of(const char *string)
{
	return (struct text){string ? string : "", string ? strlen(string) : 0};
}

struct text text_trim(struct text text)
{
	while (text.len && is_blank(*text.at)) {
		text.at++;
		text.len--;
	}
	while (text.len && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

bool text_is(struct text text, const char *word)
{
	return text.len == strlen(word) && !memcmp(text.at, word, text.len);
}

bool text_begins(struct text text, const char *word)
{
	return text.len >= strlen(word) && !memcmp(text.at, word, strlen(word));
}

bool text_has(struct text text, const char *word)
{
	return text.len && memmem(text.at, text.len, word, strlen(word));
}

bool text_line(struct text *text, struct text *line)
{
	const char *end;

	if (!text->len)
		return false;
	end = memchr(text->at, '\n', text->len);
	*line = (struct text){text->at, end ? (size_t)(end - text->at) : text->len};
	text->at += line->len + (end ? 1 : 0);
	text->len -= line->len + (end ? 1 : 0);
	return true;
}

struct text text_split(struct text *text, char separator)
{
	const char *end = text->len ? memchr(text->at, separator, text->len) : NULL;
	struct text part = {text->at, end ? (size_t)(end - text->at) : text->len};

	text->at += part.len + (end ? 1 : 0);
	text->len -= part.len + (end ? 1 : 0);
	return part;
}

bool text_data_line(struct text *text, struct text *line)
{
	while (text_line(text, line)) {
		*line = text_trim(*line);
		if (line->len && *line->at != '#' && *line->at != ';')
			return true;
	}
	return false;
}

bool text_number(struct text text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!text.len || text.len > 18)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.at[i] - '0');
	}
	if (value > max)
		return false;
	*out = value;
	return true;
}
