/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_gather.h - entries of list files into a batch: one cell per prefix of a
 * list, however often a file names it.
 */
#ifndef CORE_LIST_GATHER_H
#define CORE_LIST_GATHER_H

#include "list_image.h"
#include "list_import.h"

#define LIST_GATHER_MAX (16u << 20) /* cells of one batch */

/* What holds for entries that do not say. */
struct list_gather_how {
	uint8_t row; /* of the batch's lists */
	uint8_t flags, severity;
	uint64_t expires; /* epoch seconds, 0 never */
	uint64_t now;
};

struct list_gather {
	struct list_batch *batch; /* borrowed; its cells grow */
	struct list_gather_how how;
	struct list_gather_slot {
		uint32_t hash, cell; /* of the prefix; cell of the batch plus one, 0 free */
	} * slots;
	uint32_t slot_count, slots_used;
};

/* The next entries are of this list; bytes: of the text that they come from, to make room at once. -ENOMEM.
 */
__must_check int list_gather_begin(struct list_gather *gather, struct list_batch *batch,
				   const struct list_gather_how *how, size_t bytes);
/*
 * A list_entry_fn; arg is the gather. A prefix that is there already keeps one cell, with the longer life,
 * the greater severity and both directions; an exception wins over dropping, that over alerting, listing over
 * removing (-EEXIST). -ENOSPC over LIST_GATHER_MAX, -ENOMEM.
 */
__must_check int list_gather_add(const struct list_entry *entry, void *arg);
void list_gather_end(struct list_gather *gather); /* its memory, not the struct */

#endif
