/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * postgres.h - a PostgreSQL server of the test's own: in a temporary folder, on a
 * unix socket there, as an ordinary user; gone when the test is.
 */
#ifndef SELFTESTS_POSTGRES_H
#define SELFTESTS_POSTGRES_H

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct {
	char dir[48], bin[200];
	pid_t pid;
	bool tried;
	const char *why; /* it is not there, NULL: it is */
} postgres;

/* initdb and postgres refuse root. */
static inline void postgres_user(void)
{
	const struct passwd *pw = getuid() ? NULL : getpwnam("nobody");

	if (pw && (setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

static inline pid_t postgres_fork(char *const argv[])
{
	char program[256];
	pid_t pid = fork();

	if (pid)
		return pid;
	postgres_user();
	if (chdir(postgres.dir) < 0 || !freopen("log", "a", stdout) || dup2(1, 2) < 0)
		_exit(125);
	snprintf(program, sizeof(program), "%s/%s", postgres.bin, argv[0]);
	execv(program, argv);
	_exit(127);
}

/* One command of the server's packages, to its end. */
static inline bool postgres_tool(char *const argv[])
{
	int status = -1;
	pid_t pid = postgres_fork(argv);

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static inline bool postgres_sql(const char *sql)
{
	char *argv[] = {(char *)"psql", (char *)"-qX",	     (char *)"-v", (char *)"ON_ERROR_STOP=1",
			(char *)"-h",	postgres.dir,	     (char *)"-U", (char *)"postgres",
			(char *)"-c",	(char *)(size_t)sql, NULL};

	return postgres_tool(argv);
}

static inline void postgres_stop(void)
{
	if (postgres.pid > 0) {
		kill(postgres.pid, SIGQUIT);
		waitpid(postgres.pid, NULL, 0);
	}
	postgres.pid = 0;
}

/* Until it answers: half a minute. */
static inline bool postgres_start(void)
{
	char *argv[] = {(char *)"postgres",
			(char *)"-D",
			(char *)"data",
			(char *)"-k",
			postgres.dir,
			(char *)"-c",
			(char *)"listen_addresses=",
			(char *)"-c",
			(char *)"fsync=off",
			(char *)"-c",
			(char *)"max_wal_size=2GB",
			NULL};
	char *ready[] = {(char *)"pg_isready", (char *)"-q", (char *)"-h", postgres.dir, NULL};

	postgres.pid = postgres_fork(argv);
	for (int i = 0; i < 300 && postgres.pid > 0; i++) {
		if (postgres_tool(ready))
			return true;
		if (waitpid(postgres.pid, NULL, WNOHANG) == postgres.pid)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	return false;
}

static inline void postgres_end(void)
{
	char command[96];

	postgres_stop();
	snprintf(command, sizeof(command), "rm -rf '%s'", postgres.dir);
	if (*postgres.dir && system(command))
		printf("# %s stays\n", postgres.dir);
}

static inline const char *postgres_begin(void)
{
	char *initdb[] = {(char *)"initdb",
			  (char *)"-D",
			  (char *)"data",
			  (char *)"-U",
			  (char *)"postgres",
			  (char *)"-A",
			  (char *)"trust",
			  (char *)"-E",
			  (char *)"UTF8",
			  (char *)"--no-sync",
			  (char *)"--no-instructions",
			  (char *)"--locale=C.UTF-8",
			  NULL};
	const struct passwd *pw = getuid() ? NULL : getpwnam("nobody");
	glob_t found = {0};

	if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) || !found.gl_pathc)
		return "no PostgreSQL server on this machine (tools/install-deps.sh check)";
	snprintf(postgres.bin, sizeof(postgres.bin), "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	snprintf(postgres.dir, sizeof(postgres.dir), "/tmp/sekimori-pg.XXXXXX");
	if (!mkdtemp(postgres.dir) || (pw && chown(postgres.dir, pw->pw_uid, pw->pw_gid) < 0) ||
	    chmod(postgres.dir, 0755) < 0)
		return "no temporary folder";
	atexit(postgres_end);
	if (!postgres_tool(initdb) || !postgres_start()) {
		printf("# the server did not start:\n");
		fflush(stdout);
		if (chdir(postgres.dir) || system("tail -5 log | sed 's/^/# /'"))
			printf("# and left no log\n");
		return "";
	}
	return NULL;
}

/* Why there is none, "": it is installed and failed; NULL: it runs. Started once. */
static inline const char *postgres_there(void)
{
	if (!postgres.tried)
		postgres.why = postgres_begin();
	postgres.tried = true;
	return postgres.why;
}

#endif
