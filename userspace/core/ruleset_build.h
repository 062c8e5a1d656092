/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ruleset_build.h - the builder's inside, shared by reading and compiling.
 */
#ifndef CORE_RULESET_BUILD_H
#define CORE_RULESET_BUILD_H

#include "rule_parse.h"
#include "ruleset_parts.h"
#include "severity.h"
#include "threshold.h"
#include "transform.h"

struct ruleset_builder {
	struct arena arena;
	struct rule_groups groups;
	struct rule_names *names;
	struct transform_pool *transforms;
	struct classification classes;
	struct severity_table severities;
	struct threshold_table thresholds;
	struct rule **rules;
	uint32_t count, room, failed;
	uint8_t action_rank[RULE_PASS + 1]; /* lower: judged first */
	uint64_t *sids; /* (gid, sid) already taken, open hash */
	uint32_t sid_room;
	double load_ms;
	ruleset_fetch_fn fetch; /* NULL: no cache */
	void *fetch_arg;
	double (*now_ms)(void); /* NULL: load_ms stays 0 */
};

/* 0 without a clock. */
double ruleset_builder_now(const struct ruleset_builder *builder);

/* Frees databases and runs of a set that may be half built. */
void ruleset_clear_lanes(struct ruleset *set);

#endif
