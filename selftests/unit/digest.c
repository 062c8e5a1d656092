// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * digest.c - known answers, whole and in pieces.
 */
#include "lib/digest.h"

#include <string.h>

#include "lib/ktap.h"

static const char text[] = "The quick brown fox jumps over the lazy dog";
static const char *const expect[DIGEST_KINDS] = {
	[DIGEST_MD5] = "9e107d9d372bb6826bd81d3542a419d6",
	[DIGEST_SHA1] = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
	[DIGEST_SHA256] = "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592",
};

static void whole_and_pieces(void)
{
	for (int kind = 0; kind < DIGEST_KINDS; kind++) {
		uint8_t bytes[DIGEST_BYTES_MAX];
		char hex[3 * DIGEST_BYTES_MAX + 1];
		struct digest digest;

		digest_of(kind, (struct span){(const uint8_t *)text, sizeof(text) - 1}, bytes);
		digest_text(bytes, digest_bytes(kind), '\0', hex);
		CHECK(!strcmp(hex, expect[kind]), "%s", hex);
		digest_begin(&digest, kind);
		for (uint32_t i = 0; i < sizeof(text) - 1; i++)
			digest_add(&digest, (struct span){(const uint8_t *)text + i, 1});
		digest_add(&digest, (struct span){NULL, 0});
		digest_end(&digest, bytes);
		digest_text(bytes, digest_bytes(kind), '\0', hex);
		CHECK(!strcmp(hex, expect[kind]), "in pieces: %s", hex);
	}
}

static void text_with_colons(void)
{
	static const uint8_t bytes[] = {0, 0x9a, 0xff};
	char hex[3 * sizeof(bytes) + 1];

	digest_text(bytes, sizeof(bytes), ':', hex);
	CHECK(!strcmp(hex, "00:9a:ff"), "%s", hex);
}

static const struct ktap_test tests[] = {TEST(whole_and_pieces), TEST(text_with_colons)};
KTAP_MAIN(tests)
