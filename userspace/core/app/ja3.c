// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ja3.c - decimal lists of what a hello offers, GREASE (RFC 8701) left out,
 * and their MD5, which is what the format asks for.
 */
#include "ja3.h"

#include <string.h>

#include "lib/digest.h"

bool tls_grease(uint32_t value)
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

	while (span_take_number(&list, bytes, &value)) {
		if (bytes == 2 && tls_grease(value))
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

	if (!span_take_number(&hello, 2, &value) || hello.len < 32)
		return false;
	number_print(out, value, "");
	hello = span_from(hello, 32);
	if (!span_take_vector(&hello, 1, &part))
		return false;
	blob_text(out, ",", JA3_TEXT_MAX);
	if (server) {
		if (!span_take_number(&hello, 2, &value) || !hello.len)
			return false;
		number_print(out, value, "");
		hello = span_from(hello, 1);
	} else {
		if (value >> 8 == 0xfe && !span_take_vector(&hello, 1, &part)) /* DTLS: the cookie */
			return false;
		if (!span_take_vector(&hello, 2, &part))
			return false;
		list_print(out, part, 2);
		if (!span_take_vector(&hello, 1, &part))
			return false;
	}
	blob_text(out, ",", JA3_TEXT_MAX);
	if (hello.len && !span_take_vector(&hello, 2, &extensions))
		return false;
	while (span_take_number(&extensions, 2, &value) && span_take_vector(&extensions, 2, &body)) {
		if (tls_grease(value))
			continue;
		number_print(out, value, before);
		before = "-";
		if (value == 10 && !span_take_vector(&body, 2, &groups)) /* supported groups */
			groups = (struct span){};
		if (value == 11 && !span_take_vector(&body, 1, &formats)) /* point formats */
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
	uint8_t md5[MD5_DIGEST_SIZE];

	blob_clear(&out->text);
	out->present = hello_print(hello, server, &out->text) && out->text.len < JA3_TEXT_MAX;
	if (out->present) {
		digest_of(DIGEST_MD5, blob_span(&out->text), md5);
		digest_text(md5, sizeof(md5), '\0', out->hash);
	}
}

void ja3_free(struct ja3 *ja3)
{
	blob_free(&ja3->text);
	ja3->present = false;
}
