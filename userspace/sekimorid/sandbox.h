/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.h - what a child gives up before it reads its first message.
 */
#ifndef SEKIMORID_SANDBOX_H
#define SEKIMORID_SANDBOX_H

#include <stdint.h>

#include "lib/cleanup.h"

/* Groups of system calls that a process may have. */
#define SANDBOX_BASE   1u /* memory, time, reading and writing what it holds, polling, leaving */
#define SANDBOX_ACCEPT 2u /* accept4, getsockopt */
#define SANDBOX_MEMFD  4u /* memfd_create, ftruncate */
#define SANDBOX_NETWORK                                                                                      \
	16u /* connections to others, and what names of hosts and certificates need of the system */
#define SANDBOX_SERVE 32u /* what a server does with accepted connections; nothing that makes one */
#define SANDBOX_FILES 8u  /* files in the one folder that it holds */

struct sandbox {
	const char *user;
	uint32_t fallback;    /* uid and gid when the user does not exist */
	uint32_t groups;      /* SANDBOX_* */
	int folder;	      /* what lies below it is what Landlock leaves, -1: nothing */
	int reads;	      /* and below this one to read only, -1: nothing */
	const char *reads_as; /* user whose group makes that possible, NULL none */
	uint32_t reads_gid;   /* its number when there is no such user */
};

/*
 * Takes the user's ids (or uid and gid of fallback), drops every capability and
 * the bounding set, forbids new privileges, takes away all paths (Landlock)
 * and leaves the groups' system calls (seccomp). The process dies with its
 * parent. -errno: the process must not go on.
 */
__must_check int sandbox_enter(const struct sandbox *box);

/* The keeper's: keeps root but only the capabilities that its work needs. */
__must_check int sandbox_keeper(void);

/* Landlock version of this kernel, 0 = none. */
unsigned int sandbox_landlock_abi(void);

#endif
