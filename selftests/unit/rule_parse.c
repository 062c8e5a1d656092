// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_parse.c - what is read of a rule, what is refused and how that is
 * told, files with comments and joined lines, the keyword table itself.
 */
#include "core/rule/explain.h"
#include "core/rule/rule_parse.h"
#include "rules.h"

static void everything_read(void)
{
	struct rules_world world;
	const struct rule_info *info;

	if (!rules_open(&world,
			"\n# comment\n  drop tcp any any -> any any (msg:\"A \\\"b\\\" \\; c\"; "
			"content:\"x\"; gid:3; "
			"sid:42; rev:7; classtype:attempted-admin; reference:cve,2014-6271; "
			"reference:url,example.com/a; metadata:a b, c d; metadata:e f; target:dest_ip;)  \n"))
		return;
	CHECK(world.refused_count == 0, "%s", world.refused);
	info = ruleset_find(world.set, 42);
	if (CHECK(info != NULL)) {
		CHECK_STR(info->msg, "A \"b\" ; c");
		CHECK_EQ(info->gid, 3);
		CHECK_EQ(info->rev, 7);
		CHECK_EQ(info->action, RULE_DROP);
		CHECK_EQ(info->priority, 1);
		CHECK_STR(info->classtype, "attempted-admin");
		CHECK_STR(info->category, "Attempted Administrator Privilege Gain");
		CHECK_EQ(info->reference_count, 2);
		CHECK_STR(info->references[0], "cve,2014-6271");
		CHECK_STR(info->addresses[0], "https://cve.mitre.org/cgi-bin/cvename.cgi?name=2014-6271");
		CHECK_EQ(info->metadata_count, 3);
		CHECK_STR(info->metadata[2], "e f");
		CHECK_EQ(info->target, RULE_TARGET_DST);
		CHECK_STR(info->file, "test.rules");
		CHECK_EQ(info->line, 3);
		CHECK(!strncmp(info->header, "drop tcp", 8));
	}
	CHECK(ruleset_find(world.set, 43) == NULL);
	CHECK(ruleset_at(world.set, 1) == NULL);
	rules_close(&world);
}

static const struct refusal_row {
	const char *rule, *refused; /* "line:keyword:why", the beginning of it */
} refusals[] = {
	{"alert ip any any -> any any (msg:\"a\";)", "1:sid:is missing"},
	{"alert ip any any -> any any", "1:rule:the options"},
	{"alert ip any any -> any any (sid:1; frobnicate:2;)", "1:frobnicate:unknown keyword"},
	{"alert ip any any -> any any (sid:0;)", "1:sid:"},
	{"alert ip any any -> any any (sid:4294967296;)", "1:sid:"},
	{"alert ip any any -> any any (sid:1; sid:2;)", "1:sid:given twice"},
	{"alert ip any any -> any any (msg:a; sid:1;)", "1:msg:"},
	{"alert ip any any -> any any (classtype:no-such; sid:1;)", "1:classtype:unknown"},
	{"alert ip any any -> any any (content; sid:1;)", "1:content:needs a value"},
	{"alert ip any any -> any any (content:\"a\"; http_uri; http_header; sid:1;)", "1:http_header:"},
	{"alert http any any -> any any (http.uri; sid:1;)", "1:rule:nothing is looked for"},
	{"alert dns any any -> any any (http.uri; content:\"a\"; sid:1;)", "1:rule:a buffer of another"},
	{"alert http any any -> any any (http.uri; content:\"a\"; http.stat_code; content:\"2\"; sid:1;)",
	 "1:rule:buffers"},
	{"alert http any any -> any any (flow:to_client; http.uri; content:\"a\"; sid:1;)", "1:rule:buffers"},
	{"alert tcp-pkt any any -> any any (dsize:1; http.uri; content:\"a\"; sid:1;)",
	 "1:rule:asks for packets only"},
	{"alert icmp any any -> any any (http.uri; content:\"a\"; sid:1;)", "1:rule:application buffers"},
	{"alert ip any any -> any any (bsize:3; sid:1;)", "1:bsize:"},
	{"alert http any any -> any any (http.host; content:\"a\"; dotprefix; sid:1;)", "1:rule:nothing"},
	{":n; alert ip any any -> any any (:x; sid:1;)", "1:header:"},
	{"alert ip any any -> any any (:x; sid:1;)", "1:option:has no name"},
};

static void refusals_told(void)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct rules_world world;
		char text[512];

		snprintf(text, sizeof(text), "%s\nalert ip any any -> any any (sid:99;)\n", refusals[i].rule);
		if (!rules_open(&world, text))
			continue;
		CHECK(world.refused_count == 1 &&
			      !strncmp(world.refused, refusals[i].refused, strlen(refusals[i].refused)),
		      "\"%s\", not \"%s\": %s", world.refused, refusals[i].refused, refusals[i].rule);
		CHECK(ruleset_find(world.set, 99) != NULL, "the others load");
		rules_close(&world);
	}
}

static void files(void)
{
	struct rules_world world;
	struct ruleset_counts counts;

	if (!rules_open(&world,
			"alert ip any any -> any any (msg:\"joined\"; \\\n  sid:1;)\r\n\r\n#alert ip x\n"
			"alert ip any any -> any any (sid:1;)\nalert ip any any -> any any (gid:2; sid:1;)\n"
			"alert ip any any -> any any (sid:2;) \\"))
		return;
	ruleset_count(world.set, &counts);
	CHECK_EQ(counts.loaded, 2);
	CHECK_EQ(counts.failed, 2);
	CHECK_STR(ruleset_find(world.set, 1)->msg, "joined");
	rules_close(&world);
}

/* More of a kind than a rule may have is refused, whatever the kind. */
static void limits(void)
{
	static const struct {
		const char *option;
		unsigned int count;
	} rows[] = {
		{"content:\"a\"; ", RULE_NODES_MAX},   {"ttl:1; ", RULE_TESTS_MAX},
		{"flowbits:set,a; ", RULE_STATES_MAX}, {"reference:a,b; ", RULE_REFERENCES_MAX},
		{"metadata:a b; ", RULE_METADATA_MAX},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (unsigned int more = 0; more < 2; more++) {
			struct rules_world world;
			char text[8192] = "alert ip any any -> any any (";

			for (unsigned int j = 0; j < rows[i].count + more; j++)
				strcat(text, rows[i].option);
			strcat(text, "sid:1;)\n");
			if (!rules_open(&world, text))
				continue;
			CHECK(world.refused_count == more, "%s: %s", rows[i].option, world.refused);
			rules_close(&world);
		}
	}
}

static void keyword_table(void)
{
	const struct rule_keyword *row;
	const char *nearest = NULL;
	unsigned int count = 0;
	char *text = NULL;

	for (; (row = rule_keyword_at(count)); count++) {
		CHECK(rule_keyword_find(row->name) == row, "%s is there twice", row->name);
		CHECK(!row->alias || rule_keyword_find(row->alias) == row, "%s", row->alias);
		CHECK(row->parse && row->help && *row->help, "%s", row->name);
		if (CHECK_EQ(explain_keyword(row->name, &text, &nearest), 0))
			free(text);
	}
	CHECK(count > 100, "%u", count);
	for (int i = 0; i < BUFFER_APP_EVENT; i++) /* inner ones behind it are reached by values */
		CHECK(rule_keyword_find(buffer_infos[i].name) != NULL, "%s", buffer_infos[i].name);
	CHECK_EQ(explain_keyword("contant", &text, &nearest), -ENOENT);
	CHECK_STR(nearest, "content");
}

static void explanations(void)
{
	static const char json[] = "{\"7\":{\"title\":{\"en\":\"T\",\"ja\":\"題\"},\"what\":{\"en\":\"W\"},"
				   "\"references\":[\"r1\",5]}}";
	static const char array[] = "[{\"sid\":8,\"title\":\"plain\"}, 5]";
	const char *why = NULL;
	char *text = NULL;

	if (CHECK_EQ(explain_sid(json, sizeof(json) - 1, 7, EXPLAIN_JA, &text, &why), 0)) {
		CHECK(strstr(text, "題") && strstr(text, "W") && strstr(text, "r1"), "%s", text);
		free(text);
	}
	if (CHECK_EQ(explain_sid(array, sizeof(array) - 1, 8, EXPLAIN_EN, &text, &why), 0)) {
		CHECK(strstr(text, "plain") != NULL, "%s", text);
		free(text);
	}
	CHECK_EQ(explain_sid(json, sizeof(json) - 1, 9, EXPLAIN_EN, &text, &why), -ENOENT);
	CHECK_EQ(explain_sid("{", 1, 9, EXPLAIN_EN, &text, &why), -EBADMSG);
}

/* Of two rules with one number the later revision holds, wherever it stands; equal ones are a mistake. */
static void revisions(void)
{
	static const struct {
		const char *first, *second;
		unsigned int rev; /* that holds */
	} rows[] = {{"1", "2", 2}, {"2", "1", 2}, {"3", "3", 3}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ruleset_counts counts;
		struct rules_world world;
		char text[256];

		snprintf(text, sizeof(text),
			 "alert tcp any any -> any any (content:\"a\"; sid:1; rev:%s;)\n"
			 "alert tcp any any -> any any (content:\"a\"; sid:1; rev:%s;)\n",
			 rows[i].first, rows[i].second);
		if (!rules_open(&world, text))
			return;
		ruleset_count(world.set, &counts);
		CHECK_EQ(counts.loaded, 1);
		CHECK_EQ(counts.failed, 1);
		CHECK_EQ(ruleset_find(world.set, 1)->rev, rows[i].rev);
		rules_close(&world);
	}
}

static const struct ktap_test tests[] = {TEST(everything_read), TEST(refusals_told), TEST(files),
					 TEST(limits),		TEST(keyword_table), TEST(explanations),
					 TEST(revisions)};
KTAP_MAIN(tests)
