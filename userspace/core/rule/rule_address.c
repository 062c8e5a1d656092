// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_address.c - literal address lists of rule headers to prefixes.
 */
#include "rule_address.h"

#include <string.h>

#include "ruleset_parts.h"

#define ADDRESS_BLOCKS_MAX 256u /* prefixes of one range: 2 * 128 at most */

/* The word'th word of a rule's header; brackets hold one word together. */
static struct span header_word(const char *text, unsigned int word)
{
	struct span out = {(const uint8_t *)text, 0};
	int nest = 0;

	for (;; word--) {
		while (*text == ' ' || *text == '\t')
			text++;
		out.data = (const uint8_t *)text;
		while (*text && *text != '(' && (nest || (*text != ' ' && *text != '\t'))) {
			nest += *text == '[' ? 1 : *text == ']' ? -1 : 0;
			text++;
		}
		out.len = (uint32_t)(text - (const char *)out.data);
		if (!word || !out.len)
			return out;
	}
}

static bool address_literal(const struct rule *rule, unsigned int word, const struct range_set *set)
{
	struct span text = header_word(rule->info.header, word);

	return text.len && !set->all && !memchr(text.data, '$', text.len) &&
	       !memchr(text.data, '!', text.len);
}

static struct prefix address_prefix(range_value from, unsigned int host_bits)
{
	struct prefix prefix = {.len = (uint8_t)(128 - host_bits)};

	for (int i = 0; i < 16; i++)
		prefix.addr[i] = (uint8_t)(from >> (120 - 8 * i));
	return prefix;
}

/* The biggest aligned blocks, one after the other. */
static int address_blocks(const struct rule *rule, struct range range, rule_address_fn fn, void *arg)
{
	for (unsigned int i = 0; i < ADDRESS_BLOCKS_MAX; i++) {
		unsigned int bits = 0;
		struct prefix prefix;
		range_value last;
		int err;

		while (bits < 127 && !(range.from >> bits & 1) &&
		       range.to - range.from >= ((range_value)1 << (bits + 1)) - 1)
			bits++;
		last = range.from + (((range_value)1 << bits) - 1);
		prefix = address_prefix(range.from, bits);
		err = fn(&rule->info, &prefix, arg);
		if (err || last >= range.to)
			return err;
		range.from = last + 1;
	}
	return 0;
}

/* Nothing but its addresses decides: what it remembers for other rules may be more. */
static bool address_only(const struct rule *rule)
{
	for (unsigned int i = 0; i < rule->state_count; i++) {
		uint8_t action = rule->states[i].action;

		if (action == STATE_ISSET || action == STATE_ISNOTSET || action == STATE_COMPARE)
			return false;
	}
	return rule->ip_only && !rule->test_count && !rule->both_ways && rule->info.action != RULE_PASS;
}

int rule_addresses(const struct ruleset *set, rule_address_fn fn, void *arg)
{
	int err = 0;

	for (uint32_t i = 0; i < set->count && !err; i++) {
		const struct rule *rule = set->rules[i];
		const struct range_set *side = NULL;

		if (!address_only(rule))
			continue;
		if (address_literal(rule, 2, rule->src))
			side = rule->src;
		else if (address_literal(rule, 5, rule->dst))
			side = rule->dst;
		for (uint32_t j = 0; side && j < side->count && !err; j++)
			err = address_blocks(rule, side->ranges[j], fn, arg);
	}
	return err;
}
