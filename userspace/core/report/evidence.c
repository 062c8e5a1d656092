// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * evidence.c - an event's record as people read it.
 */
#include "evidence.h"

#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/base64.h"

#define DEPTH_MAX 3u

/* Parts of a record that were seen on the wire; the rest is on the alert's own page. */
static const char *const parts[] = {"http",
				    "dns",
				    "tls",
				    "smtp",
				    "email",
				    "ftp",
				    "ssh",
				    "smb",
				    "krb5",
				    "rdp",
				    "dcerpc",
				    "fileinfo",
				    "files",
				    "flow",
				    "ethernet",
				    "icmp",
				    "payload_printable"};

struct walk {
	void (*fn)(const struct evidence_field *field, void *arg);
	void *arg;
	unsigned int left;
};

static void value_tell(struct walk *walk, const char *name, const json_t *value)
{
	struct evidence_field field = {.name = name};
	char number[40];

	if (!walk->left)
		return;
	walk->left--;
	if (json_is_string(value)) {
		field.value = json_string_value(value);
	} else if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		field.value = number;
	} else if (json_is_real(value)) {
		snprintf(number, sizeof(number), "%g", json_real_value(value));
		field.value = number;
	} else {
		field.value = json_is_true(value) ? "true" : json_is_false(value) ? "false" : "-";
	}
	walk->fn(&field, walk->arg);
}

/* Depth is bounded, so is the recursion. */
static void value_walk(struct walk *walk, const char *name, const json_t *value, unsigned int depth)
{
	const char *key;
	json_t *child;
	char below[160];
	size_t i;

	if (!json_is_object(value) && !json_is_array(value)) {
		value_tell(walk, name, value);
		return;
	}
	if (!depth)
		return;
	json_object_foreach((json_t *)value, key, child)
	{
		snprintf(below, sizeof(below), "%s.%s", name, key);
		value_walk(walk, below, child, depth - 1);
	}
	json_array_foreach(value, i, child)
	{
		snprintf(below, sizeof(below), "%s[%zu]", name, i);
		value_walk(walk, below, child, depth - 1);
	}
}

void evidence_fields(const json_t *event, void (*fn)(const struct evidence_field *field, void *arg),
		     void *arg)
{
	struct walk walk = {.fn = fn, .arg = arg, .left = EVIDENCE_FIELDS_MAX};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const json_t *part = json_object_get(event, parts[i]);

		if (part)
			value_walk(&walk, parts[i], part, DEPTH_MAX);
	}
}

/* Standard base64; what does not fit its alphabet ends it. */
size_t evidence_bytes(const char *text, uint8_t *out)
{
	size_t len = 0;
	uint32_t bits = 0;
	unsigned int have = 0;

	for (; *text; text++) {
		int digit = base64_digit((uint8_t)*text);

		if (digit < 0)
			break;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[len++] = (uint8_t)(bits >> have);
		}
	}
	return len;
}
