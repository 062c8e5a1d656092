/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - texts for people about a rule keyword or a sid.
 */
#ifndef CORE_EXPLAIN_H
#define CORE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

enum explain_language { EXPLAIN_EN, EXPLAIN_JA };

/* "ja…" is Japanese, everything else (also NULL) English. */
enum explain_language explain_language(const char *name);

/* A row of the keyword table as people read it; strings are static, place is filled by the call. */
struct explain_row {
	const char *section; /* heading that begins with this row, or NULL */
	const char *name, *alias, *help;
	const char *argument; /* "no value", "needs a value", "a value may follow" */
	bool packet, no_effect;
	bool snort;	 /* of Snort 3's language, where it means this */
	char place[160]; /* "buffer http.uri, protocol http, to the server"; "" when it is no buffer */
};
/* false: the table has no row of that index. */
bool explain_keyword_at(unsigned int index, struct explain_row *out);

/* *out is malloc'ed, owned by the caller. -ENOENT: no such keyword, with *nearest (static) or NULL. -ENOMEM.
 */
__must_check int explain_keyword(const char *name, char **out, const char **nearest);

/*
 * The entry of sid in the text of an explanations file: an object keyed by sid, or an array of objects
 * with "sid". -ENOENT: none of it, -EBADMSG with *why (static): not such a file.
 */
__must_check int explain_sid(const char *json, size_t len, uint32_t sid, enum explain_language language,
			     char **out, const char **why);

#endif
