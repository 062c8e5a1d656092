// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notice_slo.c - the promise from end to end on a simulated clock: events in a store, notices made of them,
 * channels that fail, times noted, and what the report says of it.
 */
#include <unistd.h>

#include "core/report/notice.h"
#include "core/report/report.h"
#include "lib/ktap.h"
#include "store/store.h"

#define SECOND 1000000ull
#define MINUTE (60 * SECOND)
#define START  1411948800000000ull /* 2014-09-29 09:00 in Japan */

struct world {
	char folder[64];
	struct store *store;
	struct notices *notices;
	uint64_t now, messages, by_channel[2];
	bool dead[2];
};

static void mark(const struct notice_marking *marking, void *arg)
{
	struct world *w = arg;
	uint64_t marked;

	for (size_t i = 0; i < marking->run_count; i++) {
		const struct store_run run = {marking->runs[i].id, marking->runs[i].count};
		const struct store_marking out = {
			.moment = marking->moment == NOTICE_SENT ? STORE_SENT : STORE_DELIVERED,
			.t = marking->t,
			.notice = marking->notice,
			.runs = &run,
			.run_count = 1,
		};

		CHECK_EQ(store_mark(w->store, &out, &marked), 0);
		CHECK_EQ(marked, run.count);
	}
}

static void world_begin(struct world *w, bool second)
{
	struct notice_settings settings = notice_standard();
	struct store_options options = {.dir = w->folder};
	char why[STORE_WHY_MAX] = "";

	*w = (struct world){.now = START};
	snprintf(w->folder, sizeof(w->folder), "/tmp/sekimori-slo.XXXXXX");
	CHECK(mkdtemp(w->folder));
	CHECK_EQ(store_open(&options, &w->store, why), 0);
	settings.channels = second ? 2 : 1;
	settings.second[1] = second;
	w->notices = notices_new(&settings, mark, w);
}

static void world_end(struct world *w)
{
	char command[128];

	notices_free(w->notices);
	store_close(w->store);
	snprintf(command, sizeof(command), "rm -rf '%s'", w->folder);
	CHECK_EQ(system(command), 0);
}

static void pump(struct world *w)
{
	const struct notice_message *message;
	struct notice_state state;

	while (notices_next(w->notices, w->now, &message)) {
		uint32_t channel = message->channel;

		w->messages += !w->dead[channel];
		w->by_channel[channel] += !w->dead[channel];
		notices_result(w->notices, message->id, channel, !w->dead[channel], w->now);
	}
	while (notices_changed(w->notices, w->now, &state)) {
		const struct store_notice notice = {
			.id = state.id,
			.count = state.events,
			.groups = state.groups,
			.t_first = state.t_oldest,
			.t_sent = state.t_sent,
			.t_delivered = state.t_delivered,
			.t_due = state.t_due,
			.gid = state.row.gid,
			.sid = state.row.sid,
			.source = state.row.source,
			.target = state.row.target,
		};

		CHECK_EQ(store_notice_put(w->store, &notice), 0);
	}
}

static void run(struct world *w, uint64_t span)
{
	for (uint64_t end = w->now + span; w->now < end; w->now += 5 * SECOND)
		pump(w);
}

static void attacks(struct world *w, uint32_t sid, size_t count)
{
	AUTO_FREE struct store_event *events = calloc(count, sizeof(*events));

	for (size_t i = 0; i < count; i++)
		events[i] = (struct store_event){
			.t_packet = w->now,
			.t_match = w->now,
			.kind = STORE_ALERT,
			.severity = SEKI_SEVERITY_CRITICAL,
			.verdict = SEKI_VERDICT_CUT,
			.gid = 1,
			.sid = sid,
			.rev = 1,
			.src = {.b = {[10] = 0xff, [11] = 0xff, 198, 18, 0, 1}},
			.dst = {.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}},
			.label = "an attack",
			.rule = "{}",
		};
	CHECK_EQ(store_insert(w->store, events, count).stored, count);
	for (size_t i = 0; i < count; i++) {
		const struct notice_event event = {
			.id = events[i].id,
			.t_match = events[i].t_match,
			.gid = 1,
			.sid = sid,
			.source = events[i].src,
			.target = events[i].dst,
			.severity = SEKI_SEVERITY_CRITICAL,
			.verdict = SEKI_VERDICT_CUT,
			.label = "an attack",
		};

		CHECK(notices_event(w->notices, &event, w->now));
	}
}

static bool feed_event(const struct store_row *row, void *arg)
{
	const struct report_urgent_event event = {
		.id = row->event.id,
		.t_match = row->event.t_match,
		.t_delivered = row->moments[STORE_DELIVERED],
		.t_acked = row->moments[STORE_ACKED],
		.gid = row->event.gid,
		.sid = row->event.sid,
		.target = row->event.dst,
	};

	return !report_urgent(arg, &event);
}

static bool feed_notice(const struct store_notice *in, void *arg)
{
	const struct report_notice notice = {.id = in->id,
					     .count = in->count,
					     .t_first = in->t_first,
					     .t_delivered = in->t_delivered,
					     .t_acked = in->t_acked,
					     .t_due = in->t_due};

	return !report_notice(arg, &notice);
}

static char *report_of(struct world *w)
{
	const struct report_frame frame = {.language = EXPLAIN_EN,
					   .from = START - 60 * MINUTE,
					   .to = START + 24 * 60 * MINUTE,
					   .now = w->now,
					   .zone_s = 9 * 3600,
					   .n = 10,
					   .name = "test",
					   .audit_head = ""};
	const struct store_filter urgent = {.urgent = true, .brief = true};
	CLEANUP(threat_set_free) struct threat_set *threats = NULL;
	CLEANUP(report_free) struct report *report = NULL;
	CLEANUP(document_free) struct document *document = NULL;
	char *text = NULL, why[160];
	size_t len;

	CHECK_EQ(threat_set_new(NULL, 0, &threats, why), 0);
	CHECK_EQ(report_new(&frame, threats, &report), 0);
	CHECK_EQ(report_rule(report, 1, 7, "an attack", "{}"), 0);
	CHECK_EQ(store_scan(w->store, &urgent, feed_event, report), 0);
	CHECK_EQ(store_notices(w->store, 0, 0, false, feed_notice, report), 0);
	CHECK_EQ(report_notices(report, &document), 0);
	CHECK_EQ(document_write(document, DOCUMENT_TEXT, &text, &len), 0);
	return text;
}

static void says(const char *report, const char *what)
{
	CHECK(strstr(report, what), "missing \"%s\" in:\n%s", what, report);
}

/* 100 000 of one kind: two notices, and each event of the store has its time. */
static void identical(void)
{
	struct world w;
	AUTO_FREE char *report = NULL;

	world_begin(&w, false);
	for (int i = 0; i < 50; i++) {
		attacks(&w, 7, 2000);
		run(&w, 5 * SECOND);
	}
	run(&w, 10 * MINUTE);
	CHECK(w.messages <= 2, "%llu messages", (unsigned long long)w.messages);
	report = report_of(&w);
	says(report, "Of all 100000 critical attacks");
	says(report, "100.0 % (100000/100000)");
	world_end(&w);
}

/* The channel is dead for 110 minutes and comes back: everybody knows within two hours. */
static void back_in_time(void)
{
	struct world w;
	AUTO_FREE char *report = NULL;

	world_begin(&w, false);
	w.dead[0] = true;
	attacks(&w, 7, 3);
	run(&w, 110 * MINUTE);
	CHECK_EQ(w.messages, 0);
	report = report_of(&w);
	says(report, "3 are not told yet, within the two hours");
	free(TAKE_PTR(report));
	w.dead[0] = false;
	run(&w, 9 * MINUTE);
	CHECK_EQ(w.messages, 1);
	report = report_of(&w);
	says(report, "Of all 3 critical attacks");
	world_end(&w);
}

/* Dead for longer: the second channel tells. */
static void second_channel(void)
{
	struct world w;
	AUTO_FREE char *report = NULL;

	world_begin(&w, true);
	w.dead[0] = true;
	attacks(&w, 7, 3);
	run(&w, 130 * MINUTE);
	CHECK_EQ(w.by_channel[1], 1);
	report = report_of(&w);
	says(report, "Of all 3 critical attacks");
	says(report, "the slowest 0:15:00");
	world_end(&w);
}

/* Both are dead: the breach is listed, before and after somebody is told. */
static void breach(void)
{
	struct world w;
	AUTO_FREE char *report = NULL;

	world_begin(&w, true);
	w.dead[0] = w.dead[1] = true;
	attacks(&w, 7, 3);
	run(&w, 130 * MINUTE);
	report = report_of(&w);
	says(report, "Of 3 of 3 critical attacks that were not blocked nobody was told within two hours");
	says(report, "not yet");
	free(TAKE_PTR(report));
	w.dead[1] = false;
	run(&w, 10 * MINUTE);
	CHECK_EQ(w.by_channel[1], 1);
	report = report_of(&w);
	says(report, "Of 3 of 3 critical attacks that were not blocked nobody was told within two hours");
	says(report, "2014-09-29 11:1");
	says(report, "1 notices: 1 delivered (1 of them late)");
	world_end(&w);
}

static const struct ktap_test tests[] = {TEST(identical), TEST(back_in_time), TEST(second_channel),
					 TEST(breach)};
KTAP_MAIN(tests)
