// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_feodo.c - abuse.ch Feodo Tracker: command and control servers of
 * botnets, as CSV and JSON.
 */
#include <string.h>

#include "list_import_parts.h"
#include "sekimori/abi.h"

#define COLUMNS_MAX 32u

enum column { COLUMN_ADDRESS, COLUMN_PORT, COLUMN_STATUS, COLUMN_SEEN, COLUMN_MALWARE, COLUMN_COUNT };
static const char *const csv_names[COLUMN_COUNT] = {"dst_ip", "dst_port", "c2_status", "first_seen_utc",
						    "malware"};
static const char *const json_names[COLUMN_COUNT] = {"ip_address", "port", "status", "first_seen", "malware"};

/* "Dridex C2, port 443, offline" */
static int feodo_row(struct list_import *in, struct list_entry *entry,
		     const struct text columns[COLUMN_COUNT])
{
	int err;

	import_reason(in, "", columns[COLUMN_MALWARE]);
	import_reason(in, " ", text_of("C2"));
	if (columns[COLUMN_PORT].len) {
		import_reason(in, ", ", text_of("port"));
		import_reason(in, " ", columns[COLUMN_PORT]);
	}
	import_reason(in, ", ", columns[COLUMN_STATUS]);
	entry->severity = SEKI_SEVERITY_CRITICAL;
	if (columns[COLUMN_SEEN].len && !time_iso(columns[COLUMN_SEEN], &entry->created))
		import_refuse(in, "first seen at \"%.*s\" is not a time",
			      (int)(columns[COLUMN_SEEN].len < 40 ? columns[COLUMN_SEEN].len : 40),
			      columns[COLUMN_SEEN].at);
	err = *in->why ? 0 : import_add_text(in, entry, columns[COLUMN_ADDRESS]);
	if (!err)
		import_end(in);
	return err;
}

/* Takes one column, with or without quotes, off the line. False: the quote does not end. */
static bool csv_take(struct text *line, struct text *column)
{
	*line = text_trim(*line);
	if (line->len && *line->at == '"') {
		line->at++;
		line->len--;
		if (!line->len || !memchr(line->at, '"', line->len))
			return false;
		*column = text_split(line, '"');
		*line = text_trim(*line);
		if (line->len && *line->at != ',')
			return false;
		text_split(line, ',');
		return true;
	}
	*column = text_trim(text_split(line, ','));
	return true;
}

/* The places of our columns; false: the line is no head of this format. */
static bool csv_head(struct text line, int places[COLUMN_COUNT])
{
	struct text column;

	memset(places, -1, COLUMN_COUNT * sizeof(*places));
	for (int at = 0; line.len && at < (int)COLUMNS_MAX; at++) {
		if (!csv_take(&line, &column))
			return false;
		for (unsigned int i = 0; i < COLUMN_COUNT; i++)
			if (text_is(column, csv_names[i]))
				places[i] = at;
	}
	return places[COLUMN_ADDRESS] >= 0 && places[COLUMN_SEEN] >= 0;
}

static int csv_row(struct list_import *in, unsigned int number, struct text line,
		   const int places[COLUMN_COUNT])
{
	struct list_entry *entry = import_row(in, number, line);
	struct text columns[COLUMN_COUNT] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}}, column;

	for (int at = 0; line.len && at < (int)COLUMNS_MAX; at++) {
		if (!csv_take(&line, &column)) {
			import_refuse(in, "a quote that does not end");
			break;
		}
		for (unsigned int i = 0; i < COLUMN_COUNT; i++)
			if (places[i] == at)
				columns[i] = column;
	}
	return feodo_row(in, entry, columns);
}

/* "# END 123 entries", also with brackets, as abuse.ch ends its files; those without cannot be told from cut
 * ones. */
static void csv_end(struct text line, uint64_t *entries)
{
	if (!text_begins(line, "# END "))
		return;
	text_split(&line, 'D');
	line = text_trim(line);
	if (text_begins(line, "("))
		text_split(&line, '(');
	if (!text_number(text_split(&line, ' '), UINT32_MAX, entries))
		*entries = 0;
}

static int feodo_parse(struct list_import *in)
{
	struct text rest = in->text, line;
	int places[COLUMN_COUNT], err = 0;
	bool headed = false;
	unsigned int number = 0;
	uint64_t entries = 0;

	while (!err && text_line(&rest, &line)) {
		number++;
		line = text_trim(line);
		if (!line.len || *line.at == '#') {
			csv_end(line, &entries);
		} else if (!headed && csv_head(line, places)) {
			headed = true;
		} else if (!headed) {
			import_row(in, number, line);
			import_refuse(in, "before the line that names the columns");
			import_end(in);
		} else {
			err = csv_row(in, number, line, places);
		}
	}
	if (!err && entries > in->report->lines)
		import_doubt(in, LIST_ALLOW_CUT, "its last line says %llu entries, %u are there",
			     (unsigned long long)entries, in->report->lines);
	return err;
}

static enum list_sniff feodo_sniff(struct text head)
{
	int places[COLUMN_COUNT];
	struct text line;

	return text_data_line(&head, &line) && csv_head(line, places) ? SNIFF_YES : SNIFF_NO;
}

const struct list_format list_format_feodo = {
	.help = "abuse.ch Feodo Tracker as CSV",
	.sniff = feodo_sniff,
	.parse = feodo_parse,
};

static int json_row(struct list_import *in, const struct json_element *element, void *arg)
{
	struct list_entry *entry = import_row(in, element->line, element->text);
	const json_t *port = json_object_get(element->object, json_names[COLUMN_PORT]);
	struct text columns[COLUMN_COUNT];
	char number[24];

	for (unsigned int i = 0; i < COLUMN_COUNT; i++)
		columns[i] = json_text(element->object, json_names[i]);
	if (json_is_integer(port)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(port));
		columns[COLUMN_PORT] = text_of(number);
	}
	return feodo_row(in, entry, columns);
}

static int feodo_json_parse(struct list_import *in)
{
	static const char *const arrays[] = {"", NULL};
	const struct json_reader reader = {.arrays = arrays, .element = json_row};

	return import_json(in, &reader);
}

static enum list_sniff feodo_json_sniff(struct text head)
{
	return json_has(head, "ip_address") && json_has(head, "malware") && json_has(head, "first_seen")
		       ? SNIFF_YES
		       : SNIFF_NO;
}

const struct list_format list_format_feodo_json = {
	.help = "abuse.ch Feodo Tracker as JSON",
	.sniff = feodo_json_sniff,
	.parse = feodo_json_parse,
};
