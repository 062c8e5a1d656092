// SPDX-License-Identifier: GPL-2.0-or-later
/* egress_lint.c - what is told of an allowlist, by kind. */
#include "core/egress/egress_lint.h"
#include "lib/ktap.h"

#define NOW 1764000000ull /* 2025-11-24T16:00:00Z */

struct told {
	uint32_t count[EGRESS_LINT_MAX], whole;
};

static void note(enum egress_lint lint, const struct policy_service *service,
		 const struct policy_service *other, void *arg)
{
	struct told *told = arg;

	told->count[lint]++;
	told->whole += !service;
	CHECK(!other == (lint != EGRESS_LINT_SHADOWED), "only what is shadowed has another rule");
}

static bool never_used(uint32_t rule, void *arg)
{
	return false;
}

static struct told lint(const char *text, bool (*used)(uint32_t rule, void *arg))
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	struct conf_errors errors = {0};
	struct told told = {0};
	uint32_t sum = 0;
	int err = policy_parse("f", text, strlen(text), &policy, &errors);

	CHECK(!err, "%s", errors.text ? errors.text : text);
	conf_errors_clear(&errors);
	if (err)
		return told;
	err = (int)egress_lint(policy, NOW, used, note, &told);
	for (int i = 0; i < EGRESS_LINT_MAX; i++)
		sum += told.count[i];
	CHECK_EQ(sum, err);
	return told;
}

static void each_kind(void)
{
	static const struct {
		const char *text;
		enum egress_lint kind;
		uint32_t count;
	} rows[] = {
		{"egress { template none; profile web { allow https to any; } host 192.0.2.1 web; }",
		 EGRESS_LINT_BROAD, 1},
		{"egress { template none; profile web { allow https to 198.51.100.0/24; } host 192.0.2.1 "
		 "web; }",
		 EGRESS_LINT_BROAD, 0},
		{"egress { template none; profile web { allow https to 198.51.100.0/24; allow https to "
		 "198.51.100.7; } host 192.0.2.1 web; }",
		 EGRESS_LINT_SHADOWED, 1},
		{"egress { template none; profile web { allow https to 198.51.100.0/24; } }",
		 EGRESS_LINT_NOBODY, 1},
		{"interface e { role dmz; } egress { template strict; time-server 192.0.2.123; }",
		 EGRESS_LINT_NO_RESOLVER, 1},
		{"interface e { role dmz; } egress { template strict; time-server 192.0.2.123; }",
		 EGRESS_LINT_NO_TIME_SERVER, 0},
		{"interface e { role dmz; } egress { template strict; resolver 192.0.2.53; }",
		 EGRESS_LINT_NO_RESOLVER, 0},
		{"interface e { role dmz; } egress { template strict; resolver 192.0.2.53; }",
		 EGRESS_LINT_NO_TIME_SERVER, 1},
		{"egress { template standard; }", EGRESS_LINT_NO_RESOLVER, 0},
		{"egress { exception ssh to 192.0.2.9 { host 192.0.2.1; until 2025-11-01; owner a; ticket b; "
		 "} }",
		 EGRESS_LINT_EXPIRED, 1},
		{"egress { exception ssh to 192.0.2.9 { host 192.0.2.1; until 2025-12-01; owner a; ticket b; "
		 "} }",
		 EGRESS_LINT_ENDS, 1},
		{"egress { exception ssh to 192.0.2.9 { host 192.0.2.1; until 2026-03-01; owner a; ticket b; "
		 "} }",
		 EGRESS_LINT_ENDS, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct told told = lint(rows[i].text, NULL);

		CHECK(told.count[rows[i].kind] == rows[i].count, "%s: %u of %s", rows[i].text,
		      told.count[rows[i].kind], egress_lint_names[rows[i].kind]);
	}
}

static void unused_is_told_where_somebody_counts(void)
{
	static const char text[] = "egress { template none; profile web { allow https to 198.51.100.0/24; } "
				   "host 192.0.2.1 web; }";

	CHECK_EQ(lint(text, NULL).count[EGRESS_LINT_UNUSED], 0);
	CHECK_EQ(lint(text, never_used).count[EGRESS_LINT_UNUSED], 1);
}

static void what_is_about_no_rule_names_none(void)
{
	CHECK_EQ(lint("interface e { role dmz; } egress { template strict; }", NULL).whole, 2);
}

static const struct ktap_test tests[] = {
	TEST(each_kind),
	TEST(unused_is_told_where_somebody_counts),
	TEST(what_is_about_no_rule_names_none),
};
KTAP_MAIN(tests)
