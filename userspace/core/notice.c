// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notice.c - groups of events, and messages made of them.
 */
#include "notice.h"

#include <string.h>

#include "decide.h"

#define PAIRS_MAX                                                                                            \
	4096u /* (rule, target) remembered; the one silent for longest is forgotten, and new again */
#define GROUPS_MAX   8192u  /* open ones; beyond it events join their campaign */
#define MESSAGES_MAX 64u    /* undelivered ones; beyond it new groups join the last */
#define IDS_MAX	     65536u /* of one message whose times are noted */
#define SOURCE_BITS  65536u /* of a campaign's distinct sources */
#define HOUR_US	     3600000000ull

struct ids {
	uint64_t *ids;
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
	struct ids ids;
};

enum fate { FATE_WAITING, FATE_OUT, FATE_DONE };
struct message {
	struct message *next;
	struct notice_message told;
	struct ids ids;
	uint64_t made, next_try[NOTICE_CHANNELS_MAX];
	uint32_t attempts[NOTICE_CHANNELS_MAX];
	uint8_t fate[NOTICE_CHANNELS_MAX];
	bool sent, delivered, breached;
};

struct notices {
	struct notice_settings settings;
	notice_mark_fn mark;
	void *arg;
	struct pair pairs[PAIRS_MAX];
	struct group *groups, *groups_last;
	uint32_t group_count, message_count;
	struct message *messages, *messages_last;
	uint64_t next_id, hour_begin, last_summary;
	uint32_t hour_count;
	struct notice_message out;
	struct notice_figures figures;
};

struct notice_settings notice_standard(void)
{
	return (struct notice_settings){
		.window_us = 300 * 1000000ull,
		.summary_us = 600 * 1000000ull,
		.slo_us = 7200 * 1000000ull,
		.second_us = 900 * 1000000ull,
		.retry_us = 5 * 1000000ull,
		.retry_max_us = 240 * 1000000ull,
		.campaign = 8,
		.per_hour = 60,
	};
}

struct notices *notices_new(const struct notice_settings *settings, notice_mark_fn mark, void *arg)
{
	struct notices *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->settings = *settings;
	n->mark = mark;
	n->arg = arg;
	n->next_id = 1;
	return n;
}

void notices_channels(struct notices *n, const struct notice_settings *settings)
{
	n->settings = *settings;
	for (struct message *message = n->messages; message; message = message->next) {
		memset(message->fate, message->delivered ? FATE_DONE : FATE_WAITING, sizeof(message->fate));
		memset(message->next_try, 0, sizeof(message->next_try));
		memset(message->attempts, 0, sizeof(message->attempts));
	}
}

static void group_free(struct notices *n, struct group *group)
{
	if (group->pair && group->pair->campaign == group)
		group->pair->campaign = NULL;
	free(group->source_bits);
	free(group->ids.ids);
	free(group);
	n->group_count--;
}

static void message_free(struct notices *n, struct message *message)
{
	free(message->ids.ids);
	free(message);
	n->message_count--;
}

void notices_free(struct notices *n)
{
	if (!n)
		return;
	while (n->groups) {
		struct group *group = n->groups;

		n->groups = group->next;
		group_free(n, group);
	}
	while (n->messages) {
		struct message *message = n->messages;

		n->messages = message->next;
		message_free(n, message);
	}
	free(n);
}

/* Takes the room over; what finds none is counted. */
static void ids_add(struct notices *n, struct ids *ids, uint64_t id)
{
	if (!id)
		return;
	if (ids->count == ids->room) {
		uint32_t room = ids->room ? 2 * ids->room : 4;
		uint64_t *moved = room > IDS_MAX ? NULL : realloc(ids->ids, room * sizeof(*moved));

		if (!moved) {
			n->figures.unmarked++;
			return;
		}
		ids->ids = moved;
		ids->room = room;
	}
	ids->ids[ids->count++] = id;
}

static bool address_same(const struct seki_addr *a, const struct seki_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static uint32_t address_hash(const struct seki_addr *addr)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof(addr->b); i++)
		hash = (hash ^ addr->b[i]) * 16777619u;
	return hash ^ hash >> 15;
}

/* --- groups */

/* Its groups go on by themselves; only what was remembered of the pair is forgotten. */
static void pair_forget(struct notices *n, struct pair *pair)
{
	for (struct group *group = n->groups; group; group = group->next)
		if (group->pair == pair)
			group->pair = NULL;
	memset(pair, 0, sizeof(*pair));
}

static struct pair *pair_of(struct notices *n, const struct notice_event *event, bool *first)
{
	uint32_t at = (event->sid * 2654435761u ^ event->gid ^ address_hash(&event->target)) % PAIRS_MAX;
	struct pair *oldest = NULL;

	/* Eight places for each hash: a flood of one kind cannot push out everything. */
	for (uint32_t i = 0; i < 8; i++) {
		struct pair *pair = &n->pairs[(at + i) % PAIRS_MAX];

		if (pair->used && pair->gid == event->gid && pair->sid == event->sid &&
		    address_same(&pair->target, &event->target)) {
			*first = false;
			return pair;
		}
		if (!oldest || (oldest->used && (!pair->used || pair->last < oldest->last)))
			oldest = pair;
	}
	if (oldest->used)
		pair_forget(n, oldest);
	*oldest = (struct pair){.used = true, .gid = event->gid, .sid = event->sid, .target = event->target};
	*first = true;
	return oldest;
}

static struct group *group_new(struct notices *n, struct pair *pair, const struct notice_event *event,
			       bool campaign, uint64_t now)
{
	struct group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	group->pair = pair;
	group->window_end = now + n->settings.window_us;
	group->row.gid = event->gid;
	group->row.sid = event->sid;
	group->row.target = event->target;
	if (!campaign)
		group->row.source = event->source;
	memcpy(group->row.label, event->label, sizeof(group->row.label));
	group->row.label[NOTICE_LABEL_MAX - 1] = '\0';
	group->row.t_first = event->t_match;
	if (n->groups_last)
		n->groups_last->next = group;
	else
		n->groups = group;
	n->groups_last = group;
	n->group_count++;
	return group;
}

static struct group *group_find(const struct notices *n, const struct pair *pair,
				const struct seki_addr *source, uint64_t now)
{
	for (struct group *group = n->groups; group; group = group->next)
		if (group->pair == pair && address_same(&group->row.source, source) &&
		    now < group->window_end)
			return group;
	return NULL;
}

static struct group *group_of(struct notices *n, struct pair *pair, const struct notice_event *event,
			      uint64_t now)
{
	struct group *group;

	if (now >= pair->window_end) {
		pair->window_end = now + n->settings.window_us;
		pair->groups = 0;
	}
	if (pair->campaign && now < pair->campaign->window_end)
		return pair->campaign;
	/* Only few groups of a pair are looked for one by one: a search costs what the campaign bound allows.
	 */
	if (pair->groups && n->group_count) {
		group = group_find(n, pair, &event->source, now);
		if (group)
			return group;
	}
	if (pair->groups < n->settings.campaign && n->group_count < GROUPS_MAX) {
		pair->groups++;
		return group_new(n, pair, event, false, now);
	}
	group = group_new(n, pair, event, true, now);
	pair->campaign = group;
	if (group)
		group->source_bits = calloc(1, SOURCE_BITS / 8);
	return group;
}

static void group_source(struct group *group, const struct seki_addr *source)
{
	uint32_t bit = address_hash(source) % SOURCE_BITS;

	if (!group->source_bits || group->source_bits[bit / 8] & 1u << bit % 8)
		return;
	group->source_bits[bit / 8] |= (uint8_t)(1u << bit % 8);
	group->row.sources++;
}

bool notices_event(struct notices *n, const struct notice_event *event, uint64_t now)
{
	struct pair *pair;
	struct group *group;
	bool first;

	if (!decide_notify(event->severity, event->verdict))
		return false;
	n->figures.events++;
	pair = pair_of(n, event, &first);
	pair->last = now;
	group = group_of(n, pair, event, now);
	if (!group)
		return true; /* no memory: counted as an event that nobody was told of */
	group->row.first_seen |= first;
	group->row.count++;
	group->row.verdict = event->verdict;
	if (event->t_match > group->row.t_last)
		group->row.t_last = event->t_match;
	if (group->source_bits)
		group_source(group, &event->source);
	else
		group->row.sources = 1;
	ids_add(n, &group->ids, event->id);
	return true;
}

/* --- messages */

static struct message *message_new(struct notices *n, uint64_t now)
{
	struct message *message = calloc(1, sizeof(*message));

	if (!message)
		return NULL;
	message->told.id = n->next_id++;
	message->told.t_oldest = UINT64_MAX;
	message->made = now;
	if (n->messages_last)
		n->messages_last->next = message;
	else
		n->messages = message;
	n->messages_last = message;
	n->message_count++;
	return message;
}

/* One that no channel has seen, or that none takes at present: what is new goes along with it, so that an
 * outage ends in one message. */
static struct message *message_open(struct notices *n)
{
	for (struct message *message = n->messages; message; message = message->next) {
		bool out = message->delivered;

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

	if (group->row.t_first < told->t_oldest)
		told->t_oldest = group->row.t_first;
	told->events += group->row.count;
	told->groups++;
	if (told->row_count < NOTICE_ROWS_MAX)
		told->rows[told->row_count++] = group->row;
	for (uint32_t i = 0; i < group->ids.count; i++)
		ids_add(n, &message->ids, group->ids.ids[i]);
	group->ids.count = 0;
	group->row.before += group->row.count;
	group->row.count = 0;
	group->row.first_seen = false;
	group->row.t_first = group->row.t_last;
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

static void groups_close(struct notices *n, uint64_t now)
{
	struct group **at = &n->groups, *group;

	n->groups_last = NULL;
	while ((group = *at)) {
		if (!group->row.count && now >= group->window_end) {
			*at = group->next;
			group_free(n, group);
		} else {
			n->groups_last = group;
			at = &group->next;
		}
	}
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
	for (struct group *group = n->groups; group; group = group->next) {
		if (!group_may(group, room || summary, now))
			continue;
		if (!message)
			message = message_open(n);
		if (!message && n->message_count >= MESSAGES_MAX)
			return; /* channels are out of order: groups wait, their counts grow */
		if (!message) {
			message = message_new(n, now);
			n->hour_count++;
		}
		if (!message)
			return;
		message->told.summary |= summary && !group->row.first_seen;
		message_take(n, message, group);
	}
	if (message && summary)
		n->last_summary = now;
	groups_close(n, now);
}

static void ids_mark(struct notices *n, const struct message *message, enum notice_moment moment,
		     uint64_t now)
{
	for (uint32_t i = 0; n->mark && i < message->ids.count; i++)
		n->mark(message->ids.ids[i], moment, now, n->arg);
}

/* Does the channel want this message now? */
static bool channel_due(const struct notices *n, const struct message *message, uint32_t channel,
			uint64_t now)
{
	if (message->fate[channel] != FATE_WAITING || now < message->next_try[channel])
		return false;
	return !n->settings.second[channel] ||
	       (!message->delivered && now - message->made >= n->settings.second_us);
}

static void breaches_find(struct notices *n, uint64_t now)
{
	for (struct message *message = n->messages; message; message = message->next) {
		if (message->delivered || message->breached ||
		    now <= message->told.t_oldest + n->settings.slo_us)
			continue;
		message->breached = true;
		message->told.late = true;
		n->figures.breaches++;
	}
}

bool notices_next(struct notices *n, uint64_t now, const struct notice_message **out)
{
	messages_make(n, now);
	breaches_find(n, now);
	for (struct message *message = n->messages; message; message = message->next) {
		for (uint32_t i = 0; i < n->settings.channels; i++) {
			if (!channel_due(n, message, i, now))
				continue;
			message->fate[i] = FATE_OUT;
			n->figures.attempts++;
			if (!message->sent)
				ids_mark(n, message, NOTICE_SENT, now);
			message->sent = true;
			n->out = message->told;
			n->out.channel = i;
			n->out.attempt = ++message->attempts[i];
			*out = &n->out;
			return true;
		}
	}
	return false;
}

static void message_delivered(struct notices *n, struct message *message, uint64_t now)
{
	uint64_t lag = now > message->told.t_oldest ? now - message->told.t_oldest : 0;

	if (message->delivered)
		return;
	message->delivered = true;
	n->figures.messages++;
	n->figures.told += message->told.events;
	if (lag > n->figures.lag_max_us)
		n->figures.lag_max_us = lag;
	ids_mark(n, message, NOTICE_DELIVERED, now);
}

/* Done when every first channel has it, or it was delivered by any and the promise's time is over. */
static void messages_end(struct notices *n, uint64_t now)
{
	struct message **at = &n->messages, *message;

	n->messages_last = NULL;
	while ((message = *at)) {
		bool done = message->delivered, out = false;

		for (uint32_t i = 0; i < n->settings.channels; i++) {
			done &= n->settings.second[i] || message->fate[i] == FATE_DONE ||
				now > message->told.t_oldest + n->settings.slo_us;
			out |= message->fate[i] == FATE_OUT;
		}
		if (done && !out) {
			*at = message->next;
			message_free(n, message);
		} else {
			n->messages_last = message;
			at = &message->next;
		}
	}
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
	if (delivered) {
		breaches_find(n, now);
		message_delivered(n, message, now);
	} else {
		n->figures.failures++;
		for (uint32_t i = 1; i < message->attempts[channel] && pause < n->settings.retry_max_us; i++)
			pause *= 2;
		message->next_try[channel] =
			now + (pause < n->settings.retry_max_us ? pause : n->settings.retry_max_us);
	}
	messages_end(n, now);
}

void notices_count(const struct notices *n, struct notice_figures *out)
{
	*out = n->figures;
	for (const struct group *group = n->groups; group; group = group->next)
		out->waiting += group->row.count;
	for (const struct message *message = n->messages; message; message = message->next)
		if (!message->delivered)
			out->waiting += message->told.events;
}
