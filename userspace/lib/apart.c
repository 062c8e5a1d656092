// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apart.c - threads for one piece of work.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apart.h"

#define UNMAP_APART (16u << 20) /* less is unmapped sooner than a thread is made */

void apart_give_way(void)
{
	/* Linux has a priority for each thread; 0 is the caller's. */
	if (getpriority(PRIO_PROCESS, 0) < 0)
		(void)setpriority(PRIO_PROCESS, 0, 0);
}

static int thread_make(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

static void *apart_run(void *arg)
{
	const struct apart *apart = arg;
	const uint64_t one = 1;

	apart_give_way();
	apart->fn(apart->arg);
	while (write(apart->done, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	return NULL;
}

int apart_begin(struct apart *apart, void (*fn)(void *arg), void *arg)
{
	AUTO_FD int done = eventfd(0, EFD_CLOEXEC);
	int err;

	if (done < 0)
		return -errno;
	*apart = (struct apart){.fn = fn, .arg = arg, .done = done};
	err = thread_make(&apart->thread, apart_run, apart);
	if (!err)
		done = -1; /* the thread's and apart_end()'s */
	return err;
}

bool apart_is_over(const struct apart *apart)
{
	struct pollfd ready = {.fd = apart->done, .events = POLLIN};

	return poll(&ready, 1, 0) > 0;
}

void apart_end(struct apart *apart)
{
	pthread_join(apart->thread, NULL);
	close(apart->done);
	apart->done = -1;
}

struct mapping {
	void *data;
	size_t len;
};

static void *unmap_run(void *arg)
{
	struct mapping *mapping = arg;

	apart_give_way();
	munmap(mapping->data, mapping->len);
	free(mapping);
	return NULL;
}

void apart_unmap(const void *data, size_t len)
{
	struct mapping *mapping = len < UNMAP_APART ? NULL : malloc(sizeof(*mapping));
	pthread_t thread;

	if (mapping) {
		*mapping = (struct mapping){(void *)data, len};
		if (!thread_make(&thread, unmap_run, mapping)) {
			pthread_detach(thread);
			return;
		}
		free(mapping);
	}
	munmap((void *)data, len);
}
