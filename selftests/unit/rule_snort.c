// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_snort.c - which language a rule is in, rules over several lines, and
 * what only Snort's refuses.
 */
#include "core/rule/rule_snort.h"
#include "rules.h"

static void recognised(void)
{
	static const struct {
		const char *header, *options;
		bool snort;
	} rows[] = {
		{"alert tcp any any -> any any ", "content:\"a\"; http_uri; sid:1;", false},
		{"alert tcp any any -> any any ", "http_uri; content:\"a\"; sid:1;", true},
		{"alert tcp any any -> any any ", "uricontent:\"a\"; http_uri; sid:1;", false},
		{"alert tcp any any -> any any ", "content:\"a\"; nocase; sid:1;", false},
		{"alert tcp any any -> any any ", "content:\"a\",nocase; sid:1;", true},
		{"alert tcp any any -> any any ", "content:!\"a\" , depth 4; sid:1;", true},
		{"alert tcp any any -> any any ", "content:\"a,b\"; sid:1;", false},
		{"alert tcp any any -> any any ", "content:\"a\\\",b\"; sid:1;", false},
		{"alert tcp any any -> any any ", "msg:\"service:http;\"; content:\"a\"; sid:1;", false},
		{"alert tcp any any -> any any ", "metadata:service http; content:\"a\"; sid:1;", false},
		{"alert tcp any any -> any any ", "content:\"a\"; service:http; sid:1;", true},
		{"alert http any any -> any any ", "http.uri; content:\"a\"; sid:1;", false},
		{"alert http any any -> any any ", "file_data; content:\"a\"; sid:1;", false},
		{"alert http ", "content:\"a\"; sid:1;", true},
		{"alert ", "content:\"a\"; sid:1;", true},
		{"", "", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK(snort_recognise(rows[i].header, rows[i].options) == rows[i].snort, "%s(%s)",
		      rows[i].header, rows[i].options);
}

/* Rules of both languages in one file; a Snort rule ends with its parenthesis, or where the next one begins.
 */
static void lines(void)
{
	static const char text[] =
		"alert udp\n(\n  # a remark\n  msg:\"one\";\n\n  content:\"a\", nocase;\n  sid:1;\n)\n"
		"alert udp any any -> any any (msg:\"two\"; content:\"a\"; nocase; sid:2;)\n"
		"alert udp any any -> any any (msg:\"broken\"; content:\"a\"; sid:3;\n"
		"alert udp any any -> any any (msg:\"four\";\n content:\"a\",depth 1; sid:4;)\n"
		"block udp ( msg:\"five; with more\"; content:\"a;\"; sid:5; )\n"
		"alert udp any any -> any any ( msg:\"six\"; sid:6;";
	struct rules_world world;

	if (!rules_open(&world, text))
		return;
	CHECK_EQ(world.refused_count, 2);
	CHECK(!strncmp(world.refused, "14:", 3), "%s", world.refused);
	CHECK(ruleset_find(world.set, 1) && ruleset_find(world.set, 1)->line == 1);
	CHECK(ruleset_find(world.set, 4) && ruleset_find(world.set, 4)->line == 11);
	CHECK_STR(ruleset_find(world.set, 1)->msg, "one");
	CHECK_STR(ruleset_find(world.set, 5)->msg, "five; with more");
	CHECK_EQ(ruleset_find(world.set, 5)->action, RULE_DROP);
	CHECK_EQ(rules_datagram(&world, "A;", 2), 2);
	CHECK_EQ(rules_datagram(&world, "a;", 2), 4);
	rules_close(&world);
}

/* What Snort has and this reader has not is refused by its name. */
static void refused(void)
{
	static const struct {
		const char *rule, *refused;
	} rows[] = {
		{"alert http ( js_data; content:\"a\"; sid:1; )", "1:js_data:unknown keyword"},
		{"alert http ( http_param:\"a\",nocase; sid:1; )", "1:http_param:unknown keyword"},
		{"alert imap ( content:\"a\"; sid:1; )", "1:header:unknown protocol"},
		{"rewrite tcp ( content:\"a\"; sid:1; )", "1:header:unknown action"},
		{"alert http ( http_uri; content:\"a\"; service:ssl; sid:1; )", "1:rule:"},
		{"alert tcp ( http_uri: path; content:\"a\"; sid:1; )", "1:http_uri:only the whole"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rules_world world;

		if (!rules_open(&world, rows[i].rule))
			continue;
		CHECK(world.refused_count == 1 &&
			      !strncmp(world.refused, rows[i].refused, strlen(rows[i].refused)),
		      "\"%s\": %s", world.refused, rows[i].rule);
		rules_close(&world);
	}
}

static const struct ktap_test tests[] = {TEST(recognised), TEST(lines), TEST(refused)};
KTAP_MAIN(tests)
