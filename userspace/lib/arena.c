// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arena.c - a list of growing blocks, the newest first; allocation moves a
 * mark forward in the newest.
 */
#include "arena.h"

#include <stdint.h>
#include <string.h>

#define ARENA_BLOCK_BYTES (256u << 10)
#define ARENA_ALIGN	  16u

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(ARENA_ALIGN) uint8_t data[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->head;
	size_t need = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	void *out;

	if (need < size)
		return NULL;
	if (!block || block->size - block->used < need) {
		size_t bytes = need > ARENA_BLOCK_BYTES ? need : ARENA_BLOCK_BYTES;

		block = malloc(sizeof(*block) + bytes);
		if (!block)
			return NULL;
		block->next = arena->head;
		block->used = 0;
		block->size = bytes;
		arena->head = block;
	}
	out = block->data + block->used;
	block->used += need;
	return memset(out, 0, need);
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *out = arena_alloc(arena, size);

	if (out && size)
		memcpy(out, data, size);
	return out;
}

char *arena_string(struct arena *arena, const char *text, size_t len)
{
	char *out = arena_alloc(arena, len + 1);

	if (out && len)
		memcpy(out, text, len);
	return out;
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){arena->head, arena->head ? arena->head->used : 0};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->head != mark.block) {
		struct arena_block *block = arena->head;

		arena->head = block->next;
		free(block);
	}
	if (arena->head)
		arena->head->used = mark.used;
}

void arena_clear(struct arena *arena)
{
	arena_rewind(arena, (struct arena_mark){NULL, 0});
}
