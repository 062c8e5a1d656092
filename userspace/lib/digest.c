// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * digest.c - one row per digest, calculated by nettle.
 */
#include "digest.h"

uint32_t digest_bytes(enum digest_kind kind)
{
	static const uint32_t bytes[DIGEST_KINDS] = {
		[DIGEST_MD5] = MD5_DIGEST_SIZE,
		[DIGEST_SHA1] = SHA1_DIGEST_SIZE,
		[DIGEST_SHA256] = SHA256_DIGEST_SIZE,
	};

	return bytes[kind];
}

void digest_begin(struct digest *digest, enum digest_kind kind)
{
	digest->kind = kind;
	switch (kind) {
	case DIGEST_MD5:
		md5_init(&digest->md5);
		break;
	case DIGEST_SHA1:
		sha1_init(&digest->sha1);
		break;
	default:
		sha256_init(&digest->sha256);
	}
}

void digest_add(struct digest *digest, struct span data)
{
	if (!data.len)
		return;
	switch (digest->kind) {
	case DIGEST_MD5:
		md5_update(&digest->md5, data.len, data.data);
		break;
	case DIGEST_SHA1:
		sha1_update(&digest->sha1, data.len, data.data);
		break;
	default:
		sha256_update(&digest->sha256, data.len, data.data);
	}
}

void digest_end(struct digest *digest, uint8_t *out)
{
	switch (digest->kind) {
	case DIGEST_MD5:
		md5_digest(&digest->md5, MD5_DIGEST_SIZE, out);
		break;
	case DIGEST_SHA1:
		sha1_digest(&digest->sha1, SHA1_DIGEST_SIZE, out);
		break;
	default:
		sha256_digest(&digest->sha256, SHA256_DIGEST_SIZE, out);
	}
}

void digest_of(enum digest_kind kind, struct span data, uint8_t *out)
{
	struct digest digest;

	digest_begin(&digest, kind);
	digest_add(&digest, data);
	digest_end(&digest, out);
}

void digest_text(const uint8_t *bytes, uint32_t len, char between, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (uint32_t i = 0; i < len; i++) {
		if (i && between)
			*out++ = between;
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}
