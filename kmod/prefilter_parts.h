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
#else
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#endif

#include "prefilter.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

static const struct {
	__u8 gram, stride;
} seki_pf_classes[SEKI_PF_CLASS_MAX] = {
#define X(id, gram, stride) [SEKI_PF_##id] = {gram, stride},
	SEKI_PF_CLASSES(X)
#undef X
};

static inline enum seki_pf_class seki_pf_class_of(__u32 len)
{
	return len >= 7 ? SEKI_PF_LONG : len >= 5 ? SEKI_PF_MIDDLE : SEKI_PF_SHORT;
}

static __always_inline __u32 seki_pf_gram4(const __u8 *data)
{
	__u32 value;

	memcpy(&value, data, sizeof(value));
	return value | SEKI_PF_FOLD;
}

static __always_inline __u32 seki_pf_gram3(const __u8 *data)
{
	__u16 low;

	memcpy(&low, data, sizeof(low));
	return (low | (__u32)data[2] << 16) | (SEKI_PF_FOLD & 0xffffff);
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

/* One class of one table, with what the hot loop reads of it. */
struct seki_pf_sieve {
	const __u32 *bitmap, *buckets;
	const struct seki_pf_gram *grams;
	__u32 multiplier;
	__u8 bitmap_shift, bucket_shift;
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
	const __u8 *data; /* the piece in hand */
	__u32 len;
	__s64 base; /* of its first byte in the payload */
	bool inspect;
	__u64 candidates[SEKI_PF_JUDGED_MAX / 64];
};

/* Looks the gram at data[at] up, which the sieve let through; hash is its product with the multiplier. */
void seki_pf_hit(struct seki_pf_scan *scan, enum seki_pf_class class, __u32 at, __u32 value, __u32 hash);

static __always_inline bool seki_pf_sieved(const struct seki_pf_sieve *sieve, __u32 hash)
{
	__u32 bit = hash >> sieve->bitmap_shift;

	return sieve->bitmap[bit >> 5] >> (bit & 31) & 1;
}

/*
 * The same as the scalar loop over data[0, …) of a class as far as whole vectors reach; returns where the
 * scalar loop goes on.
 */
__u32 seki_pf_long_avx2(struct seki_pf_scan *scan);
__u32 seki_pf_middle_avx2(struct seki_pf_scan *scan);
__u32 seki_pf_short_avx2(struct seki_pf_scan *scan);
__u32 seki_pf_short_ssse3(struct seki_pf_scan *scan);

/* A part of the payload that steps look at. */
struct seki_pf_bytes {
	const __u8 *data;
	__u32 len;
	bool there, ends; /* ends: nothing follows that would belong to it */
};

struct seki_pf_request {
	struct seki_pf_bytes views[SEKI_PF_VIEW_MAX];
	__u32 next; /* where the next request begins in the payload */
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
