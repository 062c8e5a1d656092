// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * text_pool.c - an open hash of texts in an arena of its own, so that a
 * refused rule takes none away that another one uses.
 */
#include "text_pool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define POOL_SLOTS 4096u /* at first; a power of two */

struct text_slot {
	const char *text; /* NULL: empty */
	uint32_t hash, len;
};

struct text_pool {
	struct arena arena;
	struct text_slot *slots;
	uint32_t slot_count, used;
};

int text_pool_new(struct text_pool **out)
{
	CLEANUP(text_pool_free) struct text_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->slots = calloc(POOL_SLOTS, sizeof(*pool->slots));
	if (!pool->slots)
		return -ENOMEM;
	pool->slot_count = POOL_SLOTS;
	*out = TAKE_PTR(pool);
	return 0;
}

void text_pool_free(struct text_pool *pool)
{
	if (!pool)
		return;
	arena_clear(&pool->arena);
	free(pool->slots);
	free(pool);
}

void text_pool_close(struct text_pool *pool)
{
	free(TAKE_PTR(pool->slots));
	pool->slot_count = pool->used = 0;
}

static struct text_slot *pool_slot(const struct text_slot *slots, uint32_t count, const char *text,
				   uint32_t len, uint32_t hash)
{
	uint32_t at = hash & (count - 1);

	while (slots[at].text &&
	       (slots[at].hash != hash || slots[at].len != len || memcmp(slots[at].text, text, len)))
		at = (at + 1) & (count - 1);
	return (struct text_slot *)&slots[at];
}

static bool pool_grow(struct text_pool *pool)
{
	uint32_t count = pool->slot_count * 2;
	struct text_slot *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return false;
	for (uint32_t i = 0; i < pool->slot_count; i++) {
		const struct text_slot *old = &pool->slots[i];

		if (old->text)
			*pool_slot(slots, count, old->text, old->len, old->hash) = *old;
	}
	free(pool->slots);
	pool->slots = slots;
	pool->slot_count = count;
	return true;
}

const char *text_pool_get(struct text_pool *pool, const char *text, size_t len)
{
	uint32_t hash = 2166136261u;
	struct text_slot *slot;

	if (!pool->slots || len > UINT32_MAX ||
	    (pool->used >= pool->slot_count / 2 && (pool->slot_count > 1u << 30 || !pool_grow(pool))))
		return NULL;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	slot = pool_slot(pool->slots, pool->slot_count, text, (uint32_t)len, hash);
	if (!slot->text) {
		const char *copy = arena_string(&pool->arena, text, len);

		if (!copy)
			return NULL;
		*slot = (struct text_slot){copy, hash, (uint32_t)len};
		pool->used++;
	}
	return slot->text;
}
