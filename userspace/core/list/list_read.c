// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_read.c - what a list set says: of an address, of a list, and as the rows that the packet path gets.
 */
#include <errno.h>
#include <string.h>

#include "lib/pause.h"
#include "list_parts.h"

#define DEPTH_MAX 129 /* prefixes that cover one another */

/* The prefix cut to a shorter length. */
static struct prefix prefix_cut(const struct prefix *prefix, unsigned int len)
{
	struct prefix cut = {.len = (uint8_t)len};

	memcpy(cut.addr, prefix->addr, len / 8);
	if (len % 8)
		cut.addr[len / 8] = (uint8_t)(prefix->addr[len / 8] & (0xff00 >> (len % 8)));
	return cut;
}

/* Shortest length that covers an address of its own family only. */
static unsigned int length_least(const struct prefix *prefix)
{
	return prefix_is_v4(prefix) ? 96 : 0;
}

/* The cells of the prefix at the place, which moves behind them; their number. */
static unsigned int group_at(const struct list_store *store, struct list_place *place,
			     const struct prefix *prefix, const struct list_cell *group[SEKI_MAX_LISTS])
{
	const struct list_cell *cell = list_store_at(store, place);
	unsigned int count = 0;

	while (cell && count < SEKI_MAX_LISTS && !prefix_compare(&cell->prefix, prefix)) {
		group[count++] = cell;
		place->cell++;
		cell = list_store_at(store, place);
	}
	return count;
}

static unsigned int group_of(const struct list_set *set, const struct prefix *prefix,
			     const struct list_cell *group[SEKI_MAX_LISTS])
{
	const struct list_store *store = list_store_of(set, prefix);
	struct list_place place = list_store_seek(store, prefix, 0);

	return group_at(store, &place, prefix, group);
}

void list_why(const struct list_set *set, const struct prefix *addr, list_item_fn fn, void *arg)
{
	const uint32_t *lengths = set->lengths[prefix_is_v4(addr)];
	const struct list_cell *group[SEKI_MAX_LISTS];
	struct list_item item;

	for (unsigned int len = addr->len + 1u; len-- > length_least(addr);) {
		struct prefix cover = prefix_cut(addr, len);
		unsigned int count = lengths[len] ? group_of(set, &cover, group) : 0;

		for (unsigned int i = 0; i < count; i++) {
			list_cell_show(set, group[i], &item);
			if (fn(&item, arg))
				return;
		}
	}
}

/* Cells of one list from a place on. Nonzero: fn ended it. */
static int each_from(const struct list_set *set, int family, struct list_place place, uint16_t list,
		     list_item_fn fn, void *arg)
{
	const struct list_store *store = &set->store[family];
	const struct list_cell *cell;
	struct list_item item;

	while ((cell = list_store_at(store, &place))) {
		if (!place.cell && !(store->blocks[place.block].lists >> list & 1)) {
			place.block++;
			continue;
		}
		place.cell++;
		if (cell->list != list)
			continue;
		list_cell_show(set, cell, &item);
		if (fn(&item, arg))
			return 1;
	}
	return 0;
}

void list_each_after(const struct list_set *set, uint16_t list, const struct prefix *after, list_item_fn fn,
		     void *arg)
{
	const bool v4 = prefix_is_v4(after);

	if (list >= SEKI_MAX_LISTS)
		return;
	if (!each_from(set, v4, list_store_seek(&set->store[v4], after, UINT8_MAX), list, fn, arg) && v4)
		each_from(set, 0, (struct list_place){0}, list, fn, arg);
}

void list_each(const struct list_set *set, uint16_t list, list_item_fn fn, void *arg)
{
	if (list < SEKI_MAX_LISTS && !each_from(set, 1, (struct list_place){0}, list, fn, arg))
		each_from(set, 0, (struct list_place){0}, list, fn, arg);
}

bool list_inside(const struct list_set *set, const struct prefix *prefix)
{
	const struct list_store *store = list_store_of(set, prefix);
	struct list_place place = list_store_seek(store, prefix, UINT8_MAX);
	const struct list_cell *next = list_store_at(store, &place);

	return next && prefix_contains(prefix, &next->prefix);
}

/* --- flattening */

/* What the live cells at and above a prefix add up to, for one action. */
struct fold {
	const struct list_cell *best; /* names list, severity and sid; NULL: nothing says so */
	uint64_t expires;	      /* 0: never */
	uint8_t flags;
	uint8_t priority; /* the highest of them */
};

/* Of all actions, for what lies inside a prefix. */
struct folds {
	struct fold drop, alert, allow;
};

struct flattener {
	const struct list_set *set;
	uint64_t now;
	int64_t to_monotonic;
};

static uint8_t priority_of(const struct flattener *f, const struct list_cell *cell)
{
	return f->set->list[cell->list].about.priority;
}

static bool cell_goes_before(const struct flattener *f, const struct list_cell *a, const struct list_cell *b)
{
	uint8_t x = priority_of(f, a), y = priority_of(f, b);

	return x != y ? x > y : list_cell_severity(a) > list_cell_severity(b);
}

static void fold_cell(const struct flattener *f, struct fold *fold, const struct list_cell *cell,
		      bool inherited)
{
	uint64_t expires = list_cell_expires(cell);
	bool stays = fold->best && (!fold->expires || (expires && expires <= fold->expires));

	fold->expires = stays ? fold->expires : expires;
	fold->flags |= list_cell_flags(cell);
	if (!fold->best || priority_of(f, cell) > fold->priority)
		fold->priority = priority_of(f, cell);
	if (inherited || !fold->best || cell_goes_before(f, cell, fold->best))
		fold->best = cell;
}

static uint32_t to_kernel_time(uint64_t expires, int64_t to_monotonic)
{
	int64_t seconds;

	if (!expires)
		return 0;
	if (expires > INT64_MAX || __builtin_add_overflow((int64_t)expires, to_monotonic, &seconds))
		return UINT32_MAX;
	if (seconds < 1)
		return 1; /* 0 would mean never */
	return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

static void row_fill(const struct flattener *f, const struct prefix *prefix, const struct fold *fold,
		     struct list_row *row)
{
	/* Nothing would hold where an exception ended by itself: its row stays until the caller takes it off.
	 */
	uint64_t expires = fold->flags & SEKI_ENTRY_ALLOW ? 0 : fold->expires;

	*row = (struct list_row){
		.prefix = *prefix,
		.entry = {.expires = to_kernel_time(expires, f->to_monotonic),
			  .list = fold->best->list,
			  .flags = fold->flags,
			  .severity = list_cell_severity(fold->best),
			  .sid = list_notes_sid(f->set->notes, fold->best->note)},
	};
}

/* Is what the two say of equal or higher priority than nothing, or this? */
static bool fold_outranks(const struct fold *fold, const struct fold *other)
{
	return !other->best || fold->priority >= other->priority;
}

/* Adds what the prefix's live cells say to what is above them. True: they say something, which is in *row. */
static bool group_fold(const struct flattener *f, const struct list_cell *const *group, unsigned int count,
		       struct folds *folds, struct list_row *row)
{
	bool drop_inherited = true, alert_inherited = true, live = false;
	const struct fold *wins;
	struct fold allow = {0};

	for (unsigned int i = 0; i < count; i++) {
		const struct list_cell *cell = group[i];
		uint64_t expires = list_cell_expires(cell);
		uint8_t flags = list_cell_flags(cell);

		if (expires && expires <= f->now)
			continue;
		live = true;
		if (flags & SEKI_ENTRY_ALLOW) {
			fold_cell(f, &allow, cell, false);
		} else if (folds->allow.best && priority_of(f, cell) < folds->allow.priority) {
			continue; /* the exception around it is of a list that is more right */
		} else if (flags & SEKI_ENTRY_ALERT) {
			fold_cell(f, &folds->alert, cell, alert_inherited);
			alert_inherited = false;
		} else {
			fold_cell(f, &folds->drop, cell, drop_inherited);
			drop_inherited = false;
		}
	}
	if (!live)
		return false;
	if (allow.best && fold_outranks(&allow, &folds->drop) && fold_outranks(&allow, &folds->alert)) {
		/* an exception: nothing from here up holds further down */
		*folds = (struct folds){.allow = allow};
		row_fill(f, &group[0]->prefix, &allow, row);
		return true;
	}
	/* Dropping wins among equals: a list that only alerts must never open what another one closes. */
	wins = folds->drop.best && fold_outranks(&folds->drop, &folds->alert) ? &folds->drop
	       : folds->alert.best					      ? &folds->alert
									      : &folds->allow;
	row_fill(f, &group[0]->prefix, wins, row);
	return true;
}

int list_row(const struct list_set *set, const struct prefix *prefix, uint64_t now, int64_t to_monotonic,
	     struct list_row *out)
{
	const struct flattener f = {.set = set, .now = now, .to_monotonic = to_monotonic};
	const uint32_t *lengths = set->lengths[prefix_is_v4(prefix)];
	const struct list_cell *group[SEKI_MAX_LISTS];
	struct folds folds = {0};
	struct list_row row;
	bool live = false;

	for (unsigned int len = length_least(prefix); len <= prefix->len; len++) {
		struct prefix cover = prefix_cut(prefix, len);

		live = lengths[len] && group_fold(&f, group, group_of(set, &cover, group), &folds, &row);
	}
	if (!live)
		return -ENOENT;
	*out = row;
	return 0;
}

struct cover {
	struct prefix prefix;
	struct folds folds;
};

#define PAUSE_GROUPS 256u

/* The set stays as it is in pauses. */
static void flatten_family(const struct flattener *f, int family, list_row_fn fn, void *arg)
{
	const struct list_store *store = &f->set->store[family];
	const struct list_cell *group[SEKI_MAX_LISTS], *cell;
	struct cover covers[DEPTH_MAX];
	struct list_place place = {0};
	unsigned int depth = 0, groups = 0;

	while ((cell = list_store_at(store, &place))) {
		const struct prefix prefix = cell->prefix;
		unsigned int count = group_at(store, &place, &prefix, group);
		struct list_row row;

		while (depth && !prefix_contains(&covers[depth - 1].prefix, &prefix))
			depth--;
		covers[depth].prefix = prefix;
		covers[depth].folds = depth ? covers[depth - 1].folds : (struct folds){0};
		if (group_fold(f, group, count, &covers[depth].folds, &row)) {
			fn(&row, arg);
			depth++;
		}
		if (++groups % PAUSE_GROUPS == 0)
			(void)pause_here();
	}
}

void list_flatten(const struct list_set *set, uint64_t now, int64_t to_monotonic, list_row_fn fn, void *arg)
{
	const struct flattener f = {.set = set, .now = now, .to_monotonic = to_monotonic};

	flatten_family(&f, 1, fn, arg);
	flatten_family(&f, 0, fn, arg);
}

uint32_t list_prefixes(const struct list_set *set)
{
	return set->total;
}
