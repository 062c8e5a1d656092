// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_threshold.c - which of a row of matches alert.
 */
#include "core/tracker.h"
#include "rules.h"

/* Ten matches, one per second from one source: 1 alerts, 0 does not. */
static const struct threshold_row {
	const char *options, *expect;
} rows[] = {
	{"", "1111111111"},
	{"threshold:type limit, track by_src, count 1, seconds 60;", "1000000000"},
	{"threshold:type limit, track by_src, count 2, seconds 5;", "1100011000"},
	{"threshold:type threshold, track by_src, count 3, seconds 60;", "0010010010"},
	{"threshold:type both, track by_src, count 3, seconds 5;", "0010000100"},
	{"threshold:type both, track by_dst, count 1, seconds 60;", "1000000000"},
	{"threshold:type limit, track by_both, count 1, seconds 60;", "1000000000"},
	{"threshold:type limit, track by_rule, count 1, seconds 60;", "1000000000"},
	{"threshold:type limit, track by_flow, count 1, seconds 60;", "1000000000"},
	{"threshold:type threshold, track by_src, count 3, seconds 1;", "0000000000"},
	{"detection_filter:track by_src, count 3, seconds 60;", "0001111111"},
	{"detection_filter:track by_dst, count 2, seconds 4;", "0011001100"},
};

static void sequences(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rules_world world;
		char text[512], got[16] = "";

		snprintf(text, sizeof(text), "alert udp any any -> any any (content:\"a\"; %s sid:1;)\n",
			 rows[i].options);
		if (!rules_open(&world, text))
			continue;
		CHECK_EQ(world.refused_count, 0);
		for (int j = 0; j < 10; j++) {
			strcat(got, rules_datagram(&world, "a", 1) ? "1" : "0");
			world.now_us += 1000000;
		}
		CHECK(!strcmp(got, rows[i].expect), "%s, not %s: %s", got, rows[i].expect, rows[i].options);
		rules_close(&world);
	}
}

static void tracks_apart(void)
{
	struct rules_world world;

	if (!rules_open(&world,
			"alert udp any any -> any any (content:\"a\"; threshold:type limit, track by_src, "
			"count 1, seconds 60; sid:1;)\n"))
		return;
	CHECK_EQ(rules_datagram(&world, "a", 1), 1);
	world.flow.server = rules_address(9);
	CHECK_EQ(rules_datagram(&world, "a", 1), 0);
	world.flow.client = rules_address(8);
	CHECK_EQ(rules_datagram(&world, "a", 1), 1);
	rules_close(&world);
}

static void refused(void)
{
	static const char *const bad[] = {
		"threshold:type never, track by_src, count 1, seconds 1;",
		"threshold:type limit, track by_src, count 1;",
		"threshold:type limit, track sideways, count 1, seconds 1;",
		"threshold:type limit, track by_src, count 0, seconds 1;",
		"threshold:track by_src, count 1, seconds 1;",
		"detection_filter:type limit, track by_src, count 1, seconds 1;",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_EQ(TRY("content:\"a\";", "a"), 1), CHECK_EQ(rules_try(bad[i], "a", 1), -1);
}

/* Far more sources than slots: memory stays, the given-up are counted, a fresh key still works. */
static void bounded(void)
{
	CLEANUP(tracker_free) struct tracker *tracker = NULL;
	struct rule_threshold limit = {THRESHOLD_LIMIT, TRACK_SRC, 1, 60};
	struct tracker_key key = {.kind = THRESHOLD_LIMIT};

	if (!CHECK_EQ(tracker_new(64, &tracker), 0))
		return;
	for (uint32_t i = 0; i < 10000; i++) {
		key.number = i;
		CHECK(tracker_pass(tracker, &key, &limit, i));
	}
	CHECK(tracker_given_up(tracker) >= 10000 - 64);
	CHECK(!tracker_pass(tracker, &key, &limit, 10001), "the newest is remembered");
}

static const struct ktap_test tests[] = {TEST(sequences), TEST(tracks_apart), TEST(refused), TEST(bounded)};
KTAP_MAIN(tests)
