/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quad_parts.h - what building and searching agree on.
 */
#ifndef CORE_QUAD_PARTS_H
#define CORE_QUAD_PARTS_H

#include "quad.h"

#define QUAD_BYTES  4u	 /* that are looked up for each place */
#define QUAD_CODES  128u /* of a byte: its lower seven bits, all that the instruction looks at */
#define QUAD_GROUPS 8u	 /* of a set */
#define QUAD_ROW    8u

/* A bit for each group that has a literal with this byte there. */
struct quad_set {
	uint8_t groups[QUAD_BYTES][QUAD_CODES];
};

/* Literals of one group: bytes from `at` on, as far as they reach, are the word under the mask. */
struct quad_row {
	uint32_t words[QUAD_ROW], masks[QUAD_ROW]; /* where there is no literal, nothing is the word */
	uint16_t literals[QUAD_ROW], at[QUAD_ROW];
};

#endif
