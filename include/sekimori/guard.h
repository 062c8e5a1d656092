/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * guard.h - the guard's table: who is listed and who is exempt, as sorted disjoint ranges, flat and position independent.
 * Head, then rows6, allow6, rows4, allow4, scopes, each as many as the head says, nothing after them. A range carries what the longest
 * prefix over it said, so one binary search gives the answer of the packet program's longest match. All in host byte order.
 */
#ifndef SEKIMORI_GUARD_H
#define SEKIMORI_GUARD_H

#include "maps.h"

#define SEKI_GUARD_MAGIC   0x44524753u /* "SGRD" */
#define SEKI_GUARD_VERSION 1u
#define SEKI_GUARD_SCOPES  65536u

struct seki_guard_head {
	__u32 magic;
	__u32 version;
	__u64 size; /* of the whole table */
	__u32 rows6, allow6, rows4, allow4, scopes;
	__u32 pad;
};

/* What a listed range says: as struct seki_entry. */
struct seki_guard_hit {
	__u32 expires; /* second of CLOCK_MONOTONIC, 0 = never */
	__u16 list;
	__u8 flags; /* SEKI_ENTRY_* */
	__u8 pad;
};

/* Which scopes an exempt range has: at least one, at most SEKI_MAX_SCOPES. */
struct seki_guard_scopes {
	__u32 first;
	__u32 count;
};

struct seki_guard_range6 {
	__u64 first_hi, first_lo, last_hi, last_lo;
	union {
		struct seki_guard_hit hit;
		struct seki_guard_scopes scopes;
	};
};

struct seki_guard_range4 {
	__u32 first, last;
	union {
		struct seki_guard_hit hit;
		struct seki_guard_scopes scopes;
	};
};

SEKI_STATIC_ASSERT(sizeof(struct seki_guard_head) == 40, "seki_guard_head");
SEKI_STATIC_ASSERT(sizeof(struct seki_guard_range6) == 40, "seki_guard_range6");
SEKI_STATIC_ASSERT(sizeof(struct seki_guard_range4) == 16, "seki_guard_range4");

#endif
