// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list.c - named lists over one ordered store per address family.
 */
#include <errno.h>
#include <string.h>

#include "lib/pause.h"
#include "list_image.h"
#include "list_notes.h"
#include "list_parts.h"

int list_set_new(uint32_t max_entries, struct list_set **out)
{
	struct list_set *set = calloc(1, sizeof(*set));
	int err = set ? list_notes_new(&set->notes) : -ENOMEM;

	if (err) {
		free(set);
		return err;
	}
	set->max_entries = max_entries;
	set->lists = 1;
	strcpy(set->list[LIST_MANUAL].name, "manual");
	*out = set;
	return 0;
}

int list_limit(struct list_set *set, uint32_t max_entries)
{
	if (set->total > max_entries)
		return -ENOSPC;
	set->max_entries = max_entries;
	return 0;
}

uint32_t list_limit_get(const struct list_set *set)
{
	return set->max_entries;
}

/* The notes that another set shares are named by this one no more. */
static void notes_let_go(struct list_set *set)
{
	for (int family = 0; family < 2; family++)
		for (uint32_t b = 0; b < set->store[family].count; b++) {
			for (uint32_t i = 0; i < set->store[family].blocks[b].count; i++)
				list_notes_drop(set->notes, set->store[family].blocks[b].cells[i].note);
			(void)pause_here();
		}
}

void list_set_free(struct list_set *set)
{
	if (!set)
		return;
	notes_let_go(set);
	list_notes_free(set->notes);
	list_store_clear(&set->store[0]);
	list_store_clear(&set->store[1]);
	free(set);
}

/* --- names */

static bool name_is_good(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= LIST_NAME_MAX || *name == '.' || *name == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static bool index_is_free(const struct list_set *set, uint16_t index)
{
	return index < SEKI_MAX_LISTS && (index >= set->lists || !*set->list[index].name);
}

int list_index_at(struct list_set *set, const char *name, uint16_t wanted, uint16_t *index)
{
	uint16_t at = 0;

	if (!list_index(set, name, false, index))
		return 0;
	if (!name_is_good(name))
		return -EINVAL;
	while (at < SEKI_MAX_LISTS && !index_is_free(set, at))
		at++;
	if (index_is_free(set, wanted))
		at = wanted;
	if (at == SEKI_MAX_LISTS)
		return -ENOSPC;
	set->list[at] = (struct list_row_about){0};
	strcpy(set->list[at].name, name);
	if (at >= set->lists)
		set->lists = (uint16_t)(at + 1);
	*index = at;
	return 0;
}

int list_index(struct list_set *set, const char *name, bool create, uint16_t *index)
{
	if (!name_is_good(name))
		return -EINVAL;
	for (uint16_t i = 0; i < set->lists; i++) {
		if (!strcmp(set->list[i].name, name)) {
			*index = i;
			return 0;
		}
	}
	return create ? list_index_at(set, name, SEKI_MAX_LISTS, index) : -ENOENT;
}

const char *list_name(const struct list_set *set, uint16_t index)
{
	return index < set->lists && *set->list[index].name ? set->list[index].name : NULL;
}

void list_about(const struct list_set *set, uint16_t index, struct list_about *out)
{
	*out = list_name(set, index) ? set->list[index].about : (struct list_about){0};
}

void list_about_set(struct list_set *set, uint16_t index, const struct list_about *about)
{
	struct list_about *to;
	uint64_t digest;
	uint32_t count;

	if (!list_name(set, index))
		return;
	to = &set->list[index].about;
	digest = to->digest;
	count = to->count;
	*to = *about;
	to->digest = digest;
	to->count = count;
}

/* --- items */

struct list_store *list_store_of(const struct list_set *set, const struct prefix *prefix)
{
	return (struct list_store *)&set->store[prefix_is_v4(prefix)];
}

/* A line of text that ends. */
static bool reason_is_good(const char *reason)
{
	size_t len = strnlen(reason, LIST_REASON_MAX);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)reason[i] < 0x20 || reason[i] == 0x7f)
			return false;
	return len < LIST_REASON_MAX;
}

static bool item_is_good(const struct list_set *set, const struct list_item *item)
{
	const unsigned int directions = SEKI_ENTRY_SRC | SEKI_ENTRY_DST;

	return prefix_is_canonical(&item->prefix) && list_name(set, item->list) &&
	       (item->flags & directions) &&
	       !(item->flags & ~(directions | SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW)) &&
	       !(item->flags & SEKI_ENTRY_ALLOW && item->flags & SEKI_ENTRY_ALERT) &&
	       item->severity < SEKI_SEVERITY_MAX && item->expires <= LIST_EXPIRES_MAX &&
	       reason_is_good(item->reason);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0xbf58476d1ce4e5b9ull;
	return hash ^ hash >> 31;
}

/* Of what an item says to whom; when it was made does not count. */
static uint64_t cell_digest(const struct list_set *set, const struct list_cell *cell)
{
	uint64_t high, low;

	memcpy(&high, cell->prefix.addr, sizeof(high));
	memcpy(&low, cell->prefix.addr + 8, sizeof(low));
	return mix(mix(mix(mix(high, low), (uint64_t)cell->prefix.len << 8 | cell->said),
		       list_cell_expires(cell)),
		   list_notes_hash(set->notes, cell->note));
}

/* A cell that came (1) or goes (-1). */
static void cell_count(struct list_set *set, const struct list_cell *cell, int way)
{
	struct list_about *about = &set->list[cell->list].about;
	uint64_t digest = cell_digest(set, cell);

	set->lengths[prefix_is_v4(&cell->prefix)][cell->prefix.len] += (uint32_t)way;
	set->total += (uint32_t)way;
	about->count += (uint32_t)way;
	about->digest += way > 0 ? digest : -digest;
}

static void list_changed(struct list_set *set, uint16_t list, uint64_t now)
{
	set->list[list].about.serial++;
	set->list[list].about.changed = now;
}

/* The note is taken. */
static int cell_make(struct list_set *set, const struct list_item *item, struct list_cell *out)
{
	*out = (struct list_cell){
		.prefix = item->prefix,
		.list = (uint8_t)item->list,
		.said = (uint8_t)(item->flags | item->severity << LIST_SEVERITY_SHIFT),
		.created = item->created > UINT32_MAX ? UINT32_MAX : (uint32_t)item->created,
	};
	list_cell_expire_at(out, item->expires);
	return list_notes_take(set->notes, item->sid, item->reason, &out->note);
}

void list_cell_show(const struct list_set *set, const struct list_cell *cell, struct list_item *out)
{
	*out = (struct list_item){
		.prefix = cell->prefix,
		.list = cell->list,
		.flags = list_cell_flags(cell),
		.severity = list_cell_severity(cell),
		.sid = list_notes_sid(set->notes, cell->note),
		.expires = list_cell_expires(cell),
		.created = cell->created,
	};
	strcpy(out->reason, list_notes_text(set->notes, cell->note)); /* was checked when it came */
}

int list_add(struct list_set *set, const struct list_item *item, uint64_t now)
{
	struct list_store *store;
	const struct list_cell *held;
	struct list_cell cell, old;
	int err;

	if (!item_is_good(set, item))
		return -EINVAL;
	store = list_store_of(set, &item->prefix);
	held = list_store_find(store, &item->prefix, (uint8_t)item->list);
	if (!held && set->total >= set->max_entries)
		return -ENOSPC;
	err = cell_make(set, item, &cell);
	if (err)
		return err;
	if (held) {
		old = *held;
		cell_count(set, &old, -1);
		list_notes_drop(set->notes, old.note);
		list_store_replace(store, &cell);
	} else {
		err = list_store_add(store, &cell);
	}
	if (err) {
		list_notes_drop(set->notes, cell.note);
		return err;
	}
	cell_count(set, &cell, 1);
	list_changed(set, item->list, now);
	return 0;
}

int list_remove(struct list_set *set, uint16_t list, const struct prefix *prefix, uint64_t now)
{
	const struct list_cell *held;
	struct list_cell cell;

	if (!prefix_is_canonical(prefix) || !list_name(set, list))
		return -ENOENT;
	held = list_store_find(list_store_of(set, prefix), prefix, (uint8_t)list);
	if (!held)
		return -ENOENT;
	cell = *held;
	cell_count(set, &cell, -1);
	list_notes_drop(set->notes, cell.note);
	list_store_remove(list_store_of(set, prefix), prefix, (uint8_t)list);
	list_changed(set, list, now);
	return 0;
}

int list_get(const struct list_set *set, uint16_t list, const struct prefix *prefix, struct list_item *out)
{
	const struct list_cell *held = NULL;

	if (prefix_is_canonical(prefix) && list_name(set, list))
		held = list_store_find(list_store_of(set, prefix), prefix, (uint8_t)list);
	if (!held)
		return -ENOENT;
	list_cell_show(set, held, out);
	return 0;
}

struct pruning {
	struct list_set *set;
	uint16_t list;
	uint64_t now;
	list_expired_fn fn;
	void *arg;
	uint32_t removed;
};

static bool block_of_others(const struct list_block *block, void *arg)
{
	const struct pruning *p = arg;

	return !(block->lists >> p->list & 1);
}

static void cell_goes(struct pruning *p, const struct list_cell *cell)
{
	cell_count(p->set, cell, -1);
	list_notes_drop(p->set->notes, cell->note);
	p->removed++;
}

static bool cell_of_list(const struct list_cell *cell, void *arg)
{
	struct pruning *p = arg;

	if (cell->list != p->list)
		return false;
	cell_goes(p, cell);
	return true;
}

void list_clear(struct list_set *set, uint16_t list)
{
	struct pruning p = {.set = set, .list = list};

	if (list >= set->lists || !set->list[list].about.count)
		return;
	list_store_prune(&set->store[0], block_of_others, cell_of_list, &p);
	list_store_prune(&set->store[1], block_of_others, cell_of_list, &p);
}

void list_forget(struct list_set *set, uint16_t list)
{
	list_clear(set, list);
	if (list != LIST_MANUAL && list < set->lists)
		set->list[list].name[0] = '\0';
}

static bool block_lives(const struct list_block *block, void *arg)
{
	const struct pruning *p = arg;

	return !block->next_expiry || block->next_expiry > p->now;
}

static bool cell_expired(const struct list_cell *cell, void *arg)
{
	struct pruning *p = arg;
	uint64_t expires = list_cell_expires(cell);

	if (!expires || expires > p->now)
		return false;
	cell_goes(p, cell);
	if (p->set->list[cell->list].about.changed != p->now)
		list_changed(p->set, cell->list, p->now);
	if (p->fn)
		p->fn(&cell->prefix, p->arg);
	return true;
}

uint32_t list_expire(struct list_set *set, uint64_t now, list_expired_fn fn, void *arg)
{
	struct pruning p = {.set = set, .now = now, .fn = fn, .arg = arg};

	list_store_prune(&set->store[0], block_lives, cell_expired, &p);
	list_store_prune(&set->store[1], block_lives, cell_expired, &p);
	return p.removed;
}

uint32_t list_count(const struct list_set *set, uint16_t list)
{
	return list < set->lists ? set->list[list].about.count : 0;
}

uint32_t list_total(const struct list_set *set)
{
	return set->total;
}

uint64_t list_bytes(const struct list_set *set)
{
	return sizeof(*set) + list_store_bytes(&set->store[0]) + list_store_bytes(&set->store[1]) +
	       list_notes_bytes(set->notes);
}

/* --- another set from this one and an image */

struct merging {
	const struct list_set *old;
	struct list_set *to;
	const struct list_image *image;
	const uint16_t *index;
	uint64_t without, now;
	uint32_t *notes;			/* by the image's texts: the set's number, 0 not yet */
	struct list_cell group[SEKI_MAX_LISTS]; /* of one prefix, by list */
	uint64_t held, fresh;			/* which of them hold something, and which are the image's */
	uint32_t groups;
};

#define PAUSE_GROUPS 256u

/* The cell of the image with the set's note in it, named once more. */
static int image_note(struct merging *m, struct list_cell *cell)
{
	const struct list_image_text *text;
	uint32_t row = cell->note;
	int err;

	if (!row)
		return 0;
	if (m->notes[row - 1]) {
		cell->note = m->notes[row - 1];
		list_notes_keep(m->to->notes, cell->note);
		return 0;
	}
	text = &m->image->texts[row - 1];
	err = list_notes_take(m->to->notes, text->sid, m->image->blob + text->at, &cell->note);
	m->notes[row - 1] = cell->note;
	return err;
}

/* Emits the group in the order of its lists. */
static int group_end(struct merging *m)
{
	for (uint64_t left = m->held; left; left &= left - 1) {
		int list = __builtin_ctzll(left);
		struct list_cell *cell = &m->group[list];
		uint64_t expires = list_cell_expires(cell);
		int err = 0;

		if (expires && expires <= m->now)
			continue;
		if (m->to->total >= m->to->max_entries)
			return -ENOSPC;
		if (m->fresh >> list & 1)
			err = image_note(m, cell);
		else
			list_notes_keep(m->to->notes, cell->note);
		if (err)
			return err;
		err = list_store_append(list_store_of(m->to, &cell->prefix), cell);
		if (err) {
			list_notes_drop(m->to->notes, cell->note);
			return err;
		}
		cell_count(m->to, cell, 1);
	}
	m->held = m->fresh = 0;
	return 0;
}

static void group_old(struct merging *m, const struct list_cell *cell)
{
	if (m->without >> cell->list & 1)
		return;
	m->group[cell->list] = *cell;
	m->held |= 1ull << cell->list;
}

static void group_fresh(struct merging *m, const struct list_cell *cell)
{
	uint8_t list = (uint8_t)m->index[cell->list];

	m->group[list] = *cell;
	m->group[list].list = list;
	m->held |= 1ull << list;
	m->fresh |= 1ull << list;
	if (cell->said & LIST_CELL_REMOVE)
		m->held &= ~(1ull << list);
}

/* Between two prefixes others may change the old set: what lies before the prefix they carry over themselves,
 * what lies behind it is seen here. */
static bool merge_pause(struct merging *m)
{
	return ++m->groups % PAUSE_GROUPS == 0 && pause_here();
}

static int merge_family(struct merging *m, int family, const struct list_cell *cells, uint32_t count)
{
	const struct list_store *store = &m->old->store[family];
	struct list_place place = {0};
	const struct list_cell *old = list_store_at(store, &place);
	uint32_t at = 0;
	int err = 0;

	while (!err && (old || at < count)) {
		struct prefix prefix = !old	     ? cells[at].prefix
				       : at == count ? old->prefix
				       : prefix_compare(&old->prefix, &cells[at].prefix) < 0
					       ? old->prefix
					       : cells[at].prefix;

		while (old && !prefix_compare(&old->prefix, &prefix)) {
			group_old(m, old);
			place.cell++;
			old = list_store_at(store, &place);
		}
		for (; at < count && !prefix_compare(&cells[at].prefix, &prefix); at++)
			group_fresh(m, &cells[at]);
		err = group_end(m);
		if (merge_pause(m)) {
			place = list_store_seek(store, &prefix, UINT8_MAX);
			old = list_store_at(store, &place);
		}
	}
	return err;
}

/* Names and what is known of lists; the counts grow with the cells. */
static void merge_begin(struct merging *m)
{
	m->to->lists = m->old->lists;
	for (uint16_t i = 0; i < m->old->lists; i++) {
		m->to->list[i] = m->old->list[i];
		m->to->list[i].about.count = 0;
		m->to->list[i].about.digest = 0;
	}
}

static void merge_end(struct merging *m)
{
	for (uint16_t i = 0; i < m->to->lists; i++)
		if (m->to->list[i].about.digest != m->old->list[i].about.digest ||
		    m->to->list[i].about.count != m->old->list[i].about.count)
			list_changed(m->to, i, m->now);
	for (uint32_t i = 0; i < m->image->list_count; i++) {
		const struct list_image_list *from = &m->image->lists[i];
		struct list_about *about = &m->to->list[m->index[i]].about;

		about->taken = m->now;
		about->not_after = from->not_after;
		about->priority = from->priority;
		about->source = from->source;
		/* A list that an earlier run had goes on where it was. */
		if (from->serial && !m->old->list[m->index[i]].about.serial) {
			about->serial = from->serial;
			about->changed = from->changed;
			about->taken = from->taken;
		}
	}
}

int list_set_merge(const struct list_set *old, uint64_t without, const struct list_image *image,
		   const uint16_t *index, uint32_t max_entries, uint64_t now, struct list_set **out)
{
	CLEANUP(list_set_free) struct list_set *to = calloc(1, sizeof(*to));
	AUTO_FREE uint32_t *notes = calloc(image->text_count + 1ul, sizeof(*notes));
	struct merging m = {.old = old,
			    .to = to,
			    .image = image,
			    .index = index,
			    .without = without,
			    .now = now,
			    .notes = notes};
	int err;

	if (!to || !notes) {
		free(TAKE_PTR(to));
		return -ENOMEM;
	}
	to->notes = list_notes_share(old->notes);
	to->max_entries = max_entries;
	merge_begin(&m);
	err = merge_family(&m, 1, image->cells, image->cell4_count);
	if (!err)
		err = merge_family(&m, 0, image->cells + image->cell4_count,
				   image->cell_count - image->cell4_count);
	if (err)
		return err;
	merge_end(&m);
	*out = TAKE_PTR(to);
	return 0;
}
