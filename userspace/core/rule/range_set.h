/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * range_set.h - sets of addresses and ports as sorted, disjoint ranges of
 * 128-bit numbers; the group syntax of rule headers evaluates to them.
 */
#ifndef CORE_RANGE_SET_H
#define CORE_RANGE_SET_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/cleanup.h"
#include "sekimori/abi.h"

typedef unsigned __int128 range_value;

struct range {
	range_value from, to; /* both inclusive */
};

struct range_set {
	struct range *ranges; /* sorted, disjoint, not adjacent */
	uint32_t count;
	bool all; /* everything is in it */
};

static inline range_value range_address(const struct seki_addr *addr)
{
	uint64_t high, low;

	memcpy(&high, addr->b, sizeof(high));
	memcpy(&low, addr->b + 8, sizeof(low));
	return (range_value)be64toh(high) << 64 | be64toh(low);
}

bool range_set_has(const struct range_set *set, range_value value);

/* A set that grows; ranges is malloc'ed. */
struct range_list {
	struct range *ranges;
	uint32_t count, room;
};
__must_check int range_list_add(struct range_list *list, struct range range);
void range_list_clear(struct range_list *list);
/* Sorts and joins what overlaps or touches. */
void range_list_sort(struct range_list *list);
/* *out (empty before) becomes what is in a and not in b, both sorted. */
__must_check int range_list_subtract(const struct range_list *a, const struct range_list *b,
				     struct range_list *out);

#endif
