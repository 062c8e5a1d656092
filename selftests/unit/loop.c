// SPDX-License-Identifier: GPL-2.0-or-later
/* loop.c - descriptors, ticks, signals; removal from inside callbacks. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>

#include "lib/ktap.h"
#include "lib/loop.h"

struct world {
	struct loop *loop;
	int pipes[3][2];
	int calls[3];
	int ticks, signals, last_signal;
};

static void world_open(struct world *w)
{
	*w = (struct world){0};
	CHECK_EQ(loop_new(&w->loop), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pipe(w->pipes[i]), 0);
}

static void world_close(struct world *w)
{
	loop_free(w->loop);
	for (int i = 0; i < 3; i++) {
		close(w->pipes[i][0]);
		close(w->pipes[i][1]);
	}
}

static void read_and_stop(int fd, uint32_t events, void *arg)
{
	struct world *w = arg;
	char byte;

	CHECK(events & EPOLLIN);
	CHECK_EQ(read(fd, &byte, 1), 1);
	w->calls[0]++;
	if (byte == 'q')
		loop_stop(w->loop, 42);
}

static void descriptors(void)
{
	struct world w;

	world_open(&w);
	CHECK_EQ(loop_add(w.loop, w.pipes[0][0], 0, read_and_stop, &w), 0);
	CHECK_EQ(loop_add(w.loop, w.pipes[0][0], 0, read_and_stop, &w), -EEXIST);
	CHECK(loop_add(w.loop, 9999, 0, read_and_stop, &w) < 0);
	CHECK_EQ(write(w.pipes[0][1], "abq", 3), 3);
	CHECK_EQ(loop_run(w.loop), 42);
	CHECK_EQ(w.calls[0], 3);
	world_close(&w);
}

/* Removes everything, itself first, while events of all three wait in the same batch. */
static void remove_all(int fd, uint32_t events, void *arg)
{
	struct world *w = arg;

	w->calls[0]++;
	for (int i = 0; i < 3; i++)
		loop_remove(w->loop, w->pipes[i][0]);
	loop_remove(w->loop, fd);
	CHECK_EQ(loop_add(w->loop, w->pipes[0][0], 0, read_and_stop, w), 0);
}

static void removal_inside(void)
{
	struct world w;

	world_open(&w);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(loop_add(w.loop, w.pipes[i][0], EPOLLIN, remove_all, &w), 0);
		CHECK_EQ(write(w.pipes[i][1], "q", 1), 1);
	}
	CHECK_EQ(loop_run(w.loop), 42);
	CHECK_EQ(w.calls[0], 2);
	world_close(&w);
}

/* A descriptor that was closed before its removal, with a copy that keeps it readable. */
static void closed_before(void)
{
	struct world w;
	int copy;

	world_open(&w);
	copy = dup(w.pipes[1][0]);
	CHECK_EQ(loop_add(w.loop, w.pipes[1][0], 0, remove_all, &w), 0);
	CHECK_EQ(write(w.pipes[1][1], "x", 1), 1);
	close(w.pipes[1][0]);
	loop_remove(w.loop, w.pipes[1][0]);
	CHECK_EQ(loop_add(w.loop, w.pipes[0][0], 0, read_and_stop, &w), 0);
	CHECK_EQ(write(w.pipes[0][1], "q", 1), 1);
	CHECK_EQ(loop_run(w.loop), 42);
	CHECK_EQ(w.calls[0], 1);
	w.pipes[1][0] = copy;
	world_close(&w);
}

static void on_tick(void *arg)
{
	struct world *w = arg;

	if (++w->ticks == 3)
		loop_stop(w->loop, 7);
}

static void on_tick_raise(void *arg)
{
	raise(SIGUSR1);
	raise(SIGUSR2);
}

static void on_signal(int signo, void *arg)
{
	struct world *w = arg;

	w->last_signal = signo;
	if (++w->signals == 2)
		loop_stop(w->loop, 0);
}

static void ticks(void)
{
	struct world w;

	world_open(&w);
	CHECK_EQ(loop_tick(w.loop, 0, on_tick, &w), -EINVAL);
	CHECK_EQ(loop_tick(w.loop, 1, on_tick, &w), 0);
	CHECK_EQ(loop_run(w.loop), 7);
	CHECK_EQ(w.ticks, 3);
	world_close(&w);
}

/* A timer that stands still calls nobody; set, stopped from inside, set again. */
static void on_timer(void *arg)
{
	struct world *w = arg;

	if (++w->calls[1] == 2)
		CHECK_EQ(loop_timer_set(w->calls[2], 0), 0);
}

static void timer(void)
{
	struct world w;

	world_open(&w);
	CHECK_EQ(loop_timer(w.loop, on_timer, &w, &w.calls[2]), 0);
	for (int round = 0; round < 3; round++) {
		w.ticks = 0;
		CHECK_EQ(loop_tick(w.loop, 20, on_tick, &w), 0);
		CHECK_EQ(loop_run(w.loop), 7);
		CHECK_EQ(w.calls[1], round < 1 ? 0 : 2);
		if (!round)
			CHECK_EQ(loop_timer_set(w.calls[2], 300), 0);
	}
	world_close(&w);
}

/* Told to wait for nothing, then for bytes again: those that came meanwhile are seen. */
static void change(void)
{
	struct world w;

	world_open(&w);
	CHECK_EQ(loop_change(w.loop, w.pipes[0][0], 0), -ENOENT);
	CHECK_EQ(loop_add(w.loop, w.pipes[0][0], 0, read_and_stop, &w), 0);
	CHECK_EQ(loop_change(w.loop, w.pipes[0][0], 0), 0);
	CHECK_EQ(write(w.pipes[0][1], "q", 1), 1);
	CHECK_EQ(loop_tick(w.loop, 1, on_tick, &w), 0);
	CHECK_EQ(loop_run(w.loop), 7);
	CHECK_EQ(w.calls[0], 0);
	CHECK_EQ(loop_change(w.loop, w.pipes[0][0], EPOLLIN), 0);
	CHECK_EQ(loop_run(w.loop), 42);
	CHECK_EQ(w.calls[0], 1);
	world_close(&w);
}

static void signals(void)
{
	struct world w;

	world_open(&w);
	CHECK_EQ(loop_signal(w.loop, 0, on_signal, &w), -EINVAL);
	CHECK_EQ(loop_signal(w.loop, 1000, on_signal, &w), -EINVAL);
	CHECK_EQ(loop_signal(w.loop, SIGUSR1, on_signal, &w), 0);
	CHECK_EQ(loop_signal(w.loop, SIGUSR2, on_signal, &w), 0);
	CHECK_EQ(loop_tick(w.loop, 1, on_tick_raise, &w), 0);
	CHECK_EQ(loop_run(w.loop), 0);
	CHECK_EQ(w.signals, 2);
	world_close(&w);
}

static void stop_before_run(void)
{
	struct world w;

	world_open(&w);
	loop_stop(w.loop, 3);
	CHECK_EQ(loop_run(w.loop), 3);
	loop_free(NULL);
	world_close(&w);
}

static const struct ktap_test tests[] = {
	TEST(descriptors), TEST(removal_inside), TEST(closed_before), TEST(ticks),
	TEST(timer),	   TEST(change),	 TEST(signals),	      TEST(stop_before_run),
};
KTAP_MAIN(tests)
