/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice_parts.h - what groups (notice.c) and messages (notice_message.c) share.
 */
#ifndef CORE_NOTICE_PARTS_H
#define CORE_NOTICE_PARTS_H

#include "notice.h"

#define NOTICE_PAIRS_MAX                                                                                     \
	4096u /* (rule, target) remembered; the one silent for longest is forgotten, and new again */

struct notice_ids {
	struct notice_run *runs;
	uint32_t count, room;
};

struct pair {
	bool used;
	uint32_t gid, sid;
	struct seki_addr target;
	uint64_t last, window_end;
	uint32_t groups; /* of single sources in this window */
	struct group *campaign;
};

struct group {
	struct group *next; /* in the order of their beginning */
	struct pair *pair;
	struct notice_row row; /* count: not told yet; before: told */
	uint64_t window_end;
	uint8_t *source_bits; /* of a campaign */
	struct notice_ids ids;
};

enum fate { FATE_WAITING, FATE_OUT, FATE_DONE };
struct message {
	struct message *next;
	struct notice_message told;
	struct notice_ids ids;
	uint64_t made, next_try[NOTICE_CHANNELS_MAX];
	uint32_t attempts[NOTICE_CHANNELS_MAX];
	uint8_t fate[NOTICE_CHANNELS_MAX];
	int32_t by; /* channel that delivered it first */
	uint64_t t_sent, t_escalated;
	bool delivered, breached, acked, hurry, changed;
};

struct notices {
	struct notice_settings settings;
	notice_mark_fn mark;
	void *arg;
	struct pair pairs[NOTICE_PAIRS_MAX];
	struct group *groups, *groups_last;
	uint32_t group_count;
	struct message *messages, *messages_last;
	uint32_t waiting_count,
		unacked_count; /* messages nobody delivered; delivered ones that may escalate */
	uint64_t next_id, hour_begin, last_summary, gap_until;
	uint32_t hour_count, run_count;
	struct notice_message out;
	struct notice_figures figures;
};

/* Takes note of one event; what finds no room is counted. */
void notice_ids_add(struct notices *n, struct notice_ids *ids, const struct notice_run *run);
void notice_ids_free(struct notices *n, struct notice_ids *ids);
/* Forgets groups that have nothing to tell and whose time is over. */
void notice_groups_close(struct notices *n, uint64_t now);
void notice_messages_free(struct notices *n);

#endif
