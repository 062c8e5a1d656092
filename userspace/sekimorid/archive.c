// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * archive.c - keeps events and changes: the one process that writes the store.
 * It acknowledges what is on disk, so that nothing is forgotten when it dies;
 * when it cannot write it stops taking, and the reporter's queue grows up to
 * its bound.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/eve/eve_bytes.h"
#include "core/policy/decide.h"
#include "core/eve/eve_read.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/wall.h"
#include "archive.h"
#include "process.h"

#define FLUSH_MS     100u
#define RETAIN_TICKS 600u /* of FLUSH_MS */
#define RETRY_TICKS  10u
#define ENDING_TICKS 25u		  /* so long may a reporter that does not end keep us */
#define TIME_BEFORE  (86400ull * 1000000) /* an event's own time may lie so far before we knew it */
#define TIME_BEHIND  (60ull * 1000000)

static void held_free(struct held *held)
{
	eve_fields_end(&held->fields);
	free(held->line);
	free(held->packet);
	held->line = NULL;
	held->packet = NULL;
}

static void taken_tell(struct archive *a)
{
	struct message_taken taken = {.count = a->unanswered};

	for (size_t i = 0; i < a->count; i++)
		taken.count -= a->held[i].here;
	if (!taken.count || a->reporter < 0)
		return;
	if (!channel_send(a->reporter, MESSAGE_TAKEN, 0, &taken, sizeof(taken), -1))
		a->unanswered -= taken.count;
}

static void reporter_pause(struct archive *a, bool pause)
{
	if (a->reporter >= 0 && loop_change(a->loop, a->reporter, pause ? 0 : EPOLLIN))
		log_error("the reporter's channel cannot be watched");
}

static size_t event_bytes(const struct store_event *event)
{
	return event->line_len + (event->packet ? strlen(event->packet) : 0);
}

/* What is stored leaves the batch; the rest waits for a better time. */
static void batch_store(struct archive *a)
{
	struct store_result result;
	size_t left = 0;

	if (!a->count || a->ticks < a->retry_at)
		return;
	result = store_insert(a->store, a->events, a->count);
	a->stats.stored += result.stored;
	archive_urgent_tell(a);
	a->bytes = 0;
	for (size_t i = 0; i < a->count; i++) {
		if (a->events[i].id) {
			if (a->events[i].kind == STORE_ALERT)
				a->stats.alerts[a->events[i].severity][a->events[i].verdict]++;
			held_free(&a->held[i]);
			continue;
		}
		a->events[left] = a->events[i];
		a->held[left] = a->held[i];
		a->bytes += event_bytes(&a->events[i]);
		left++;
	}
	a->count = left;
	if (left && result.error == -EINVAL) { /* cannot happen to what event_take() let in */
		a->stats.refused += left;
		for (size_t i = 0; i < left; i++)
			held_free(&a->held[i]);
		a->count = 0;
	}
	a->stats.last_errno = a->count ? -result.error : 0;
	a->retry_at = a->count ? a->ticks + RETRY_TICKS : 0;
	reporter_pause(a, a->count);
	taken_tell(a);
}

static void tenant_set(const struct archive *a, struct store_event *event)
{
	event->tenant =
		tenant_of(a->tenants.rows, a->tenants.count, event->target ? &event->src : &event->dst,
			  event->target ? &event->dst : &event->src, event->iface);
}

static uint8_t kind_of(const char *type)
{
	for (uint8_t i = 0; i < STORE_KIND_MAX; i++)
		if (!strcmp(store_kind_names[i], type))
			return i;
	return STORE_RECORD;
}

/* The record and its packet apart, since each is kept for its own time; *len becomes the record's. */
static int held_copy(struct held *held, const char *line, size_t *len)
{
	size_t from = *len, to = *len;

	held->packet = NULL;
	held->line = malloc(*len + 1);
	if (!held->line)
		return -ENOMEM;
	if (eve_bytes_find(line, *len, &from, &to) &&
	    asprintf(&held->packet, "{%.*s}", (int)(to - from - 1), line + from + 1) < 0) {
		held->packet = NULL;
		return -ENOMEM;
	}
	memcpy(held->line, line, from);
	memcpy(held->line + from, line + to, *len - to);
	*len -= to - from;
	return 0;
}

/* Statistics of the engines are counters, which the keeper tells; they are no events. */
static bool event_take(struct archive *a, uint64_t t_match, const char *line, size_t len)
{
	struct held *held = &a->held[a->count];
	struct store_event *event = &a->events[a->count];
	const struct eve_fields *f = &held->fields;

	if (eve_read(line, len, &held->fields))
		return false;
	if (!strcmp(f->type, "stats")) {
		held_free(held);
		return true;
	}
	if (!strcmp(f->type, "asset"))
		archive_asset(a, f);
	if (held_copy(held, line, &len)) {
		held_free(held);
		return false;
	}
	held->here = true;
	held->told = false;
	*event = (struct store_event){
		.t_packet = f->t_us,
		.t_match = t_match,
		.kind = kind_of(f->type),
		.severity = f->severity,
		.verdict = f->verdict,
		.proto = f->proto,
		.target = f->target_is_src,
		.src_port = f->src_port,
		.dst_port = f->dst_port,
		.gid = f->gid,
		.sid = f->sid,
		.rev = f->rev,
		.src = f->src,
		.dst = f->dst,
		.label = f->label,
		.list = f->list,
		.iface = f->iface,
		.rule = f->rule,
		.line = held->line,
		.line_len = len - (len && held->line[len - 1] == '\n'),
		.packet = held->packet,
	};
	if (f->t_us + TIME_BEFORE < t_match || f->t_us > t_match + TIME_BEHIND) {
		event->t_packet = t_match;
		a->stats.odd_times++;
	}
	tenant_set(a, event);
	a->count++;
	a->bytes += event_bytes(event);
	return true;
}

static void reporter_leave(struct archive *a)
{
	if (a->reporter < 0)
		return;
	loop_remove(a->loop, a->reporter);
	close(a->reporter);
	a->reporter = -1;
	/* A new reporter begins with an empty queue: what is here is stored all the same. */
	a->unanswered = 0;
	for (size_t i = 0; i < a->count; i++)
		a->held[i].here = false;
}

/* Without a keeper: what the reporter said before it ended is stored. */
static void archive_rest(struct archive *a)
{
	if (!a->ending || (a->reporter >= 0 && a->ticks < a->ending))
		return;
	a->retry_at = 0;
	batch_store(a);
	if (a->count)
		log_error("%zu events could not be stored before the end", a->count);
	loop_stop(a->loop, a->broken);
}

static void reporter_event(int fd, uint32_t events, void *arg)
{
	static _Alignas(8) char body[CHANNEL_BODY_MAX];
	struct channel_rule rules[MESSAGE_MAX];
	struct archive *a = arg;
	size_t count = message_rules(PROCESS_REPORTER, PROCESS_ARCHIVE, rules);

	while (a->count < ARCHIVE_BATCH && a->bytes < ARCHIVE_BYTES) {
		struct channel_head head;
		struct message_kept kept;
		AUTO_FD int passed = -1;
		int err = channel_receive(fd, rules, count, &head, body, &passed);

		if (err == -EAGAIN)
			return;
		if (err) {
			reporter_leave(a);
			archive_rest(a);
			return;
		}
		memcpy(&kept, body, sizeof(kept));
		a->unanswered++;
		if (kept.line_len != head.len - sizeof(kept) ||
		    !event_take(a, kept.t_match, body + sizeof(kept), kept.line_len))
			a->stats.refused++;
	}
	a->retry_at = 0;
	batch_store(a);
}

/* --- the keeper */

static int audit_add(struct archive *a, const struct message_audit *in)
{
	static const char *const kinds[AUDIT_KIND_MAX] = {[AUDIT_ALARM] = "alarm",
							  [AUDIT_CHANGE] = "change",
							  [AUDIT_NOTE] = "note",
							  [AUDIT_READ] = "read"};
	const struct audit_entry entry = {.t = in->wall_us,
					  .uid = in->uid,
					  .kind = kinds[in->kind % AUDIT_KIND_MAX],
					  .who = in->who,
					  .text = in->text};
	int err = audit_log_add(a->audit, &entry);

	if (err && a->stats.audit_errno != -err)
		log_error("the audit log cannot be written: %s", strerror(-err));
	a->stats.audit_errno = -err;
	return err;
}

/* In their order, as far as the disk takes them. */
static void audits_write(struct archive *a)
{
	uint32_t done = 0;

	if (!a->audit)
		return;
	while (done < a->audit_count && !audit_add(a, &a->audits[done]))
		done++;
	a->audit_count -= done;
	memmove(a->audits, a->audits + done, a->audit_count * sizeof(*a->audits));
	if (a->audit_count || !a->audits_lost)
		return;
	a->audits[0] = (struct message_audit){.wall_us = wall_us(), .kind = AUDIT_ALARM};
	snprintf(a->audits[0].text, sizeof(a->audits[0].text),
		 "%llu entries are not in this log: it could not be written, and too many waited",
		 (unsigned long long)a->audits_lost);
	a->audit_count = 1;
	a->audits_lost = 0;
}

static void audit_take(struct archive *a, const struct message_audit *in)
{
	if (!message_text_valid(in->text, sizeof(in->text)) || !message_text_valid(in->who, sizeof(in->who)))
		return;
	if (a->audit_count == ARCHIVE_AUDITS)
		a->audits_lost++;
	else
		a->audits[a->audit_count++] = *in;
	if (a->audit_count == 1)
		audits_write(a);
}

static void counts_take(struct archive *a, const struct message_counts *in)
{
	struct store_delta deltas[MESSAGE_COUNTS_MAX];

	if (in->count > MESSAGE_COUNTS_MAX)
		return;
	for (uint32_t i = 0; i < in->count; i++) {
		if (!message_text_valid(in->rows[i].name, sizeof(in->rows[i].name)))
			return;
		deltas[i] = (struct store_delta){in->rows[i].name, in->rows[i].value};
	}
	if (store_count(a->store, in->t_us, deltas, in->count))
		log_warn("figures of the last seconds could not be stored");
}

static void limits_take(struct archive *a, const struct message_limits *in)
{
	struct store_limits limits = {.max_bytes = in->max_bytes, .max_days = in->max_days};

	memcpy(limits.packet_seconds, in->packet_seconds, sizeof(limits.packet_seconds));
	store_limits(a->store, &limits);
}

/* What is stored from now on; what was, stays whose it was. What could not be
 * stored yet is judged anew, since it points to the rows before. */
static void tenants_take(struct archive *a, const struct message_tenants *in)
{
	if (in->count > TENANTS_MAX)
		return;
	for (uint32_t i = 0; i < in->count; i++)
		if (!message_text_valid(in->rows[i].name, sizeof(in->rows[i].name)) ||
		    !message_text_valid(in->rows[i].iface, sizeof(in->rows[i].iface)) ||
		    !prefix_is_canonical(&in->rows[i].network))
			return;
	a->retry_at = 0;
	batch_store(a);
	a->tenants = *in;
	for (size_t i = 0; i < a->count; i++)
		tenant_set(a, &a->events[i]);
}

static void reporter_meet(struct archive *a, int *passed)
{
	if (*passed < 0)
		return;
	reporter_leave(a);
	a->reporter = TAKE_FD(*passed);
	if (loop_add(a->loop, a->reporter, a->count ? 0 : EPOLLIN, reporter_event, a))
		log_error("cannot watch the reporter");
}

static int keeper_take(struct message *message, void *arg)
{
	struct archive *a = arg;

	switch (message->head.type) {
	case MESSAGE_ARCHIVE_LIMITS:
		limits_take(a, (const struct message_limits *)message->body);
		break;
	case MESSAGE_ARCHIVE_TENANTS:
		tenants_take(a, (const struct message_tenants *)message->body);
		break;
	case MESSAGE_ARCHIVE_AUDIT:
		audit_take(a, (const struct message_audit *)message->body);
		break;
	case MESSAGE_ARCHIVE_COUNTS:
		counts_take(a, (const struct message_counts *)message->body);
		break;
	case MESSAGE_ARCHIVE_NOTIFIER:
		archive_notifier_meet(a, &message->passed);
		break;
	case MESSAGE_ARCHIVE_ACK:
		archive_ack(a, message->head.cookie, (const struct message_ack *)message->body);
		break;
	case MESSAGE_ARCHIVE_REPORTER:
		reporter_meet(a, &message->passed);
		break;
	}
	return 0;
}

static void archive_keeper(int fd, uint32_t events, void *arg)
{
	struct archive *a = arg;
	int err = message_receive_all(fd, PROCESS_KEEPER, PROCESS_ARCHIVE, MESSAGE_NO_LIMIT, keeper_take, a);

	if (!err)
		return;
	loop_remove(a->loop, fd);
	a->broken = err != -ENOTCONN;
	a->ending = a->ticks + ENDING_TICKS;
	archive_rest(a);
}

static void archive_retain(struct archive *a)
{
	struct store_retained out;
	int err = store_retain(a->store, wall_us(), &out);

	if (err)
		log_warn("old events could not be removed: %s", strerror(-err));
	if (out.packets)
		log_info("%llu packets of alerts removed: the time of their severity is over",
			 (unsigned long long)out.packets);
	if (!out.removed)
		return;
	a->stats.removed += out.removed;
	log_info("%llu old events removed by age or size", (unsigned long long)out.removed);
}

static void archive_tick(void *arg)
{
	struct archive *a = arg;
	struct message_archive_stats *s = &a->stats;

	a->ticks++;
	batch_store(a);
	archive_rest(a);
	taken_tell(a);
	archive_notifier_tick(a);
	archive_assets_tick(a);
	if (a->ticks % RETAIN_TICKS == 0)
		archive_retain(a);
	if (a->ticks % (1000 / FLUSH_MS))
		return;
	audits_write(a);
	s->waiting = a->count;
	if (a->audit) {
		s->audit_lines = audit_log_head(a->audit)->number;
		snprintf(s->audit_head, sizeof(s->audit_head), "%s", audit_log_head(a->audit)->hash);
	}
	/* One that left has perhaps said something before: archive_keeper() sees the end, behind it. */
	if (!a->ending && channel_send(PROCESS_FD_KEEPER, MESSAGE_ARCHIVE_STATS, 0, s, sizeof(*s), -1))
		log_debug("the keeper does not take the archive's figures");
}

/* From here on "." is the folder: no path leads to it for this user. */
int archive_prepare(void)
{
	umask(027);
	if (fchdir(PROCESS_FD_OWN) < 0) {
		log_error("the store's folder: %s", strerror(errno));
		return -errno;
	}
	return 0;
}

static int archive_open(struct archive *a)
{
	const struct store_options options = {.dir = "."};
	struct audit_fault fault = {0};
	char why[STORE_WHY_MAX] = "";
	int err = audit_log_open(".", &a->audit, &fault);

	if (err)
		log_error("audit log: %s", strerror(-err));
	a->stats.audit_errno = -err;
	a->stats.audit_fault = fault.number;
	err = store_open(&options, &a->store, why);
	if (err)
		log_error("%s", why);
	return err;
}

int archive_main(unsigned int index)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	struct archive *a = calloc(1, sizeof(*a));
	int err = a ? loop_new(&loop) : -ENOMEM;

	if (err)
		return 1;
	a->loop = loop;
	a->reporter = -1;
	a->notifier = -1;
	err = archive_open(a);
	if (!err)
		err = loop_add(loop, PROCESS_FD_KEEPER, EPOLLIN, archive_keeper, a);
	if (!err)
		err = loop_tick(loop, FLUSH_MS, archive_tick, a);
	if (!err)
		err = loop_run(loop);
	for (size_t i = 0; i < a->count; i++)
		held_free(&a->held[i]);
	store_close(a->store);
	audit_log_close(a->audit);
	free(a);
	return err ? 1 : 0;
}
