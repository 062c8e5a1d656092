// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_own.c - our own list files: JSON lines, the first one about the
 * list, with the SHA-256 of all that follows it.
 */
#include <string.h>

#include "core/policy/contract_names.h"
#include "lib/digest.h"
#include "list_import_parts.h"
#include "sekimori/abi.h"
#include "sekimori/maps.h"

#define VERSION 1

static const char *const header_members[] = {"sekimori-list", "id",	   "epoch",   "serial", "previous",
					     "created",	      "not_after", "entries", "digest", NULL};
static const char *const entry_members[] = {"prefix",	"action",   "direction", "reason",
					    "category", "severity", "source",	 "ticket",
					    "created",	"expires",  "author",	 NULL};

static const char *unknown_member(const json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		const char *const *name = known;

		while (*name && strcmp(*name, key) != 0)
			name++;
		if (!*name)
			return key;
	}
	return NULL;
}

/* "sha256:" and 64 digits */
static void header_digest(struct list_import *in, struct text said, struct text rest)
{
	uint8_t bytes[DIGEST_BYTES_MAX];
	char text[8 + 3 * DIGEST_BYTES_MAX] = "sha256:";

	digest_of(DIGEST_SHA256, (struct span){(const uint8_t *)rest.at, (uint32_t)rest.len}, bytes);
	digest_text(bytes, digest_bytes(DIGEST_SHA256), '\0', text + 7);
	if (!text_is(said, text))
		import_doubt(in, LIST_ALLOW_CUT, "the digest of its header is not that of its lines");
}

/* What the header promises is kept by the rest: lines as counted, bytes as digested. */
static void header_read(struct list_import *in, const json_t *header, struct text rest, json_int_t *entries)
{
	const char *unknown = unknown_member(header, header_members);
	const json_t *count = json_object_get(header, "entries");
	struct text until = json_text(header, "not_after");

	*entries = json_is_integer(count) ? json_integer_value(count) : -1;
	if (json_integer_value(json_object_get(header, "sekimori-list")) != VERSION)
		import_doubt(in, LIST_ALLOW_CUT, "its first line is not the header of version %d", VERSION);
	else if (unknown)
		import_doubt(in, LIST_ALLOW_CUT, "its header has \"%.40s\", which this version does not know",
			     unknown);
	else if (until.len && !time_iso(until, &in->report->not_after))
		import_doubt(in, LIST_ALLOW_CUT, "not_after of its header is not a time");
	else if (*entries < 0)
		import_doubt(in, LIST_ALLOW_CUT, "its header does not count the entries");
	else if (rest.len > UINT32_MAX)
		import_doubt(in, LIST_ALLOW_CUT, "longer than a digest is made of");
	else
		header_digest(in, json_text(header, "digest"), rest);
}

/* drop, alert, allow and source, destination, both, each with the list's own when it is not said. */
static void entry_flags(struct list_import *in, struct list_entry *entry, const json_t *object)
{
	struct text action = json_text(object, "action"), direction = json_text(object, "direction");
	uint8_t flags = in->how->flags;

	if (text_is(direction, "source"))
		flags = (uint8_t)((flags & ~SEKI_ENTRY_DST) | SEKI_ENTRY_SRC);
	else if (text_is(direction, "destination"))
		flags = (uint8_t)((flags & ~SEKI_ENTRY_SRC) | SEKI_ENTRY_DST);
	else if (text_is(direction, "both"))
		flags |= SEKI_ENTRY_SRC | SEKI_ENTRY_DST;
	else if (json_object_get(object, "direction"))
		import_refuse(in, "direction is none of source, destination, both");
	if (json_object_get(object, "action"))
		flags = (uint8_t)(flags & ~(SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW));
	if (text_is(action, "alert"))
		flags |= SEKI_ENTRY_ALERT;
	else if (text_is(action, "allow"))
		flags |= SEKI_ENTRY_ALLOW;
	else if (json_object_get(object, "action") && !text_is(action, "drop"))
		import_refuse(in, "action is none of drop, alert, allow");
	entry->flags = flags;
}

static void entry_said(struct list_import *in, struct list_entry *entry, const json_t *object)
{
	static const struct {
		const char *key, *label;
	} texts[] = {{"reason", ""},
		     {"category", ""},
		     {"source", "from "},
		     {"ticket", "ticket "},
		     {"author", "by "}};
	struct text severity = json_text(object, "severity"), created = json_text(object, "created"),
		    expires = json_text(object, "expires");
	unsigned int level = 0;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct text text = json_text(object, texts[i].key);

		if (!text.len)
			continue;
		if (*texts[i].label)
			import_reason(in, in->reason[0] ? "; " : "", text_of(texts[i].label));
		import_reason(in, *texts[i].label ? " " : in->reason[0] ? "; " : "", text);
	}
	while (level < SEKI_SEVERITY_MAX && !text_is(severity, contract_severities[level]))
		level++;
	if (level < SEKI_SEVERITY_MAX)
		entry->severity = (uint8_t)level;
	else if (json_object_get(object, "severity"))
		import_refuse(in, "severity is none of critical, high, medium, low");
	if (json_object_get(object, "created") && !time_iso(created, &entry->created))
		import_refuse(in, "created is not a time");
	if (json_object_get(object, "expires") && !time_iso(expires, &entry->expires))
		import_refuse(in, "expires is not a time");
}

struct own {
	struct text rest; /* behind the header's line */
	json_int_t entries;
	bool headed;
};

static int own_line(struct list_import *in, const struct json_element *element, void *arg)
{
	struct own *own = arg;
	struct list_entry *entry;
	const char *unknown;
	int err = 0;

	if (!own->headed && json_object_get(element->object, "sekimori-list")) {
		own->headed = true;
		own->rest.at = element->text.at + element->text.len;
		own->rest.len = (size_t)(in->text.at + in->text.len - own->rest.at);
		text_split(&own->rest, '\n');
		header_read(in, element->object, own->rest, &own->entries);
		return 0;
	}
	entry = import_row(in, element->line, element->text);
	unknown = unknown_member(element->object, entry_members);
	if (unknown)
		import_refuse(in, "\"%.40s\" is not a member of an entry", unknown);
	entry_flags(in, entry, element->object);
	entry_said(in, entry, element->object);
	if (!*in->why)
		err = import_add_text(in, entry, json_text(element->object, "prefix"));
	if (!err)
		import_end(in);
	return err;
}

static int own_parse(struct list_import *in)
{
	struct own own = {.entries = -1};
	const struct json_reader reader = {.element = own_line, .arg = &own};
	int err = import_json_lines(in, &reader);

	if (!err && !own.headed)
		import_doubt(in, LIST_ALLOW_CUT, "its header is missing");
	else if (!err && own.entries >= 0 && own.entries != (json_int_t)in->report->lines)
		import_doubt(in, LIST_ALLOW_CUT, "its header says %lld entries, %u lines are there",
			     (long long)own.entries, in->report->lines);
	return err;
}

static enum list_sniff own_sniff(struct text head)
{
	struct text line;

	return text_line(&head, &line) && json_has(line, "sekimori-list") ? SNIFF_YES : SNIFF_NO;
}

const struct list_format list_format_own = {
	.help = "our own JSON lines, with the digest of the list in the first one",
	.sniff = own_sniff,
	.parse = own_parse,
};
