// SPDX-License-Identifier: GPL-2.0-or-later
/* Japanese holidays: whole years as the Cabinet Office lists them, and the days that each change of the law
 * made. */
#include "core/log/holiday.h"
#include "lib/cleanup.h"
#include "lib/ktap.h"

static const struct {
	int32_t year;
	const char *days;
} years[] = {
	{2009, "1/1 1/12 2/11 3/20 4/29 5/3 5/4 5/5 5/6 7/20 9/21 9/22 9/23 10/12 11/3 11/23 12/23 "},
	{2014, "1/1 1/13 2/11 3/21 4/29 5/3 5/4 5/5 5/6 7/21 9/15 9/23 10/13 11/3 11/23 11/24 12/23 "},
	{2019, "1/1 1/14 2/11 3/21 4/29 4/30 5/1 5/2 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/23 10/14 10/22 "
	       "11/3 11/4 "
	       "11/23 "},
	{2020, "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/23 7/24 8/10 9/21 9/22 11/3 11/23 "},
	{2021, "1/1 1/11 2/11 2/23 3/20 4/29 5/3 5/4 5/5 7/22 7/23 8/8 8/9 9/20 9/23 11/3 11/23 "},
	{2026, "1/1 1/12 2/11 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/20 8/11 9/21 9/22 9/23 10/12 11/3 11/23 "},
};

static void whole_years(void)
{
	for (size_t i = 0; i < ARRAY_LEN(years); i++) {
		char days[512] = "";
		size_t used = 0;

		for (unsigned int month = 1; month <= 12; month++)
			for (unsigned int day = 1; day <= 31; day++)
				if (holiday_of(years[i].year, month, day))
					used += (size_t)snprintf(days + used, sizeof(days) - used, "%u/%u ",
								 month, day);
		CHECK_STR(days, years[i].days);
	}
}

static const struct {
	int32_t year;
	unsigned int month, day;
	const char *en; /* NULL: an ordinary day */
} days[] = {
	{1966, 2, 11, NULL},
	{1967, 2, 11, "National Foundation Day"},
	{1973, 2, 12, NULL}, /* the day before was a Sunday; substitutes begin two months later */
	{1973, 4, 30, "Substitute holiday"},
	{1974, 5, 6, "Substitute holiday"},
	{1988, 5, 4, "Citizens' holiday"},
	{1989, 2, 24, "Imperial funeral"},
	{1999, 1, 15, "Coming of Age Day"},
	{2000, 1, 15, NULL},
	{2000, 1, 10, "Coming of Age Day"},
	{2008, 5, 6, "Substitute holiday"}, /* two days behind the Sunday */
	{2014, 5, 6, "Substitute holiday"},
	{2019, 4, 30, "Citizens' holiday"},
	{2019, 12, 23, NULL},
	{2032, 9, 21, "Citizens' holiday"},
	{2099, 3, 20, "Vernal Equinox Day"},
	{2014, 2, 30, NULL},
	{2014, 13, 1, NULL},
};

static void changes_of_law(void)
{
	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		const struct day_name *name = holiday_of(days[i].year, days[i].month, days[i].day);

		CHECK(name ? days[i].en && !strcmp(name->en, days[i].en) : !days[i].en, "%d-%u-%u is %s",
		      days[i].year, days[i].month, days[i].day, name ? name->en : "ordinary");
	}
}

static void seasons(void)
{
	CHECK_STR(season_of(5, 1)->en, "Golden Week");
	CHECK_STR(season_of(8, 15)->ja, "お盆");
	CHECK(season_of(1, 3) && season_of(12, 29) && season_of(1, 3)->ja == season_of(1, 1)->ja);
	CHECK(!season_of(4, 28) && !season_of(5, 7) && !season_of(1, 4));
}

static const struct ktap_test tests[] = {TEST(whole_years), TEST(changes_of_law), TEST(seasons)};
KTAP_MAIN(tests)
