/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address_index.h - from an address to the rules whose source or destination
 * set has it; for the many rules that are nothing but address lists.
 */
#ifndef CORE_ADDRESS_INDEX_H
#define CORE_ADDRESS_INDEX_H

#include "range_set.h"

struct address_edge;
struct address_index {
	struct address_edge *edges; /* only before the build */
	uint32_t edge_count, edge_room;
	range_value *starts; /* of the elementary intervals, sorted */
	uint32_t *first;     /* interval n has rules[first[n]] … rules[first[n + 1] - 1] */
	uint32_t *rules;
	uint32_t interval_count;
};

__must_check int address_index_add(struct address_index *index, const struct range_set *set, uint32_t rule);
/* -E2BIG: the sets overlap so much that the index would exceed its limit. */
__must_check int address_index_build(struct address_index *index);
void address_index_clear(struct address_index *index);
/* The rules for addr; *count may be 0. */
const uint32_t *address_index_find(const struct address_index *index, range_value addr, uint32_t *count);

#endif
