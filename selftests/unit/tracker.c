// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tracker.c - one table in memory that several processes map: they count as one would, and none is harmed by
 * what another writes or keeps.
 */
#include "core/flow/tracker.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/rule/dataset.h"
#include "core/match/shared_state.h"
#include "lib/ktap.h"

#define SLOTS	 512u
#define ENGINES	 4u
#define MATCHES	 20000u
#define SOURCES	 16u
#define WINDOW_S 60u

static void *shared_new(size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!CHECK(memory != MAP_FAILED))
		exit(1);
	return memory;
}

static struct tracker_key key_of(uint32_t number)
{
	return (struct tracker_key){
		.kind = THRESHOLD_LIMIT, .number = number, .first.w[3] = number % SOURCES};
}

/* Its share of the matches; what passed is added to *passed. */
static void count_matches(void *memory, size_t len, uint32_t engine, const struct rule_threshold *limit,
			  uint32_t *passed)
{
	CLEANUP(tracker_free) struct tracker *tracker = NULL;

	if (tracker_attach(memory, len, engine + 1, &tracker))
		_exit(1);
	for (uint32_t i = engine; i < MATCHES; i += ENGINES) {
		struct tracker_key key = key_of(i % SOURCES);

		/* Engines are not equally far: each is up to a second off. */
		if (tracker_pass(tracker, &key, limit, 5000000 + (i * 7919u % 1000000)))
			__atomic_fetch_add(passed, 1, __ATOMIC_RELAXED);
	}
	_exit(tracker_taken(tracker) ? 2 : 0);
}

static uint32_t count_together(const struct rule_threshold *limit)
{
	size_t len = tracker_bytes(SLOTS);
	void *memory = shared_new(len + 64);
	uint32_t *passed = (uint32_t *)((uint8_t *)memory + len), result;

	tracker_format(memory, len, 42);
	for (uint32_t i = 0; i < ENGINES; i++)
		if (!fork())
			count_matches(memory, len, i, limit, passed);
	for (uint32_t i = 0; i < ENGINES; i++) {
		int status = 0;

		CHECK(wait(&status) > 0 && WIFEXITED(status));
		CHECK_EQ(WEXITSTATUS(status), 0);
	}
	result = *passed;
	munmap(memory, len + 64);
	return result;
}

/* Four processes at once let as many alerts through as one would. */
static void together(void)
{
	static const struct {
		struct rule_threshold limit;
		uint32_t passed; /* of the matches of one source */
	} rows[] = {
		{{THRESHOLD_LIMIT, TRACK_SRC, 3, WINDOW_S, 0, 0}, 3},
		{{THRESHOLD_BOTH, TRACK_SRC, 5, WINDOW_S, 0, 0}, 1},
		{{THRESHOLD_THRESHOLD, TRACK_SRC, 10, WINDOW_S, 0, 0}, MATCHES / SOURCES / 10},
		{{THRESHOLD_DETECTION, TRACK_SRC, 100, WINDOW_S, 0, 0}, MATCHES / SOURCES - 100},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_EQ(count_together(&rows[i].limit), rows[i].passed * SOURCES);
}

/* What one engine set, another sees; also after a match that is a little older. */
static void marks(void)
{
	CLEANUP(tracker_free) struct tracker *one = NULL, *other = NULL;
	struct tracker_key key = {.kind = TRACKER_XBIT, .number = 1};
	size_t len = tracker_bytes(SLOTS);
	void *memory = shared_new(len);

	CHECK_EQ(tracker_attach(memory, len, 1, &one), 0);
	CHECK_EQ(tracker_attach(memory, len, 2, &other), 0);
	tracker_set(one, &key, 100, 200);
	CHECK(tracker_is_set(other, &key, 150) && !tracker_is_set(other, &key, 200));
	tracker_toggle(other, &key, 120, 220);
	CHECK(!tracker_is_set(one, &key, 130));
	tracker_toggle(one, &key, 120, 220);
	CHECK(tracker_is_set(other, &key, 210));
	tracker_unset(other, &key);
	CHECK(!tracker_is_set(one, &key, 130));
	munmap(memory, len);
}

/* The owner of a set is its first word; the sets follow the head of the table, which is 64 bytes long. */
static void keep_all_locks(void *memory, size_t len, uint32_t owner)
{
	size_t set = tracker_bytes(16) - tracker_bytes(8);

	for (size_t at = 64; at + set <= len; at += set)
		__atomic_store_n((uint32_t *)((uint8_t *)memory + at), owner, __ATOMIC_RELAXED);
}

/* An engine died with a lock: the next one takes it, once, and what was counted goes on. */
static void dead_holder(void)
{
	CLEANUP(tracker_free) struct tracker *tracker = NULL;
	struct rule_threshold limit = {THRESHOLD_LIMIT, TRACK_SRC, 2, WINDOW_S, 0, 0};
	struct tracker_key key = key_of(1);
	size_t len = tracker_bytes(8);
	void *memory = shared_new(len);

	CHECK_EQ(tracker_attach(memory, len, 1, &tracker), 0);
	CHECK(tracker_pass(tracker, &key, &limit, 1));
	keep_all_locks(memory, len, 9);
	CHECK(tracker_pass(tracker, &key, &limit, 2));
	CHECK_EQ(tracker_taken(tracker), 1);
	CHECK(!tracker_pass(tracker, &key, &limit, 3), "the count before and after is one");
	CHECK_EQ(tracker_taken(tracker), 1);
	CHECK(!tracker_is_alone(tracker));
	munmap(memory, len);
}

/* An engine that keeps every lock stalls the others a few times, then they count by themselves. */
static void hostile_holder(void)
{
	CLEANUP(tracker_free) struct tracker *tracker = NULL;
	struct rule_threshold limit = {THRESHOLD_LIMIT, TRACK_SRC, 1, WINDOW_S, 0, 0};
	size_t len = tracker_bytes(SLOTS);
	void *memory = shared_new(len);
	struct tracker_key key = key_of(3);

	CHECK_EQ(tracker_attach(memory, len, 1, &tracker), 0);
	CHECK(tracker_pass(tracker, &key, &limit, 1));
	for (uint32_t i = 0; i < 200; i++) {
		struct tracker_key other = key_of(100 + i);

		keep_all_locks(memory, tracker_is_alone(tracker) ? 0 : len, 9);
		CHECK(tracker_pass(tracker, &other, &limit, i));
	}
	CHECK(tracker_is_alone(tracker) && tracker_taken(tracker) < 32);
	CHECK(!tracker_pass(tracker, &key, &limit, 300), "what was known was taken along");
	memset(memory, 0xa5, len);
	CHECK(!tracker_pass(tracker, &key, &limit, 301), "and is out of the others' reach");
	munmap(memory, len);
}

/* Any bytes in the table: answers, no harm. */
static void hostile_bytes(void)
{
	CLEANUP(tracker_free) struct tracker *tracker = NULL;
	struct rule_threshold rows[] = {{THRESHOLD_LIMIT, TRACK_SRC, 1, WINDOW_S, 0, 0},
					{THRESHOLD_BACKOFF, TRACK_SRC, 2, 0, 7, 0},
					{THRESHOLD_DETECTION, TRACK_SRC, 1, WINDOW_S, 0, 0}};
	size_t len = tracker_bytes(SLOTS);
	uint8_t *memory = shared_new(len);
	uint64_t state = 1;

	CHECK_EQ(tracker_attach(memory, len, 1, &tracker), 0);
	for (uint32_t round = 0; round < 2000; round++) {
		struct tracker_key key = key_of(round % 64);

		for (size_t i = 0; i < len; i += 97) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			memory[i] = (uint8_t)(state >> 56);
		}
		keep_all_locks(memory, len, 0);
		tracker_pass(tracker, &key, &rows[round % 3], state);
		tracker_rate(tracker, &key, &rows[0], UINT32_MAX, state);
		tracker_toggle(tracker, &key, state, state + 1);
		if (!tracker_value_change(tracker, &key, false, true))
			CHECK(tracker_value(tracker, &key, false));
	}
	munmap(memory, len);
}

static void lengths(void)
{
	CLEANUP(tracker_free) struct tracker *tracker = NULL;
	struct shared_state state;
	size_t len = tracker_bytes(8);
	void *memory = shared_new(len);

	CHECK_EQ(tracker_attach(memory, len - 1, 1, &tracker), -EINVAL);
	CHECK_EQ(tracker_attach(memory, len, 0, &tracker), -EINVAL);
	CHECK_EQ(tracker_attach((uint8_t *)memory + 4, len, 1, &tracker), -EINVAL);
	CHECK_EQ(shared_state_attach(memory, len, 1, &state), -EINVAL);
	munmap(memory, len);
}

static struct dataset_pool *pool_of(struct tracker *values, struct dataset **set, const char *loaded)
{
	struct dataset_pool *pool = NULL;
	const char *why;
	bool fresh;

	CHECK_EQ(dataset_pool_new(&pool), 0);
	CHECK_EQ(dataset_define(pool, "seen", DATASET_STRING, 0, set, &fresh, &why), 0);
	CHECK_EQ(dataset_load(*set, &(struct dataset_source){}, "f", loaded, strlen(loaded), NULL, NULL), 0);
	dataset_will_change(*set);
	dataset_pool_share(pool, values);
	return pool;
}

/* What a rule adds in one engine is known in the other, and in the set that the next reload brings. */
static void data_sets(void)
{
	static const struct span x = {(const uint8_t *)"x", 1}, y = {(const uint8_t *)"y", 1};
	struct dataset *sets[3];
	struct dataset_pool *pools[3];
	struct shared_state one, other;
	size_t len = shared_state_bytes();
	void *memory = shared_new(len);

	shared_state_format(memory, 7);
	CHECK_EQ(shared_state_attach(memory, len, 1, &one), 0);
	CHECK_EQ(shared_state_attach(memory, len, 2, &other), 0);
	pools[0] = pool_of(one.values, &sets[0], "eQ==\n"); /* y */
	pools[1] = pool_of(other.values, &sets[1], "eQ==\n");
	CHECK(!dataset_has(sets[1], x) && dataset_has(sets[1], y));
	CHECK(dataset_change(sets[0], x, true) && dataset_has(sets[1], x));
	CHECK(!dataset_change(sets[1], x, true), "once for all engines");
	CHECK(dataset_change(sets[1], y, false) && !dataset_has(sets[0], y));
	dataset_pool_free(pools[0]);
	pools[2] = pool_of(one.values, &sets[2], "eQ==\n");
	CHECK(dataset_has(sets[2], x) && !dataset_has(sets[2], y), "a reload forgets nothing");
	dataset_pool_free(pools[1]);
	dataset_pool_free(pools[2]);
	shared_state_clear(&one);
	shared_state_clear(&other);
	munmap(memory, len);
}

/* Values are never given up for others; what finds no place is told. */
static void values_full(void)
{
	CLEANUP(tracker_free) struct tracker *tracker = NULL;
	uint32_t taken = 0;

	CHECK_EQ(tracker_new(64, &tracker), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		struct tracker_key key = {.kind = TRACKER_VALUE, .number = i};
		int err = tracker_value_change(tracker, &key, false, true);

		CHECK(!err || err == -ENOSPC);
		CHECK_EQ(tracker_value(tracker, &key, false), !err);
		taken += !err;
	}
	CHECK_EQ(taken, 64);
	CHECK_EQ(tracker_given_up(tracker), 0);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		TEST(together),	     TEST(marks),   TEST(dead_holder), TEST(hostile_holder),
		TEST(hostile_bytes), TEST(lengths), TEST(data_sets),   TEST(values_full),
	};

	return ktap_run(tests, ARRAY_LEN(tests));
}
