/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference.h - where "reference:kind,value" leads: the beginning of the
 * address for each kind. Built-in rows that a reference.config may override or extend.
 */
#ifndef CORE_REFERENCE_H
#define CORE_REFERENCE_H

#include "lib/arena.h"
#include "ruleset.h"

#define REFERENCE_KINDS_MAX 256u

struct reference_kind {
	const char *name, *prefix;
};
struct reference_kinds {
	struct reference_kind rows[REFERENCE_KINDS_MAX];
	uint32_t count;
};

void reference_init(struct reference_kinds *kinds);
/* Beginning of the address, NULL: the kind is not known. Case does not matter. */
const char *reference_prefix(const struct reference_kinds *kinds, const char *name, size_t len);
/* "config reference: kind address" per line; texts go to the arena. -EINVAL: lines were refused through fn,
 * the others hold; -ENOMEM. */
__must_check int reference_read(struct reference_kinds *kinds, struct arena *arena, const char *file,
				const char *text, size_t len, ruleset_refused_fn fn, void *arg);

#endif
