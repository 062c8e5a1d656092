// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * range_set.c - sorting, joining and subtracting ranges.
 */
#include "range_set.h"

#include <errno.h>

bool range_set_has(const struct range_set *set, range_value value)
{
	uint32_t low = 0, high = set->count;

	if (set->all)
		return true;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (value < set->ranges[middle].from)
			high = middle;
		else if (value > set->ranges[middle].to)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

int range_list_add(struct range_list *list, struct range range)
{
	if (list->count == list->room) {
		uint32_t room = list->room ? list->room * 2 : 16;
		struct range *ranges = realloc(list->ranges, room * sizeof(*ranges));

		if (!ranges)
			return -ENOMEM;
		list->ranges = ranges;
		list->room = room;
	}
	list->ranges[list->count++] = range;
	return 0;
}

void range_list_clear(struct range_list *list)
{
	free(list->ranges);
	*list = (struct range_list){0};
}

static int range_compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

void range_list_sort(struct range_list *list)
{
	uint32_t kept = 0;

	if (!list->count)
		return;
	qsort(list->ranges, list->count, sizeof(*list->ranges), range_compare);
	for (uint32_t i = 1; i < list->count; i++) {
		struct range *last = &list->ranges[kept], *next = &list->ranges[i];

		if (next->from <= last->to || next->from - last->to == 1) {
			if (next->to > last->to)
				last->to = next->to;
		} else {
			list->ranges[++kept] = *next;
		}
	}
	list->count = kept + 1;
}

int range_list_subtract(const struct range_list *a, const struct range_list *b, struct range_list *out)
{
	uint32_t j = 0;
	int err = 0;

	for (uint32_t i = 0; i < a->count && !err; i++) {
		struct range rest = a->ranges[i];
		bool left = true;

		while (j < b->count && b->ranges[j].to < rest.from)
			j++;
		for (uint32_t k = j; left && k < b->count && b->ranges[k].from <= rest.to && !err; k++) {
			if (b->ranges[k].from > rest.from)
				err = range_list_add(out, (struct range){rest.from, b->ranges[k].from - 1});
			if (b->ranges[k].to >= rest.to)
				left = false;
			else
				rest.from = b->ranges[k].to + 1;
		}
		if (left && !err)
			err = range_list_add(out, rest);
	}
	return err;
}
