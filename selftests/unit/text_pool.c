// SPDX-License-Identifier: GPL-2.0-or-later
/* Texts in common: one copy each, whatever became of the rule that brought them. */
#include "lib/text_pool.h"

#include <string.h>

#include "lib/ktap.h"
#include "rules.h"

static void held_once(void)
{
	CLEANUP(text_pool_free) struct text_pool *pool = NULL;
	static const char *first[20000];
	char text[32];

	if (!CHECK_EQ(text_pool_new(&pool), 0))
		return;
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "created_at %d", i);
		first[i] = text_pool_get(pool, text, strlen(text));
		CHECK_STR(first[i], text);
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "created_at %d", i);
		CHECK(text_pool_get(pool, text, strlen(text)) == first[i]);
	}
	CHECK_STR(text_pool_get(pool, "created_at 12 and more", 13), "created_at 12");
	CHECK_STR(text_pool_get(pool, "", 0), "");
	text_pool_close(pool);
	CHECK_STR(first[19999], "created_at 19999");
	CHECK(!text_pool_get(pool, "late", 4));
}

/* What both have is there once, and lives as long as one of them, whichever goes first. */
static void shared_with_the_one_before(void)
{
	for (int older_first = 0; older_first < 2; older_first++) {
		struct text_pool *older = NULL, *pool = NULL;
		const char *both, *alone, *new;

		if (!CHECK(!text_pool_new(&older) && !text_pool_new(&pool)))
			return;
		both = text_pool_get(older, "both", 4);
		alone = text_pool_get(older, "alone", 5);
		for (int i = 0; i < 20000; i++)
			text_pool_get(older, (const char *)&i, sizeof(i));
		text_pool_close(older);
		CHECK_EQ(text_pool_reuse(pool, older), 0);
		CHECK(text_pool_get(pool, "both", 4) == both);
		CHECK(text_pool_get(pool, "both", 4) == both);
		new = text_pool_get(pool, "new", 3);
		text_pool_close(pool);
		CHECK(!text_pool_get(pool, "both", 4), "closed");
		text_pool_free(older_first ? older : pool);
		CHECK_STR(older_first ? new : alone, older_first ? "new" : "alone");
		CHECK_STR(both, "both");
		text_pool_free(older_first ? pool : older);
	}
}

/* The first rule is refused behind its metadata; the second one has the same. */
static void outlives_refused_rules(void)
{
	struct rules_world world;

	if (!CHECK(rules_open_limited(&world,
				      "alert tcp any any -> any any (msg:\"a\"; metadata:deployment "
				      "Perimeter; nonsense:1; sid:1;)\n"
				      "alert tcp any any -> any any (msg:\"b\"; metadata:deployment "
				      "Perimeter; content:\"x\"; sid:2;)\n",
				      NULL)))
		return;
	CHECK_EQ(world.refused_count, 1);
	CHECK_STR(ruleset_find(world.set, 2)->metadata[0], "deployment Perimeter");
	rules_close(&world);
}

static const struct ktap_test tests[] = {
	TEST(held_once),
	TEST(shared_with_the_one_before),
	TEST(outlives_refused_rules),
};
KTAP_MAIN(tests)
