/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sid_counts.h - how often each rule fitted in a run, by sid.
 */
#ifndef SEKIMORI_SID_COUNTS_H
#define SEKIMORI_SID_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct sid_count {
	uint32_t sid;
	uint64_t count;
};

/* All zero: nothing yet. */
struct sid_counts {
	struct sid_count *rows; /* by sid */
	size_t count, room;
	uint64_t lost; /* for which there was no memory */
};

void sid_counts_add(struct sid_counts *counts, uint32_t sid, uint64_t count);
void sid_counts_merge(struct sid_counts *to, const struct sid_counts *more);
void sid_counts_clear(struct sid_counts *counts);

#endif
