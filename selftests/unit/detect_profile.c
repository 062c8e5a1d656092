// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect_profile.c - checks, matches and time go to the rule that cost them,
 * and only when they are asked for.
 */
#include "rules.h"

static uint64_t ticks;

/* Each reading is 7 ns after the one before: a check takes two readings. */
static uint64_t ticking(void)
{
	return ticks += 7;
}

static void counts(void)
{
	static const struct {
		uint32_t sid;
		uint64_t checks, matches;
	} expect[] = {{1, 2, 2}, {2, 2, 0}, {3, 0, 0}};
	struct rules_world world;

	if (!rules_open(&world,
			"alert udp any any -> any any (content:\"needle\"; sid:1;)\n"
			"alert udp any any -> any any (content:\"hay\"; content:\"never\"; "
			"fast_pattern:only; sid:3;)\n"
			"alert udp any any -> any any (content:\"hay\"; fast_pattern; content:\"straw\"; "
			"sid:2;)\n"))
		return;
	CHECK(!detect_profile_of(world.detect, 0), "figures before they were asked for");
	CHECK_EQ(detect_profile_on(world.detect, ticking), 0);
	rules_datagram(&world, "needle in the hay", 17);
	rules_datagram(&world, "a needle", 8);
	rules_datagram(&world, "hay", 3);
	for (size_t i = 0; i < ARRAY_LEN(expect); i++) {
		const struct detect_profile *row = NULL;

		for (uint32_t j = 0; ruleset_at(world.set, j); j++)
			if (ruleset_at(world.set, j)->sid == expect[i].sid)
				row = detect_profile_of(world.detect, j);
		if (!CHECK(row, "no row for sid %u", expect[i].sid))
			continue;
		CHECK_EQ(row->matches, expect[i].matches);
		CHECK_EQ(row->checks, expect[i].checks);
		CHECK_EQ(row->ns, row->checks * 7);
	}
	rules_close(&world);
}

static const struct ktap_test tests[] = {TEST(counts)};
KTAP_MAIN(tests)
