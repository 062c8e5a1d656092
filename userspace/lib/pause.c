// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pause.c - who waits for long work of this thread, and when they were served last.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
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

struct apart {
	void (*fn)(void *arg);
	void *arg;
	int done;
};

static void *apart_run(void *arg)
{
	const struct apart *apart = arg;
	const uint64_t one = 1;

	apart->fn(apart->arg);
	while (write(apart->done, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	return NULL;
}

static bool is_readable(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	return poll(&ready, 1, 0) > 0;
}

void pause_while(void (*fn)(void *arg), void *arg)
{
	AUTO_FD int done = waiting.fn ? eventfd(0, EFD_CLOEXEC) : -1;
	struct apart apart = {fn, arg, done};
	sigset_t all, before;
	pthread_t thread;
	int err;

	if (done < 0) {
		fn(arg);
		return;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, apart_run, &apart);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		fn(arg);
		return;
	}
	while (!is_readable(done))
		pause_serve(done);
	pthread_join(thread, NULL);
}
