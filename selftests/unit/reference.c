// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference.c - built-in kinds, kinds from a file, and lines that are none.
 */
#include "core/rule/reference.h"

#include <errno.h>

#include "rules.h"

static void refused(const char *file, unsigned int line, uint32_t sid, const char *keyword, const char *why,
		    void *arg)
{
	*(unsigned int *)arg = *(unsigned int *)arg * 10 + line;
}

static void file_over_table(void)
{
	static const char text[] =
		"# comment\nconfig reference: CVE https://cve.example/\n"
		"config reference: ours\thttps://wiki.example/?q=  \nconfig reference: bad\n"
		"reference: x y\nconfig reference: a b c\n";
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	static const char rule[] = "alert ip any any -> any any (reference:cve,2014-6271; reference:ours, 7; "
				   "reference:strange,thing; reference:url,www.example.com/a,b; sid:1;)";
	const struct rule_info *info;
	unsigned int lines = 0;
	char why[128];

	if (!CHECK_EQ(ruleset_builder_new(&builder), 0))
		return;
	CHECK_EQ(
		ruleset_add_data(builder, RULE_DATA_REFERENCES, "f", text, sizeof(text) - 1, refused, &lines),
		-EINVAL);
	CHECK_EQ(lines, 456);
	CHECK_EQ(ruleset_add_rules(builder, "r", rule, sizeof(rule) - 1, NULL, NULL), 0);
	if (!CHECK_EQ(ruleset_build(builder, &set, why, sizeof(why)), 0))
		return;
	info = ruleset_find(set, 1);
	if (!CHECK(info && info->reference_count == 4))
		return;
	CHECK_STR(info->addresses[0], "https://cve.example/2014-6271");
	CHECK_STR(info->addresses[1], "https://wiki.example/?q=7");
	CHECK_STR(info->addresses[2], "thing");
	CHECK_STR(info->addresses[3], "http://www.example.com/a,b");
}

static const struct ktap_test tests[] = {TEST(file_over_table)};
KTAP_MAIN(tests)
