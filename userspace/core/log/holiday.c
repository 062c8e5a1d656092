// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * holiday.c - Japanese public holidays as data: one row for each rule and the
 * years in which it held.
 */
#include <stddef.h>

#include "holiday.h"
#include "lib/cleanup.h"

enum day_kind { DAY_FIXED, DAY_MONDAY, DAY_SPRING, DAY_AUTUMN };

#define LAST 9999
#define NAMES(X)                                                                                             \
	X(NEW_YEAR, "元日", "New Year's Day")                                                                \
	X(ADULTS, "成人の日", "Coming of Age Day")                                                           \
	X(FOUNDATION, "建国記念の日", "National Foundation Day")                                             \
	X(EMPEROR, "天皇誕生日", "The Emperor's Birthday")                                                   \
	X(SPRING, "春分の日", "Vernal Equinox Day")                                                          \
	X(SHOWA, "昭和の日", "Showa Day")                                                                    \
	X(CONSTITUTION, "憲法記念日", "Constitution Memorial Day")                                           \
	X(GREENERY, "みどりの日", "Greenery Day")                                                            \
	X(CHILDREN, "こどもの日", "Children's Day")                                                          \
	X(MARINE, "海の日", "Marine Day")                                                                    \
	X(MOUNTAIN, "山の日", "Mountain Day")                                                                \
	X(AGED, "敬老の日", "Respect for the Aged Day")                                                      \
	X(AUTUMN, "秋分の日", "Autumnal Equinox Day")                                                        \
	X(HEALTH, "体育の日", "Health and Sports Day")                                                       \
	X(SPORTS, "スポーツの日", "Sports Day")                                                              \
	X(CULTURE, "文化の日", "Culture Day")                                                                \
	X(LABOUR, "勤労感謝の日", "Labour Thanksgiving Day")                                                 \
	X(WEDDING, "結婚の儀", "Imperial wedding")                                                           \
	X(FUNERAL, "大喪の礼", "Imperial funeral")                                                           \
	X(ENTHRONEMENT, "即位の礼", "Enthronement ceremony")                                                 \
	X(ACCESSION, "即位の日", "Day of the accession")                                                     \
	X(SUBSTITUTE, "振替休日", "Substitute holiday")                                                      \
	X(BETWEEN, "国民の休日", "Citizens' holiday")
enum name {
#define X(id, ...) NAME_##id,
	NAMES(X)
#undef X
};
static const struct day_name names[] = {
#define X(id, ja_text, en_text) [NAME_##id] = {.ja = (ja_text), .en = (en_text)},
	NAMES(X)
#undef X
};

static const struct rule {
	uint8_t kind, month, day; /* day: of the month, or which Monday */
	uint16_t from, to;
	uint8_t name;
} rules[] = {
	{DAY_FIXED, 1, 1, 1949, LAST, NAME_NEW_YEAR},
	{DAY_FIXED, 1, 15, 1949, 1999, NAME_ADULTS},
	{DAY_MONDAY, 1, 2, 2000, LAST, NAME_ADULTS},
	{DAY_FIXED, 2, 11, 1967, LAST, NAME_FOUNDATION},
	{DAY_FIXED, 2, 23, 2020, LAST, NAME_EMPEROR},
	{DAY_FIXED, 12, 23, 1989, 2018, NAME_EMPEROR},
	{DAY_FIXED, 4, 29, 1949, 1988, NAME_EMPEROR},
	{DAY_FIXED, 4, 29, 1989, 2006, NAME_GREENERY},
	{DAY_FIXED, 4, 29, 2007, LAST, NAME_SHOWA},
	{DAY_SPRING, 3, 0, 1949, 2099, NAME_SPRING},
	{DAY_FIXED, 5, 3, 1949, LAST, NAME_CONSTITUTION},
	{DAY_FIXED, 5, 4, 2007, LAST, NAME_GREENERY},
	{DAY_FIXED, 5, 5, 1949, LAST, NAME_CHILDREN},
	{DAY_FIXED, 7, 20, 1996, 2002, NAME_MARINE},
	{DAY_MONDAY, 7, 3, 2003, 2019, NAME_MARINE},
	{DAY_FIXED, 7, 23, 2020, 2020, NAME_MARINE},
	{DAY_FIXED, 7, 22, 2021, 2021, NAME_MARINE},
	{DAY_MONDAY, 7, 3, 2022, LAST, NAME_MARINE},
	{DAY_FIXED, 8, 11, 2016, 2019, NAME_MOUNTAIN},
	{DAY_FIXED, 8, 10, 2020, 2020, NAME_MOUNTAIN},
	{DAY_FIXED, 8, 8, 2021, 2021, NAME_MOUNTAIN},
	{DAY_FIXED, 8, 11, 2022, LAST, NAME_MOUNTAIN},
	{DAY_FIXED, 9, 15, 1966, 2002, NAME_AGED},
	{DAY_MONDAY, 9, 3, 2003, LAST, NAME_AGED},
	{DAY_AUTUMN, 9, 0, 1948, 2099, NAME_AUTUMN},
	{DAY_FIXED, 10, 10, 1966, 1999, NAME_HEALTH},
	{DAY_MONDAY, 10, 2, 2000, 2019, NAME_HEALTH},
	{DAY_FIXED, 7, 24, 2020, 2020, NAME_SPORTS},
	{DAY_FIXED, 7, 23, 2021, 2021, NAME_SPORTS},
	{DAY_MONDAY, 10, 2, 2022, LAST, NAME_SPORTS},
	{DAY_FIXED, 11, 3, 1948, LAST, NAME_CULTURE},
	{DAY_FIXED, 11, 23, 1948, LAST, NAME_LABOUR},
	{DAY_FIXED, 4, 10, 1959, 1959, NAME_WEDDING},
	{DAY_FIXED, 2, 24, 1989, 1989, NAME_FUNERAL},
	{DAY_FIXED, 11, 12, 1990, 1990, NAME_ENTHRONEMENT},
	{DAY_FIXED, 6, 9, 1993, 1993, NAME_WEDDING},
	{DAY_FIXED, 5, 1, 2019, 2019, NAME_ACCESSION},
	{DAY_FIXED, 10, 22, 2019, 2019, NAME_ENTHRONEMENT},
};

static const struct {
	uint8_t from_month, from_day, to_month, to_day; /* both included */
	struct day_name name;
} seasons[] = {
	{4, 29, 5, 6, {"ゴールデンウィーク", "Golden Week"}},
	{8, 13, 8, 16, {"お盆", "Obon"}},
	{12, 29, 12, 31, {"年末年始", "turn of the year"}},
	{1, 1, 1, 3, {"年末年始", "turn of the year"}},
};

/* Day of March or September. The sun's drift since 1980 in days, less the leap days; two constants per
 * century. */
static unsigned int equinox(int32_t year, bool spring)
{
	double base = spring ? (year < 1980 ? 20.8357 : 20.8431) : (year < 1980 ? 23.2588 : 23.2488);
	int32_t since = year < 1980 ? 1983 : 1980;

	return (unsigned int)(base + 0.242194 * (year - 1980) - (year - since) / 4);
}

static unsigned int weekday_of(int64_t days)
{
	return (unsigned int)(((days + 4) % 7 + 7) % 7);
}

static bool rule_fits(const struct rule *rule, const struct civil *date)
{
	if (date->year < rule->from || date->year > rule->to || date->month != rule->month)
		return false;
	switch (rule->kind) {
	case DAY_FIXED:
		return date->day == rule->day;
	case DAY_MONDAY:
		return date->weekday == 1 && (date->day - 1) / 7 + 1 == rule->day;
	default:
		return date->day == equinox(date->year, rule->kind == DAY_SPRING);
	}
}

/* A holiday of its own, not because of others. */
static const struct day_name *named(int64_t days)
{
	struct civil date = civil_of(days * 86400);

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rule_fits(&rules[i], &date))
			return &names[rules[i].name];
	return NULL;
}

static bool substitute(int64_t days, int32_t year)
{
	static const int64_t since = 1197; /* 1973-04-12 */
	int64_t back = days - 1;

	if (days < since || weekday_of(days) == 0)
		return false;
	if (year < 2007)
		return weekday_of(days) == 1 && named(back);
	while (named(back)) {
		if (weekday_of(back) == 0)
			return true;
		back--;
	}
	return false;
}

const struct day_name *holiday_of(int32_t year, unsigned int month, unsigned int day)
{
	const struct day_name *own;
	int64_t days;

	if (!civil_holds(year, month, day))
		return NULL;
	days = civil_days(year, month, day);
	own = named(days);
	if (own)
		return own;
	if (substitute(days, year))
		return &names[NAME_SUBSTITUTE];
	if (year >= 1986 && weekday_of(days) != 0 && named(days - 1) && named(days + 1))
		return &names[NAME_BETWEEN];
	return NULL;
}

const struct day_name *season_of(unsigned int month, unsigned int day)
{
	for (size_t i = 0; i < ARRAY_LEN(seasons); i++) {
		unsigned int at = month * 100 + day;

		if (at >= seasons[i].from_month * 100u + seasons[i].from_day &&
		    at <= seasons[i].to_month * 100u + seasons[i].to_day)
			return &seasons[i].name;
	}
	return NULL;
}
