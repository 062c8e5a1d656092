/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sieve.h - thousands of literals of eight bytes and more at once: every
 * fourth place of the data is looked up in a bitmap of five-byte grams, of
 * which each literal owns four in a row, so that one of them is at such a
 * place wherever the literal stands. What passes is compared.
 */
#ifndef CORE_SIEVE_H
#define CORE_SIEVE_H

#include "lib/cleanup.h"
#include "literal.h"

#define SIEVE_LITERAL_MIN 8u /* bytes */
#define SIEVE_LITERAL_MAX 255u
#define SIEVE_CHAIN_MAX	  16u /* literals of one gram: so many are compared at most at one place */

struct sieve_entry;

/* Zero is empty: nothing is found. Built once, never changes. */
struct sieve {
	const struct literal *literals; /* borrowed until sieve_clear() */
	uint32_t *words;		/* the bitmap */
	uint32_t *first;		/* per bucket, its entries: first[n] … first[n + 1] - 1 */
	struct sieve_entry *entries;
	uint32_t shift; /* of a hash, to a word and to a bucket */
	uint32_t count; /* literals taken */
};

/* The literal ends before data[end]. */
typedef void (*sieve_hit_fn)(uint32_t literal, uint32_t end, void *arg);

/*
 * Takes the literals that are long enough and share their rarest grams with few others, and marks them; all
 * others are the caller's. The same literals in the same order give the same. -ENOMEM.
 */
__must_check int sieve_build(struct sieve *sieve, struct literal *literals, uint32_t count);
void sieve_clear(struct sieve *sieve);
/* Each literal everywhere in data, in no order. */
void sieve_scan(const struct sieve *sieve, const uint8_t *data, uint32_t len, sieve_hit_fn fn, void *arg);

#endif
