// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop.c - epoll loop. Events carry the serial number of their watch, never
 * its address: a watch may be removed at any time, also while events of it wait
 * in the batch or keep coming because a copy of its descriptor is open elsewhere.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "loop.h"

#define LOOP_BATCH 64

struct watch {
	struct watch *next;
	int fd;
	bool owned; /* the loop's own descriptor: timer or signal */
	uint64_t serial;
	loop_fd_fn on_fd;
	loop_tick_fn on_tick;
	void *arg;
};

struct signal_row {
	loop_signal_fn fn;
	void *arg;
};

struct loop {
	int epoll;
	int signals; /* signalfd, -1 before the first loop_signal() */
	sigset_t mask;
	struct signal_row rows[NSIG];
	struct watch *watches;
	uint64_t serial; /* the last one given */
	bool stopped;
	int code;
};

int loop_new(struct loop **out)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->signals = -1;
	sigemptyset(&loop->mask);
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		int err = -errno;

		free(loop);
		return err;
	}
	*out = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (struct watch *w = loop->watches, *next; w; w = next) {
		next = w->next;
		if (w->owned)
			close(w->fd);
		free(w);
	}
	close(loop->epoll);
	free(loop);
}

static struct watch *find_watch(struct loop *loop, int fd)
{
	for (struct watch *w = loop->watches; w; w = w->next)
		if (w->fd == fd)
			return w;
	return NULL;
}

/* Takes fd over when template says owned, on success only. */
static int add_watch(struct loop *loop, const struct watch *template, uint32_t events)
{
	struct watch *w;
	struct epoll_event event = {.events = events};

	if (find_watch(loop, template->fd))
		return -EEXIST;
	w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = *template;
	w->serial = ++loop->serial;
	event.data.u64 = w->serial;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, w->fd, &event)) {
		int err = -errno;

		free(w);
		return err;
	}
	w->next = loop->watches;
	loop->watches = w;
	return 0;
}

int loop_add(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *arg)
{
	struct watch w = {.fd = fd, .on_fd = fn, .arg = arg};

	return add_watch(loop, &w, events ? events : EPOLLIN);
}

void loop_remove(struct loop *loop, int fd)
{
	for (struct watch **at = &loop->watches; *at; at = &(*at)->next) {
		struct watch *w = *at;

		if (w->fd != fd || w->owned)
			continue;
		/* Fails when the caller closed fd before; there is nothing to undo then. */
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		*at = w->next;
		free(w);
		return;
	}
}

int loop_change(struct loop *loop, int fd, uint32_t events)
{
	const struct watch *w = find_watch(loop, fd);
	struct epoll_event event = {.events = events};

	if (!w)
		return -ENOENT;
	event.data.u64 = w->serial;
	return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) ? -errno : 0;
}

int loop_timer(struct loop *loop, loop_tick_fn fn, void *arg, int *timer)
{
	AUTO_FD int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	struct watch w = {.fd = fd, .owned = true, .on_tick = fn, .arg = arg};
	int err = fd < 0 ? -errno : add_watch(loop, &w, EPOLLIN);

	if (!err)
		*timer = TAKE_FD(fd);
	return err;
}

int loop_timer_set(int timer, unsigned int us)
{
	struct timespec step = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
	struct itimerspec spec = {.it_interval = step, .it_value = step};

	return timerfd_settime(timer, 0, &spec, NULL) ? -errno : 0;
}

int loop_tick(struct loop *loop, unsigned int ms, loop_tick_fn fn, void *arg)
{
	int timer, err = ms < 1 || ms > UINT32_MAX / 1000 ? -EINVAL : loop_timer(loop, fn, arg, &timer);

	return err ? err : loop_timer_set(timer, ms * 1000);
}

static void serve_signals(int fd, uint32_t events, void *arg)
{
	struct loop *loop = arg;
	struct signalfd_siginfo info;

	while (!loop->stopped && read(fd, &info, sizeof(info)) == sizeof(info)) {
		const struct signal_row *row = info.ssi_signo < NSIG ? &loop->rows[info.ssi_signo] : NULL;

		if (row && row->fn)
			row->fn((int)info.ssi_signo, row->arg);
	}
}

int loop_signal(struct loop *loop, int signo, loop_signal_fn fn, void *arg)
{
	sigset_t mask = loop->mask, before;
	int err = 0, fd;

	if (signo < 1 || signo >= NSIG || sigaddset(&mask, signo))
		return -EINVAL;
	/* Blocked first: a signal between the two calls must not kill. */
	if (sigprocmask(SIG_BLOCK, &mask, &before))
		return -errno;
	fd = signalfd(loop->signals, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		err = -errno;
	} else if (loop->signals < 0) {
		struct watch w = {.fd = fd, .owned = true, .on_fd = serve_signals, .arg = loop};

		err = add_watch(loop, &w, EPOLLIN);
		if (err)
			close(fd);
	}
	if (err) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		return err;
	}
	loop->signals = fd;
	loop->mask = mask;
	loop->rows[signo] = (struct signal_row){.fn = fn, .arg = arg};
	return 0;
}

static void serve_event(struct loop *loop, const struct epoll_event *event)
{
	const struct watch *w = loop->watches;
	uint64_t expirations;

	while (w && w->serial != event->data.u64)
		w = w->next;
	if (!w)
		return;
	/* The callback may free w: nothing reads it afterwards. */
	if (w->on_fd)
		w->on_fd(w->fd, event->events, w->arg);
	else if (read(w->fd, &expirations, sizeof(expirations)) == sizeof(expirations))
		w->on_tick(w->arg); /* missed ticks are one tick: the callback reads the clock itself */
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[LOOP_BATCH];

	while (!loop->stopped) {
		int n = epoll_wait(loop->epoll, events, LOOP_BATCH, -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n && !loop->stopped; i++)
			serve_event(loop, &events[i]);
	}
	loop->stopped = false;
	return loop->code;
}

void loop_stop(struct loop *loop, int code)
{
	loop->stopped = true;
	loop->code = code;
}
