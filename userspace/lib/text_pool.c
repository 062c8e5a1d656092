// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * text_pool.c - open hashes of texts, each of which counts its pools, so that
 * a set that is given up leaves nothing but what others use.
 */
#include "text_pool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HASH_FACTOR 0x9e3779b97f4a7c15u /* 2^64 over the golden ratio */
#define TABLE_SLOTS 4096u		/* at first; a power of two */

struct text {
	uint32_t pools; /* that have it; atomic */
	uint32_t hash, len;
	_Alignas(16) char bytes[];
};

/* Open hash, at most half full; once closed, the texts one after the other. */
struct text_table {
	struct text **slots; /* NULL: empty */
	uint32_t size, used;
};

struct text_pool {
	struct text_table own;
	struct text_table older; /* of the pool before, until the pool is closed */
	bool closed;
};

int text_pool_new(struct text_pool **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void text_pool_free(struct text_pool *pool)
{
	if (!pool)
		return;
	for (uint32_t i = 0; i < pool->own.size; i++) {
		struct text *text = pool->own.slots[i];

		if (text && !__atomic_sub_fetch(&text->pools, 1, __ATOMIC_ACQ_REL))
			free(text);
	}
	free(pool->own.slots);
	free(pool->older.slots);
	free(pool);
}

void text_pool_close(struct text_pool *pool)
{
	struct text_table *own = &pool->own;
	struct text **fewer;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < own->size; i++) {
		if (own->slots[i])
			own->slots[kept++] = own->slots[i];
	}
	own->size = kept;
	fewer = realloc(own->slots, (kept ? kept : 1) * sizeof(struct text *));
	if (fewer)
		own->slots = fewer;
	free(TAKE_PTR(pool->older.slots));
	pool->older = (struct text_table){0};
	pool->closed = true;
}

/* Where it is, or the empty slot where it belongs. The table has room. */
static struct text **table_slot(const struct text_table *table, const char *text, uint32_t len, uint32_t hash)
{
	uint32_t at = hash & (table->size - 1);

	while (table->slots[at] && (table->slots[at]->hash != hash || table->slots[at]->len != len ||
				    memcmp(table->slots[at]->bytes, text, len)))
		at = (at + 1) & (table->size - 1);
	return &table->slots[at];
}

static void table_put(struct text_table *table, struct text *text)
{
	*table_slot(table, text->bytes, text->len, text->hash) = text;
	table->used++;
}

/* Room for count texts. */
static int table_reserve(struct text_table *table, uint32_t count)
{
	struct text_table more = {.size = table->size ? table->size : TABLE_SLOTS};

	while (count > more.size / 2 && more.size < 1u << 31)
		more.size *= 2;
	if (more.size == table->size && count <= more.size / 2)
		return 0;
	more.slots = count <= more.size / 2 ? calloc(more.size, sizeof(struct text *)) : NULL;
	if (!more.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->size; i++) {
		if (table->slots[i])
			table_put(&more, table->slots[i]);
	}
	free(table->slots);
	*table = more;
	return 0;
}

int text_pool_reuse(struct text_pool *pool, const struct text_pool *older)
{
	int err = table_reserve(&pool->older, older->own.size);

	for (uint32_t i = 0; i < older->own.size && !err; i++)
		table_put(&pool->older, older->own.slots[i]);
	return err;
}

static struct text *text_new(const char *bytes, uint32_t len, uint32_t hash)
{
	struct text *text = malloc(sizeof(*text) + len + 1);

	if (!text)
		return NULL;
	*text = (struct text){.pools = 1, .hash = hash, .len = len};
	if (len)
		memcpy(text->bytes, bytes, len);
	text->bytes[len] = '\0';
	return text;
}

/* Eight bytes at a time: most of what is looked up is structures. */
static uint32_t text_hash(const char *bytes, size_t len)
{
	uint64_t hash = len, word;

	for (size_t at = 0; at < len; at += sizeof(word)) {
		word = 0;
		memcpy(&word, bytes + at, len - at < sizeof(word) ? len - at : sizeof(word));
		hash = (hash ^ word) * HASH_FACTOR;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

const char *text_pool_get(struct text_pool *pool, const char *bytes, size_t len)
{
	struct text **slot, *text = NULL;
	uint32_t hash;

	if (pool->closed || len > UINT32_MAX / 2 || table_reserve(&pool->own, pool->own.used + 1))
		return NULL;
	hash = text_hash(bytes, len);
	slot = table_slot(&pool->own, bytes, (uint32_t)len, hash);
	if (*slot)
		return (*slot)->bytes;
	if (pool->older.size)
		text = *table_slot(&pool->older, bytes, (uint32_t)len, hash);
	if (text)
		__atomic_add_fetch(&text->pools, 1, __ATOMIC_RELAXED);
	else
		text = text_new(bytes, (uint32_t)len, hash);
	if (!text)
		return NULL;
	*slot = text;
	pool->own.used++;
	return text->bytes;
}
