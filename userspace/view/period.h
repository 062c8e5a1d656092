/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * period.h - "2014-09", "2014-09-29", "7d", or two dates, in the local time
 * zone; and the period before, of the same kind.
 */
#ifndef VIEW_PERIOD_H
#define VIEW_PERIOD_H

#include <stdint.h>

#include "lib/cleanup.h"

struct period {
	uint64_t from, to, before_from; /* us since the epoch; to exclusive; before ends at from */
	int32_t zone_s;			/* seconds east of UTC at its begin */
	char name[64];
};

/*
 * period NULL and from NULL: the present month. Bounds are quarters of an hour, as figures are kept: another
 * one is refused, not rounded. -EINVAL with why.
 */
__must_check int period_read(const char *period, const char *from, const char *to, uint64_t now,
			     struct period *out, char why[160]);
/* "now", "-24h" before it, "2014-09-29", "2014-09-29T08:30" of the local zone, or of one it names: "…Z",
 * "…+09:00". */
__must_check int period_moment(const char *text, uint64_t now, uint64_t *out);
/* Seconds east of UTC at that time. */
int32_t period_zone(uint64_t t);
/* Begin of a month of UTC; month may be 13. */
uint64_t period_month(uint32_t year, uint32_t month);

#endif
