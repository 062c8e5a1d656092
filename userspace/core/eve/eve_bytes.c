// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve_bytes.c - the packet within an alert's line.
 *
 * A quote inside of a JSON text has a backslash before it, so the words below
 * stand only where a member begins. Between them nothing but what is checked
 * here is taken: whatever a line has, what is left of it is JSON if it was.
 */
#include "eve_bytes.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "lib/base64.h"

struct cursor {
	const char *at, *end;
};

static bool word(struct cursor *c, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, text, len) != 0)
		return false;
	c->at += len;
	return true;
}

/* As JSON has it, of at most 32 bits. */
static bool number(struct cursor *c)
{
	const char *begin = c->at;

	while (c->at < c->end && isdigit((unsigned char)*c->at))
		c->at++;
	return c->at > begin && c->at - begin <= 10 && (*begin != '0' || c->at == begin + 1);
}

/* Behind ,"packet":" */
static bool packet(struct cursor *c)
{
	while (c->at < c->end && (base64_digit((uint8_t)*c->at) >= 0 || *c->at == '='))
		c->at++;
	if (!word(c, "\",\"packet_info\":{\"linktype\":") || !number(c))
		return false;
	if (word(c, ",\"linktype_name\":\"")) {
		while (c->at < c->end && (isalnum((unsigned char)*c->at) || *c->at == '_' || *c->at == '/'))
			c->at++;
		if (!word(c, "\""))
			return false;
	}
	if (word(c, ",\"length\":") && !number(c))
		return false;
	return word(c, "}");
}

bool eve_bytes_find(const char *line, size_t len, size_t *from, size_t *to)
{
	static const char begin[] = ",\"packet\":\"";
	struct cursor c = {.at = line, .end = line + len};

	while ((c.at = memmem(c.at, (size_t)(c.end - c.at), begin, sizeof(begin) - 1))) {
		size_t start = (size_t)(c.at - line);

		c.at += sizeof(begin) - 1;
		if (!packet(&c))
			continue;
		*from = start;
		*to = (size_t)(c.at - line);
		return true;
	}
	return false;
}
