// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_nets.c - the statements that hold addresses: networks with a meaning, the allow set, lists.
 */
#include <string.h>

#include "core/list/list_import.h"
#include "policy_table.h"

static void add_net(struct policy_parser *p, const struct conf_node *node, const struct prefix *prefix,
		    void *template)
{
	struct policy_net *row = policy_row_new(p, node, ARRAY_NETS);

	if (!row)
		return;
	*row = *(const struct policy_net *)template;
	row->prefix = *prefix;
	row->line = node->line;
}

void policy_read_allow(struct policy_parser *p, const struct conf_node *node, void *object)
{
	struct policy_net net = {.allow = true};

	policy_key_defaults("allow", &net);
	if (node->has_block)
		policy_read_keys(p, "allow", node->child, &net, node);
	policy_read_prefixes(p, node, 1, node->word_count, add_net, &net);
}

static void read_nets(struct policy_parser *p, const struct conf_node *node, uint32_t flags)
{
	struct policy_net net = {.flags = flags};

	if (policy_want_block(p, node, false))
		policy_read_prefixes(p, node, 1, node->word_count, add_net, &net);
}

void policy_read_own(struct policy_parser *p, const struct conf_node *node, void *object)
{
	read_nets(p, node, SEKI_NET_OWN);
}

void policy_read_protect(struct policy_parser *p, const struct conf_node *node, void *object)
{
	read_nets(p, node, SEKI_NET_DMZ);
}

void policy_read_shared(struct policy_parser *p, const struct conf_node *node, void *object)
{
	read_nets(p, node, SEKI_NET_SHARED);
}

static void add_list_address(struct policy_parser *p, const struct conf_node *node,
			     const struct prefix *prefix, void *arg)
{
	struct policy_list_scratch *scratch = arg;
	struct policy_entry *row = policy_row_new(p, node, ARRAY_ENTRIES);

	if (!row)
		return;
	row->list = scratch->index;
	row->prefix = *prefix;
	scratch->addresses++;
}

void policy_read_list_address(struct policy_parser *p, const struct conf_node *node, void *object)
{
	if (policy_want_block(p, node, false))
		policy_read_prefixes(p, node, 1, node->word_count, add_list_address, object);
}

void policy_read_list(struct policy_parser *p, const struct conf_node *node, void *object)
{
	struct policy_list_scratch scratch = {.index = (uint16_t)p->policy->list_count};
	static const char *const formats[] = {
#define X(id, name) name,
		LIST_FORMATS(X)
#undef X
	};
	static const uint8_t action_flags[] = {0, SEKI_ENTRY_ALERT,
					       SEKI_ENTRY_ALLOW}; /* in the order of their names */
	struct policy_list *row;

	if (!policy_want_block(p, node, true))
		return;
	if (node->word_count != 2 || !policy_name_good(node->words[1])) {
		policy_error(p, node, "a list needs one name of letters, digits and . _ -, at most %d",
			     POLICY_NAME_MAX - 1);
		return;
	}
	if (!strcmp(node->words[1], "manual")) {
		policy_error(p, node, "the list 'manual' is the command line's own");
		return;
	}
	for (uint32_t i = 0; i < p->policy->list_count; i++) {
		if (!strcmp(p->policy->lists[i].name, node->words[1])) {
			policy_error(p, node, "the list '%s' is there already", node->words[1]);
			return;
		}
	}
	policy_key_defaults("list", &scratch);
	policy_read_keys(p, "list", node->child, &scratch, node);
	if (!*scratch.row.path && !scratch.addresses)
		policy_error(p, node, "the list '%s' has neither file nor address", node->words[1]);
	row = policy_row_new(p, node, ARRAY_LISTS);
	if (!row)
		return;
	*row = scratch.row;
	strcpy(row->name, node->words[1]);
	strcpy(row->format, scratch.format ? formats[scratch.format - 1] : "");
	for (unsigned int i = 0; i < sizeof(scratch.allow); i++)
		row->allow |=
			(uint8_t)(scratch.allow[i] << i); /* the bits of enum list_allow, in its order */
	row->flags = (uint8_t)((scratch.direction + 1) | action_flags[scratch.action]);
}
_Static_assert(SEKI_ENTRY_SRC == 1 && SEKI_ENTRY_DST == 2, "direction_names are read as bits");
