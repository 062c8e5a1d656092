// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_store.c - from the store to the suspicious-communication report.
 */
#include "egress_store.h"

#include <errno.h>

#include "period.h"

#define TOLD_US                                                                                              \
	(3600ull * 1000000) /* figures are told after what they are about: bytes of long talks, spans */

struct egress_feed {
	struct store *store;
	struct egress_report *report;
	uint64_t from, to;
	int err;
};

/* A record that cannot be read any more is a loss, not the report's end. */
static bool feed_row(const struct store_row *row, void *arg)
{
	struct egress_feed *feed = arg;
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int err = store_line(feed->store, row->event.id, &line, &len);

	if (err == -ENOENT || err == -EBADMSG)
		egress_report_lost(feed->report, 1);
	else
		feed->err = err ? err : egress_report_line(feed->report, line, len);
	return !feed->err;
}

static bool feed_month(const struct store_month *month, void *arg)
{
	struct egress_feed *feed = arg;

	if (month->lost && period_month(month->year, month->month) < feed->to &&
	    period_month(month->year, month->month + 1) > feed->from)
		egress_report_lost(feed->report, month->lost);
	return true;
}

int egress_store_report(struct store *store, uint64_t from, uint64_t to, struct egress_report **out)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	struct egress_feed feed = {.store = store, .from = from, .to = to};
	const struct store_filter filter = {.from = from, .to = to + TOLD_US, .kinds = 1u << STORE_EGRESS};
	int err = egress_report_new(from, to, &report);

	feed.report = report;
	if (!err)
		err = store_scan(store, &filter, feed_row, &feed);
	if (!err && !feed.err)
		err = store_months(store, feed_month, &feed);
	if (!err)
		err = feed.err;
	if (err)
		return err;
	egress_report_close(report);
	*out = TAKE_PTR(report);
	return 0;
}
