// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reporter.c - writes what happened: EVE lines of the engines, completed with
 * what the keeper says the kernel did, drops, alarms and changes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "core/policy/decide.h"
#include "ctl.h"
#include "core/eve/eve.h"
#include "core/eve/eve_bytes.h"
#include "core/eve/eve_text.h"
#include "core/policy/contract_names.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/spool.h"
#include "lib/wall.h"
#include "process.h"

#define REPORTER_SPOOL_MAX                                                                                   \
	(64u << 20) /* bytes that wait for the archive; beyond it events are lost there, counted */

#define ENDING_TICKS 3 /* so long may engines that do not end, or a full archive, keep us */

struct reporter {
	struct loop *loop;
	int file; /* -1 until the keeper passes one */
	int engines[SEKI_MAX_RINGS];
	struct message_meter meters[SEKI_MAX_RINGS];
	struct message_names names;
	struct message_reporter_stats stats;
	int archive;	     /* its channel, -1 none */
	unsigned int ending; /* ticks since the keeper left, from 1 */
	struct spool spool;  /* on the way there */
};

static const char *const action_names[] = {
	[DECIDE_NONE] = "none",
	[DECIDE_CUT_FLOW] = "cut-flow",
	[DECIDE_BLOCK_SOURCE] = "block-source",
};
static const char *const audit_names[AUDIT_KIND_MAX] = {
	[AUDIT_ALARM] = "alarm",
	[AUDIT_CHANGE] = "change",
	[AUDIT_NOTE] = "note",
};

/* Without a keeper: what engines said before they ended is written, what waits for the archive goes there. */
static void reporter_rest(struct reporter *r)
{
	bool idle = r->archive < 0 || !spool_next(&r->spool, &(size_t){0});

	for (unsigned int i = 0; i < SEKI_MAX_RINGS; i++)
		idle &= r->engines[i] < 0;
	if (r->ending && (idle || r->ending > ENDING_TICKS))
		loop_stop(r->loop, 0);
}

/* Until the queue is full; the rest goes when there is room, or to the archive's successor. */
static void archive_send(struct reporter *r)
{
	const void *record;
	size_t len;
	int err = 0;

	while (!err && r->archive >= 0 && (record = spool_next(&r->spool, &len))) {
		err = channel_send(r->archive, MESSAGE_KEEP, 0, record, len, -1);
		if (!err)
			spool_sent(&r->spool);
	}
	if (r->archive >= 0 && loop_change(r->loop, r->archive, EPOLLIN | (err == -EAGAIN ? EPOLLOUT : 0)))
		log_error("the archive's channel cannot be watched");
}

static void archive_keep(struct reporter *r, const char *line, size_t len)
{
	const struct message_kept head = {.t_match = wall_us(), .line_len = (uint32_t)len};
	bool idle = !spool_next(&r->spool, &(size_t){0});

	if (spool_add(&r->spool, &head, sizeof(head), line, len) && idle)
		archive_send(r);
}

static void archive_leave(struct reporter *r)
{
	if (r->archive < 0)
		return;
	loop_remove(r->loop, r->archive);
	close(r->archive);
	r->archive = -1;
}

/* It claims what it never got: -EPROTO. */
static int archive_take(struct message *message, void *arg)
{
	struct reporter *r = arg;
	struct message_taken taken;

	memcpy(&taken, message->body, sizeof(taken));
	return spool_done(&r->spool, taken.count) ? 0 : -EPROTO;
}

static void archive_event(int fd, uint32_t events, void *arg)
{
	struct reporter *r = arg;

	/* When it died, or lied, the keeper starts another, which gets all that is left. */
	if (message_receive_all(fd, PROCESS_ARCHIVE, PROCESS_REPORTER, MESSAGE_NO_LIMIT, archive_take, r))
		archive_leave(r);
	else
		archive_send(r);
	reporter_rest(r);
}

static void archive_meet(struct reporter *r, int *passed)
{
	if (*passed < 0)
		return;
	archive_leave(r);
	r->archive = TAKE_FD(*passed);
	spool_again(&r->spool);
	if (loop_add(r->loop, r->archive, EPOLLIN, archive_event, r))
		log_error("cannot watch the archive");
	archive_send(r);
}

/* Packets are the archive's, which deletes them in time: whoever rotates the event file would not know when.
 */
static size_t packet_leave(const char *line, size_t len, char *out)
{
	size_t from = len, to = len;

	if (!eve_bytes_find(line, len, &from, &to))
		return 0;
	memcpy(out, line, from);
	memcpy(out + from, line + to, len - to);
	return len - (to - from);
}

/* One whole line or nothing: a partial write is completed, or counted and cut off by a newline later. */
static void reporter_write(struct reporter *r, const char *line, size_t len)
{
	static char shorter[MESSAGE_LINE_MAX];
	size_t done = 0, left;

	archive_keep(r, line, len);
	left = len <= sizeof(shorter) ? packet_leave(line, len, shorter) : 0;
	if (left) {
		line = shorter;
		len = left;
	}
	if (r->file < 0) {
		r->stats.lost++;
		return;
	}
	while (done < len) {
		ssize_t n = write(r->file, line + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (r->stats.last_errno != errno)
				log_error("event file: %s; %llu lines lost so far", strerror(errno),
					  (unsigned long long)r->stats.lost + 1);
			r->stats.last_errno = errno;
			r->stats.write_errors++;
			r->stats.lost++;
			/* Ends the fragment so that the next line begins fresh; may fail like the write did.
			 */
			if (done && write(r->file, "\n", 1) < 0)
				return;
			return;
		}
		done += (size_t)n;
	}
	r->stats.last_errno = 0;
	r->stats.lines++;
	r->stats.bytes += len;
}

static void reporter_time(uint64_t us, char *text, size_t size)
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;
	char zone[8];
	size_t n;

	localtime_r(&seconds, &tm);
	n = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(text + n, size - n, ".%06u%s", (unsigned int)(us % 1000000), zone);
}

static void reporter_dump(struct reporter *r, json_t *event)
{
	AUTO_FREE char *text = json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER);
	size_t len = text ? strlen(text) : 0;

	json_decref(event);
	if (!text || len + 1 > MESSAGE_LINE_MAX) {
		r->stats.refused++;
		return;
	}
	text[len] = '\n'; /* the NUL's place; the length goes along */
	reporter_write(r, text, len + 1);
}

static void reporter_judged(struct reporter *r, const uint8_t *body, size_t len)
{
	struct message_judged judged;
	struct eve_enforcement enforcement;
	AUTO_FREE char *line = NULL;
	size_t line_len = 0;
	int err;

	memcpy(&judged, body, sizeof(judged));
	if (judged.line_len != len - sizeof(judged) || judged.verdict >= SEKI_VERDICT_MAX ||
	    judged.action > DECIDE_BLOCK_SOURCE || !message_text_valid(judged.why, sizeof(judged.why))) {
		r->stats.refused++;
		return;
	}
	enforcement = (struct eve_enforcement){
		.verdict = judged.verdict,
		.delivered_pkts = judged.delivered_pkts,
		.delivered_bytes = judged.delivered_bytes,
		.action = action_names[judged.action],
		.block_seconds = judged.block_seconds,
		.why = *judged.why ? judged.why : NULL,
	};
	err = eve_enforce((const char *)body + sizeof(judged), judged.line_len, &enforcement, &line,
			  &line_len);
	if (err) {
		log_warn("an engine's event line was refused: %s", strerror(-err));
		r->stats.refused++;
		return;
	}
	reporter_write(r, line, line_len);
}

/* Lines of engines are hostile: exactly one line, printable JSON object. */
static void reporter_event(struct reporter *r, const char *line, size_t len)
{
	json_error_t error;
	json_t *object;

	if (line[len - 1] != '\n' || memchr(line, '\n', len - 1) || memchr(line, '\0', len)) {
		r->stats.refused++;
		return;
	}
	object = json_loadb(line, len, 0, &error);
	if (!json_is_object(object)) {
		r->stats.refused++;
		json_decref(object);
		return;
	}
	json_decref(object);
	reporter_write(r, line, len);
}

static const char *reporter_iface(const struct reporter *r, uint32_t ifindex, char text[16])
{
	for (uint32_t i = 0; i < r->names.count; i++)
		if (r->names.rows[i].ifindex == ifindex)
			return r->names.rows[i].name;
	snprintf(text, 16, "if%u", ifindex);
	return text;
}

static json_t *reporter_address(const struct seki_addr *addr)
{
	struct prefix p = {.len = 128};
	char text[PREFIX_TEXT_MAX];

	memcpy(p.addr, addr->b, sizeof(p.addr));
	return json_string(prefix_format(&p, text));
}

/* Of the entry that decided: as people write it, not v4-mapped. */
static uint32_t reporter_prefix_length(const struct seki_record *rec)
{
	const struct seki_addr *source = rec->flags & SEKI_REC_FROM_LO ? &rec->key.lo : &rec->key.hi;
	bool v4 = !source->w[0] && !source->w[1] && source->w[2] == htonl(0xffff);

	return v4 && rec->entry > 96 ? rec->entry - 1 - 96 : rec->entry - 1;
}

static void reporter_decision(struct reporter *r, const struct message_decision *decision)
{
	const struct seki_record *rec = &decision->record;
	bool from_lo = rec->flags & SEKI_REC_FROM_LO;
	char when[48], iface[16];
	json_t *event = json_object(), *drop = json_object(), *own = json_object();

	reporter_time(decision->wall_us, when, sizeof(when));
	json_object_set_new(event, "timestamp", json_string(when));
	json_object_set_new(event, "event_type", json_string("drop"));
	json_object_set_new(event, "in_iface", json_string(reporter_iface(r, rec->ifindex, iface)));
	if (rec->vlan) {
		json_t *vlan = json_array();

		json_array_append_new(vlan, json_integer(rec->vlan));
		json_object_set_new(event, "vlan", vlan);
	}
	json_object_set_new(event, "src_ip", reporter_address(from_lo ? &rec->key.lo : &rec->key.hi));
	json_object_set_new(event, "src_port",
			    json_integer(__builtin_bswap16(from_lo ? rec->key.lo_port : rec->key.hi_port)));
	json_object_set_new(event, "dest_ip", reporter_address(from_lo ? &rec->key.hi : &rec->key.lo));
	json_object_set_new(event, "dest_port",
			    json_integer(__builtin_bswap16(from_lo ? rec->key.hi_port : rec->key.lo_port)));
	json_object_set_new(event, "proto", eve_proto(rec->key.proto));
	json_object_set_new(drop, "len", json_integer(rec->frame_len));
	json_object_set_new(drop, "reason", json_string(contract_reasons[rec->reason]));
	json_object_set_new(event, "drop", drop);
	json_object_set_new(own, "verdict", json_string(contract_verdicts[rec->verdict]));
	if (*decision->list)
		json_object_set_new(own, "list", json_string(decision->list));
	if (rec->entry)
		json_object_set_new(own, "prefix_length", json_integer(reporter_prefix_length(rec)));
	if (rec->sid)
		json_object_set_new(own, "sid", json_integer(rec->sid));
	json_object_set_new(event, "sekimori", own);
	reporter_dump(r, event);
}

static void reporter_audit(struct reporter *r, const struct message_audit *audit)
{
	json_t *event = json_object(), *shield = json_object();
	char when[48];

	reporter_time(audit->wall_us, when, sizeof(when));
	json_object_set_new(event, "timestamp", json_string(when));
	json_object_set_new(event, "event_type", json_string("shield"));
	json_object_set_new(shield, "kind", json_string(audit_names[audit->kind]));
	json_object_set_new(shield, "uid", json_integer(audit->uid));
	json_object_set_new(shield, "text", ctl_text(audit->text));
	json_object_set_new(event, "shield", shield);
	reporter_dump(r, event);
}

struct engine_channel {
	struct reporter *reporter;
	unsigned int index;
};

static int engine_take(struct message *message, void *arg)
{
	struct engine_channel *channel = arg;
	struct reporter *r = channel->reporter;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (message_admit(&r->meters[channel->index], message->head.type, (uint32_t)now.tv_sec))
		reporter_event(r, (const char *)message->body, message->head.len);
	else
		r->stats.lost++;
	return 0;
}

static void reporter_engine(int fd, uint32_t events, void *arg)
{
	struct engine_channel channel = {.reporter = arg};
	struct reporter *r = arg;

	while (channel.index < SEKI_MAX_RINGS && r->engines[channel.index] != fd)
		channel.index++;
	if (channel.index == SEKI_MAX_RINGS ||
	    !message_receive_all(fd, PROCESS_ENGINE, PROCESS_REPORTER, 256, engine_take, &channel))
		return;
	/* The engine died, or lied: the keeper starts another and passes its channel. */
	loop_remove(r->loop, fd);
	close(fd);
	r->engines[channel.index] = -1;
	reporter_rest(r);
}

static void reporter_take_engine(struct reporter *r, const uint8_t *body, int *passed)
{
	uint32_t index;

	memcpy(&index, body, sizeof(index));
	if (index >= SEKI_MAX_RINGS || *passed < 0)
		return;
	if (r->engines[index] >= 0) {
		reporter_engine(r->engines[index], 0, r); /* what is still in the old channel */
		if (r->engines[index] >= 0) {
			loop_remove(r->loop, r->engines[index]);
			close(r->engines[index]);
		}
	}
	r->engines[index] = TAKE_FD(*passed);
	if (loop_add(r->loop, r->engines[index], 0, reporter_engine, r))
		log_error("cannot watch engine %u", index);
}

static int keeper_take(struct message *message, void *arg)
{
	struct reporter *r = arg;

	switch (message->head.type) {
	case MESSAGE_EVE_FILE:
		if (message->passed >= 0) {
			if (r->file >= 0)
				close(r->file);
			r->file = TAKE_FD(message->passed);
		}
		break;
	case MESSAGE_ENGINE_CHANNEL:
		reporter_take_engine(r, message->body, &message->passed);
		break;
	case MESSAGE_REPORTER_ARCHIVE:
		archive_meet(r, &message->passed);
		break;
	case MESSAGE_REPORTER_NAMES:
		memcpy(&r->names, message->body, sizeof(r->names));
		break;
	case MESSAGE_JUDGED:
		reporter_judged(r, message->body, message->head.len);
		break;
	case MESSAGE_DECISION:
		reporter_decision(r, (const struct message_decision *)message->body);
		break;
	case MESSAGE_EGRESS: /* the keeper's own words: a whole line */
		reporter_write(r, (const char *)message->body, message->head.len);
		break;
	case MESSAGE_AUDIT:
		reporter_audit(r, (const struct message_audit *)message->body);
		break;
	}
	return 0;
}

static void reporter_keeper(int fd, uint32_t events, void *arg)
{
	struct reporter *r = arg;
	int err = message_receive_all(fd, PROCESS_KEEPER, PROCESS_REPORTER, 256, keeper_take, r);

	if (err && err != -ENOTCONN)
		loop_stop(r->loop, 1);
	if (err != -ENOTCONN)
		return;
	loop_remove(r->loop, fd);
	r->ending = 1;
	reporter_rest(r);
}

static void reporter_tick(void *arg)
{
	struct reporter *r = arg;

	if (r->ending) {
		r->ending++;
		reporter_rest(r);
		return;
	}
	r->stats.spool_records = r->spool.records;
	r->stats.spool_bytes = r->spool.bytes;
	r->stats.spool_lost = r->spool.lost;
	/* A keeper that left has perhaps said something before: reporter_keeper() sees the end, behind it. */
	if (channel_send(PROCESS_FD_KEEPER, MESSAGE_REPORTER_STATS, 0, &r->stats, sizeof(r->stats), -1))
		log_debug("the keeper does not take the reporter's figures");
}

int reporter_main(unsigned int index)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	struct reporter *r = calloc(1, sizeof(*r));
	int err = r ? loop_new(&loop) : -ENOMEM;

	if (!err) {
		r->loop = loop;
		r->file = -1;
		r->archive = -1;
		spool_init(&r->spool, REPORTER_SPOOL_MAX);
		for (int i = 0; i < (int)SEKI_MAX_RINGS; i++)
			r->engines[i] = -1;
		err = loop_add(loop, PROCESS_FD_KEEPER, 0, reporter_keeper, r);
	}
	if (!err)
		err = loop_tick(loop, 1000, reporter_tick, r);
	if (!err)
		err = loop_run(loop);
	if (r)
		spool_free(&r->spool);
	free(r);
	return err ? 1 : 0;
}
