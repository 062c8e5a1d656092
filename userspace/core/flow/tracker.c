// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tracker.c - a set-associative table of counters, each set with a lock of its own.
 */
#include "tracker.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define TRACKER_WAYS	 8u
#define TRACKER_SETS_MAX (1u << 24)
/* A holder needs well below a microsecond. Whoever waits gives its processor away, so that this many tries
 * outlast a holder that was interrupted. */
#define TRACKER_SPINS	 64u
#define TRACKER_TRIES	 20000u
#define TRACKER_PATIENCE 16u /* locks not given back before the table is left */

struct tracker_slot {
	struct tracker_key key;
	uint64_t since_us; /* beginning of the window */
	uint64_t until_us; /* xbit: end; rate: end of the changed action */
	uint64_t touched_us;
	uint32_t count; /* value: enum tracker_change */
	uint32_t used;
};
enum tracker_change { VALUE_ADDED = 1, VALUE_REMOVED };

struct tracker_ways {
	uint32_t owner; /* who holds the lock, 0: nobody */
	uint32_t pad;
	struct tracker_slot slots[TRACKER_WAYS];
};

/* How it lies in memory. */
struct tracker_table {
	uint64_t seed;
	uint64_t pad[7];
	struct tracker_ways sets[];
};

struct tracker {
	unsigned int references;
	uint32_t owner;
	uint32_t set_count; /* a power of two */
	uint64_t seed;
	uint64_t given_up, taken;
	struct tracker_table *table;
	struct tracker_table *own; /* table, when it is ours alone */
	bool alone;
};

static size_t table_bytes(uint32_t sets)
{
	return sizeof(struct tracker_table) + (size_t)sets * sizeof(struct tracker_ways);
}

size_t tracker_bytes(uint32_t slots)
{
	uint32_t sets = 1;

	while (sets * TRACKER_WAYS < slots && sets < TRACKER_SETS_MAX)
		sets *= 2;
	return table_bytes(sets);
}

void tracker_format(void *memory, size_t len, uint64_t seed)
{
	if (len >= sizeof(struct tracker_table))
		((struct tracker_table *)memory)->seed = seed;
}

int tracker_attach(void *memory, size_t len, uint32_t owner, struct tracker **out)
{
	struct tracker *tracker;
	uint32_t sets = 1;

	if (len < table_bytes(1) || !owner || (uintptr_t)memory % _Alignof(struct tracker_table))
		return -EINVAL;
	while (sets < TRACKER_SETS_MAX && table_bytes(sets * 2) <= len)
		sets *= 2;
	tracker = calloc(1, sizeof(*tracker));
	if (!tracker)
		return -ENOMEM;
	tracker->references = 1;
	tracker->owner = owner;
	tracker->set_count = sets;
	tracker->table = memory;
	tracker->seed = tracker->table->seed;
	*out = tracker;
	return 0;
}

int tracker_new(uint32_t slots, struct tracker **out)
{
	size_t len = tracker_bytes(slots);
	AUTO_FREE struct tracker_table *own = calloc(1, len);
	int err = own ? tracker_attach(own, len, 1, out) : -ENOMEM;

	if (!err)
		(*out)->own = TAKE_PTR(own);
	return err;
}

void tracker_clear(struct tracker *tracker)
{
	memset(tracker->table->sets, 0, (size_t)tracker->set_count * sizeof(struct tracker_ways));
}

struct tracker *tracker_ref(struct tracker *tracker)
{
	tracker->references++;
	return tracker;
}

void tracker_free(struct tracker *tracker)
{
	if (!tracker || --tracker->references)
		return;
	free(tracker->own);
	free(tracker);
}

/* --- locks */

/* Somebody keeps locks: what is known so far is taken along, and nobody else is asked any more. */
static void tracker_leave(struct tracker *tracker)
{
	struct tracker_table *own = malloc(table_bytes(tracker->set_count));

	if (!own)
		return; /* tried again at the next lock that is kept */
	memcpy(own, tracker->table, table_bytes(tracker->set_count));
	for (uint32_t i = 0; i < tracker->set_count; i++)
		own->sets[i].owner = 0;
	tracker->table = tracker->own = own;
	tracker->alone = true;
}

static bool ways_try(struct tracker_ways *ways, uint32_t owner)
{
	uint32_t nobody = 0;

	return __atomic_compare_exchange_n(&ways->owner, &nobody, owner, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static uint32_t key_hash(const struct tracker *tracker, const struct tracker_key *key)
{
	const uint8_t *bytes = (const uint8_t *)key;
	uint64_t hash = 14695981039346656037u ^ tracker->seed;

	for (size_t i = 0; i < sizeof(*key); i++)
		hash = (hash ^ bytes[i]) * 1099511628211u;
	hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u;
	return (uint32_t)(hash >> 32);
}

/* The locked set of key; unlock it. */
static struct tracker_ways *ways_lock(struct tracker *tracker, const struct tracker_key *key)
{
	uint32_t at = key_hash(tracker, key) & (tracker->set_count - 1);
	struct tracker_ways *ways = &tracker->table->sets[at];

	for (unsigned int i = 0; i < TRACKER_TRIES; i++) {
		if (ways_try(ways, tracker->owner))
			return ways;
		if (i > TRACKER_SPINS)
			sched_yield();
	}
	/* Its holder died there, or does not mean to give it back. What lies there are numbers, also
	 * half-written. */
	if (++tracker->taken >= TRACKER_PATIENCE && !tracker->own) {
		tracker_leave(tracker);
		ways = &tracker->table->sets[at];
	}
	__atomic_exchange_n(&ways->owner, tracker->owner, __ATOMIC_ACQUIRE);
	return ways;
}

static void ways_unlock(struct tracker *tracker, struct tracker_ways *ways)
{
	uint32_t owner = tracker->owner;

	/* It may have been taken from us meanwhile; then it is not ours to open. */
	__atomic_compare_exchange_n(&ways->owner, &owner, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/* --- slots of a locked set */

static struct tracker_slot *slot_find(struct tracker_ways *ways, const struct tracker_key *key)
{
	for (unsigned int i = 0; i < TRACKER_WAYS; i++) {
		struct tracker_slot *slot = &ways->slots[i];

		if (slot->used && !memcmp(&slot->key, key, sizeof(*key)))
			return slot;
	}
	return NULL;
}

static struct tracker_slot *slot_make(struct tracker *tracker, struct tracker_ways *ways,
				      const struct tracker_key *key, uint64_t now_us)
{
	struct tracker_slot *oldest = ways->slots;

	for (unsigned int i = 0; i < TRACKER_WAYS && oldest->used; i++) {
		if (!ways->slots[i].used || ways->slots[i].touched_us < oldest->touched_us)
			oldest = &ways->slots[i];
	}
	tracker->given_up += oldest->used != 0;
	*oldest = (struct tracker_slot){.key = *key, .used = 1, .since_us = now_us};
	return oldest;
}

static struct tracker_slot *slot_get(struct tracker *tracker, struct tracker_ways *ways,
				     const struct tracker_key *key, uint64_t now_us)
{
	struct tracker_slot *slot = slot_find(ways, key);

	if (!slot)
		slot = slot_make(tracker, ways, key, now_us);
	slot->touched_us = now_us;
	return slot;
}

/*
 * Engines are not equally far: a match may be older than the window that another one began, and counts in it.
 * A clock that went back by more than a window begins anew rather than muting the rule.
 */
static void slot_turn(struct tracker_slot *slot, uint64_t window, uint64_t now_us)
{
	uint64_t apart = now_us >= slot->since_us ? now_us - slot->since_us : slot->since_us - now_us;

	if (apart < window)
		return;
	slot->since_us = now_us;
	slot->count = 0;
}

/* --- use */

static bool slot_pass(struct tracker_slot *slot, const struct rule_threshold *threshold, uint64_t now_us)
{
	/* A backoff counts for as long as it is remembered. */
	uint64_t window =
		threshold->kind == THRESHOLD_BACKOFF ? UINT64_MAX : (uint64_t)threshold->seconds * 1000000;

	slot_turn(slot, window, now_us);
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

static bool slot_rate(struct tracker_slot *slot, const struct rule_threshold *limit, uint32_t timeout,
		      uint64_t now_us)
{
	if (slot->until_us) {
		if (now_us <= slot->until_us)
			return true;
		/* The match that finds it over is not counted, as in Suricata. */
		slot->until_us = 0;
		return false;
	}
	slot_turn(slot, (uint64_t)limit->seconds * 1000000, now_us);
	if (slot->count < UINT32_MAX)
		slot->count++;
	if (slot->count <= limit->count)
		return false;
	slot->until_us = now_us + (uint64_t)timeout * 1000000;
	return true;
}

bool tracker_pass(struct tracker *tracker, const struct tracker_key *key,
		  const struct rule_threshold *threshold, uint64_t now_us)
{
	struct tracker_ways *ways = ways_lock(tracker, key);
	bool pass = slot_pass(slot_get(tracker, ways, key, now_us), threshold, now_us);

	ways_unlock(tracker, ways);
	return pass;
}

bool tracker_is_over(struct tracker *tracker, const struct tracker_key *key,
		     const struct rule_threshold *threshold, uint64_t now_us)
{
	struct tracker_ways *ways = ways_lock(tracker, key);
	struct tracker_slot *slot = slot_find(ways, key);
	bool over;

	if (slot)
		slot_turn(slot, (uint64_t)threshold->seconds * 1000000, now_us);
	over = slot && slot->count > threshold->count;
	ways_unlock(tracker, ways);
	return over;
}

bool tracker_rate(struct tracker *tracker, const struct tracker_key *key, const struct rule_threshold *limit,
		  uint32_t timeout, uint64_t now_us)
{
	struct tracker_ways *ways = ways_lock(tracker, key);
	bool above = slot_rate(slot_get(tracker, ways, key, now_us), limit, timeout, now_us);

	ways_unlock(tracker, ways);
	return above;
}

void tracker_set(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us, uint64_t until_us)
{
	struct tracker_ways *ways = ways_lock(tracker, key);

	slot_get(tracker, ways, key, now_us)->until_us = until_us;
	ways_unlock(tracker, ways);
}

void tracker_unset(struct tracker *tracker, const struct tracker_key *key)
{
	struct tracker_ways *ways = ways_lock(tracker, key);
	struct tracker_slot *slot = slot_find(ways, key);

	if (slot)
		slot->used = 0;
	ways_unlock(tracker, ways);
}

void tracker_toggle(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us,
		    uint64_t until_us)
{
	struct tracker_ways *ways = ways_lock(tracker, key);
	struct tracker_slot *slot = slot_find(ways, key);

	if (slot && slot->until_us > now_us)
		slot->used = 0;
	else
		slot_get(tracker, ways, key, now_us)->until_us = until_us;
	ways_unlock(tracker, ways);
}

bool tracker_is_set(struct tracker *tracker, const struct tracker_key *key, uint64_t now_us)
{
	struct tracker_ways *ways = ways_lock(tracker, key);
	const struct tracker_slot *slot = slot_find(ways, key);
	bool set = slot && slot->until_us > now_us;

	ways_unlock(tracker, ways);
	return set;
}

bool tracker_value(struct tracker *tracker, const struct tracker_key *key, bool known)
{
	struct tracker_ways *ways = ways_lock(tracker, key);
	const struct tracker_slot *slot = slot_find(ways, key);

	if (slot)
		known = slot->count == VALUE_ADDED;
	ways_unlock(tracker, ways);
	return known;
}

int tracker_value_change(struct tracker *tracker, const struct tracker_key *key, bool known, bool there)
{
	struct tracker_ways *ways = ways_lock(tracker, key);
	struct tracker_slot *slot = slot_find(ways, key);
	int err = 0;

	if (slot)
		known = slot->count == VALUE_ADDED;
	if (known == there)
		err = -EEXIST;
	for (unsigned int i = 0; i < TRACKER_WAYS && !err && !slot; i++)
		if (!ways->slots[i].used)
			slot = &ways->slots[i];
	if (!err && !slot)
		err = -ENOSPC;
	if (!err)
		*slot = (struct tracker_slot){
			.key = *key, .used = 1, .count = there ? VALUE_ADDED : VALUE_REMOVED};
	ways_unlock(tracker, ways);
	return err;
}

uint64_t tracker_given_up(const struct tracker *tracker)
{
	return tracker->given_up;
}

uint64_t tracker_taken(const struct tracker *tracker)
{
	return tracker->taken;
}

bool tracker_is_alone(const struct tracker *tracker)
{
	return tracker->alone;
}
