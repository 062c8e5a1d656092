// SPDX-License-Identifier: GPL-2.0-or-later
/* Any list text into a list set; what the set then says must be what was added. */
#include <errno.h>
#include <string.h>

#include "core/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int add(const struct prefix *prefix, void *arg)
{
	struct list_item item = {.prefix = *prefix, .flags = SEKI_ENTRY_SRC};
	uint32_t before = list_total(arg);
	int err = list_add(arg, &item);

	if (err && err != -ENOSPC)
		abort();
	return err ? err : list_total(arg) == before ? -EEXIST : 0;
}

static void refused(unsigned int line, const char *text, const char *why, void *arg)
{
	if (!line || !why || strlen(text) > 200)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	AUTO_FREE struct list_row *rows = NULL;
	struct list_report report;
	uint32_t count;

	if (list_set_new(2000, &set))
		return 0;
	if (!list_parse_plain((const char *)data, size, add, refused, set, &report) &&
	    report.lines != report.accepted + report.merged + report.refused)
		abort();
	if (list_flatten(set, 0, 0, &rows, &count))
		return 0;
	if (count != list_total(set))
		abort();
	for (uint32_t i = 0; i < count; i++)
		if (list_remove(set, LIST_MANUAL, &rows[i].prefix))
			abort();
	if (list_total(set))
		abort();
	return 0;
}
