// SPDX-License-Identifier: GPL-2.0-or-later
/* The calendar against the C library's, and dates by patterns. */
#include <string.h>
#include <time.h>

#include "lib/civil.h"
#include "lib/cleanup.h"
#include "lib/ktap.h"

static void calendar(void)
{
	unsigned int wrong = 0;

	for (int64_t t = -62135596800; t < 253402300800; t += 86400 * 37 + 12345) {
		struct civil civil = civil_of(t);
		time_t value = t;
		struct tm tm;

		gmtime_r(&value, &tm);
		wrong += civil.year != tm.tm_year + 1900 || civil.month != tm.tm_mon + 1 ||
			 civil.day != tm.tm_mday || civil.hour != tm.tm_hour || civil.minute != tm.tm_min ||
			 civil.second != tm.tm_sec || civil.weekday != tm.tm_wday ||
			 civil_seconds(&civil) != t;
	}
	CHECK_EQ(wrong, 0);
	CHECK(civil_holds(2000, 2, 29) && !civil_holds(1900, 2, 29) && civil_holds(2024, 2, 29));
	CHECK(!civil_holds(2023, 2, 29) && !civil_holds(2023, 4, 31) && !civil_holds(0, 1, 1));
}

static const struct row {
	const char *text, *pattern, *iso; /* iso NULL: refused */
	int64_t ahead;
	bool zoned;
} rows[] = {
	{"2014/09/30 23:05:12", "%Y/%m/%d %H:%M:%S", "2014-09-30T23:05:12", 0, false},
	{"9/3/2014 1:05:12 AM", "%m/%d/%Y %H:%M:%S %p", "2014-09-03T01:05:12", 0, false},
	{"9/3/2014 12:00:00 AM", "%m/%d/%Y %H:%M:%S %p", "2014-09-03T00:00:00", 0, false},
	{"9/3/2014 12:00:00 pm", "%m/%d/%Y %H:%M:%S %p", "2014-09-03T12:00:00", 0, false},
	{"9/3/2014 13:00:00 PM", "%m/%d/%Y %H:%M:%S %p", NULL, 0, false},
	{"2014-09-30T23:05:12.1234567Z", "%Y-%m-%dT%H:%M:%S%f%Z", "2014-09-30T23:05:12", 0, true},
	{"2014-09-30T23:05:12+09:00", "%Y-%m-%dT%H:%M:%S%f%Z", "2014-09-30T23:05:12", 32400, true},
	{"2014-09-30T23:05:12", "%Y-%m-%dT%H:%M:%S%f%Z", "2014-09-30T23:05:12", 0, false},
	{"2014-09-30T23:05:12", "%Y-%m-%dT%H:%M:%S%z", NULL, 0, false},
	{"1412085912.123", "%s%f", "2014-09-30T14:05:12", 0, true},
	{"/Date(1412085912123)/", "/Date(%q)/", "2014-09-30T14:05:12", 0, true},
	{"Sep  3 01:05:12", "%b %d %H:%M:%S", "0000-09-03T01:05:12", 0, false},
	{"Tue, 30 Sep 2014 23:05:12 +0900", "%a, %d %b %Y %H:%M:%S %z", "2014-09-30T23:05:12", 32400, true},
	{"2014/02/29 23:05:12", "%Y/%m/%d %H:%M:%S", NULL, 0, false},
	{"2014/09/30 23:05:12 more", "%Y/%m/%d %H:%M:%S", NULL, 0, false},
	{"", "%Y", NULL, 0, false},
};

static void patterns(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct civil civil = {0};
		int64_t ahead = 0;
		bool zoned = false;
		char iso[64] = "";
		bool fits = time_pattern((struct text){rows[i].text, strlen(rows[i].text)}, rows[i].pattern,
					 &civil, &ahead, &zoned);

		snprintf(iso, sizeof(iso), "%04d-%02u-%02uT%02u:%02u:%02u", civil.year, civil.month,
			 civil.day, civil.hour, civil.minute, civil.second);
		CHECK(fits == !!rows[i].iso, "\"%s\" by %s", rows[i].text, rows[i].pattern);
		if (!fits || !rows[i].iso)
			continue;
		CHECK_STR(iso, rows[i].iso);
		CHECK_EQ(ahead, rows[i].ahead);
		CHECK_EQ(zoned, rows[i].zoned);
	}
}

static const struct ktap_test tests[] = {TEST(calendar), TEST(patterns)};
KTAP_MAIN(tests)
