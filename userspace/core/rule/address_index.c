// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * address_index.c - a sweep over all range ends gives elementary intervals,
 * each with the rules that hold in it.
 */
#include "address_index.h"

#include <errno.h>
#include <string.h>

#define ADDRESS_INDEX_MAX (8u << 20) /* rule numbers kept in all intervals together */

struct address_edge {
	range_value at;
	uint32_t rule;
	bool begins;
};

static int address_index_edge(struct address_index *index, struct address_edge edge)
{
	if (index->edge_count == index->edge_room) {
		uint32_t room = index->edge_room ? index->edge_room * 2 : 256;
		struct address_edge *more = realloc(index->edges, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		index->edges = more;
		index->edge_room = room;
	}
	index->edges[index->edge_count++] = edge;
	return 0;
}

int address_index_add(struct address_index *index, const struct range_set *set, uint32_t rule)
{
	for (uint32_t i = 0; i < set->count; i++) {
		int err = address_index_edge(index, (struct address_edge){set->ranges[i].from, rule, true});

		/* What reaches the last address never ends. */
		if (!err && set->ranges[i].to + 1 != 0)
			err = address_index_edge(index,
						 (struct address_edge){set->ranges[i].to + 1, rule, false});
		if (err)
			return err;
	}
	return 0;
}

static int address_edge_compare(const void *a, const void *b)
{
	const struct address_edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (int)x->begins - (int)y->begins;
}

int address_index_build(struct address_index *index)
{
	AUTO_FREE uint32_t *active = calloc(index->edge_count + 1u, sizeof(*active));
	uint32_t active_count = 0, used = 0, room = 0;

	if (!index->edge_count)
		return 0;
	index->starts = calloc(index->edge_count, sizeof(*index->starts));
	index->first = calloc(index->edge_count + 1u, sizeof(*index->first));
	if (!active || !index->starts || !index->first)
		return -ENOMEM;
	qsort(index->edges, index->edge_count, sizeof(*index->edges), address_edge_compare);
	for (uint32_t i = 0; i < index->edge_count;) {
		range_value at = index->edges[i].at;

		for (; i < index->edge_count && index->edges[i].at == at; i++) {
			uint32_t j = 0;

			if (index->edges[i].begins) {
				active[active_count++] = index->edges[i].rule;
				continue;
			}
			while (active[j] != index->edges[i].rule)
				j++;
			active[j] = active[--active_count];
		}
		if (active_count > ADDRESS_INDEX_MAX - used)
			return -E2BIG;
		if (room - used < active_count) {
			uint32_t more = (used + active_count) * 2;
			uint32_t *rules = realloc(index->rules, more * sizeof(*rules));

			if (!rules)
				return -ENOMEM;
			index->rules = rules;
			room = more;
		}
		index->starts[index->interval_count] = at;
		index->first[index->interval_count++] = used;
		if (active_count)
			memcpy(index->rules + used, active, active_count * sizeof(*active));
		used += active_count;
	}
	index->first[index->interval_count] = used;
	free(index->edges);
	index->edges = NULL;
	index->edge_count = index->edge_room = 0;
	return 0;
}

void address_index_clear(struct address_index *index)
{
	free(index->edges);
	free(index->starts);
	free(index->first);
	free(index->rules);
	*index = (struct address_index){0};
}

const uint32_t *address_index_find(const struct address_index *index, range_value addr, uint32_t *count)
{
	uint32_t low = 0, high = index->interval_count;

	while (low < high) { /* the first interval that begins behind addr */
		uint32_t middle = low + (high - low) / 2;

		if (index->starts[middle] <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	if (!low)
		return NULL;
	*count = index->first[low] - index->first[low - 1];
	return index->rules + index->first[low - 1];
}
