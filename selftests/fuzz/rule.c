// SPDX-License-Identifier: GPL-2.0-or-later
/* Any text as a rules file: each rule is loaded or refused with a keyword and a reason, and what loads
 * compiles. */
#include <string.h>

#include "core/rule/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refused(const char *file, unsigned int line, uint32_t sid, const char *keyword, const char *why,
		    void *arg)
{
	unsigned int *count = arg;

	(*count)++;
	if (!line || !*keyword || !*why || strcmp(file, "fuzz.rules"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	struct ruleset_counts counts;
	unsigned int count = 0;
	char why[256];
	int err;

	if (ruleset_builder_new(&builder) ||
	    ruleset_add_rules(builder, "fuzz.rules", (const char *)data, size, refused, &count))
		abort();
	err = ruleset_build(builder, &set, why, sizeof(why));
	if (err == -22 && *why)
		return 0;
	if (err)
		abort();
	ruleset_count(set, &counts);
	if (counts.failed != count)
		abort();
	for (uint32_t i = 0; i < counts.loaded; i++) {
		const struct rule_info *info = ruleset_at(set, i);

		if (!info->sid || !info->line || !info->msg || !info->header || !ruleset_find(set, info->sid))
			abort();
	}
	return 0;
}
