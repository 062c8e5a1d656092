// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suffix_index.c - one pass from the buffer's end, a look-up at every dot and
 * at the front. A third of the public rules is nothing but such a test.
 */
#include "suffix_index.h"

#include <errno.h>

#define SUFFIX_SEED  0xcbf29ce484222325u
#define SUFFIX_PRIME 0x100000001b3u

static uint64_t suffix_step(uint64_t hash, uint8_t byte)
{
	return (hash ^ (byte >= 'A' && byte <= 'Z' ? byte + 32u : byte)) * SUFFIX_PRIME;
}

static uint32_t suffix_slot(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

/* Is the buffer exactly as long as the content? */
static bool suffix_whole(const struct rule_list *list, const struct node_content *content)
{
	for (unsigned int i = 0; i < list->node_count; i++) {
		const struct rule_node *node = &list->nodes[i];

		if (node->kind == NODE_SIZE && node->size.op == RANGE_EQ && node->size.low == content->len &&
		    !node->negated)
			return true;
	}
	return content->endswith && content->has_depth && content->depth.variable < 0 &&
	       content->depth.value == content->len &&
	       (!content->has_offset || (content->offset.variable < 0 && !content->offset.value));
}

bool suffix_fits(const struct rule_list *list, const struct node_content *content)
{
	if (!content->len || content->len > SUFFIX_MAX || content->has_distance || content->has_within)
		return false;
	return suffix_whole(list, content) || (content->endswith && content->data[0] == '.');
}

int suffix_index_add(struct suffix_index *index, const struct node_content *content, uint32_t rule)
{
	uint64_t hash = SUFFIX_SEED;

	if (index->count == index->room) {
		uint32_t room = index->room ? index->room * 2 : 64;
		struct suffix_entry *entries = realloc(index->entries, room * sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		index->entries = entries;
		index->room = room;
	}
	for (uint32_t i = content->len; i > 0; i--)
		hash = suffix_step(hash, content->data[i - 1]);
	index->entries[index->count++] = (struct suffix_entry){hash, rule};
	if (content->len > index->longest)
		index->longest = content->len;
	return 0;
}

static int suffix_compare(const void *a, const void *b)
{
	const struct suffix_entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

int suffix_index_build(struct suffix_index *index)
{
	uint32_t slots = 16;

	if (!index->count)
		return 0;
	while (slots < index->count * 2)
		slots *= 2;
	index->slots = calloc(slots, sizeof(*index->slots));
	index->rules = calloc(index->count, sizeof(*index->rules));
	if (!index->slots || !index->rules)
		return -ENOMEM;
	index->slot_mask = slots - 1;
	qsort(index->entries, index->count, sizeof(*index->entries), suffix_compare);
	for (uint32_t i = 0; i < index->count; i++) {
		uint32_t at = suffix_slot(index->entries[i].hash) & index->slot_mask;

		index->rules[i] = index->entries[i].rule;
		if (i && index->entries[i].hash == index->entries[i - 1].hash)
			continue;
		while (index->slots[at])
			at = (at + 1) & index->slot_mask;
		index->slots[at] = i + 1;
	}
	return 0;
}

void suffix_index_clear(struct suffix_index *index)
{
	free(index->entries);
	free(index->slots);
	free(index->rules);
	*index = (struct suffix_index){0};
}

static void suffix_look(const struct suffix_index *index, uint64_t hash, uint64_t to, mpm_hit_fn fn,
			void *arg)
{
	uint32_t at = suffix_slot(hash) & index->slot_mask, first, end;

	while (index->slots[at] && index->entries[index->slots[at] - 1].hash != hash)
		at = (at + 1) & index->slot_mask;
	if (!index->slots[at])
		return;
	first = end = index->slots[at] - 1;
	while (end < index->count && index->entries[end].hash == hash)
		end++;
	fn(index->rules + first, end - first, to, arg);
}

void suffix_index_find(const struct suffix_index *index, struct span data, mpm_hit_fn fn, void *arg)
{
	uint32_t stop = data.len > index->longest ? data.len - index->longest : 0;
	uint64_t hash = SUFFIX_SEED;

	if (!index->slots)
		return;
	for (uint32_t i = data.len; i > stop; i--) {
		hash = suffix_step(hash, data.data[i - 1]);
		if (data.data[i - 1] == '.' || i == 1)
			suffix_look(index, hash, data.len, fn, arg);
	}
}
