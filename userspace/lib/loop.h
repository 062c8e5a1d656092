/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.h - the event loop of every process: descriptors, one tick timer,
 * signals. Single thread; callbacks run from loop_run().
 */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include <stdint.h>

#include "cleanup.h"

struct loop;

typedef void (*loop_fd_fn)(int fd, uint32_t events, void *arg); /* events: EPOLL* */
typedef void (*loop_tick_fn)(void *arg);
typedef void (*loop_signal_fn)(int signo, void *arg);

/* -errno on failure, *out untouched. */
__must_check int loop_new(struct loop **out);
void loop_free(struct loop *loop); /* closes its own descriptors only */
DEFINE_CLEANUP(loop_free, struct loop)

/* Watches fd (borrowed) for EPOLLIN or what events says. -EEXIST, -ENOSPC, -errno. */
__must_check int loop_add(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *arg);
/* What to wait for from now on; 0: nothing, until it is changed again. fd is one that loop_add() took.
 * -ENOENT, -errno. */
__must_check int loop_change(struct loop *loop, int fd, uint32_t events);
/* Safe from inside any callback, also for the fd that is being served. */
void loop_remove(struct loop *loop, int fd);

/* One periodic timer per call; ms >= 1. */
__must_check int loop_tick(struct loop *loop, unsigned int ms, loop_tick_fn fn, void *arg);
/* The same, standing still until loop_timer_set(); *timer names it and stays the loop's. */
__must_check int loop_timer(struct loop *loop, loop_tick_fn fn, void *arg, int *timer);
/* Every us microseconds from now on; 0: stands still. -errno. */
__must_check int loop_timer_set(int timer, unsigned int us);

/* Blocks signo and delivers it here through a signalfd. */
__must_check int loop_signal(struct loop *loop, int signo, loop_signal_fn fn, void *arg);

/* Until loop_stop(); returns its code, or -errno when waiting itself failed. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int code);

#endif
