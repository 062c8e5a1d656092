// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_line.c - the walk over such a file.
 */
#include "config_line.h"

#include <errno.h>
#include <string.h>

#include "rule_parse.h"

int config_lines(const char *keyword, const char *file, const char *text, size_t len, config_line_fn read,
		 void *read_arg, ruleset_refused_fn fn, void *arg)
{
	const char *end = text + len;
	int result = 0;

	for (unsigned int number = 1; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text)), *why;
		size_t line_len = (size_t)((newline ? newline : end) - text);
		char line[CONFIG_LINE_MAX], *p;
		int err = 0;

		if (line_len >= sizeof(line) || memchr(text, '\0', line_len)) {
			why = "the line is too long or binary";
		} else {
			memcpy(line, text, line_len);
			line[line_len] = '\0';
			p = rule_trim(line);
			why = *p && *p != '#' ? read(p, &err, read_arg) : NULL;
		}
		text = newline ? newline + 1 : end;
		if (err)
			return err;
		if (why) {
			if (fn)
				fn(file, number, 0, keyword, why, arg);
			result = -EINVAL;
		}
	}
	return result;
}
