/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefilter_parts.h - between the files that make a prefilter table.
 */
#ifndef CORE_PREFILTER_PARTS_H
#define CORE_PREFILTER_PARTS_H

#include "prefilter.h"
#include "prefilter_regex.h"
#include "core/rule/rule.h"
#include "sekimori/prefilter.h"

#define PROOF_STEPS_MAX	   16u
#define PROOF_PROBES_MAX   24u
#define PROOF_TRIGGERS_MAX 16u

/* A step and what it owns. */
struct proof_step {
	uint8_t kind, view; /* enum seki_pf_step_kind, seki_pf_view */
	bool negated, nocase;
	const uint8_t *bytes; /* the rule's */
	uint16_t len;
	uint32_t first, last;
	struct seki_pf_probe probes[PROOF_PROBES_MAX];
	uint16_t probe_count;
	struct automaton automaton;
};

/* A literal without which the rule cannot match. */
struct proof_trigger {
	uint8_t bytes[SEKI_PF_LITERAL_MAX];
	uint8_t len;
	bool nocase;
};

/* What is to be shown of a packet. */
struct proof {
	struct proof_step steps[PROOF_STEPS_MAX];
	uint32_t step_count;
	struct proof_trigger triggers[PROOF_TRIGGERS_MAX]; /* any of them */
	uint32_t trigger_count;
	bool request;	 /* looks at parts of a request */
	bool exact;	 /* holds for every packet that the rule matches */
	const char *why; /* static: why there is none */
};

void proof_clear(struct proof *proof);

/* The proof of a rule's lists: 0; -EINVAL with proof->why; -ENOMEM. */
__must_check int proof_make(const struct rule *rule, struct proof *proof);
/*
 * Fills the proof's triggers alone, for a rule over raw payload. false with *why: no literal is long enough,
 * or where it is looked for is not raw.
 */
bool proof_triggers(const struct rule *rule, struct proof *proof, const char **why);

/*
 * nodes[0..count) of one list, each relative to the one before: a literal and
 * numbers around it, or an expression. known: as of automaton_build(). 0, -EINVAL with *why, -ENOMEM.
 */
__must_check int chain_make(const struct rule_node *nodes, unsigned int count, bool known,
			    struct proof *proof, struct proof_step *step);

/* --- the table as it grows */

struct table;
__must_check int table_new(struct table **out);
void table_free(struct table *table);
DEFINE_CLEANUP(table_free, struct table)

/* Adds a rule that drops or marks; -ENOSPC: there is no room. proof stays the caller's. */
__must_check int table_add_judged(struct table *table, const struct rule *rule, const struct proof *proof,
				  struct seki_pf_rule row);
/* Adds a rule that makes suspect by any of these. */
__must_check int table_add_inspecting(struct table *table, const struct rule *rule,
				      const struct proof_trigger *triggers, uint32_t count,
				      struct seki_pf_rule row);
/* Adds a header under which packets cannot be told apart. */
__must_check int table_add_blind(struct table *table, const struct rule *rule, struct seki_pf_rule row);
/* The image; -E2BIG. */
__must_check int table_build(struct table *table, void **image, uint32_t *len);
uint32_t table_literals(const struct table *table);

#endif
