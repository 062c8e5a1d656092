// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * phrase.c - the catalogue of sentences.
 */
#include "phrase.h"

#include <string.h>

#include "document_private.h"

#define X(id, en, ja) _Static_assert(sizeof(en) > 1 && sizeof(ja) > 1, "PHRASE_" #id " lacks a language");
PHRASES(X)
PORTAL_PHRASES(X)
EGRESS_PHRASES(X)
#undef X

static const char *const rows[PHRASE_MAX][2] = {
#define X(id, en, ja) [PHRASE_##id] = {[EXPLAIN_EN] = en, [EXPLAIN_JA] = ja},
	PHRASES(X) PORTAL_PHRASES(X) EGRESS_PHRASES(X)
#undef X
};

const char *phrase(enum explain_language language, enum phrase which)
{
	return rows[which][language];
}

char *phrase_fill(enum explain_language language, enum phrase which, const char *const *args, size_t count)
{
	struct output out = {0};

	output_text(&out, "");
	for (const char *at = phrase(language, which); *at; at++) {
		size_t index = *at == '{' && at[1] >= '0' && at[1] <= '9' && at[2] == '}'
				       ? (size_t)(at[1] - '0')
				       : count;

		if (index < count) {
			output_text(&out, args[index]);
			at += 2;
		} else {
			output_add(&out, at, 1);
		}
	}
	if (!out.failed)
		return out.data;
	free(out.data);
	return NULL;
}
