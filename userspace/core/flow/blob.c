// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blob.c - growing bytes and small helpers over spans.
 */
#include "blob.h"

#include <string.h>

#include "account.h"

#define BLOB_FIRST 256u

bool blob_room(struct blob *blob, uint32_t extra, uint32_t max)
{
	uint64_t need = (uint64_t)blob->len + extra, cap = blob->cap ? blob->cap : BLOB_FIRST;
	uint8_t *data;

	if (need > max)
		return false;
	if (need <= blob->cap)
		return true;
	while (cap < need)
		cap *= 2;
	if (cap > max)
		cap = max;
	data = realloc(blob->data, cap);
	if (!data)
		return false;
	account_charge((size_t)cap - blob->cap);
	blob->data = data;
	blob->cap = (uint32_t)cap;
	return true;
}

uint32_t blob_add(struct blob *blob, const void *data, uint32_t len, uint32_t max)
{
	uint32_t room = blob->len < max ? max - blob->len : 0, take = len < room ? len : room;

	if (!take || !blob_room(blob, take, max))
		return len;
	memcpy(blob->data + blob->len, data, take);
	blob->len += take;
	return len - take;
}

uint32_t blob_text(struct blob *blob, const char *text, uint32_t max)
{
	return blob_add(blob, text, (uint32_t)strlen(text), max);
}

void blob_clear(struct blob *blob)
{
	blob->len = 0;
}

void blob_eat(struct blob *blob, uint32_t bytes)
{
	if (bytes >= blob->len) {
		blob->len = 0;
		return;
	}
	memmove(blob->data, blob->data + bytes, blob->len - bytes);
	blob->len -= bytes;
}

void blob_free(struct blob *blob)
{
	account_release(blob->cap);
	free(blob->data);
	*blob = (struct blob){};
}

bool span_begins(struct span span, const char *text)
{
	uint32_t i;

	for (i = 0; text[i]; i++)
		if (i >= span.len || byte_lower(span.data[i]) != byte_lower((uint8_t)text[i]))
			return false;
	return true;
}

bool span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && span_begins(span, text);
}

struct span span_trim(struct span span)
{
	while (span.len && byte_space(span.data[span.len - 1]))
		span.len--;
	while (span.len && byte_space(span.data[0])) {
		span.data++;
		span.len--;
	}
	return span;
}

uint32_t span_find(struct span span, uint8_t byte)
{
	const uint8_t *at = span.len ? memchr(span.data, byte, span.len) : NULL;

	return at ? (uint32_t)(at - span.data) : span.len;
}

bool span_take_number(struct span *in, unsigned int bytes, uint32_t *out)
{
	if (in->len < bytes)
		return false;
	*out = 0;
	for (unsigned int i = 0; i < bytes; i++)
		*out = *out << 8 | in->data[i];
	*in = span_from(*in, bytes);
	return true;
}

bool span_take_vector(struct span *in, unsigned int bytes, struct span *out)
{
	uint32_t len;

	if (!span_take_number(in, bytes, &len) || len > in->len)
		return false;
	*out = (struct span){in->data, len};
	*in = span_from(*in, len);
	return true;
}
