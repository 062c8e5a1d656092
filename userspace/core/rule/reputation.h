/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reputation.h - scores of addresses and networks by category, for iprep
 * rules. Read before the rules, then only looked up.
 */
#ifndef CORE_REPUTATION_H
#define CORE_REPUTATION_H

#include "ruleset.h"

#define REPUTATION_CATEGORIES_MAX 60u /* numbers 1…60 */
#define REPUTATION_SCORE_MAX	  127u
#define REPUTATION_ENTRIES_MAX	  (4u << 20)

struct reputation;

__must_check int reputation_new(struct reputation **out);
void reputation_free(struct reputation *reputation);
DEFINE_CLEANUP(reputation_free, struct reputation)

/* "number,name,description" per line. -EINVAL: lines were refused through fn, the others hold; -ENOMEM. */
__must_check int reputation_read_categories(struct reputation *reputation, const char *file, const char *text,
					    size_t len, ruleset_refused_fn fn, void *arg);
/* "address[/length],category number,score" per line. As above; -E2BIG over REPUTATION_ENTRIES_MAX. */
__must_check int reputation_read(struct reputation *reputation, const char *file, const char *text,
				 size_t len, ruleset_refused_fn fn, void *arg);
/* Puts the entries in order; before the first look-up. */
void reputation_finish(struct reputation *reputation);

/* Number of the category called name, 0: there is none. */
uint8_t reputation_category(const struct reputation *reputation, const char *name);
/* Of the most specific entry for addr; -1: there is none. */
int reputation_score(const struct reputation *reputation, uint8_t category, const struct seki_addr *addr);

#endif
