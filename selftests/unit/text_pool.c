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
	TEST(outlives_refused_rules),
};
KTAP_MAIN(tests)
