// SPDX-License-Identifier: GPL-2.0-or-later
/* parallel.c - each part is done once, whatever the processors; signals stay with the caller. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "lib/ktap.h"
#include "lib/parallel.h"

#define PARTS 5000

struct seen {
	uint32_t times[PARTS];
	uint32_t open; /* parts done by a thread that a signal may interrupt, beside the caller's */
	pthread_t caller;
};

static void part_see(void *arg, uint32_t part)
{
	struct seen *seen = arg;
	sigset_t blocked;

	__atomic_fetch_add(&seen->times[part], 1, __ATOMIC_RELAXED);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (!pthread_equal(pthread_self(), seen->caller) && !sigismember(&blocked, SIGTERM))
		__atomic_fetch_add(&seen->open, 1, __ATOMIC_RELAXED);
}

static bool all_once(uint32_t parts)
{
	static struct seen seen;
	bool once = true;

	memset(&seen, 0, sizeof(seen));
	seen.caller = pthread_self();
	parallel_run(part_see, &seen, parts);
	for (uint32_t i = 0; i < PARTS; i++)
		once &= seen.times[i] == (i < parts);
	return once && !seen.open;
}

static void each_part_once(void)
{
	static const uint32_t sizes[] = {0, 1, 2, 3, 17, PARTS};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		CHECK(all_once(sizes[i]));
}

static void one_processor(void)
{
	cpu_set_t before, one;
	int cpu = sched_getcpu();

	CHECK(!sched_getaffinity(0, sizeof(before), &before));
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CHECK(!sched_setaffinity(0, sizeof(one), &one));
	CHECK(all_once(PARTS));
	CHECK(!sched_setaffinity(0, sizeof(before), &before));
}

static void mask_is_given_back(void)
{
	sigset_t before, after;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	CHECK(all_once(64));
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int signal = 1; signal < 32; signal++)
		CHECK(sigismember(&before, signal) == sigismember(&after, signal));
}

static const struct ktap_test tests[] = {TEST(each_part_once), TEST(one_processor), TEST(mask_is_given_back)};
KTAP_MAIN(tests)
