// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sieve.c - the search, in plain C and with AVX2's gather, eight places at a
 * time. The bitmap ignores case, and SIEVE_BITS of one word stand for a gram.
 */
#include "sieve.h"

#include "sieve_parts.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

struct sieve_look {
	const struct sieve *sieve;
	const uint8_t *data;
	uint32_t len;
	sieve_hit_fn fn;
	void *arg;
};

/* The bitmap knows the gram at this place: which literals are really there? */
static __attribute__((noinline)) void sieve_compare(const struct sieve_look *look, uint32_t at)
{
	const struct sieve *sieve = look->sieve;
	uint32_t head, bucket = sieve_hash(look->data + at, &head) >> sieve->shift;

	for (uint32_t i = sieve->first[bucket]; i < sieve->first[bucket + 1]; i++) {
		const struct sieve_entry *entry = &sieve->entries[i];
		uint32_t start = at - entry->at;
		const struct literal *literal;

		if (entry->head != head || entry->at > at || look->len - start < entry->len ||
		    sieve_four(look->data + start + entry->far_at) != entry->far)
			continue;
		literal = &sieve->literals[entry->literal];
		if (literal_same(literal->data, look->data + start, literal->len, literal->nocase))
			look->fn(entry->literal, start + entry->len, look->arg);
	}
}

static void sieve_scan_plain(const struct sieve_look *look, uint32_t at)
{
	const uint32_t *words = look->sieve->words, shift = look->sieve->shift;

	for (; at + SIEVE_LITERAL_MIN <= look->len; at += SIEVE_STRIDE) {
		uint32_t head, hash = sieve_hash(look->data + at, &head), bits = sieve_bits(hash);

		if (__builtin_expect((words[hash >> shift] & bits) == bits, 0))
			sieve_compare(look, at);
	}
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

/* As sieve_hash(), of the eight places at, at + 4, … at + 28. */
AVX2 static inline __m256i sieve_hash_avx2(const uint8_t *at)
{
	const __m256i fold = _mm256_set1_epi32(SIEVE_FOLD);
	__m256i head = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)at), fold);
	__m256i tail = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(at + 1)), fold);

	tail = _mm256_slli_epi32(_mm256_srli_epi32(tail, 24), SIEVE_TAIL_SHIFT);
	return _mm256_mullo_epi32(_mm256_xor_si256(head, tail), _mm256_set1_epi32((int)SIEVE_FACTOR));
}

/* As sieve_bits(). */
AVX2 static inline __m256i sieve_bits_avx2(__m256i hash)
{
	const __m256i one = _mm256_set1_epi32(1), five = _mm256_set1_epi32(31);
	__m256i bits = _mm256_sllv_epi32(one, _mm256_and_si256(hash, five));

	for (int i = 1; i < (int)SIEVE_BITS; i++) {
		__m256i at = _mm256_srli_epi32(hash, i * (int)SIEVE_BIT_STEP);

		bits = _mm256_or_si256(bits, _mm256_sllv_epi32(one, _mm256_and_si256(at, five)));
	}
	return bits;
}

AVX2 static void sieve_scan_avx2(const struct sieve_look *look, uint32_t at)
{
	const __m128i shift = _mm_cvtsi32_si128((int)look->sieve->shift);
	const int *words = (const int *)look->sieve->words;

	for (; at + 8 * SIEVE_STRIDE + 1 <= look->len; at += 8 * SIEVE_STRIDE) {
		__m256i hash = sieve_hash_avx2(look->data + at), bits = sieve_bits_avx2(hash);
		__m256i word = _mm256_i32gather_epi32(words, _mm256_srl_epi32(hash, shift), 4);
		__m256i known = _mm256_cmpeq_epi32(_mm256_and_si256(word, bits), bits);
		unsigned int lanes = (unsigned int)_mm256_movemask_ps(_mm256_castsi256_ps(known));

		for (; __builtin_expect(lanes, 0); lanes &= lanes - 1)
			sieve_compare(look, at + SIEVE_STRIDE * (uint32_t)__builtin_ctz(lanes));
	}
	sieve_scan_plain(look, at);
}
#endif

void sieve_scan(const struct sieve *sieve, const uint8_t *data, uint32_t len, sieve_hit_fn fn, void *arg)
{
	struct sieve_look look = {sieve, data, len, fn, arg};

	if (!sieve->count || len < SIEVE_LITERAL_MIN)
		return;
		/* So that the last place is eight bytes before the end: nothing is read beyond it, nothing
		 * left out. */
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		sieve_scan_avx2(&look, len % SIEVE_STRIDE);
		return;
	}
#endif
	sieve_scan_plain(&look, len % SIEVE_STRIDE);
}
