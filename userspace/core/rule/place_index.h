/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place_index.h - literals that can only stand at one place of a packet or
 * stream: compared there, instead of searched for.
 */
#ifndef CORE_PLACE_INDEX_H
#define CORE_PLACE_INDEX_H

#include "core/match/mpm.h"

struct place_entry {
	const uint8_t *data; /* lives as long as the rules */
	uint32_t start, rule;
	uint16_t len;
	bool nocase; /* data is lower case */
};

/* All literals that begin at one offset. */
struct place_row {
	uint64_t bytes[4]; /* a bit per first byte that one of them has */
	uint32_t start, first, count;
};

/* Grows while rules are added, then is built once and never changes. Zero is empty. */
struct place_index {
	struct place_entry *entries; /* after the build by start and first byte */
	struct place_row *rows;	     /* by start */
	uint32_t count, room, row_count;
};

__must_check int place_index_add(struct place_index *index, const struct mpm_pattern *pattern,
				 uint32_t start);
__must_check int place_index_build(struct place_index *index);
void place_index_clear(struct place_index *index);
/*
 * Calls fn for every literal that is in place and ends behind `fresh`. data begins at offset base;
 * offsets count from where the packet or stream begins.
 */
void place_index_find(const struct place_index *index, const uint8_t *data, uint32_t len, uint64_t base,
		      uint64_t fresh, mpm_hit_fn fn, void *arg);

#endif
