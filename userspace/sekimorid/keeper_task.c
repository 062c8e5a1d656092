// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_task.c - long work on what the keeper knows: done by a copy of its process, so that the keeper goes
 * on answering. The copy changes nothing but files and says what it found.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "keeper.h"
#include "lib/apart.h"
#include "lib/log.h"

struct keeper_task {
	pid_t pid;
	int fd;
	keeper_task_done done;
	size_t ask_len, want, got;
	uint8_t *ask, *answer; /* the answer: its error, then what is in it */
};

bool keeper_task_runs(const struct keeper *k, enum keeper_task_kind kind)
{
	return k->tasks[kind];
}

static void task_free(struct keeper_task *task)
{
	if (!task)
		return;
	if (task->fd >= 0)
		close(task->fd);
	free(task->ask);
	free(task->answer);
	free(task);
}
DEFINE_CLEANUP(task_free, struct keeper_task)

static void task_end(struct keeper *k, enum keeper_task_kind kind, int err)
{
	CLEANUP(task_free) struct keeper_task *task = k->tasks[kind];
	int said = err;

	k->tasks[kind] = NULL;
	loop_remove(k->loop, task->fd);
	/* It has nothing left to do; who reaps it does not matter. */
	if (err)
		kill(task->pid, SIGKILL);
	if (waitpid(task->pid, NULL, 0) < 0 && errno != ECHILD)
		log_warn("a copy of the keeper cannot be waited for: %s", strerror(errno));
	if (!err)
		memcpy(&said, task->answer, sizeof(said));
	task->done(k, said, task->ask, task->answer + sizeof(uint64_t));
}

static void task_read(int fd, uint32_t events, void *arg)
{
	struct keeper *k = arg;
	struct keeper_task *task = NULL;
	int kind = 0;
	ssize_t n;

	for (; kind < TASK_MAX && !task; kind++)
		if (k->tasks[kind] && k->tasks[kind]->fd == fd)
			task = k->tasks[kind];
	if (!task)
		return;
	kind--;
	n = read(fd, task->answer + task->got, task->want - task->got);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		task->got += (size_t)n;
	if (n <= 0)
		task_end(k, (enum keeper_task_kind)kind, n ? -errno : -EIO);
	else if (task->got == task->want)
		task_end(k, (enum keeper_task_kind)kind, 0);
}

static void __attribute__((noreturn))
task_run(struct keeper *k, pid_t parent, int out, keeper_task_run run, const struct keeper_task *task)
{
	size_t sent = 0;
	int err;

	/* It must not outlive the keeper, nor hold the instance's lock when that is gone. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close(k->lock);
	apart_give_way();
	err = run(k, task->ask, task->answer + sizeof(uint64_t));
	memcpy(task->answer, &err, sizeof(err));
	while (sent < task->want) {
		ssize_t n = write(out, task->answer + sent, task->want - sent);

		if (n < 0 && errno != EINTR)
			_exit(1);
		sent += n > 0 ? (size_t)n : 0;
	}
	_exit(0);
}

static int task_start(struct keeper *k, struct keeper_task *task, keeper_task_run run)
{
	const pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	task->fd = ends[0];
	task->pid = fork();
	if (!task->pid)
		task_run(k, parent, ends[1], run, task);
	close(ends[1]);
	if (task->pid < 0)
		return -errno;
	if (fcntl(task->fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return loop_add(k->loop, task->fd, EPOLLIN, task_read, k);
}

int keeper_task(struct keeper *k, enum keeper_task_kind kind, const struct keeper_task_work *work)
{
	CLEANUP(task_free) struct keeper_task *task = NULL;
	int err;

	if (k->tasks[kind])
		return -EBUSY;
	task = calloc(1, sizeof(*task));
	if (!task)
		return -ENOMEM;
	*task = (struct keeper_task){.fd = -1,
				     .done = work->done,
				     .ask_len = work->ask_len,
				     .want = sizeof(uint64_t) + work->answer_len,
				     .ask = malloc(work->ask_len),
				     .answer = calloc(1, sizeof(uint64_t) + work->answer_len)};
	if (!task->ask || !task->answer)
		return -ENOMEM;
	memcpy(task->ask, work->ask, work->ask_len);
	err = task_start(k, task, work->run);
	if (err && task->pid > 0) {
		kill(task->pid, SIGKILL);
		(void)waitpid(task->pid, NULL, 0);
	}
	if (!err)
		k->tasks[kind] = TAKE_PTR(task);
	return err;
}

void keeper_tasks_end(struct keeper *k)
{
	for (int kind = 0; kind < TASK_MAX; kind++) {
		struct keeper_task *task = k->tasks[kind];

		if (!task)
			continue;
		k->tasks[kind] = NULL;
		/* What it writes may be a list that is in force already. */
		(void)waitpid(task->pid, NULL, 0);
		task_free(task);
	}
}
