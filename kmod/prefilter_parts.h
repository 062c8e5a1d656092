/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefilter_parts.h - between the files of the prefilter.
 */
#ifndef KMOD_PREFILTER_PARTS_H
#define KMOD_PREFILTER_PARTS_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#elif defined(__bpf__) /* the benchmark's peer */
#include <linux/types.h>
#include <stdbool.h>
#define memcpy __builtin_memcpy
#define memcmp __builtin_memcmp
#else
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#endif

#include "prefilter.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

static __always_inline __u32 seki_pf_window(const __u8 *data)
{
#ifdef __bpf__ /* clang would load byte by byte what it does not know to be aligned */
	return *(const __u32 *)data | SEKI_PF_FOLD;
#else
	return (data[0] | (__u32)data[1] << 8 | (__u32)data[2] << 16 | (__u32)data[3] << 24) | SEKI_PF_FOLD;
#endif
}

/* Of a window the bytes that are the literal's, by enum seki_pf_outside. */
static const __u32 seki_pf_inside[SEKI_PF_OUTSIDE_MAX] = {0xffffffff, 0xffffff00, 0x00ffffff};

/* The middle bytes, which choose the filter's word and the bucket of class PART. */
#define SEKI_PF_MIDDLE 0x00ffff00u

/* Word of the filter. A shift that the compiler knows leaves the shift register to the other one. */
static __always_inline __u32 seki_pf_word(__u32 window, __u32 multiplier, __u32 mask)
{
	return (window & SEKI_PF_MIDDLE) * multiplier >> (32 - SEKI_PF_FILTER_BITS) & mask;
}

/* Bit in it: three bits of the first byte, two of the last; the middle changes their order. */
static __always_inline __u32 seki_pf_bit(__u32 window)
{
	return ((window & 7) ^ window >> 21) & 31;
}

static inline __u32 seki_pf_bucket(enum seki_pf_class class, __u32 window, __u32 multiplier, __u32 bits)
{
	return (class == SEKI_PF_PART ? window & SEKI_PF_MIDDLE : window) * multiplier >> (32 - bits);
}

/* Bits of the filter's word that a window needs, whatever the byte outside is. */
static inline __u32 seki_pf_bits(__u32 window, enum seki_pf_outside outside)
{
	__u32 bit = seki_pf_bit(window);

	return outside == SEKI_PF_FIRST	 ? 0xffu << (bit & 0x18)
	       : outside == SEKI_PF_LAST ? 0x01010101u << (bit & 7)
					 : 1u << bit;
}

/* A literal's windows are at base and base + 1; the middle of the second must be inside. */
#define SEKI_PF_LITERAL_BASE 4

/* offset: -1 … len - 3 */
static inline enum seki_pf_outside seki_pf_outside_of(__u32 len, __s32 offset)
{
	return offset < 0 ? SEKI_PF_FIRST : offset + SEKI_PF_WINDOW > len ? SEKI_PF_LAST : SEKI_PF_NOTHING;
}

/* The literal's window at this offset; a byte outside is 0. */
static inline __u32 seki_pf_window_of(const __u8 *bytes, __u32 len, __s32 offset)
{
	__u8 window[SEKI_PF_WINDOW] = {0};
	int i;

	for (i = 0; i < (int)SEKI_PF_WINDOW; i++)
		if (offset + i >= 0 && offset + i < (int)len)
			window[i] = bytes[offset + i];
	return seki_pf_window(window) & seki_pf_inside[seki_pf_outside_of(len, offset)];
}

static __always_inline __u8 seki_pf_lower(__u8 byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

static inline const void *seki_pf_section(const struct seki_pf_table *table, enum seki_pf_section which)
{
	return (const __u8 *)table + table->section[which].at;
}

static inline bool seki_pf_same(const __u8 *data, const __u8 *bytes, __u32 len, bool nocase)
{
	__u32 i;

	if (!nocase)
		return !memcmp(data, bytes, len);
	for (i = 0; i < len; i++)
		if (seki_pf_lower(data[i]) != bytes[i])
			return false;
	return true;
}

/* Of one class of one table what a window that the filter lets through is looked up in. */
struct seki_pf_sieve {
	const __u32 *buckets;
	const struct seki_pf_gram *grams;
	__u8 bits;
};

/* A scan in progress. */
struct seki_pf_scan {
	const struct seki_pf_table *table;
	const struct seki_pf_rule *rules;
	const struct seki_pf_literal *literals;
	const __u16 *links;
	const __u8 *bytes;
	struct seki_pf_query *query;
	struct seki_pf_sieve sieve[SEKI_PF_CLASS_MAX];
	const __u32 *filter;
	__u32 multiplier, filter_mask;
	const __u8 *data; /* the piece in hand */
	__u32 len;
	__s64 base; /* of its first byte in the payload */
	__u32 next; /* of the query */
	bool inspect;
	__u64 candidates[SEKI_PF_JUDGED_MAX / 64];
};

/* Looks the window at data[at] up, which the filter let through. */
void seki_pf_hit(struct seki_pf_scan *scan, __u32 at, __u32 window);

/*
 * The same as the scalar loop over data[0, …) as far as whole vectors reach; returns where the scalar loop
 * goes on.
 */
__u32 seki_pf_windows_avx2(struct seki_pf_scan *scan);

/* A part of the payload that steps look at. */
struct seki_pf_bytes {
	const __u8 *data;
	__u32 len;
	bool there, ends; /* ends: nothing follows that would belong to it */
};

struct seki_pf_request {
	struct seki_pf_bytes views[SEKI_PF_VIEW_MAX];
	__u32 next; /* where the next request begins, in the payload or beyond; 0: not known */
};

/* The request at payload[at]: false where none begins whose head is complete. */
bool seki_pf_request_read(const __u8 *payload, __u32 len, __u32 at, struct seki_pf_room *room,
			  struct seki_pf_request *request);

/* Do all steps of the rule hold over these views? */
bool seki_pf_steps_hold(const struct seki_pf_table *table, const struct seki_pf_rule *rule,
			const struct seki_pf_bytes views[SEKI_PF_VIEW_MAX]);
/* Does it look at a part of a request? */
bool seki_pf_needs_request(const struct seki_pf_table *table, const struct seki_pf_rule *rule);

#endif
