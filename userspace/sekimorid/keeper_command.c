// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_command.c - programs that tell of notices. The notifier has neither
 * paths nor execve, so the keeper starts them: with the JSON as standard input,
 * as the user that the configuration names, who is never root.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/report/notice_text.h"
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"

#define RUN_SECONDS 20u
#define SCHEME	    "exec://"

static void command_done(struct keeper *k, uint64_t message, uint32_t channel, int result, const char *why)
{
	struct message_command_done out = {.message = message, .channel = channel, .result = result};

	snprintf(out.why, sizeof(out.why), "%s", why);
	if (keeper_child_tell(k, PROCESS_NOTIFIER, MESSAGE_COMMAND_DONE, &out, sizeof(out)))
		log_debug("the notifier is gone; it tells again what it has");
}

static const struct policy_channel *command_channel(const struct keeper *k, const char *name)
{
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;

	for (uint32_t i = 0; i < policy->channel_count; i++)
		if (policy->channels[i].kind == CHANNEL_COMMAND && !strcmp(policy->channels[i].name, name))
			return &policy->channels[i];
	return NULL;
}

/* Only what nobody but root can change runs, also when its user is named by a careless configuration. */
static const char *program_fault(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return "the program is no executable file";
	if (st.st_uid || st.st_mode & 0022)
		return "the program does not belong to root, or others may change it";
	return NULL;
}

/* In the child, between fork and exec. */
static _Noreturn void command_exec(const char *path, const struct passwd *pw, int input)
{
	char *const argv[] = {(char *)path, NULL};
	char *const envp[] = {(char *)"PATH=/usr/local/bin:/usr/bin:/bin", (char *)"LANG=C.UTF-8", NULL};
	int null = open("/dev/null", O_WRONLY);
	sigset_t none;

	if (null < 0 || dup2(input, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    syscall(SYS_close_range, 3, ~0U, 0) < 0)
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || setgroups(0, NULL) ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) || setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) ||
	    chdir("/") || !setuid(0))
		_exit(126);
	execve(path, argv, envp);
	_exit(127);
}

static int command_start(const struct policy_channel *channel, const char *text, size_t len, pid_t *pid,
			 const char **why)
{
	const char *path = channel->url + strlen(SCHEME);
	const struct passwd *pw = getpwnam(channel->user);
	AUTO_FD int input = -1;
	int err;

	*why = program_fault(path);
	if (*why)
		return -EACCES;
	*why = "there is no such user, or it is root";
	if (!pw || !pw->pw_uid)
		return -EPERM;
	*why = "no memory for what the program reads";
	err = file_seal("sekimori-notice", text, len, &input);
	if (err || lseek(input, 0, SEEK_SET) < 0)
		return err ? err : -errno;
	*why = "no process could be made";
	*pid = fork();
	if (*pid < 0)
		return -errno;
	if (!*pid)
		command_exec(path, pw, input);
	return 0;
}

void keeper_command(struct keeper *k, const uint8_t *body, size_t len)
{
	const struct policy_channel *channel;
	struct keeper_run *run = k->runs;
	struct message_command in;
	const char *why = "";
	pid_t pid = 0;
	int err;

	memcpy(&in, body, sizeof(in));
	if (in.len != len - sizeof(in) || !message_text_valid(in.name, sizeof(in.name)))
		return;
	while (run < k->runs + KEEPER_RUNS && run->pid)
		run++;
	channel = command_channel(k, in.name);
	if (!channel || run == k->runs + KEEPER_RUNS) {
		command_done(k, in.message, in.channel, -EBUSY,
			     channel ? "too many programs for notices run"
				     : "the channel is no longer there");
		return;
	}
	err = command_start(channel, (const char *)body + sizeof(in), in.len, &pid, &why);
	if (err) {
		command_done(k, in.message, in.channel, err, why);
		return;
	}
	*run = (struct keeper_run){.pid = pid,
				   .message = in.message,
				   .channel = in.channel,
				   .until = keeper_now() + RUN_SECONDS};
}

bool keeper_command_ended(struct keeper *k, pid_t pid, int status)
{
	char why[128];

	for (unsigned int i = 0; i < KEEPER_RUNS; i++) {
		struct keeper_run *run = &k->runs[i];

		if (run->pid != pid)
			continue;
		if (run->killed)
			snprintf(why, sizeof(why), "the program did not end within %u seconds", RUN_SECONDS);
		else if (WIFSIGNALED(status))
			snprintf(why, sizeof(why), "the program died of signal %d", WTERMSIG(status));
		else
			snprintf(why, sizeof(why), "the program ended with %d%s", WEXITSTATUS(status),
				 WEXITSTATUS(status) == 127   ? ": it cannot be executed"
				 : WEXITSTATUS(status) == 126 ? ": it could not become its user"
							      : "");
		run->pid = 0;
		command_done(k, run->message, run->channel, status ? -EIO : 0, why);
		return true;
	}
	return false;
}

void keeper_command_tick(struct keeper *k)
{
	for (unsigned int i = 0; i < KEEPER_RUNS; i++) {
		struct keeper_run *run = &k->runs[i];

		if (!run->pid || run->killed || keeper_now() < run->until)
			continue;
		/* Its own session: what it started goes with it. */
		if (kill(-run->pid, SIGKILL) < 0)
			kill(run->pid, SIGKILL);
		run->killed = true;
	}
}
