// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * civil.c - the Gregorian calendar, and dates as texts write them.
 */
#include <string.h>
#include <strings.h>

#include "civil.h"

#define DAY_SECONDS 86400

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

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

/* The year begins in March, so that the leap day is its last. */
int64_t civil_days(int32_t year, unsigned int month, unsigned int day)
{
	int64_t y = (int64_t)year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t civil_seconds(const struct civil *civil)
{
	return civil_days(civil->year, civil->month, civil->day) * DAY_SECONDS + civil->hour * 3600 +
	       civil->minute * 60 + civil->second;
}

struct civil civil_of(int64_t seconds)
{
	int64_t days = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0),
		clock = seconds - days * DAY_SECONDS;
	int64_t from_march = days + 719468,
		era = (from_march >= 0 ? from_march : from_march - 146096) / 146097;
	int64_t of_era = from_march - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;

	return (struct civil){
		.year = (int32_t)(year + era * 400 + (month >= 10)),
		.month = (uint8_t)(month < 10 ? month + 3 : month - 9),
		.day = (uint8_t)(of_year - (153 * month + 2) / 5 + 1),
		.hour = (uint8_t)(clock / 3600),
		.minute = (uint8_t)(clock / 60 % 60),
		.second = (uint8_t)(clock % 60),
		.weekday = (uint8_t)(((days + 4) % 7 + 7) % 7),
	};
}

bool civil_holds(int32_t year, unsigned int month, unsigned int day)
{
	static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] &&
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
	    !take_number(&text, 2, 31, &day) ||
	    !civil_holds((int32_t)year, (unsigned int)month, (unsigned int)day))
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
	value = civil_days((int32_t)year, (unsigned int)month, (unsigned int)day) * DAY_SECONDS +
		(int64_t)clock - ahead;
	if (value <= 0)
		return false;
	*out = (uint64_t)value;
	return true;
}

/* The English name's first three letters, any case: 1 to 12. */
static bool take_month(struct text *text, uint64_t *month)
{
	if (text->len < 3)
		return false;
	for (*month = 1; *month <= 12; ++*month) {
		if (!strncasecmp(months + (*month - 1) * 3, text->at, 3)) {
			text->at += 3;
			text->len -= 3;
			return true;
		}
	}
	return false;
}

bool time_http(struct text text, uint64_t *out)
{
	uint64_t year, month, day, clock;

	text_split(&text, ',');
	text = text_trim(text);
	if (!take_number(&text, 2, 31, &day) || !take_char(&text, " ") || !take_month(&text, &month) ||
	    !take_char(&text, " ") || !take_number(&text, 4, 9999, &year) || !take_char(&text, " ") ||
	    !take_clock(&text, &clock) || !text_is(text, " GMT") ||
	    !civil_holds((int32_t)year, (unsigned int)month, (unsigned int)day))
		return false;
	*out = (uint64_t)civil_days((int32_t)year, (unsigned int)month, (unsigned int)day) * DAY_SECONDS +
	       clock;
	return true;
}

/* --- by a pattern */

struct pattern {
	struct text text;
	uint64_t year, month, day, hour, minute, second, since;
	int64_t ahead;
	bool zoned, absolute, twelve, afternoon;
};

/* One digit, or two. */
static bool take_short(struct text *text, uint64_t most, uint64_t *out)
{
	struct text rest = *text;

	if (take_number(&rest, 2, most, out)) {
		*text = rest;
		return true;
	}
	return take_number(text, 1, most, out);
}

static bool take_half(struct pattern *p)
{
	if (p->text.len < 2 || (p->text.at[1] | 0x20) != 'm' || !strchr("apAP", *p->text.at))
		return false;
	p->twelve = true;
	p->afternoon = (*p->text.at | 0x20) == 'p';
	p->text.at += 2;
	p->text.len -= 2;
	return true;
}

#define YEAR_9999_END 253402300799ull

/* unit: of a second; at most the end of the year 9999. */
static bool take_digits(struct text *text, uint64_t unit, uint64_t *out)
{
	size_t len = 0;
	struct text digits;

	while (len < text->len && text->at[len] >= '0' && text->at[len] <= '9')
		len++;
	digits = (struct text){text->at, len};
	text->at += len;
	text->len -= len;
	return text_number(digits, (YEAR_9999_END + 1) * unit - 1, out);
}

static bool pattern_zone(struct pattern *p, bool needed)
{
	if (!p->text.len || !strchr("Zz+-", *p->text.at))
		return !needed;
	p->zoned = true;
	return take_zone(&p->text, &p->ahead);
}

static bool pattern_take(struct pattern *p, char what)
{
	uint64_t ignored;

	switch (what) {
	case 'Y':
		return take_number(&p->text, 4, 9999, &p->year);
	case 'm':
		return take_short(&p->text, 12, &p->month);
	case 'b':
		return take_month(&p->text, &p->month);
	case 'd':
		return take_short(&p->text, 31, &p->day);
	case 'H':
		return take_short(&p->text, 23, &p->hour);
	case 'M':
		return take_number(&p->text, 2, 59, &p->minute);
	case 'S':
		return take_number(&p->text, 2, 60, &p->second);
	case 'p':
		return take_half(p);
	case 's':
		p->absolute = true;
		return take_digits(&p->text, 1, &p->since);
	case 'q':
		p->absolute = true;
		if (!take_digits(&p->text, 1000, &p->since))
			return false;
		p->since /= 1000;
		return true;
	case 'u':
		p->absolute = true;
		if (!take_digits(&p->text, 1000000, &p->since))
			return false;
		p->since /= 1000000;
		return true;
	case 'f':
		if (take_char(&p->text, ".,"))
			while (take_number(&p->text, 1, 9, &ignored))
				;
		return true;
	case 'z':
	case 'Z':
		return pattern_zone(p, what == 'z');
	case 'a':
		while (p->text.len && (*p->text.at | 0x20) >= 'a' && (*p->text.at | 0x20) <= 'z') {
			p->text.at++;
			p->text.len--;
		}
		return true;
	}
	return false;
}

static bool take_blanks(struct text *text)
{
	if (!take_char(text, " \t"))
		return false;
	while (take_char(text, " \t"))
		;
	return true;
}

static bool pattern_end(const struct pattern *p, struct civil *out)
{
	uint64_t hour = p->hour;

	if (p->absolute && p->since > 253402300799ull)
		return false;
	if (p->absolute) {
		*out = civil_of((int64_t)p->since);
		return true;
	}
	if (p->twelve && (hour < 1 || hour > 12))
		return false;
	if (p->twelve)
		hour = hour % 12 + (p->afternoon ? 12 : 0);
	/* Without a year: a leap year, the caller has to find out. */
	if (!civil_holds(p->year ? (int32_t)p->year : 2000, (unsigned int)p->month, (unsigned int)p->day))
		return false;
	*out = (struct civil){.year = (int32_t)p->year,
			      .month = (uint8_t)p->month,
			      .day = (uint8_t)p->day,
			      .hour = (uint8_t)hour,
			      .minute = (uint8_t)p->minute,
			      .second = (uint8_t)p->second};
	return true;
}

bool time_pattern(struct text text, const char *pattern, struct civil *out, int64_t *ahead, bool *zoned)
{
	struct pattern p = {.text = text_trim(text)};

	for (; *pattern; pattern++) {
		bool fits;

		if (*pattern == '%' && pattern[1])
			fits = pattern_take(&p, *++pattern);
		else if (*pattern == ' ')
			fits = take_blanks(&p.text);
		else
			fits = take_char(&p.text, (char[]){*pattern, '\0'});
		if (!fits)
			return false;
	}
	if (p.text.len || !pattern_end(&p, out))
		return false;
	*ahead = p.ahead;
	*zoned = p.zoned || p.absolute;
	return true;
}
