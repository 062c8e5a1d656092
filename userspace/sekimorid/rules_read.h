/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules_read.h - a bundle's rules into a builder: what the engine and the
 * parser, which compiles ahead for it, have in common.
 */
#ifndef SEKIMORID_RULES_READ_H
#define SEKIMORID_RULES_READ_H

#include "core/policy/policy.h"
#include "core/rule/ruleset.h"

#define RULES_DIGEST_BYTES 32u

/* Called between files, so that whoever reads can do something else for a moment; may be NULL. */
typedef void (*rules_pause_fn)(void *arg);

/* Variables, companions and data first, then the rules. Refused ones go to refused. -errno: the bundle cannot
 * be used. */
__must_check int rules_read(struct ruleset_builder *builder, const struct policy *policy, const void *data,
			    size_t len, ruleset_refused_fn refused, rules_pause_fn pause, void *arg);
/* SHA-256 over rule files, companions and data, with their names. */
void rules_digest(const void *data, size_t len, uint8_t digest[RULES_DIGEST_BYTES]);

#endif
