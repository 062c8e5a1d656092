// SPDX-License-Identifier: GPL-2.0-or-later
/* notice.c - T17 and the two hours: what is told, when, how often; and that every event is in some message.
 */
#include "core/report/notice.h"
#include "lib/ktap.h"

#define SECOND 1000000ull
#define MINUTE (60 * SECOND)
#define START  (1000 * MINUTE)

struct world {
	struct notices *notices;
	uint64_t now;
	uint64_t sent, delivered, last_delivered;
	uint64_t messages, told, rows; /* that the far ends got, by channel 0 and 1 */
	uint64_t by_channel[NOTICE_CHANNELS_MAX];
	bool dead[NOTICE_CHANNELS_MAX];
	struct notice_message last;
	struct notice_state state; /* the latest that was kept */
	uint64_t kept;
};

static void mark(const struct notice_marking *marking, void *arg)
{
	struct world *w = arg;
	uint64_t count = 0;

	for (size_t i = 0; i < marking->run_count; i++)
		count += marking->runs[i].count;
	w->sent += marking->moment == NOTICE_SENT ? count : 0;
	w->delivered += marking->moment == NOTICE_DELIVERED ? count : 0;
	if (marking->moment == NOTICE_DELIVERED)
		w->last_delivered = marking->t;
}

static void world_begin(struct world *w, uint32_t channels, bool second)
{
	struct notice_settings settings = notice_standard();

	*w = (struct world){.now = START};
	settings.channels = channels;
	settings.second[1] = second;
	w->notices = notices_new(&settings, mark, w);
}

static void pump(struct world *w)
{
	const struct notice_message *message;

	while (notices_next(w->notices, w->now, &message)) {
		uint32_t channel = message->channel;

		if (!w->dead[channel]) {
			w->messages++;
			w->by_channel[channel]++;
			w->told += message->events;
			w->rows += message->row_count;
			w->last = *message;
		}
		notices_result(w->notices, message->id, channel, !w->dead[channel], w->now);
	}
	while (notices_changed(w->notices, w->now, &w->state))
		w->kept++;
}

static void run(struct world *w, uint64_t span)
{
	for (uint64_t end = w->now + span; w->now < end; w->now += SECOND)
		pump(w);
}

static struct notice_event event_of(uint32_t sid, uint32_t source, uint8_t target)
{
	static uint64_t id;
	struct notice_event event = {
		.id = ++id,
		.gid = 1,
		.sid = sid,
		.source = {.b = {[10] = 0xff,
				 [11] = 0xff,
				 (uint8_t)(source >> 24),
				 (uint8_t)(source >> 16),
				 (uint8_t)(source >> 8),
				 (uint8_t)source}},
		.target = {.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, target}},
		.severity = SEKI_SEVERITY_CRITICAL,
		.verdict = SEKI_VERDICT_CUT,
		.label = "attack",
	};

	return event;
}

static void happen(struct world *w, uint32_t sid, uint32_t source, uint8_t target)
{
	struct notice_event event = event_of(sid, source, target);

	event.t_match = w->now;
	notices_event(w->notices, &event, w->now);
}

static bool all_told(struct world *w)
{
	struct notice_figures f;

	notices_count(w->notices, &f);
	return CHECK_EQ(f.told, f.events) & CHECK_EQ(f.waiting, 0) &
	       CHECK_EQ(w->delivered, f.events - f.unmarked);
}

/* The predicate is decide_notify() and nothing else; here only that it is asked. */
static void predicate(void)
{
	struct world w;

	world_begin(&w, 1, false);
	for (uint8_t s = 0; s < SEKI_SEVERITY_MAX; s++) {
		for (uint8_t v = 0; v < SEKI_VERDICT_MAX; v++) {
			struct notice_event event = event_of(1, 1, 1);

			event.severity = s;
			event.verdict = v;
			CHECK_EQ(notices_event(w.notices, &event, w.now),
				 s == SEKI_SEVERITY_CRITICAL && v != SEKI_VERDICT_BLOCKED);
		}
	}
	notices_free(w.notices);
}

static void at_once(void)
{
	struct world w;

	world_begin(&w, 1, false);
	happen(&w, 1, 7, 1);
	pump(&w);
	CHECK_EQ(w.messages, 1);
	CHECK_EQ(w.last.rows[0].count, 1);
	CHECK(w.last.rows[0].first_seen);
	CHECK_EQ(w.sent, 1);
	CHECK(all_told(&w));
	notices_free(w.notices);
}

/* 100 000 identical criticals: two messages, the exact count. */
static void identical(void)
{
	struct world w;

	world_begin(&w, 1, false);
	for (int i = 0; i < 100000; i++) {
		happen(&w, 1, 7, 1);
		if (i % 1000 == 0) {
			w.now += SECOND;
			pump(&w);
		}
	}
	run(&w, 10 * MINUTE);
	CHECK_EQ(w.messages, 2);
	CHECK_EQ(w.told, 100000);
	CHECK_EQ(w.last.rows[0].count + w.last.rows[0].before, 100000);
	{
		struct notice_figures f;

		notices_count(w.notices, &f);
		CHECK_EQ(f.told, 100000);
		CHECK_EQ(w.delivered + f.unmarked, 100000);
	}
	notices_free(w.notices);
}

/* T17: 100 000 sources by one rule at one target, and in the midst of it one real hit elsewhere. */
static void drowning(void)
{
	struct world w;
	uint64_t before;

	world_begin(&w, 1, false);
	for (uint32_t i = 0; i < 50000; i++) {
		happen(&w, 1, i, 1);
		if (i % 500 == 0) {
			w.now += SECOND;
			pump(&w);
		}
	}
	before = w.messages;
	happen(&w, 2, 99, 2);
	pump(&w);
	CHECK_EQ(w.messages, before + 1); /* in the very second, whatever the flood */
	CHECK_EQ(w.last.rows[w.last.row_count - 1].sid, 2);
	for (uint32_t i = 50000; i < 100000; i++) {
		happen(&w, 1, i, 1);
		if (i % 500 == 0) {
			w.now += SECOND;
			pump(&w);
		}
	}
	run(&w, 20 * MINUTE);
	CHECK(w.messages < 20, "%llu messages", (unsigned long long)w.messages);
	CHECK_EQ(w.told, 100001);
	{
		struct notice_figures f;

		notices_count(w.notices, &f);
		CHECK_EQ(f.told, 100001);
		CHECK_EQ(f.waiting, 0);
	}
	notices_free(w.notices);
}

/* Many targets and rules, each new: every one of them is told within seconds, in few messages. */
static void many_first_seen(void)
{
	struct world w;

	world_begin(&w, 1, false);
	for (int second = 0; second < 200; second++) {
		for (uint32_t i = 0; i < 100; i++)
			happen(&w, 1 + (uint32_t)second, i, (uint8_t)i);
		pump(&w);
		w.now += SECOND;
	}
	CHECK(w.told >= 20000 - 500, "%llu told", (unsigned long long)w.told); /* five seconds at most */
	CHECK(w.messages < 100, "%llu messages", (unsigned long long)w.messages);
	CHECK_EQ(w.last.row_count, NOTICE_ROWS_MAX);
	run(&w, 10 * MINUTE);
	CHECK(all_told(&w));
	notices_free(w.notices);
}

/* The cap holds back what is not new; a summary tells how much it was. */
static void capped(void)
{
	struct world w;
	uint64_t first;

	world_begin(&w, 1, false);
	for (uint32_t minute = 0; minute < 120; minute++) {
		for (uint32_t i = 0; i < 8;
		     i++) { /* eight sources a window: below a campaign, new groups all the time */
			happen(&w, 1, minute * 100 + i, 1);
			pump(&w);
			w.now += SECOND;
		}
		run(&w, MINUTE * 6);
	}
	first = w.messages;
	CHECK(first <= 12 * 61 + 80, "%llu messages in twelve hours", (unsigned long long)first);
	run(&w, 60 * MINUTE);
	CHECK(all_told(&w));
	notices_free(w.notices);
}

/* Dead for 110 minutes, then back: within two hours, in one message, no breach. */
static void back_in_time(void)
{
	struct world w;
	struct notice_figures f;

	world_begin(&w, 1, false);
	w.dead[0] = true;
	happen(&w, 1, 7, 1);
	run(&w, 30 * MINUTE);
	happen(&w, 2, 8, 2);
	run(&w, 80 * MINUTE);
	CHECK_EQ(w.messages, 0);
	w.dead[0] = false;
	run(&w, 5 * MINUTE);
	CHECK_EQ(w.messages, 1);
	CHECK_EQ(w.told, 2);
	CHECK(w.last_delivered <= START + 120 * MINUTE);
	notices_count(w.notices, &f);
	CHECK_EQ(f.breaches, 0);
	CHECK(f.attempts < 60, "%llu attempts", (unsigned long long)f.attempts);
	CHECK(all_told(&w));
	notices_free(w.notices);
}

static void dead_for_good(void)
{
	struct world w;
	struct notice_figures f;

	world_begin(&w, 1, false);
	w.dead[0] = true;
	happen(&w, 1, 7, 1);
	run(&w, 125 * MINUTE);
	notices_count(w.notices, &f);
	CHECK_EQ(f.breaches, 1);
	CHECK_EQ(f.waiting, 1); /* still to be told */
	w.dead[0] = false;
	run(&w, 10 * MINUTE);
	CHECK_EQ(w.messages, 1);
	CHECK(w.last.late);
	notices_free(w.notices);
}

static void second_channel(void)
{
	struct world w;
	struct notice_figures f;

	world_begin(&w, 2, true);
	happen(&w, 1, 7, 1);
	run(&w, 60 * MINUTE);
	CHECK_EQ(w.by_channel[0], 1);
	CHECK_EQ(w.by_channel[1], 0); /* not while the first works */
	w.dead[0] = true;
	happen(&w, 2, 7, 1);
	run(&w, 14 * MINUTE);
	CHECK_EQ(w.by_channel[1], 0);
	run(&w, 2 * MINUTE);
	CHECK_EQ(w.by_channel[1], 1);
	notices_count(w.notices, &f);
	CHECK_EQ(f.breaches, 0);
	CHECK_EQ(f.told, 2);
	notices_free(w.notices);
}

/* Thousand new attacks in one second, asked for a thousand times: two messages, and nothing waits a second.
 */
static void burst(void)
{
	struct world w;

	world_begin(&w, 1, false);
	for (uint32_t i = 0; i < 1000; i++) {
		happen(&w, 1 + i, i, 1);
		pump(&w);
		w.now += SECOND / 1000;
	}
	CHECK(w.messages <= 3, "%llu messages", (unsigned long long)w.messages);
	w.now += SECOND / 2;
	pump(&w);
	CHECK(all_told(&w));
	notices_free(w.notices);
}

/* Those that concern what runs at the target stand first, whatever came before them. */
static void concerns_first(void)
{
	struct world w;
	struct notice_event event;

	world_begin(&w, 1, false);
	for (uint32_t i = 0; i < 60; i++)
		happen(&w, 1 + i, i, 1);
	event = event_of(500, 7, 2);
	event.t_match = w.now;
	event.concern = NOTICE_APPLIES;
	notices_event(w.notices, &event, w.now);
	pump(&w);
	CHECK_EQ(w.last.groups, 61);
	CHECK_EQ(w.last.rows[0].sid, 500);
	CHECK_EQ(w.last.rows[0].concern, NOTICE_APPLIES);
	CHECK_EQ(w.last.rows[1].sid, 1);
	notices_free(w.notices);
}

static void world_escalates(struct world *w)
{
	struct notice_settings settings = notice_standard();

	*w = (struct world){.now = START};
	settings.channels = 2;
	settings.escalate_us[1] = 30 * MINUTE;
	settings.first_id = 1000;
	w->notices = notices_new(&settings, mark, w);
}

/* Delivered, but nobody says so: after half an hour somebody else is told, once. */
static void escalation(void)
{
	struct world w;

	world_escalates(&w);
	happen(&w, 1, 7, 1);
	run(&w, 29 * MINUTE);
	CHECK_EQ(w.by_channel[0], 1);
	CHECK_EQ(w.by_channel[1], 0);
	CHECK(!w.last.escalation);
	run(&w, 2 * MINUTE);
	CHECK_EQ(w.by_channel[1], 1);
	CHECK(w.last.escalation);
	CHECK_EQ(w.last.id, 1000);
	CHECK_EQ(w.last.t_delivered, START);
	CHECK_EQ(w.state.t_escalated, START + 30 * MINUTE);
	run(&w, 120 * MINUTE);
	CHECK_EQ(w.messages, 2);
	CHECK(all_told(&w));
	notices_free(w.notices);
}

static void acknowledged(void)
{
	struct world w;
	struct notice_figures f;

	world_escalates(&w);
	happen(&w, 1, 7, 1);
	run(&w, 10 * MINUTE);
	notices_count(w.notices, &f);
	CHECK_EQ(f.unacked, 1);
	CHECK_EQ(notices_ack(w.notices, 77), 0);
	CHECK_EQ(notices_ack(w.notices, 1000), 1);
	CHECK_EQ(notices_ack(w.notices, 1000), 0);
	run(&w, 60 * MINUTE);
	CHECK_EQ(w.by_channel[1], 0);
	notices_count(w.notices, &f);
	CHECK_EQ(f.unacked, 0);
	CHECK_EQ(f.escalated, 0);
	/* and one that no channel took: who says so knows, and nobody has to be told any more */
	w.dead[0] = true;
	happen(&w, 2, 7, 1);
	run(&w, MINUTE);
	CHECK_EQ(notices_ack(w.notices, 0), 1);
	run(&w, 180 * MINUTE);
	notices_count(w.notices, &f);
	CHECK_EQ(f.breaches, 0);
	CHECK_EQ(f.waiting, 0);
	CHECK_EQ(f.told, f.events);
	notices_free(w.notices);
}

/* What was told before a restart still escalates, at its time; what escalated already does not again. */
static void restored(void)
{
	struct world w;
	struct notice_state before, done;

	world_escalates(&w);
	happen(&w, 1, 7, 1);
	run(&w, 10 * MINUTE);
	before = w.state;
	notices_free(w.notices);
	done = before;
	done.id = 999;
	done.t_escalated = START;
	world_escalates(&w);
	w.now = START + 12 * MINUTE;
	CHECK_EQ(notices_restore(w.notices, &before, w.now), 0);
	CHECK_EQ(notices_restore(w.notices, &before, w.now), 0);
	CHECK_EQ(notices_restore(w.notices, &done, w.now), 0);
	run(&w, 10 * MINUTE);
	CHECK_EQ(w.messages, 0);
	run(&w, 10 * MINUTE);
	CHECK_EQ(w.messages, 1);
	CHECK_EQ(w.by_channel[1], 1);
	CHECK_EQ(w.last.id, 1000);
	notices_free(w.notices);
}

/* More than are kept wait for somebody: the oldest escalates before its time, none is forgotten unheard. */
static void escalates_early(void)
{
	struct world w;
	struct notice_figures f;

	world_escalates(&w);
	for (uint32_t i = 0; i < 700; i++) {
		happen(&w, 1 + i, i, (uint8_t)i);
		pump(&w);
		w.now += SECOND;
		if (i % 20 == 0)
			run(&w, 40 * SECOND);
	}
	run(&w, 40 * MINUTE);
	notices_count(w.notices, &f);
	CHECK_EQ(f.unacked, 0);
	CHECK_EQ(f.escalated, f.messages);
	notices_free(w.notices);
}

/* A message that seemed to fail and tells more the next time is another one to its receiver, with the same
 * number. */
static void grown(void)
{
	struct world w;

	world_begin(&w, 1, false);
	w.dead[0] = true;
	happen(&w, 1, 7, 1);
	pump(&w);
	happen(&w, 2, 7, 1);
	w.dead[0] = false;
	run(&w, MINUTE);
	CHECK_EQ(w.messages, 1);
	CHECK_EQ(w.last.id, 1);
	CHECK_EQ(w.last.revision, 1);
	CHECK_EQ(w.last.events, 2);
	CHECK(all_told(&w));
	notices_free(w.notices);
}

/* Events between each other cost a run each, those in a row one: times of all of them are noted. */
static void marked(void)
{
	struct world w;
	struct notice_figures f;

	world_begin(&w, 1, false);
	for (uint32_t i = 0; i < 200000; i++)
		happen(&w, 1 + (i & 1), 7, 1);
	run(&w, 10 * MINUTE);
	notices_count(w.notices, &f);
	CHECK_EQ(f.unmarked, 0);
	CHECK_EQ(w.sent, 200000);
	CHECK(all_told(&w));
	notices_free(w.notices);
}

/* Two first channels: each gets it, the same id on both and on every attempt. */
static void both_channels(void)
{
	struct world w;
	uint64_t id;

	world_begin(&w, 2, false);
	w.dead[1] = true;
	happen(&w, 1, 7, 1);
	pump(&w);
	id = w.last.id;
	CHECK_EQ(w.by_channel[0], 1);
	w.dead[1] = false;
	run(&w, MINUTE);
	CHECK_EQ(w.by_channel[1], 1);
	CHECK_EQ(w.last.id, id);
	CHECK_EQ(w.last.attempt, 2);
	CHECK_EQ(w.delivered, 1);
	notices_free(w.notices);
}

static const struct ktap_test tests[] = {
	TEST(predicate),       TEST(at_once),	    TEST(identical),	TEST(drowning),
	TEST(many_first_seen), TEST(capped),	    TEST(back_in_time), TEST(dead_for_good),
	TEST(second_channel),  TEST(both_channels), TEST(burst),	TEST(concerns_first),
	TEST(escalation),      TEST(acknowledged),  TEST(restored),	TEST(escalates_early),
	TEST(grown),	       TEST(marked),
};
KTAP_MAIN(tests)
