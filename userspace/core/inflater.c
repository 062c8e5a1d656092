// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inflater.c - DEFLATE as RFC 1951 has it, as strict as the decoder that
 * browsers use: what it refuses is refused here, and what it made before stands.
 *
 * Not the library's, which in pieces of 1448 bytes takes up to 2.6 times as long: it copies all output twice,
 * to the caller and to a window of its own (40 kB a stream, this one has 12). A faster library held back the
 * last bytes of a stream cut short. unit/inflater and fuzz/inflater hold this one against zlib.
 */
#include "inflater.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "lib/cleanup.h"

#define SYMBOLS_MAX    288u
#define SIZE_MAX_      15u /* bits of a code */
#define LENGTH_BITS    11u /* looked up first */
#define OFFSET_BITS    8u
#define SIZE_BITS      7u
#define END_OF_BLOCK   256u
#define MATCH_MAX      258u
#define COPY_WORD      8u
#define INPUT_AT_ONCE  8u /* bytes that one filling reads */
#define OUTPUT_AT_ONCE (3 + MATCH_MAX + 2 * COPY_WORD)

/*
 * An entry of a table: bits of the code in 0..3, extra bits in 4..7, what it is in 8..11, and its value from
 * 16 on: a byte, the least length or distance, or where the table for longer codes begins.
 */
#define ENTRY_BYTE  0x100u
#define ENTRY_TABLE 0x200u
#define ENTRY_END   0x400u
#define ENTRY_BAD   0x800u

static unsigned int entry_bits(uint32_t entry)
{
	return entry & 15;
}

static unsigned int entry_extra(uint32_t entry)
{
	return entry >> 4 & 15;
}

static uint32_t entry_value(uint32_t entry)
{
	return entry >> 16;
}

static uint32_t low_bits(uint64_t bits, unsigned int count)
{
	return (uint32_t)(bits & ((1ull << count) - 1));
}

/* --- codes */

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

static bool codes_build(struct inflater *inflater)
{
	const struct code lengths = {length_entry, LENGTH_BITS, inflater->length_table, INFLATER_LENGTHS,
				     true};
	const struct code offsets = {offset_entry, OFFSET_BITS, inflater->offset_table, INFLATER_OFFSETS,
				     true};

	return code_build(&lengths, inflater->sizes, inflater->lengths) &&
	       code_build(&offsets, inflater->sizes + inflater->lengths, inflater->offsets);
}

static void codes_fixed(struct inflater *inflater)
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
	(void)!codes_build(inflater);
}

/* --- one call */

struct inflater_call {
	struct inflater *state;
	const uint8_t *begin, *at, *end; /* input */
	uint8_t *out;
	uint32_t len, room;
};

/* Are there count bits? Reads as many bytes as it takes. */
static bool have_bits(struct inflater_call *call, unsigned int count)
{
	struct inflater *state = call->state;

	for (; state->bit_count < count && call->at < call->end; state->bit_count += 8)
		state->bits |= (uint64_t)*call->at++ << state->bit_count;
	return state->bit_count >= count;
}

static uint32_t take_bits(struct inflater *state, unsigned int count)
{
	uint32_t value = low_bits(state->bits, count);

	state->bits >>= count;
	state->bit_count -= count;
	return value;
}

/* Whole bytes that were read ahead go back to the input. */
static void unread(struct inflater_call *call)
{
	struct inflater *state = call->state;
	uint32_t bytes = state->bit_count / 8;

	if (bytes > call->at - call->begin)
		bytes = (uint32_t)(call->at - call->begin);
	call->at -= bytes;
	state->bit_count -= bytes * 8;
	state->bits = low_bits(state->bits, state->bit_count);
}

static void made(struct inflater *state, uint32_t bytes)
{
	state->made = bytes > INFLATER_WINDOW - state->made ? INFLATER_WINDOW : state->made + bytes;
}

/* The steps between symbols return true when they are done, false when there is no more input. */

static bool block_begin(struct inflater_call *call)
{
	struct inflater *state = call->state;

	if (!have_bits(call, 3))
		return false;
	state->final = take_bits(state, 1);
	switch (take_bits(state, 2)) {
	case 0:
		unread(call);
		take_bits(state, state->bit_count % 8);
		state->step = INFLATER_STORED_SIZE;
		return true;
	case 1:
		codes_fixed(state);
		state->step = INFLATER_SYMBOLS;
		return true;
	case 2:
		state->step = INFLATER_COUNTS;
		return true;
	default:
		state->step = INFLATER_BROKEN;
		return true;
	}
}

static bool stored_size(struct inflater_call *call)
{
	struct inflater *state = call->state;
	uint32_t both;

	if (!have_bits(call, 32))
		return false;
	both = take_bits(state, 32);
	state->left = both & 0xffff;
	state->step = state->left == (~both >> 16) ? INFLATER_STORED : INFLATER_BROKEN;
	return true;
}

static void block_end(struct inflater_call *call)
{
	call->state->step = call->state->final ? INFLATER_OVER : INFLATER_BLOCK;
	if (call->state->final)
		unread(call);
}

static bool stored_copy(struct inflater_call *call)
{
	struct inflater *state = call->state;
	uint32_t n = state->left, in = (uint32_t)(call->end - call->at);

	n = n < in ? n : in;
	n = n < call->room - call->len ? n : call->room - call->len;
	if (n)
		memcpy(call->out + call->len, call->at, n);
	call->at += n;
	call->len += n;
	made(state, n);
	state->left -= n;
	if (!state->left)
		block_end(call);
	return !state->left;
}

static bool code_counts(struct inflater_call *call)
{
	struct inflater *state = call->state;

	if (!have_bits(call, 14))
		return false;
	state->lengths = (uint16_t)(take_bits(state, 5) + 257);
	state->offsets = (uint16_t)(take_bits(state, 5) + 1);
	state->left = take_bits(state, 4) + 4;
	state->have = 0;
	memset(state->sizes, 0, sizeof(state->sizes));
	state->step = state->lengths > 286 || state->offsets > 30 ? INFLATER_BROKEN : INFLATER_SIZES;
	return true;
}

static bool code_sizes(struct inflater_call *call)
{
	static const uint8_t order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	struct inflater *state = call->state;
	const struct code code = {size_entry, SIZE_BITS, state->size_table, ARRAY_LEN(state->size_table),
				  false};

	for (; state->have < state->left; state->have++) {
		if (!have_bits(call, 3))
			return false;
		state->sizes[order[state->have]] = (uint8_t)take_bits(state, 3);
	}
	state->step = code_build(&code, state->sizes, ARRAY_LEN(order)) ? INFLATER_CODES : INFLATER_BROKEN;
	memset(state->sizes, 0, sizeof(state->sizes));
	state->have = 0;
	return true;
}

/* How often what follows a size says to repeat, and what. */
static const struct {
	uint8_t bits, least;
} repeats[] = {{2, 3}, {3, 3}, {7, 11}};

static bool code_read(struct inflater_call *call)
{
	struct inflater *state = call->state;
	unsigned int all = state->lengths + state->offsets;

	while (state->have < all) {
		uint32_t entry, symbol, count = 1;
		uint8_t size;

		have_bits(call, SIZE_BITS + 7);
		entry = state->size_table[low_bits(state->bits, SIZE_BITS)];
		symbol = entry_value(entry);
		if (state->bit_count < entry_bits(entry) + (symbol < 16 ? 0 : repeats[symbol - 16].bits))
			return false;
		take_bits(state, entry_bits(entry));
		size = symbol < 16 ? (uint8_t)symbol : 0;
		if (symbol >= 16)
			count = repeats[symbol - 16].least + take_bits(state, repeats[symbol - 16].bits);
		if (symbol == 16)
			size = state->have ? state->sizes[state->have - 1] : 0;
		if ((symbol == 16 && !state->have) || count > all - state->have) {
			state->step = INFLATER_BROKEN;
			return true;
		}
		memset(state->sizes + state->have, size, count);
		state->have = (uint16_t)(state->have + count);
	}
	state->step = state->sizes[END_OF_BLOCK] && codes_build(state) ? INFLATER_SYMBOLS : INFLATER_BROKEN;
	return true;
}

/* Of words, as long as they do not overlap; most matches are shorter than two. */
static inline void copy_match(uint8_t *to, uint32_t offset, uint32_t len)
{
	const uint8_t *from = to - offset;
	uint8_t *end = to + len;

	if (offset >= COPY_WORD) {
		memcpy(to, from, COPY_WORD);
		memcpy(to + COPY_WORD, from + COPY_WORD, COPY_WORD);
		for (to += 2 * COPY_WORD, from += 2 * COPY_WORD; to < end; to += COPY_WORD, from += COPY_WORD)
			memcpy(to, from, COPY_WORD);
		return;
	}
	if (offset == 1) {
		memset(to, *from, len);
		return;
	}
	while (to < end)
		*to++ = *from++;
}

static bool match_rest(struct inflater_call *call)
{
	struct inflater *state = call->state;

	for (; state->left && call->len < call->room; state->left--, call->len++) {
		call->out[call->len] = call->out[call->len - state->offset];
		made(state, 1);
	}
	if (state->left)
		return false;
	state->step = INFLATER_SYMBOLS;
	return true;
}

/* One symbol, and the distance of a match, when all of it is there. */
static bool symbol_read(struct inflater_call *call)
{
	struct inflater *state = call->state;
	unsigned int used, extra;
	uint32_t entry, length, offset;
	uint64_t bits;

	have_bits(call, 48);
	bits = state->bits;
	entry = state->length_table[low_bits(bits, LENGTH_BITS)];
	used = entry_bits(entry);
	if (entry & ENTRY_TABLE && used <= state->bit_count) {
		entry = state->length_table[entry_value(entry) + low_bits(bits >> used, entry_extra(entry))];
		used += entry_bits(entry);
	}
	if (used > state->bit_count)
		return false;
	if (entry & (ENTRY_BYTE | ENTRY_END | ENTRY_BAD)) {
		if (entry & ENTRY_BYTE && call->len == call->room)
			return false;
		take_bits(state, used);
		if (entry & ENTRY_BYTE) {
			call->out[call->len++] = (uint8_t)entry_value(entry);
			made(state, 1);
		} else if (entry & ENTRY_END) {
			block_end(call);
		} else {
			state->step = INFLATER_BROKEN;
		}
		return true;
	}
	extra = entry_extra(entry);
	length = entry_value(entry) + low_bits(bits >> used, extra);
	used += extra;
	if (used > state->bit_count)
		return false;
	entry = state->offset_table[low_bits(bits >> used, OFFSET_BITS)];
	if (entry & ENTRY_TABLE && used + OFFSET_BITS <= state->bit_count) {
		used += OFFSET_BITS;
		entry = state->offset_table[entry_value(entry) + low_bits(bits >> used, entry_extra(entry))];
	}
	used += entry_bits(entry);
	if (used > state->bit_count)
		return false;
	extra = entry_extra(entry);
	offset = entry_value(entry) + low_bits(bits >> used, extra);
	used += extra;
	if (!(entry & ENTRY_BAD) && used > state->bit_count)
		return false;
	if (entry & ENTRY_BAD || offset > state->made) {
		state->step = INFLATER_BROKEN;
		return true;
	}
	take_bits(state, used);
	state->left = length;
	state->offset = offset;
	state->step = INFLATER_COPY;
	return true;
}

/* Input as a quick round has it, in registers. */
struct quick_bits {
	uint64_t bits;
	unsigned int count;
	const uint8_t *at;
};

/* At least 56 bits are there afterwards; reads 8 bytes and moves over those that fit. */
static inline void quick_fill(struct quick_bits *in)
{
	uint64_t word;

	memcpy(&word, in->at, sizeof(word));
	in->bits |= le64toh(word) << in->count;
	in->at += (63 - in->count) >> 3;
	in->count |= 56;
}

static inline void quick_drop(struct quick_bits *in, unsigned int count)
{
	in->bits >>= count;
	in->count -= count;
}

/* The value of an entry whose code was dropped, with its extra bits. */
static inline uint32_t quick_value(struct quick_bits *in, uint32_t entry)
{
	uint32_t value = entry_value(entry) + low_bits(in->bits, entry_extra(entry));

	quick_drop(in, entry_extra(entry));
	return value;
}

/*
 * The same without asking each time: as long as there is input for the longest symbols and room for the
 * longest match. What is odd is left to symbol_read().
 */
static void symbols_quick(struct inflater_call *call)
{
	struct inflater *state = call->state;
	const uint32_t *lengths = state->length_table, *offsets = state->offset_table;
	struct quick_bits in = {state->bits, state->bit_count, call->at}, kept;
	uint8_t *out = call->out + call->len, *begin = out;
	ptrdiff_t window = state->made;
	const uint8_t *in_end = call->end - 2 * INPUT_AT_ONCE;
	uint8_t *out_end = call->out + call->room - OUTPUT_AT_ONCE;
	uint32_t entry, length, offset;

	if (call->end - call->at < (ptrdiff_t)(2 * INPUT_AT_ONCE) || call->room - call->len < OUTPUT_AT_ONCE)
		return;
	while (in.at <= in_end && out <= out_end) {
		quick_fill(&in);
		entry = lengths[low_bits(in.bits, LENGTH_BITS)];
		for (unsigned int i = 0; i < 3 && entry & ENTRY_BYTE; i++) {
			*out++ = (uint8_t)entry_value(entry);
			quick_drop(&in, entry_bits(entry));
			entry = lengths[low_bits(in.bits, LENGTH_BITS)];
		}
		if (entry & ENTRY_BYTE)
			continue;
		quick_fill(&in);
		kept = in;
		if (entry & ENTRY_TABLE) {
			quick_drop(&in, LENGTH_BITS);
			entry = lengths[entry_value(entry) + low_bits(in.bits, entry_extra(entry))];
		}
		quick_drop(&in, entry_bits(entry));
		if (entry & ENTRY_BYTE) {
			*out++ = (uint8_t)entry_value(entry);
			continue;
		}
		if (entry & (ENTRY_END | ENTRY_BAD)) {
			in = kept;
			break;
		}
		length = quick_value(&in, entry);
		entry = offsets[low_bits(in.bits, OFFSET_BITS)];
		if (entry & ENTRY_TABLE) {
			quick_drop(&in, OFFSET_BITS);
			entry = offsets[entry_value(entry) + low_bits(in.bits, entry_extra(entry))];
		}
		quick_drop(&in, entry_bits(entry));
		offset = quick_value(&in, entry);
		if (entry & ENTRY_BAD || offset > window + (out - begin)) {
			in = kept;
			break;
		}
		copy_match(out, offset, length);
		out += length;
	}
	made(state, (uint32_t)(out - begin));
	call->len += (uint32_t)(out - begin);
	call->at = in.at;
	state->bits = in.bits & ((1ull << in.count) - 1);
	state->bit_count = in.count;
}

static bool symbols(struct inflater_call *call)
{
	symbols_quick(call);
	return symbol_read(call);
}

void inflater_begin(struct inflater *inflater)
{
	/* The tables are written before they are read. */
	memset(inflater, 0, offsetof(struct inflater, length_table));
}

typedef bool (*inflater_step_fn)(struct inflater_call *call);

enum inflater_result inflater_run(struct inflater *inflater, struct span *in, uint8_t *out, uint32_t *len,
				  uint32_t room)
{
	static const inflater_step_fn steps[INFLATER_OVER] = {
		[INFLATER_BLOCK] = block_begin,	 [INFLATER_STORED_SIZE] = stored_size,
		[INFLATER_STORED] = stored_copy, [INFLATER_COUNTS] = code_counts,
		[INFLATER_SIZES] = code_sizes,	 [INFLATER_CODES] = code_read,
		[INFLATER_SYMBOLS] = symbols,	 [INFLATER_COPY] = match_rest,
	};
	struct inflater_call call = {inflater, in->data, in->data, in->data + in->len, out, *len, room};

	while (inflater->step < INFLATER_OVER && steps[inflater->step](&call))
		;
	if (call.len == room)
		unread(&call);
	*in = (struct span){call.at, (uint32_t)(call.end - call.at)};
	*len = call.len;
	return inflater->step == INFLATER_OVER	   ? INFLATER_END
	       : inflater->step == INFLATER_BROKEN ? INFLATER_BAD
						   : INFLATER_MORE;
}
