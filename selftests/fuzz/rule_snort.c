// SPDX-License-Identifier: GPL-2.0-or-later
/* Any text as the options of a Snort 3 rule: it is loaded and compiles, or it is refused by name and reason.
 */
#include <string.h>

#include "core/rule/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refused(const char *file, unsigned int line, uint32_t sid, const char *keyword, const char *why,
		    void *arg)
{
	(*(unsigned int *)arg)++;
	if (!line || !*keyword || !*why)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const heads[] = {"alert http ( service:http;",
					    "alert tcp any any -> any any ( rem:\"\";", "block file (",
					    "drop udp ("};
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	unsigned int count = 0;
	AUTO_FREE char *text = malloc(size + 64);
	size_t len;
	char why[256];

	if (!size || ruleset_builder_new(&builder))
		return 0;
	len = (size_t)sprintf(text, "%s", heads[data[0] % ARRAY_LEN(heads)]);
	memcpy(text + len, data + 1, size - 1);
	memcpy(text + len + size - 1, " sid:1; )\n", 10);
	if (ruleset_add_rules(builder, "r", text, len + size + 9, refused, &count))
		abort();
	if (ruleset_build(builder, &set, why, sizeof(why)) && !*why)
		abort();
	return 0;
}
