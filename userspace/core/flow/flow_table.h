/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_table.h - every flow the engine holds, by key and by age. Bounded in
 * count and bytes; when full, the flow unused for longest is given up.
 */
#ifndef CORE_FLOW_TABLE_H
#define CORE_FLOW_TABLE_H

#include "flow.h"

struct flow_table;

/* First member of the owner's own structure, whose size flow_table_new() is told. */
struct flow_entry {
	struct flow flow;
	struct flow_entry *bucket_next, *older, *newer; /* the table's */
	uint64_t memory;				/* charged to it */
	uint64_t expires_us;				/* 0: not set yet */
};

enum flow_end { FLOW_END_NORMAL, FLOW_END_TIMEOUT, FLOW_END_GIVEN_UP };

/* Called just before the table forgets and frees entry; frees what hangs on it. Must not call the table. */
typedef void (*flow_end_fn)(struct flow_entry *entry, enum flow_end why, void *arg);

struct flow_table_options {
	uint32_t flow_max; /* at least 2: the flow in hand is never given up for itself */
	uint64_t memory;
	size_t entry_size; /* of the owner's structure */
	uint64_t seed;	   /* of the hash; the order of flows does not depend on it */
	flow_end_fn end;
	void *arg;
};

__must_check int flow_table_new(const struct flow_table_options *options, struct flow_table **out);
void flow_table_free(struct flow_table *table); /* ends every flow as given up */
DEFINE_CLEANUP(flow_table_free, struct flow_table)

/* The packet's key; true: its sender is the lo side. Ports follow abi.h: ICMP echo has its identifier in
 * both. */
bool flow_key_of(const struct packet *packet, struct seki_flow_key *key);

struct flow_entry *flow_table_find(const struct flow_table *table,
				   const struct seki_flow_key *key); /* NULL */
/* A zeroed entry with flow.key set, as the newest. Gives up the oldest when full. NULL: out of memory. */
struct flow_entry *flow_table_add(struct flow_table *table, const struct seki_flow_key *key);
/* The entry was used: it becomes the newest and is charged memory bytes; others may be given up for it. */
void flow_table_touch(struct flow_table *table, struct flow_entry *entry, uint64_t memory);
/* It holds so much now, without having been used: nothing else changes. */
void flow_table_charge(struct flow_table *table, struct flow_entry *entry, uint64_t memory);
void flow_table_end(struct flow_table *table, struct flow_entry *entry, enum flow_end why);

/* Oldest first; go on with entry->newer, read before the entry is ended. */
struct flow_entry *flow_table_oldest(const struct flow_table *table);
uint32_t flow_table_count(const struct flow_table *table);
uint64_t flow_table_memory(const struct flow_table *table);
uint64_t flow_table_given_up(const struct flow_table *table);
uint64_t flow_table_given_up_memory(
	const struct flow_table *table); /* of them, for want of memory; the others of room */

#endif
