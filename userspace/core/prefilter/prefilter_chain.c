// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter_chain.c - nodes that build upon one another. Where each has one
 * place behind the first they become numbers to compare, else an expression.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "prefilter_parts.h"

struct chain {
	struct proof_step *step;
	int64_t place; /* behind the last match, from the chain's beginning */
	struct {
		uint16_t delta;
		uint8_t size;
		bool little, known;
	} variables[RULE_VARIABLES_MAX];
};

static bool probe_put(struct chain *chain, struct seki_pf_probe probe, int64_t delta)
{
	if (delta < 0 || delta > 4096 || chain->step->probe_count == PROOF_PROBES_MAX)
		return false;
	probe.delta = (uint16_t)delta;
	chain->step->probes[chain->step->probe_count++] = probe;
	return true;
}

/* A literal with one place: numbers that are what they are. */
static bool chain_content(struct chain *chain, const struct rule_node *node)
{
	const struct node_content *content = &node->content;
	int64_t at = chain->place + (content->has_distance ? content->distance.value : 0);

	if (node->negated || content->endswith || !content->has_within ||
	    (content->has_distance && content->distance.variable >= 0) || content->within.variable >= 0 ||
	    content->within.value != content->len)
		return false;
	for (uint32_t i = 0; i < content->len; i++)
		if (content->nocase && isalpha(content->data[i]))
			return false;
	for (uint32_t i = 0; i < content->len; i += 4) {
		uint32_t size = content->len - i < 4 ? content->len - i : 4, value = 0;

		for (uint32_t j = 0; j < size; j++)
			value = value << 8 | content->data[i + j];
		if (!probe_put(chain,
			       (struct seki_pf_probe){.kind = SEKI_PF_RANGE,
						      .size = (uint8_t)size,
						      .low = value,
						      .high = value},
			       at + i))
			return false;
	}
	chain->place = at + content->len;
	return true;
}

/* Where the number of byte_test or byte_extract lies; false: not at one place, or not plain. */
static bool chain_number(const struct chain *chain, const struct rule_node *node, int64_t *at)
{
	const struct node_bytes *bytes = &node->bytes;

	*at = chain->place + bytes->offset.value;
	return node->relative && !bytes->base && !bytes->bitmask && !bytes->align && !bytes->align_to &&
	       bytes->multiplier <= 1 && !bytes->from_beginning && !bytes->from_end &&
	       bytes->count.variable < 0 && bytes->offset.variable < 0 && bytes->count.value >= 1 &&
	       bytes->count.value <= 4;
}

static bool chain_compare_variable(struct chain *chain, const struct rule_node *node, int64_t at)
{
	const struct node_bytes *bytes = &node->bytes;
	int variable = bytes->value.variable;
	struct seki_pf_probe probe = {
		.size = (uint8_t)bytes->count.value, .little = bytes->little, .low = 0, .high = UINT32_MAX};

	if (!chain->variables[variable].known || node->negated ||
	    (chain->variables[variable].little != bytes->little && chain->variables[variable].size > 1 &&
	     bytes->count.value > 1))
		return false;
	probe.kind = bytes->op == BYTE_GT ? SEKI_PF_GREATER : SEKI_PF_LESS;
	if (bytes->op != BYTE_GT && bytes->op != BYTE_LT)
		return false;
	probe.little =
		chain->variables[variable].size > 1 ? chain->variables[variable].little : bytes->little;
	probe.other_delta = chain->variables[variable].delta;
	probe.other_size = chain->variables[variable].size;
	return probe_put(chain, probe, at);
}

static bool chain_test(struct chain *chain, const struct rule_node *node)
{
	const struct node_bytes *bytes = &node->bytes;
	uint64_t most, value, low = 0, high;
	int64_t at;

	if (!chain_number(chain, node, &at))
		return false;
	if (bytes->value.variable >= 0)
		return chain_compare_variable(chain, node, at);
	high = most = (1ull << (8 * bytes->count.value)) - 1;
	value = (uint64_t)bytes->value.value;
	if (node->negated || bytes->value.value < 0 || value > most)
		return false;
	switch (bytes->op) {
	case BYTE_LT:
		high = value - 1;
		break;
	case BYTE_LE:
		high = value;
		break;
	case BYTE_GT:
		low = value + 1;
		break;
	case BYTE_GE:
		low = value;
		break;
	case BYTE_EQ:
		low = high = value;
		break;
	default:
		return false;
	}
	if (low > high || high > most)
		return false; /* never true: not worth a probe */
	return probe_put(chain,
			 (struct seki_pf_probe){.kind = SEKI_PF_RANGE,
						.size = (uint8_t)bytes->count.value,
						.little = bytes->little,
						.low = (uint32_t)low,
						.high = (uint32_t)high},
			 at);
}

static bool chain_extract(struct chain *chain, const struct rule_node *node)
{
	int64_t at;

	if (!chain_number(chain, node, &at) || at < 0 || at > 4096 || node->bytes.result < 0)
		return false;
	chain->variables[node->bytes.result].delta = (uint16_t)at;
	chain->variables[node->bytes.result].size = (uint8_t)node->bytes.count.value;
	chain->variables[node->bytes.result].little = node->bytes.little;
	chain->variables[node->bytes.result].known = true;
	chain->place = at + node->bytes.count.value;
	return true;
}

static bool chain_fixed(const struct rule_node *nodes, unsigned int count, struct proof_step *step)
{
	struct chain chain = {.step = step, .place = nodes[0].content.len};

	step->probe_count = 0;
	for (unsigned int i = 1; i < count; i++) {
		const struct rule_node *node = &nodes[i];
		bool fits = node->kind == NODE_CONTENT	      ? chain_content(&chain, node)
			    : node->kind == NODE_BYTE_TEST    ? chain_test(&chain, node)
			    : node->kind == NODE_BYTE_EXTRACT ? chain_extract(&chain, node)
							      : false;

		if (!fits)
			return false;
	}
	return true;
}

/* How far behind the one before a relative literal may begin. false: before it, or at a place to be read. */
static bool chain_gap(const struct node_content *content, uint32_t *low, uint32_t *high)
{
	int64_t distance = content->has_distance ? content->distance.value : 0;

	if ((content->has_distance && content->distance.variable >= 0) ||
	    (content->has_within && content->within.variable >= 0) || distance < 0 || distance > 1000)
		return false;
	*low = (uint32_t)distance;
	*high = REGEX_FOREVER;
	if (!content->has_within)
		return true;
	if (content->within.value < content->len || content->within.value > 1000)
		return false;
	*high = (uint32_t)(distance + content->within.value - content->len);
	return true;
}

static int chain_parse(struct regex *regex, const struct rule_node *node, uint32_t *tail)
{
	struct regex_options options = {
		.nocase = node->pcre.flags & NODE_PCRE_NOCASE,
		.dotall = node->pcre.flags & NODE_PCRE_DOTALL,
		.multiline = node->pcre.flags & NODE_PCRE_MULTILINE,
		.relative = node->relative,
	};

	if (node->pcre.flags & NODE_PCRE_OTHER || !node->pcre.text) {
		regex->why = "an expression with flags that automata do not have";
		return -EINVAL;
	}
	if (node->negated) {
		regex->why = "the absence of an expression";
		return -EINVAL;
	}
	return regex_parse(regex, node->pcre.text, &options, tail);
}

/* The first literal of a chain at its fixed place, if it has one. */
static int chain_head(struct regex *regex, const struct rule_node *node, uint32_t *root)
{
	const struct node_content *content = &node->content;
	int64_t low = content->has_offset ? content->offset.value : 0;
	int64_t high = low + content->depth.value - content->len;
	struct regex_node begins = {.kind = REGEX_BEHIND, .edge = true};

	*root = regex_bytes(regex, content->data, content->len, content->nocase);
	if (!content->has_offset && !content->has_depth)
		return 0;
	if (low < 0 || low > 1000 || (content->has_depth && (high < low || high > 1000))) {
		regex->why = "a place too far from the beginning";
		return -EINVAL;
	}
	/* The empty set: nothing lies before it. */
	if (regex->set_count == REGEX_SETS_MAX)
		return -E2BIG;
	regex->sets[regex->set_count] = (struct regex_set){{0}};
	begins.set = (uint16_t)regex->set_count++;
	*root = regex_cat(regex,
			  regex_cat(regex, regex_node(regex, begins),
				    regex_gap(regex, (uint32_t)low,
					      content->has_depth ? (uint32_t)high : REGEX_FOREVER)),
			  *root);
	return 0;
}

static int chain_tree(struct regex *regex, const struct rule_node *nodes, unsigned int count, uint32_t *root)
{
	int err = 0;

	if (nodes[0].kind == NODE_PCRE) {
		if (count > 1) {
			regex->why = "a place behind an expression";
			return -EINVAL;
		}
		return chain_parse(regex, &nodes[0], root);
	}
	err = chain_head(regex, &nodes[0], root);
	for (unsigned int i = 1; i < count && !err; i++) {
		const struct rule_node *node = &nodes[i];
		uint32_t low, high, tail;

		if (node->kind == NODE_CONTENT && !node->negated && !node->content.endswith &&
		    chain_gap(&node->content, &low, &high)) {
			tail = regex_cat(regex, regex_gap(regex, low, high),
					 regex_bytes(regex, node->content.data, node->content.len,
						     node->content.nocase));
		} else if (node->kind == NODE_PCRE && i + 1 == count) {
			err = chain_parse(regex, node, &tail);
		} else {
			regex->why = "a place or number that is only known when it is read";
			err = -EINVAL;
		}
		if (!err)
			*root = regex_cat(regex, *root, tail);
	}
	return err;
}

/* Where counting takes too many states, less is counted: what then matches is matched by the rule, too. */
static int chain_automaton(struct regex *regex, uint32_t root, bool known, struct automaton *out)
{
	static const uint32_t spans[] = {REGEX_FOREVER, 16, 4, 1};
	int err = -E2BIG;

	for (size_t i = 0; i < ARRAY_LEN(spans) && err == -E2BIG; i++) {
		for (uint32_t n = 0; n < regex->count && i; n++) {
			struct regex_node *node = &regex->nodes[n];

			if (node->kind != REGEX_REPEAT || node->high == REGEX_FOREVER ||
			    node->high - node->low <= spans[i])
				continue;
			node->high = node->low + spans[i];
			regex->exact = false;
		}
		err = automaton_build(regex, root, known, out);
	}
	return err;
}

int chain_make(const struct rule_node *nodes, unsigned int count, bool known, struct proof *proof,
	       struct proof_step *step)
{
	CLEANUP(regex_clear) struct regex *regex = &(struct regex){.exact = true};
	uint32_t root;
	int err;

	if (nodes[0].kind == NODE_CONTENT && chain_fixed(nodes, count, step)) {
		step->kind = SEKI_PF_CHAIN;
		return 0;
	}
	step->probe_count = 0;
	step->kind = SEKI_PF_MATCH;
	err = chain_tree(regex, nodes, count, &root);
	if (!err && root == UINT32_MAX) {
		regex->why = "too large for the kernel";
		err = -E2BIG;
	}
	if (!err)
		err = chain_automaton(regex, root, known, &step->automaton);
	proof->exact &= regex->exact && known;
	if (err && err != -ENOMEM) {
		proof->why = regex->why ? regex->why : "too large for the kernel";
		err = -EINVAL;
	}
	return err;
}
