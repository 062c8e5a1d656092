// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inflater_code.c - from sizes of codes to tables that are looked up by the
 * next bits (RFC 1951 section 3.2), refusing what zlib refuses.
 */
#include "inflater_code.h"

#include "lib/cleanup.h"

#define SYMBOLS_MAX 288u
#define SIZE_MAX_   15u /* bits of a code */

/* Symbols of lengths from 257 on, and those of distances: least value and extra bits (RFC 1951
 * section 3.2.5). */
static const struct {
	uint16_t least;
	uint8_t extra;
} match_lengths[] = {{3, 0},   {4, 0},	 {5, 0},   {6, 0},   {7, 0},  {8, 0},  {9, 0},	{10, 0},
		     {11, 1},  {13, 1},	 {15, 1},  {17, 1},  {19, 2}, {23, 2}, {27, 2}, {31, 2},
		     {35, 3},  {43, 3},	 {51, 3},  {59, 3},  {67, 4}, {83, 4}, {99, 4}, {115, 4},
		     {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0}},
  match_offsets[] = {{1, 0},	 {2, 0},     {3, 0},	 {4, 0},      {5, 1},	   {7, 1},
		     {9, 2},	 {13, 2},    {17, 3},	 {25, 3},     {33, 4},	   {49, 4},
		     {65, 5},	 {97, 5},    {129, 6},	 {193, 6},    {257, 7},	   {385, 7},
		     {513, 8},	 {769, 8},   {1025, 9},	 {1537, 9},   {2049, 10},  {3073, 10},
		     {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13}};

static uint32_t length_entry(unsigned int symbol)
{
	if (symbol < END_OF_BLOCK)
		return ENTRY_BYTE | symbol << 16;
	if (symbol == END_OF_BLOCK)
		return ENTRY_END;
	symbol -= END_OF_BLOCK + 1;
	if (symbol >= ARRAY_LEN(match_lengths))
		return ENTRY_BAD;
	return (uint32_t)match_lengths[symbol].least << 16 | (uint32_t)match_lengths[symbol].extra << 4;
}

static uint32_t offset_entry(unsigned int symbol)
{
	if (symbol >= ARRAY_LEN(match_offsets))
		return ENTRY_BAD;
	return (uint32_t)match_offsets[symbol].least << 16 | (uint32_t)match_offsets[symbol].extra << 4;
}

static uint32_t size_entry(unsigned int symbol)
{
	return symbol << 16;
}

struct code {
	uint32_t (*entry)(unsigned int symbol);
	unsigned int bits; /* looked up first */
	uint32_t *table;
	uint32_t room;
	bool lone; /* a code of one symbol, or of none, is allowed */
};

static uint32_t reversed(uint32_t code, unsigned int bits)
{
	uint32_t out = 0;

	for (; bits; bits--, code >>= 1)
		out = out << 1 | (code & 1);
	return out;
}

/* Symbols by size of their code, then by number. */
static void code_sort(const uint8_t *sizes, unsigned int count, const uint16_t per_size[SIZE_MAX_ + 1],
		      uint16_t *sorted)
{
	uint16_t at[SIZE_MAX_ + 2] = {0};

	for (unsigned int size = 1; size <= SIZE_MAX_; size++)
		at[size + 1] = (uint16_t)(at[size] + per_size[size]);
	for (unsigned int symbol = 0; symbol < count; symbol++)
		if (sizes[symbol])
			sorted[at[sizes[symbol]]++] = (uint16_t)symbol;
}

/* Bits of the table for codes that begin like one of `size` bits, of which as many are left as per_size says.
 */
static unsigned int subtable_bits(const uint16_t left_of[SIZE_MAX_ + 1], unsigned int size, unsigned int drop)
{
	unsigned int bits = size - drop;
	int free = 1 << bits;

	for (; bits + drop < SIZE_MAX_; bits++) {
		free -= left_of[bits + drop];
		if (free <= 0)
			break;
		free <<= 1;
	}
	return bits;
}

static bool code_fill(const struct code *code, const uint8_t *sizes, const uint16_t *sorted,
		      unsigned int used, uint16_t left_of[SIZE_MAX_ + 1])
{
	uint32_t main_size = 1u << code->bits, next = main_size, value = 0, prefix = UINT32_MAX, sub = 0;
	unsigned int before = 0, sub_bits = 0;

	for (unsigned int i = 0; i < used; i++) {
		unsigned int size = sizes[sorted[i]];
		uint32_t entry = code->entry(sorted[i]), spot;

		value <<= size - before;
		before = size;
		spot = reversed(value++, size);
		if (size <= code->bits) {
			for (; spot < main_size; spot += 1u << size)
				code->table[spot] = entry | size;
		} else {
			uint32_t begins = spot & (main_size - 1);

			if (begins != prefix) {
				prefix = begins;
				sub = next;
				sub_bits = subtable_bits(left_of, size, code->bits);
				next += 1u << sub_bits;
				if (next > code->room)
					return false;
				code->table[begins] = ENTRY_TABLE | sub << 16 | sub_bits << 4 | code->bits;
			}
			for (spot >>= code->bits; spot < 1u << sub_bits; spot += 1u << (size - code->bits))
				code->table[sub + spot] = entry | (size - code->bits);
		}
		left_of[size]--;
	}
	return true;
}

/* false: no code, or one that leaves combinations of bits without a meaning where that is not allowed. */
static bool code_build(const struct code *code, const uint8_t *sizes, unsigned int count)
{
	uint16_t per_size[SIZE_MAX_ + 1] = {0}, sorted[SYMBOLS_MAX];
	unsigned int used, longest = SIZE_MAX_;
	int free = 1;

	for (unsigned int symbol = 0; symbol < count; symbol++)
		per_size[sizes[symbol]]++;
	used = count - per_size[0];
	per_size[0] = 0;
	while (longest && !per_size[longest])
		longest--;
	for (unsigned int size = 1; size <= SIZE_MAX_; size++) {
		free = free * 2 - per_size[size];
		if (free < 0)
			return false;
	}
	/* No symbol at all: what follows is found out to be wrong when one is needed. */
	if (free && longest && !(code->lone && longest == 1))
		return false;
	if (free)
		for (uint32_t i = 0; i < 1u << code->bits; i++)
			code->table[i] = ENTRY_BAD | 1;
	code_sort(sizes, count, per_size, sorted);
	return code_fill(code, sizes, sorted, used, per_size);
}

bool inflater_codes(struct inflater *inflater)
{
	const struct code lengths = {length_entry, LENGTH_BITS, inflater->length_table, INFLATER_LENGTHS,
				     true};
	const struct code offsets = {offset_entry, OFFSET_BITS, inflater->offset_table, INFLATER_OFFSETS,
				     true};

	return code_build(&lengths, inflater->sizes, inflater->lengths) &&
	       code_build(&offsets, inflater->sizes + inflater->lengths, inflater->offsets);
}

void inflater_fixed_codes(struct inflater *inflater)
{
	static const struct {
		unsigned int end;
		uint8_t size;
	} rows[] = {{144, 8}, {256, 9}, {280, 7}, {288, 8}, {320, 5}};
	unsigned int symbol = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		while (symbol < rows[i].end)
			inflater->sizes[symbol++] = rows[i].size;
	inflater->lengths = 288;
	inflater->offsets = 32;
	(void)!inflater_codes(inflater);
}

bool inflater_size_code(struct inflater *inflater, unsigned int count)
{
	const struct code code = {size_entry, SIZE_BITS, inflater->size_table,
				  ARRAY_LEN(inflater->size_table), false};

	return code_build(&code, inflater->sizes, count);
}
