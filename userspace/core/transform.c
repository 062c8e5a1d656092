// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * transform.c - one row per transform; each rewrites the bytes in place and
 * returns the new length, which never grows by more than the one leading dot.
 */
#include "transform.h"

#include <errno.h>
#include <string.h>

typedef uint32_t (*transform_fn)(uint8_t *data, uint32_t len);

static uint32_t transform_dotprefix(uint8_t *data, uint32_t len)
{
	memmove(data + 1, data, len);
	data[0] = '.';
	return len + 1;
}

static uint32_t transform_lower(uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		data[i] = data[i] >= 'A' && data[i] <= 'Z' ? data[i] + 32 : data[i];
	return len;
}

static uint32_t transform_upper(uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		data[i] = data[i] >= 'a' && data[i] <= 'z' ? data[i] - 32 : data[i];
	return len;
}

static bool transform_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint32_t transform_strip(uint8_t *data, uint32_t len)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < len; i++) {
		if (!transform_space(data[i]))
			data[kept++] = data[i];
	}
	return kept;
}

static uint32_t transform_compress(uint8_t *data, uint32_t len)
{
	uint32_t kept = 0;
	bool space = false;

	for (uint32_t i = 0; i < len; i++) {
		bool before = space;

		space = transform_space(data[i]);
		if (!space)
			data[kept++] = data[i];
		else if (!before)
			data[kept++] = ' ';
	}
	return kept;
}

static int transform_hex(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static uint32_t transform_url_decode(uint8_t *data, uint32_t len)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < len; i++) {
		if (data[i] == '%' && len - i > 2 && transform_hex(data[i + 1]) >= 0 &&
		    transform_hex(data[i + 2]) >= 0) {
			data[kept++] =
				(uint8_t)(transform_hex(data[i + 1]) << 4 | transform_hex(data[i + 2]));
			i += 2;
		} else {
			data[kept++] = data[i] == '+' ? ' ' : data[i];
		}
	}
	return kept;
}

static uint32_t transform_header_lower(uint8_t *data, uint32_t len)
{
	bool name = true;

	for (uint32_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			name = true;
		else if (data[i] == ':')
			name = false;
		else if (name && data[i] >= 'A' && data[i] <= 'Z')
			data[i] += 32;
	}
	return len;
}

static uint32_t transform_strip_pseudo(uint8_t *data, uint32_t len)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < len;) {
		const uint8_t *newline = memchr(data + i, '\n', len - i);
		uint32_t line = newline ? (uint32_t)(newline - data) - i + 1 : len - i;

		if (data[i] != ':') {
			memmove(data + kept, data + i, line);
			kept += line;
		}
		i += line;
	}
	return kept;
}

static const transform_fn transforms[TRANSFORM_MAX] = {
	[TRANSFORM_DOTPREFIX] = transform_dotprefix,
	[TRANSFORM_TO_LOWERCASE] = transform_lower,
	[TRANSFORM_TO_UPPERCASE] = transform_upper,
	[TRANSFORM_STRIP_WHITESPACE] = transform_strip,
	[TRANSFORM_COMPRESS_WHITESPACE] = transform_compress,
	[TRANSFORM_URL_DECODE] = transform_url_decode,
	[TRANSFORM_HEADER_LOWERCASE] = transform_header_lower,
	[TRANSFORM_STRIP_PSEUDO_HEADERS] = transform_strip_pseudo,
};

int transform_apply(const struct rule_view *view, struct span in, struct transform_room *room,
		    struct span *out)
{
	uint32_t need = in.len + RULE_TRANSFORMS_MAX;

	if (!view->transform_count) {
		*out = in;
		return 0;
	}
	if (need < in.len)
		return -ENOMEM;
	if (room->room < need) {
		uint32_t more = need < 4096 ? 4096 : need;
		uint8_t *data = realloc(room->data, more);

		if (!data)
			return -ENOMEM;
		room->data = data;
		room->room = more;
	}
	if (in.len)
		memcpy(room->data, in.data, in.len);
	for (unsigned int i = 0; i < view->transform_count; i++)
		in.len = transforms[view->transforms[i]](room->data, in.len);
	*out = (struct span){room->data, in.len};
	return 0;
}
