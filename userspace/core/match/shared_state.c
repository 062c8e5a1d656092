// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shared_state.c - two tables, one behind the other.
 */
#include "shared_state.h"

#include <errno.h>

size_t shared_state_bytes(void)
{
	return tracker_bytes(SHARED_STATE_COUNTS) + tracker_bytes(SHARED_STATE_VALUES);
}

void shared_state_format(void *memory, uint64_t seed)
{
	size_t counts = tracker_bytes(SHARED_STATE_COUNTS);

	tracker_format(memory, counts, seed);
	tracker_format((uint8_t *)memory + counts, tracker_bytes(SHARED_STATE_VALUES), seed);
}

int shared_state_attach(void *memory, size_t len, uint32_t owner, struct shared_state *out)
{
	size_t counts = tracker_bytes(SHARED_STATE_COUNTS);
	struct shared_state state = {0};
	int err = len == shared_state_bytes() ? 0 : -EINVAL;

	if (!err)
		err = tracker_attach(memory, counts, owner, &state.counts);
	if (!err)
		err = tracker_attach((uint8_t *)memory + counts, len - counts, owner, &state.values);
	if (err)
		shared_state_clear(&state);
	else
		*out = state;
	return err;
}

void shared_state_clear(struct shared_state *state)
{
	tracker_free(state->counts);
	tracker_free(state->values);
	*state = (struct shared_state){0};
}
