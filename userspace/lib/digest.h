/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest.h - MD5, SHA-1 and SHA-256 over bytes that come in pieces. They name
 * files and certificates in rules and records; nothing here is trusted to them.
 */
#ifndef LIB_DIGEST_H
#define LIB_DIGEST_H

#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "span.h"

#define DIGEST_BYTES_MAX 32u

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_KINDS };

struct digest {
	enum digest_kind kind;
	union {
		struct md5_ctx md5;
		struct sha1_ctx sha1;
		struct sha256_ctx sha256;
	};
};

/* 16, 20 or 32. */
uint32_t digest_bytes(enum digest_kind kind);
void digest_begin(struct digest *digest, enum digest_kind kind);
void digest_add(struct digest *digest, struct span data);
/* Writes digest_bytes(kind) bytes; the digest may then begin again. */
void digest_end(struct digest *digest, uint8_t *out);
/* All of it at once. */
void digest_of(enum digest_kind kind, struct span data, uint8_t *out);
/* Two lower-case digits per byte, between put between two bytes unless NUL; out has room for 3 * len + 1. */
void digest_text(const uint8_t *bytes, uint32_t len, char between, char *out);

#endif
