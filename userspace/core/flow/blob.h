/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blob.h - bytes that grow up to a stated limit. What does not fit is counted
 * by the caller, never dropped in silence.
 */
#ifndef CORE_BLOB_H
#define CORE_BLOB_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "packet.h"

/* {} is an empty blob. */
struct blob {
	uint8_t *data; /* owned */
	uint32_t len, cap;
};

/* Appends as much of data as keeps blob->len <= max; returns how many bytes were left out (all of them
 * without memory). */
uint32_t blob_add(struct blob *blob, const void *data, uint32_t len, uint32_t max);
/* The same for a string literal or other NUL-terminated text. */
uint32_t blob_text(struct blob *blob, const char *text, uint32_t max);
/* Makes room for extra more bytes at data + len without changing len; false without memory or beyond max. */
bool blob_room(struct blob *blob, uint32_t extra, uint32_t max);
void blob_clear(struct blob *blob);
/* Drops the first bytes; the rest moves down. */
void blob_eat(struct blob *blob, uint32_t bytes);
void blob_free(struct blob *blob); /* its bytes, not blob itself; leaves an empty blob */

static inline struct span blob_span(const struct blob *blob)
{
	return (struct span){blob->data, blob->len};
}

static inline struct span span_text(const char *text)
{
	return (struct span){(const uint8_t *)text, (uint32_t)strlen(text)};
}

/* Spans: equality without regard to ASCII case, and with white space cut off both ends. */
bool span_is(struct span span, const char *text);
bool span_begins(struct span span, const char *text);
struct span span_trim(struct span span);
/* The rest behind the first n bytes; n is at most span.len. */
static inline struct span span_from(struct span span, uint32_t n)
{
	return (struct span){span.data ? span.data + n : NULL, span.len - n};
}
/* Takes a big-endian number of `bytes` (at most 4) off *in; false: it is not there. */
bool span_take_number(struct span *in, unsigned int bytes, uint32_t *out);
/* The same for a vector whose length stands before it in `bytes`. false: it is not whole; *in may have lost
 * its length. */
bool span_take_vector(struct span *in, unsigned int bytes, struct span *out);
/* Index of byte, or span.len. */
uint32_t span_find(struct span span, uint8_t byte);

static inline uint8_t byte_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}
static inline int byte_hex(uint8_t c)
{
	uint8_t l = byte_lower(c);

	return c >= '0' && c <= '9' ? c - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}
static inline bool byte_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif
