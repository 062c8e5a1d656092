// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_gather.c - a hash of the prefixes and one of the reasons, beside the
 * policy's arrays.
 */
#include <errno.h>
#include <string.h>

#include "list_gather.h"
#include "policy_table.h"

#define SLOTS_MIN     1024u
#define SLOTS_AT_ONCE (1u << 21)

static uint32_t prefix_hash(const struct prefix *prefix)
{
	uint64_t high, low;

	memcpy(&high, prefix->addr, 8);
	memcpy(&low, prefix->addr + 8, 8);
	low = (low ^ (high * 0x9e3779b97f4a7c15ull) ^ prefix->len) * 0xbf58476d1ce4e5b9ull;
	low = (low ^ low >> 29) * 0x94d049bb133111ebull;
	return (uint32_t)(low >> 32);
}

static uint32_t text_slot(const char *text, uint32_t count)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ull;
	return (uint32_t)(hash >> 24) & (count - 1);
}

/* Where the entry of prefix is, or its free slot. The hash in the slot saves the look at rows of others. */
static uint32_t slot_find(const struct list_gather *gather, const struct prefix *prefix, uint32_t hash)
{
	const struct policy_entry *entries = gather->policy->entries;
	uint32_t slot = hash & (gather->slot_count - 1);

	for (; gather->slots[slot].row; slot = (slot + 1) & (gather->slot_count - 1))
		if (gather->slots[slot].hash == hash &&
		    !prefix_compare(&entries[gather->slots[slot].row - 1].prefix, prefix))
			break;
	return slot;
}

static int slots_grow(struct list_gather *gather)
{
	struct list_gather_slot *grown = calloc(gather->slot_count * 2ul, sizeof(*grown));
	const uint32_t mask = gather->slot_count * 2 - 1;

	if (!grown)
		return -ENOMEM;
	for (uint32_t i = 0; i < gather->slot_count; i++) {
		uint32_t slot = gather->slots[i].hash & mask;

		if (!gather->slots[i].row)
			continue;
		while (grown[slot].row)
			slot = (slot + 1) & mask;
		grown[slot] = gather->slots[i];
	}
	free(gather->slots);
	gather->slots = grown;
	gather->slot_count *= 2;
	return 0;
}

static int reasons_grow(struct list_gather *gather)
{
	uint32_t count = gather->reason_count ? gather->reason_count * 2 : SLOTS_MIN;
	uint32_t *grown = calloc(count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	for (uint32_t i = 0; i < gather->policy->reason_count; i++) {
		uint32_t slot = text_slot(gather->policy->reasons[i], count);

		while (grown[slot])
			slot = (slot + 1) & (count - 1);
		grown[slot] = i + 1;
	}
	free(gather->reasons);
	gather->reasons = grown;
	gather->reason_count = count;
	return 0;
}

/* Row of the policy's reasons plus one: the same text is held once. */
static int reason_find(struct list_gather *gather, const char *text, uint32_t *out)
{
	struct policy *policy = gather->policy;
	uint32_t slot;
	char *row;
	bool full;
	int err;

	*out = 0;
	if (!*text)
		return 0;
	if (policy->reason_count * 2 >= gather->reason_count) {
		err = reasons_grow(gather);
		if (err)
			return err;
	}
	slot = text_slot(text, gather->reason_count);
	while (gather->reasons[slot] && strcmp(policy->reasons[gather->reasons[slot] - 1], text) != 0)
		slot = (slot + 1) & (gather->reason_count - 1);
	if (!gather->reasons[slot]) {
		row = policy_array_add(policy, ARRAY_REASONS, &full);
		if (!row)
			return full ? -ENOSPC : -ENOMEM;
		strcpy(row, text); /* list_entry: shorter than its room */
		gather->reasons[slot] = policy->reason_count;
	}
	*out = gather->reasons[slot];
	return 0;
}
_Static_assert(LIST_REASON_ROOM == POLICY_REASON_MAX, "reasons of files and of policies are as long");

int list_gather_begin(struct list_gather *gather, struct policy *policy, uint16_t list, uint64_t expires,
		      size_t bytes)
{
	if (gather->policy != policy) { /* its reasons are others */
		free(gather->reasons);
		gather->reasons = NULL;
		gather->reason_count = 0;
	}
	free(gather->slots);
	gather->policy = policy;
	gather->list = list;
	gather->expires = expires;
	gather->slots_used = 0;
	gather->slot_count = SLOTS_MIN;
	/* The shortest rows have about 14 bytes, and slots are filled by half at most. */
	while (gather->slot_count < bytes / 8 && gather->slot_count < SLOTS_AT_ONCE)
		gather->slot_count *= 2;
	gather->slots = calloc(gather->slot_count, sizeof(*gather->slots));
	return gather->slots ? 0 : -ENOMEM;
}

static void entry_merge(struct policy_entry *row, const struct policy_entry *next)
{
	const uint8_t ways = SEKI_ENTRY_SRC | SEKI_ENTRY_DST;

	if (row->remove || next->remove) {
		if (row->remove && !next->remove)
			*row = *next;
		return;
	}
	if (row->expires && (!next->expires || next->expires > row->expires))
		row->expires = next->expires;
	if (next->severity > row->severity)
		row->severity = next->severity;
	row->flags = (uint8_t)(((row->flags | next->flags) & ways) |
			       (row->flags & next->flags & SEKI_ENTRY_ALERT));
	if (!row->reason)
		row->reason = next->reason;
}

int list_gather_add(const struct list_entry *entry, void *arg)
{
	struct list_gather *gather = arg;
	const struct policy_list *list = &gather->policy->lists[gather->list];
	struct policy_entry next = {.list = gather->list,
				    .prefix = entry->prefix,
				    .flags = entry->flags ? entry->flags : list->flags,
				    .severity = entry->severity == LIST_SEVERITY_UNSAID ? list->severity
											: entry->severity,
				    .remove = entry->remove,
				    .created = entry->created,
				    .expires = entry->expires ? entry->expires : gather->expires};
	const uint32_t hash = prefix_hash(&entry->prefix);
	struct policy_entry *row;
	uint32_t slot;
	bool full;
	int err = reason_find(gather, entry->reason, &next.reason);

	if (!err && gather->slots_used * 2 >= gather->slot_count)
		err = slots_grow(gather);
	if (err)
		return err;
	slot = slot_find(gather, &entry->prefix, hash);
	if (gather->slots[slot].row) {
		entry_merge(&gather->policy->entries[gather->slots[slot].row - 1], &next);
		return -EEXIST;
	}
	row = policy_array_add(gather->policy, ARRAY_ENTRIES, &full);
	if (!row)
		return full ? -ENOSPC : -ENOMEM;
	*row = next;
	gather->slots[slot] = (struct list_gather_slot){.hash = hash, .row = gather->policy->entry_count};
	gather->slots_used++;
	return 0;
}

void list_gather_end(struct list_gather *gather)
{
	free(gather->slots);
	free(gather->reasons);
	*gather = (struct list_gather){0};
}
