/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefilter.h - the payload prefilter: one source for the kernel module, the
 * command line's emulation and the benchmark. Nothing here allocates, sleeps
 * or locks.
 */
#ifndef KMOD_PREFILTER_H
#define KMOD_PREFILTER_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#endif

#include "sekimori/prefilter.h"

/* Bytes of a packet in order: its linear part, then its fragments. */
struct seki_pf_piece {
	const __u8 *data;
	__u32 len;
};

/* Room for what a judgement rewrites. One per CPU, used with bottom halves off. */
#define SEKI_PF_ROOM	   16384u
#define SEKI_PF_FIELDS_MAX 48 /* header fields of a request that is followed */

struct seki_pf_text {
	const __u8 *data;
	__u32 len;
};

struct seki_pf_room {
	__u8 flat[SEKI_PF_ROOM];		       /* a payload in pieces, put together */
	__u8 text[SEKI_PF_ROOM];		       /* header fields and targets in their normal form */
	struct seki_pf_text names[SEKI_PF_FIELDS_MAX]; /* of the header fields so far */
};

enum seki_pf_isa { SEKI_PF_SCALAR, SEKI_PF_AVX2 };

/*
 * Is this image, len bytes at an address aligned to 8, fit to be scanned with?
 * 0; -EINVAL something in it points outside, is not what it claims, or could
 * miss a literal; -E2BIG over a limit; -EPROTO another version. Pure.
 */
int seki_prefilter_check(const void *image, __u32 len);

/*
 * Judges a payload in count pieces; fills the outgoing fields of query. The
 * table has been checked. All variants of isa give the same answers; those
 * with vectors may only be called where vector registers may be used.
 */
void seki_prefilter_scan(const struct seki_pf_table *table, const struct seki_pf_piece *pieces,
			 unsigned int count, struct seki_pf_query *query, struct seki_pf_room *room,
			 enum seki_pf_isa isa);

/*
 * Does this variant find a literal of each class at every place, and nothing
 * where none is? Where not, it must not be used. The room is overwritten; it
 * is aligned to 8.
 */
bool seki_prefilter_proves(struct seki_pf_room *room, enum seki_pf_isa isa);

#endif
