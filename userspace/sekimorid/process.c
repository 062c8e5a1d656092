// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process.c - who runs, as whom, with what; and how it is started.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"
#include "sandbox.h"

const struct process_row process_table[PROCESS_KIND_MAX] = {
	[PROCESS_KEEPER] =
		{.name = "keeper",
		 .user = "root",
		 .uid = 0,
		 .nice = PROCESS_NICE_FIRST,
		 .fds = "all BPF maps, programs and links; priority ring; channels to every child",
		 .calls = "not filtered; capabilities cut to CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON, "
			  "CAP_SYS_ADMIN (programs by id), CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL, "
			  "CAP_CHOWN, "
			  "CAP_DAC_OVERRIDE, CAP_SYS_RESOURCE",
		 .paths = "run and state folder; configuration, list and rule files (copied, never parsed); "
			  "bpffs; EVE file"},
	[PROCESS_CTL] = {.name = "ctl",
			 .user = "sekimori-ctl",
			 .uid = 64710,
			 .groups = SANDBOX_BASE | SANDBOX_ACCEPT,
			 .nice = PROCESS_NICE_FIRST,
			 .prepare = ctl_prepare,
			 .main = ctl_main,
			 .fds = "keeper channel; listening control socket; accepted clients",
			 .calls = "base + accept4, getsockopt",
			 .paths = "none"},
	[PROCESS_REPORTER] =
		{.name = "reporter",
		 .user = "sekimori-reporter",
		 .uid = 64711,
		 .ends = PROCESS_ENDS_REPORTER,
		 .groups = SANDBOX_BASE,
		 .main = reporter_main,
		 .fds = "keeper channel; one channel per engine; archive channel; EVE file, append only",
		 .calls = "base",
		 .paths = "none (the keeper opens the EVE file and passes it)"},
	[PROCESS_ENGINE] = {.name = "engine",
			    .user = "sekimori-engine",
			    .uid = 64720,
			    .groups = SANDBOX_BASE,
			    .prepare = engine_prepare,
			    .main = engine_main,
			    .fds = "keeper channel; its ring, consumer side; memory that the engines share; "
				   "reporter channel; sealed policy and rules",
			    .calls = "base",
			    .paths = "none (rules arrive in sealed memory)"},
	[PROCESS_PARSER] = {.name = "parser",
			    .user = "sekimori-parser",
			    .uid = 64712,
			    .groups = SANDBOX_BASE | SANDBOX_MEMFD,
			    .main = parser_main,
			    .fds = "keeper channel; sealed text in, sealed image out; lives for one job",
			    .calls = "base + memfd_create, ftruncate",
			    .paths = "none"},
	[PROCESS_NOTIFIER] =
		{.name = "notifier",
		 .user = "sekimori-notifier",
		 .uid = 64714,
		 .ends = PROCESS_ENDS_NOTIFIER,
		 .groups = SANDBOX_BASE | SANDBOX_NETWORK,
		 .prepare = notifier_prepare,
		 .main = notifier_main,
		 .fds = "keeper channel; archive channel; connections to mail servers, webhooks, syslog",
		 .calls = "base + network (socket, connect, clone of threads, reading files, ...)",
		 .paths = "/etc, /usr, /lib, resolver: read only (Landlock)"},
	[PROCESS_ARCHIVE] = {.name = "archive",
			     .user = "sekimori-archive",
			     .uid = 64713,
			     .ends = PROCESS_ENDS_ARCHIVE,
			     .groups = SANDBOX_BASE | SANDBOX_FILES,
			     .store = PROCESS_FD_OWN,
			     .prepare = archive_prepare,
			     .main = archive_main,
			     .fds = "keeper channel; reporter channel; the folder of the store",
			     .calls = "base + files (openat, pwrite64, fdatasync, renameat, unlink, ...); "
				      "with a PostgreSQL server + network",
			     .paths = "STATE/INSTANCE/store, nothing else (Landlock); with a server what the "
				      "resolver and TLS read"},
	[PROCESS_PORTAL] = {.name = "portal",
			    .user = "sekimori-portal",
			    .uid = 64715,
			    .groups = SANDBOX_BASE | SANDBOX_ACCEPT | SANDBOX_FILES | SANDBOX_SERVE,
			    .store = PROCESS_FD_SHARED,
			    .reads = "sekimori-archive",
			    .reads_gid = 64713,
			    .prepare = portal_prepare,
			    .main = portal_main,
			    .fds = "keeper channel; its folder; the store's folder; ctl channel; listening "
				   "socket; accepted browsers",
			    .calls = "base + files + accept4, getsockopt, setsockopt, shutdown, clone (the "
				     "thread of reports); no socket, "
				     "no connect, except with a PostgreSQL server",
			    .paths = "STATE/INSTANCE/portal; STATE/INSTANCE/store read only (Landlock)"},
};

bool process_find(const char *name, enum process_kind *kind)
{
	for (int i = 0; i < PROCESS_KIND_MAX; i++) {
		if (process_table[i].main && !strcmp(process_table[i].name, name)) {
			*kind = i;
			return true;
		}
	}
	return false;
}

void process_priority(enum process_kind kind)
{
	int now = getpriority(PRIO_PROCESS, 0), want = process_table[kind].nice;

	if ((now == 0 || now == PROCESS_NICE_FIRST) && now != want)
		(void)setpriority(PRIO_PROCESS, 0, want); /* without the right to it all is as before */
}

/* Runs in the child between fork and exec: async-signal-safe calls only. */
static void process_exec(enum process_kind kind, char *const argv[], const int *fds, unsigned int count)
{
	int high[PROCESS_FDS_MAX];
	sigset_t none;

	process_priority(kind);
	/* Out of the way first, so that no dup2 hits a descriptor still needed. */
	for (unsigned int i = 0; i < count; i++) {
		high[i] = fcntl(fds[i], F_DUPFD, 64);
		if (high[i] < 0)
			_exit(127);
	}
	for (unsigned int i = 0; i < count; i++)
		if (dup2(high[i], PROCESS_FD_KEEPER + (int)i) < 0)
			_exit(127);
	if (syscall(SYS_close_range, PROCESS_FD_KEEPER + count, ~0U, 0) < 0)
		for (int fd = PROCESS_FD_KEEPER + (int)count; fd < 1024; fd++)
			close(fd);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv("/proc/self/exe", argv);
	_exit(127);
}

int process_spawn(enum process_kind kind, unsigned int index, const int *fds, unsigned int count, pid_t *pid)
{
	char name[32], number[16];
	char *argv[] = {name, (char *)"--process", (char *)process_table[kind].name, number, NULL};
	pid_t child;

	if (count > PROCESS_FDS_MAX)
		return -EINVAL;
	snprintf(name, sizeof(name), "sekimorid-%s", process_table[kind].name);
	snprintf(number, sizeof(number), "%u", index);
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		process_exec(kind, argv, fds, count);
	*pid = child;
	return 0;
}
