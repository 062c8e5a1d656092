/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * literal.h - a literal that the searches look for, and how much its bytes
 * say.
 */
#ifndef CORE_LITERAL_H
#define CORE_LITERAL_H

#include <stdbool.h>
#include <stdint.h>

struct literal {
	const uint8_t *data; /* borrowed; lower case with nocase */
	uint16_t len;
	bool nocase;
	bool taken; /* by the sieve */
};

/* len bytes are at data: are they the literal's? */
bool literal_same(const uint8_t *literal, const uint8_t *data, uint32_t len, bool nocase);

/* How common a byte is in ordinary data, of 256; without case, never 0. */
uint8_t byte_weight(uint8_t byte);

#endif
