// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_vector.c - the filter over sixteen windows at a time: it lets
 * through what the scalar loop lets through. Vector registers are the
 * caller's business.
 */
#include "prefilter_parts.h"

#if defined(__x86_64__)

typedef float f32x8 __attribute__((vector_size(32)));
typedef __u32 u32x8 __attribute__((vector_size(32)));
typedef int i32x8 __attribute__((vector_size(32)));

#define AVX2 __attribute__((target("avx2")))

#ifdef __clang__
#define gather32(base, index)                                                                                \
	__builtin_ia32_gatherd_d256((i32x8){0}, (const int *)(base), (i32x8)(index), ~(i32x8){0}, 4)
#else
#define gather32(base, index)                                                                                \
	__builtin_ia32_gathersiv8si((i32x8){0}, (const int *)(base), (i32x8)(index), ~(i32x8){0}, 4)
#endif

/* Which of the windows at data, data + 4, … + 28 does the filter let through? A bit for each. */
static __always_inline AVX2 __u32 windows_eight(const struct seki_pf_scan *scan, const __u8 *data)
{
	u32x8 windows, words, bits;

	memcpy(&windows, data, sizeof(windows));
	windows |= SEKI_PF_FOLD;
	words = (u32x8)gather32(scan->filter,
				(windows & SEKI_PF_MIDDLE) * scan->multiplier >> (32 - SEKI_PF_FILTER_BITS) &
					scan->filter_mask);
	bits = ((windows & 7) ^ windows >> 21) & 31;
	return (__u32)__builtin_ia32_movmskps256((f32x8)(words >> bits << 31));
}

static void windows_hit(struct seki_pf_scan *scan, __u32 at, __u32 let)
{
	for (; let; let &= let - 1) {
		__u32 place = at + 4 * (__u32)__builtin_ctz(let);

		seki_pf_hit(scan, place, seki_pf_window(scan->data + place));
	}
}

AVX2 __u32 seki_pf_windows_avx2(struct seki_pf_scan *scan)
{
	__u32 at;

	for (at = 0; at + 34 <= scan->len; at += 32) {
		__u32 even = windows_eight(scan, scan->data + at);
		__u32 odd = windows_eight(scan, scan->data + at + 2);

		if (even | odd) {
			windows_hit(scan, at, even);
			windows_hit(scan, at + 2, odd);
		}
	}
	return at;
}

#else /* no vectors: the scalar loop does it all */

__u32 seki_pf_windows_avx2(struct seki_pf_scan *scan)
{
	return 0;
}

#endif
