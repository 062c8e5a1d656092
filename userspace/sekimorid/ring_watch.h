/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_watch.h - a ring in an event loop: woken for the first record, by the clock for those that follow it,
 * since a wake-up is an interrupt on the packet's path (measured: 6.5 us of the 8.3 us that a packet of a
 * suspect flow cost in a guest).
 */
#ifndef SEKIMORID_RING_WATCH_H
#define SEKIMORID_RING_WATCH_H

#include "kern/ring.h"
#include "lib/loop.h"

/*
 * turn: takes a batch out of the ring (ring_consume()) and returns how many records it saw; full: as many as
 * one turn may take, so that the loop's other descriptors have theirs. fd is the ring's; it, the ring and arg
 * are borrowed until the loop is freed.
 */
typedef unsigned int (*ring_turn_fn)(void *arg);

/* *out is freed by ring_watch_free(), after the loop. -ENOMEM, -errno. */
struct ring_watch;
__must_check int ring_watch_new(struct loop *loop, int fd, struct ring *ring, unsigned int full,
				ring_turn_fn turn, void *arg, struct ring_watch **out);
void ring_watch_free(struct ring_watch *watch);

#endif
