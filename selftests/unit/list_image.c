// SPDX-License-Identifier: GPL-2.0-or-later
/* list_image.c - images of lists: what goes in comes out, damage of any byte is seen, hostile ones stay in
 * bounds. */
#include <errno.h>
#include <time.h>

#include "core/list/list_image.h"
#include "core/list/list_image_parts.h"
#include "core/list/list_notes.h"
#include "lib/draw.h"
#include "lib/ktap.h"

static struct list_item random_item(uint32_t i)
{
	struct list_item item = {.flags = 1 + (uint8_t)draw(3), .severity = (uint8_t)draw(SEKI_SEVERITY_MAX)};

	if (draw(2)) {
		item.prefix.len = 96 + 32;
		item.prefix.addr[10] = item.prefix.addr[11] = 0xff;
		for (int b = 12; b < 16; b++)
			item.prefix.addr[b] = (uint8_t)draw(256);
	} else {
		item.prefix.len = 64;
		for (int b = 0; b < 8; b++)
			item.prefix.addr[b] = (uint8_t)(0x20 + draw(200));
	}
	item.expires = draw(3) ? 0 : 1ull << (30 + draw(9));
	item.created = draw(1u << 31);
	item.sid = draw(4);
	snprintf(item.reason, sizeof(item.reason), draw(2) ? "reason %u" : "", i % 7);
	return item;
}

/* A set of two lists, and its image. */
static char *make(struct list_set **set, uint32_t items, size_t *len)
{
	struct list_about about = {
		.serial = 3, .changed = 4, .taken = 5, .not_after = 6, .source = 2, .priority = 7};
	struct piece parts[LIST_IMAGE_PARTS];
	struct list_batch batch = {0};
	char *image, *to;
	uint16_t feed;

	CHECK_EQ(list_set_new(items, set), 0);
	CHECK_EQ(list_index_at(*set, "feed", 9, &feed), 0);
	CHECK_EQ(feed, 9);
	for (uint32_t i = 0; i < items; i++) {
		struct list_item item = random_item(i);

		item.list = i % 3 ? feed : LIST_MANUAL;
		CHECK_EQ(list_add(*set, &item, 1), 0);
	}
	list_about_set(*set, feed, &about);
	CHECK_EQ(list_batch_take(&batch, *set, LIST_MANUAL), 0);
	CHECK_EQ(list_batch_take(&batch, *set, feed), 0);
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

static int same_item(const struct list_item *item, void *arg)
{
	struct list_set *other = arg;
	struct list_item there;

	CHECK_EQ(list_get(other, item->list, &item->prefix, &there), 0);
	CHECK(!memcmp(&there, item, sizeof(there)));
	return 0;
}

/* Everything that is known of lists and items survives, the lists' numbers too. */
static void round_trip(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL, *empty = NULL, *back = NULL;
	uint16_t index[2];
	size_t len = 0;
	AUTO_FREE char *image = make(&set, 2000, &len);
	struct list_about was, is;
	struct list_image open;
	const char *why = "";

	if (!CHECK(!list_image_open(image, len, &open, &why), "%s", why))
		return;
	CHECK_EQ(open.cell_count, list_total(set));
	CHECK_EQ(open.lists[1].index, 9);
	CHECK_EQ(list_set_new(1, &empty), 0);
	CHECK_EQ(list_index_at(empty, open.lists[0].name, open.lists[0].index, &index[0]), 0);
	CHECK_EQ(list_index_at(empty, open.lists[1].name, open.lists[1].index, &index[1]), 0);
	CHECK_EQ(index[1], 9);
	CHECK_EQ(list_set_merge(empty, 3, &open, index, 2000, 10, &back), 0);
	CHECK_EQ(list_total(back), list_total(set));
	list_each(set, LIST_MANUAL, same_item, back);
	list_each(set, 9, same_item, back);
	list_about(set, 9, &was);
	list_about(back, 9, &is);
	CHECK(!memcmp(&was, &is, sizeof(was)));
	CHECK(list_bytes(back) / (list_total(back) + 1) < 48, "%llu bytes",
	      (unsigned long long)list_bytes(back));
}

static void damaged(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	size_t len = 0;
	AUTO_FREE char *image = make(&set, 60, &len);
	struct list_image open;
	const char *why;

	for (size_t at = 0; at < len; at++) {
		image[at] ^= 1;
		why = NULL;
		CHECK_EQ(list_image_open(image, len, &open, &why), -EBADMSG);
		CHECK(why && *why, "byte %zu", at);
		image[at] ^= 1;
	}
	for (size_t cut = 0; cut < len; cut++) {
		AUTO_FREE char *exact = malloc(cut + !cut);

		memcpy(exact, image, cut);
		CHECK_EQ(list_image_open(exact, cut, &open, &why), -EBADMSG);
	}
	CHECK_EQ(list_image_open(image, len, &open, &why), 0);
}

static void digest_fix(char *image, size_t len)
{
	uint64_t digest = list_image_digest(0, image + sizeof(struct list_image_head),
					    len - sizeof(struct list_image_head));

	memcpy(image + offsetof(struct list_image_head, digest), &digest, sizeof(digest));
}

/* With a digest that fits, whatever is in it: what is accepted can be used whole. */
static void hostile(void)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	uint32_t accepted = 0, refused = 0;
	size_t len = 0;
	AUTO_FREE char *image = make(&set, 40, &len);

	for (size_t at = 0; at < len; at++) {
		char kept = image[at];

		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			CLEANUP(list_set_free) struct list_set *empty = NULL, *next = NULL;
			static const uint16_t index[] = {1, 2};
			AUTO_FREE char *exact = malloc(len);
			struct list_image open;
			const char *why;
			uint16_t made;

			image[at] = (char)values[v];
			digest_fix(image, len);
			memcpy(exact, image, len);
			if (list_image_open(exact, len, &open, &why)) {
				refused++;
				continue;
			}
			accepted++;
			CHECK_EQ(list_set_new(1, &empty), 0);
			CHECK_EQ(list_index(empty, "a", true, &made), 0);
			CHECK_EQ(list_index(empty, "b", true, &made), 0);
			CHECK_EQ(list_set_merge(empty, 0, &open, index, 100, 0, &next), 0);
			CHECK(list_total(next) <= 40);
		}
		image[at] = kept;
	}
	CHECK(accepted > 100 && refused > 1000, "%u accepted, %u refused", accepted, refused);
}

/* The same note is one; a number comes back when nobody names it; chains of the hash hold. */
static void notes(void)
{
	struct list_notes *pool;
	uint32_t numbers[5000], again;
	char text[32];

	CHECK_EQ(list_notes_new(&pool), 0);
	CHECK_EQ(list_notes_take(pool, 0, "", &again), 0);
	CHECK_EQ(again, 0);
	CHECK_STR(list_notes_text(pool, 0), "");
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "note %u", i);
		CHECK_EQ(list_notes_take(pool, i % 3, text, &numbers[i]), 0);
	}
	for (uint32_t i = 0; i < 5000; i += 2)
		list_notes_drop(pool, numbers[i]);
	for (uint32_t i = 1; i < 5000; i += 2) {
		snprintf(text, sizeof(text), "note %u", i);
		CHECK_EQ(list_notes_take(pool, i % 3, text, &again), 0);
		CHECK_EQ(again, numbers[i]);
		CHECK_STR(list_notes_text(pool, again), text);
		CHECK_EQ(list_notes_sid(pool, again), i % 3);
		list_notes_drop(pool, again);
	}
	for (uint32_t i = 0; i < 2500; i++) {
		snprintf(text, sizeof(text), "other %u", i);
		CHECK_EQ(list_notes_take(pool, 9, text, &again), 0);
		CHECK(again <= 5000, "numbers are used again");
	}
	list_notes_free(list_notes_share(pool));
	list_notes_free(pool);
}

static const struct ktap_test tests[] = {
	TEST(round_trip),
	TEST(damaged),
	TEST(hostile),
	TEST(notes),
};
KTAP_MAIN(tests)
