// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quad.c - the search, with AVX-512's look-up of bytes among 128. Loads under
 * a mask never read beyond the data.
 */
#include "quad.h"

#include <string.h>

#include "quad_parts.h"

#ifdef __x86_64__
#include <immintrin.h>

#define AVX512	  __attribute__((target("avx2,avx512f,avx512bw,avx512vbmi")))
#define INLINE	  AVX512 static inline __attribute__((always_inline))
#define FOUND_MAX 16u
#define STEP	  64u /* places in a vector */

struct quad_look {
	const struct quad *quad;
	const uint8_t *data;
	uint32_t len;
	quad_hit_fn fn;
	void *arg;
};

/* Places at which some group passes. */
struct quad_step {
	uint64_t places;
	uint32_t base;
	uint8_t groups[2][STEP]; /* by set */
};

struct quad_found {
	uint32_t count;
	struct quad_step steps[FOUND_MAX];
};

/* What is looked up is the literal's: is all of it? */
static void quad_compare(const struct quad_look *look, uint32_t index, uint32_t at, uint32_t place)
{
	const struct literal *literal = &look->quad->literals[index];
	uint32_t start = place - at;

	if (at <= place && literal->len <= look->len - start &&
	    literal_same(literal->data, look->data + start, literal->len, literal->nocase))
		look->fn(index, start + literal->len, look->arg);
}

/* A group may have a literal at this place, where the bytes `four` are. */
AVX512 static inline void quad_group(const struct quad_look *look, uint32_t group, uint32_t place,
				     uint32_t four)
{
	const struct quad *quad = look->quad;
	const __m256i bytes = _mm256_set1_epi32((int)four);

	for (uint32_t i = quad->first[group]; i < quad->first[group + 1]; i++) {
		const struct quad_row *row = &quad->rows[i];
		__m256i word = _mm256_loadu_si256((const __m256i *)row->words);
		__m256i mask = _mm256_loadu_si256((const __m256i *)row->masks);
		__m256i same = _mm256_cmpeq_epi32(_mm256_and_si256(bytes, mask), word);
		uint32_t members = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(same));

		for (; __builtin_expect(members, 0); members &= members - 1) {
			uint32_t member = (uint32_t)__builtin_ctz(members);

			quad_compare(look, row->literals[member], row->at[member], place);
		}
	}
}

static inline uint32_t quad_four(const struct quad_look *look, uint32_t place)
{
	uint32_t left = look->len - place, four = 0;

	if (left >= sizeof(four))
		memcpy(&four, look->data + place, sizeof(four));
	else
		memcpy(&four, look->data + place, left);
	return four;
}

AVX512 static void quad_pass(const struct quad_look *look, const struct quad_found *found)
{
	for (uint32_t i = 0; i < found->count; i++) {
		const struct quad_step *step = &found->steps[i];

		for (uint64_t places = step->places; places; places &= places - 1) {
			uint32_t at = (uint32_t)__builtin_ctzll(places), place = step->base + at, four;
			uint32_t passed = step->groups[0][at] | (uint32_t)step->groups[1][at] << QUAD_GROUPS;

			if (place >= look->len)
				return;
			four = quad_four(look, place);
			for (; passed; passed &= passed - 1)
				quad_group(look, (uint32_t)__builtin_ctz(passed), place, four);
		}
	}
}

struct quad_table {
	__m512i low, high; /* of the codes below 64, and the others */
};

struct quad_tables {
	struct quad_table first, second, third, fourth;
};

struct quad_bytes {
	__m512i first, second, third, fourth; /* of 64 places */
};

INLINE struct quad_table quad_table(const uint8_t *groups)
{
	return (struct quad_table){_mm512_loadu_si512(groups), _mm512_loadu_si512(groups + QUAD_CODES / 2)};
}

INLINE struct quad_tables quad_tables(const struct quad_set *set)
{
	return (struct quad_tables){quad_table(set->groups[0]), quad_table(set->groups[1]),
				    quad_table(set->groups[2]), quad_table(set->groups[3])};
}

INLINE __m512i quad_lookup(const struct quad_table *table, __m512i bytes)
{
	return _mm512_permutex2var_epi8(table->low, bytes, table->high);
}

/* The groups that may have a literal at each of 64 places. */
INLINE __m512i quad_groups(const struct quad_tables *tables, const struct quad_bytes *bytes)
{
	__m512i front = _mm512_and_si512(quad_lookup(&tables->first, bytes->first),
					 quad_lookup(&tables->second, bytes->second));
	__m512i back = _mm512_and_si512(quad_lookup(&tables->third, bytes->third),
					quad_lookup(&tables->fourth, bytes->fourth));

	return _mm512_and_si512(front, back);
}

/* Of 64 bytes at data[at] what there is, and zeros. */
INLINE __m512i quad_rest(const struct quad_look *look, uint32_t at)
{
	uint32_t left = look->len > at ? look->len - at : 0;

	return _mm512_maskz_loadu_epi8(left >= STEP ? ~0ull : (1ull << left) - 1, look->data + at);
}

INLINE struct quad_bytes quad_bytes(const struct quad_look *look, uint32_t at, bool whole)
{
	const uint8_t *data = look->data + at;

	if (whole)
		return (struct quad_bytes){_mm512_loadu_si512(data), _mm512_loadu_si512(data + 1),
					   _mm512_loadu_si512(data + 2), _mm512_loadu_si512(data + 3)};
	return (struct quad_bytes){quad_rest(look, at), quad_rest(look, at + 1), quad_rest(look, at + 2),
				   quad_rest(look, at + 3)};
}

/*
 * Steps from `at` up to `end`, or to where `found` is full. They call nothing, so that the tables stay in
 * registers.
 */
INLINE uint32_t quad_steps(const struct quad_look *look, uint32_t at, uint32_t end, bool whole, int sets,
			   struct quad_found *found)
{
	struct quad_tables one = quad_tables(&look->quad->sets[0]);
	struct quad_tables two = quad_tables(&look->quad->sets[sets - 1]);

	for (; at < end && found->count < FOUND_MAX; at += STEP) {
		struct quad_bytes bytes = quad_bytes(look, at, whole);
		__m512i first = quad_groups(&one, &bytes);
		__m512i second = sets > 1 ? quad_groups(&two, &bytes) : _mm512_setzero_si512();
		__m512i any = _mm512_or_si512(first, second);
		struct quad_step *step = &found->steps[found->count];

		step->places = _mm512_test_epi8_mask(any, any);
		if (__builtin_expect(!step->places, 1))
			continue;
		step->base = at;
		_mm512_storeu_si512(step->groups[0], first);
		_mm512_storeu_si512(step->groups[1], second);
		found->count++;
	}
	return at;
}

INLINE void quad_scan_sets(const struct quad_look *look, int sets)
{
	uint32_t whole = look->len < STEP + QUAD_BYTES - 1 ? 0 : (look->len - QUAD_BYTES + 1) / STEP * STEP;
	struct quad_found found;

	for (uint32_t at = 0; at < look->len;) {
		found.count = 0;
		if (at < whole)
			at = quad_steps(look, at, whole, true, sets, &found);
		if (at >= whole)
			at = quad_steps(look, at, look->len, false, sets, &found);
		quad_pass(look, &found);
	}
}

AVX512 static void quad_scan_one(const struct quad_look *look)
{
	quad_scan_sets(look, 1);
}

AVX512 static void quad_scan_two(const struct quad_look *look)
{
	quad_scan_sets(look, 2);
}

bool quad_supported(void)
{
	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi");
}

void quad_scan(const struct quad *quad, const uint8_t *data, uint32_t len, quad_hit_fn fn, void *arg)
{
	struct quad_look look = {quad, data, len, fn, arg};

	if (!quad->count)
		return;
	if (quad->set_count > 1)
		quad_scan_two(&look);
	else
		quad_scan_one(&look);
}
#else
bool quad_supported(void)
{
	return false;
}

void quad_scan(const struct quad *quad, const uint8_t *data, uint32_t len, quad_hit_fn fn, void *arg)
{
}
#endif
