/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arena.h - memory that is freed at once: what rules are made of lives as
 * long as their set. A mark lets a refused rule give its memory back.
 */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include <stddef.h>

#include "lib/cleanup.h"

struct arena_block;
struct arena {
	struct arena_block *head; /* all zero is an empty arena */
};
struct arena_mark {
	struct arena_block *block;
	size_t used;
};

/* Zeroed and aligned for any type; NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);
/* A NUL-terminated copy of len bytes. */
char *arena_string(struct arena *arena, const char *text, size_t len);
struct arena_mark arena_mark(const struct arena *arena);
/* Frees everything that was allocated since the mark. */
void arena_rewind(struct arena *arena, struct arena_mark mark);
void arena_clear(struct arena *arena);

#endif
