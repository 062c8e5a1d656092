// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * db_dialect.c - the one place where SQLite's SQL and PostgreSQL's differ.
 */
#include "db_dialect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *ours, *theirs;
} words[] = {
	{"INTEGER", "BIGINT"},
	{"BLOB", "BYTEA"},
	{" WITHOUT ROWID", ""},
	/* Of two values; of a column both say max(). */
	{"max(0, ", "greatest(0, "},
	{"min(figure.", "least(figure."},
	{"max(figure.", "greatest(figure."},
};

static int parameter(const char **at, struct dialect *out, size_t *len)
{
	char *end;
	unsigned long n = strtoul(*at + 1, &end, 10);

	if (n < 1 || n >= DB_PLACES || *len + 4 >= sizeof(out->sql))
		return -E2BIG;
	if (!out->number[n])
		out->number[n] = ++out->count;
	out->sql[(*len)++] = '$';
	if (out->number[n] > 9)
		out->sql[(*len)++] = (char)('0' + out->number[n] / 10);
	out->sql[(*len)++] = (char)('0' + out->number[n] % 10);
	*at = end;
	return 0;
}

int dialect_make(const char *sql, struct dialect *out)
{
	size_t len = 0;

	memset(out->number, 0, sizeof(out->number));
	out->count = 0;
	while (*sql) {
		size_t i = 0;

		while (i < ARRAY_LEN(words) && strncmp(sql, words[i].ours, strlen(words[i].ours)) != 0)
			i++;
		if (len + 16 >= sizeof(out->sql))
			return -E2BIG;
		if (i < ARRAY_LEN(words)) {
			memcpy(out->sql + len, words[i].theirs, strlen(words[i].theirs));
			len += strlen(words[i].theirs);
			sql += strlen(words[i].ours);
		} else if (*sql == '?') {
			int err = parameter(&sql, out, &len);

			if (err)
				return err;
		} else {
			out->sql[len++] = *sql++;
		}
	}
	out->sql[len] = '\0';
	return 0;
}
