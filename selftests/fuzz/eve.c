// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve - completing lines that another process sent.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/eve/eve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct eve_enforcement enforcement = {
		.verdict = SEKI_VERDICT_CUT, .action = "cut-flow", .why = "shared source"};
	char *out = NULL, *again = NULL;
	size_t len, again_len;

	if (eve_enforce((const char *)data, size, &enforcement, &out, &len) == 0) {
		/* A completed line is complete: it cannot be completed twice. */
		if (len > EVE_LINE_MAX || eve_enforce(out, len, &enforcement, &again, &again_len) != -EINVAL)
			abort();
		free(out);
	}
	return 0;
}
