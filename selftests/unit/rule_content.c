// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_content.c - contents and where they may lie, in datagrams and in
 * streams.
 */
#include "core/flow/stream.h"
#include "rules.h"

static const struct content_row {
	const char *options, *data;
	int expect;
} rows[] = {
	/* plain, case, negation */
	{"content:\"abc\";", "xxabcxx", 1},
	{"content:\"abc\";", "xxABCxx", 0},
	{"content:\"abc\"; nocase;", "xxABCxx", 1},
	{"content:\"aBc\"; nocase;", "xxAbCxx", 1},
	{"content:\"a|42 43|d\";", "aBCd", 1},
	{"content:\"a\\;b\\\"c\\\\d\\:\";", "a;b\"c\\d:", 1},
	{"content:!\"abc\"; content:\"x\";", "xx", 1},
	{"content:!\"abc\"; content:\"x\";", "xabc", 0},
	{"content:!\"abc\";", "nothing", 1},
	/* offset, depth, edges */
	{"content:\"abc\"; offset:2;", "abcx", 0},
	{"content:\"abc\"; offset:2;", "xxabc", 1},
	{"content:\"abc\"; depth:3;", "abcx", 1},
	{"content:\"abc\"; depth:3;", "xabc", 0},
	{"content:\"abc\"; offset:1; depth:3;", "xabc", 1},
	{"content:\"abc\"; offset:1; depth:3;", "xxabc", 0},
	{"content:!\"abc\"; depth:3; content:\"x\";", "xabc", 1},
	{"content:!\"abc\"; depth:3; content:\"x\";", "abcx", 0},
	{"content:\"abc\"; startswith;", "abcx", 1},
	{"content:\"abc\"; startswith;", "xabc", 0},
	{"content:\"abc\"; endswith;", "xabc", 1},
	{"content:\"abc\"; endswith;", "abcx", 0},
	{"content:\"abc\"; endswith;", "abcxabc", 1},
	{"content:\"abc\"; startswith; endswith;", "abc", 1},
	{"content:\"abc\"; startswith; endswith;", "abcabc", 0},
	{"content:!\"abc\"; endswith; content:\"x\";", "abcx", 1},
	{"content:!\"abc\"; endswith; content:\"x\";", "xabc", 0},
	/* relative */
	{"content:\"ab\"; content:\"cd\"; distance:0;", "abcd", 1},
	{"content:\"ab\"; content:\"cd\"; distance:1;", "abcd", 0},
	{"content:\"ab\"; content:\"cd\"; distance:1;", "ab-cd", 1},
	{"content:\"ab\"; content:\"cd\"; distance:0;", "cdab", 0},
	{"content:\"ab\"; content:\"cd\"; distance:-4;", "cdab", 1},
	{"content:\"ab\"; content:\"cd\"; within:2;", "abcd", 1},
	{"content:\"ab\"; content:\"cd\"; within:2;", "ab-cd", 0},
	{"content:\"ab\"; content:\"cd\"; within:3;", "ab-cd", 1},
	{"content:\"ab\"; content:\"cd\"; distance:1; within:2;", "ab-cd", 1},
	{"content:\"ab\"; content:\"cd\"; distance:1; within:2;", "ab--cd", 0},
	{"content:\"ab\"; content:!\"cd\"; within:4;", "ab-----cd", 1},
	{"content:\"ab\"; content:!\"cd\"; within:4;", "ab-cd", 0},
	/* an earlier match must be tried at its next place */
	{"content:\"ab\"; content:\"cd\"; within:2;", "ab--abcd", 1},
	{"content:\"a\"; content:\"b\"; distance:0; within:1; content:\"c\"; distance:0; within:1;",
	 "abxabxabc", 1},
	{"content:\"a\"; content:!\"b\"; within:1;", "abab", 0},
	{"content:\"a\"; content:!\"b\"; within:1;", "abac", 1},
	/* non-relative ones begin again at the front */
	{"content:\"cd\"; content:\"ab\";", "abcd", 1},
	/* isdataat */
	{"content:\"ab\"; isdataat:2,relative;", "abcd", 1},
	{"content:\"ab\"; isdataat:3,relative;", "abcd", 0},
	{"content:\"ab\"; isdataat:!1,relative;", "xxab", 1},
	{"content:\"ab\"; isdataat:!1,relative;", "xxabx", 0},
	{"content:\"ab\"; isdataat:3;", "abcd", 1},
	{"content:\"ab\"; isdataat:4;", "abcd", 0},
	{"content:\"ab\"; isdataat:!4;", "abcd", 1},
	/* fast pattern does not change the meaning */
	{"content:\"abcdef\"; content:\"x\"; fast_pattern;", "x abcdef", 1},
	{"content:\"abcdef\"; fast_pattern:2,3;", "abcdef", 1},
	{"content:\"abcdef\"; fast_pattern:2,3;", "xxcdex", 0},
	{"content:\"|00 00 00|\"; content:\"x\";", "x", 0},
	/* the other reader's form */
	{"content:\"ABC\",nocase,depth 3;", "abcd", 1},
	/* refused */
	{"content:\"\";", "", -1},
	{"content:\"abc;", "", -1},
	{"content:\"a|4|\";", "", -1},
	{"content:\"a|4g|\";", "", -1},
	{"content:\"abc\"; depth:2;", "", -1},
	{"content:\"abc\"; within:2;", "", -1},
	{"content:\"abc\"; offset:1; distance:1;", "", -1},
	{"content:\"abc\"; startswith; offset:1;", "", -1},
	{"nocase;", "", -1},
	{"content:\"abc\"; fast_pattern:2,5;", "", -1},
	{"content:\"abc\"; nocase:1;", "", -1},
	{"content:\"abc\"; offset:none;", "", -1},
};

static void table(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int result = rules_try(rows[i].options, rows[i].data, strlen(rows[i].data));

		CHECK(result == rows[i].expect, "%d, not %d: %s over \"%s\"", result, rows[i].expect,
		      rows[i].options, rows[i].data);
	}
}

static void nul_bytes(void)
{
	CHECK_EQ(TRY("content:\"|00 00 00|\";", "ab\0\0\0cd"), 1);
	CHECK_EQ(TRY("content:\"|00 00 00|\";", "ab\0\0cd"), 0);
	CHECK_EQ(TRY("content:\"|00 00|ab\";", "x\0\0ab"), 1);
	CHECK_EQ(TRY("content:\"|00 00|ab\";", "x\0ab"), 0);
}

/* Pattern and data that make naive backtracking explode end by the limit. */
static void bounded(void)
{
	char options[4096] = "", data[8192];

	for (int i = 0; i < 40; i++)
		strcat(options, i ? "content:\"a\"; distance:0; " : "content:\"a\"; ");
	strcat(options, "content:\"b\"; within:1; ");
	memset(data, 'a', sizeof(data));
	CHECK_EQ(rules_try(options, data, sizeof(data)), 0);
}

struct chunk_row {
	const char *rule, *chunks[4];
	unsigned int expect;
};

static const struct chunk_row chunk_rows[] = {
	{"content:\"abcdef\";", {"xxabc", "defxx"}, 1},
	{"content:\"abcdef\";", {"a", "b", "cde", "f"}, 1},
	{"content:\"abc\"; content:\"def\"; distance:1;", {"abc", "-", "def"}, 1},
	{"content:\"abcdef\"; content:\"xy\";", {"abcdef", "--xy"}, 1},
	{"content:\"abcdef\"; content:\"xy\";", {"xy", "--abcdef"}, 1},
	{"content:\"abc\";", {"abc", "def"}, 1},
	{"content:\"abc\";", {"abc", "def", "abc"}, 2},
	{"content:\"abc\"; depth:3; flow:only_stream;", {"abc", "abc"}, 1},
	{"content:\"abc\"; offset:3; flow:only_stream;", {"abc", "abc"}, 1},
	{"content:\"abc\"; depth:3; flow:no_stream;", {"abc", "abc"}, 2},
	{"content:\"bc\"; depth:2;", {"a", "bc"}, 1},
	{"content:\"abc\"; dsize:3;", {"ab", "c"}, 0},
	{"content:\"abc\"; flow:to_client;", {"abc"}, 0},
	{"content:\"abc\"; flow:to_server,established;", {"abc"}, 1},
	{"content:\"abc\"; flow:not_established;", {"abc"}, 0},
};

static void streams(void)
{
	for (size_t i = 0; i < ARRAY_LEN(chunk_rows); i++) {
		const struct chunk_row *row = &chunk_rows[i];
		struct rules_world world;
		struct stream_stats stats = {0};
		char text[512], stream[256];
		size_t used = 0;

		snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)\n", row->rule);
		if (!rules_open(&world, text))
			continue;
		CHECK_EQ(world.refused_count, 0);
		CHECK_EQ(stream_new(&stats, &world.flow.stream), 0);
		for (int j = 0; j < 4 && row->chunks[j]; j++) {
			size_t len = strlen(row->chunks[j]);
			struct packet packet =
				rules_packet(&world, IPPROTO_TCP, TO_SERVER, row->chunks[j], len);

			memcpy(stream + used, row->chunks[j], len);
			used += len;
			detect_packet(world.detect, &packet, &world.flow, TO_SERVER);
			detect_stream(world.detect, &packet, &world.flow, TO_SERVER,
				      (struct span){(const uint8_t *)stream, (uint32_t)used}, 0,
				      (uint32_t)len, false);
			detect_packet_end(world.detect);
		}
		CHECK(world.alerts == row->expect, "%u, not %u: %s", world.alerts, row->expect, row->rule);
		stream_free(world.flow.stream);
		rules_close(&world);
	}
}

/* A window that slid: offsets count from the stream's beginning. */
static void slid_window(void)
{
	struct rules_world world;
	struct packet packet;

	if (!rules_open(
		    &world,
		    "alert tcp-stream any any -> any any (content:\"abc\"; offset:100; depth:10; sid:1;)\n"
		    "alert tcp-stream any any -> any any (content:\"abc\"; depth:3; sid:2;)\n"))
		return;
	packet = rules_packet(&world, IPPROTO_TCP, TO_SERVER, "abc", 3);
	detect_stream(world.detect, &packet, &world.flow, TO_SERVER, (struct span){(const uint8_t *)"abc", 3},
		      102, 3, false);
	detect_packet_end(world.detect);
	CHECK_EQ(world.alerts, 1);
	CHECK_EQ(world.sids[0], 1);
	rules_close(&world);
}

static const struct ktap_test tests[] = {TEST(table), TEST(nul_bytes), TEST(bounded), TEST(streams),
					 TEST(slid_window)};
KTAP_MAIN(tests)
