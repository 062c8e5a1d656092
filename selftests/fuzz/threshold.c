// SPDX-License-Identifier: GPL-2.0-or-later
/* Any text as a threshold.config: each line holds or is refused with a number and a reason, and what holds
 * applies. */
#include <string.h>

#include "core/rule/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refused(const char *file, unsigned int line, uint32_t sid, const char *keyword, const char *why,
		    void *arg)
{
	(*(unsigned int *)arg)++;
	if (!line || strcmp(keyword, "threshold") || !*why || strcmp(file, "fuzz"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char rules[] =
		"alert ip any any -> any any (sid:1;)\n"
		"drop ip any any -> any any (threshold:type limit, track by_src, count 1, "
		"seconds 1; sid:2;)\n"
		"alert ip any any -> any any (gid:3; sid:3;)\n";
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	struct seki_addr src = {.b = {[15] = 1}}, dst = {.b = {[15] = 2}};
	struct ruleset_suppression answer;
	unsigned int count = 0, line;
	const char *file;
	char why[256];
	int err;

	if (ruleset_builder_new(&builder))
		abort();
	err = ruleset_add_data(builder, RULE_DATA_THRESHOLD, "fuzz", (const char *)data, size, refused,
			       &count);
	if ((err != 0) != (count != 0) ||
	    ruleset_add_rules(builder, "r", rules, sizeof(rules) - 1, NULL, NULL) ||
	    ruleset_build(builder, &set, why, sizeof(why)))
		abort();
	for (uint32_t sid = 1; sid <= 3; sid++) {
		if (ruleset_suppression(set, sid == 3 ? 3 : 1, sid, &src, &dst, &answer))
			abort();
		if (answer.suppressed && (!answer.line || strcmp(answer.file, "fuzz")))
			abort();
	}
	for (uint32_t i = 0; ruleset_idle_threshold(set, i, &file, &line); i++)
		if (!line)
			abort();
	return 0;
}
