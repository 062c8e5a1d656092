// SPDX-License-Identifier: GPL-2.0-or-later
/* pause.c - long work gives way: who waits is served in time and never from within itself; a merge of lists
 * during which the old set changes gives what it would have given afterwards. */
#include <string.h>
#include <unistd.h>

#include "core/list/list_image.h"
#include "lib/draw.h"
#include "lib/ktap.h"
#include "lib/pause.h"

#define FEED  120000u
#define HANDS 20000u

/* --- pauses */

struct served {
	int times, inside;
	bool waited;
};

static void serve(int until, void *arg)
{
	struct served *served = arg;

	served->times++;
	served->waited |= until >= 0;
	served->inside += pause_here();
	if (until >= 0)
		usleep(100);
}

static void long_work(void *arg)
{
	usleep(20000);
	*(bool *)arg = true;
}

static void nobody_waits(void)
{
	bool done = false;

	pause_set(NULL, NULL);
	CHECK(!pause_here());
	pause_while(long_work, &done);
	CHECK(done);
}

static void somebody_waits(void)
{
	struct served served = {0};
	bool done = false;

	pause_set(serve, &served);
	CHECK(pause_here());
	CHECK_EQ(served.times, 1);
	for (int i = 0; i < 3; i++) {
		usleep(1100);
		CHECK(pause_here());
	}
	CHECK_EQ(served.times, 4);
	CHECK_EQ(served.inside, 0);
	pause_while(long_work, &done);
	CHECK(done && served.waited);
	CHECK(served.times > 10);
	pause_set(NULL, NULL);
	usleep(1100);
	CHECK(!pause_here());
}

/* --- a merge meanwhile */

struct changing {
	struct list_set *set;
	struct prefix *changed;
	uint32_t count, times, room;
};

static struct list_item hand_item(void)
{
	struct list_item item = {.list = LIST_MANUAL, .flags = SEKI_ENTRY_SRC, .prefix = {.len = 128}};

	item.prefix.addr[10] = item.prefix.addr[11] = 0xff;
	item.prefix.addr[12] = (uint8_t)(1 + draw(200));
	item.prefix.addr[13] = (uint8_t)draw(16);
	item.prefix.addr[14] = (uint8_t)draw(256);
	snprintf(item.reason, sizeof(item.reason), "%u", draw(50));
	return item;
}

/* Before and behind where the merge is. */
static void change(int until, void *arg)
{
	struct changing *c = arg;

	c->times++;
	for (int i = 0; i < 40 && c->count < c->room; i++) {
		struct list_item item = hand_item();

		if (draw(2))
			CHECK(list_remove(c->set, LIST_MANUAL, &item.prefix, 5) <= 0);
		else
			CHECK_EQ(list_add(c->set, &item, 5), 0);
		c->changed[c->count++] = item.prefix;
	}
}

static char *feed_image(struct list_image *open)
{
	struct list_about about = {.serial = 1};
	struct piece parts[LIST_IMAGE_PARTS];
	struct list_batch batch = {0};
	const char *why;
	char *image, *to;
	uint8_t row;

	CHECK_EQ(list_batch_list(&batch, "feed", &about, 1, &row), 0);
	for (uint32_t i = 0; i < FEED; i++) {
		uint32_t addr = 0x01000000u + i * 27644u;
		struct list_cell *cell = list_batch_cell(&batch);

		cell->prefix = (struct prefix){.len = 128};
		cell->prefix.addr[10] = cell->prefix.addr[11] = 0xff;
		for (int b = 0; b < 4; b++)
			cell->prefix.addr[12 + b] = (uint8_t)(addr >> (24 - 8 * b));
		cell->list = row;
		cell->said = SEKI_ENTRY_SRC;
		CHECK_EQ(list_batch_text(&batch, 0, i % 2 ? "odd" : "even", &cell->note), 0);
		batch.lists[row].count++;
	}
	CHECK_EQ(list_batch_parts(&batch, parts), 0);
	image = to = malloc(batch.head.len);
	for (int i = 0; i < LIST_IMAGE_PARTS; i++) {
		if (parts[i].len)
			memcpy(to, parts[i].data, parts[i].len);
		to += parts[i].len;
	}
	CHECK_EQ(list_image_open(image, batch.head.len, open, &why), 0);
	list_batch_clear(&batch);
	return image;
}

static int is_same(const struct list_item *item, void *arg)
{
	struct list_item other;

	return list_get(arg, item->list, &item->prefix, &other) || strcmp(other.reason, item->reason) != 0;
}

struct verdict {
	struct list_set *other;
	bool differs;
};

static int compare(const struct list_item *item, void *arg)
{
	struct verdict *verdict = arg;

	verdict->differs |= is_same(item, verdict->other) != 0;
	return 0;
}

static bool sets_equal(struct list_set *a, struct list_set *b)
{
	struct verdict verdict = {.other = b};

	for (uint16_t list = 0; list < 2; list++) {
		if (list_count(a, list) != list_count(b, list))
			return false;
		list_each(a, list, compare, &verdict);
	}
	return !verdict.differs;
}

static void merge_meanwhile(void)
{
	static struct prefix changed[100000];
	struct changing c = {.changed = changed, .room = 100000};
	struct list_set *next = NULL, *after = NULL;
	struct list_image open;
	char *image = feed_image(&open);
	uint16_t index[1];

	CHECK_EQ(list_set_new(2 * (FEED + HANDS), &c.set), 0);
	CHECK_EQ(list_index(c.set, "feed", true, index), 0);
	for (uint32_t i = 0; i < HANDS; i++) {
		struct list_item item = hand_item();

		CHECK_EQ(list_add(c.set, &item, 1), 0);
	}
	pause_set(change, &c);
	CHECK_EQ(list_set_merge(c.set, 1ull << index[0], &open, index, 2 * (FEED + HANDS), 9, &next), 0);
	pause_set(NULL, NULL);
	CHECK(c.times > 2);
	for (uint32_t i = 0; i < c.count; i++) {
		struct list_item item;

		if (!list_get(c.set, LIST_MANUAL, &changed[i], &item))
			CHECK_EQ(list_add(next, &item, 9), 0);
		else
			CHECK(list_remove(next, LIST_MANUAL, &changed[i], 9) <= 0);
	}
	CHECK_EQ(list_set_merge(c.set, 1ull << index[0], &open, index, 2 * (FEED + HANDS), 9, &after), 0);
	CHECK(sets_equal(next, after) && sets_equal(after, next));
	CHECK_EQ(list_count(next, index[0]), FEED);
	list_set_free(next);
	list_set_free(after);
	list_set_free(c.set);
	free(image);
}

static const struct ktap_test tests[] = {TEST(nobody_waits), TEST(somebody_waits), TEST(merge_meanwhile)};
KTAP_MAIN(tests)
