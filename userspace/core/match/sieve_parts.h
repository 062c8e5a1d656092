/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sieve_parts.h - what building and searching agree on.
 */
#ifndef CORE_SIEVE_PARTS_H
#define CORE_SIEVE_PARTS_H

#include "sieve.h"

#define SIEVE_GRAM	 5u
#define SIEVE_STRIDE	 4u /* SIEVE_GRAM + SIEVE_STRIDE - 1 == SIEVE_LITERAL_MIN */
#define SIEVE_FOLD	 0x20202020
#define SIEVE_FACTOR	 2654435761u /* 2^32 over the golden ratio */
#define SIEVE_TAIL_SHIFT 13
#define SIEVE_BITS	 4u /* of one word that stand for a gram: fewer, and most of what passes is nothing */
#define SIEVE_BIT_STEP	 4u /* of the hash, from one of them to the next */

struct sieve_entry {
	uint32_t head; /* the gram's first four bytes, folded */
	uint32_t far;  /* four bytes of the literal, folded */
	uint32_t literal;
	uint8_t at, far_at, len; /* where in the literal these are, and its length */
};

static inline uint32_t sieve_four(const uint8_t *at)
{
	uint32_t four =
		(uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;

	return four | SIEVE_FOLD;
}

/* Of the gram at `at`; the upper bits are the better ones. */
static inline uint32_t sieve_hash(const uint8_t *at, uint32_t *head)
{
	*head = sieve_four(at);
	return (*head ^ (uint32_t)(at[4] | 0x20) << SIEVE_TAIL_SHIFT) * SIEVE_FACTOR;
}

static inline uint32_t sieve_bits(uint32_t hash)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < SIEVE_BITS; i++)
		bits |= 1u << (hash >> i * SIEVE_BIT_STEP & 31);
	return bits;
}

#endif
