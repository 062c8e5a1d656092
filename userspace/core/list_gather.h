/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_gather.h - entries of list files into a policy: one row per prefix of a
 * list, however often a file names it.
 */
#ifndef CORE_LIST_GATHER_H
#define CORE_LIST_GATHER_H

#include "list_import.h"
#include "policy.h"

struct list_gather {
	struct policy *policy; /* borrowed; its entries grow */
	uint16_t list;
	uint64_t expires;  /* of entries that do not say, 0 never */
	struct list_gather_slot {
		uint32_t hash, row; /* of the prefix; row of policy->entries plus one, 0 free */
	} *slots;
	uint32_t *reasons; /* hash of text: row of policy->reasons plus one */
	uint32_t slot_count, slots_used, reason_count;
};

/*
 * The next entries are of this list, a row of policy->lists; bytes: of the text that they come from, to make room at
 * once. -ENOMEM.
 */
__must_check int list_gather_begin(struct list_gather *gather, struct policy *policy, uint16_t list,
				   uint64_t expires, size_t bytes);
/*
 * A list_entry_fn; arg is the gather. A prefix that is there already keeps one row, with the longer life, the greater
 * severity and both directions; dropping wins over alerting, listing over removing (-EEXIST). -ENOSPC over the
 * policy's limits, -ENOMEM.
 */
__must_check int list_gather_add(const struct list_entry *entry, void *arg);
void list_gather_end(struct list_gather *gather); /* its memory, not the struct */

#endif
