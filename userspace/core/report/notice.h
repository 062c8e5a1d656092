/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice.h - who is told what, when, and how often: critical attacks that were
 * not blocked (decide_notify()), grouped, capped, never lost. Pure: time is an
 * argument, messages are fetched and their fate is told back.
 *
 * Events of one rule, source and target within a window are one group. A target that more than `campaign`
 * sources attack by one rule becomes one group of all sources, so that a scan cannot bury another attack.
 * What a (rule, target) shows for the first time is told at once, whatever the cap, in at most two messages a
 * second, or one in five seconds when there were many; what the cap holds back is told in summaries. Counts
 * are exact at any time. What nobody acknowledges goes to the channels of escalation.
 */
#ifndef CORE_NOTICE_H
#define CORE_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rule/explain.h"
#include "sekimori/abi.h"

#define NOTICE_CHANNELS_MAX 8u
#define NOTICE_ROWS_MAX	    50u /* groups that one message shows; more are summed up in it */
#define NOTICE_LABEL_MAX    160u

struct notice_settings {
	uint64_t window_us;		  /* of a group */
	uint64_t summary_us;		  /* between summaries of what the cap held back */
	uint64_t slo_us;		  /* outer promise from match to delivery */
	uint64_t second_us;		  /* a message undelivered for so long goes to second channels, too */
	uint64_t retry_us, retry_max_us;  /* first pause after a failure, doubled up to the last */
	uint32_t campaign;		  /* sources of one (rule, target) that are told one by one */
	uint32_t per_hour;		  /* messages beside first-seen ones and summaries */
	uint32_t channels;		  /* in use */
	bool second[NOTICE_CHANNELS_MAX]; /* only when the others fail */
	uint64_t escalate_us[NOTICE_CHANNELS_MAX]; /* only what nobody acknowledged for so long, 0: everything
						    */
	uint64_t first_id;			   /* of messages; later ones count on */
};
/* The standard settings; channels 0. */
struct notice_settings notice_standard(void);

struct notice_event {
	uint64_t id; /* of the store, 0 unknown */
	uint64_t t_match;
	uint32_t gid, sid;
	struct seki_addr source, target;
	uint8_t severity, verdict;
	uint8_t concern; /* enum notice_concern */
	char label[NOTICE_LABEL_MAX];
};
/* Does the target run what is attacked? Those that do come first in a message. */
enum notice_concern { NOTICE_UNKNOWN, NOTICE_APPLIES, NOTICE_APPLIES_NOT };

/* Events of consecutive ids. */
struct notice_run {
	uint64_t id, count;
};
/* What happened to the events of a message: told when it was handed to a channel, and when one delivered it.
 */
enum notice_moment { NOTICE_SENT, NOTICE_DELIVERED };
struct notice_marking {
	enum notice_moment moment;
	uint64_t notice, t;
	const struct notice_run *runs;
	size_t run_count;
};
typedef void (*notice_mark_fn)(const struct notice_marking *marking, void *arg);

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
	uint64_t sources;		 /* at least so many */
	uint64_t count, before;		 /* events now told; told earlier of the same group */
	uint64_t t_first, t_last;
	uint8_t verdict;
	uint8_t concern;
	bool first_seen;
	char label[NOTICE_LABEL_MAX];
};
struct notice_message {
	uint64_t id; /* the same for every attempt and channel; with the revision the idempotency key */
	uint32_t channel;
	uint32_t attempt;  /* from 1 */
	uint32_t revision; /* of what it tells: a message that failed tells more the next time */
	uint64_t t_oldest; /* match of its oldest event */
	uint64_t events;   /* all that it tells, also of groups without a row */
	uint64_t groups;
	uint32_t row_count;
	uint64_t t_delivered; /* the first time, 0: never */
	bool summary, late;   /* tells what was held back; the promise is broken already */
	bool escalation;      /* nobody acknowledged it */
	struct notice_row rows[NOTICE_ROWS_MAX];
};
/* The next message that a channel should get now; out until the next call. false: none. */
bool notices_next(struct notices *notices, uint64_t now, const struct notice_message **out);
/* Its fate on that channel. */
void notices_result(struct notices *notices, uint64_t id, uint32_t channel, bool delivered, uint64_t now);

/* A person knows: no more attempts, no escalation. 0: of every message so far. Returns how many there were.
 */
uint32_t notices_ack(struct notices *notices, uint64_t id);

/* What is known of a message, for keeping. */
struct notice_state {
	uint64_t id, events, groups;
	uint64_t t_oldest, t_sent, t_delivered, t_due, t_escalated; /* 0: not yet */
	uint32_t attempts;
	int32_t channel; /* that delivered it first, -1: none yet */
	struct notice_row row;
};
/* The next message of which more is known than was asked for last; what is done is forgotten then. false:
 * none. */
bool notices_changed(struct notices *notices, uint64_t now, struct notice_state *out);
/* A message of an earlier life: delivered, not acknowledged. Escalates when its time comes. -ENOMEM, -ENOSPC.
 */
int notices_restore(struct notices *notices, const struct notice_state *state, uint64_t now);

/* Of events, from the match to the delivery of their message: how many took at most so long; the last is the
 * rest. */
#define NOTICE_LAGS(X)	 X(100000) X(500000) X(1000000) X(5000000) X(60000000) X(900000000) X(7200000000)
#define NOTICE_LAG_STEPS 8u
extern const uint64_t notice_lag_us[NOTICE_LAG_STEPS - 1];

struct notice_figures {
	uint64_t events;   /* that asked for a notice */
	uint64_t told;	   /* in messages that a channel delivered */
	uint64_t waiting;  /* in groups and messages not delivered yet */
	uint64_t messages; /* delivered to at least one channel */
	uint64_t attempts, failures;
	uint64_t breaches;  /* messages later than the promise */
	uint64_t unmarked;  /* events whose times cannot be noted: too many at once */
	uint64_t unacked;   /* messages that wait for somebody to acknowledge them, as far as they escalate */
	uint64_t escalated; /* handed to a channel of escalation */
	uint64_t lag_max_us;			     /* from match to delivery */
	uint64_t lag_sum_us, lags[NOTICE_LAG_STEPS]; /* of told events, by the oldest one of their message */
};
void notices_count(const struct notices *notices, struct notice_figures *out);

#endif
