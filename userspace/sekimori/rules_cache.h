/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules_cache.h - where compiled rules lie between two runs: a folder of this
 * user's, one file per content. Missing, foreign or damaged files only cost time.
 */
#ifndef SEKIMORI_RULES_CACHE_H
#define SEKIMORI_RULES_CACHE_H

#include "core/rule/ruleset.h"

struct rules_cache {
	const char *folder; /* NULL: the user's cache folder; "none": no cache */
	int dir;	    /* set by rules_cache_use() */
	const void *image;
	size_t len;
};

/* Before the build. Says nothing: a cache that cannot be used is not used. */
void rules_cache_use(struct rules_cache *cache, struct ruleset_builder *builder);
/* After it: stores what had to be compiled, if that was worth it, and lets go of the rest. */
void rules_cache_keep(struct rules_cache *cache, struct ruleset *set);

#endif
