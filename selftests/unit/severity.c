// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * severity.c - which source of a severity wins, and the files they come from.
 */
#include "rules.h"

static const struct severity_case {
	const char *options;
	enum seki_severity severity;
} rows[] = {
	{"metadata:signature_severity Critical;", SEKI_SEVERITY_CRITICAL},
	{"metadata:x y, signature_severity Major;", SEKI_SEVERITY_HIGH},
	{"metadata:signature_severity Minor;", SEKI_SEVERITY_MEDIUM},
	{"metadata:signature_severity Informational;", SEKI_SEVERITY_LOW},
	{"classtype:attempted-admin; metadata:signature_severity Informational;", SEKI_SEVERITY_LOW},
	{"classtype:attempted-admin;", SEKI_SEVERITY_HIGH},
	{"classtype:policy-violation;", SEKI_SEVERITY_MEDIUM},
	{"classtype:bad-unknown;", SEKI_SEVERITY_MEDIUM},
	{"classtype:misc-activity;", SEKI_SEVERITY_LOW},
	{"classtype:misc-activity; priority:1;", SEKI_SEVERITY_HIGH},
	{"priority:2; classtype:misc-activity;", SEKI_SEVERITY_MEDIUM},
	{"", SEKI_SEVERITY_LOW},
	{"metadata:signature_severity Unheard;", SEKI_SEVERITY_LOW},
};

static void sources(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rules_world world;
		char text[256];

		snprintf(text, sizeof(text), "alert ip any any -> any any (%s sid:5;)\n", rows[i].options);
		if (!rules_open(&world, text))
			continue;
		if (CHECK(ruleset_find(world.set, 5) != NULL, "%s", world.refused))
			CHECK(ruleset_find(world.set, 5)->severity == rows[i].severity, "%s",
			      rows[i].options);
		rules_close(&world);
	}
}

static void tables(void)
{
	static const char table[] =
		"# ours\n5 critical\n\n6 low # why\nbad line\n7\n8 loud\n5 high\r\n5\tcritical\n";
	static const char classes[] = "# c\nconfig classification: mine,My own class,2\n"
				      "config classification: misc-activity,Now urgent,1\nconfig nothing\n"
				      "config classification: a,b,x\n";
	static const char text[] = "alert ip any any -> any any (metadata:signature_severity Minor; sid:5;)\n"
				   "alert ip any any -> any any (classtype:mine; sid:9;)\n"
				   "alert ip any any -> any any (classtype:misc-activity; sid:10;)\n";
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	struct rules_world world = {0};
	char why[128];

	if (!CHECK_EQ(ruleset_builder_new(&builder), 0))
		return;
	CHECK_EQ(ruleset_add_severity(builder, "s", table, sizeof(table) - 1, rules_refused, &world),
		 -EINVAL);
	CHECK_EQ(world.refused_count, 3);
	CHECK_EQ(
		ruleset_add_classification(builder, "c", classes, sizeof(classes) - 1, rules_refused, &world),
		-EINVAL);
	CHECK_EQ(world.refused_count, 5);
	CHECK_EQ(ruleset_add_rules(builder, "r", text, sizeof(text) - 1, rules_refused, &world), 0);
	CHECK_EQ(world.refused_count, 5);
	if (!CHECK_EQ(ruleset_build(builder, &set, why, sizeof(why)), 0))
		return;
	CHECK_EQ(ruleset_find(set, 5)->severity, SEKI_SEVERITY_CRITICAL);
	CHECK_EQ(ruleset_find(set, 9)->severity, SEKI_SEVERITY_MEDIUM);
	CHECK_STR(ruleset_find(set, 9)->category, "My own class");
	CHECK_EQ(ruleset_find(set, 10)->priority, 1);
}

static const struct ktap_test tests[] = {TEST(sources), TEST(tables)};
KTAP_MAIN(tests)
