// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reputation.c - the most specific entry counts, and bad lines are told.
 */
#include "core/rule/reputation.h"

#include <errno.h>
#include <string.h>

#include "lib/ktap.h"
#include "lib/prefix.h"

static void refused(const char *file, unsigned int line, uint32_t sid, const char *keyword, const char *why,
		    void *arg)
{
	*(unsigned int *)arg += 1;
}

static const char categories[] = "1,Bad,hosts that attacked\n 2 , Seen , hosts, that were seen\n60,Last,\n";

static void look_ups(void)
{
	static const char list[] =
		"# address,category,score\n10.0.0.0/8,1,5\n10.1.0.0/16,1,6\n10.1.2.3,1,7\n"
		"10.1.2.3,2,0\n0.0.0.0/0,60,1\n2001:db8::/32,1,9\n10.9.9.9,1,1\n10.9.9.9,1,2\n";
	static const struct {
		uint8_t category;
		const char *address;
		int score;
	} rows[] = {
		{1, "10.1.2.3", 7},	{1, "10.1.2.4", 6},	 {1, "10.2.0.1", 5},
		{1, "11.0.0.1", -1},	{2, "10.1.2.3", 0},	 {2, "10.1.2.4", -1},
		{60, "203.0.113.5", 1}, {60, "2001:db8::1", -1}, {1, "2001:db8::1", 9},
		{1, "2001:db9::1", -1}, {1, "10.9.9.9", 2},
	};
	CLEANUP(reputation_free) struct reputation *reputation = NULL;
	unsigned int told = 0;

	if (!CHECK_EQ(reputation_new(&reputation), 0))
		return;
	CHECK_EQ(reputation_read_categories(reputation, "c", categories, sizeof(categories) - 1, refused,
					    &told),
		 0);
	CHECK_EQ(reputation_category(reputation, "Seen"), 2);
	CHECK_EQ(reputation_category(reputation, "Last"), 60);
	CHECK_EQ(reputation_category(reputation, "seen"), 0);
	CHECK_EQ(reputation_category(reputation, ""), 0);
	CHECK_EQ(reputation_read(reputation, "r", list, sizeof(list) - 1, refused, &told), 0);
	CHECK_EQ(told, 0);
	reputation_finish(reputation);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct prefix prefix;
		struct seki_addr addr;
		const char *why;

		if (!CHECK_EQ(prefix_parse(rows[i].address, strlen(rows[i].address), &prefix, &why), 0))
			continue;
		memcpy(addr.b, prefix.addr, 16);
		CHECK(reputation_score(reputation, rows[i].category, &addr) == rows[i].score, "%s in %u: %d",
		      rows[i].address, rows[i].category,
		      reputation_score(reputation, rows[i].category, &addr));
	}
}

static void bad_lines(void)
{
	static const char *const bad_categories[] = {"0,A,x", "61,A,x", "1,A", "one,A,x", "1,,x", "2,Bad,x"};
	static const char *const bad_entries[] = {"10.0.0.1,1",	    "10.0.0.1,1,128", "10.0.0.1,0,1",
						  "10.0.0.1,61,1",  "10.0.0.1,1,1,1", "10.0.0,1,1",
						  "10.0.0.1/8,1,1", "10.0.0.1,1,x"};
	CLEANUP(reputation_free) struct reputation *reputation = NULL;
	unsigned int told = 0;

	if (!CHECK_EQ(reputation_new(&reputation), 0))
		return;
	CHECK_EQ(reputation_read_categories(reputation, "c", "1,Bad,x\n", 8, refused, &told), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad_categories); i++)
		CHECK(reputation_read_categories(reputation, "c", bad_categories[i],
						 strlen(bad_categories[i]), refused, &told) == -EINVAL,
		      "%s", bad_categories[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad_entries); i++)
		CHECK(reputation_read(reputation, "r", bad_entries[i], strlen(bad_entries[i]), refused,
				      &told) == -EINVAL,
		      "%s", bad_entries[i]);
	CHECK_EQ(told, ARRAY_LEN(bad_categories) + ARRAY_LEN(bad_entries));
}

static const struct ktap_test tests[] = {TEST(look_ups), TEST(bad_lines)};
KTAP_MAIN(tests)
