// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * place_index.c - per offset a bitmap of first bytes; behind it the literals
 * that begin there, by first byte.
 */
#include "place_index.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

int place_index_add(struct place_index *index, const struct mpm_pattern *pattern, uint32_t start)
{
	if (index->count == index->room) {
		uint32_t room = index->room ? index->room * 2 : 16;
		struct place_entry *entries = realloc(index->entries, room * sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		index->entries = entries;
		index->room = room;
	}
	index->entries[index->count++] = (struct place_entry){.data = pattern->data,
							      .start = start,
							      .rule = pattern->rule,
							      .len = pattern->len,
							      .nocase = pattern->nocase};
	return 0;
}

static int place_compare(const void *a, const void *b)
{
	const struct place_entry *x = a, *y = b;
	int p = tolower(x->data[0]), q = tolower(y->data[0]);

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (p != q)
		return p < q ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void place_mark(struct place_row *row, uint8_t byte)
{
	row->bytes[byte / 64] |= 1ull << (byte % 64);
}

int place_index_build(struct place_index *index)
{
	if (!index->count)
		return 0;
	qsort(index->entries, index->count, sizeof(*index->entries), place_compare);
	for (uint32_t i = 0; i < index->count; i++)
		index->row_count += !i || index->entries[i].start != index->entries[i - 1].start;
	index->rows = calloc(index->row_count, sizeof(*index->rows));
	if (!index->rows)
		return -ENOMEM;
	index->row_count = 0;
	for (uint32_t i = 0; i < index->count; i++) {
		const struct place_entry *entry = &index->entries[i];
		struct place_row *row;

		if (!i || entry->start != entry[-1].start)
			index->rows[index->row_count++] =
				(struct place_row){.start = entry->start, .first = i};
		row = &index->rows[index->row_count - 1];
		row->count++;
		place_mark(row, entry->data[0]);
		if (entry->nocase)
			place_mark(row, (uint8_t)toupper(entry->data[0]));
	}
	return 0;
}

void place_index_clear(struct place_index *index)
{
	free(index->entries);
	free(index->rows);
	*index = (struct place_index){0};
}

/* The first of the row's literals whose first byte is not before byte, without case. */
static uint32_t place_first(const struct place_index *index, const struct place_row *row, int byte)
{
	uint32_t low = row->first, high = row->first + row->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (tolower(index->entries[middle].data[0]) < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void place_index_find(const struct place_index *index, const uint8_t *data, uint32_t len, uint64_t base,
		      uint64_t fresh, mpm_hit_fn fn, void *arg)
{
	for (uint32_t i = 0; i < index->row_count; i++) {
		const struct place_row *row = &index->rows[i];
		const uint8_t *at;
		uint32_t left;
		int byte;

		if (row->start < base)
			continue;
		if (row->start - base >= len)
			return;
		at = data + (row->start - base);
		left = len - (uint32_t)(row->start - base);
		if (!(row->bytes[*at / 64] >> (*at % 64) & 1))
			continue;
		byte = tolower(*at);
		for (uint32_t j = place_first(index, row, byte);
		     j < row->first + row->count && tolower(index->entries[j].data[0]) == byte; j++) {
			const struct place_entry *entry = &index->entries[j];
			uint64_t to = (uint64_t)entry->start + entry->len;

			if (entry->len <= left && to > fresh &&
			    literal_same(entry->data, at, entry->len, entry->nocase))
				fn(&entry->rule, 1, to, arg);
		}
	}
}
