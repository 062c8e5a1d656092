// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_address.c - which rules are address lists, and the prefixes they come to.
 */
#include "core/rule/rule_address.h"
#include "rules.h"

static int collect(const struct rule_info *rule, const struct prefix *prefix, void *arg)
{
	char *out = arg, text[PREFIX_TEXT_MAX];
	size_t used = strlen(out);

	snprintf(out + used, 1024 - used, "%s%u:%s", used ? " " : "", rule->sid, prefix_format(prefix, text));
	return 0;
}

static void rows(void)
{
	static const struct {
		const char *rule, *expect;
	} table[] = {
		{"alert ip [192.0.2.1,198.51.100.0/24] any -> $HOME_NET any (sid:1;)",
		 "1:192.0.2.1 1:198.51.100.0/24"},
		{"alert tcp [192.0.2.1] any -> any any (threshold:type limit,track by_src,count 1,seconds "
		 "60; "
		 "flowbits:set,a; sid:2;)",
		 "2:192.0.2.1"},
		{"drop ip $HOME_NET any -> [2001:db8::1,192.0.2.4] any (sid:3;)",
		 "3:192.0.2.4 3:2001:db8::1"},
		{"alert ip 192.0.2.1-192.0.2.6 any -> any any (sid:4;)",
		 "4:192.0.2.1 4:192.0.2.2/31 4:192.0.2.4/31 4:192.0.2.6"},
		{"alert ip 0.0.0.0/0 any -> any any (sid:5;)", "5:0.0.0.0/0"},
		/* a variable is somebody's network, a negation everybody else's */
		{"alert ip $HOME_NET any -> any any (sid:6;)", ""},
		{"alert ip [192.0.2.1,$HOME_NET] any -> any any (sid:7;)", ""},
		{"alert ip !192.0.2.1 any -> any any (sid:8;)", ""},
		{"alert ip any any -> any any (sid:9;)", ""},
		/* more than addresses decides, or nothing is to be kept out */
		{"alert tcp 192.0.2.1 any -> any 80 (sid:10;)", ""},
		{"alert tcp 192.0.2.1 any -> any any (flags:S; sid:11;)", ""},
		{"alert tcp 192.0.2.1 any -> any any (content:\"x\"; sid:12;)", ""},
		{"alert ip 192.0.2.1 any -> any any (flowbits:isset,a; sid:13;)", ""},
		{"alert ip 192.0.2.1 any <> any any (sid:14;)", ""},
		{"pass ip 192.0.2.1 any -> any any (sid:15;)", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct rules_world world;
		char found[1024] = "";

		if (!rules_open(&world, table[i].rule))
			return;
		CHECK(!world.refused_count, "%s refused: %s", table[i].rule, world.refused);
		CHECK_EQ(rule_addresses(world.set, collect, found), 0);
		CHECK_STR(found, table[i].expect);
		rules_close(&world);
	}
}

static const struct ktap_test tests[] = {TEST(rows)};
KTAP_MAIN(tests)
