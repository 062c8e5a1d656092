/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shared_state.h - what all engines of an instance remember together (T15): one piece of memory with a table
 * of what rules count and one of what they add to data sets. Lives as long as the keeper holds it, over
 * reloads and over deaths of engines. Each part is pure over (pointer, length), see tracker.h.
 */
#ifndef CORE_SHARED_STATE_H
#define CORE_SHARED_STATE_H

#include <stddef.h>

#include "core/flow/tracker.h"

#define SHARED_STATE_COUNTS TRACKER_SLOTS
#define SHARED_STATE_VALUES (1u << 18) /* slots; pages that nobody writes to take no memory */

struct shared_state {
	struct tracker *counts, *values;
};

size_t shared_state_bytes(void);
/* Zeroed memory of shared_state_bytes() becomes an empty state. */
void shared_state_format(void *memory, uint64_t seed);
/*
 * Opens it; memory stays the caller's, owner is different for each who opens it, and not 0. -EINVAL: len is
 * not shared_state_bytes(); -ENOMEM.
 */
__must_check int shared_state_attach(void *memory, size_t len, uint32_t owner, struct shared_state *out);
void shared_state_clear(struct shared_state *state);

#endif
