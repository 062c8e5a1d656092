/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_store.h - the entries of all lists of one address family in order, 32 bytes each: blocks of cells and
 * a directory of blocks. A wider prefix comes before what it covers; the lists of a prefix by number.
 */
#ifndef CORE_LIST_STORE_H
#define CORE_LIST_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/prefix.h"

#define LIST_BLOCK_CELLS 256u

#define LIST_SEVERITY_SHIFT 4u
#define LIST_CELL_REMOVE    0x80u /* in images of changes: the entry goes */
#define LIST_EXPIRES_MAX    ((1ull << 40) - 1)

/* What one list says of one prefix. */
struct list_cell {
	struct prefix prefix;
	uint8_t list;
	uint8_t said;	      /* SEKI_ENTRY_*, severity << LIST_SEVERITY_SHIFT, LIST_CELL_REMOVE */
	uint8_t expires_high; /* epoch seconds, 40 bits; 0: never */
	uint32_t expires_low;
	uint32_t created; /* epoch seconds */
	uint32_t note;	  /* struct list_notes of the set, or row of the image's texts; 0: none */
};
_Static_assert(sizeof(struct list_cell) == 32, "list_cell");

static inline uint64_t list_cell_expires(const struct list_cell *cell)
{
	return (uint64_t)cell->expires_high << 32 | cell->expires_low;
}

static inline void list_cell_expire_at(struct list_cell *cell, uint64_t expires)
{
	cell->expires_high = (uint8_t)(expires >> 32);
	cell->expires_low = (uint32_t)expires;
}

static inline uint8_t list_cell_flags(const struct list_cell *cell)
{
	return cell->said & ((1u << LIST_SEVERITY_SHIFT) - 1);
}

static inline uint8_t list_cell_severity(const struct list_cell *cell)
{
	return (cell->said & (LIST_CELL_REMOVE - 1)) >> LIST_SEVERITY_SHIFT;
}

/* By prefix, then list. */
int list_cell_compare(const struct list_cell *a, const struct list_cell *b);

struct list_block {
	struct list_cell *cells;
	struct list_cell first; /* copy: a search stays in the directory */
	uint64_t next_expiry;	/* nothing in it expires before; 0: nothing does */
	uint64_t lists;		/* a bit for each list that may have cells in it */
	uint32_t count;
};

struct list_store { /* zeroed: empty */
	struct list_block *blocks;
	uint32_t count, room;
};

struct list_place {
	uint32_t block, cell;
};

void list_store_clear(struct list_store *store);
/* The cell at a place, NULL behind the last; the place is moved over the end of a block. */
const struct list_cell *list_store_at(const struct list_store *store, struct list_place *place);
/* The first cell that is not before (prefix, list). */
struct list_place list_store_seek(const struct list_store *store, const struct prefix *prefix, uint8_t list);
/* The cell itself, or NULL. */
const struct list_cell *list_store_find(const struct list_store *store, const struct prefix *prefix,
					uint8_t list);
/* A cell that is not there yet. -ENOMEM. */
__must_check int list_store_add(struct list_store *store, const struct list_cell *cell);
/* Behind the last; cells come in order. -ENOMEM. */
__must_check int list_store_append(struct list_store *store, const struct list_cell *cell);
/* Puts another in the place of one with the same prefix and list, which is there. */
void list_store_replace(struct list_store *store, const struct list_cell *cell);
void list_store_remove(struct list_store *store, const struct prefix *prefix, uint8_t list); /* it is there */

/* Cells for which fn says so go; blocks that skip says hold none are not looked at. */
typedef bool (*list_cell_fn)(const struct list_cell *cell, void *arg);
typedef bool (*list_block_fn)(const struct list_block *block, void *arg);
void list_store_prune(struct list_store *store, list_block_fn skip, list_cell_fn fn, void *arg);
uint64_t list_store_bytes(const struct list_store *store);

#endif
