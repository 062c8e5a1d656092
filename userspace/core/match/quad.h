/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quad.h - up to about a hundred literals at once, short ones too, in data
 * of any kind: four bytes in a row, each looked up in a table of its own,
 * leave of a place the groups of literals that may be there. What passes is
 * compared. One instruction looks up 64 bytes.
 */
#ifndef CORE_QUAD_H
#define CORE_QUAD_H

#include "lib/cleanup.h"
#include "literal.h"

#define QUAD_LITERALS_MAX 128u
#define QUAD_GROUPS_MAX	  16u

struct quad_row;
struct quad_set;

/* Zero is empty: nothing is found. Built once, never changes. */
struct quad {
	const struct literal *literals; /* borrowed until quad_clear() */
	struct quad_set *sets;
	struct quad_row *rows;
	uint8_t first[QUAD_GROUPS_MAX + 1]; /* group n has rows[first[n]] … rows[first[n + 1] - 1] */
	uint8_t set_count;
	uint32_t count; /* literals taken */
};

/* The literal ends before data[end]. */
typedef void (*quad_hit_fn)(uint32_t literal, uint32_t end, void *arg);

/*
 * Takes all literals that are not taken yet, and marks them, or none: where they are too many, pass too
 * often in ordinary data, or the processor lacks the instruction. The same literals in the same order on
 * the same processor give the same. -ENOMEM.
 */
__must_check int quad_build(struct quad *quad, struct literal *literals, uint32_t count);
void quad_clear(struct quad *quad);
/* Each literal everywhere in data, in no order. */
void quad_scan(const struct quad *quad, const uint8_t *data, uint32_t len, quad_hit_fn fn, void *arg);
/* Has this processor what quad_scan() needs? */
bool quad_supported(void);

#endif
