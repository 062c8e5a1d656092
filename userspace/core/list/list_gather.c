// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_gather.c - a hash of the prefixes beside the batch's cells.
 */
#include <errno.h>
#include <string.h>

#include "list_gather.h"

#define SLOTS_MIN     1024u
#define SLOTS_AT_ONCE (1u << 21)

static uint32_t prefix_hash(const struct prefix *prefix)
{
	uint64_t high, low;

	memcpy(&high, prefix->addr, 8);
	memcpy(&low, prefix->addr + 8, 8);
	low = (low ^ (high * 0x9e3779b97f4a7c15ull) ^ prefix->len) * 0xbf58476d1ce4e5b9ull;
	low = (low ^ low >> 29) * 0x94d049bb133111ebull;
	return (uint32_t)(low >> 32);
}

/* Where the cell of prefix is, or its free slot. The hash in the slot saves the look at cells of others. */
static uint32_t slot_find(const struct list_gather *gather, const struct prefix *prefix, uint32_t hash)
{
	const struct list_cell *cells = gather->batch->cells;
	uint32_t slot = hash & (gather->slot_count - 1);

	for (; gather->slots[slot].cell; slot = (slot + 1) & (gather->slot_count - 1))
		if (gather->slots[slot].hash == hash &&
		    !prefix_compare(&cells[gather->slots[slot].cell - 1].prefix, prefix))
			break;
	return slot;
}

static int slots_grow(struct list_gather *gather)
{
	struct list_gather_slot *grown = calloc(gather->slot_count * 2ul, sizeof(*grown));
	const uint32_t mask = gather->slot_count * 2 - 1;

	if (!grown)
		return -ENOMEM;
	for (uint32_t i = 0; i < gather->slot_count; i++) {
		uint32_t slot = gather->slots[i].hash & mask;

		if (!gather->slots[i].cell)
			continue;
		while (grown[slot].cell)
			slot = (slot + 1) & mask;
		grown[slot] = gather->slots[i];
	}
	free(gather->slots);
	gather->slots = grown;
	gather->slot_count *= 2;
	return 0;
}

int list_gather_begin(struct list_gather *gather, struct list_batch *batch, const struct list_gather_how *how,
		      size_t bytes)
{
	free(gather->slots);
	gather->batch = batch;
	gather->how = *how;
	gather->slots_used = 0;
	gather->slot_count = SLOTS_MIN;
	/* The shortest rows have about 14 bytes, and slots are filled by half at most. */
	while (gather->slot_count < bytes / 8 && gather->slot_count < SLOTS_AT_ONCE)
		gather->slot_count *= 2;
	gather->slots = calloc(gather->slot_count, sizeof(*gather->slots));
	return gather->slots ? 0 : -ENOMEM;
}

static int cell_fill(struct list_gather *gather, const struct list_entry *entry, struct list_cell *out)
{
	const struct list_gather_how *how = &gather->how;
	uint8_t severity = entry->severity == LIST_SEVERITY_UNSAID ? how->severity : entry->severity;
	uint64_t created = entry->created ? entry->created : how->now;
	uint64_t expires = entry->expires ? entry->expires : how->expires;

	*out = (struct list_cell){
		.prefix = entry->prefix,
		.list = how->row,
		.said = (uint8_t)((entry->flags ? entry->flags : how->flags) |
				  severity << LIST_SEVERITY_SHIFT | (entry->remove ? LIST_CELL_REMOVE : 0)),
		.created = created > UINT32_MAX ? UINT32_MAX : (uint32_t)created,
	};
	list_cell_expire_at(out, expires > LIST_EXPIRES_MAX ? LIST_EXPIRES_MAX : expires);
	return list_batch_text(gather->batch, 0, entry->reason, &out->note);
}
_Static_assert(LIST_REASON_ROOM == LIST_REASON_MAX, "reasons of files and of lists are as long");

static uint8_t flags_merge(uint8_t a, uint8_t b)
{
	uint8_t ways = (a | b) & (SEKI_ENTRY_SRC | SEKI_ENTRY_DST);

	if ((a | b) & SEKI_ENTRY_ALLOW)
		return ways | SEKI_ENTRY_ALLOW;
	return ways | (a & b & SEKI_ENTRY_ALERT);
}

static void cell_merge(struct list_cell *cell, const struct list_cell *next)
{
	const bool goes = cell->said & LIST_CELL_REMOVE, next_goes = next->said & LIST_CELL_REMOVE;
	uint8_t severity = list_cell_severity(next) > list_cell_severity(cell) ? list_cell_severity(next)
									       : list_cell_severity(cell);
	uint64_t expires = list_cell_expires(cell), next_expires = list_cell_expires(next);

	if (goes || next_goes) {
		if (goes && !next_goes)
			*cell = *next;
		return;
	}
	if (expires && (!next_expires || next_expires > expires))
		list_cell_expire_at(cell, next_expires);
	cell->said = (uint8_t)(flags_merge(list_cell_flags(cell), list_cell_flags(next)) |
			       severity << LIST_SEVERITY_SHIFT);
	if (!cell->note)
		cell->note = next->note;
}

int list_gather_add(const struct list_entry *entry, void *arg)
{
	struct list_gather *gather = arg;
	const uint32_t hash = prefix_hash(&entry->prefix);
	struct list_cell next, *cell;
	uint32_t slot;
	int err = cell_fill(gather, entry, &next);

	if (!err && gather->slots_used * 2 >= gather->slot_count)
		err = slots_grow(gather);
	if (err)
		return err;
	slot = slot_find(gather, &entry->prefix, hash);
	if (gather->slots[slot].cell) {
		cell_merge(&gather->batch->cells[gather->slots[slot].cell - 1], &next);
		return -EEXIST;
	}
	if (gather->batch->cell_count == LIST_GATHER_MAX)
		return -ENOSPC;
	cell = list_batch_cell(gather->batch);
	if (!cell)
		return -ENOMEM;
	*cell = next;
	gather->slots[slot] = (struct list_gather_slot){.hash = hash, .cell = gather->batch->cell_count};
	gather->slots_used++;
	return 0;
}

void list_gather_end(struct list_gather *gather)
{
	free(gather->slots);
	*gather = (struct list_gather){0};
}
