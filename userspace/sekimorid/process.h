/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process.h - the one table of processes, and how the keeper starts them:
 * this same program, executed again under another name with its descriptors.
 */
#ifndef SEKIMORID_PROCESS_H
#define SEKIMORID_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "message.h"

/* What a child finds at which descriptor. */
#define PROCESS_FD_KEEPER 3 /* channel to the keeper */
#define PROCESS_FD_OWN	  4 /* ctl: listening socket; engine: its ring; archive, portal: its folder */
#define PROCESS_FD_SHARED                                                                                    \
	5 /* engine: memory that all engines write to, core/match/shared_state.h; portal: the store's folder \
	   */
#define PROCESS_FDS_MAX 3

/* In this order, when the daemon ends: who is told things outlives who tells them. */
enum process_ending {
	PROCESS_ENDS_FIRST,
	PROCESS_ENDS_REPORTER,
	PROCESS_ENDS_ARCHIVE,
	PROCESS_ENDS_NOTIFIER,
	PROCESS_ENDINGS,
};

/* System call groups, SANDBOX_* of sandbox.h. */
struct process_row {
	const char *name;
	const char *user;
	uint32_t uid;	 /* when the user does not exist; engines add their index */
	uint32_t groups; /* SANDBOX_* */
	int nice;	 /* 0, or PROCESS_NICE_FIRST */
	enum process_ending ends;
	int store; /* descriptor of the store's folder, 0 none: with a server it gets SANDBOX_NETWORK */
	const char *reads;    /* user whose group it gets, too: what is only read; may be NULL */
	uint32_t reads_gid;   /* when that user does not exist */
	int (*prepare)(void); /* still as root, before any message; may be NULL */
	int (*main)(unsigned int index);
	const char *fds, *calls, *paths; /* for people: doc/messages.md */
};
extern const struct process_row process_table[PROCESS_KIND_MAX];

/*
 * Who decides in microseconds and then sleeps goes before who computes: a block does not wait until an
 * engine's slice of a busy processor is over. Only where nobody chose a priority for the daemon.
 */
#define PROCESS_NICE_FIRST (-10)
/* From now on, of this process: the row's. Threads and children that are made later begin with it. */
void process_priority(enum process_kind kind);

/* Row by name; false: no such process. */
bool process_find(const char *name, enum process_kind *kind);

/*
 * Starts the kind's index-th process. fds[i] (borrowed) becomes descriptor
 * 3 + i there, nothing else is inherited but 0..2. -errno.
 */
__must_check int process_spawn(enum process_kind kind, unsigned int index, const int *fds, unsigned int count,
			       pid_t *pid);

int ctl_prepare(void);
int ctl_main(unsigned int index);
int reporter_main(unsigned int index);
int engine_prepare(void);
int engine_main(unsigned int index);
int parser_main(unsigned int index);
int notifier_prepare(void);
int notifier_main(unsigned int index);
int archive_prepare(void);
int archive_main(unsigned int index);
int portal_prepare(void);
int portal_main(unsigned int index);

#endif
