// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_list.c - who is listed, carried into the kernel: single prefixes as stores, whole lists as
 * generations.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "keeper.h"
#include "lib/log.h"

#define CLOCK_SLACK	2    /* seconds that the two clocks may drift apart before the rows are made anew */
#define EXPIRED_AT_ONCE 1024 /* prefixes taken off one by one; more of them go with the next generation */

static struct gate_list_row list_gate_row(const struct list_row *in)
{
	struct gate_list_row out = {.key = {.prefixlen = in->prefix.len}, .value = in->entry};

	memcpy(out.key.addr.b, in->prefix.addr, sizeof(out.key.addr));
	return out;
}

/* Seconds to add to an epoch time for the packet path's clock, as of now. */
static int64_t clock_offset(void)
{
	struct timespec wall, mono;
	int64_t ns;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	ns = (int64_t)(mono.tv_sec - wall.tv_sec) * 1000000000 + (mono.tv_nsec - wall.tv_nsec);
	return (ns - 500000000) / 1000000000; /* both are negative: the nearest whole second */
}

/*
 * Every row in the kernel was made with the same offset, so that rows can be compared. When somebody sets the
 * clock, or the machine slept, they are made anew.
 */
static int64_t list_clock(struct keeper *k)
{
	int64_t now = clock_offset(), drift = now - k->list_clock;

	if (!k->list_clock) {
		k->list_clock = now;
	} else if (drift > CLOCK_SLACK || drift < -CLOCK_SLACK) {
		log_info("the clock moved by %lld s: ends of list entries are set anew", (long long)-drift);
		k->list_clock = now;
		k->lists_stale = true;
	}
	return k->list_clock;
}

/* The next shorter row at the same level of the kernel's tables: what holds for a prefix when its own row
 * goes. */
static bool list_heir(struct keeper *k, const struct list_set *set, const struct prefix *prefix,
		      const struct seki_lpm *key, struct gate_list_row *out)
{
	uint32_t low = gate_list_heir_low(key);
	struct prefix wider = *prefix;
	struct list_row row;

	while (wider.len > low) {
		wider.len--;
		wider.addr[wider.len / 8] &= (uint8_t) ~(0x80 >> wider.len % 8);
		if (!list_row(set, &wider, keeper_epoch(), list_clock(k), &row)) {
			*out = list_gate_row(&row);
			return true;
		}
	}
	return false;
}

int keeper_lists_put(struct keeper *k, const struct list_set *set, const struct prefix *only, bool idle)
{
	struct gate_list_row row = {.key = {.prefixlen = only->len}}, heir;
	const struct gate_list_row *next;
	struct list_row merged;
	int err = list_row(set, only, keeper_epoch(), list_clock(k), &merged);

	if (!err) {
		row = list_gate_row(&merged);
		return idle ? gate_list_put_idle(k->gate, &row) : gate_list_put(k->gate, &row);
	}
	memcpy(row.key.addr.b, only->addr, sizeof(row.key.addr));
	next = list_heir(k, set, only, &row.key, &heir) ? &heir : NULL;
	err = idle ? gate_list_remove_idle(k->gate, &row.key, next)
		   : gate_list_remove(k->gate, &row.key, next);
	return err == -ENOENT ? 0 : err;
}

struct flat {
	struct gate_list_row *rows;
	uint32_t count;
};

static void flat_add(const struct list_row *row, void *arg)
{
	struct flat *flat = arg;

	flat->rows[flat->count++] = list_gate_row(row);
}

int keeper_lists_rows(struct keeper *k, const struct list_set *set, struct gate_list_row **rows,
		      uint32_t *count)
{
	struct flat flat = {.rows = malloc((list_prefixes(set) + 1ul) * sizeof(*flat.rows))};

	if (!flat.rows)
		return -ENOMEM;
	list_flatten(set, keeper_epoch(), list_clock(k), flat_add, &flat);
	*rows = flat.rows;
	*count = flat.count;
	return 0;
}

int keeper_lists_switch(struct keeper *k, uint32_t slot)
{
	struct seki_settings next = k->settings;
	int err;

	next.active = slot;
	err = gate_settings_set(k->gate, &next);
	if (!err)
		k->settings = next;
	if (!err)
		k->lists_stale = false;
	return err;
}

int keeper_lists_push_all(struct keeper *k, const struct list_set *set, struct gate_why *why)
{
	AUTO_FREE struct gate_list_row *rows = NULL;
	uint32_t count = 0, slot = 0;
	int err;

	why->text[0] = '\0';
	if (!k->gate)
		return 0;
	if (k->loading) {
		snprintf(why->text, sizeof(why->text), "a list is being loaded; try again");
		return -EBUSY;
	}
	k->list_changes++;
	err = keeper_lists_rows(k, set, &rows, &count);
	if (!err)
		err = gate_list_build(k->gate, rows, count, &slot, why);
	return err ? err : keeper_lists_switch(k, slot);
}

int keeper_lists_flip(struct keeper *k)
{
	bool stale = k->lists_stale;
	int err = keeper_lists_switch(k, 1 - k->settings.active);

	k->list_changes++;
	k->lists_stale = stale;
	return err;
}

int keeper_lists_push(struct keeper *k, const struct prefix *only, struct gate_why *why)
{
	int err = -ENOSPC;

	why->text[0] = '\0';
	if (!k->gate)
		return 0;
	(void)list_clock(k); /* may find that all rows have to be made anew */
	if (only && !k->lists_stale && !list_inside(k->lists, only)) {
		k->list_changes++;
		err = keeper_lists_put(k, k->lists, only, false);
	}
	return err == -ENOSPC ? keeper_lists_push_all(k, k->lists, why) : err;
}

void keeper_lists_commit(struct keeper *k, struct list_set *next)
{
	struct list_set *old = k->lists;

	/* Who takes the number of a list does not take its counters. */
	for (uint16_t i = 0; i < SEKI_MAX_LISTS; i++)
		if (k->lists_fresh >> i & 1 && k->gate && gate_list_hits_clear(k->gate, i))
			log_warn("counters of list %s begin with those of an earlier one",
				 list_name(next, i));
	k->lists_fresh = 0;
	k->lists = next;
	list_set_free(old); /* gives way: who asks meanwhile asks the new one */
}

/* An earlier configuration's lists; those that the image does not name are no longer listed by anybody. */
static uint64_t lists_of_config(const struct keeper *k)
{
	uint64_t lists = 0;

	for (uint16_t i = 1; i < SEKI_MAX_LISTS; i++) {
		struct list_about about;

		list_about(k->lists, i, &about);
		if (list_name(k->lists, i) && about.source == LIST_FROM_CONFIG)
			lists |= 1ull << i;
	}
	return lists;
}

/* Numbers for the image's lists; names that are new are in *made. */
static int lists_number(struct keeper *k, const struct list_image *image, uint16_t *index, uint64_t *made,
			struct gate_why *why)
{
	for (uint32_t i = 0; i < image->list_count; i++) {
		const char *name = image->lists[i].name;
		bool known = !list_index(k->lists, name, false, &index[i]);
		int err = known ? 0 : list_index_at(k->lists, name, image->lists[i].index, &index[i]);

		if (!err && index[i] == LIST_MANUAL && image->lists[i].source != LIST_FROM_HAND)
			err = -EINVAL;
		if (err) {
			snprintf(why->text, sizeof(why->text), "list %s: %s", name,
				 err == -ENOSPC ? "too many lists" : "this name cannot be used");
			return err;
		}
		if (!known)
			*made |= 1ull << index[i];
		if (!known && index[i] != image->lists[i].index)
			k->lists_fresh |= 1ull << index[i];
	}
	return 0;
}

static void lists_unnumber(struct list_set *set, uint64_t lists)
{
	for (; lists; lists &= lists - 1)
		list_forget(set, (uint16_t)__builtin_ctzll(lists));
}

int keeper_lists_take(struct keeper *k, const struct list_image *image, enum keeper_take how, uint32_t limit,
		      struct list_set **out, struct gate_why *why)
{
	uint64_t without = how == TAKE_CONFIG ? lists_of_config(k) : 0, made = 0, named = 0;
	CLEANUP(list_set_free) struct list_set *next = NULL;
	uint16_t index[SEKI_MAX_LISTS];
	int err;

	k->lists_fresh = 0;
	err = lists_number(k, image, index, &made, why);

	for (uint32_t i = 0; !err && i < image->list_count; i++)
		named |= 1ull << index[i];
	if (!err)
		err = list_set_merge(k->lists, how == TAKE_CHANGES ? 0 : without | named, image, index, limit,
				     keeper_epoch(), &next);
	if (err)
		lists_unnumber(k->lists, made);
	if (err == -ENOSPC && !*why->text)
		snprintf(why->text, sizeof(why->text),
			 "a list of %u does not fit: at most %u entries in all (list-entries)",
			 image->cell_count, limit);
	if (err)
		return err;
	lists_unnumber(next, without & ~named);
	*out = TAKE_PTR(next);
	return 0;
}

struct manual {
	struct list_set *to;
	int err;
};

static int manual_take(const struct list_item *item, void *arg)
{
	struct manual *manual = arg;

	manual->err = list_add(manual->to, item, keeper_epoch());
	return manual->err;
}

int keeper_lists_manual(const struct keeper *k, struct list_set *next)
{
	struct manual manual = {.to = next};

	list_clear(next, LIST_MANUAL);
	list_each(k->lists, LIST_MANUAL, manual_take, &manual);
	return manual.err;
}

/* --- the end of entries and of lists */

struct ended {
	struct prefix prefixes[EXPIRED_AT_ONCE];
	uint32_t count;
	bool more;
};

static void ended_note(const struct prefix *prefix, void *arg)
{
	struct ended *ended = arg;

	if (ended->count == ARRAY_LEN(ended->prefixes))
		ended->more = true;
	else
		ended->prefixes[ended->count++] = *prefix;
}

/* The kernel compares the times itself; this only takes dead rows out of its tables and ours. */
static void lists_expire(struct keeper *k)
{
	static struct ended ended;
	int err = 0;

	ended.count = 0;
	ended.more = false;
	(void)list_expire(k->lists, keeper_epoch(), ended_note, &ended);
	k->lists_stale |= ended.more;
	if (!k->gate)
		return;
	(void)list_clock(k);
	for (uint32_t i = 0; i < ended.count && !k->lists_stale; i++) {
		k->list_changes++;
		if (!list_inside(k->lists, &ended.prefixes[i]))
			err = keeper_lists_put(k, k->lists, &ended.prefixes[i], false);
		k->lists_stale |= err || list_inside(k->lists, &ended.prefixes[i]);
	}
}

/* A list whose time is over stays as it is, since an old list protects better than none: but people hear of
 * it. */
static void lists_age(struct keeper *k)
{
	for (uint16_t i = 0; i < SEKI_MAX_LISTS; i++) {
		const char *name = list_name(k->lists, i);
		struct list_about about;
		time_t until;
		char text[32];
		struct tm tm;

		list_about(k->lists, i, &about);
		if (!name || !about.not_after || about.not_after > keeper_epoch()) {
			k->lists_old &= ~(1ull << i);
			continue;
		}
		if (k->lists_old >> i & 1)
			continue;
		k->lists_old |= 1ull << i;
		until = (time_t)about.not_after;
		if (!gmtime_r(&until, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &tm))
			text[0] = '\0';
		keeper_audit(k, AUDIT_ALARM, 0,
			     "list %s was to be renewed by %s: its %u entries stay in force; load it again",
			     name, text, about.count);
	}
}

struct expired {
	struct seki_addr addrs[1024];
	uint32_t count, now;
};

static int expired_block(const struct seki_addr *addr, const struct seki_entry *entry, void *arg)
{
	struct expired *e = arg;

	if (!entry->expires || entry->expires > e->now)
		return 0;
	e->addrs[e->count++] = *addr;
	return e->count == ARRAY_LEN(e->addrs);
}

static void blocks_expire(struct keeper *k)
{
	static struct expired expired;

	expired.count = 0;
	expired.now = keeper_now();
	if (gate_block_each(k->gate, expired_block, &expired) < 0)
		return;
	for (uint32_t i = 0; i < expired.count; i++)
		if (gate_block_remove(k->gate, &expired.addrs[i]) == 0)
			k->block_table_full = false;
}

void keeper_expire(struct keeper *k)
{
	struct gate_why why;
	uint32_t removed;
	int err;

	lists_expire(k);
	lists_age(k);
	if (!k->gate)
		return;
	if (k->ticks % 4 == 0) {
		err = gate_flow_expire(k->gate, &k->settings, keeper_now(), &removed);
		if (err)
			log_error("flows cannot be expired: %s", strerror(-err));
	}
	if (k->ticks % 5 == 0)
		blocks_expire(k);
	if (k->lists_stale && k->ticks % KEEPER_STALE_TICKS == 0) {
		err = keeper_lists_push(k, NULL, &why);
		if (err)
			log_error("expired list entries stay for now: %s %s", strerror(-err), why.text);
	}
}
