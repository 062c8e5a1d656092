// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notice_message.c - messages made of groups: over which channel, when, and
 * until somebody knows.
 */
#include <errno.h>
#include <string.h>

#include "notice_parts.h"

#define WAITING_MAX 64u	 /* messages that nobody delivered; beyond it new groups wait */
#define UNACKED_MAX 512u /* delivered ones that may escalate; beyond it the oldest escalates at once */
#define OUT_MAX	    4u	 /* under way on one channel */
#define HOUR_US	    3600000000ull
/* Between two messages: many attacks at once are one message, and a flood of them is no flood of messages. */
#define GAP_US	    500000ull
#define GAP_SLOW_US 5000000ull /* once the hour's messages are spent */

const uint64_t notice_lag_us[NOTICE_LAG_STEPS - 1] = {
#define X(us) us,
	NOTICE_LAGS(X)
#undef X
};

static bool channel_escalates(const struct notices *n, uint32_t channel)
{
	return n->settings.escalate_us[channel];
}

static bool may_escalate(const struct notices *n)
{
	for (uint32_t i = 0; i < n->settings.channels; i++)
		if (channel_escalates(n, i))
			return true;
	return false;
}

void notices_channels(struct notices *n, const struct notice_settings *settings)
{
	n->settings = *settings;
	for (struct message *message = n->messages; message; message = message->next) {
		for (uint32_t i = 0; i < NOTICE_CHANNELS_MAX; i++)
			message->fate[i] =
				message->delivered && !settings->escalate_us[i] ? FATE_DONE : FATE_WAITING;
		memset(message->next_try, 0, sizeof(message->next_try));
		memset(message->attempts, 0, sizeof(message->attempts));
	}
}

static void message_free(struct notices *n, struct message *message)
{
	if (message->delivered)
		n->unacked_count--;
	else
		n->waiting_count--;
	notice_ids_free(n, &message->ids);
	free(message);
}

void notice_messages_free(struct notices *n)
{
	while (n->messages) {
		struct message *message = n->messages;

		n->messages = message->next;
		message_free(n, message);
	}
}

static struct message *message_add(struct notices *n, uint64_t id, uint64_t now)
{
	struct message *message = calloc(1, sizeof(*message));

	if (!message)
		return NULL;
	message->told.id = id;
	message->told.t_oldest = UINT64_MAX;
	message->made = now;
	message->by = -1;
	message->changed = true;
	if (n->messages_last)
		n->messages_last->next = message;
	else
		n->messages = message;
	n->messages_last = message;
	n->waiting_count++;
	return message;
}

/* One that no channel has, because none was asked or none took it: what is new goes along with it, so that an
 * outage ends in one message. */
static struct message *message_open(struct notices *n)
{
	for (struct message *message = n->messages; message; message = message->next) {
		bool out = message->delivered || message->acked;

		for (uint32_t i = 0; i < n->settings.channels; i++)
			out |= message->fate[i] != FATE_WAITING;
		if (!out)
			return message;
	}
	return NULL;
}

static void message_take(struct notices *n, struct message *message, struct group *group)
{
	struct notice_message *told = &message->told;
	bool tried = message->t_sent;

	if (group->row.t_first < told->t_oldest)
		told->t_oldest = group->row.t_first;
	/* An attempt that seemed to fail may have arrived: what says more has to be another one to its
	 * receiver. */
	told->revision += tried;
	told->events += group->row.count;
	told->groups++;
	if (told->row_count < NOTICE_ROWS_MAX)
		told->rows[told->row_count++] = group->row;
	for (uint32_t i = 0; i < group->ids.count; i++)
		notice_ids_add(n, &message->ids, &group->ids.runs[i]);
	notice_ids_free(n, &group->ids);
	group->row.before += group->row.count;
	group->row.count = 0;
	group->row.first_seen = false;
	group->row.t_first = group->row.t_last;
	message->changed = true;
}

/* First-seen ones always; others while the hour's messages last; all of them when a summary is due. */
static bool group_may(const struct group *group, bool all, uint64_t now)
{
	if (!group->row.count)
		return false;
	if (group->row.first_seen)
		return true;
	return all && (!group->row.before || now >= group->window_end);
}

static struct message *message_for(struct notices *n, uint64_t now)
{
	struct message *message = message_open(n);

	if (message || now < n->gap_until || n->waiting_count >= WAITING_MAX)
		return message; /* groups wait, their counts grow */
	message = message_add(n, n->next_id, now);
	if (!message)
		return NULL;
	n->next_id++;
	n->hour_count++;
	n->gap_until = now + (n->hour_count > n->settings.per_hour ? GAP_SLOW_US : GAP_US);
	return message;
}

static void messages_make(struct notices *n, uint64_t now)
{
	struct message *message = NULL;
	bool room, summary;

	if (now - n->hour_begin >= HOUR_US) {
		n->hour_begin = now;
		n->hour_count = 0;
	}
	room = n->hour_count < n->settings.per_hour;
	summary = !room && now - n->last_summary >= n->settings.summary_us;
	/* Those first that concern what runs at the target: a message shows a bounded number of rows. */
	for (int pass = 0; pass < 2; pass++) {
		for (struct group *group = n->groups; group; group = group->next) {
			if ((group->row.concern == NOTICE_APPLIES) != !pass ||
			    !group_may(group, room || summary, now))
				continue;
			if (!message)
				message = message_for(n, now);
			if (!message)
				return;
			message->told.summary |= summary && !group->row.first_seen;
			message_take(n, message, group);
		}
	}
	if (message && summary)
		n->last_summary = now;
	notice_groups_close(n, now);
}

static void message_mark(struct notices *n, const struct message *message, enum notice_moment moment,
			 uint64_t now)
{
	const struct notice_marking marking = {
		.moment = moment,
		.notice = message->told.id,
		.t = now,
		.runs = message->ids.runs,
		.run_count = message->ids.count,
	};

	if (n->mark && marking.run_count)
		n->mark(&marking, n->arg);
}

/* --- channels */

static uint32_t channel_out(const struct notices *n, uint32_t channel)
{
	uint32_t out = 0;

	for (const struct message *message = n->messages; message; message = message->next)
		out += message->fate[channel] == FATE_OUT;
	return out;
}

/* Does the channel want this message now? */
static bool channel_due(const struct notices *n, const struct message *message, uint32_t channel,
			uint64_t now)
{
	if (message->fate[channel] != FATE_WAITING || now < message->next_try[channel] || message->acked)
		return false;
	if (channel_escalates(n, channel))
		return message->hurry || now - message->made >= n->settings.escalate_us[channel];
	return !n->settings.second[channel] ||
	       (!message->delivered && now - message->made >= n->settings.second_us);
}

static void breaches_find(struct notices *n, uint64_t now)
{
	for (struct message *message = n->messages; message; message = message->next) {
		if (message->delivered || message->breached || message->acked ||
		    now <= message->told.t_oldest + n->settings.slo_us)
			continue;
		message->breached = true;
		message->told.late = true;
		n->figures.breaches++;
	}
}

static void message_send(struct notices *n, struct message *message, uint32_t channel, uint64_t now)
{
	message->fate[channel] = FATE_OUT;
	message->attempts[channel]++;
	message->changed = true;
	n->figures.attempts++;
	message_mark(n, message, NOTICE_SENT, now);
	if (!message->t_sent)
		message->t_sent = now;
	if (channel_escalates(n, channel) && !message->t_escalated) {
		message->t_escalated = now;
		n->figures.escalated++;
	}
	n->out = message->told;
	n->out.channel = channel;
	n->out.attempt = message->attempts[channel];
	n->out.escalation = channel_escalates(n, channel);
}

bool notices_next(struct notices *n, uint64_t now, const struct notice_message **out)
{
	messages_make(n, now);
	breaches_find(n, now);
	for (uint32_t i = 0; i < n->settings.channels; i++) {
		if (channel_out(n, i) >= OUT_MAX)
			continue;
		for (struct message *message = n->messages; message; message = message->next) {
			if (!channel_due(n, message, i, now))
				continue;
			message_send(n, message, i, now);
			*out = &n->out;
			return true;
		}
	}
	return false;
}

/* --- fates */

static void message_delivered(struct notices *n, struct message *message, uint32_t channel, uint64_t now)
{
	uint64_t lag = now > message->told.t_oldest ? now - message->told.t_oldest : 0;
	unsigned int step = 0;

	if (message->delivered)
		return;
	message->delivered = true;
	message->by = (int32_t)channel;
	message->told.t_delivered = now;
	n->waiting_count--;
	n->unacked_count++;
	n->figures.messages++;
	n->figures.told += message->told.events;
	if (lag > n->figures.lag_max_us)
		n->figures.lag_max_us = lag;
	while (step < NOTICE_LAG_STEPS - 1 && lag > notice_lag_us[step])
		step++;
	n->figures.lags[step] += message->told.events;
	n->figures.lag_sum_us += lag * message->told.events;
	message_mark(n, message, NOTICE_DELIVERED, now);
	notice_ids_free(n, &message->ids);
}

/*
 * Done when a person knows; or when every first channel has it, or any and the promise's time is over, and
 * every channel of escalation had its turn.
 */
static bool message_done(const struct notices *n, const struct message *message, uint64_t now)
{
	bool done = message->delivered, out = false;

	for (uint32_t i = 0; i < n->settings.channels; i++) {
		out |= message->fate[i] == FATE_OUT;
		if (channel_escalates(n, i))
			done &= message->fate[i] == FATE_DONE;
		else
			done &= n->settings.second[i] || message->fate[i] == FATE_DONE ||
				now > message->told.t_oldest + n->settings.slo_us;
	}
	return (done || message->acked) && !out && !message->changed;
}

static void messages_end(struct notices *n, uint64_t now)
{
	struct message **at = &n->messages, *message;

	n->messages_last = NULL;
	while ((message = *at)) {
		if (message_done(n, message, now)) {
			*at = message->next;
			message_free(n, message);
		} else {
			n->messages_last = message;
			at = &message->next;
		}
	}
	if (n->unacked_count <= UNACKED_MAX || !may_escalate(n))
		return;
	for (message = n->messages; message && (!message->delivered || message->hurry);
	     message = message->next)
		;
	if (message)
		message->hurry = true;
}

void notices_result(struct notices *n, uint64_t id, uint32_t channel, bool delivered, uint64_t now)
{
	struct message *message = n->messages;
	uint64_t pause = n->settings.retry_us;

	while (message && message->told.id != id)
		message = message->next;
	if (!message || channel >= n->settings.channels || message->fate[channel] != FATE_OUT)
		return;
	message->fate[channel] = delivered ? FATE_DONE : FATE_WAITING;
	message->changed = true;
	if (delivered) {
		breaches_find(n, now);
		message_delivered(n, message, channel, now);
	} else {
		n->figures.failures++;
		for (uint32_t i = 1; i < message->attempts[channel] && pause < n->settings.retry_max_us; i++)
			pause *= 2;
		message->next_try[channel] =
			now + (pause < n->settings.retry_max_us ? pause : n->settings.retry_max_us);
	}
}

uint32_t notices_ack(struct notices *n, uint64_t id)
{
	uint32_t count = 0;

	for (struct message *message = n->messages; message; message = message->next) {
		if ((id && message->told.id != id) || message->acked)
			continue;
		message->acked = true;
		n->figures.told += message->delivered ? 0 : message->told.events;
		count++;
	}
	return count;
}

/* --- what is kept */

bool notices_changed(struct notices *n, uint64_t now, struct notice_state *out)
{
	for (struct message *message = n->messages; message; message = message->next) {
		uint32_t attempts = 0;

		if (!message->changed)
			continue;
		for (uint32_t i = 0; i < n->settings.channels; i++)
			attempts += message->attempts[i];
		message->changed = false;
		*out = (struct notice_state){
			.id = message->told.id,
			.events = message->told.events,
			.groups = message->told.groups,
			.t_oldest = message->told.t_oldest,
			.t_sent = message->t_sent,
			.t_delivered = message->told.t_delivered,
			.t_due = message->told.t_oldest + n->settings.slo_us,
			.t_escalated = message->t_escalated,
			.attempts = attempts,
			.channel = message->by,
			.row = message->told.rows[0],
		};
		return true;
	}
	messages_end(n, now);
	return false;
}

int notices_restore(struct notices *n, const struct notice_state *state, uint64_t now)
{
	struct message *message;

	for (message = n->messages; message; message = message->next)
		if (message->told.id == state->id)
			return 0; /* still known */
	if (n->unacked_count >= UNACKED_MAX)
		return -ENOSPC;
	message = message_add(n, state->id, state->t_sent ? state->t_sent : now);
	if (!message)
		return -ENOMEM;
	message->told.t_oldest = state->t_oldest;
	message->told.events = state->events;
	message->told.groups = state->groups;
	message->told.t_delivered = state->t_delivered;
	message->told.rows[0] = state->row;
	message->told.row_count = 1;
	message->t_sent = state->t_sent;
	message->t_escalated = state->t_escalated;
	message->delivered = true;
	message->changed = false;
	message->by = state->channel;
	n->waiting_count--;
	n->unacked_count++;
	for (uint32_t i = 0; i < NOTICE_CHANNELS_MAX; i++)
		if (!n->settings.escalate_us[i] || state->t_escalated)
			message->fate[i] = FATE_DONE;
	return 0;
}
