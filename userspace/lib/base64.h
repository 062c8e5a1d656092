/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base64.h - the alphabet of RFC 4648 section 4. What stands between the
 * digits is the business of who decodes.
 */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include "span.h"

extern const int8_t base64_values[256];

/* 0..63, -1: none of the alphabet. */
static inline int base64_digit(uint8_t c)
{
	return base64_values[c];
}

/*
 * Decodes whole groups of four as long as nothing else stands between them: 3 bytes each behind out[*n],
 * which grows. Returns how much of line that was.
 */
uint32_t base64_groups(struct span line, uint8_t *out, uint32_t *n);

/* The digits of bytes, padded, behind which is a NUL: out has BASE64_ROOM(bytes.len). */
#define BASE64_ROOM(n) (((n) + 2) / 3 * 4 + 1)
void base64_encode(struct span bytes, char *out);

#endif
