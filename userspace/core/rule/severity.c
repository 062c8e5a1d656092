// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * severity.c - the three sources of a severity, each a table.
 */
#include "severity.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "config_line.h"
#include "core/policy/contract_names.h"
#include "rule_parse.h"

static const struct {
	const char *word;
	enum seki_severity severity;
} severity_metadata[] = {
	{"Critical", SEKI_SEVERITY_CRITICAL},
	{"Major", SEKI_SEVERITY_HIGH},
	{"Minor", SEKI_SEVERITY_MEDIUM},
	{"Informational", SEKI_SEVERITY_LOW},
};

/* Priority 1 covers half of the public rules; these classes in it are house rules, not attacks. */
static const char *const severity_medium_classes[] = {"policy-violation", "inappropriate-content"};

int severity_parse(const char *text, enum seki_severity *out)
{
	for (int i = 0; i < SEKI_SEVERITY_MAX; i++) {
		if (!strcasecmp(text, contract_severities[i])) {
			*out = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int severity_line(char *line, struct severity_row *row)
{
	char *end;
	unsigned long sid;

	if (!isdigit((unsigned char)*line))
		return -EINVAL;
	errno = 0;
	sid = strtoul(line, &end, 10);
	if (errno || sid == 0 || sid > UINT32_MAX || !isspace((unsigned char)*end))
		return -EINVAL;
	while (isspace((unsigned char)*end))
		end++;
	for (size_t len = strlen(end); len && isspace((unsigned char)end[len - 1]); len--)
		end[len - 1] = '\0';
	row->sid = (uint32_t)sid;
	return severity_parse(end, &row->severity);
}

static int severity_compare(const void *a, const void *b)
{
	const struct severity_row *x = a, *y = b;

	return x->sid < y->sid ? -1 : x->sid > y->sid;
}

static int severity_put(struct severity_table *table, const struct severity_row *row)
{
	struct severity_row *rows;

	for (uint32_t i = 0; i < table->count; i++) {
		if (table->rows[i].sid == row->sid) {
			table->rows[i] = *row;
			return 0;
		}
	}
	rows = realloc(table->rows, (table->count + 1) * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	table->rows = rows;
	rows[table->count++] = *row;
	return 0;
}

static const char *severity_entry(char *line, int *err, void *arg)
{
	struct severity_row row;
	char *hash = strchr(line, '#');

	if (hash)
		*hash = '\0';
	if (severity_line(rule_trim(line), &row))
		return "not \"sid severity\"";
	*err = severity_put(arg, &row);
	return NULL;
}

int severity_read(struct severity_table *table, const char *file, const char *text, size_t len,
		  ruleset_refused_fn fn, void *arg)
{
	int result = config_lines("severity", file, text, len, severity_entry, table, fn, arg);

	if (table->count)
		qsort(table->rows, table->count, sizeof(*table->rows), severity_compare);
	return result;
}

void severity_clear(struct severity_table *table)
{
	free(table->rows);
	*table = (struct severity_table){0};
}

enum seki_severity severity_of(const struct severity_table *table, const struct rule_info *info)
{
	const struct severity_row key = {.sid = info->sid}, *row;

	row = table->count ? bsearch(&key, table->rows, table->count, sizeof(*table->rows), severity_compare)
			   : NULL;
	if (row)
		return row->severity;
	for (unsigned int i = 0; i < info->metadata_count; i++) {
		static const char key_text[] = "signature_severity ";

		if (strncmp(info->metadata[i], key_text, sizeof(key_text) - 1))
			continue;
		for (size_t j = 0; j < ARRAY_LEN(severity_metadata); j++) {
			if (!strcasecmp(info->metadata[i] + sizeof(key_text) - 1, severity_metadata[j].word))
				return severity_metadata[j].severity;
		}
	}
	if (info->priority > 2)
		return SEKI_SEVERITY_LOW;
	if (info->priority == 2)
		return SEKI_SEVERITY_MEDIUM;
	for (size_t i = 0; i < ARRAY_LEN(severity_medium_classes); i++) {
		if (info->classtype && !strcmp(info->classtype, severity_medium_classes[i]))
			return SEKI_SEVERITY_MEDIUM;
	}
	return SEKI_SEVERITY_HIGH;
}
