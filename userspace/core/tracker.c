// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tracker.c - a set-associative table of counters.
 */
#include "tracker.h"

#include <errno.h>
#include <string.h>

#define TRACKER_WAYS 8u

struct tracker_slot {
	struct tracker_key key;
	uint64_t since_us; /* beginning of the window */
	uint64_t until_us; /* xbit: end; rate: end of the changed action */
	uint64_t touched_us;
	uint32_t count;
	bool used;
};

struct tracker {
	unsigned int references;
	uint32_t set_count; /* a power of two */
	uint64_t given_up;
	struct tracker_slot slots[];
};

int tracker_new(uint32_t slots, struct tracker **out)
{
	struct tracker *tracker;
	uint32_t sets = 1;

	while (sets * TRACKER_WAYS < slots && sets < 1u << 24)
		sets *= 2;
	tracker = calloc(1, sizeof(*tracker) + (size_t)sets * TRACKER_WAYS * sizeof(struct tracker_slot));
	if (!tracker)
		return -ENOMEM;
	tracker->references = 1;
	tracker->set_count = sets;
	*out = tracker;
	return 0;
}

void tracker_clear(struct tracker *tracker)
{
	memset(tracker->slots, 0, (size_t)tracker->set_count * TRACKER_WAYS * sizeof(struct tracker_slot));
}

struct tracker *tracker_ref(struct tracker *tracker)
{
	tracker->references++;
	return tracker;
}

void tracker_free(struct tracker *tracker)
{
	if (tracker && !--tracker->references)
		free(tracker);
}

static struct tracker_slot *tracker_ways(struct tracker *tracker, const struct tracker_key *key)
{
	const uint8_t *bytes = (const uint8_t *)key;
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < sizeof(*key); i++)
		hash = (hash ^ bytes[i]) * 1099511628211u;
	hash ^= hash >> 29;
	return &tracker->slots[(size_t)(hash & (tracker->set_count - 1)) * TRACKER_WAYS];
}

static struct tracker_slot *tracker_find(struct tracker *tracker, const struct tracker_key *key)
{
	struct tracker_slot *ways = tracker_ways(tracker, key);

	for (unsigned int i = 0; i < TRACKER_WAYS; i++) {
		if (ways[i].used && !memcmp(&ways[i].key, key, sizeof(*key)))
			return &ways[i];
	}
	return NULL;
}

static struct tracker_slot *tracker_make(struct tracker *tracker, const struct tracker_key *key)
{
	struct tracker_slot *ways = tracker_ways(tracker, key), *oldest = ways;

	for (unsigned int i = 0; i < TRACKER_WAYS && oldest->used; i++) {
		if (!ways[i].used || ways[i].touched_us < oldest->touched_us)
			oldest = &ways[i];
	}
	tracker->given_up += oldest->used;
	*oldest = (struct tracker_slot){.key = *key, .used = true};
	return oldest;
}

bool tracker_pass(struct tracker *tracker, const struct tracker_key *key,
		  const struct rule_threshold *threshold, uint64_t now_us)
{
	struct tracker_slot *slot = tracker_find(tracker, key);
	/* A backoff counts for as long as it is remembered. */
	uint64_t window =
		threshold->kind == THRESHOLD_BACKOFF ? UINT64_MAX : (uint64_t)threshold->seconds * 1000000;

	if (!slot) {
		slot = tracker_make(tracker, key);
		slot->since_us = now_us;
	}
	/* A clock that went back begins anew rather than muting the rule. */
	if (now_us - slot->since_us >= window) {
		slot->since_us = now_us;
		slot->count = 0;
	}
	slot->touched_us = now_us;
	if (slot->count < UINT32_MAX)
		slot->count++;
	switch (threshold->kind) {
	case THRESHOLD_LIMIT:
		return slot->count <= threshold->count;
	case THRESHOLD_THRESHOLD:
		if (slot->count < threshold->count)
			return false;
		slot->count = 0;
		return true;
	case THRESHOLD_BOTH:
		return slot->count == threshold->count;
	case THRESHOLD_BACKOFF:
		/* until_us: the count of the next alert, which is as many times further on as multiplier
		 * says. */
		if (!slot->until_us)
			slot->until_us = threshold->count;
		if (slot->count < slot->until_us)
			return false;
		if (slot->until_us <= UINT32_MAX)
			slot->until_us *= threshold->multiplier;
		return true;
	case THRESHOLD_DETECTION:
		return slot->count > threshold->count;
	}
	return true;
}

bool tracker_rate(struct tracker *tracker, const struct tracker_key *key, const struct rule_threshold *limit,
		  uint32_t timeout, uint64_t now_us)
{
	struct tracker_slot *slot = tracker_find(tracker, key);

	if (!slot) {
		slot = tracker_make(tracker, key);
		slot->since_us = now_us;
	}
	slot->touched_us = now_us;
	if (slot->until_us) {
		if (now_us <= slot->until_us)
			return true;
		/* The match that finds it over is not counted, as in Suricata. */
		slot->until_us = 0;
		return false;
	}
	if (now_us - slot->since_us >= (uint64_t)limit->seconds * 1000000) {
		slot->since_us = now_us;
		slot->count = 0;
	}
	if (slot->count < UINT32_MAX)
		slot->count++;
	if (slot->count <= limit->count)
		return false;
	slot->until_us = now_us + (uint64_t)timeout * 1000000;
	return true;
}

void tracker_set(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us, uint64_t until_us)
{
	struct tracker_slot *slot = tracker_find(tracker, key);

	if (!slot)
		slot = tracker_make(tracker, key);
	slot->until_us = until_us;
	slot->touched_us = now_us;
}

void tracker_unset(struct tracker *tracker, const struct tracker_key *key)
{
	struct tracker_slot *slot = tracker_find(tracker, key);

	if (slot)
		slot->used = false;
}

bool tracker_is_set(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us)
{
	const struct tracker_slot *slot = tracker_find(tracker, key);

	return slot && slot->until_us > now_us;
}

uint64_t tracker_given_up(const struct tracker *tracker)
{
	return tracker->given_up;
}
