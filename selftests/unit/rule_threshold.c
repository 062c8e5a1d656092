// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_threshold.c - which of a row of matches alert.
 */
#include "core/flow/tracker.h"
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
	{"threshold:type backoff, track by_src, count 1, multiplier 3;", "1010000010"},
	{"threshold:type backoff, track by_flow, count 2, multiplier 2;", "0101000100"},
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
		"threshold:type backoff, track by_src, count 1, seconds 1;",
		"threshold:type backoff, track by_src, count 1, multiplier 1;",
		"threshold:type limit, track by_src, count 1, seconds 1, multiplier 2;",
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
	struct rule_threshold limit = {THRESHOLD_LIMIT, TRACK_SRC, 1, 60, 0, 0};
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

/* The file's line over what the rule says itself; ten matches as above, q is quiet with the action. */
static const struct file_row {
	const char *head, *options, *file, *expect;
} file_rows[] = {
	{"alert", "", "threshold gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 60",
	 "1000000000"},
	{"alert", "", "event_filter gen_id 1, sig_id 1, type threshold, track by_dst, count 3, seconds 60",
	 "0010010010"},
	{"alert", "", "threshold gen_id 1, sig_id 0, type both, track by_rule, count 2, seconds 60",
	 "0100000000"},
	{"alert", "", "threshold gen_id 0, sig_id 0, type limit, track by_src, count 1, seconds 60",
	 "1000000000"},
	{"alert", "", "threshold gen_id 2, sig_id 1, type limit, track by_src, count 1, seconds 60",
	 "1111111111"},
	/* A line for the rule replaces its own, a line for many does not. */
	{"alert", "threshold:type limit, track by_src, count 1, seconds 60;",
	 "threshold gen_id 1, sig_id 1, type limit, track by_src, count 2, seconds 60", "1100000000"},
	{"alert", "threshold:type limit, track by_src, count 1, seconds 60;",
	 "threshold gen_id 1, sig_id 0, type limit, track by_src, count 2, seconds 60", "1000000000"},
	{"alert", "detection_filter:track by_src, count 8, seconds 60;",
	 "threshold gen_id 1, sig_id 1, type limit, track by_src, count 2, seconds 60", "1100000000"},
	{"alert", "", "suppress gen_id 1, sig_id 1", "0000000000"},
	{"alert", "", "suppress gen_id 0, sig_id 0", "0000000000"},
	{"alert", "", "suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.1", "0000000000"},
	{"alert", "", "suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.2", "1111111111"},
	{"alert", "", "suppress gen_id 1, sig_id 1, track by_dst, ip [192.0.2.0/24, 10.0.0.2]", "0000000000"},
	{"alert", "", "suppress gen_id 1, sig_id 1, track by_either, ip [10.0.0.0/8,!10.0.0.2]",
	 "0000000000"},
	{"alert", "", "suppress gen_id 1, sig_id 1, track by_either, ip $HOME_NET", "0000000000"},
	{"alert", "", "suppress gen_id 1, sig_id 1, \\\n track by_src, ip 10.0.0.1", "0000000000"},
	/* The action holds although nothing is told. */
	{"drop", "", "suppress gen_id 1, sig_id 1", "qqqqqqqqqq"},
	{"drop", "threshold:type limit, track by_src, count 2, seconds 60;", "", "11qqqqqqqq"},
	/* Beyond the rate the action is another one, until the timeout is over. */
	{"alert", "",
	 "rate_filter gen_id 1, sig_id 1, track by_src, count 2, seconds 60, new_action drop, timeout 3",
	 "11dddd1ddd"},
	{"drop", "",
	 "rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 60, new_action alert, timeout 60",
	 "d111111111"},
	{"alert", "",
	 "rate_filter gen_id 1, sig_id 1, track by_src, count 4, seconds 60, new_action pass, timeout 60",
	 "1111000000"},
};

static void file_sequences(void)
{
	for (size_t i = 0; i < ARRAY_LEN(file_rows); i++) {
		const struct file_row *row = &file_rows[i];
		struct rules_world world;
		char text[512], got[16] = "";

		snprintf(text, sizeof(text), "%s udp any any -> any any (content:\"a\"; %s sid:1;)\n",
			 row->head, row->options);
		if (!rules_open_limited(&world, text, row->file))
			continue;
		CHECK(!world.refused_count, "%s", world.refused);
		for (int j = 0; j < 10; j++) {
			unsigned int quiet = world.quiet, told = rules_datagram(&world, "a", 1);
			/* The rule's own action is not worth a letter of its own. */
			bool changed = world.action == RULE_DROP &&
				       (!strcmp(row->head, "alert") || strstr(row->file, "rate_filter"));

			strcat(got, world.quiet > quiet ? "q" : !told ? "0" : changed ? "d" : "1");
			world.now_us += 1000000;
		}
		CHECK(!strcmp(got, row->expect), "%s, not %s: %s", got, row->expect, row->file);
		rules_close(&world);
	}
}

static void file_refused(void)
{
	static const char *const bad[] = {
		"threshold gen_id 1, sig_id 1, type limit, track by_src, count 1",
		"threshold gen_id 1, sig_id 1, type limit, track by_src, count 0, seconds 1",
		"threshold gen_id 0, sig_id 1, type limit, track by_src, count 1, seconds 1",
		"threshold gen_id 1, sig_id 1, type limit, track by_either, count 1, seconds 1",
		"threshold gen_id 1, gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 1",
		"suppress gen_id 1",
		"suppress gen_id 1, sig_id 1, track by_src",
		"suppress gen_id 1, sig_id 1, ip 10.0.0.1",
		"suppress gen_id 1, sig_id 1, track by_rule, ip 10.0.0.1",
		"suppress gen_id 1, sig_id 1, track by_src, ip $NOWHERE",
		"suppress gen_id 1, sig_id 1, track by_src, ip [10.0.0.1",
		"suppress gen_id 1, sig_id 1, count 4",
		"rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 1, new_action sleep, timeout "
		"1",
		"rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 1, new_action drop",
		"mute gen_id 1, sig_id 1",
		"suppress gen_id one, sig_id 1",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct rules_world world;
		char file[256];

		snprintf(file, sizeof(file), "# a comment\n\n%s\nsuppress gen_id 1, sig_id 7\n", bad[i]);
		if (!rules_open_limited(&world, "alert udp any any -> any any (sid:1;)", file))
			continue;
		CHECK(world.refused_count == 1 && !strncmp(world.refused, "3:threshold:", 12), "%u, %s: %s",
		      world.refused_count, world.refused, bad[i]);
		rules_close(&world);
	}
}

/* The dry answer names the line that suppresses, and lines for no rule are known. */
static void file_answers(void)
{
	static const char file[] = "suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.9\n"
				   "suppress gen_id 1, sig_id 99\n"
				   "suppress gen_id 1, sig_id 1, track by_either, ip 10.0.0.2\n";
	struct seki_addr one = rules_address(1), two = rules_address(2), nine = rules_address(9);
	struct ruleset_suppression answer;
	struct rules_world world;
	const char *name;
	unsigned int line;

	if (!rules_open_limited(&world, "alert udp any any -> any any (sid:1;)", file))
		return;
	CHECK_EQ(ruleset_suppression(world.set, 1, 1, &nine, &two, &answer), 0);
	CHECK(answer.suppressed && answer.line == 1);
	CHECK_STR(answer.file, "threshold.config");
	CHECK_EQ(ruleset_suppression(world.set, 1, 1, &two, &one, &answer), 0);
	CHECK(answer.suppressed && answer.line == 3);
	CHECK_EQ(ruleset_suppression(world.set, 1, 1, &one, &nine, &answer), 0);
	CHECK(!answer.suppressed);
	CHECK_EQ(ruleset_suppression(world.set, 1, 2, &one, &nine, &answer), -ENOENT);
	CHECK(ruleset_idle_threshold(world.set, 0, &name, &line) && line == 2);
	CHECK(!ruleset_idle_threshold(world.set, 1, &name, &line));
	rules_close(&world);
}

/* A limit goes on over a change of the set, although the rule has another place in it. */
static void over_reload(void)
{
	static const char limited[] =
		"alert udp any any -> any any (content:\"a\"; threshold:type limit, track by_src, count 1, "
		"seconds 60; sid:5;)\n"
		"alert udp any any -> any any (content:\"a\"; xbits:set,seen,track ip_src,expire 60; "
		"noalert; sid:6;)\n"
		"alert udp any any -> any any (content:\"b\"; xbits:isset,seen,track ip_src; sid:7;)\n";
	struct rules_world before, after;
	char text[1024];

	snprintf(text, sizeof(text), "%s%s",
		 "alert udp any any -> any any (content:\"z\"; xbits:set,other,track ip_src,expire 60; "
		 "sid:1;)\n",
		 limited);
	if (!rules_open(&before, limited))
		return;
	if (!rules_open(&after, text))
		return;
	detect_share(after.detect, detect_tracker(before.detect));
	CHECK_EQ(rules_datagram(&before, "a", 1), 1);
	CHECK_EQ(rules_datagram(&after, "a", 1), 0);
	CHECK_EQ(rules_datagram(&after, "b", 1), 1);
	rules_close(&before);
	CHECK_EQ(rules_datagram(&after, "a", 1), 0);
	rules_close(&after);
}

static const struct ktap_test tests[] = {TEST(sequences),    TEST(tracks_apart),   TEST(refused),
					 TEST(bounded),	     TEST(file_sequences), TEST(file_refused),
					 TEST(file_answers), TEST(over_reload)};
KTAP_MAIN(tests)
