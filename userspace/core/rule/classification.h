/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * classification.h - classtypes: short name, description, priority. Built-in
 * rows that a classification.config may override or extend.
 */
#ifndef CORE_CLASSIFICATION_H
#define CORE_CLASSIFICATION_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "ruleset.h"

#define CLASSIFICATION_MAX 512

struct classtype {
	const char *name, *description;
	uint32_t priority; /* 1 most urgent */
};

struct classification {
	struct classtype rows[CLASSIFICATION_MAX];
	uint32_t count;
};

void classification_init(struct classification *classes);
const struct classtype *classification_find(const struct classification *classes, const char *name);
/* "config classification: name,description,priority" per line; texts go to the arena. 0, -EINVAL (a line was
 * refused), -ENOMEM. */
__must_check int classification_read(struct classification *classes, struct arena *arena, const char *file,
				     const char *text, size_t len, ruleset_refused_fn fn, void *arg);

#endif
