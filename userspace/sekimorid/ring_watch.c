// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring_watch.c - interrupt moderation for a BPF ring, as a network card has it: a record that comes after a
 * silence wakes us at once; from then on we come every period by ourselves, until some periods were empty.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/log.h"
#include "ring_watch.h"

#define PERIOD_US 1000u
#define EMPTY_MAX 8u /* empty periods, then we wait to be woken again */

struct ring_watch {
	struct loop *loop;
	struct ring *ring;
	ring_turn_fn turn;
	void *arg;
	int fd, timer;
	unsigned int full, empty;
};

/* Quiet: the clock calls us. Otherwise the ring does, also for what came while we changed over (epoll looks
 * anew). */
static void watch_mode(struct ring_watch *w, bool quiet)
{
	int err;

	ring_quiet(w->ring, quiet);
	err = loop_change(w->loop, w->fd, quiet ? 0 : EPOLLIN);
	if (!err)
		err = loop_timer_set(w->timer, quiet ? PERIOD_US : 0);
	if (err) {
		log_error("ring: %s", strerror(-err));
		loop_stop(w->loop, 1); /* deaf otherwise; the keeper starts us anew */
	}
}

static void watch_woken(int fd, uint32_t events, void *arg)
{
	struct ring_watch *w = arg;

	w->empty = 0;
	if (w->turn(w->arg) < w->full)
		watch_mode(w, true);
}

static void watch_period(void *arg)
{
	struct ring_watch *w = arg;
	unsigned int seen = w->turn(w->arg);

	w->empty = seen ? 0 : w->empty + 1;
	/* A full turn leaves something behind: the next one follows at once. */
	if (seen >= w->full || w->empty >= EMPTY_MAX)
		watch_mode(w, false);
}

int ring_watch_new(struct loop *loop, int fd, struct ring *ring, unsigned int full, ring_turn_fn turn,
		   void *arg, struct ring_watch **out)
{
	struct ring_watch *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	*w = (struct ring_watch){
		.loop = loop, .ring = ring, .turn = turn, .arg = arg, .fd = fd, .full = full};
	err = loop_timer(loop, watch_period, w, &w->timer);
	if (!err)
		err = loop_add(loop, fd, EPOLLIN, watch_woken, w);
	/* The loop may hold the timer already, so w stays; a process that cannot watch its ring ends. */
	*out = w;
	return err;
}

void ring_watch_free(struct ring_watch *watch)
{
	free(watch);
}
