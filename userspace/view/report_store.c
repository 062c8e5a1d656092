// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report_store.c - from the store to a report.
 */
#include "report_store.h"

struct report_feed { /* from the store to the report */
	struct report *report;
	int err;
};

static bool feed_rule(const struct store_rule *rule, void *arg)
{
	struct report_feed *feed = arg;

	feed->err = report_rule(feed->report, rule->gid, rule->sid, rule->label, rule->json);
	return !feed->err;
}

static bool feed_figure(const struct store_figure *in, void *arg)
{
	struct report_feed *feed = arg;
	const struct report_figure figure = {
		.slot = in->slot,
		.severity = in->severity,
		.verdict = in->verdict,
		.gid = in->gid,
		.sid = in->sid,
		.count = in->count,
		.first = in->first,
		.last = in->last,
	};

	feed->err = report_figure(feed->report, &figure);
	return !feed->err;
}

static bool feed_event(const struct store_row *row, void *arg)
{
	struct report_feed *feed = arg;
	const struct store_event *in = &row->event;
	const struct report_event event = {
		.t = in->t_packet,
		.severity = in->severity,
		.verdict = in->verdict,
		.gid = in->gid,
		.sid = in->sid,
		.source = in->target ? in->dst : in->src,
		.target = in->target ? in->src : in->dst,
	};

	feed->err = report_event(feed->report, &event);
	return !feed->err;
}

static bool feed_urgent(const struct store_row *row, void *arg)
{
	struct report_feed *feed = arg;
	const struct store_event *in = &row->event;
	const struct report_urgent_event event = {
		.id = in->id,
		.t_match = in->t_match,
		.t_delivered = row->moments[STORE_DELIVERED],
		.t_acked = row->moments[STORE_ACKED],
		.gid = in->gid,
		.sid = in->sid,
		.target = in->target ? in->src : in->dst,
	};

	feed->err = report_urgent(feed->report, &event);
	return !feed->err;
}

static bool feed_notice(const struct store_notice *in, void *arg)
{
	struct report_feed *feed = arg;
	const struct report_notice notice = {
		.id = in->id,
		.count = in->count,
		.t_first = in->t_first,
		.t_delivered = in->t_delivered,
		.t_acked = in->t_acked,
		.t_due = in->t_due,
		.t_escalated = in->t_escalated,
		.gid = in->gid,
		.sid = in->sid,
	};

	feed->err = report_notice(feed->report, &notice);
	return !feed->err;
}

static bool feed_counter(const char *name, uint64_t sum, void *arg)
{
	report_counter(((struct report_feed *)arg)->report, name, sum);
	return true;
}

static bool feed_counter_before(const char *name, uint64_t sum, void *arg)
{
	report_counter_before(((struct report_feed *)arg)->report, name, sum);
	return true;
}

struct feed_months {
	struct report_feed *feed;
	const struct period *period;
};

static bool feed_month(const struct store_month *month, void *arg)
{
	const struct feed_months *in = arg;
	uint64_t begin = period_month(month->year, month->month),
		 end = period_month(month->year, month->month + 1);

	if (begin < in->period->to && end > in->period->from)
		report_store(in->feed->report, month->lost, month->removed);
	return true;
}

static int notices_fill(struct store *store, struct report_feed *feed, const struct store_filter *period)
{
	struct store_filter urgent = *period;
	int err;

	urgent.urgent = true;
	err = store_scan(store, &urgent, feed_urgent, feed);
	if (!err && !feed->err)
		err = store_notices(store, period->from, period->to, false, feed_notice, feed);
	return err;
}

int report_store_fill(struct store *store, struct report *report, const struct period *period,
		      enum report_wants wants, const char *tenant)
{
	struct report_feed feed = {.report = report};
	const struct feed_months months = {&feed, period};
	struct store_filter all = {.to = period->to, .kinds = 1u << STORE_ALERT, .tenant = tenant};
	struct store_filter now = {.from = period->from,
				   .to = period->to,
				   .kinds = 1u << STORE_ALERT,
				   .tenant = tenant,
				   .brief = true};
	int err = store_rules(store, feed_rule, &feed);

	if (!err && !feed.err)
		err = store_figures(store, &all, feed_figure, &feed);
	if (!err && !feed.err && wants == WANTS_EVENTS)
		err = store_scan(store, &now, feed_event, &feed);
	if (!err && !feed.err && wants == WANTS_NOTICES)
		err = notices_fill(store, &feed, &now);
	if (!err && !feed.err)
		err = store_counters(store, period->from, period->to, feed_counter, &feed);
	if (!err && !feed.err && wants == WANTS_BEFORE)
		err = store_counters(store, period->before_from, period->from, feed_counter_before, &feed);
	if (!err && !feed.err)
		err = store_months(store, feed_month, (void *)&months);
	return err ? err : feed.err;
}
