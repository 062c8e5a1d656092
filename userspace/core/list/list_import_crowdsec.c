// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_crowdsec.c - what CrowdSec's local API answers on
 * /v1/decisions/stream: decisions that are new and decisions that ended.
 */
#include <string.h>

#include "list_import_parts.h"

/* Go's durations: "3h59m55.75s", "-12m0.5s"; parts of a second do not count. False: not one. */
static bool duration_read(struct text text, int64_t *seconds)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 0}, {"us", 0}, {"\xc2\xb5s", 0}, {"ns", 0}};
	bool negative = text.len && *text.at == '-';
	int64_t sum = 0;

	if (negative) {
		text.at++;
		text.len--;
	}
	if (!text.len)
		return false;
	while (text.len) {
		size_t digits = 0, unit = 0, i = 0;
		struct text whole, name;
		uint64_t value = 0;

		while (digits < text.len && strchr("0123456789.", text.at[digits]) && text.at[digits])
			digits++;
		while (digits + unit < text.len && !strchr("0123456789.", text.at[digits + unit]))
			unit++;
		whole = (struct text){text.at, digits};
		whole = text_split(&whole, '.');
		name = (struct text){text.at + digits, unit};
		while (i < ARRAY_LEN(units) && !text_is(name, units[i].name))
			i++;
		if (i == ARRAY_LEN(units) || !text_number(whole, 1ull << 40, &value))
			return false;
		sum += (int64_t)value * units[i].seconds;
		if (sum > 1ll << 52)
			return false;
		text.at += digits + unit;
		text.len -= digits + unit;
	}
	*seconds = negative ? -sum : sum;
	return true;
}

/* What is asked for and by whom it applies: only a ban of addresses is ours. */
static bool decision_fits(struct list_import *in, const json_t *object)
{
	static const char *const scopes[] = {"Ip", "ip", "Range", "range"};
	struct text type = json_text(object, "type"), scope = json_text(object, "scope");
	size_t i = 0;

	while (i < ARRAY_LEN(scopes) && !text_is(scope, scopes[i]))
		i++;
	if (i == ARRAY_LEN(scopes))
		import_refuse(in, "scope \"%.*s\" is no address", (int)(scope.len < 40 ? scope.len : 40),
			      scope.at);
	else if (!text_is(type, "ban"))
		import_refuse(in, "type \"%.*s\" is no ban", (int)(type.len < 40 ? type.len : 40), type.at);
	else if (json_is_true(json_object_get(object, "simulated")))
		import_refuse(in, "it is simulated");
	return !*in->why;
}

static int decision_row(struct list_import *in, const struct json_element *element, void *arg)
{
	struct list_entry *entry = import_row(in, element->line, element->text);
	struct text duration = json_text(element->object, "duration");
	int64_t seconds = 0;
	int err = 0;

	entry->remove = !strcmp(element->array, "deleted");
	import_reason(in, "", json_text(element->object, "scenario"));
	import_reason(in, " from ", json_text(element->object, "origin"));
	if (!decision_fits(in, element->object)) {
		;
	} else if (!entry->remove && !duration_read(duration, &seconds)) {
		import_refuse(in, "duration \"%.*s\" is none", (int)(duration.len < 40 ? duration.len : 40),
			      duration.at);
	} else if (!entry->remove && seconds <= 0) {
		import_refuse(in, "it has expired");
	} else {
		if (!entry->remove)
			entry->expires = in->how->now + (uint64_t)seconds;
		err = import_add_text(in, entry, json_text(element->object, "value"));
	}
	if (!err)
		import_end(in);
	return err;
}

/* What ended comes first, whatever the order of the members: an address that is in both stays listed. */
static int crowdsec_parse(struct list_import *in)
{
	static const char *const ended[] = {"deleted", NULL}, *const begun[] = {"new", NULL};
	struct json_reader reader = {.arrays = ended, .element = decision_row};
	int err = import_json(in, &reader);

	reader.arrays = begun;
	return err ? err : import_json(in, &reader);
}

static enum list_sniff crowdsec_sniff(struct text head)
{
	if (!json_has(head, "new") || !json_has(head, "deleted"))
		return SNIFF_NO;
	if (json_has(head, "scenario") && json_has(head, "scope"))
		return SNIFF_YES;
	/* Nothing new, nothing ended. */
	return !text_has(head, ":\"") && !text_has(head, ": \"") ? SNIFF_YES : SNIFF_NO;
}

const struct list_format list_format_crowdsec = {
	.help = "CrowdSec decision stream: new and deleted bans of addresses and ranges",
	.sniff = crowdsec_sniff,
	.parse = crowdsec_parse,
};
