/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inflater_code.h - the codes of a DEFLATE block as tables. For inflater.c
 * alone.
 */
#ifndef LIB_INFLATER_CODE_H
#define LIB_INFLATER_CODE_H

#include "inflater.h"

#define LENGTH_BITS  11u /* looked up first */
#define OFFSET_BITS  8u
#define SIZE_BITS    7u
#define END_OF_BLOCK 256u

/*
 * An entry of a table: bits of the code in 0..3, extra bits in 4..7, what it is in 8..11, and its value from
 * 16 on: a byte, the least length or distance, or where the table for longer codes begins.
 */
#define ENTRY_BYTE  0x100u
#define ENTRY_TABLE 0x200u
#define ENTRY_END   0x400u
#define ENTRY_BAD   0x800u

static inline unsigned int entry_bits(uint32_t entry)
{
	return entry & 15;
}

static inline unsigned int entry_extra(uint32_t entry)
{
	return entry >> 4 & 15;
}

static inline uint32_t entry_value(uint32_t entry)
{
	return entry >> 16;
}

static inline uint32_t low_bits(uint64_t bits, unsigned int count)
{
	return (uint32_t)(bits & ((1ull << count) - 1));
}

/*
 * From inflater->sizes: the code in which sizes are written, and a block's two codes. false: no code, or one
 * that leaves combinations of bits without a meaning where that is not allowed.
 */
bool inflater_size_code(struct inflater *inflater, unsigned int count);
bool inflater_codes(struct inflater *inflater);
/* The codes of blocks that bring none (RFC 1951 section 3.2.6). */
void inflater_fixed_codes(struct inflater *inflater);

#endif
