/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_guard.h - what a list from outside may not name unless that is allowed
 * by name: our own side, special-purpose addresses, too much of the address
 * space. Enforcement is safe without it, since the allow set wins.
 */
#ifndef CORE_LIST_GUARD_H
#define CORE_LIST_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/prefix.h"

/* id, bit, name of the option --allow-NAME and of the key allow-NAME, what it lets through */
#define LIST_ALLOWS(X)                                                                                       \
	X(OWN, 1, "own", "entries that touch own addresses, gateway, resolvers, SOC or management peers")    \
	X(PRIVATE, 2, "private", "entries that touch private, shared or reserved addresses (RFC 6890)")      \
	X(SHARE, 4, "share", "a list that covers more of the address space than max-share")                  \
	X(SHRINK, 8, "shrink", "a list of less than half as many entries as the one that is loaded")         \
	X(CUT, 16, "cut", "a file that is cut off or does not hold what it says it holds")                   \
	X(EXCEPTIONS, 32, "exceptions", "entries that are exceptions, for which other lists do not hold")

enum list_allow {
#define X(id, bit, name, help) LIST_ALLOW_##id = bit,
	LIST_ALLOWS(X)
#undef X
		LIST_ALLOW_ALL = 63
};

#define LIST_SHARE_STANDARD 20u /* per cent; FireHOL's level 1 without its bogons is below 2 */

struct list_guard_row {
	struct prefix prefix;
	uint8_t kind; /* enum seki_scope_kind */
};

struct list_guard {
	struct list_guard_row *rows; /* in the order of list_guard_sort() */
	uint32_t count, count_v4;
	uint32_t allow;	    /* enum list_allow */
	uint32_t max_share; /* per cent of the IPv4 space, or of IPv6's global unicast; 0: not asked */
};

/* Sorts the rows and drops those inside others: their first kind is told. */
void list_guard_sort(struct list_guard *guard);
/* Does the prefix touch one of the rows? With why. */
bool list_guard_own(const struct list_guard *guard, const struct prefix *prefix, char why[160]);
/* Does it lie in a special-purpose block, or cover one? With why, unless that is NULL. */
enum list_touch { LIST_TOUCH_NONE, LIST_TOUCH_COVERS, LIST_TOUCH_WITHIN };
enum list_touch list_guard_special(const struct prefix *prefix, char why[160]);

/* How much of the address space prefixes cover together. */
struct list_share {
	struct list_span {
		uint64_t first, last; /* IPv4 addresses; the upper halves of IPv6 ones */
	} * spans[2];		      /* IPv6, IPv4 */
	uint32_t count[2], room[2];
};
__must_check int list_share_add(struct list_share *share, const struct prefix *prefix); /* -ENOMEM */
/* Per mille of the IPv4 space, and of 2000::/3. */
void list_share_sum(struct list_share *share, uint32_t *v4, uint32_t *v6);
void list_share_clear(struct list_share *share);

/* "own" to its bit; 0: there is no such name. Bit to name. */
uint32_t list_allow_bit(const char *name);
const char *list_allow_name(uint32_t bit);

#endif
