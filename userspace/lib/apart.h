/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apart.h - one piece of work in a thread of its own, which gives way: it has no higher priority than
 * anybody, and signals stay with the others.
 */
#ifndef LIB_APART_H
#define LIB_APART_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

struct apart {
	void (*fn)(void *arg);
	void *arg;
	pthread_t thread;
	int done; /* readable once fn has returned */
};

/* From now on this thread, and what it makes, goes before nobody: what is long comes last. */
void apart_give_way(void);
/* 0: fn(arg) has begun. -errno: it never will. */
__must_check int apart_begin(struct apart *apart, void (*fn)(void *arg), void *arg);
bool apart_is_over(const struct apart *apart);
/* Waits until fn has returned. */
void apart_end(struct apart *apart);

/* munmap() of what is large takes time that nobody needs to wait for. */
void apart_unmap(const void *data, size_t len);

#endif
