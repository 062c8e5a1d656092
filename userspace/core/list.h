/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list.h - the truth about who is listed: named lists of prefixes, reference
 * counted, merged into the rows the kernel gets. No I/O; times are arguments.
 */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/prefix.h"
#include "sekimori/maps.h"

#define LIST_NAME_MAX 32
#define LIST_REASON_MAX 128
#define LIST_MANUAL 0u /* `sekimori block` writes here; always exists as "manual" */

struct list_set;

struct list_item {
	struct prefix prefix;
	uint16_t list;
	uint8_t flags;	  /* SEKI_ENTRY_SRC, _DST; _ALERT, or _ALLOW, which cannot expire */
	uint8_t severity;
	uint32_t sid;
	uint64_t expires; /* epoch seconds, 0 = never */
	uint64_t created;
	char reason[LIST_REASON_MAX];
};

__must_check int list_set_new(uint32_t max_entries, struct list_set **out);
/* Another limit. -ENOSPC: there are more items already; the limit stays. */
__must_check int list_limit(struct list_set *set, uint32_t max_entries);
uint32_t list_limit_get(const struct list_set *set);
void list_set_free(struct list_set *set);
DEFINE_CLEANUP(list_set_free, struct list_set)

/* Index of the named list, made when create and absent. -ENOENT, -ENOSPC (SEKI_MAX_LISTS), -EINVAL bad name. */
__must_check int list_index(struct list_set *set, const char *name, bool create, uint16_t *index);
const char *list_name(const struct list_set *set, uint16_t index); /* NULL: no such list */

/* One item per (list, prefix): adding again replaces. -ENOSPC at max_entries. */
__must_check int list_add(struct list_set *set, const struct list_item *item);
__must_check int list_remove(struct list_set *set, uint16_t list, const struct prefix *prefix); /* -ENOENT */
/* Drops every item of the list. */
void list_clear(struct list_set *set, uint16_t list);
/* The same, and the name with it: the index is free for another. "manual" stays. */
void list_forget(struct list_set *set, uint16_t list);
/* Removes items that expired before now; returns how many. */
uint32_t list_expire(struct list_set *set, uint64_t now);
uint32_t list_count(const struct list_set *set, uint16_t list);
uint32_t list_total(const struct list_set *set);

/* Every item that covers addr, most specific first; returns nonzero of fn to stop. */
typedef int (*list_item_fn)(const struct list_item *item, void *arg);
void list_why(const struct list_set *set, const struct prefix *addr, list_item_fn fn, void *arg);
/* Items of one list: IPv4 first, each family in the order of prefix_compare(). The second begins behind a prefix, which need not be listed. */
void list_each(const struct list_set *set, uint16_t list, list_item_fn fn, void *arg);
void list_each_after(const struct list_set *set, uint16_t list, const struct prefix *after, list_item_fn fn, void *arg);

/*
 * The merged rows: one per distinct prefix, flags and latest expiry of every
 * item that covers it folded in (see struct seki_entry). to_monotonic is added
 * to epoch seconds.
 * Items that expired by now do not count. Where dropping and alerting claims meet, dropping wins whole: the row
 * has the directions and the expiry of the dropping ones. list, severity and sid are those of the prefix's own
 * most severe such item, else of the nearest that covers it. An ALLOW item is an exception: what covers it does not hold for it nor
 * inside it, what lies inside it and drops does. IPv6 prefixes never cover IPv4 (::/0 is IPv6 only).
 * *rows is malloc'ed, IPv4 first. -ENOMEM.
 */
struct list_row {
	struct prefix prefix;
	struct seki_entry entry;
};
__must_check int list_flatten(struct list_set *set, uint64_t now, int64_t to_monotonic, struct list_row **rows,
			      uint32_t *count);

/* The merged row of one prefix. -ENOENT: nobody lists it. */
__must_check int list_row(const struct list_set *set, const struct prefix *prefix, uint64_t now, int64_t to_monotonic,
			  struct list_row *out);
/* Are there listed prefixes inside this one, whose rows depend on it? */
bool list_inside(const struct list_set *set, const struct prefix *prefix);

#endif
