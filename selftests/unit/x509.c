// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * x509.c - dates of certificates and rules as seconds.
 */
#include "core/app/x509.h"

#include <errno.h>

#include "lib/ktap.h"

static void dates(void)
{
	static const struct {
		const char *text;
		long long seconds; /* as `date -u +%s -d` says; -1: refused */
	} rows[] = {
		{"1970", 0},
		{"1970-01-02", 86400},
		{"1999-12-31T23:59:59", 946684799},
		{"2000-02-29", 951782400},
		{"2000-03-01", 951868800},
		{"2024", 1704067200},
		{"2024-02-29T12", 1709208000},
		{"2024-12-31 23:59:59", 1735689599},
		{"2100-03-01", 4107542400},
		{"2105-12-31T23:59:59", 4291747199},
		{"1969", -1},
		{"2106", -1},
		{"24", -1},
		{"2024-1-1", -1},
		{"2024-13", -1},
		{"2024-00", -1},
		{"2024-01-32", -1},
		{"2024-01-01T24", -1},
		{"2024-01-01T23:60", -1},
		{"2024-01-01Z", -1},
		{"2024-01-01T00:00:00Z", -1},
		{"", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t seconds = 0;
		int err = x509_seconds(rows[i].text, &seconds);

		CHECK(err == (rows[i].seconds < 0 ? -EINVAL : 0), "%s: %d", rows[i].text, err);
		CHECK(err || seconds == rows[i].seconds, "%s: %u", rows[i].text, seconds);
	}
}

static const struct ktap_test tests[] = {TEST(dates)};
KTAP_MAIN(tests)
