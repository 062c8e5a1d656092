/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cleanup.h - owners that let go by themselves at the end of their scope.
 * Declare with the attribute, initialise at once, TAKE_* on every escape.
 */
#ifndef LIB_CLEANUP_H
#define LIB_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define __must_check __attribute__((warn_unused_result))

static inline void cleanup_free_(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_fd_(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_file_(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* For "x_free(struct x *)" owners: DEFINE_CLEANUP(x_free, struct x) then CLEANUP(x_free) struct x *p = NULL.
 */
#define DEFINE_CLEANUP(function, type)                                                                       \
	static inline void cleanup_##function(type **p)                                                      \
	{                                                                                                    \
		function(*p);                                                                                \
	}
#define CLEANUP(function) __attribute__((cleanup(cleanup_##function)))
#define AUTO_FREE	  __attribute__((cleanup(cleanup_free_)))
#define AUTO_FD		  __attribute__((cleanup(cleanup_fd_)))
#define AUTO_FILE	  __attribute__((cleanup(cleanup_file_)))

#define TAKE_PTR(p)                                                                                          \
	({                                                                                                   \
		__typeof__(p) taken_ = (p);                                                                  \
		(p) = NULL;                                                                                  \
		taken_;                                                                                      \
	})
#define TAKE_FD(fd)                                                                                          \
	({                                                                                                   \
		int taken_ = (fd);                                                                           \
		(fd) = -1;                                                                                   \
		taken_;                                                                                      \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
