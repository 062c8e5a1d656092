/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ruleset_cache.h - compiled databases of a set as bytes, keyed by exactly
 * what was compiled and by whom, so that they can be compiled once.
 */
#ifndef CORE_RULESET_CACHE_H
#define CORE_RULESET_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ruleset_parts.h"

/* Of a set whose lanes are prepared and not compiled yet. */
void cache_key(struct ruleset *set, uint8_t key[RULESET_KEY_BYTES]);
/*
 * true: every database came from the image. false: the image is of another set, version or processor, or
 * damaged; some databases may have been taken, the others still have to be compiled.
 */
bool cache_load(struct ruleset *set, const uint8_t key[RULESET_KEY_BYTES], const void *image, size_t len);

#endif
