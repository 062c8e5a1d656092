/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wall.h - the time of day that goes into records. A laboratory may let it run
 * from another day and faster (SEKIMORI_LAB_CLOCK="SECONDS RATE" in the
 * environment of the daemon): a month of attacks passes in minutes. Everything
 * that expires or waits keeps to the real clocks.
 */
#ifndef LIB_WALL_H
#define LIB_WALL_H

#include <stdbool.h>
#include <stdint.h>

/* Reads the environment, and fixes the beginning there, so that processes started from here agree. -EINVAL.
 */
int wall_init(void);
/* Are times made up? */
bool wall_is_lab(void);
/* Microseconds since the epoch: now, and of a moment of CLOCK_MONOTONIC in microseconds. */
uint64_t wall_us(void);
uint64_t wall_of(uint64_t monotonic_us);

#endif
