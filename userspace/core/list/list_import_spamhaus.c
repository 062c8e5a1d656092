// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_spamhaus.c - Spamhaus DROP: text ("CIDR ; SBLnnn") and JSON
 * lines, whose last one says how many records there are.
 */
#include "list_import_parts.h"

static void text_comment(struct list_import *in, struct text comment)
{
	comment = text_trim(comment);
	if (text_begins(comment, "Expires:")) {
		comment.at += 8;
		comment.len -= 8;
		if (!time_http(text_trim(comment), &in->report->not_after))
			in->report->not_after = 0;
	}
}

static int spamhaus_parse(struct list_import *in)
{
	struct text rest = in->text, line;
	unsigned int number = 0;
	int err = 0;

	while (!err && text_line(&rest, &line)) {
		struct text row = text_trim(line), address = text_split(&row, ';');
		struct list_entry *entry;

		number++;
		address = text_trim(address);
		if (!address.len) {
			text_comment(in, row);
			continue;
		}
		entry = import_row(in, number, text_trim(line));
		import_reason(in, "", text_of("Spamhaus"));
		import_reason(in, " ", row);
		err = import_add_range(in, entry, address);
		if (!err)
			import_end(in);
	}
	return err;
}

/* "SBL" and digits */
static bool is_ticket(struct text text)
{
	uint64_t number;

	if (!text_begins(text, "SBL"))
		return false;
	text.at += 3;
	text.len -= 3;
	return text_number(text, UINT32_MAX, &number);
}

static enum list_sniff spamhaus_sniff(struct text head)
{
	struct text line, address;
	struct prefix prefix;
	const char *why;

	if (!text_data_line(&head, &line))
		return SNIFF_NO;
	address = text_trim(text_split(&line, ';'));
	return !prefix_parse(address.at, address.len, &prefix, &why) && is_ticket(text_trim(line)) ? SNIFF_YES
												   : SNIFF_NO;
}

const struct list_format list_format_spamhaus = {
	.help = "Spamhaus DROP as text: CIDR ; SBL ticket",
	.sniff = spamhaus_sniff,
	.parse = spamhaus_parse,
};

/* --- JSON lines: {"cidr":...,"sblid":...,"rir":...}, then {"type":"metadata","records":...} */

struct metadata {
	json_int_t records; /* -1: it does not say */
	bool said;
};

static int json_line(struct list_import *in, const struct json_element *element, void *arg)
{
	struct metadata *metadata = arg;
	const json_t *records = json_object_get(element->object, "records");
	struct list_entry *entry;
	int err;

	if (text_is(json_text(element->object, "type"), "metadata")) {
		metadata->said = true;
		metadata->records = json_is_integer(records) ? json_integer_value(records) : -1;
		return 0;
	}
	entry = import_row(in, element->line, element->text);
	import_reason(in, "", text_of("Spamhaus"));
	import_reason(in, " ", json_text(element->object, "sblid"));
	err = import_add_text(in, entry, json_text(element->object, "cidr"));
	if (!err)
		import_end(in);
	return err;
}

static int spamhaus_json_parse(struct list_import *in)
{
	struct metadata metadata = {0};
	const struct json_reader reader = {.element = json_line, .arg = &metadata};
	int err = import_json_lines(in, &reader);

	if (err)
		return err;
	if (!metadata.said)
		import_doubt(in, LIST_ALLOW_CUT, "it is cut off: the record of its metadata is missing");
	else if (metadata.records > (json_int_t)in->report->lines)
		import_doubt(in, LIST_ALLOW_CUT, "its metadata says %lld records, %u are there",
			     (long long)metadata.records, in->report->lines);
	return 0;
}

static enum list_sniff spamhaus_json_sniff(struct text head)
{
	struct text line;

	return text_line(&head, &line) && json_has(line, "cidr") && json_has(line, "sblid") ? SNIFF_YES
											    : SNIFF_NO;
}

const struct list_format list_format_spamhaus_json = {
	.help = "Spamhaus DROP as JSON lines, with its metadata record",
	.sniff = spamhaus_json_sniff,
	.parse = spamhaus_json_parse,
};
