// SPDX-License-Identifier: GPL-2.0-or-later
/* Any text as categories and, behind a NUL byte, as scores: each line holds or is told; look-ups stay in
 * range. */
#include <errno.h>
#include <string.h>

#include "core/rule/reputation.h"

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
	CLEANUP(reputation_free) struct reputation *reputation = NULL;
	const uint8_t *nul = memchr(data, 0, size);
	size_t first = nul ? (size_t)(nul - data) : size, second = nul ? size - first - 1 : 0;
	struct seki_addr addr = {{0}};
	unsigned int count = 0;

	if (reputation_new(&reputation))
		abort();
	if (!reputation_read_categories(reputation, "c", (const char *)data, first, refused, &count) !=
	    !count)
		abort();
	count = 0;
	if (!reputation_read(reputation, "r", nul ? (const char *)nul + 1 : "", second, refused, &count) !=
	    !count)
		abort();
	reputation_finish(reputation);
	for (size_t at = 0; at < size; at++) {
		int score;

		addr.b[at % 16] ^= data[at];
		score = reputation_score(reputation, data[at] % (REPUTATION_CATEGORIES_MAX + 1), &addr);
		if (score < -1 || score > (int)REPUTATION_SCORE_MAX)
			abort();
	}
	return 0;
}
