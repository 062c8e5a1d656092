// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_buffer.c - sticky buffers, transforms, and tests of a buffer's length
 * and presence.
 */
#include <errno.h>
#include <string.h>

#include "rule_parse.h"
#include "core/match/transform.h"

int rule_list_direction(struct rule_parser *parser, int list, const char *word)
{
	if (buffer_infos[parser->lists[list].view.buffer].dir != 'B')
		return rule_refuse(parser, "a direction, where there is but one");
	if (strcmp(word, "to_server") && strcmp(word, "to_client"))
		return rule_refuse(parser, "neither to_server nor to_client");
	parser->lists[list].direction = !strcmp(word, "to_client") ? TO_CLIENT : TO_SERVER;
	return 0;
}

/* keyword->value: enum buffer_id. */
int keyword_buffer(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	int list = rule_find_list(parser, (enum buffer_id)keyword->value, true);

	if (list < 0)
		return -EINVAL;
	if (arg && rule_list_direction(parser, list, arg))
		return -EINVAL;
	rule_stick_to(parser, list);
	return 0;
}

/* keyword->value: enum rule_transform_kind. The list so far had none: a transformed one is another list. */
int keyword_transform(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_view view;
	unsigned int i;
	int err;

	if (!parser->list)
		return rule_refuse(parser, "a transform stands behind a sticky buffer");
	view = parser->lists[parser->list].view;
	if (view.transform_count == RULE_TRANSFORMS_MAX)
		return rule_refuse(parser, "too many transforms");
	err = transform_argument(parser->context->transforms, (enum rule_transform_kind)keyword->value, arg,
				 &view.arguments[view.transform_count], &parser->why);
	if (err)
		return err;
	view.transforms[view.transform_count++] = (uint8_t)keyword->value;
	for (i = 0; i < parser->list_count; i++) {
		if (!memcmp(&parser->lists[i].view, &view, sizeof(view)) &&
		    buffer_infos[view.buffer].many == 'O')
			break;
	}
	if (i == RULE_LISTS_MAX)
		return rule_refuse(parser, "too many buffers in one rule");
	parser->lists[i].view = view;
	parser->lists[i].direction = parser->lists[parser->list].direction;
	if (i == parser->list_count)
		parser->list_count++;
	parser->list = (int)i;
	parser->list_fresh = true;
	parser->last = -1;
	return 0;
}

int keyword_bsize(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node;

	if (!parser->list)
		return rule_refuse(parser, "there is no sticky buffer before it");
	node = rule_add_node(parser, NODE_SIZE);
	if (!node)
		return -EINVAL;
	return rule_range(arg, UINT32_MAX, &node->size)
		       ? rule_refuse(parser, "not a length or range of lengths")
		       : 0;
}

int keyword_urilen(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	char *size = rule_item(&arg), *form = rule_item(&arg);
	enum buffer_id buffer = BUFFER_HTTP_URI;
	struct rule_node *node;
	int list;

	if (form && !strcmp(form, "raw"))
		buffer = BUFFER_HTTP_URI_RAW;
	else if (form && strcmp(form, "norm"))
		return rule_refuse(parser, "neither raw nor norm");
	list = rule_find_list(parser, buffer, false);
	node = list < 0 ? NULL : rule_add_node(parser, NODE_SIZE);
	if (!node)
		return -EINVAL;
	node->list = (uint8_t)list;
	return rule_range(size, UINT32_MAX, &node->size)
		       ? rule_refuse(parser, "not a length or range of lengths")
		       : 0;
}

int keyword_isdataat(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node;
	char *item;

	arg = rule_trim(arg);
	node = rule_add_node(parser, NODE_ISDATAAT);
	if (!node)
		return -EINVAL;
	if (*arg == '!') {
		node->negated = true;
		arg++;
	}
	if (rule_number(parser, rule_item(&arg), 0, UINT16_MAX, &node->at))
		return -EINVAL;
	node->variable = node->at.variable >= 0;
	while ((item = rule_item(&arg))) {
		if (!strcmp(item, "relative"))
			node->relative = true;
		else if (strcmp(item, "rawbytes"))
			return rule_refuse(parser, "unknown option");
	}
	if (node->relative)
		rule_follow(parser, node);
	return 0;
}

int keyword_absent(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node;

	if (!parser->list)
		return rule_refuse(parser, "there is no sticky buffer before it");
	if (arg && strcmp(arg, "or_else"))
		return rule_refuse(parser, "only or_else may follow");
	node = rule_add_node(parser, NODE_ABSENT);
	if (!node)
		return -EINVAL;
	node->or_else = arg != NULL;
	return 0;
}
