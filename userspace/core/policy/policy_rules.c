// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_rules.c - the statements about what is inspected: rule files, the data and variables that rules use,
 * records beside alerts.
 */
#include <string.h>

#include "core/eve/eve.h"
#include "core/rule/ruleset.h"
#include "policy_table.h"

/* Is this a path that a row holds? Otherwise an error is told. */
static bool path_good(struct policy_parser *p, const struct conf_node *node, const char *path)
{
	size_t len = strlen(path);

	if (len > 0 && len < POLICY_PATH_MAX && !strchr(path, '\t'))
		return true;
	policy_error(p, node, "the path is empty, longer than %d bytes or has a tab", POLICY_PATH_MAX - 1);
	return false;
}

void policy_read_rules(struct policy_parser *p, const struct conf_node *node, void *object)
{
	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count < 2)
		policy_error(p, node, "'rules' needs a path");
	for (unsigned int i = 1; i < node->word_count; i++) {
		char *row;

		if (!path_good(p, node, node->words[i]))
			continue;
		row = policy_row_new(p, node, ARRAY_RULE_FILES);
		if (row)
			strcpy(row, node->words[i]);
	}
}

void policy_read_rule_data(struct policy_parser *p, const struct conf_node *node, void *object)
{
	uint8_t kind = 0;

	if (!policy_want_block(p, node, false))
		return;
	while (node->word_count > 1 && rule_data_words[kind] && strcmp(node->words[1], rule_data_words[kind]))
		kind++;
	if (node->word_count < 3 || !rule_data_words[kind]) {
		policy_error(p, node,
			     "rule data is written: rule-data KIND PATH...; KIND is one of threshold, "
			     "references, reputation-categories, reputation, data-set");
		return;
	}
	for (unsigned int i = 2; i < node->word_count; i++) {
		struct policy_rule_data *row;

		if (!path_good(p, node, node->words[i]))
			continue;
		row = policy_row_new(p, node, ARRAY_RULE_DATA);
		if (!row)
			return;
		row->kind = kind;
		strcpy(row->path, node->words[i]);
	}
}

void policy_read_eve_records(struct policy_parser *p, const struct conf_node *node, void *object)
{
	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count < 2)
		policy_error(p, node, "'eve-records' names kinds of records");
	for (uint32_t i = 1; i < node->word_count; i++) {
		uint32_t kinds;

		if (eve_kinds_read(node->words[i], &kinds))
			policy_error(p, node, "there is no kind of records '%s'", node->words[i]);
		else
			p->policy->eve_kinds |= kinds;
	}
}

void policy_read_variable(struct policy_parser *p, const struct conf_node *node, void *object)
{
	struct policy_variable *row;

	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count != 3 || !policy_name_good(node->words[1])) {
		policy_error(p, node, "a variable is written: variable NAME \"VALUE\"");
		return;
	}
	if (!*node->words[2] || strlen(node->words[2]) >= sizeof(row->value) ||
	    strchr(node->words[2], '\t')) {
		policy_error(p, node, "the value is empty, longer than %zu bytes or has a tab",
			     sizeof(row->value) - 1);
		return;
	}
	for (uint32_t i = 0; i < p->policy->variable_count; i++) {
		if (strcmp(p->policy->variables[i].name, node->words[1]))
			continue;
		if (strcmp(p->policy->variables[i].value, node->words[2]))
			policy_error(p, node, "variable %s is there already with another value",
				     node->words[1]);
		return;
	}
	row = policy_row_new(p, node, ARRAY_VARIABLES);
	if (!row)
		return;
	strcpy(row->name, node->words[1]);
	strcpy(row->value, node->words[2]);
}
