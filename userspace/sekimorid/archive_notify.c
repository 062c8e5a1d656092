// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * archive_notify.c - the archive's side towards the notifier: tells it what is
 * urgent, keeps when it was sent and delivered, and who acknowledged it.
 */
#include "archive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/policy/decide.h"
#include "core/report/notice_text.h"
#include "lib/log.h"
#include "lib/wall.h"
#include "process.h"

#define NOTIFY_BACK_US (86400ull * 1000000) /* what nobody was told for so long is in the report only */
#define OPEN_BACK_US   (7 * NOTIFY_BACK_US)

/* The place of an event's month; ids of one month grow, those of two do not compare. */
static uint64_t *told_place(struct archive *a, uint64_t id)
{
	uint64_t month = id >> STORE_MONTH_SHIFT;
	size_t oldest = 0;

	for (size_t i = 0; i < ARRAY_LEN(a->told); i++) {
		if (a->told[i].month == month)
			return &a->told[i].id;
		if (a->told[i].month < a->told[oldest].month)
			oldest = i;
	}
	a->told[oldest].month = month;
	a->told[oldest].id = 0;
	return &a->told[oldest].id;
}

static bool urgent_send(struct archive *a, const struct store_event *event)
{
	struct message_urgent urgent = {
		.id = event->id,
		.t_match = event->t_match,
		.source = event->target ? event->dst : event->src,
		.target = event->target ? event->src : event->dst,
		.gid = event->gid,
		.sid = event->sid,
		.severity = event->severity,
		.verdict = event->verdict,
	};

	snprintf(urgent.label, sizeof(urgent.label), "%s", event->label ? event->label : "");
	return !channel_send(a->notifier, MESSAGE_URGENT, 0, &urgent, sizeof(urgent), -1);
}

/*
 * Whoever has to be told is told whether the event could be stored or not; only then nobody can note when.
 * What the notifier has no room for is found again in the store, by the notice that it lacks; until all of
 * that was told nothing overtakes it, so that nothing is told twice.
 */
void archive_urgent_tell(struct archive *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct store_event *event = &a->events[i];

		if (a->notifier < 0 || a->held[i].told || event->kind != STORE_ALERT ||
		    !decide_notify(event->severity, event->verdict))
			continue;
		if (event->id && a->behind)
			continue;
		a->held[i].told = urgent_send(a, event);
		if (a->held[i].told && event->id)
			*told_place(a, event->id) = event->id;
		a->behind |= !a->held[i].told && event->id;
	}
}

static bool urgent_again(const struct store_row *row, void *arg)
{
	struct archive *a = arg;

	uint64_t *told = told_place(a, row->event.id);

	if (row->event.id <= *told)
		return true; /* it has it, and has not sent it yet */
	if (!urgent_send(a, &row->event)) {
		a->behind = true;
		return false;
	}
	*told = row->event.id;
	return true;
}

/* After a start of either side, or when the channel was full: what was not sent yet, from the store. */
void archive_notifier_tick(struct archive *a)
{
	const struct store_filter filter = {
		.from = wall_us() - NOTIFY_BACK_US,
		.untold = true,
	};

	if (a->notifier < 0 || !a->behind)
		return;
	a->behind = false;
	if (store_scan(a->store, &filter, urgent_again, a))
		log_warn("critical events of before could not be read");
}

static void notifier_leave(struct archive *a)
{
	if (a->notifier < 0)
		return;
	loop_remove(a->loop, a->notifier);
	close(a->notifier);
	a->notifier = -1;
}

static void mark_take(struct archive *a, const struct message_mark *in)
{
	static struct store_run runs[MESSAGE_RUNS_MAX];
	struct store_marking marking = {
		.moment = in->moment, .t = in->t, .notice = in->notice, .runs = runs, .run_count = in->count};
	uint64_t marked;

	if (in->moment >= STORE_ACKED || in->count > MESSAGE_RUNS_MAX)
		return;
	for (uint32_t i = 0; i < in->count; i++)
		runs[i] = (struct store_run){in->runs[i].id, in->runs[i].count};
	if (store_mark(a->store, &marking, &marked))
		log_warn("times of notices could not be stored: their events show as not told");
}

static void notice_take(struct archive *a, const struct message_notice *in)
{
	const struct store_notice notice = {
		.id = in->id,
		.count = in->events,
		.groups = in->groups,
		.t_first = in->t_oldest,
		.t_sent = in->t_sent,
		.t_delivered = in->t_delivered,
		.t_due = in->t_due,
		.t_escalated = in->t_escalated,
		.attempts = in->attempts,
		.gid = in->gid,
		.sid = in->sid,
		.source = in->source,
		.target = in->target,
		.channel = in->channel,
		.label = in->label,
	};

	if (!message_text_valid(in->channel, sizeof(in->channel)) ||
	    !message_text_valid(in->label, sizeof(in->label)))
		return;
	if (store_notice_put(a->store, &notice))
		log_warn("a notice could not be stored");
}

/* Delivered, not acknowledged: they may still escalate. */
static bool open_send(const struct store_notice *notice, void *arg)
{
	struct archive *a = arg;
	struct message_notice out = {
		.id = notice->id,
		.events = notice->count,
		.groups = notice->groups,
		.t_oldest = notice->t_first,
		.t_sent = notice->t_sent,
		.t_delivered = notice->t_delivered,
		.t_due = notice->t_due,
		.t_escalated = notice->t_escalated,
		.attempts = notice->attempts,
		.gid = notice->gid,
		.sid = notice->sid,
		.source = notice->source,
		.target = notice->target,
	};

	if (!notice->t_delivered || notice->t_escalated)
		return true;
	snprintf(out.label, sizeof(out.label), "%s", notice->label);
	return !channel_send(a->notifier, MESSAGE_NOTICE_OPEN, 0, &out, sizeof(out), -1);
}

static void open_tell(struct archive *a)
{
	if (store_notices(a->store, wall_us() - OPEN_BACK_US, 0, true, open_send, a))
		log_warn("notices of before could not be read: they do not escalate");
}

static int notifier_take(struct message *message, void *arg)
{
	if (message->head.type == MESSAGE_MARK)
		mark_take(arg, (const struct message_mark *)message->body);
	else
		notice_take(arg, (const struct message_notice *)message->body);
	return 0;
}

static void notifier_event(int fd, uint32_t events, void *arg)
{
	if (message_receive_all(fd, PROCESS_NOTIFIER, PROCESS_ARCHIVE, 1024, notifier_take, arg))
		notifier_leave(arg);
}

void archive_notifier_meet(struct archive *a, int *passed)
{
	if (*passed < 0)
		return;
	notifier_leave(a);
	a->notifier = TAKE_FD(*passed);
	a->behind = true;
	memset(a->told, 0, sizeof(a->told));
	open_tell(a);
	if (loop_add(a->loop, a->notifier, EPOLLIN, notifier_event, a))
		log_error("cannot watch the notifier");
}

/* --- acknowledgement */

struct open_ids {
	uint64_t ids[4096];
	size_t count;
};

static bool open_collect(const struct store_notice *notice, void *arg)
{
	struct open_ids *open = arg;

	open->ids[open->count++] = notice->id;
	return open->count < ARRAY_LEN(open->ids);
}

static int ack_all(struct archive *a, const struct message_ack *in, size_t *count)
{
	static struct open_ids open;
	int err;

	do {
		open.count = 0;
		err = store_notices(a->store, 0, 0, true, open_collect, &open);
		for (size_t i = 0; !err && i < open.count; i++)
			err = store_notice_ack(a->store, open.ids[i], wall_us(), in->by, in->comment);
		*count += err ? 0 : open.count;
	} while (!err && open.count == ARRAY_LEN(open.ids));
	return err;
}

static const char *ack_words(int err)
{
	switch (err) {
	case -ENOENT:
		return "there is no notice of that number; `sekimori notify list` shows them";
	case -EALREADY:
		return "somebody acknowledged it already; `sekimori notify list --all` shows who";
	default:
		return strerror(-err);
	}
}

static int ack_event(struct archive *a, uint64_t id)
{
	const struct store_run run = {id, 1};
	const struct store_marking marking = {
		.moment = STORE_ACKED, .t = wall_us(), .runs = &run, .run_count = 1};
	uint64_t marked = 0;
	int err = store_mark(a->store, &marking, &marked);

	return err ? err : marked ? 0 : -ENOENT;
}

void archive_ack(struct archive *a, uint64_t cookie, const struct message_ack *in)
{
	const struct message_acked acked = {.id = in->id};
	struct message_done done = {0};
	size_t count = 1;

	if (!message_text_valid(in->by, sizeof(in->by)) ||
	    !message_text_valid(in->comment, sizeof(in->comment)))
		return;
	if (in->event && !in->id) {
		done.result = ack_event(a, in->event);
	} else if (in->id) {
		done.result = store_notice_ack(a->store, in->id, wall_us(), in->by, in->comment);
	} else {
		count = 0;
		done.result = ack_all(a, in, &count);
	}
	if (in->event && !in->id)
		snprintf(done.text, sizeof(done.text), "%s",
			 done.result ? "not acknowledged: there is no such event" : "event acknowledged");
	else if (done.result)
		snprintf(done.text, sizeof(done.text), "not acknowledged: %s", ack_words(done.result));
	else
		snprintf(done.text, sizeof(done.text), "%zu %s acknowledged", count,
			 count == 1 ? "notice" : "notices");
	if (!done.result && acked.id && a->notifier >= 0 &&
	    channel_send(a->notifier, MESSAGE_ACKED, 0, &acked, sizeof(acked), -1))
		log_warn("the notifier was not told of an acknowledgement");
	if (channel_send(PROCESS_FD_KEEPER, MESSAGE_ARCHIVE_DONE, cookie, &done, sizeof(done), -1))
		log_warn("an answer to the command line was lost");
}
