/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ruleset_build.h - the builder's inside, shared by reading and compiling.
 */
#ifndef CORE_RULESET_BUILD_H
#define CORE_RULESET_BUILD_H

#include "dataset.h"
#include "reference.h"
#include "reputation.h"
#include "rule_parse.h"
#include "ruleset_parts.h"
#include "severity.h"
#include "threshold.h"
#include "core/match/transform.h"

struct ruleset_file {
	const char *name, *text;
	size_t len;
};

struct ruleset_builder {
	struct arena arena, scratch;
	struct rule_groups groups;
	struct rule_names *names;
	struct text_pool *texts;
	struct transform_pool *transforms;
	struct dataset_pool *datasets;
	struct reputation *reputation;
	struct ruleset_file *files; /* of data sets, borrowed */
	uint32_t file_count;
	ruleset_load_fn load;
	void *load_arg;
	struct classification classes;
	struct reference_kinds references;
	struct severity_table severities;
	struct threshold_table thresholds;
	struct rule **rules;
	uint32_t count, room, failed;
	uint8_t action_rank[RULE_PASS + 1]; /* lower: judged first */
	uint64_t *sids;			    /* (gid, sid) already taken, open hash */
	uint32_t sid_room;
	double load_ms;
	struct ruleset *previous; /* borrowed, NULL: none */
	ruleset_fetch_fn fetch;	  /* NULL: no cache */
	void *fetch_arg;
	double (*now_ms)(void); /* NULL: load_ms stays 0 */
};

/* Makes the parts that a built set takes away with it. -ENOMEM. */
__must_check int ruleset_builder_fill(struct ruleset_builder *builder);

/* 0 without a clock. */
double ruleset_builder_now(const struct ruleset_builder *builder);

/* Frees databases and runs of a set that may be half built. */
void ruleset_clear_lanes(struct ruleset *set);

#endif
