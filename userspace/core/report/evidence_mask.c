// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * evidence_mask.c - an event's record as it may leave the house: what was seen
 * on the wire goes through the rules of core/web/mask.h, the rest stays.
 */
#include "evidence.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/web/mask.h"
#include "lib/base64.h"

#define MASK_DEPTH 8u /* of objects and arrays below a part; no record of ours has more */

/* Parts made by us, not by those who send; any other object is a protocol's. */
static const char *const ours[] = {"alert", "sekimori", "shield", "drop", "flow", "stats"};
/* Texts beside the parts that senders choose. */
static const char *const theirs[] = {"payload_printable"};
/* Bytes of the wire, as base64. */
static const char *const bytes_of[] = {"packet", "payload"};

/* A value whose neighbour says what it is: {"name": "Authorization", "value": …}. */
static const struct {
	const char *teller, *told;
} pairs[] = {{"name", "value"}, {"command", "command_data"}};

static bool among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* What the member key of object is called: by its neighbour, or by itself. */
static const char *member_name(const json_t *object, const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const char *told = json_string_value(json_object_get(object, pairs[i].teller));

		if (told && !strcmp(key, pairs[i].told))
			return told;
	}
	return key;
}

static json_t *text_masked(const char *name, const json_t *value)
{
	AUTO_FREE char *masked = mask_text(json_string_value(value), json_string_length(value), name);
	json_t *out = masked ? json_stringn(masked, json_string_length(value)) : NULL;

	/* Stars may have cut a character in two: then nothing of the text stays. */
	return out ? out : json_string("*");
}

/* A new reference, NULL without memory. Depth is bounded, so is the recursion. */
static json_t *value_masked(const char *name, json_t *value, unsigned int depth)
{
	json_t *out, *child;
	const char *key;
	size_t i;
	int err = 0;

	if (json_is_string(value))
		return text_masked(name, value);
	if (!json_is_object(value) && !json_is_array(value))
		return json_incref(value);
	if (!depth)
		return json_string("*");
	out = json_is_object(value) ? json_object() : json_array();
	json_object_foreach(value, key, child)
	{
		const char *called = member_name(value, key);

		err |= json_object_set_new(out, key, value_masked(called, child, depth - 1));
	}
	json_array_foreach(value, i, child)
	{
		err |= json_array_append_new(out, value_masked(name, child, depth - 1));
	}
	if (!err)
		return out;
	json_decref(out);
	return NULL;
}

static json_t *bytes_masked(const json_t *value)
{
	AUTO_FREE uint8_t *bytes = malloc(EVIDENCE_ROOM(json_string_length(value)));
	AUTO_FREE char *text = NULL;
	size_t count = bytes && json_is_string(value) ? evidence_bytes(json_string_value(value), bytes) : 0;

	text = bytes ? malloc(BASE64_ROOM(count)) : NULL;
	if (!text)
		return NULL;
	mask_bytes((char *)bytes, count);
	base64_encode((struct span){bytes, (uint32_t)count}, text);
	return json_string(text);
}

json_t *evidence_masked(json_t *event)
{
	json_t *out = json_object(), *value;
	const char *name;
	int err = json_is_object(event) && out ? 0 : -1;

	json_object_foreach(event, name, value)
	{
		bool told = json_is_string(value) ? among(name, theirs, ARRAY_LEN(theirs))
						  : !among(name, ours, ARRAY_LEN(ours));

		if (among(name, bytes_of, ARRAY_LEN(bytes_of)))
			err |= json_object_set_new(out, name, bytes_masked(value));
		else if (told)
			err |= json_object_set_new(out, name, value_masked(name, value, MASK_DEPTH));
		else
			err |= json_object_set(out, name, value);
	}
	if (!err)
		return out;
	json_decref(out);
	return NULL;
}

char *evidence_masked_line(const char *line, size_t len)
{
	json_error_t error;
	json_t *event = json_loadb(line, len, JSON_ALLOW_NUL, &error), *masked = evidence_masked(event);
	char *text = masked ? json_dumps(masked, JSON_COMPACT) : NULL;

	json_decref(masked);
	json_decref(event);
	return text;
}
