/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules_load.h - a rule set out of the text that a fuzz target brings along. */
#ifndef SELFTESTS_RULES_LOAD_H
#define SELFTESTS_RULES_LOAD_H

#include <stdlib.h>

#include "core/rule/ruleset.h"

/* The caller's; a text that does not load is a fault of the target, and ends it. */
static inline struct ruleset *rules_load(const char *rules, size_t len)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	struct ruleset *set = NULL;
	char why[128];

	if (ruleset_builder_new(&builder) ||
	    ruleset_add_rules(builder, "fuzz.rules", rules, len, NULL, NULL) ||
	    ruleset_build(builder, &set, why, sizeof(why)))
		abort();
	return set;
}

#endif
