// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter_rule.c - what the kernel must see in a packet to know that a rule
 * matches it.
 */
#include <errno.h>
#include <linux/in.h>
#include <string.h>

#include "prefilter_parts.h"

/* Buffers that a packet alone can show. */
static const struct {
	uint8_t buffer, view;
} views[] = {
	{BUFFER_PAYLOAD, SEKI_PF_VIEW_PAYLOAD},	       {BUFFER_HTTP_REQUEST_LINE, SEKI_PF_VIEW_REQUEST_LINE},
	{BUFFER_HTTP_URI_RAW, SEKI_PF_VIEW_URI_RAW},   {BUFFER_HTTP_URI, SEKI_PF_VIEW_URI},
	{BUFFER_HTTP_HEADER, SEKI_PF_VIEW_HEADERS},    {BUFFER_HTTP_COOKIE, SEKI_PF_VIEW_COOKIE},
	{BUFFER_HTTP_REQUEST_BODY, SEKI_PF_VIEW_BODY},
};

static int refuse(struct proof *proof, const char *why)
{
	proof->why = why;
	return -EINVAL;
}

void proof_clear(struct proof *proof)
{
	for (uint32_t i = 0; i < proof->step_count; i++)
		automaton_clear(&proof->steps[i].automaton);
	proof->step_count = 0;
}

static int view_of(uint8_t buffer)
{
	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		if (views[i].buffer == buffer)
			return views[i].view;
	return -1;
}

/* Does the rule look at packets for themselves, so that a packet's ends are its data's ends? */
static bool rule_sees_packets(const struct rule *rule)
{
	return rule->stages & STAGE_PACKET && (rule->protocol == IPPROTO_UDP || rule->tcp_packets);
}

static int step_find(const struct rule_node *node, bool known, struct proof *proof, struct proof_step *step)
{
	const struct node_content *content = &node->content;

	if (content->endswith || content->needs_place)
		return refuse(proof, "the end of a buffer");
	if ((content->has_offset && content->offset.variable >= 0) ||
	    (content->has_depth && content->depth.variable >= 0))
		return refuse(proof, "a place or number that is only known when it is read");
	if (!known && (content->has_offset || content->has_depth))
		return refuse(proof, "a place in a stream");
	if (!known && node->negated)
		return refuse(proof, "absence from a stream");
	if ((content->has_offset && content->offset.value < 0) ||
	    (content->has_depth && content->depth.value <= 0))
		return refuse(proof, "a place before the beginning");
	step->kind = SEKI_PF_FIND;
	step->negated = node->negated;
	step->nocase = content->nocase;
	step->bytes = content->data;
	step->len = content->len;
	step->first = content->has_offset ? (uint32_t)content->offset.value : 0;
	step->last = content->has_depth ? step->first + (uint32_t)content->depth.value : SEKI_PF_ANYWHERE;
	return 0;
}

static int step_make(const struct rule_node *nodes, unsigned int count, bool known, struct proof *proof)
{
	struct proof_step *step = &proof->steps[proof->step_count];
	uint8_t view = step->view;
	int err;

	*step = (struct proof_step){.view = view, .last = SEKI_PF_ANYWHERE};
	if (nodes[0].kind == NODE_CONTENT) {
		err = step_find(&nodes[0], known, proof, step);
		if (!err && count > 1 && nodes[0].negated)
			err = refuse(proof, "a place behind what must not be there");
		if (err || count == 1)
			return err;
	} else if (nodes[0].kind != NODE_PCRE) {
		return refuse(proof, "a keyword that only the matcher knows");
	}
	return chain_make(nodes, count, known, proof, step);
}

/* Expressions last: a literal that is missing spares them. */
static void steps_order(struct proof *proof)
{
	for (uint32_t i = 1; i < proof->step_count; i++) {
		struct proof_step step = proof->steps[i];
		uint32_t j = i;

		for (; j && proof->steps[j - 1].kind > step.kind; j--)
			proof->steps[j] = proof->steps[j - 1];
		proof->steps[j] = step;
	}
}

static int list_prove(const struct rule *rule, const struct rule_list *list, struct proof *proof)
{
	int view = view_of(list->view.buffer);
	bool known;

	if (view < 0)
		return refuse(proof, buffer_infos[list->view.buffer].name);
	if (list->view.transform_count)
		return refuse(proof, "a transformed buffer");
	if (view != SEKI_PF_VIEW_PAYLOAD && rule->directions != 1 << TO_SERVER)
		return refuse(proof, "parts of an answer");
	proof->request |= view != SEKI_PF_VIEW_PAYLOAD;
	known = view != SEKI_PF_VIEW_PAYLOAD || rule_sees_packets(rule);
	for (unsigned int i = 0, next; i < list->node_count; i = next) {
		int err;

		for (next = i + 1; next < list->node_count && list->nodes[next].relative; next++)
			;
		if (proof->step_count == PROOF_STEPS_MAX)
			return refuse(proof, "too many conditions");
		proof->steps[proof->step_count].view = (uint8_t)view;
		err = step_make(&list->nodes[i], next - i, known, proof);
		if (err)
			return err;
		proof->step_count++;
	}
	return 0;
}

/* --- triggers */

static bool literal_of(const struct node_content *content, struct proof_trigger *trigger)
{
	uint32_t len = content->len < SEKI_PF_LITERAL_MAX ? content->len : SEKI_PF_LITERAL_MAX;

	if (len < SEKI_PF_LITERAL_MIN)
		return false;
	*trigger = (struct proof_trigger){.len = (uint8_t)len, .nocase = content->nocase};
	memcpy(trigger->bytes, content->data, len);
	return true;
}

/* How much a literal tells: its length, at most eight bytes, and different ones. */
static unsigned int literal_strength(const struct proof_trigger *trigger)
{
	unsigned int strength = 0;

	for (unsigned int i = 0; i < trigger->len && i < 12; i++)
		strength += memchr(trigger->bytes, trigger->bytes[i], i) || !trigger->bytes[i] ? 1 : 3;
	return strength;
}

static bool list_literal(const struct rule_list *list, struct proof_trigger *best)
{
	unsigned int strength = 0;

	for (unsigned int i = 0; i < list->node_count; i++) {
		const struct rule_node *node = &list->nodes[i];
		struct proof_trigger trigger;

		if (node->kind != NODE_CONTENT || node->negated || !literal_of(&node->content, &trigger) ||
		    literal_strength(&trigger) <= strength)
			continue;
		*best = trigger;
		strength = literal_strength(&trigger);
	}
	return strength > 0;
}

static bool proof_chain_triggers(struct proof *proof);

bool proof_triggers(const struct rule *rule, struct proof *proof, const char **why)
{
	bool found;

	proof->trigger_count = 0;
	if (!(rule->stages & (STAGE_PACKET | STAGE_STREAM)) || rule->list_count != 1 ||
	    rule->lists[0].view.buffer != BUFFER_PAYLOAD) {
		*why = rule->list_count ? buffer_infos[rule->lists[0].view.buffer].name : "no content";
		return false;
	}
	*why = "no literal of three bytes";
	if (rule->lists[0].view.transform_count || rule->lists[0].nodes[0].kind == NODE_ABSENT)
		return false;
	if (list_literal(&rule->lists[0], &proof->triggers[0])) {
		proof->trigger_count = 1;
		return true;
	}
	if (proof_make(rule, proof))
		return false;
	proof->trigger_count = 0;
	found = proof_chain_triggers(proof);
	proof_clear(proof);
	return found;
}

/* The bytes that may stand at each place of a chain. */
struct chain_sets {
	struct regex_set sets[16];
	uint32_t counts[16];
};

static void chain_sets_fill(const struct proof_step *step, struct chain_sets *out)
{
	for (unsigned int i = 0; i < 16; i++)
		out->counts[i] = 256;
	for (unsigned int i = 0; i < step->len && i < 16; i++) {
		out->sets[i] = (struct regex_set){{0}};
		out->sets[i].bits[step->bytes[i] / 64] |= 1ull << (step->bytes[i] % 64);
		out->counts[i] = 1;
	}
	for (unsigned int i = 0; i < step->probe_count; i++) {
		const struct seki_pf_probe *probe = &step->probes[i];
		bool exact = probe->low == probe->high;

		if (probe->kind != SEKI_PF_RANGE || probe->little || (probe->size > 1 && !exact))
			continue;
		for (unsigned int j = 0; j < probe->size && probe->delta + j < 16; j++) {
			unsigned int at = probe->delta + j, shift = 8 * (probe->size - 1 - j);
			uint32_t low = probe->low >> shift & 0xff, high = exact ? low : probe->high;

			if (high - low + 1 >= out->counts[at])
				continue;
			out->sets[at] = (struct regex_set){{0}};
			for (uint32_t byte = low; byte <= high; byte++)
				out->sets[at].bits[byte / 64] |= 1ull << (byte % 64);
			out->counts[at] = high - low + 1;
		}
	}
}

/* All literals that a window of a chain can be. */
static void chain_triggers(struct proof *proof, const struct chain_sets *sets, unsigned int from,
			   unsigned int len, uint32_t count)
{
	for (uint32_t n = 0; n < count; n++) {
		struct proof_trigger *trigger = &proof->triggers[proof->trigger_count++];
		uint32_t rest = n;

		*trigger = (struct proof_trigger){.len = (uint8_t)len};
		for (unsigned int i = 0; i < len; i++) {
			uint32_t choice = rest % sets->counts[from + i], byte = 0;

			rest /= sets->counts[from + i];
			for (;; byte++) {
				bool in = sets->sets[from + i].bits[byte / 64] >> (byte % 64) & 1;

				if (in && !choice--)
					break;
			}
			trigger->bytes[i] = (uint8_t)byte;
		}
	}
}

/* A chain without a long literal: its first bytes with what may stand between them. */
static bool proof_chain_triggers(struct proof *proof)
{
	for (uint32_t i = 0; i < proof->step_count; i++) {
		const struct proof_step *step = &proof->steps[i];
		struct chain_sets sets;

		if (step->kind != SEKI_PF_CHAIN || step->nocase || step->view != SEKI_PF_VIEW_PAYLOAD)
			continue;
		chain_sets_fill(step, &sets);
		for (unsigned int len = 6; len >= SEKI_PF_LITERAL_MIN; len--) {
			for (unsigned int from = 0; from + len <= 16; from++) {
				uint64_t count = 1;

				for (unsigned int j = 0; j < len && count <= PROOF_TRIGGERS_MAX; j++)
					count *= sets.counts[from + j];
				if (count > PROOF_TRIGGERS_MAX)
					continue;
				chain_triggers(proof, &sets, from, len, (uint32_t)count);
				return true;
			}
		}
	}
	return false;
}

static int triggers_make(const struct rule *rule, struct proof *proof)
{
	struct proof_trigger best = {.len = 0};
	unsigned int strength = 0;

	for (unsigned int i = 0; i < rule->list_count; i++) {
		struct proof_trigger trigger;

		if (list_literal(&rule->lists[i], &trigger) && literal_strength(&trigger) > strength) {
			best = trigger;
			strength = literal_strength(&trigger);
		}
	}
	if (best.len)
		proof->triggers[proof->trigger_count++] = best;
	else if (!proof_chain_triggers(proof) && !proof->request)
		return refuse(proof, "no literal of three bytes");
	return 0;
}

int proof_make(const struct rule *rule, struct proof *proof)
{
	int err = 0;

	proof->step_count = proof->trigger_count = 0;
	proof->request = false;
	proof->exact = true;
	proof->why = NULL;
	if (!rule->list_count)
		return refuse(proof, "no content");
	for (unsigned int i = 0; i < rule->list_count && !err; i++)
		err = list_prove(rule, &rule->lists[i], proof);
	if (!err)
		err = triggers_make(rule, proof);
	if (err)
		proof_clear(proof);
	else
		steps_order(proof);
	return err;
}
