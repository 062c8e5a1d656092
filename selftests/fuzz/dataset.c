// SPDX-License-Identifier: GPL-2.0-or-later
/* Any text as the file of a data set of each type and format, and its own lines as values to ask, add and
 * remove. */
#include <errno.h>
#include <string.h>

#include "core/rule/dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refused(const char *file, unsigned int line, uint32_t sid, const char *keyword, const char *why,
		    void *arg)
{
	(*(unsigned int *)arg)++;
	if (!line || !*why)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(dataset_pool_free) struct dataset_pool *pool = NULL;
	struct dataset_source source = {size ? data[0] >> 6 : 0, "a.b", size && data[0] & 0x20 ? "c" : NULL};
	unsigned int count = 0;
	struct dataset *set;
	const char *why;
	bool fresh;
	int err;

	if (!size || dataset_pool_new(&pool) ||
	    dataset_define(pool, "fuzz", data[0] % DATASET_TYPES, 16384, &set, &fresh, &why))
		return 0;
	err = dataset_load(set, &source, "fuzz", (const char *)data + 1, size - 1, refused, &count);
	if (err && err != -EINVAL && err != -ENOSPC)
		abort();
	if (err == -EINVAL && !count)
		abort();
	dataset_will_change(set);
	for (size_t at = 1; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		struct span value = {data + at, (uint32_t)((end ? end : data + size) - (data + at))};
		bool had = dataset_has(set, value), added = dataset_change(set, value, true);

		if (had && added)
			abort();
		if ((had || added) &&
		    (!dataset_has(set, value) || (at % 3 == 0 && !dataset_change(set, value, false))))
			abort();
		at += value.len + 1;
	}
	return 0;
}
