// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pause.c - who waits for long work of this thread, and when they were served last.
 */
#include <stdint.h>
#include <time.h>

#include "apart.h"
#include "pause.h"

#define PAUSE_NS 1000000ull

static _Thread_local struct {
	pause_fn fn;
	void *arg;
	uint64_t last; /* when it was called, ns */
} waiting;

static uint64_t pause_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void pause_set(pause_fn fn, void *arg)
{
	waiting.fn = fn;
	waiting.arg = arg;
	waiting.last = 0;
}

static void pause_serve(int until)
{
	pause_fn fn = waiting.fn;

	waiting.fn = NULL;
	fn(until, waiting.arg);
	waiting.fn = fn;
	waiting.last = pause_now();
}

bool pause_here(void)
{
	if (!waiting.fn || pause_now() - waiting.last < PAUSE_NS)
		return false;
	pause_serve(-1);
	return true;
}

void pause_while(void (*fn)(void *arg), void *arg)
{
	struct apart apart;

	if (!waiting.fn || apart_begin(&apart, fn, arg)) {
		fn(arg);
		return;
	}
	while (!apart_is_over(&apart))
		pause_serve(apart.done);
	apart_end(&apart);
}
