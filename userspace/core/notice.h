/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice.h - who is told what, when, and how often: critical attacks that were
 * not blocked (decide_notify()), grouped, capped, never lost. Pure: time is an
 * argument, messages are fetched and their fate is told back.
 *
 * Events of one rule, source and target within a window are one group. A target that more than `campaign` sources
 * attack by one rule becomes one group of all sources, so that a scan cannot bury another attack. What a (rule,
 * target) shows for the first time is told at once, whatever the cap; what the cap holds back is told in summaries. Counts
 * are exact at any time.
 */
#ifndef CORE_NOTICE_H
#define CORE_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "explain.h"
#include "sekimori/abi.h"

#define NOTICE_CHANNELS_MAX 8u
#define NOTICE_ROWS_MAX	    50u /* groups that one message shows; more are summed up in it */
#define NOTICE_LABEL_MAX    160u

struct notice_settings {
	uint64_t window_us;   /* of a group */
	uint64_t summary_us;  /* between summaries of what the cap held back */
	uint64_t slo_us;      /* outer promise from match to delivery */
	uint64_t second_us;   /* a message undelivered for so long goes to second channels, too */
	uint64_t retry_us, retry_max_us; /* first pause after a failure, doubled up to the last */
	uint32_t campaign;    /* sources of one (rule, target) that are told one by one */
	uint32_t per_hour;    /* messages beside first-seen ones and summaries */
	uint32_t channels;    /* in use */
	bool second[NOTICE_CHANNELS_MAX]; /* only when the others fail */
};
/* The standard settings; channels 0. */
struct notice_settings notice_standard(void);

struct notice_event {
	uint64_t id; /* of the store, 0 unknown */
	uint64_t t_match;
	uint32_t gid, sid;
	struct seki_addr source, target;
	uint8_t severity, verdict;
	char label[NOTICE_LABEL_MAX];
};

/* What happened to an event: told for each when its message was handed to a channel, and when one delivered it. */
enum notice_moment { NOTICE_SENT, NOTICE_DELIVERED };
typedef void (*notice_mark_fn)(uint64_t id, enum notice_moment moment, uint64_t now, void *arg);

struct notices;
struct notices *notices_new(const struct notice_settings *settings, notice_mark_fn mark, void *arg);
void notices_free(struct notices *notices);
DEFINE_CLEANUP(notices_free, struct notices)

/* Other channels: what was not delivered is tried on them, from the beginning. */
void notices_channels(struct notices *notices, const struct notice_settings *settings);

/* false: nothing to tell about it (see decide_notify()). */
bool notices_event(struct notices *notices, const struct notice_event *event, uint64_t now);

struct notice_row {
	uint32_t gid, sid;
	struct seki_addr source, target; /* source zero: several */
	uint64_t sources;	/* at least so many */
	uint64_t count, before;	/* events now told; told earlier of the same group */
	uint64_t t_first, t_last;
	uint8_t verdict;
	bool first_seen;
	char label[NOTICE_LABEL_MAX];
};
struct notice_message {
	uint64_t id; /* the same for every attempt and channel: idempotency key */
	uint32_t channel;
	uint32_t attempt; /* from 1 */
	uint64_t t_oldest; /* match of its oldest event */
	uint64_t events;   /* all that it tells, also of groups without a row */
	uint64_t groups;
	uint32_t row_count;
	bool summary, late; /* tells what was held back; the promise is broken already */
	struct notice_row rows[NOTICE_ROWS_MAX];
};
/* The next message that a channel should get now; out until the next call. false: none. */
bool notices_next(struct notices *notices, uint64_t now, const struct notice_message **out);
/* Its fate on that channel. */
void notices_result(struct notices *notices, uint64_t id, uint32_t channel, bool delivered, uint64_t now);

struct notice_figures {
	uint64_t events;    /* that asked for a notice */
	uint64_t told;	    /* in messages that a channel delivered */
	uint64_t waiting;   /* in groups and messages not delivered yet */
	uint64_t messages;  /* delivered to at least one channel */
	uint64_t attempts, failures;
	uint64_t breaches;  /* messages later than the promise */
	uint64_t unmarked;  /* events whose times cannot be noted: too many at once */
	uint64_t lag_max_us; /* from match to delivery */
};
void notices_count(const struct notices *notices, struct notice_figures *out);

#endif
