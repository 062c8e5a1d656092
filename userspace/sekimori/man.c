// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * man.c - the command and configuration tables as man page source.
 */
#include <stdio.h>
#include <string.h>

#include "core/rule/explain.h"
#include "core/list/list_export.h"
#include "core/list/list_import.h"
#include "core/policy/policy.h"
#include "man.h"

/* Text as roff shows it unchanged. */
static void man_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else if ((*text & 0xf0) == 0xe0 && text[1] && text[2]) { /* three bytes of UTF-8 */
			printf("\\[u%04X]",
			       (*text & 0x0fu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu));
			text += 2;
		} else
			putchar(*text);
	}
}

void man_command(const char *name, const char *usage, const char *help)
{
	printf(".TP\n.B sekimori %s\n", name);
	if (*usage) {
		man_text(usage);
		printf("\n.br\n");
	}
	man_text(help);
	putchar('\n');
}

static void man_key(const struct policy_key_help *row, void *arg)
{
	const char **block = arg;

	if (!*block || strcmp(*block, row->block) != 0) {
		printf(".SS %s%s\n", *row->block ? "Inside " : "At the top", row->block);
		*block = row->block;
	}
	printf(".TP\n.BI \"%s \" \"", row->name);
	man_text(row->type ? row->type : "");
	printf("\"\n");
	man_text(row->help);
	if (row->standard && *row->standard) {
		fputs(*row->standard == '(' ? " " : "; default ", stdout);
		man_text(row->standard);
	}
	putchar('\n');
}

void man_keys(void)
{
	const char *block = NULL;

	policy_keys(man_key, &block);
}

static void man_formats(const char *heading,
			bool (*row)(unsigned int at, const char **name, const char **help))
{
	const char *name, *help;

	printf(".SS %s\n", heading);
	for (unsigned int i = 0; row(i, &name, &help); i++) {
		fputs(".TP\n.B ", stdout);
		man_text(name);
		putchar('\n');
		man_text(help);
		putchar('\n');
	}
}

void man_list_formats(void)
{
	man_formats("Read by list load and the configuration", list_import_format);
	man_formats("Written by list export", list_export_format);
}

void man_keywords(void)
{
	struct explain_row row;

	for (unsigned int i = 0; explain_keyword_at(i, &row); i++) {
		if (row.section)
			printf(".SS %s\n", row.section);
		printf(".TP\n.B ");
		man_text(row.name);
		putchar('\n');
		man_text(row.help);
		if (row.alias) {
			fputs("; also written ", stdout);
			man_text(row.alias);
		}
		if (*row.place) {
			fputs("; ", stdout);
			man_text(row.place);
		}
		putchar('\n');
	}
}
