/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule_group.h - variables and the address and port groups of rule headers:
 * any, single values, ranges, [lists], !negation, $VARIABLES, nested.
 */
#ifndef CORE_RULE_GROUP_H
#define CORE_RULE_GROUP_H

#include "lib/arena.h"
#include "range_set.h"

#define GROUP_DEPTH_MAX	    16
#define GROUP_NAME_MAX	    64
#define GROUP_VARIABLES_MAX 512

enum group_kind { GROUP_ADDRESS, GROUP_PORT };

struct group_variable;
struct group_entry;
struct rule_groups {
	struct arena *arena; /* borrowed; the sets live there */
	struct group_variable *variables;
	uint32_t variable_count;
	struct group_entry **buckets; /* groups already evaluated, by text */
	uint32_t bucket_count;
};

__must_check int rule_groups_init(struct rule_groups *groups, struct arena *arena);
void rule_groups_clear(struct rule_groups *groups);

/* Forgets the sets made so far; variables stay. For a new arena or new values. */
void rule_groups_forget(struct rule_groups *groups);

/* Replaces an older value; sets already made keep theirs. -EINVAL with *why, -ENOMEM. */
__must_check int rule_groups_set(struct rule_groups *groups, const char *name, const char *value,
				 const char **why);

/* The set that text stands for; equal texts share one. -EINVAL with *why (static), -ENOMEM. */
__must_check int rule_groups_get(struct rule_groups *groups, enum group_kind kind, const char *text,
				 size_t len, const struct range_set **out, const char **why);

#endif
