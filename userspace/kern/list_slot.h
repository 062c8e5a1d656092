/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_slot.h - the maps of a blacklist generation: made, pinned, mapped into memory, opened again.
 */
#ifndef KERN_LIST_SLOT_H
#define KERN_LIST_SLOT_H

#include "gate_private.h"
#include "list_table.h"

#define LIST_ODD_ENTRIES (1u << 20) /* as bpf/maps.bpf.h has it */

/*
 * Makes the idle slot's maps as many as head asks for, zeroed; what the slot has and can be used again stays
 * in place. odd: a new trie, since one cannot be emptied at once. -errno: the slot holds maps, but not all of
 * them.
 */
__must_check int slot_fit(struct gate *gate, uint32_t slot, const struct seki_list_head *head, bool odd);
/* Opens what the slot holds, by gate->list_heads. -ENOENT: nothing; -EBADMSG: its parts do not belong
 * together. */
__must_check int slot_open(struct gate *gate, uint32_t slot);
void slot_close(struct gate_generation *g);
/* The table over g's memory; head is where the packet path reads it, or a copy while it is built. */
struct list_table slot_table(const struct gate_generation *g, struct seki_list_head *head);
/* Of the slot's maps, the trie aside. */
uint64_t slot_bytes(const struct gate *gate, uint32_t slot);

#endif
