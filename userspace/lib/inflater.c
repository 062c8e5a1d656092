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

#include "inflater_code.h"
#include "lib/cleanup.h"

#define MATCH_MAX      258u
#define COPY_WORD      8u
#define INPUT_AT_ONCE  8u /* bytes that one filling reads */
#define OUTPUT_AT_ONCE (3 + MATCH_MAX + 2 * COPY_WORD)

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
		inflater_fixed_codes(state);
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

	for (; state->have < state->left; state->have++) {
		if (!have_bits(call, 3))
			return false;
		state->sizes[order[state->have]] = (uint8_t)take_bits(state, 3);
	}
	state->step = inflater_size_code(state, ARRAY_LEN(order)) ? INFLATER_CODES : INFLATER_BROKEN;
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
	state->step =
		state->sizes[END_OF_BLOCK] && inflater_codes(state) ? INFLATER_SYMBOLS : INFLATER_BROKEN;
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
