// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_time.c - dates as list files write them.
 */
#include <string.h>

#include "list_import_parts.h"

/* Takes exactly width digits off text. */
static bool take_number(struct text *text, size_t width, uint64_t most, uint64_t *out)
{
	struct text digits = {text->at, width};

	if (text->len < width || !text_number(digits, most, out))
		return false;
	text->at += width;
	text->len -= width;
	return true;
}

static bool take_char(struct text *text, const char *set)
{
	if (!text->len || !strchr(set, *text->at) || !*text->at)
		return false;
	text->at++;
	text->len--;
	return true;
}

/* Days since 1970-01-01 in the Gregorian calendar; the year begins in March, so that the leap day is its
 * last. */
static int64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
	int64_t y = (int64_t)year - (month <= 2), era = y / 400, of_era = y % 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool date_holds(uint64_t year, uint64_t month, uint64_t day)
{
	static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
	       (month != 2 || day <= 28 || leap);
}

static bool take_clock(struct text *text, uint64_t *seconds)
{
	uint64_t hour, minute, second;

	if (!take_number(text, 2, 23, &hour) || !take_char(text, ":") || !take_number(text, 2, 59, &minute) ||
	    !take_char(text, ":") || !take_number(text, 2, 60, &second))
		return false;
	*seconds = hour * 3600 + minute * 60 + second;
	return true;
}

/* "Z", "+09:00", "+0900" or nothing: seconds that the clock is ahead of UTC. */
static bool take_zone(struct text *text, int64_t *ahead)
{
	bool behind = text->len && *text->at == '-';
	uint64_t hours, minutes;

	*ahead = 0;
	if (!text->len || take_char(text, "Zz"))
		return true;
	if (!take_char(text, "+-") || !take_number(text, 2, 23, &hours))
		return false;
	(void)take_char(text, ":");
	if (!take_number(text, 2, 59, &minutes))
		return false;
	*ahead = (int64_t)(hours * 3600 + minutes * 60) * (behind ? -1 : 1);
	return true;
}

bool time_iso(struct text text, uint64_t *out)
{
	uint64_t year, month, day, clock = 0, digit;
	int64_t ahead = 0, value;

	text = text_trim(text);
	if (!take_number(&text, 4, 9999, &year) || !take_char(&text, "-") ||
	    !take_number(&text, 2, 12, &month) || !take_char(&text, "-") ||
	    !take_number(&text, 2, 31, &day) || !date_holds(year, month, day))
		return false;
	if (text.len) {
		if (!take_char(&text, "Tt ") || !take_clock(&text, &clock))
			return false;
		if (take_char(&text, "."))
			while (take_number(&text, 1, 9, &digit))
				;
		text = text_trim(text);
		if (text_is(text, "UTC"))
			text.len = 0;
		if (!take_zone(&text, &ahead) || text.len)
			return false;
	}
	value = days_of(year, month, day) * 86400 + (int64_t)clock - ahead;
	if (value <= 0)
		return false;
	*out = (uint64_t)value;
	return true;
}

/* RFC 9110 section 5.6.7, the preferred form. */
bool time_http(struct text text, uint64_t *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	uint64_t year, month = 0, day, clock;

	text_split(&text, ',');
	text = text_trim(text);
	if (!take_number(&text, 2, 31, &day) || !take_char(&text, " ") || text.len < 3)
		return false;
	while (month < 12 && memcmp(months + month * 3, text.at, 3) != 0)
		month++;
	text.at += 3;
	text.len -= 3;
	if (!take_char(&text, " ") || !take_number(&text, 4, 9999, &year) || !take_char(&text, " ") ||
	    !take_clock(&text, &clock) || !text_is(text, " GMT") || !date_holds(year, month + 1, day))
		return false;
	*out = (uint64_t)days_of(year, month + 1, day) * 86400 + clock;
	return true;
}
