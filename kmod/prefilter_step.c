// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_step.c - the steps that prove a rule: a literal somewhere, a
 * literal with numbers around it, an automaton.
 */
#include "prefilter_parts.h"

static __u32 number_read(const __u8 *data, __u32 size, bool little)
{
	__u32 value = 0, i;

	for (i = 0; i < size; i++)
		value = value << 8 | data[little ? size - 1 - i : i];
	return value;
}

/* begin is where the chain's literal lies. */
static bool probe_holds(const struct seki_pf_probe *probe, const struct seki_pf_bytes *view, __u32 begin)
{
	__u32 left = view->len - begin, value, other;

	if ((__u32)probe->delta + probe->size > left)
		return false;
	value = number_read(view->data + begin + probe->delta, probe->size, probe->little);
	if (probe->kind == SEKI_PF_RANGE)
		return value >= probe->low && value <= probe->high;
	if ((__u32)probe->other_delta + probe->other_size > left)
		return false;
	other = number_read(view->data + begin + probe->other_delta, probe->other_size, probe->little);
	return probe->kind == SEKI_PF_GREATER ? value > other : value < other;
}

static bool find_holds(const struct seki_pf_table *table, const struct seki_pf_step *step,
		       const struct seki_pf_bytes *view)
{
	const __u8 *bytes = (const __u8 *)seki_pf_section(table, SEKI_PF_BYTES_AT) + step->at;
	const struct seki_pf_probe *probes =
		(const struct seki_pf_probe *)seki_pf_section(table, SEKI_PF_PROBES_AT) + step->probes;
	__u32 end = view->len < step->last ? view->len : step->last, at, i;

	for (at = step->first; at < end && end - at >= step->len; at++) {
		if (!seki_pf_same(view->data + at, bytes, step->len, step->nocase))
			continue;
		for (i = 0; i < step->probe_count && probe_holds(&probes[i], view, at); i++)
			;
		if (i == step->probe_count)
			return true;
	}
	return false;
}

static bool automaton_accepts(const struct seki_pf_table *table, const struct seki_pf_automaton *automaton,
			      const struct seki_pf_bytes *view)
{
	const __u8 *map = (const __u8 *)seki_pf_section(table, SEKI_PF_MAPS_AT) + automaton->map;
	const __u16 *moves = (const __u16 *)seki_pf_section(table, SEKI_PF_MOVES_AT) + automaton->moves;
	__u32 classes = automaton->classes, state = 0, i;

	for (i = 0; i < view->len; i++) {
		state = moves[state * classes + map[view->data[i]]];
		if (state >= SEKI_PF_REJECT)
			return state == SEKI_PF_ACCEPT;
	}
	return view->ends && moves[state * classes + classes - 1] == SEKI_PF_ACCEPT;
}

static bool step_holds(const struct seki_pf_table *table, const struct seki_pf_step *step,
		       const struct seki_pf_bytes *view)
{
	const struct seki_pf_automaton *automata = seki_pf_section(table, SEKI_PF_AUTOMATA_AT);

	if (!view->there || (step->negated && !view->ends))
		return false;
	if (step->kind == SEKI_PF_MATCH)
		return automaton_accepts(table, &automata[step->at], view);
	return find_holds(table, step, view) != !!step->negated;
}

bool seki_pf_steps_hold(const struct seki_pf_table *table, const struct seki_pf_rule *rule,
			const struct seki_pf_bytes views[SEKI_PF_VIEW_MAX])
{
	const struct seki_pf_step *steps =
		(const struct seki_pf_step *)seki_pf_section(table, SEKI_PF_STEPS_AT) + rule->steps;
	__u32 i;

	for (i = 0; i < rule->step_count; i++)
		if (!step_holds(table, &steps[i], &views[steps[i].view]))
			return false;
	return true;
}

bool seki_pf_needs_request(const struct seki_pf_table *table, const struct seki_pf_rule *rule)
{
	const struct seki_pf_step *steps =
		(const struct seki_pf_step *)seki_pf_section(table, SEKI_PF_STEPS_AT) + rule->steps;
	__u32 i;

	for (i = 0; i < rule->step_count; i++)
		if (steps[i].view != SEKI_PF_VIEW_PAYLOAD)
			return true;
	return false;
}
