/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_table.h - builds, changes and reads the tables of sekimori/blacklist.h in memory; no system call.
 * Readers may be at work in the kernel while it writes: an entry appears and vanishes whole.
 */
#ifndef KERN_LIST_TABLE_H
#define KERN_LIST_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate.h"
#include "sekimori/blacklist.h"

/* One generation's memory, all of it the caller's. *head says how many shards there are, one behind the
 * other. */
struct list_table {
	struct seki_list_head *head;
	__u64 *gate4;			   /* SEKI_LIST_WORDS_GATE4 */
	__u64 *words;			   /* SEKI_LIST_WORDS */
	struct seki_list_bucket4 *bucket4; /* head->shards4 * SEKI_LIST_BUCKETS4 */
	union seki_list_line6 *line6;	   /* head->shards6 * SEKI_LIST_LINES6 */
};

/* Does the row's prefix live in the trie (IPv6 lengths that no level is near to)? */
bool list_table_is_odd(const struct seki_lpm *key);

/*
 * Sizes for these rows: shards, what is used of them and rows_odd in *head, whose seed stays. -EINVAL: a row
 * is malformed (length, host bits, list, no flags), *bad is its number; -E2BIG: more than
 * SEKI_LIST_SHARDS_MAX shards.
 */
__must_check int list_table_size(const struct gate_list_row *rows, uint32_t count,
				 struct seki_list_head *head, uint32_t *bad);

/*
 * A key for which both buckets are full; the packet path asks the spill map for it. hit NULL: it may be there
 * and has to go. Nonzero ends the operation and is returned.
 */
typedef int (*list_spill_fn)(const struct seki_list_spill_key *key, const struct seki_list_hit *hit,
			     void *arg);

/*
 * Fills zeroed memory of the sizes of list_table_size(); nobody reads it yet. Rows in any order; odd ones are
 * left out, but their gate bits are set. -EINVAL: two rows of one prefix, *bad is one of them; -ENOMEM; what
 * spill returned.
 */
__must_check int list_table_build(struct list_table *table, const struct gate_list_row *rows, uint32_t count,
				  list_spill_fn spill, void *arg, uint32_t *bad);

/*
 * One row under readers' eyes. Its prefix has at most 256 keys, and no row inside it depends on it (the
 * caller's knowledge). Replaces the row of the same prefix. What spill returned, -ENOSPC without one: build a
 * generation, which may move entries or be larger.
 */
__must_check int list_table_put(struct list_table *table, const struct gate_list_row *row,
				list_spill_fn spill, void *arg);
/* heir: the row of the next shorter prefix of the same level that covers this one, or NULL. -ENOENT. */
__must_check int list_table_remove(struct list_table *table, const struct seki_lpm *key,
				   const struct gate_list_row *heir, list_spill_fn spill, void *arg);
/* The shortest prefix length that lives at the same level as this prefix: where an heir can be. */
uint32_t list_table_level_low(const struct seki_lpm *key);

/* Looks a key up in the spill map. false: it is not there. */
typedef bool (*list_spilled_fn)(const struct seki_list_spill_key *key, struct seki_list_hit *out, void *arg);

/* What the packet path finds for an address, the trie aside; false: nothing. *prefix: the row's, as listed.
 */
bool list_table_find(const struct list_table *table, const struct seki_addr *addr, list_spilled_fn spilled,
		     void *arg, struct seki_lpm *prefix, struct seki_list_hit *out);

/* Every entry: rows that cover several keys come several times, rows that longer ones hide wholly do not
 * come. Nonzero of fn ends it. */
typedef int (*list_entry_fn)(const struct seki_lpm *prefix, const struct seki_list_hit *hit, void *arg);
int list_table_each(const struct list_table *table, list_entry_fn fn, void *arg);

/* Is every entry found through gate, Bloom word and buckets? -EIO: not. *digest: equal for tables that say
 * the same, whatever their seeds. */
__must_check int list_table_check(const struct list_table *table, uint64_t *digest);

/*
 * Every entry once, with what it says as a number and whether packets find it through gate and buckets under
 * all of its keys; one of /16 or shorter, and one of IPv6, once for each key. Sums of the numbers are equal
 * for tables that say the same.
 */
typedef int (*list_audit_fn)(const struct seki_lpm *prefix, const struct seki_list_hit *hit, uint64_t digest,
			     bool reached, void *arg);
__must_check int list_table_audit(const struct list_table *table, list_audit_fn fn, void *arg);
/* The same of an entry in the spill map; false: it is one more key of a prefix that comes otherwise. */
bool list_table_audit_spilled(const struct list_table *table, const struct seki_list_spill_key *key,
			      const struct seki_list_hit *hit, struct seki_lpm *prefix, uint64_t *digest,
			      bool *reached);
/* And of one in the trie. */
void list_table_audit_odd(const struct list_table *table, const struct seki_lpm *prefix,
			  const struct seki_list_hit *hit, uint64_t *digest, bool *reached);

/* The prefix of an entry in the spill map. */
struct seki_lpm list_spilled_prefix(const struct seki_list_spill_key *key, const struct seki_list_hit *hit);
/* Clears the bits behind the prefix's length. */
void list_prefix_mask(struct seki_lpm *prefix);
struct seki_list_hit list_hit_of(const struct gate_list_row *row);
struct seki_entry list_entry_of(const struct seki_list_hit *hit);

#endif
