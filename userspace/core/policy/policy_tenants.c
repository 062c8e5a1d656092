// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_tenants.c - owners behind this machine.
 */
#include <string.h>

#include "policy_table.h"

/* Two owners of the same place would make it chance who sees what happens there. */
static void tenant_add(struct policy_parser *p, const struct conf_node *node, const struct tenant_row *fresh)
{
	char text[PREFIX_TEXT_MAX];
	struct tenant_row *row;

	for (uint32_t i = 0; i < p->policy->tenant_count; i++) {
		const struct tenant_row *there = &p->policy->tenants[i];

		if (strcmp(there->iface, fresh->iface) || prefix_compare(&there->network, &fresh->network))
			continue;
		policy_error(p, node, "tenant %s: %s is of tenant %s already", fresh->name,
			     *fresh->iface ? fresh->iface : prefix_format(&fresh->network, text),
			     there->name);
		return;
	}
	row = policy_row_new(p, node, ARRAY_TENANTS);
	if (row)
		*row = *fresh;
}

static void network_add(struct policy_parser *p, const struct conf_node *node, const struct prefix *prefix,
			void *template)
{
	struct tenant_row row = *(const struct tenant_row *)template;

	row.network = *prefix;
	tenant_add(p, node, &row);
}

void policy_read_tenant_network(struct policy_parser *p, const struct conf_node *node, void *object)
{
	if (policy_want_block(p, node, false))
		policy_read_prefixes(p, node, 1, node->word_count, network_add, object);
}

void policy_read_tenant_iface(struct policy_parser *p, const struct conf_node *node, void *object)
{
	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count < 2)
		policy_error(p, node, "name an interface");
	for (uint32_t i = 1; i < node->word_count; i++) {
		struct tenant_row row = *(const struct tenant_row *)object;

		if (!policy_iface_good(node->words[i])) {
			policy_error(p, node, "'%s' is not a name of an interface", node->words[i]);
			continue;
		}
		strcpy(row.iface, node->words[i]);
		tenant_add(p, node, &row);
	}
}

void policy_read_tenant(struct policy_parser *p, const struct conf_node *node, void *object)
{
	struct tenant_row template = {0};
	uint32_t before = p->policy->tenant_count, errors = p->errors->count;

	if (!policy_want_block(p, node, true))
		return;
	if (node->word_count != 2 || !policy_name_good(node->words[1])) {
		policy_error(p, node, "a tenant needs one name of letters, digits and . _ -, at most %d",
			     TENANT_NAME_MAX - 1);
		return;
	}
	strcpy(template.name, node->words[1]);
	policy_read_keys(p, "tenant", node->child, &template, node);
	if (p->policy->tenant_count == before && p->errors->count == errors)
		policy_error(p, node, "tenant %s has neither network nor interface: nothing would be its own",
			     template.name);
}
