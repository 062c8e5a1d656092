/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * civil.h - the Gregorian calendar and dates as texts write them. Pure: no
 * clock, no time zone data; seconds are those since 1970-01-01T00:00:00Z.
 */
#ifndef LIB_CIVIL_H
#define LIB_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct civil {
	int32_t year;
	uint8_t month, day; /* from 1 */
	uint8_t hour, minute, second;
	uint8_t weekday; /* 0 Sunday; civil_seconds() does not read it */
};

/* The date must hold: see civil_holds(). */
int64_t civil_days(int32_t year, unsigned int month, unsigned int day);
int64_t civil_seconds(const struct civil *civil);
struct civil civil_of(int64_t seconds);
/* Is there such a day (years 1 to 9999)? */
bool civil_holds(int32_t year, unsigned int month, unsigned int day);

/* --- dates as texts; false: not one, *out untouched. Before 1970-01-01T00:00:01Z counts as none. */

/* "2026-11-25T01:02:03.5Z", "2026-11-25 01:02:03", "2026-11-25", with offset +hh:mm. Without one: UTC. */
bool time_iso(struct text text, uint64_t *out);
/* "Wed, 25 Nov 2026 01:02:03 GMT": RFC 9110 section 5.6.7, the preferred form */
bool time_http(struct text text, uint64_t *out);
/*
 * A text by a pattern: %Y %m %d %H %M %S (%m, %d, %H one or two digits), %b month in English, %z "Z" or
 * ±hh:mm, %Z that or nothing, %f digits of a fraction (none with its dot are needed), %p AM or PM, %s seconds
 * since 1970 (%q milliseconds, %u microseconds), %a letters, anything else stands for itself; a blank for one
 * or more. *ahead: seconds east of UTC that the text named; *zoned: it named any. The year is 0 when the
 * pattern has none.
 */
bool time_pattern(struct text text, const char *pattern, struct civil *out, int64_t *ahead, bool *zoned);

#endif
