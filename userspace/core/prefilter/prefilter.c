// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter.c - goes through a set of rules and says of each what the kernel
 * can do for it.
 */
#include "prefilter.h"

#include <errno.h>
#include <linux/in.h>
#include <string.h>

#include "prefilter_parts.h"
#include "core/rule/ruleset_parts.h"

/*
 * So many rules over requests are tried on every request; an attack may
 * encode whatever literal one would look for. Of more, only those with a
 * literal in plain sight are.
 */
#define REQUEST_RULES_MAX 64u

const char *const prefilter_fates[PREFILTER_FATE_MAX] = {
	[PREFILTER_STAYS] = "stays",
	[PREFILTER_INSPECTS] = "inspects",
	[PREFILTER_DROPS] = "drops",
};

struct compiler {
	const struct ruleset *set;
	const struct prefilter_options *options;
	struct table *table;
	uint32_t marks[SEKI_PF_MARKS_MAX]; /* names of flowbits */
	uint32_t mark_count;
	uint32_t requests;
	bool passes; /* some rule lets pass what others match */
};

/* Does the operator's file, or the rule, make its alerts depend on anything but the packet? */
static bool rule_counts(const struct rule *rule)
{
	return rule->threshold.kind != THRESHOLD_NONE || rule->detection.kind != THRESHOLD_NONE ||
	       rule->rate || rule->suppress;
}

static bool rule_blocks(const struct compiler *c, const struct rule *rule)
{
	if (!c->options->drops || rule->info.action == RULE_PASS || rule->noalert)
		return false;
	return rule->info.action == RULE_DROP || rule->info.action == RULE_REJECT ||
	       rule->info.severity >= c->options->drop_severity;
}

/* Why the header asks for more than the kernel knows; NULL: it does not. */
static const char *header_why(const struct rule *rule)
{
	if (rule->both_ways)
		return "either direction";
	if (!rule->src->all || !rule->dst->all)
		return "addresses";
	if (rule->ip_version)
		return "an IP version";
	if (rule->test_count || rule->header_count || rule->needs_packet || rule->event_packet)
		return "header fields";
	if (rule->whole_tx || rule->decoded || rule->changes_data)
		return "a keyword that only the matcher knows";
	if (rule->flow & (FLOW_NOT_ESTABLISHED | FLOW_NO_FRAG | FLOW_ONLY_FRAG))
		return "the flow's state";
	if (rule->protocol != IPPROTO_TCP && rule->protocol != IPPROTO_UDP && rule->app != APP_HTTP)
		return "the protocol";
	if (rule->app != APP_UNKNOWN && rule->app != APP_HTTP)
		return "the protocol";
	return NULL;
}

static struct seki_pf_rule rule_row(const struct rule *rule, enum seki_pf_outcome outcome)
{
	return (struct seki_pf_rule){
		.sid = rule->info.sid,
		.outcome = (uint8_t)outcome,
		.proto = rule->app == APP_HTTP ? IPPROTO_TCP : rule->protocol,
		.directions = (uint8_t)((rule->directions & 1 << TO_SERVER ? SEKI_PF_TO_SERVER : 0) |
					(rule->directions & 1 << TO_CLIENT ? SEKI_PF_TO_CLIENT : 0)),
	};
}

static bool state_names(const struct rule_state *state, uint32_t name)
{
	for (unsigned int i = 0; i < state->count; i++)
		if (state->names[i] == name)
			return true;
	return false;
}

static bool rule_sets(const struct rule *rule, uint32_t name)
{
	for (unsigned int i = 0; i < rule->state_count; i++) {
		const struct rule_state *state = &rule->states[i];

		if (state->kind == STATE_FLOWBIT &&
		    (state->action == STATE_SET || state->action == STATE_TOGGLE) && state_names(state, name))
			return true;
	}
	return false;
}

/* A rule that sets a flowbit marks flows at least when it matches: what the kernel cannot ask is left out. */
static int mark_add(struct compiler *c, const struct rule *rule, uint8_t mark)
{
	struct proof *proof = calloc(1, sizeof(*proof));
	struct seki_pf_rule row = rule_row(rule, SEKI_PF_MARK);
	int err = proof ? 0 : -ENOMEM;

	row.mark = mark;
	if (!err && (rule->test_count || rule->header_count || rule->decoded || rule->both_ways))
		err = -EINVAL;
	if (!err)
		err = proof_make(rule, proof);
	if (!err && (!proof->exact || proof->request))
		err = -EINVAL;
	if (!err)
		err = table_add_judged(c->table, rule, proof, row);
	if (proof)
		proof_clear(proof);
	free(proof);
	return err;
}

/* The mark that stands for a flowbit; -EINVAL: who sets it is not seen in the kernel. */
static int mark_of(struct compiler *c, uint32_t name, uint8_t *mark)
{
	for (*mark = 0; *mark < c->mark_count; ++*mark)
		if (c->marks[*mark] == name)
			return 0;
	if (c->mark_count == SEKI_PF_MARKS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < c->set->count; i++) {
		int err = rule_sets(c->set->rules[i], name) ? mark_add(c, c->set->rules[i], *mark) : 0;

		if (err)
			return err == -ENOMEM ? err : -EINVAL;
	}
	c->marks[c->mark_count++] = name;
	return 0;
}

static int rule_states(struct compiler *c, const struct rule *rule, struct seki_pf_rule *row,
		       const char **why)
{
	for (unsigned int i = 0; i < rule->state_count; i++) {
		const struct rule_state *state = &rule->states[i];
		uint8_t mark;
		int err;

		if (state->action == STATE_SET || state->action == STATE_UNSET ||
		    state->action == STATE_TOGGLE || state->action == STATE_ADD ||
		    state->action == STATE_SUB || state->action == STATE_ASSIGN)
			continue;
		*why = "a flowbit or variable of the flow";
		if (state->kind != STATE_FLOWBIT || state->action != STATE_ISNOTSET || state->count != 1)
			return -EINVAL;
		err = mark_of(c, state->names[0], &mark);
		if (err)
			return err;
		row->unless |= 1u << mark;
	}
	return 0;
}

/* What leads to the proof's rule: every request while there are few such rules. */
static int proof_lead(struct compiler *c, struct proof *proof, const char **why)
{
	static const struct proof_trigger request = {.bytes = " HTTP/1.", .len = 8};

	if (!proof->request)
		return 0;
	if (c->requests < REQUEST_RULES_MAX) {
		c->requests++;
		proof->triggers[0] = request;
		proof->trigger_count = 1;
		return 0;
	}
	*why = "no literal of three bytes";
	return proof->trigger_count ? 0 : -EINVAL;
}

/* 0: it drops. -EINVAL with *why. */
static int rule_drop(struct compiler *c, const struct rule *rule, struct proof *proof, const char **why)
{
	struct seki_pf_rule row = rule_row(rule, SEKI_PF_DROP);
	int err;

	if (!rule_blocks(c, rule)) {
		*why = "it only alerts";
		return -EINVAL;
	}
	*why = c->passes	   ? "the set has rules that pass"
	       : rule_counts(rule) ? "it counts, or is limited or suppressed"
				   : header_why(rule);
	if (*why)
		return -EINVAL;
	err = proof_make(rule, proof);
	if (err) {
		*why = proof->why;
		return err;
	}
	err = rule_states(c, rule, &row, why);
	if (!err)
		err = proof_lead(c, proof, why);
	if (!err) {
		err = table_add_judged(c->table, rule, proof, row);
		if (err == -ENOSPC) {
			*why = "no room for more rules that drop";
			err = -EINVAL;
		}
	}
	proof_clear(proof);
	return err;
}

static int rule_inspect(struct compiler *c, const struct rule *rule, struct proof *proof, const char **why)
{
	int err;

	if (!proof_triggers(rule, proof, why))
		return -EINVAL;
	*why = "too many literals are alike";
	err = table_add_inspecting(c->table, rule, proof->triggers, proof->trigger_count,
				   rule_row(rule, SEKI_PF_INSPECT));
	return err == -ENOSPC ? -EINVAL : err;
}

/* Does a datagram's payload alone decide, so that a rule with a literal needs to see no other packet? */
static bool rule_looks_elsewhere(const struct rule *rule)
{
	for (unsigned int i = 0; i < rule->test_count; i++) {
		uint8_t kind = rule->tests[i].kind;

		if (kind == TEST_STREAM_SIZE || kind == TEST_FLOW_AGE || kind == TEST_FLOW_PKTS ||
		    kind == TEST_FLOW_BYTES)
			return true;
	}
	return rule->event_packet;
}

/*
 * A rule on packets to which no literal leads. Those of TCP and of application
 * protocols need no row: their flows are never narrowed.
 */
static int rule_blind(struct compiler *c, const struct rule *rule, bool led)
{
	if (!(rule->stages & STAGE_PACKET) || rule->protocol == IPPROTO_TCP || rule->ip_only ||
	    (led && !rule_looks_elsewhere(rule)))
		return 0;
	return table_add_blind(c->table, rule, rule_row(rule, SEKI_PF_BLIND));
}

static int rule_place(struct compiler *c, const struct rule *rule, struct proof *proof,
		      enum prefilter_fate *fate, const char **why)
{
	const char *stays;
	int err = rule_drop(c, rule, proof, why), more;

	if (err && err != -EINVAL)
		return err;
	*fate = err ? PREFILTER_STAYS : PREFILTER_DROPS;
	/* What drops whole packets is looked for in pieces of streams, too. */
	more = rule_inspect(c, rule, proof, &stays);
	if (more && more != -EINVAL)
		return more;
	err = rule_blind(c, rule, !more);
	if (err)
		return err;
	if (!more && *fate == PREFILTER_STAYS)
		*fate = PREFILTER_INSPECTS;
	else if (more && *fate == PREFILTER_STAYS && !rule_blocks(c, rule))
		*why = stays;
	return 0;
}

int prefilter_compile(const struct ruleset *set, const struct prefilter_options *options, prefilter_row_fn fn,
		      void *arg, void **image, uint32_t *len, struct prefilter_counts *counts)
{
	CLEANUP(table_free) struct table *table = NULL;
	AUTO_FREE struct proof *proof = calloc(1, sizeof(*proof));
	struct compiler c = {.set = set, .options = options};
	int err = proof ? table_new(&table) : -ENOMEM;

	*counts = (struct prefilter_counts){.literals = 0};
	c.table = table;
	for (uint32_t i = 0; i < set->count; i++)
		c.passes |= set->rules[i]->info.action == RULE_PASS;
	for (uint32_t i = 0; i < set->count && !err; i++) {
		const struct rule *rule = set->rules[i];
		enum prefilter_fate fate = PREFILTER_STAYS;
		const char *why = NULL;

		err = rule_place(&c, rule, proof, &fate, &why);
		if (err)
			break;
		counts->fates[fate]++;
		if (fn)
			fn(&rule->info, fate, fate == PREFILTER_DROPS ? NULL : why, arg);
	}
	if (!err) {
		counts->literals = table_literals(table);
		counts->marks = c.mark_count;
		err = table_build(table, image, len);
	}
	return err;
}
