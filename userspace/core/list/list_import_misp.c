// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_misp.c - MISP attributes that are addresses: exports of attributes
 * and of events, with the attributes of their objects.
 */
#include <string.h>

#include "list_import_parts.h"
#include "sekimori/abi.h"

static const struct {
	const char *name;
	bool port;	 /* "address|port" */
	const char *why; /* not ours */
} types[] = {
	{"ip-src", false, NULL},
	{"ip-dst", false, NULL},
	{"ip-src|port", true, NULL},
	{"ip-dst|port", true, NULL},
	{"domain|ip", false, "the address of a domain: others may live there"},
};

/* The event around the attributes that are read now. */
struct events {
	const char *end; /* of its text */
	struct text info;
	uint8_t severity;
};

static void event_member(unsigned int depth, struct text key, struct text value, void *arg)
{
	static const uint8_t severities[] = {LIST_SEVERITY_UNSAID, SEKI_SEVERITY_HIGH, SEKI_SEVERITY_MEDIUM,
					     SEKI_SEVERITY_LOW};
	struct events *events = arg;
	uint64_t level;

	if (depth == 1 && text_is(key, "threat_level_id") && text_number(value, 3, &level))
		events->severity = severities[level];
	else if (depth == 1 && text_is(key, "info"))
		events->info = value;
}

/*
 * What an event says holds for its attributes wherever among them it stands, so its members are read first.
 * Events within events are only referred to.
 */
static void event_begin(struct text key, struct text object, void *arg)
{
	struct events *events = arg;

	if (!text_is(key, "Event") || (events->end && object.at < events->end))
		return;
	*events = (struct events){.end = object.at + object.len, .severity = LIST_SEVERITY_UNSAID};
	json_members(object, event_member, events);
}

static bool attribute_fits(struct list_import *in, const json_t *object, bool *port)
{
	const json_t *to_ids = json_object_get(object, "to_ids");
	struct text type = json_text(object, "type");
	size_t i = 0;

	while (i < ARRAY_LEN(types) && !text_is(type, types[i].name))
		i++;
	if (i == ARRAY_LEN(types))
		import_refuse(in, "type \"%.*s\" is no address", (int)(type.len < 40 ? type.len : 40),
			      type.at);
	else if (types[i].why)
		import_refuse(in, "%s", types[i].why);
	else if (!json_is_true(to_ids) && !text_is(json_text(object, "to_ids"), "1"))
		import_refuse(in, "to_ids is not set: it is not meant for detection");
	else if (json_is_true(json_object_get(object, "deleted")))
		import_refuse(in, "it is deleted");
	else
		*port = types[i].port;
	return !*in->why;
}

static int attribute_row(struct list_import *in, const struct json_element *element, void *arg)
{
	const struct events *events = arg;
	struct text value = json_text(element->object, "value"), address = value, info = events->info;
	const json_t *event = json_object_get(element->object, "Event");
	struct list_entry *entry = import_row(in, element->line, value.len ? value : element->text);
	uint64_t timestamp;
	bool port = false;
	int err = 0;

	if (json_text(event, "info").len)
		info = json_text(event, "info");
	entry->severity = events->severity;
	import_reason(in, "", json_text(element->object, "category"));
	import_reason(in, ": ", json_text(element->object, "comment"));
	import_reason(in, in->reason[0] ? "; " : "", info);
	if (text_number(json_text(element->object, "timestamp"), 1ull << 40, &timestamp))
		entry->created = timestamp;
	if (attribute_fits(in, element->object, &port)) {
		if (port) {
			address = text_split(&value, '|');
			import_reason(in, ", port ", value);
		}
		err = import_add_text(in, entry, address);
	}
	if (!err)
		import_end(in);
	return err;
}

static int misp_parse(struct list_import *in)
{
	static const char *const arrays[] = {"Attribute", NULL};
	struct events events = {.severity = LIST_SEVERITY_UNSAID};
	const struct json_reader reader = {
		.arrays = arrays, .element = attribute_row, .object = event_begin, .arg = &events};

	return import_json(in, &reader);
}

static enum list_sniff misp_sniff(struct text head)
{
	return json_has(head, "Attribute") || (json_has(head, "to_ids") && json_has(head, "category"))
		       ? SNIFF_YES
		       : SNIFF_NO;
}

const struct list_format list_format_misp = {
	.help = "MISP attributes of type ip-src and ip-dst with to_ids, from exports of attributes or events",
	.sniff = misp_sniff,
	.parse = misp_parse,
};
