// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_store.c - blocks of cells in order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "list_store.h"

int list_cell_compare(const struct list_cell *a, const struct list_cell *b)
{
	int order = prefix_compare(&a->prefix, &b->prefix);

	return order ? order : (int)a->list - (int)b->list;
}

void list_store_clear(struct list_store *store)
{
	for (uint32_t i = 0; i < store->count; i++)
		free(store->blocks[i].cells);
	free(store->blocks);
	*store = (struct list_store){0};
}

const struct list_cell *list_store_at(const struct list_store *store, struct list_place *place)
{
	if (place->block < store->count && place->cell == store->blocks[place->block].count) {
		place->block++;
		place->cell = 0;
	}
	return place->block < store->count ? &store->blocks[place->block].cells[place->cell] : NULL;
}

/* The block where a key is or belongs; the store has blocks. */
static uint32_t block_find(const struct list_store *store, const struct list_cell *key)
{
	uint32_t low = 0, high = store->count; /* low's first is not behind the key, unless it is the first */

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (list_cell_compare(&store->blocks[middle].first, key) <= 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static uint32_t cell_find(const struct list_block *block, const struct list_cell *key)
{
	uint32_t low = 0, high = block->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (list_cell_compare(&block->cells[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct list_place key_seek(const struct list_store *store, const struct list_cell *key)
{
	struct list_place place = {0};

	if (!store->count)
		return place;
	place.block = block_find(store, key);
	place.cell = cell_find(&store->blocks[place.block], key);
	return place;
}

struct list_place list_store_seek(const struct list_store *store, const struct prefix *prefix, uint8_t list)
{
	const struct list_cell key = {.prefix = *prefix, .list = list};

	return key_seek(store, &key);
}

const struct list_cell *list_store_find(const struct list_store *store, const struct prefix *prefix,
					uint8_t list)
{
	const struct list_cell key = {.prefix = *prefix, .list = list};
	struct list_place place = key_seek(store, &key);
	const struct list_cell *cell = list_store_at(store, &place);

	return cell && !list_cell_compare(cell, &key) ? cell : NULL;
}

static void block_note(struct list_block *block, const struct list_cell *cell)
{
	uint64_t expires = list_cell_expires(cell);

	block->lists |= 1ull << cell->list;
	if (expires && (!block->next_expiry || expires < block->next_expiry))
		block->next_expiry = expires;
}

/* What the directory says of a block, anew. */
static void block_refresh(struct list_block *block)
{
	block->first = block->cells[0];
	block->next_expiry = block->lists = 0;
	for (uint32_t i = 0; i < block->count; i++)
		block_note(block, &block->cells[i]);
}

/* A block without cells at a place of the directory. */
static int block_insert(struct list_store *store, uint32_t at)
{
	struct list_cell *cells = malloc(LIST_BLOCK_CELLS * sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	if (store->count == store->room) {
		uint32_t room = store->room ? store->room * 2 : 8;
		struct list_block *grown = realloc(store->blocks, room * sizeof(*grown));

		if (!grown) {
			free(cells);
			return -ENOMEM;
		}
		store->blocks = grown;
		store->room = room;
	}
	memmove(&store->blocks[at + 1], &store->blocks[at], (store->count - at) * sizeof(*store->blocks));
	store->blocks[at] = (struct list_block){.cells = cells};
	store->count++;
	return 0;
}

static void block_drop(struct list_store *store, uint32_t at)
{
	free(store->blocks[at].cells);
	store->count--;
	memmove(&store->blocks[at], &store->blocks[at + 1], (store->count - at) * sizeof(*store->blocks));
}

/* Half of a full block into a new one behind it. Entries often come in order: then the full block stays full.
 */
static int block_split(struct list_store *store, uint32_t at, uint32_t cell)
{
	uint32_t kept = at + 1 == store->count && cell == LIST_BLOCK_CELLS ? cell : LIST_BLOCK_CELLS / 2;
	struct list_block *from, *to;
	int err = block_insert(store, at + 1);

	if (err)
		return err;
	from = &store->blocks[at];
	to = &store->blocks[at + 1];
	to->count = from->count - kept;
	memcpy(to->cells, &from->cells[kept], to->count * sizeof(*to->cells));
	from->count = kept;
	block_refresh(from);
	if (to->count)
		block_refresh(to);
	return 0;
}

static void cell_insert(struct list_block *block, uint32_t at, const struct list_cell *cell)
{
	memmove(&block->cells[at + 1], &block->cells[at], (block->count - at) * sizeof(*cell));
	block->cells[at] = *cell;
	block->count++;
	block->first = block->cells[0];
	block_note(block, cell);
}

int list_store_add(struct list_store *store, const struct list_cell *cell)
{
	struct list_place place = key_seek(store, cell);
	int err = store->count ? 0 : block_insert(store, 0);

	if (!err && store->blocks[place.block].count == LIST_BLOCK_CELLS) {
		err = block_split(store, place.block, place.cell);
		if (!err && place.cell >= store->blocks[place.block].count) {
			place.cell -= store->blocks[place.block].count;
			place.block++;
		}
	}
	if (!err)
		cell_insert(&store->blocks[place.block], place.cell, cell);
	return err;
}

int list_store_append(struct list_store *store, const struct list_cell *cell)
{
	int err = 0;

	if (!store->count || store->blocks[store->count - 1].count == LIST_BLOCK_CELLS)
		err = block_insert(store, store->count);
	if (!err)
		cell_insert(&store->blocks[store->count - 1], store->blocks[store->count - 1].count, cell);
	return err;
}

void list_store_replace(struct list_store *store, const struct list_cell *cell)
{
	struct list_place place = key_seek(store, cell);
	struct list_block *block;

	if (!list_store_at(store, &place))
		return;
	block = &store->blocks[place.block];
	block->cells[place.cell] = *cell;
	block_refresh(block);
}

/* Two neighbours that are together half full become one. */
static void block_join(struct list_store *store, uint32_t at)
{
	struct list_block *from = &store->blocks[at + 1], *to = &store->blocks[at];

	memcpy(&to->cells[to->count], from->cells, from->count * sizeof(*to->cells));
	to->count += from->count;
	block_drop(store, at + 1);
	block_refresh(&store->blocks[at]);
}

static void block_shrunk(struct list_store *store, uint32_t at)
{
	if (!store->blocks[at].count) {
		block_drop(store, at);
		return;
	}
	block_refresh(&store->blocks[at]);
	if (at && store->blocks[at - 1].count + store->blocks[at].count <= LIST_BLOCK_CELLS / 2)
		at--;
	if (at + 1 < store->count &&
	    store->blocks[at].count + store->blocks[at + 1].count <= LIST_BLOCK_CELLS / 2)
		block_join(store, at);
}

void list_store_remove(struct list_store *store, const struct prefix *prefix, uint8_t list)
{
	struct list_place place = list_store_seek(store, prefix, list);
	struct list_block *block;

	if (!list_store_at(store, &place))
		return;
	block = &store->blocks[place.block];
	block->count--;
	memmove(&block->cells[place.cell], &block->cells[place.cell + 1],
		(block->count - place.cell) * sizeof(*block->cells));
	block_shrunk(store, place.block);
}

/* Is there room for the block in the one that was kept before it? */
static bool block_merge(struct list_block *into, struct list_block *block)
{
	if (into->count + block->count > LIST_BLOCK_CELLS / 2)
		return false;
	memcpy(&into->cells[into->count], block->cells, block->count * sizeof(*into->cells));
	into->count += block->count;
	free(block->cells);
	block_refresh(into);
	return true;
}

/* True: cells are left in it. */
static bool block_prune(struct list_block *block, list_cell_fn fn, void *arg)
{
	uint32_t kept = 0;

	for (uint32_t at = 0; at < block->count; at++)
		if (!fn(&block->cells[at], arg))
			block->cells[kept++] = block->cells[at];
	block->count = kept;
	if (kept)
		block_refresh(block);
	else
		free(block->cells);
	return kept;
}

void list_store_prune(struct list_store *store, list_block_fn skip, list_cell_fn fn, void *arg)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < store->count; i++) {
		struct list_block block = store->blocks[i];

		if (!skip(&block, arg) && !block_prune(&block, fn, arg))
			continue;
		if (!kept || !block_merge(&store->blocks[kept - 1], &block))
			store->blocks[kept++] = block;
	}
	store->count = kept;
}

uint64_t list_store_bytes(const struct list_store *store)
{
	return store->room * sizeof(*store->blocks) +
	       (uint64_t)store->count * LIST_BLOCK_CELLS * sizeof(struct list_cell);
}
