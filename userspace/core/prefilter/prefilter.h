/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefilter.h - which rules the kernel can judge by itself, and the table by
 * which it does (sekimori/prefilter.h).
 *
 * A rule is pushed as a drop only when whatever the kernel accepts is what
 * the rule matches: the table may miss an attack, which the matcher then sees
 * as ever, but drops nothing else.
 */
#ifndef CORE_PREFILTER_H
#define CORE_PREFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "core/rule/ruleset.h"

struct prefilter_options {
	bool drops;			  /* is anything blocked by itself? */
	enum seki_severity drop_severity; /* from this severity on, or by the rule's own action */
};

enum prefilter_fate {
	PREFILTER_STAYS,    /* in the matcher alone */
	PREFILTER_INSPECTS, /* its literal is looked for */
	PREFILTER_DROPS,
	PREFILTER_FATE_MAX
};
extern const char *const prefilter_fates[PREFILTER_FATE_MAX];

struct prefilter_counts {
	uint32_t fates[PREFILTER_FATE_MAX];
	uint32_t literals, marks;
};

/* why: static text, why it is no more than that; NULL for drops. */
typedef void (*prefilter_row_fn)(const struct rule_info *rule, enum prefilter_fate fate, const char *why,
				 void *arg);

/*
 * *image is malloc'ed, aligned to 8 and has passed seki_prefilter_check(). fn may be NULL. -ENOMEM; -E2BIG:
 * larger than a table may be.
 */
__must_check int prefilter_compile(const struct ruleset *set, const struct prefilter_options *options,
				   prefilter_row_fn fn, void *arg, void **image, uint32_t *len,
				   struct prefilter_counts *counts);

#endif
