/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * assess.h - a guideline against what is: every point that is not met, why, and
 * the command that mends it. What is not known is never met. Pure.
 */
#ifndef CORE_ASSESS_H
#define CORE_ASSESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document.h"

struct assess;

/*
 * Reads a guideline (rules/guideline.json, or a house's own; the shipped one shows every form). -EBADMSG with
 * why where it is not one: no point is ever left out silently. -ENOMEM.
 */
__must_check int assess_new(const char *guideline, size_t len, struct assess **out, char why[160]);
void assess_free(struct assess *assess);
DEFINE_CLEANUP(assess_free, struct assess)

/*
 * What the daemon and the configuration say, as one object: "answers" (bool), "status", "lists", "verify"
 * (the daemon's answers; each may be absent), "config" ({path, good, digest, ifaces}). Adds what is counted
 * of them ("derived", a list's "ended"). facts is changed.
 */
void assess_facts(json_t *facts, uint64_t now_s);

struct assess_sum {
	unsigned int met, drifts, unknown;
};
struct assess_frame {
	enum explain_language language;
	const char *when; /* for people */
};
/* Judges and writes; *out is the caller's. -ENOMEM. */
__must_check int assess_report(const struct assess *assess, const json_t *facts,
			       const struct assess_frame *frame, struct document **out,
			       struct assess_sum *sum);

#endif
