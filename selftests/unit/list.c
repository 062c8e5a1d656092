// SPDX-License-Identifier: GPL-2.0-or-later
/* list.c - the list set against a naive oracle, and its flattened rows. */
#include <errno.h>
#include <time.h>

#include "core/list/list_image.h"
#include "lib/draw.h"
#include "lib/ktap.h"

static struct prefix parse(const char *text)
{
	struct prefix p = {0};

	CHECK_EQ(prefix_parse(text, strlen(text), &p, NULL), 0);
	return p;
}

static struct list_item item(const char *text, uint16_t list, uint8_t flags, uint64_t expires)
{
	return (struct list_item){
		.prefix = parse(text), .list = list, .flags = flags, .expires = expires, .severity = 1};
}

struct found {
	struct list_item items[300];
	unsigned int count, stop_at;
};

static int collect(const struct list_item *it, void *arg)
{
	struct found *found = arg;

	if (found->count < ARRAY_LEN(found->items))
		found->items[found->count] = *it;
	return ++found->count == found->stop_at;
}

static void names(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	uint16_t index = 99;
	char name[32];

	CHECK_EQ(list_set_new(10, &set), 0);
	CHECK_EQ(list_index(set, "manual", false, &index), 0);
	CHECK_EQ(index, LIST_MANUAL);
	CHECK_EQ(list_index(set, "feed", false, &index), -ENOENT);
	CHECK_EQ(list_index(set, "feed", true, &index), 0);
	CHECK_EQ(index, 1);
	CHECK_EQ(list_index(set, "feed", true, &index), 0);
	CHECK_EQ(index, 1);
	CHECK_STR(list_name(set, 1), "feed");
	CHECK(!list_name(set, 2));
	CHECK_EQ(list_index(set, "", true, &index), -EINVAL);
	CHECK_EQ(list_index(set, "../x", true, &index), -EINVAL);
	CHECK_EQ(list_index(set, "a b", true, &index), -EINVAL);
	CHECK_EQ(list_index(set, "01234567890123456789012345678901", true, &index), -EINVAL);
	for (int i = 2; i < SEKI_MAX_LISTS; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		CHECK_EQ(list_index(set, name, true, &index), 0);
	}
	CHECK_EQ(list_index(set, "one-more", true, &index), -ENOSPC);
}

/* A forgotten list takes its items with it and leaves its place to the next name; "manual" cannot be
 * forgotten. */
static void forgotten(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	struct list_item item = {.flags = SEKI_ENTRY_SRC};
	uint16_t feed, other, next;
	const char *why;

	CHECK_EQ(list_set_new(10, &set), 0);
	CHECK_EQ(list_index(set, "feed", true, &feed), 0);
	CHECK_EQ(list_index(set, "other", true, &other), 0);
	CHECK_EQ(prefix_parse("192.0.2.1", 9, &item.prefix, &why), 0);
	item.list = feed;
	CHECK_EQ(list_add(set, &item, 0), 0);
	list_forget(set, feed);
	CHECK_EQ(list_total(set), 0);
	CHECK(!list_name(set, feed));
	CHECK_EQ(list_index(set, "feed", false, &next), -ENOENT);
	CHECK_EQ(list_add(set, &item, 0), -EINVAL);
	CHECK_EQ(list_index(set, "third", true, &next), 0);
	CHECK_EQ(next, feed);
	CHECK(!strcmp(list_name(set, other), "other"));
	list_forget(set, LIST_MANUAL);
	CHECK(list_name(set, LIST_MANUAL) != NULL);
}

static void add_checks(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	struct list_item it = item("192.0.2.0/24", 0, SEKI_ENTRY_SRC, 0);
	struct found found = {0};

	CHECK_EQ(list_set_new(2, &set), 0);
	CHECK_EQ(list_add(set, &it, 0), 0);
	it.list = 1;
	CHECK_EQ(list_add(set, &it, 0), -EINVAL);
	it.list = 0;
	it.flags = SEKI_ENTRY_ALERT;
	CHECK_EQ(list_add(set, &it, 0), -EINVAL);
	it.flags = 16 | SEKI_ENTRY_SRC;
	CHECK_EQ(list_add(set, &it, 0), -EINVAL);
	it.flags = SEKI_ENTRY_SRC;
	it.severity = SEKI_SEVERITY_MAX;
	CHECK_EQ(list_add(set, &it, 0), -EINVAL);
	it.severity = 0;
	it.prefix.addr[15] = 1;
	CHECK_EQ(list_add(set, &it, 0), -EINVAL);
	it = item("192.0.2.1", 0, SEKI_ENTRY_SRC, 0);
	memset(it.reason, 'x', sizeof(it.reason));
	CHECK_EQ(list_add(set, &it, 0), -EINVAL);
	it.reason[sizeof(it.reason) - 1] = '\0';
	CHECK_EQ(list_add(set, &it, 0), 0);
	list_why(set, &it.prefix, collect, &found);
	CHECK_EQ(found.count, 2);
	CHECK_STR(found.items[0].reason, it.reason);
	CHECK_EQ(found.items[1].prefix.len, 120);
	it = item("192.0.2.2", 0, SEKI_ENTRY_SRC, 0);
	CHECK_EQ(list_add(set, &it, 0), -ENOSPC);
	it = item("192.0.2.1", 0, SEKI_ENTRY_DST, 77);
	CHECK_EQ(list_add(set, &it, 0), 0); /* replaces */
	CHECK_EQ(list_total(set), 2);
	found = (struct found){.stop_at = 1};
	list_why(set, &it.prefix, collect, &found);
	CHECK_EQ(found.count, 1);
	CHECK_EQ(found.items[0].expires, 77);
	CHECK_EQ(found.items[0].flags, SEKI_ENTRY_DST);
	CHECK_STR(found.items[0].reason, "");
}

struct flat {
	struct list_row *rows;
	uint32_t count, room;
};

static void flat_add(const struct list_row *row, void *arg)
{
	struct flat *flat = arg;

	if (CHECK(flat->count < flat->room))
		flat->rows[flat->count++] = *row;
}

static int flatten(const struct list_set *set, uint64_t now, int64_t to_monotonic, struct list_row **rows,
		   uint32_t *count)
{
	struct flat flat = {.room = list_prefixes(set)};

	flat.rows = calloc(flat.room + 1, sizeof(*flat.rows));
	if (!flat.rows)
		return -ENOMEM;
	list_flatten(set, now, to_monotonic, flat_add, &flat);
	*rows = flat.rows;
	*count = flat.count;
	return 0;
}

static const struct list_row *row_of(const struct list_row *rows, uint32_t count, const char *text)
{
	struct prefix p = parse(text);

	for (uint32_t i = 0; i < count; i++)
		if (!prefix_compare(&rows[i].prefix, &p))
			return &rows[i];
	return NULL;
}

/* What one source takes back, another may still list. */
static void reference_count(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	AUTO_FREE struct list_row *rows = NULL;
	struct list_item it = item("192.0.2.1", 0, SEKI_ENTRY_SRC, 0);
	uint32_t count = 0;
	uint16_t feed;

	CHECK_EQ(list_set_new(100, &set), 0);
	CHECK_EQ(list_index(set, "feed", true, &feed), 0);
	CHECK_EQ(list_add(set, &it, 0), 0);
	it.list = feed;
	CHECK_EQ(list_add(set, &it, 0), 0);
	CHECK_EQ(flatten(set, 0, 0, &rows, &count), 0);
	CHECK_EQ(count, 1);
	CHECK_EQ(list_remove(set, feed, &it.prefix, 0), 0);
	CHECK_EQ(list_remove(set, feed, &it.prefix, 0), -ENOENT);
	free(rows);
	rows = NULL;
	CHECK_EQ(flatten(set, 0, 0, &rows, &count), 0);
	CHECK_EQ(count, 1);
	list_clear(set, 0);
	CHECK_EQ(list_total(set), 0);
	free(rows);
	rows = NULL;
	CHECK_EQ(flatten(set, 0, 0, &rows, &count), 0);
	CHECK_EQ(count, 0);
	CHECK_EQ(list_add(set, &it, 0), 0);
	free(rows);
	rows = NULL;
	CHECK_EQ(flatten(set, 0, 0, &rows, &count), 0);
	CHECK_EQ(count, 1);
}

static void folding(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	AUTO_FREE struct list_row *rows = NULL;
	const struct list_row *row;
	uint32_t count = 0;
	uint16_t watch;
	struct list_item items[] = {
		item("10.0.0.0/8", 0, SEKI_ENTRY_SRC, 2000),
		item("10.1.0.0/16", 0, SEKI_ENTRY_DST, 1500), /* shorter than what covers it */
		item("10.1.1.1", 0, SEKI_ENTRY_SRC, 3000),    /* longer */
		item("10.2.0.0/16", 0, SEKI_ENTRY_SRC, 0),    /* never */
		item("10.2.2.2", 0, SEKI_ENTRY_SRC, 2500),
		item("10.3.0.0/16", 0, SEKI_ENTRY_SRC, 900), /* over: no row */
		item("10.4.4.4", 1, SEKI_ENTRY_DST | SEKI_ENTRY_ALERT, 0),
		item("172.16.0.0/12", 1, SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT, 0),
		item("172.16.1.1", 0, SEKI_ENTRY_SRC, 1200),
		item("::/0", 0, SEKI_ENTRY_SRC, 0), /* IPv6 only */
		item("2001:db8::1", 0, SEKI_ENTRY_DST, 1200),
		item("10.6.0.0/16", 0, SEKI_ENTRY_SRC | SEKI_ENTRY_ALLOW, 0), /* an exception in 10/8 */
		item("10.6.6.6", 0, SEKI_ENTRY_SRC, 1200), /* and what is listed in it again */
	};
	struct list_item ends = item("10.7.0.0/16", 0, SEKI_ENTRY_SRC | SEKI_ENTRY_ALLOW, 1200);

	CHECK_EQ(list_set_new(100, &set), 0);
	CHECK_EQ(list_index(set, "watch", true, &watch), 0);
	items[6].severity = SEKI_SEVERITY_CRITICAL;
	items[2].severity = SEKI_SEVERITY_HIGH;
	items[2].sid = 4711;
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		CHECK_EQ(list_add(set, &items[i], 0), 0);
	CHECK_EQ(list_add(set, &ends, 0), 0);
	CHECK_EQ(flatten(set, 1000, -900, &rows, &count), 0);
	CHECK_EQ(count, 13);
	CHECK(!row_of(rows, count, "10.3.0.0/16"));
#define ROW(text, when, bits, from, grade)                                                                   \
	do {                                                                                                 \
		row = row_of(rows, count, text);                                                             \
		if (CHECK(row, text)) {                                                                      \
			CHECK(row->entry.expires == (when), text);                                           \
			CHECK(row->entry.flags == (bits), text);                                             \
			CHECK(row->entry.list == (from), text);                                              \
			CHECK(row->entry.severity == (grade), text);                                         \
		}                                                                                            \
	} while (0)
	ROW("10.0.0.0/8", 1100, SEKI_ENTRY_SRC, 0, 1);
	ROW("10.1.0.0/16", 1100, SEKI_ENTRY_SRC | SEKI_ENTRY_DST, 0, 1);
	ROW("10.1.1.1", 2100, SEKI_ENTRY_SRC | SEKI_ENTRY_DST, 0, SEKI_SEVERITY_HIGH);
	CHECK_EQ(row->entry.sid, 4711);
	ROW("10.2.0.0/16", 0, SEKI_ENTRY_SRC, 0, 1);
	ROW("10.2.2.2", 0, SEKI_ENTRY_SRC, 0, 1);
	ROW("10.4.4.4", 1100, SEKI_ENTRY_SRC, 0, 1); /* telling never opens what another list closes */
	ROW("172.16.0.0/12", 0, SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT, watch, 1);
	ROW("172.16.1.1", 300, SEKI_ENTRY_SRC, 0, 1);
	ROW("2001:db8::1", 0, SEKI_ENTRY_SRC | SEKI_ENTRY_DST, 0, 1);
	ROW("10.6.0.0/16", 0, SEKI_ENTRY_SRC | SEKI_ENTRY_ALLOW, 0, 1);
	ROW("10.6.6.6", 300, SEKI_ENTRY_SRC, 0, 1);
	ROW("10.7.0.0/16", 0, SEKI_ENTRY_SRC | SEKI_ENTRY_ALLOW, 0,
	    1); /* what would hold when it has ended? */
	CHECK_EQ(list_expire(set, 899, NULL, NULL), 0);
	CHECK_EQ(list_expire(set, 900, NULL, NULL), 1);
	CHECK_EQ(list_expire(set, 1499, NULL, NULL), 4);
	CHECK_EQ(list_expire(set, UINT64_MAX, NULL, NULL), 4);
	CHECK_EQ(list_total(set), 5);
}

/* --- against an oracle that is an array */

#define ORACLE_MAX 400
static struct list_item oracle[ORACLE_MAX];
static unsigned int oracle_count;
/* Few bits, so that prefixes nest and meet often. */
static struct prefix draw_prefix(void)
{
	struct prefix p = {.len = 0};
	unsigned int bits = draw(9), base = draw(2) ? 96 : 0;
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (base)
		memcpy(p.addr, mapped, 12);
	p.len = (uint8_t)(base + bits * (draw(4) ? 1 : base ? 4 : 16));
	for (unsigned int i = base; i < p.len && i < base + 5; i++)
		if (draw(2))
			p.addr[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	return p;
}

static int oracle_find(uint16_t list, const struct prefix *p)
{
	for (unsigned int i = 0; i < oracle_count; i++)
		if (oracle[i].list == list && !prefix_compare(&oracle[i].prefix, p))
			return (int)i;
	return -1;
}

static bool covers(const struct prefix *outer, const struct prefix *inner)
{
	return prefix_is_v4(outer) == prefix_is_v4(inner) && prefix_contains(outer, inner);
}

static void compare_why(const struct list_set *set)
{
	struct prefix addr = draw_prefix();
	struct found found = {0};
	unsigned int expected = 0;

	list_why(set, &addr, collect, &found);
	for (unsigned int i = 0; i < oracle_count; i++)
		expected += covers(&oracle[i].prefix, &addr);
	CHECK_EQ(found.count, expected);
	for (unsigned int i = 0; i < found.count && i < ARRAY_LEN(found.items); i++) {
		int at = oracle_find(found.items[i].list, &found.items[i].prefix);

		CHECK(at >= 0 && oracle[at].sid == found.items[i].sid);
		CHECK(covers(&found.items[i].prefix, &addr));
		CHECK(i == 0 || found.items[i - 1].prefix.len >= found.items[i].prefix.len);
	}
}

static bool lives(const struct list_item *it, uint64_t now)
{
	return !it->expires || it->expires > now;
}

static uint8_t priorities[3];

struct claims { /* of one action, from the widest prefix on */
	int best;
	uint8_t flags, priority;
	uint64_t until;
	bool any;
};

static void claims_add(struct claims *claims, int at, bool *own)
{
	const struct list_item *it = &oracle[at];
	uint8_t priority = priorities[it->list];

	if (!claims->any || (claims->until && (!it->expires || it->expires > claims->until)))
		claims->until = it->expires;
	if (!claims->any || priority > claims->priority)
		claims->priority = priority;
	if (!claims->any || !*own || priority > priorities[oracle[claims->best].list] ||
	    (priority == priorities[oracle[claims->best].list] &&
	     it->severity > oracle[claims->best].severity))
		claims->best = at;
	claims->flags |= it->flags;
	claims->any = *own = true;
}

/* The rules of list_flatten() for one prefix, from end to end of the array for each length. */
static bool oracle_row(const struct prefix *prefix, uint64_t now, struct seki_entry *out)
{
	struct claims drop = {0}, alert = {0}, allow = {0}, *wins = NULL;

	for (unsigned int len = 0; len <= prefix->len; len++) {
		bool own_drop = false, own_alert = false, own_allow = false, any = false;
		struct claims exception = {0};

		for (uint16_t list = 0; list < 3; list++) {
			for (unsigned int i = 0; i < oracle_count; i++) {
				if (oracle[i].list != list || oracle[i].prefix.len != len ||
				    !covers(&oracle[i].prefix, prefix) || !lives(&oracle[i], now))
					continue;
				any = true;
				if (oracle[i].flags & SEKI_ENTRY_ALLOW)
					claims_add(&exception, (int)i, &own_allow);
				else if (allow.any && priorities[list] < allow.priority)
					continue;
				else if (oracle[i].flags & SEKI_ENTRY_ALERT)
					claims_add(&alert, (int)i, &own_alert);
				else
					claims_add(&drop, (int)i, &own_drop);
			}
		}
		wins = NULL;
		if (!any)
			continue;
		if (exception.any && (!drop.any || exception.priority >= drop.priority) &&
		    (!alert.any || exception.priority >= alert.priority)) {
			allow = exception;
			drop = alert = (struct claims){0};
		}
		wins = drop.any && (!alert.any || drop.priority >= alert.priority) ? &drop
		       : alert.any						   ? &alert
										   : &allow;
	}
	if (!wins)
		return false;
	*out = (struct seki_entry){.expires = wins->flags & SEKI_ENTRY_ALLOW ? 0 : (uint32_t)wins->until,
				   .sid = oracle[wins->best].sid,
				   .list = oracle[wins->best].list,
				   .flags = wins->flags,
				   .severity = oracle[wins->best].severity};
	return true;
}

static void compare_flat(struct list_set *set, uint64_t now)
{
	AUTO_FREE struct list_row *rows = NULL;
	uint32_t count = 0, expected = 0;

	CHECK_EQ(flatten(set, now, 0, &rows, &count), 0);
	for (unsigned int i = 0; i < oracle_count; i++) {
		bool first = lives(&oracle[i], now);

		for (unsigned int j = 0; j < i; j++)
			if (!prefix_compare(&oracle[i].prefix, &oracle[j].prefix) && lives(&oracle[j], now))
				first = false;
		expected += first;
	}
	CHECK_EQ(count, expected);
	for (uint32_t r = 0; r < count; r++) {
		struct seki_entry want = {0};
		struct list_row alone = {0};
		bool inside = false;

		CHECK(oracle_row(&rows[r].prefix, now, &want));
		CHECK(!memcmp(&rows[r].entry, &want, sizeof(want)));
		/* The same by its own prefix, and whether others depend on it. */
		CHECK_EQ(list_row(set, &rows[r].prefix, now, 0, &alone), 0);
		CHECK(!prefix_compare(&alone.prefix, &rows[r].prefix));
		CHECK(!memcmp(&alone.entry, &rows[r].entry, sizeof(alone.entry)));
		for (uint32_t q = 0; q < oracle_count; q++)
			inside |= oracle[q].prefix.len > rows[r].prefix.len &&
				  covers(&rows[r].prefix, &oracle[q].prefix);
		CHECK_EQ(list_inside(set, &rows[r].prefix), inside);
	}
}

static void random_add(struct list_set *set, uint32_t step)
{
	static const uint8_t flags[] = {1, 2, 3, 1, 2, 3, 5, 6, 7, 9, 10, 11};
	struct list_item it = {.prefix = draw_prefix(),
			       .list = (uint16_t)draw(3),
			       .flags = flags[draw(12)],
			       .severity = (uint8_t)draw(SEKI_SEVERITY_MAX),
			       .sid = step};
	int at = oracle_find(it.list, &it.prefix), err;

	it.expires = draw(3) ? 0 : 1 + draw(1000);
	if (draw(2))
		strcpy(it.reason, "why");
	err = list_add(set, &it, 0);
	if (at < 0 && oracle_count == ORACLE_MAX) {
		CHECK_EQ(err, -ENOSPC);
		return;
	}
	CHECK_EQ(err, 0);
	oracle[at < 0 ? (int)oracle_count++ : at] = it;
}

static void oracle_drop(bool (*goes)(const struct list_item *, uint64_t), uint64_t arg)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < oracle_count; i++)
		if (!goes(&oracle[i], arg))
			oracle[kept++] = oracle[i];
	oracle_count = kept;
}

static bool is_expired(const struct list_item *it, uint64_t now)
{
	return it->expires && it->expires <= now;
}

static bool is_of(const struct list_item *it, uint64_t list)
{
	return it->list == list;
}

static void oracle_begin(struct list_set **set)
{
	uint16_t index;

	oracle_count = 0;
	CHECK_EQ(list_set_new(ORACLE_MAX, set), 0);
	CHECK_EQ(list_index(*set, "a", true, &index), 0);
	CHECK_EQ(list_index(*set, "b", true, &index), 0);
}

static void priorities_set(struct list_set *set, bool differ)
{
	for (uint16_t list = 0; list < 3; list++) {
		struct list_about about;

		list_about(set, list, &about);
		about.priority = priorities[list] = differ ? (uint8_t)draw(3) : 0;
		list_about_set(set, list, &about);
	}
}

static void random_remove(struct list_set *set)
{
	struct prefix p = draw_prefix();
	uint16_t list = (uint16_t)draw(3);
	int at;

	if (oracle_count && draw(2)) {
		const struct list_item *it = &oracle[draw(oracle_count)];

		p = it->prefix;
		list = it->list;
	}
	at = oracle_find(list, &p);
	CHECK_EQ(list_remove(set, list, &p, 0), at < 0 ? -ENOENT : 0);
	if (at >= 0)
		oracle[at] = oracle[--oracle_count];
}

static void compare_lists(const struct list_set *set)
{
	for (uint16_t list = 0; list < 3; list++) {
		struct found found = {0};
		unsigned int expected = 0;

		list_each(set, list, collect, &found);
		for (unsigned int i = 0; i < oracle_count; i++)
			expected += oracle[i].list == list;
		CHECK_EQ(found.count, expected);
		CHECK_EQ(list_count(set, list), expected);
	}
}

static void expired_count(const struct prefix *prefix, void *arg)
{
	++*(uint32_t *)arg;
}

static void property(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;

	oracle_begin(&set);
	for (uint32_t step = 0; step < 8000; step++) {
		uint32_t kind = draw(100);

		if (kind < 60) {
			random_add(set, step);
		} else if (kind < 97) {
			random_remove(set);
		} else if (kind < 99) {
			uint64_t now = draw(300);
			unsigned int before = oracle_count;
			uint32_t told = 0;

			oracle_drop(is_expired, now);
			CHECK_EQ(list_expire(set, now, expired_count, &told), before - oracle_count);
			CHECK_EQ(told, before - oracle_count);
		} else if (!draw(4)) {
			uint16_t list = (uint16_t)draw(3);

			oracle_drop(is_of, list);
			list_clear(set, list);
			CHECK_EQ(list_count(set, list), 0);
		}
		CHECK_EQ(list_total(set), oracle_count);
		compare_why(set);
		if (step % 64 == 0) {
			priorities_set(set, step >= 4000);
			compare_flat(set, draw(500));
		}
		if (ktap_failed_checks)
			return;
	}
	compare_lists(set);
}

/* --- other sets from images */

static int cells_take(struct list_batch *batch, const struct list_item *it, uint8_t row, bool remove)
{
	struct list_cell *cell = list_batch_cell(batch);
	uint32_t note;

	if (!CHECK(cell) || list_batch_text(batch, it->sid, it->reason, &note))
		return -ENOMEM;
	cell->prefix = it->prefix;
	cell->list = row;
	cell->said =
		(uint8_t)(it->flags | it->severity << LIST_SEVERITY_SHIFT | (remove ? LIST_CELL_REMOVE : 0));
	cell->note = note;
	list_cell_expire_at(cell, it->expires);
	return 0;
}

/* An image of some random items of lists b and a, which the oracle takes as well. */
static void *random_image(bool update, size_t *len)
{
	struct list_about about = {.source = LIST_FROM_FILE};
	struct list_batch batch = {0};
	struct piece parts[LIST_IMAGE_PARTS];
	char *image, *to;
	uint8_t row[2];

	CHECK_EQ(list_batch_list(&batch, "b", &about, 0, &row[0]), 0);
	CHECK_EQ(list_batch_list(&batch, "a", &about, 0, &row[1]), 0);
	for (uint32_t left = draw(60); left; left--) {
		bool second = draw(2), remove = update && draw(3) == 0;
		struct list_item it = {.prefix = draw_prefix(),
				       .list = second ? 1 : 2,
				       .flags = 1 + (uint8_t)draw(3),
				       .severity = (uint8_t)draw(SEKI_SEVERITY_MAX),
				       .sid = draw(3),
				       .expires = draw(3) ? 0 : 1 + draw(1000)};
		bool twice = false;
		int at = oracle_find(it.list, &it.prefix);

		for (uint32_t i = 0; i < batch.cell_count; i++)
			twice |= batch.cells[i].list == row[second] &&
				 !prefix_compare(&batch.cells[i].prefix, &it.prefix);
		if (twice || (at < 0 && !remove && oracle_count == ORACLE_MAX))
			continue;
		strcpy(it.reason, draw(2) ? "from a file" : "");
		CHECK_EQ(cells_take(&batch, &it, row[second], remove), 0);
		if (remove && at >= 0)
			oracle[at] = oracle[--oracle_count];
		else if (!remove)
			oracle[at < 0 ? (int)oracle_count++ : at] = it;
	}
	CHECK_EQ(list_batch_parts(&batch, parts), 0);
	*len = batch.head.len;
	image = to = malloc(*len);
	for (int i = 0; i < LIST_IMAGE_PARTS; i++) {
		if (parts[i].len)
			memcpy(to, parts[i].data, parts[i].len);
		to += parts[i].len;
	}
	list_batch_clear(&batch);
	return image;
}

/* Replacements and changes by images against the oracle; the set before stays what it was, and both own their
 * notes. */
static void merged(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	static const uint16_t index[] = {2, 1}; /* of b and a */

	oracle_begin(&set);
	priorities_set(set, false);
	for (uint32_t step = 0; step < 400; step++) {
		CLEANUP(list_set_free) struct list_set *next = NULL;
		bool update = draw(2);
		uint32_t total;
		struct list_about before, after;
		AUTO_FREE void *image = NULL;
		struct list_image open;
		const char *why;
		size_t len = 0;

		for (int i = 0; i < 20; i++)
			draw(3) ? random_add(set, step) : random_remove(set);
		total = list_total(set);
		list_about(set, 1, &before);
		if (!update) {
			oracle_drop(is_of, 1);
			oracle_drop(is_of, 2);
		}
		image = random_image(update, &len);
		if (!CHECK(!list_image_open(image, len, &open, &why), "%s", why))
			return;
		CHECK_EQ(list_set_merge(set, update ? 0 : 6, &open, index, ORACLE_MAX, 0, &next), 0);
		CHECK_EQ(list_total(set), total);
		list_about(set, 1, &after);
		CHECK_EQ(after.digest, before.digest);
		CHECK_EQ(list_total(next), oracle_count);
		compare_why(next);
		compare_flat(next, draw(500));
		list_set_free(set);
		set = TAKE_PTR(next);
		compare_lists(set);
		if (ktap_failed_checks)
			return;
	}
}

/* The limit is one of the whole, and what does not fit changes nothing. */
static void merge_limit(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL, *next = NULL;
	static const uint16_t index[] = {2, 1};
	struct list_item it = item("192.0.2.1", 0, SEKI_ENTRY_SRC, 0);
	AUTO_FREE void *image = NULL;
	struct list_image open;
	const char *why;
	size_t len = 0;

	oracle_begin(&set);
	CHECK_EQ(list_add(set, &it, 0), 0);
	do {
		free(image);
		oracle_count = 0;
		image = random_image(false, &len);
	} while (oracle_count < 3);
	CHECK_EQ(list_image_open(image, len, &open, &why), 0);
	CHECK_EQ(list_set_merge(set, 6, &open, index, oracle_count, 0, &next), -ENOSPC);
	CHECK(!next);
	CHECK_EQ(list_set_merge(set, 6, &open, index, oracle_count + 1, 0, &next), 0);
	CHECK_EQ(list_total(next), oracle_count + 1);
	CHECK_EQ(list_total(set), 1);
}

static void large(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	AUTO_FREE struct list_row *rows = NULL;
	struct list_item it = item("0.0.0.0", 0, SEKI_ENTRY_SRC, 0);
	uint32_t count = 0, added = 0;
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	CHECK_EQ(list_set_new(200000, &set), 0);
	for (uint32_t i = 0; i < 200000; i++) {
		uint32_t addr = i * 2654435761u; /* odd factor: all different */

		for (int b = 0; b < 4; b++)
			it.prefix.addr[12 + b] = (uint8_t)(addr >> (24 - 8 * b));
		added += !list_add(set, &it, 0);
	}
	CHECK_EQ(added, 200000);
	CHECK_EQ(flatten(set, 0, 0, &rows, &count), 0);
	CHECK_EQ(count, 200000);
	list_clear(set, 0);
	CHECK_EQ(list_total(set), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("# 200000 added, flattened and cleared in %ld ms\n",
	       (long)((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000));
}

struct pages {
	struct prefix all[600], page[600];
	uint32_t all_count, page_count, page_left;
};

static int page_all(const struct list_item *item, void *arg)
{
	struct pages *p = arg;

	p->all[p->all_count++] = item->prefix;
	return 0;
}

static int page_some(const struct list_item *item, void *arg)
{
	struct pages *p = arg;

	p->page[p->page_count++] = item->prefix;
	return !--p->page_left;
}

/* Pages that each begin behind the last prefix of the one before are the list, once and in order. */
static void paged(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	static struct pages p;
	uint16_t other;

	CHECK_EQ(list_set_new(1000, &set), 0);
	CHECK_EQ(list_index(set, "other", true, &other), 0);
	for (uint32_t i = 0; i < 500; i++) {
		struct list_item item = {.flags = SEKI_ENTRY_SRC, .list = i % 3 ? LIST_MANUAL : other};
		uint32_t bits = i * 2654435761u;

		item.prefix.len = (uint8_t)(i % 2 ? 96 + bits % 33 : bits % 129);
		if (i % 2)
			memset(item.prefix.addr + 10, 0xff, 2);
		memcpy(item.prefix.addr + 12 * (i % 2), &bits, sizeof(bits));
		for (uint32_t bit = item.prefix.len; bit < 128; bit++)
			item.prefix.addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		CHECK_EQ(list_add(set, &item, 0), 0);
	}
	list_each(set, LIST_MANUAL, page_all, &p);
	CHECK_EQ(p.all_count, list_count(set, LIST_MANUAL));
	p.page_left = 7;
	list_each(set, LIST_MANUAL, page_some, &p);
	for (uint32_t round = 0; round < 100 && p.page_count < p.all_count; round++) {
		struct prefix last = p.page[p.page_count - 1];

		p.page_left = 7;
		list_each_after(set, LIST_MANUAL, &last, page_some, &p);
	}
	CHECK_EQ(p.page_count, p.all_count);
	CHECK(!memcmp(p.page, p.all, p.all_count * sizeof(p.all[0])));
	p.page_left = 7;
	list_each_after(set, LIST_MANUAL, &p.all[p.all_count - 1], page_some, &p);
	CHECK_EQ(p.page_left, 7);
}

static const struct ktap_test tests[] = {
	TEST(names),	TEST(forgotten), TEST(add_checks),  TEST(reference_count), TEST(folding),
	TEST(property), TEST(merged),	 TEST(merge_limit), TEST(large),	   TEST(paged),
};
KTAP_MAIN(tests)
