/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_store.h - what building the blacklist's tables takes from changing them.
 */
#ifndef KERN_LIST_STORE_H
#define KERN_LIST_STORE_H

#include "list_key.h"

#define LIST_MEMBERS_MAX 3 /* of a group that share one place; what is more lies at the levels */

/* What adds an entry: how it makes room, and where to what finds none. */
struct adding {
	bool build;    /* nobody reads: entries may be moved, and a prefix that comes again is -EEXIST */
	bool in_shard; /* a key that its place has no room for is -EAGAIN: other threads fill the other shards
			*/
	list_spill_fn spill;
	void *arg;
};

/* -EINVAL: length, host bits, list, flags or severity are out of bounds. */
__must_check int list_row_check(const struct gate_list_row *row);
/* A row with all of its gate words and keys. */
__must_check int row_put(struct list_table *t, const struct gate_list_row *row, const struct adding *how);
/* One key of a prefix, whose gate words are marked. *fresh: the prefix was not there. */
__must_check int key_put(struct list_table *t, const struct span *span, struct key key, __u64 said,
			 const struct adding *how, bool *fresh);
/* Rows are read in chunks, by several threads. */
#define LIST_CHUNKS 64u
static inline uint32_t list_chunks(uint32_t count)
{
	return count < 4096 ? 1 : LIST_CHUNKS;
}
/* Where a chunk begins; the one behind the last: count. */
static inline uint32_t list_chunk(uint32_t count, uint32_t chunk)
{
	return (uint32_t)((uint64_t)count * chunk / list_chunks(count));
}

/* All members of IPv4 groups, with their gate words; *members: how many rows these are. As
 * list_table_build(). */
__must_check int list_members_build(struct list_table *t, const struct gate_list_row *rows, uint32_t count,
				    const struct adding *how, uint32_t *members, uint32_t *bad);
void gates_mark(struct list_table *t, const struct span *span, struct key key);
void gate4_set(struct list_table *t, uint32_t addr, __u64 class);

#endif
