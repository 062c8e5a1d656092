// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * json_scan.c - where values of a JSON text end, without reading them.
 */
#include "json_scan.h"

size_t json_string_end(struct text text, size_t at)
{
	for (at++; at < text.len; at++) {
		if (text.at[at] == '\\' && at + 1 < text.len && text.at[at + 1] != '\n')
			at++;
		else if (text.at[at] == '"')
			return at + 1;
		else if (text.at[at] == '\n')
			return at;
	}
	return at;
}

size_t json_container_end(struct text text, size_t at, unsigned int *lines, unsigned int *deepest)
{
	unsigned int depth = 0;

	*lines = *deepest = 0;
	while (at < text.len) {
		switch (text.at[at]) {
		case '"':
			at = json_string_end(text, at);
			continue;
		case '\n':
			++*lines;
			break;
		case '{':
		case '[':
			if (++depth > *deepest)
				*deepest = depth;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return at + 1;
			break;
		}
		at++;
	}
	return text.len + 1;
}
