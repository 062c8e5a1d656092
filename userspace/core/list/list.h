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

#define LIST_NAME_MAX	32
#define LIST_REASON_MAX 128
#define LIST_MANUAL	0u /* `sekimori block` writes here; always exists as "manual" */

enum list_source { LIST_FROM_HAND, LIST_FROM_CONFIG, LIST_FROM_FILE, LIST_SOURCE_MAX };

struct list_set;
struct list_image;

struct list_item {
	struct prefix prefix;
	uint16_t list;
	uint8_t flags; /* SEKI_ENTRY_SRC, _DST; _ALERT or _ALLOW */
	uint8_t severity;
	uint32_t sid;
	uint64_t expires; /* epoch seconds, 0 = never */
	uint64_t created;
	char reason[LIST_REASON_MAX];
};

/* What is known of a list beside its items. */
struct list_about {
	uint64_t serial;    /* one more with each change of its content; 0: never filled */
	uint64_t changed;   /* epoch seconds of the last one */
	uint64_t taken;	    /* when its source was last read, also when that changed nothing */
	uint64_t not_after; /* its own word how long it holds, 0 none: an older list stays in force, and that
			       is told */
	uint64_t digest;    /* of its items; does not depend on their order */
	uint32_t count;
	uint8_t source;	  /* enum list_source */
	uint8_t priority; /* where lists contradict, the higher one is right */
};

__must_check int list_set_new(uint32_t max_entries, struct list_set **out);
/* Another limit. -ENOSPC: there are more items already; the limit stays. */
__must_check int list_limit(struct list_set *set, uint32_t max_entries);
uint32_t list_limit_get(const struct list_set *set);
void list_set_free(struct list_set *set);
DEFINE_CLEANUP(list_set_free, struct list_set)

/* Index of the named list, made when create and absent. -ENOENT, -ENOSPC (SEKI_MAX_LISTS), -EINVAL bad name.
 */
__must_check int list_index(struct list_set *set, const char *name, bool create, uint16_t *index);
/* The same, at this index if it is free: counters of the packet path go by it. */
__must_check int list_index_at(struct list_set *set, const char *name, uint16_t wanted, uint16_t *index);
const char *list_name(const struct list_set *set, uint16_t index); /* NULL: no such list */
void list_about(const struct list_set *set, uint16_t index, struct list_about *out);
/* All but count and digest, which are the set's own to know. */
void list_about_set(struct list_set *set, uint16_t index, const struct list_about *about);

/* One item per (list, prefix): adding again replaces. -ENOSPC at max_entries. now: of the change. */
__must_check int list_add(struct list_set *set, const struct list_item *item, uint64_t now);
__must_check int list_remove(struct list_set *set, uint16_t list, const struct prefix *prefix,
			     uint64_t now); /* -ENOENT */
/* -ENOENT: the list does not have that prefix. */
__must_check int list_get(const struct list_set *set, uint16_t list, const struct prefix *prefix,
			  struct list_item *out);
/* Drops every item of the list. */
void list_clear(struct list_set *set, uint16_t list);
/* The same, and the name with it: the index is free for another. "manual" stays. */
void list_forget(struct list_set *set, uint16_t list);
uint32_t list_count(const struct list_set *set, uint16_t list);
uint32_t list_total(const struct list_set *set);
uint64_t list_bytes(const struct list_set *set); /* of memory, about */

/* Removes items that expired by now and tells each; returns how many. */
typedef void (*list_expired_fn)(const struct prefix *prefix, void *arg);
uint32_t list_expire(struct list_set *set, uint64_t now, list_expired_fn fn, void *arg);

/*
 * Another set: what old has without the lists whose bit is set in `without`, changed by the image, whose list
 * i is index[i] of both. old stays as it is and may be gone back to. Items that expired by now are left out.
 * Lists that are left out or in the image count as changed at now. -ENOSPC: more than max_entries, -ENOMEM.
 * It gives way (lib/pause.h): meanwhile single items of old may come and go, which the new set has or has
 * not; who does that puts them into the new one as well.
 */
__must_check int list_set_merge(const struct list_set *old, uint64_t without, const struct list_image *image,
				const uint16_t *index, uint32_t max_entries, uint64_t now,
				struct list_set **out);

/* Every item that covers addr, most specific first; nonzero of fn stops. */
typedef int (*list_item_fn)(const struct list_item *item, void *arg);
void list_why(const struct list_set *set, const struct prefix *addr, list_item_fn fn, void *arg);
/* Items of one list: IPv4 first, each family in the order of prefix_compare(). The second begins behind a
 * prefix, which need not be listed. */
void list_each(const struct list_set *set, uint16_t list, list_item_fn fn, void *arg);
void list_each_after(const struct list_set *set, uint16_t list, const struct prefix *after, list_item_fn fn,
		     void *arg);

/*
 * The merged rows: one per distinct prefix, flags and latest expiry of every
 * item that covers it folded in (see struct seki_entry). to_monotonic is added
 * to epoch seconds.
 * Items that expired by now do not count. Lists of higher priority are right; among equals an exception, then
 * dropping, then alerting wins whole: the row has the directions and the expiry of the winning ones. list,
 * severity and sid are those of the winner of the prefix's own that has the highest priority, then severity,
 * else of the nearest that covers it. An ALLOW item is an exception: what covers it, with a priority that is
 * not higher, does not hold for it nor inside it; what lies inside it and says otherwise does, unless its
 * priority is lower. An exception's row never expires: the end of it is the caller's change. IPv6 prefixes
 * never cover IPv4 (::/0 is IPv6 only).
 */
struct list_row {
	struct prefix prefix;
	struct seki_entry entry;
};
typedef void (*list_row_fn)(const struct list_row *row, void *arg);
/* IPv4 first. At most list_prefixes() of them. */
void list_flatten(const struct list_set *set, uint64_t now, int64_t to_monotonic, list_row_fn fn, void *arg);
uint32_t list_prefixes(const struct list_set *set);

/* The merged row of one prefix. -ENOENT: nobody lists it. */
__must_check int list_row(const struct list_set *set, const struct prefix *prefix, uint64_t now,
			  int64_t to_monotonic, struct list_row *out);
/* Are there listed prefixes inside this one, whose rows depend on it? */
bool list_inside(const struct list_set *set, const struct prefix *prefix);

#endif
