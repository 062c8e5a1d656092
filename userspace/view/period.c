// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * period.c - periods as people write them.
 */
#include "period.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/civil.h"
#include "lib/conf.h"

#define SLOT_S 900

/* Local midnight (or that hour) of a date whose month and day may lie outside of their ranges. */
static uint64_t local(int year, int month, int day, int hour, int minute)
{
	struct tm tm = {.tm_year = year - 1900,
			.tm_mon = month - 1,
			.tm_mday = day,
			.tm_hour = hour,
			.tm_min = minute,
			.tm_isdst = -1};
	time_t t = mktime(&tm);

	return t > 0 ? (uint64_t)t * 1000000 : 0;
}

uint64_t period_month(uint32_t year, uint32_t month)
{
	return (uint64_t)civil_days((int32_t)(year + (month - 1) / 12), (month - 1) % 12 + 1, 1) * 86400 *
	       1000000;
}

/* "2014-09-29", "2014-09-29T08:30" */
static int local_read(const char *text, uint64_t *out)
{
	int year, month, day, hour = 0, minute = 0, used = 0;

	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 ||
	    !civil_holds(year, (unsigned int)month, (unsigned int)day))
		return -EINVAL;
	text += used;
	if (*text) {
		if (sscanf(text, "%*1[T ]%2d:%2d%n", &hour, &minute, &used) != 2 || hour > 23 || minute > 59)
			return -EINVAL;
		text += used;
	}
	if (*text)
		return -EINVAL;
	*out = local(year, month, day, hour, minute);
	return 0;
}

static int named_read(const char *text, uint64_t now, struct period *out)
{
	int year, month, day, used = 0;
	uint32_t seconds;

	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3 && !text[used] && month >= 1 &&
	    month <= 12 && civil_holds(year, (unsigned int)month, (unsigned int)day)) {
		out->from = local(year, month, day, 0, 0);
		out->to = local(year, month, day + 1, 0, 0);
		out->before_from = local(year, month, day - 1, 0, 0);
	} else if (sscanf(text, "%4d-%2d%n", &year, &month, &used) == 2 && !text[used] && month >= 1 &&
		   month <= 12) {
		out->from = local(year, month, 1, 0, 0);
		out->to = local(year, month + 1, 1, 0, 0);
		out->before_from = local(year, month - 1, 1, 0, 0);
	} else if (!conf_seconds(text, &seconds) && seconds >= SLOT_S && seconds % SLOT_S == 0) {
		uint64_t slot = SLOT_S * 1000000ull;

		out->to = (now / slot + 1) * slot;
		out->from = out->to - seconds * 1000000ull;
		out->before_from = out->from - seconds * 1000000ull;
	} else {
		return -EINVAL;
	}
	return 0;
}

static void this_month(uint64_t now, char text[16])
{
	time_t seconds = (time_t)(now / 1000000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, 16, "%Y-%m", &tm);
}

int32_t period_zone(uint64_t t)
{
	time_t seconds = (time_t)(t / 1000000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	return (int32_t)tm.tm_gmtoff;
}

int period_moment(const char *text, uint64_t now, uint64_t *out)
{
	uint32_t seconds;
	uint64_t value;

	if (!strcmp(text, "now")) {
		*out = now;
		return 0;
	}
	if (*text == '-') {
		if (conf_seconds(text + 1, &seconds) || seconds * 1000000ull >= now)
			return -EINVAL;
		*out = now - seconds * 1000000ull;
		return 0;
	}
	/* one that names its zone: behind the day's ten characters */
	if (strlen(text) > 10 && strpbrk(text + 10, "Zz+-U")) {
		if (!time_iso(text_of(text), &value))
			return -EINVAL;
		*out = value * 1000000;
		return 0;
	}
	return local_read(text, out);
}

int period_read(const char *period, const char *from, const char *to, uint64_t now, struct period *out,
		char why[160])
{
	char month[16];

	if (!period && !from) {
		this_month(now, month);
		period = month;
	}
	if (period && (from || to)) {
		snprintf(why, 160, "--period or --from and --to, not both");
		return -EINVAL;
	}
	if (period ? named_read(period, now, out)
		   : !to || local_read(from, &out->from) || local_read(to, &out->to)) {
		snprintf(why, 160,
			 period ? "--period takes 2014-09, 2014-09-29, or a time such as 7d or 12h: %.40s"
				: "--from and --to take 2014-09-29 or 2014-09-29T08:30, both: %.40s",
			 period ? period : from);
		return -EINVAL;
	}
	if (!period) {
		out->before_from = out->from - (out->to - out->from);
		snprintf(out->name, sizeof(out->name), "%.30s - %.30s", from, to);
	} else {
		snprintf(out->name, sizeof(out->name), "%.60s", period);
	}
	if (!out->from || out->from >= out->to || out->from % (SLOT_S * 1000000ull) ||
	    out->to % (SLOT_S * 1000000ull)) {
		snprintf(why, 160,
			 "a period begins before it ends, both at a quarter of an hour (00, 15, 30, 45)");
		return -EINVAL;
	}
	out->zone_s = period_zone(out->from);
	return 0;
}
