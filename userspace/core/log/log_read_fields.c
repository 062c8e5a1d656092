// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log_read_fields.c - fields within a text: key=value pairs, and lines of
 * "Label: value" as Windows writes its messages.
 */
#include <string.h>

#include "log_read_parts.h"

static bool is_key(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-' || c == '.';
}

/* The value that begins at at; *end: behind it. */
static struct text pair_value(struct text line, size_t at, size_t *end)
{
	size_t len = 0;
	char quote = at < line.len && (line.at[at] == '"' || line.at[at] == '\'') ? line.at[at] : '\0';

	if (quote) {
		at++;
		while (at + len < line.len && line.at[at + len] != quote)
			len += line.at[at + len] == '\\' && at + len + 1 < line.len ? 2 : 1;
		*end = at + len + (at + len < line.len);
	} else {
		while (at + len < line.len && !strchr(" \t,;\x1d", line.at[at + len]) && line.at[at + len])
			len++;
		*end = at + len;
	}
	return (struct text){line.at + at, len};
}

bool log_put_pairs(struct log_reader *reader, struct text line)
{
	bool found = false;
	size_t at = 0;

	while (at < line.len) {
		struct text key, value;
		size_t len = 0;

		while (at + len < line.len && is_key(line.at[at + len]))
			len++;
		key = (struct text){line.at + at, len};
		at += len;
		if (!len || at == line.len || line.at[at] != '=') {
			at += !len;
			continue;
		}
		value = pair_value(line, at + 1, &at);
		log_put(reader, key, value);
		found = true;
	}
	return found;
}

/*
 * "Subject:" alone begins a section, lines below it are indented ("\tAccount Name:\t\tsato"); a line at the
 * margin with a value is of no section. A colon of two characters' width is one, too. Lines without a colon
 * carry on a list (access rights) and are appended to nothing: the mask says the same.
 */
void log_put_labels(struct log_reader *reader, struct text message)
{
	struct text line, section = {"", 0};

	while (text_line(&message, &line)) {
		bool indented = line.len && (*line.at == '\t' || *line.at == ' ');
		struct text rest = text_trim(line), label = rest, value = {"", 0};
		const char *colon = rest.len ? memchr(rest.at, ':', rest.len) : NULL;
		const char *wide = rest.len ? memmem(rest.at, rest.len, "\xef\xbc\x9a", 3) : NULL;
		size_t width = 1;

		if (wide && (!colon || wide < colon)) {
			colon = wide;
			width = 3;
		}
		if (!colon)
			continue;
		label.len = (size_t)(colon - rest.at);
		label = text_trim(label);
		value = text_trim((struct text){colon + width, rest.len - (size_t)(colon - rest.at) - width});
		if (!label.len)
			continue;
		if (!indented)
			section = value.len ? (struct text){"", 0} : label;
		if (value.len && indented && section.len)
			log_put(reader, log_join(reader, section, "/", label), value);
		if (value.len && (!indented || !section.len))
			log_put(reader, label, value);
	}
}
