// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sid_counts.c - a sorted array: a run meets few rules, each many times.
 */
#include "sid_counts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t place_of(const struct sid_counts *counts, uint32_t sid)
{
	size_t low = 0, high = counts->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (counts->rows[middle].sid < sid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool make_room(struct sid_counts *counts)
{
	size_t room = counts->room ? counts->room * 2 : 64;
	struct sid_count *grown;

	if (counts->count < counts->room)
		return true;
	grown = realloc(counts->rows, room * sizeof(*grown));
	if (!grown)
		return false;
	counts->rows = grown;
	counts->room = room;
	return true;
}

void sid_counts_add(struct sid_counts *counts, uint32_t sid, uint64_t count)
{
	size_t at = place_of(counts, sid);

	if (at == counts->count || counts->rows[at].sid != sid) {
		if (!make_room(counts)) {
			counts->lost += count;
			return;
		}
		memmove(&counts->rows[at + 1], &counts->rows[at],
			(counts->count - at) * sizeof(*counts->rows));
		counts->rows[at] = (struct sid_count){.sid = sid};
		counts->count++;
	}
	counts->rows[at].count += count;
}

void sid_counts_merge(struct sid_counts *to, const struct sid_counts *more)
{
	for (size_t i = 0; i < more->count; i++)
		sid_counts_add(to, more->rows[i].sid, more->rows[i].count);
	to->lost += more->lost;
}

void sid_counts_clear(struct sid_counts *counts)
{
	free(counts->rows);
	*counts = (struct sid_counts){0};
}
