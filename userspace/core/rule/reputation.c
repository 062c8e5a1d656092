// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reputation.c - entries sorted by category, length and address; a look-up
 * asks each length that the category has, the longest first.
 */
#include "reputation.h"

#include <errno.h>
#include <string.h>

#include "config_line.h"
#include "lib/prefix.h"
#include "rule_parse.h"

struct reputation_entry {
	uint8_t category, len, score, pad;
	uint32_t order; /* of the files: the last one holds */
	struct seki_addr addr;
};

struct reputation {
	char names[REPUTATION_CATEGORIES_MAX + 1][64];
	uint64_t lengths[REPUTATION_CATEGORIES_MAX + 1][3]; /* a bit per prefix length, 0…128 */
	struct reputation_entry *entries;
	uint32_t count, room;
};

int reputation_new(struct reputation **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void reputation_free(struct reputation *reputation)
{
	if (reputation)
		free(reputation->entries);
	free(reputation);
}

static const char *category_line(char *line, int *err, void *arg)
{
	struct reputation *reputation = arg;
	char *rest = line, *number = rule_item(&rest), *name = rule_item(&rest);
	uint64_t value;

	if (!rest)
		return "not \"number,name,description\"";
	if (rule_unsigned(number, REPUTATION_CATEGORIES_MAX, &value) || !value)
		return "the number is not between 1 and 60";
	if (!*name || strlen(name) >= sizeof(reputation->names[0]))
		return "the name is empty or too long";
	for (unsigned int i = 1; i <= REPUTATION_CATEGORIES_MAX; i++) {
		if (i != value && !strcmp(reputation->names[i], name))
			return "the name belongs to another number";
	}
	memcpy(reputation->names[value], name, strlen(name) + 1);
	return NULL;
}

static const char *entry_line(char *line, int *err, void *arg)
{
	struct reputation *reputation = arg;
	char *rest = line, *address = rule_item(&rest), *category = rule_item(&rest),
	     *score = rule_item(&rest);
	struct reputation_entry *entry;
	struct prefix prefix;
	const char *why;
	uint64_t number, value;

	if (!score || rest)
		return "not \"address,category number,score\"";
	if (prefix_parse(address, strlen(address), &prefix, &why))
		return why;
	if (rule_unsigned(category, REPUTATION_CATEGORIES_MAX, &number) || !number)
		return "the category is not between 1 and 60";
	if (rule_unsigned(score, REPUTATION_SCORE_MAX, &value))
		return "the score is not between 0 and 127";
	if (reputation->count == reputation->room) {
		uint32_t room = reputation->room ? reputation->room * 2 : 256;

		if (reputation->count >= REPUTATION_ENTRIES_MAX) {
			*err = -E2BIG;
			return NULL;
		}
		entry = realloc(reputation->entries, room * sizeof(*entry));
		if (!entry) {
			*err = -ENOMEM;
			return NULL;
		}
		reputation->entries = entry;
		reputation->room = room;
	}
	entry = &reputation->entries[reputation->count];
	*entry = (struct reputation_entry){.category = (uint8_t)number,
					   .len = prefix.len,
					   .score = (uint8_t)value,
					   .order = reputation->count++};
	memcpy(entry->addr.b, prefix.addr, sizeof(entry->addr.b));
	return NULL;
}

int reputation_read_categories(struct reputation *reputation, const char *file, const char *text, size_t len,
			       ruleset_refused_fn fn, void *arg)
{
	return config_lines("reputation", file, text, len, category_line, reputation, fn, arg);
}

int reputation_read(struct reputation *reputation, const char *file, const char *text, size_t len,
		    ruleset_refused_fn fn, void *arg)
{
	return config_lines("reputation", file, text, len, entry_line, reputation, fn, arg);
}

static int entry_order(const struct reputation_entry *x, const struct reputation_entry *y)
{
	if (x->category != y->category)
		return x->category < y->category ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->addr.b, y->addr.b, sizeof(x->addr.b));
}

static int entry_compare(const void *a, const void *b)
{
	const struct reputation_entry *x = a, *y = b;
	int order = entry_order(x, y);

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

void reputation_finish(struct reputation *reputation)
{
	uint32_t kept = 0;

	if (!reputation->count)
		return;
	qsort(reputation->entries, reputation->count, sizeof(*reputation->entries), entry_compare);
	for (uint32_t i = 0; i < reputation->count; i++) {
		const struct reputation_entry entry = reputation->entries[i];

		/* Of equal ones the last holds. */
		if (kept && !entry_order(&reputation->entries[kept - 1], &entry))
			kept--;
		reputation->entries[kept++] = entry;
		reputation->lengths[entry.category][entry.len / 64] |= 1ull << entry.len % 64;
	}
	reputation->count = kept;
}

uint8_t reputation_category(const struct reputation *reputation, const char *name)
{
	for (uint8_t i = 1; *name && i <= REPUTATION_CATEGORIES_MAX; i++) {
		if (!strcmp(reputation->names[i], name))
			return i;
	}
	return 0;
}

int reputation_score(const struct reputation *reputation, uint8_t category, const struct seki_addr *addr)
{
	for (int len = 128; len >= 0; len--) {
		struct reputation_entry key = {.category = category, .len = (uint8_t)len, .addr = *addr};
		uint32_t low = 0, high = reputation->count;

		if (!(reputation->lengths[category][len / 64] >> len % 64 & 1))
			continue;
		for (int i = 0; i < 16; i++) {
			int bits = len - 8 * i;

			key.addr.b[i] &= bits >= 8 ? 0xff : bits <= 0 ? 0 : (uint8_t)(0xff00 >> bits);
		}
		while (low < high) {
			uint32_t middle = low + (high - low) / 2;

			if (entry_order(&reputation->entries[middle], &key) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < reputation->count && !entry_order(&reputation->entries[low], &key))
			return reputation->entries[low].score;
	}
	return -1;
}
