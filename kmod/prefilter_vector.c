// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_vector.c - the sieves of the three classes on vectors: they let
 * through what the scalar loops let through, several places at a time.
 * Vector registers are the caller's business.
 */
#include "prefilter_parts.h"

#if defined(__x86_64__)

typedef __u8 u8x16 __attribute__((vector_size(16)));
typedef char c8x16 __attribute__((vector_size(16)));
typedef __u16 u16x8 __attribute__((vector_size(16)));
typedef __u8 u8x32 __attribute__((vector_size(32)));
typedef char c8x32 __attribute__((vector_size(32)));
typedef __u16 u16x16 __attribute__((vector_size(32)));
typedef __u32 u32x8 __attribute__((vector_size(32)));
typedef int i32x8 __attribute__((vector_size(32)));

#define AVX2  __attribute__((target("avx2")))
#define SSSE3 __attribute__((target("ssse3")))

#ifdef __clang__
#define gather32(base, index)                                                                                \
	__builtin_ia32_gatherd_d256((i32x8){0}, (const int *)(base), (i32x8)(index), ~(i32x8){0}, 4)
#else
#define gather32(base, index)                                                                                \
	__builtin_ia32_gathersiv8si((i32x8){0}, (const int *)(base), (i32x8)(index), ~(i32x8){0}, 4)
#endif

/* Which of the eight grams does the sieve let through? Bit 4n + 3 for gram n. */
static __always_inline AVX2 __u32 sieve_eight(const struct seki_pf_sieve *sieve, u32x8 hash)
{
	u32x8 bit = hash >> sieve->bitmap_shift;
	u32x8 word = (u32x8)gather32(sieve->bitmap, bit >> 5);

	return (__u32)__builtin_ia32_pmovmskb256((c8x32)((word >> (bit & 31)) << 31)) & 0x88888888u;
}

static AVX2 void eight_hit(struct seki_pf_scan *scan, enum seki_pf_class class, __u32 at, __u32 let)
{
	for (; let; let &= let - 1) {
		__u32 place = at + (__u32)__builtin_ctz(let) / 4 * 4;
		__u32 value = seki_pf_gram4(scan->data + place);

		seki_pf_hit(scan, class, place, value, value * scan->sieve[class].multiplier);
	}
}

AVX2 __u32 seki_pf_long_avx2(struct seki_pf_scan *scan)
{
	const struct seki_pf_sieve *sieve = &scan->sieve[SEKI_PF_LONG];
	__u32 at;

	for (at = 0; at + 32 <= scan->len; at += 32) {
		u32x8 grams;
		__u32 let;

		memcpy(&grams, scan->data + at, sizeof(grams));
		let = sieve_eight(sieve, (grams | SEKI_PF_FOLD) * sieve->multiplier);
		if (let)
			eight_hit(scan, SEKI_PF_LONG, at, let);
	}
	return at;
}

AVX2 __u32 seki_pf_middle_avx2(struct seki_pf_scan *scan)
{
	const struct seki_pf_sieve *sieve = &scan->sieve[SEKI_PF_MIDDLE];
	__u32 at;

	for (at = 0; at + 34 <= scan->len; at += 32) {
		u32x8 even, odd;
		__u32 let;

		memcpy(&even, scan->data + at, sizeof(even));
		memcpy(&odd, scan->data + at + 2, sizeof(odd));
		let = sieve_eight(sieve, (even | SEKI_PF_FOLD) * sieve->multiplier);
		if (let)
			eight_hit(scan, SEKI_PF_MIDDLE, at, let);
		let = sieve_eight(sieve, (odd | SEKI_PF_FOLD) * sieve->multiplier);
		if (let)
			eight_hit(scan, SEKI_PF_MIDDLE, at + 2, let);
	}
	return at;
}

/* The exact sieve for the places that the nibbles let through. */
static __always_inline void short_hit(struct seki_pf_scan *scan, __u32 at, __u32 let)
{
	const struct seki_pf_sieve *sieve = &scan->sieve[SEKI_PF_SHORT];

	for (; let; let &= let - 1) {
		__u32 place = at + (__u32)__builtin_ctz(let);
		__u32 value = seki_pf_gram3(scan->data + place), hash = value * sieve->multiplier;

		if (seki_pf_sieved(sieve, hash))
			seki_pf_hit(scan, SEKI_PF_SHORT, place, value, hash);
	}
}

static __always_inline AVX2 u8x32 groups32(const __u8 *data, u8x32 low, u8x32 high)
{
	u8x32 bytes;

	memcpy(&bytes, data, sizeof(bytes));
	bytes |= SEKI_PF_FOLD & 0xff;
	return (u8x32)__builtin_ia32_pshufb256((c8x32)low, (c8x32)(bytes & 15)) &
	       (u8x32)__builtin_ia32_pshufb256((c8x32)high, (c8x32)((u8x32)((u16x16)bytes >> 4) & 15));
}

static __always_inline AVX2 u8x32 twice(const __u8 nibbles[16])
{
	u8x32 both;

	memcpy(&both, nibbles, 16);
	memcpy((__u8 *)&both + 16, nibbles, 16);
	return both;
}

AVX2 __u32 seki_pf_short_avx2(struct seki_pf_scan *scan)
{
	const __u8(*n)[2][16] = scan->table->nibbles;
	u8x32 l0 = twice(n[0][0]), h0 = twice(n[0][1]), l1 = twice(n[1][0]), h1 = twice(n[1][1]);
	u8x32 l2 = twice(n[2][0]), h2 = twice(n[2][1]);
	__u32 at;

	for (at = 0; at + 34 <= scan->len; at += 32) {
		const __u8 *data = scan->data + at;
		u8x32 groups =
			groups32(data, l0, h0) & groups32(data + 1, l1, h1) & groups32(data + 2, l2, h2);
		__u32 let = ~(__u32)__builtin_ia32_pmovmskb256((c8x32)(groups == 0));

		if (let)
			short_hit(scan, at, let);
	}
	return at;
}

static __always_inline SSSE3 u8x16 groups16(const __u8 *data, u8x16 low, u8x16 high)
{
	u8x16 bytes;

	memcpy(&bytes, data, sizeof(bytes));
	bytes |= SEKI_PF_FOLD & 0xff;
	return (u8x16)__builtin_ia32_pshufb128((c8x16)low, (c8x16)(bytes & 15)) &
	       (u8x16)__builtin_ia32_pshufb128((c8x16)high, (c8x16)((u8x16)((u16x8)bytes >> 4) & 15));
}

static __always_inline SSSE3 u8x16 once(const __u8 nibbles[16])
{
	u8x16 all;

	memcpy(&all, nibbles, 16);
	return all;
}

SSSE3 __u32 seki_pf_short_ssse3(struct seki_pf_scan *scan)
{
	const __u8(*n)[2][16] = scan->table->nibbles;
	u8x16 l0 = once(n[0][0]), h0 = once(n[0][1]), l1 = once(n[1][0]), h1 = once(n[1][1]);
	u8x16 l2 = once(n[2][0]), h2 = once(n[2][1]);
	__u32 at;

	for (at = 0; at + 18 <= scan->len; at += 16) {
		const __u8 *data = scan->data + at;
		u8x16 groups =
			groups16(data, l0, h0) & groups16(data + 1, l1, h1) & groups16(data + 2, l2, h2);
		__u32 let = ~(__u32)__builtin_ia32_pmovmskb128((c8x16)(groups == 0)) & 0xffff;

		if (let)
			short_hit(scan, at, let);
	}
	return at;
}

#else /* no vectors: the scalar loops do it all */

__u32 seki_pf_long_avx2(struct seki_pf_scan *scan)
{
	return 0;
}

__u32 seki_pf_middle_avx2(struct seki_pf_scan *scan)
{
	return 0;
}

__u32 seki_pf_short_avx2(struct seki_pf_scan *scan)
{
	return 0;
}

__u32 seki_pf_short_ssse3(struct seki_pf_scan *scan)
{
	return 0;
}

#endif
