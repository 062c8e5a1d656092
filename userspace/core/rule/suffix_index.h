/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suffix_index.h - rules that ask for a domain: literals that end where the
 * buffer ends and begin at a dot or where it begins, found by a hash of the
 * buffer's labels from the end, without regard to case.
 */
#ifndef CORE_SUFFIX_INDEX_H
#define CORE_SUFFIX_INDEX_H

#include "core/match/mpm.h"
#include "rule.h"

#define SUFFIX_MAX 255u

struct suffix_entry {
	uint64_t hash;
	uint32_t rule;
};

/* Grows while rules are added, then is built once and never changes. Zero is empty. */
struct suffix_index {
	struct suffix_entry *entries; /* after the build by hash, then rule */
	uint32_t count, room;
	uint32_t *slots; /* open hash: 1 + the first entry of a hash, 0: none */
	uint32_t *rules; /* of entries[n] */
	uint32_t slot_mask, longest;
};

/* May the rule be found by this content alone? Then it needs no other search. */
bool suffix_fits(const struct rule_list *list, const struct node_content *content);
__must_check int suffix_index_add(struct suffix_index *index, const struct node_content *content,
				  uint32_t rule);
__must_check int suffix_index_build(struct suffix_index *index);
void suffix_index_clear(struct suffix_index *index);
/* Calls fn with the rules whose literal is likely the end of data; the exact check follows. */
void suffix_index_find(const struct suffix_index *index, struct span data, mpm_hit_fn fn, void *arg);

#endif
