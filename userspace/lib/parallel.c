// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parallel.c - parts are taken one after the other by whoever is free. Signals stay with the caller's thread.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "parallel.h"

#define HELPERS_MAX 15

struct work {
	void (*fn)(void *arg, uint32_t part);
	void *arg;
	uint32_t parts, next;
};

static void *work_do(void *arg)
{
	struct work *work = arg;
	uint32_t part;

	while ((part = __atomic_fetch_add(&work->next, 1, __ATOMIC_RELAXED)) < work->parts)
		work->fn(work->arg, part);
	return NULL;
}

/* Threads beside the caller that find a processor and a part. */
static uint32_t helpers_wanted(uint32_t parts)
{
	cpu_set_t set;
	int cpus = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
	uint32_t wanted = cpus > HELPERS_MAX ? HELPERS_MAX : (uint32_t)cpus - 1;

	return parts <= wanted ? (parts ? parts - 1 : 0) : wanted;
}

void parallel_run(void (*fn)(void *arg, uint32_t part), void *arg, uint32_t parts)
{
	struct work work = {fn, arg, parts, 0};
	uint32_t wanted = helpers_wanted(parts), made = 0;
	pthread_t helpers[HELPERS_MAX];
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (made < wanted && !pthread_create(&helpers[made], NULL, work_do, &work))
		made++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	work_do(&work);
	while (made)
		pthread_join(helpers[--made], NULL);
}
