// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notice.c - groups of events, and messages made of them.
 */
#include "notice.h"

#include <string.h>

#include "core/policy/decide.h"
#include "notice_parts.h"

#define GROUPS_MAX  8192u    /* open ones; beyond it events join their campaign */
#define RUNS_MAX    1048576u /* of events whose times are noted */
#define SOURCE_BITS 65536u   /* of a campaign's distinct sources */

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
	n->next_id = settings->first_id ? settings->first_id : 1;
	return n;
}

static void group_free(struct notices *n, struct group *group)
{
	if (group->pair && group->pair->campaign == group)
		group->pair->campaign = NULL;
	free(group->source_bits);
	notice_ids_free(n, &group->ids);
	free(group);
	n->group_count--;
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
	notice_messages_free(n);
	free(n);
}

void notice_ids_free(struct notices *n, struct notice_ids *ids)
{
	n->run_count -= ids->count;
	free(ids->runs);
	memset(ids, 0, sizeof(*ids));
}

void notice_ids_add(struct notices *n, struct notice_ids *ids, const struct notice_run *run)
{
	struct notice_run *last = ids->count ? &ids->runs[ids->count - 1] : NULL;

	if (!run->id)
		return;
	if (last && last->id + last->count == run->id) {
		last->count += run->count;
		return;
	}
	if (ids->count == ids->room) {
		uint32_t room = ids->room ? 2 * ids->room : 4;
		struct notice_run *moved =
			n->run_count >= RUNS_MAX ? NULL : realloc(ids->runs, room * sizeof(*moved));

		if (!moved) {
			n->figures.unmarked += run->count;
			return;
		}
		ids->runs = moved;
		ids->room = room;
	}
	ids->runs[ids->count++] = *run;
	n->run_count++;
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
	uint32_t at =
		(event->sid * 2654435761u ^ event->gid ^ address_hash(&event->target)) % NOTICE_PAIRS_MAX;
	struct pair *oldest = NULL;

	/* Eight places for each hash: a flood of one kind cannot push out everything. */
	for (uint32_t i = 0; i < 8; i++) {
		struct pair *pair = &n->pairs[(at + i) % NOTICE_PAIRS_MAX];

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
	const struct notice_run run = {event->id, 1};
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
	if (event->concern == NOTICE_APPLIES || group->row.concern == NOTICE_UNKNOWN)
		group->row.concern = event->concern;
	if (event->t_match > group->row.t_last)
		group->row.t_last = event->t_match;
	if (group->source_bits)
		group_source(group, &event->source);
	else
		group->row.sources = 1;
	notice_ids_add(n, &group->ids, &run);
	return true;
}

void notice_groups_close(struct notices *n, uint64_t now)
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

void notices_count(const struct notices *n, struct notice_figures *out)
{
	*out = n->figures;
	for (const struct group *group = n->groups; group; group = group->next)
		out->waiting += group->row.count;
	for (const struct message *message = n->messages; message; message = message->next)
		if (!message->delivered)
			out->waiting += message->told.events;
	out->unacked = n->unacked_count;
}
