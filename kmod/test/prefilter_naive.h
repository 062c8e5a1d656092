/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefilter_naive.h - what a prefilter table means, done the slowest way:
 * every literal compared at every place, every rule judged by itself. The
 * witness against which the scanner is tested.
 */
#ifndef KMOD_TEST_PREFILTER_NAIVE_H
#define KMOD_TEST_PREFILTER_NAIVE_H

#include "../prefilter_parts.h"

static inline bool naive_ports(const struct seki_pf_table *table, __u32 first, __u32 count, __u16 port)
{
	const struct seki_pf_ports *ports = seki_pf_section(table, SEKI_PF_PORTS_AT);
	bool fits = count == 0;

	for (__u32 i = first; i < first + count; i++)
		fits |= ports[i].from <= port && port <= ports[i].to;
	return fits;
}

static inline bool naive_header(const struct seki_pf_table *table, const struct seki_pf_rule *rule,
				const struct seki_pf_query *query)
{
	if (!(rule->directions & query->direction) || (rule->proto && rule->proto != query->proto))
		return false;
	if (rule->unless & query->marks)
		return false;
	return naive_ports(table, rule->sports, rule->sport_count, query->sport) &&
	       naive_ports(table, rule->dports, rule->dport_count, query->dport);
}

static inline __u8 naive_fold(__u8 byte, bool nocase)
{
	return nocase && byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
}

static inline bool naive_at(const __u8 *data, const __u8 *bytes, __u32 len, bool nocase)
{
	for (__u32 i = 0; i < len; i++)
		if (naive_fold(data[i], nocase) != bytes[i])
			return false;
	return true;
}

static inline bool naive_literal(const struct seki_pf_table *table, const struct seki_pf_literal *literal,
				 const __u8 *data, __u32 len)
{
	const __u8 *bytes = (const __u8 *)seki_pf_section(table, SEKI_PF_BYTES_AT) + literal->bytes;

	for (__u64 at = 0; at + literal->len <= len; at++)
		if (at >= literal->first &&
		    (literal->last == SEKI_PF_ANYWHERE || at + literal->len <= literal->last) &&
		    naive_at(data + at, bytes, literal->len, literal->nocase))
			return true;
	return false;
}

static inline bool naive_leads(const struct seki_pf_table *table, __u32 rule, const __u8 *data, __u32 len)
{
	const struct seki_pf_literal *literals = seki_pf_section(table, SEKI_PF_LITERALS_AT);
	const __u16 *links = seki_pf_section(table, SEKI_PF_LINKS_AT);

	for (__u32 i = 0; i < table->section[SEKI_PF_LITERALS_AT].count; i++)
		for (__u32 j = 0; j < literals[i].link_count; j++)
			if (links[literals[i].links + j] == rule &&
			    naive_literal(table, &literals[i], data, len))
				return true;
	return false;
}

static inline __u64 naive_number(const __u8 *data, __u32 size, bool little)
{
	__u64 value = 0;

	for (__u32 i = 0; i < size; i++)
		value += (__u64)data[i] << (8 * (little ? i : size - 1 - i));
	return value;
}

static inline bool naive_probe(const struct seki_pf_probe *probe, const __u8 *data, __u64 len)
{
	__u64 value, other;

	if ((__u64)probe->delta + probe->size > len)
		return false;
	value = naive_number(data + probe->delta, probe->size, probe->little);
	if (probe->kind == SEKI_PF_RANGE)
		return probe->low <= value && value <= probe->high;
	if ((__u64)probe->other_delta + probe->other_size > len)
		return false;
	other = naive_number(data + probe->other_delta, probe->other_size, probe->little);
	return probe->kind == SEKI_PF_GREATER ? value > other : value < other;
}

static inline bool naive_find(const struct seki_pf_table *table, const struct seki_pf_step *step,
			      const struct seki_pf_bytes *view)
{
	const struct seki_pf_probe *probes = seki_pf_section(table, SEKI_PF_PROBES_AT);
	const __u8 *bytes = (const __u8 *)seki_pf_section(table, SEKI_PF_BYTES_AT) + step->at;

	for (__u64 at = 0; at + step->len <= view->len; at++) {
		bool fits = at >= step->first && at + step->len <= step->last &&
			    naive_at(view->data + at, bytes, step->len, step->nocase);

		for (__u32 i = 0; fits && i < step->probe_count; i++)
			fits = naive_probe(&probes[step->probes + i], view->data + at, view->len - at);
		if (fits)
			return true;
	}
	return false;
}

static inline bool naive_match(const struct seki_pf_table *table, __u32 number,
			       const struct seki_pf_bytes *view)
{
	const struct seki_pf_automaton *automata = seki_pf_section(table, SEKI_PF_AUTOMATA_AT);
	const struct seki_pf_automaton *a = &automata[number];
	const __u8 *map = seki_pf_section(table, SEKI_PF_MAPS_AT);
	const __u16 *moves = seki_pf_section(table, SEKI_PF_MOVES_AT);
	__u16 state = 0;

	for (__u32 i = 0; i <= view->len; i++) {
		__u32 class = i < view->len ? map[a->map + view->data[i]] : a->classes - 1u;

		if (i == view->len && !view->ends)
			return false;
		state = moves[a->moves + (__u32)state * a->classes + class];
		if (state == SEKI_PF_ACCEPT)
			return true;
		if (state == SEKI_PF_REJECT)
			return false;
	}
	return false;
}

static inline bool naive_steps(const struct seki_pf_table *table, const struct seki_pf_rule *rule,
			       const struct seki_pf_bytes *views)
{
	const struct seki_pf_step *steps = seki_pf_section(table, SEKI_PF_STEPS_AT);

	for (__u32 i = rule->steps; i < (__u32)rule->steps + rule->step_count; i++) {
		const struct seki_pf_bytes *view = &views[steps[i].view];
		bool holds = view->there;

		if (holds && steps[i].kind == SEKI_PF_MATCH)
			holds = naive_match(table, steps[i].at, view);
		else if (holds && steps[i].negated)
			holds = view->ends && !naive_find(table, &steps[i], view);
		else if (holds)
			holds = naive_find(table, &steps[i], view);
		if (!holds)
			return false;
	}
	return true;
}

static inline bool naive_over_request(const struct seki_pf_table *table, const struct seki_pf_rule *rule)
{
	const struct seki_pf_step *steps = seki_pf_section(table, SEKI_PF_STEPS_AT);

	for (__u32 i = 0; i < rule->step_count; i++)
		if (steps[rule->steps + i].view != SEKI_PF_VIEW_PAYLOAD)
			return true;
	return false;
}

/* Does the rule hold over the payload, or over one of the first four requests in it? */
static inline bool naive_rule(const struct seki_pf_table *table, const struct seki_pf_rule *rule,
			      const __u8 *data, __u32 len, bool turn, __u32 at)
{
	static struct seki_pf_room room;
	struct seki_pf_request request = {0};

	request.views[SEKI_PF_VIEW_PAYLOAD] = (struct seki_pf_bytes){data, len, true, true};
	if (!naive_over_request(table, rule))
		return naive_steps(table, rule, request.views);
	for (int i = 0; i < 4 && turn && at < len && (!i || at); i++) {
		if (!seki_pf_request_read(data, len, at, &room, &request))
			return false;
		if (naive_steps(table, rule, request.views))
			return true;
		at = request.next;
	}
	return false;
}

/* Where the request behind at most four begins; 0: not known. */
static inline __u32 naive_next(const __u8 *data, __u32 len, __u32 at)
{
	static struct seki_pf_room room;

	for (int i = 0; i < 4 && at < len; i++) {
		struct seki_pf_request request = {0};

		if (!seki_pf_request_read(data, len, at, &room, &request) || !request.next)
			return 0;
		at = request.next;
	}
	return at < len ? 0 : at;
}

/* Fills the outgoing fields of query for a payload in one piece. */
static inline void naive_scan(const struct seki_pf_table *table, const __u8 *data, __u32 len,
			      struct seki_pf_query *query)
{
	const struct seki_pf_rule *rules = seki_pf_section(table, SEKI_PF_RULES_AT);
	const struct seki_pf_rule *blinds = seki_pf_section(table, SEKI_PF_BLINDS_AT);
	const struct seki_pf_query asked = *query;

	query->outcome = SEKI_PF_NONE;
	query->sid = query->next = 0;
	for (__u32 i = 0; i < table->section[SEKI_PF_BLINDS_AT].count; i++)
		if (asked.flags & SEKI_PF_NARROW && naive_header(table, &blinds[i], &asked))
			query->outcome = SEKI_PF_INSPECT;
	for (__u32 i = 0; i < table->section[SEKI_PF_RULES_AT].count; i++) {
		const struct seki_pf_rule *rule = &rules[i];

		if (!naive_header(table, rule, &asked) || !naive_leads(table, i, data, len))
			continue;
		if (rule->outcome == SEKI_PF_INSPECT) {
			if (query->outcome == SEKI_PF_NONE)
				query->outcome = SEKI_PF_INSPECT;
			continue;
		}
		/* Only what a rule looks at is read. */
		if (asked.flags & SEKI_PF_TURN)
			query->next = naive_next(data, len, asked.next);
		if (!naive_rule(table, rule, data, len, asked.flags & SEKI_PF_TURN, asked.next))
			continue;
		if (rule->outcome == SEKI_PF_MARK) {
			query->marks |= 1u << rule->mark;
		} else if (query->outcome != SEKI_PF_DROP) {
			query->outcome = SEKI_PF_DROP;
			query->sid = rule->sid;
		}
	}
}

#endif
