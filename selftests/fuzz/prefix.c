// SPDX-License-Identifier: GPL-2.0-or-later
/* Any text: what is a prefix prints as text that is the same prefix. */
#include <string.h>

#include "lib/prefix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prefix p, q;
	char text[PREFIX_TEXT_MAX];
	const char *why = NULL;

	if (prefix_parse((const char *)data, size, &p, &why)) {
		if (!why)
			abort();
		return 0;
	}
	prefix_format(&p, text);
	if (!prefix_is_canonical(&p) || strlen(text) >= PREFIX_TEXT_MAX ||
	    prefix_parse(text, strlen(text), &q, &why))
		abort();
	if (prefix_compare(&p, &q) || !prefix_contains(&p, &q))
		abort();
	return 0;
}
