// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ja3.c - decimal lists of what a hello offers, GREASE (RFC 8701) left out,
 * and their MD5 (RFC 1321), which is what the format asks for.
 */
#include "ja3.h"

#include <string.h>

static uint32_t rotate(uint32_t x, unsigned int by)
{
	return x << by | x >> (32 - by);
}

static void md5_block(uint32_t h[4], const uint8_t *p)
{
	static const uint8_t shifts[4][4] = {
		{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
	/* floor(2^32 * |sin(i + 1)|) */
	static const uint32_t k[64] = {
		0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
		0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
		0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
		0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
		0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
		0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
		0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
		0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
		0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
		0xeb86d391,
	};
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], m[16];

	for (unsigned int i = 0; i < 16; i++)
		m[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 | (uint32_t)p[4 * i + 2] << 16 |
		       (uint32_t)p[4 * i + 3] << 24;
	for (unsigned int i = 0; i < 64; i++) {
		uint32_t f, next = d;
		unsigned int g;

		if (i < 16) {
			f = (b & c) | (~b & d);
			g = i;
		} else if (i < 32) {
			f = (d & b) | (~d & c);
			g = (5 * i + 1) % 16;
		} else if (i < 48) {
			f = b ^ c ^ d;
			g = (3 * i + 5) % 16;
		} else {
			f = c ^ (b | ~d);
			g = 7 * i % 16;
		}
		f += a + k[i] + m[g];
		d = c;
		c = b;
		b += rotate(f, shifts[i / 16][i % 4]);
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
}

static void md5_text(struct span data, char out[33])
{
	uint32_t h[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	uint64_t bits = (uint64_t)data.len * 8;
	uint8_t tail[128] = {};
	uint32_t tail_len;

	for (; data.len >= 64; data = span_from(data, 64))
		md5_block(h, data.data);
	if (data.len)
		memcpy(tail, data.data, data.len);
	tail[data.len] = 0x80;
	tail_len = data.len < 56 ? 64 : 128;
	for (unsigned int i = 0; i < 8; i++)
		tail[tail_len - 8 + i] = (uint8_t)(bits >> 8 * i);
	md5_block(h, tail);
	if (tail_len == 128)
		md5_block(h, tail + 64);
	for (unsigned int i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", h[i / 4] >> 8 * (i % 4) & 0xff);
}

/* Takes a number of `bytes` off *in; false: it is not there. */
static bool number_take(struct span *in, unsigned int bytes, uint32_t *out)
{
	if (in->len < bytes)
		return false;
	*out = 0;
	for (unsigned int i = 0; i < bytes; i++)
		*out = *out << 8 | in->data[i];
	*in = span_from(*in, bytes);
	return true;
}

static bool list_take(struct span *in, unsigned int bytes, struct span *out)
{
	uint32_t len;

	if (!number_take(in, bytes, &len) || len > in->len)
		return false;
	*out = (struct span){in->data, len};
	*in = span_from(*in, len);
	return true;
}

static bool is_grease(uint32_t value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

static void number_print(struct blob *out, uint32_t value, const char *before)
{
	char text[16];

	snprintf(text, sizeof(text), "%s%u", before, value);
	blob_text(out, text, JA3_TEXT_MAX);
}

static void list_print(struct blob *out, struct span list, unsigned int bytes)
{
	const char *before = "";
	uint32_t value;

	while (number_take(&list, bytes, &value)) {
		if (bytes == 2 && is_grease(value))
			continue;
		number_print(out, value, before);
		before = "-";
	}
}

static bool hello_print(struct span hello, bool server, struct blob *out)
{
	struct span part, extensions = {}, body, groups = {}, formats = {};
	const char *before = "";
	uint32_t value;

	if (!number_take(&hello, 2, &value) || hello.len < 32)
		return false;
	number_print(out, value, "");
	hello = span_from(hello, 32);
	if (!list_take(&hello, 1, &part))
		return false;
	blob_text(out, ",", JA3_TEXT_MAX);
	if (server) {
		if (!number_take(&hello, 2, &value) || !hello.len)
			return false;
		number_print(out, value, "");
		hello = span_from(hello, 1);
	} else {
		if (!list_take(&hello, 2, &part))
			return false;
		list_print(out, part, 2);
		if (!list_take(&hello, 1, &part))
			return false;
	}
	blob_text(out, ",", JA3_TEXT_MAX);
	if (hello.len && !list_take(&hello, 2, &extensions))
		return false;
	while (number_take(&extensions, 2, &value) && list_take(&extensions, 2, &body)) {
		if (is_grease(value))
			continue;
		number_print(out, value, before);
		before = "-";
		if (value == 10 && !list_take(&body, 2, &groups)) /* supported groups */
			groups = (struct span){};
		if (value == 11 && !list_take(&body, 1, &formats)) /* point formats */
			formats = (struct span){};
	}
	if (server)
		return true;
	blob_text(out, ",", JA3_TEXT_MAX);
	list_print(out, groups, 2);
	blob_text(out, ",", JA3_TEXT_MAX);
	list_print(out, formats, 1);
	return true;
}

void ja3_read(struct span hello, bool server, struct ja3 *out)
{
	blob_clear(&out->text);
	out->present = hello_print(hello, server, &out->text) && out->text.len < JA3_TEXT_MAX;
	if (out->present)
		md5_text(blob_span(&out->text), out->hash);
}

void ja3_free(struct ja3 *ja3)
{
	blob_free(&ja3->text);
	ja3->present = false;
}
