// SPDX-License-Identifier: GPL-2.0-or-later
/* list.c - the list set against a naive oracle, and its flattened rows. */
#include <errno.h>
#include <time.h>

#include "core/list.h"
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
	CHECK_EQ(list_add(set, &item), 0);
	list_forget(set, feed);
	CHECK_EQ(list_total(set), 0);
	CHECK(!list_name(set, feed));
	CHECK_EQ(list_index(set, "feed", false, &next), -ENOENT);
	CHECK_EQ(list_add(set, &item), -EINVAL);
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
	CHECK_EQ(list_add(set, &it), 0);
	it.list = 1;
	CHECK_EQ(list_add(set, &it), -EINVAL);
	it.list = 0;
	it.flags = SEKI_ENTRY_ALERT;
	CHECK_EQ(list_add(set, &it), -EINVAL);
	it.flags = 16 | SEKI_ENTRY_SRC;
	CHECK_EQ(list_add(set, &it), -EINVAL);
	it.flags = SEKI_ENTRY_SRC;
	it.severity = SEKI_SEVERITY_MAX;
	CHECK_EQ(list_add(set, &it), -EINVAL);
	it.severity = 0;
	it.prefix.addr[15] = 1;
	CHECK_EQ(list_add(set, &it), -EINVAL);
	it = item("192.0.2.1", 0, SEKI_ENTRY_SRC, 0);
	memset(it.reason, 'x', sizeof(it.reason));
	CHECK_EQ(list_add(set, &it), -EINVAL);
	it.reason[sizeof(it.reason) - 1] = '\0';
	CHECK_EQ(list_add(set, &it), 0);
	list_why(set, &it.prefix, collect, &found);
	CHECK_EQ(found.count, 2);
	CHECK_STR(found.items[0].reason, it.reason);
	CHECK_EQ(found.items[1].prefix.len, 120);
	it = item("192.0.2.2", 0, SEKI_ENTRY_SRC, 0);
	CHECK_EQ(list_add(set, &it), -ENOSPC);
	it = item("192.0.2.1", 0, SEKI_ENTRY_DST, 77);
	CHECK_EQ(list_add(set, &it), 0); /* replaces */
	CHECK_EQ(list_total(set), 2);
	found = (struct found){.stop_at = 1};
	list_why(set, &it.prefix, collect, &found);
	CHECK_EQ(found.count, 1);
	CHECK_EQ(found.items[0].expires, 77);
	CHECK_EQ(found.items[0].flags, SEKI_ENTRY_DST);
	CHECK_STR(found.items[0].reason, "");
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
	CHECK_EQ(list_add(set, &it), 0);
	it.list = feed;
	CHECK_EQ(list_add(set, &it), 0);
	CHECK_EQ(list_flatten(set, 0, 0, &rows, &count), 0);
	CHECK_EQ(count, 1);
	CHECK_EQ(list_remove(set, feed, &it.prefix), 0);
	CHECK_EQ(list_remove(set, feed, &it.prefix), -ENOENT);
	free(rows);
	rows = NULL;
	CHECK_EQ(list_flatten(set, 0, 0, &rows, &count), 0);
	CHECK_EQ(count, 1);
	list_clear(set, 0);
	CHECK_EQ(list_total(set), 0);
	free(rows);
	rows = NULL;
	CHECK_EQ(list_flatten(set, 0, 0, &rows, &count), 0);
	CHECK_EQ(count, 0);
	CHECK_EQ(list_add(set, &it), 0);
	free(rows);
	rows = NULL;
	CHECK_EQ(list_flatten(set, 0, 0, &rows, &count), 0);
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
		CHECK_EQ(list_add(set, &items[i]), 0);
	CHECK_EQ(list_add(set, &ends), -EINVAL); /* what would hold when it has ended? */
	CHECK_EQ(list_flatten(set, 1000, -900, &rows, &count), 0);
	CHECK_EQ(count, 12);
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
	CHECK_EQ(list_expire(set, 899), 0);
	CHECK_EQ(list_expire(set, 900), 1);
	CHECK_EQ(list_expire(set, 1499), 3);
	CHECK_EQ(list_expire(set, UINT64_MAX), 4);
	CHECK_EQ(list_total(set), 5);
}

/* --- against an oracle that is an array */

#define ORACLE_MAX 400
static struct list_item oracle[ORACLE_MAX];
static unsigned int oracle_count;
static uint64_t seed = 88172645463325252ull;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

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

static void compare_flat(struct list_set *set, uint64_t now)
{
	AUTO_FREE struct list_row *rows = NULL;
	uint32_t count = 0, expected = 0;

	CHECK_EQ(list_flatten(set, now, 0, &rows, &count), 0);
	for (unsigned int i = 0; i < oracle_count; i++) {
		bool first = !oracle[i].expires || oracle[i].expires > now;

		for (unsigned int j = 0; j < i; j++)
			if (!prefix_compare(&oracle[i].prefix, &oracle[j].prefix) &&
			    (!oracle[j].expires || oracle[j].expires > now))
				first = false;
		expected += first;
	}
	CHECK_EQ(count, expected);
	for (uint32_t r = 0; r < count; r++) {
		struct list_row alone = {0};
		bool inside;
		uint8_t drop = 0, alert = 0;
		uint64_t drop_until = 1, alert_until = 1;

		for (unsigned int i = 0; i < oracle_count; i++) {
			bool is_alert = oracle[i].flags & SEKI_ENTRY_ALERT;
			uint64_t *until = is_alert ? &alert_until : &drop_until;

			if (!covers(&oracle[i].prefix, &rows[r].prefix) ||
			    (oracle[i].expires && oracle[i].expires <= now))
				continue;
			*(is_alert ? &alert : &drop) |= oracle[i].flags;
			if (*until && (!oracle[i].expires || oracle[i].expires > *until))
				*until = oracle[i].expires;
		}
		CHECK_EQ(rows[r].entry.flags, drop ? drop : alert);
		CHECK_EQ(rows[r].entry.expires, drop ? drop_until : alert_until);
		/* The same by its own prefix, and whether others depend on it. */
		CHECK_EQ(list_row(set, &rows[r].prefix, now, 0, &alone), 0);
		CHECK(!prefix_compare(&alone.prefix, &rows[r].prefix));
		CHECK(!memcmp(&alone.entry, &rows[r].entry, sizeof(alone.entry)));
		inside = false;
		for (uint32_t q = 0; q < oracle_count; q++)
			inside |= oracle[q].prefix.len > rows[r].prefix.len &&
				  covers(&rows[r].prefix, &oracle[q].prefix);
		CHECK_EQ(list_inside(set, &rows[r].prefix), inside);
	}
}

static void random_add(struct list_set *set, uint32_t step)
{
	static const uint8_t flags[] = {1, 2, 3, 5, 6, 7};
	struct list_item it = {
		.prefix = draw_prefix(), .list = (uint16_t)draw(3), .flags = flags[draw(6)], .sid = step};
	int at = oracle_find(it.list, &it.prefix), err;

	it.expires = draw(3) ? 0 : 1 + draw(1000);
	if (draw(2))
		strcpy(it.reason, "why");
	err = list_add(set, &it);
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

static void property(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	uint16_t index;

	CHECK_EQ(list_set_new(ORACLE_MAX, &set), 0);
	CHECK_EQ(list_index(set, "a", true, &index), 0);
	CHECK_EQ(list_index(set, "b", true, &index), 0);
	for (uint32_t step = 0; step < 6000; step++) {
		uint32_t kind = draw(100);

		if (kind < 60) {
			random_add(set, step);
		} else if (kind < 97) {
			struct prefix p = draw_prefix();
			uint16_t list = (uint16_t)draw(3);
			int at;

			if (oracle_count && draw(2)) {
				const struct list_item *it = &oracle[draw(oracle_count)];

				p = it->prefix;
				list = it->list;
			}
			at = oracle_find(list, &p);
			CHECK_EQ(list_remove(set, list, &p), at < 0 ? -ENOENT : 0);
			if (at >= 0)
				oracle[at] = oracle[--oracle_count];
		} else if (kind < 99) {
			uint64_t now = draw(300);
			unsigned int before = oracle_count;

			oracle_drop(is_expired, now);
			CHECK_EQ(list_expire(set, now), before - oracle_count);
		} else if (!draw(4)) {
			uint16_t list = (uint16_t)draw(3);

			oracle_drop(is_of, list);
			list_clear(set, list);
			CHECK_EQ(list_count(set, list), 0);
		}
		CHECK_EQ(list_total(set), oracle_count);
		compare_why(set);
		if (step % 64 == 0)
			compare_flat(set, draw(500));
		if (ktap_failed_checks)
			return;
	}
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
		added += !list_add(set, &it);
	}
	CHECK_EQ(added, 200000);
	CHECK_EQ(list_flatten(set, 0, 0, &rows, &count), 0);
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
		CHECK_EQ(list_add(set, &item), 0);
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
	TEST(names),   TEST(forgotten), TEST(add_checks), TEST(reference_count),
	TEST(folding), TEST(property),	TEST(large),	  TEST(paged),
};
KTAP_MAIN(tests)
