/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * phrase.h - the catalogue: every sentence that reports, notices and the portal say, in
 * English and Japanese side by side. A row without one of them does not compile.
 * {0} to {9} stand for what phrase_fill() is given.
 */
#ifndef CORE_PHRASE_H
#define CORE_PHRASE_H

#include <stddef.h>

#include "core/egress/egress_rows.h"
#include "core/rule/explain.h"
#include "phrase_rows.h"
#include "core/web/portal_rows.h"

enum phrase {
#define X(id, en, ja) PHRASE_##id,
	PHRASES(X) PORTAL_PHRASES(X) EGRESS_PHRASES(X)
#undef X
		PHRASE_MAX
};

const char *phrase(enum explain_language language, enum phrase which);
/* malloc'ed; NULL: no memory. A place without an argument stays as it is written. */
char *phrase_fill(enum explain_language language, enum phrase which, const char *const *args, size_t count);
#define phrase_with(language, which, ...)                                                                    \
	phrase_fill(language, which, (const char *const[]){__VA_ARGS__},                                     \
		    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#endif
