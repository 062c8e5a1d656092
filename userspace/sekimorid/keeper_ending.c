// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_ending.c - the children end one after the other, so that what each had
 * to say is heard: an event of the last second is an event.
 */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"
#include "lib/log.h"

#define STEP_MS 10

/* A writer gets longer: what it has not written is lost. */
static const unsigned int patience_ms[PROCESS_ENDINGS] = {
	[PROCESS_ENDS_FIRST] = 1000,
	[PROCESS_ENDS_REPORTER] = 3000,
	[PROCESS_ENDS_ARCHIVE] = 3000,
	[PROCESS_ENDS_NOTIFIER] = 500,
};

static bool ends_now(const struct keeper_child *child, enum process_ending stage)
{
	return process_table[child->kind].ends == stage;
}

/* True: none of them is left. */
static bool stage_reap(struct keeper *k, enum process_ending stage)
{
	bool left = false;

	for (unsigned int i = 0; i < KEEPER_CHILDREN; i++) {
		struct keeper_child *child = &k->children[i];

		if (!ends_now(child, stage))
			continue;
		if (child->pid > 0 && waitpid(child->pid, NULL, WNOHANG) == child->pid)
			child->pid = 0;
		left |= child->pid > 0;
	}
	return !left;
}

/* They see the end behind the last message, which may be an answer to a person. */
static void stage_end(struct keeper *k, enum process_ending stage)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

	for (unsigned int i = 0; i < KEEPER_CHILDREN; i++) {
		struct keeper_child *child = &k->children[i];

		if (!ends_now(child, stage) || child->fd < 0)
			continue;
		loop_remove(k->loop, child->fd);
		close(child->fd);
		child->fd = -1;
	}
	for (unsigned int ms = 0; ms < patience_ms[stage]; ms += STEP_MS) {
		if (stage_reap(k, stage))
			return;
		nanosleep(&step, NULL);
	}
	for (unsigned int i = 0; i < KEEPER_CHILDREN; i++) {
		struct keeper_child *child = &k->children[i];

		if (!ends_now(child, stage) || child->pid <= 0)
			continue;
		if (stage == PROCESS_ENDS_REPORTER || stage == PROCESS_ENDS_ARCHIVE)
			log_warn("the %s did not end within %u ms: its last events may be lost",
				 process_table[child->kind].name, patience_ms[stage]);
		keeper_child_stop(k, child);
	}
}

void keeper_children_end(struct keeper *k)
{
	for (int stage = 0; stage < PROCESS_ENDINGS; stage++)
		stage_end(k, (enum process_ending)stage);
}
