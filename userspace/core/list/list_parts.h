/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_parts.h - what a list set consists of, for the list_*.c files only.
 */
#ifndef CORE_LIST_PARTS_H
#define CORE_LIST_PARTS_H

#include "list.h"
#include "list_notes.h"
#include "list_store.h"

struct list_row_about {
	char name[LIST_NAME_MAX]; /* "": the index is free */
	struct list_about about;
};

struct list_set {
	struct list_store
		store[2]; /* IPv6, IPv4: ::/0 does not cover IPv4, as the kernel keeps them apart too */
	struct list_notes *notes;
	uint32_t max_entries, total;
	uint32_t lengths[2][129]; /* cells of each prefix length: those that need not be looked for */
	uint16_t lists;
	struct list_row_about list[SEKI_MAX_LISTS];
};
_Static_assert(SEKI_MAX_LISTS <= 64, "sets of lists are a word");

struct list_store *list_store_of(const struct list_set *set, const struct prefix *prefix);
void list_cell_show(const struct list_set *set, const struct list_cell *cell, struct list_item *out);

#endif
