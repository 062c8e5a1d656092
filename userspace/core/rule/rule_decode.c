// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_decode.c - keywords that decode a place of the buffer first:
 * base64_decode with base64_data, asn1.
 */
#include <errno.h>
#include <string.h>

#include "rule_parse.h"

int keyword_base64_decode(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node;
	char *item;

	for (unsigned int i = 0; i < parser->node_count; i++) {
		if (parser->nodes[i].kind == NODE_BASE64)
			return rule_refuse(parser, "given twice");
	}
	if (parser->lists[parser->list].view.buffer == BUFFER_BASE64_DATA)
		return rule_refuse(parser, "decoded data is not decoded again");
	node = rule_add_node(parser, NODE_BASE64);
	if (!node)
		return -EINVAL;
	node->base64.bytes = (struct rule_number){BASE64_BYTES_MAX, -1};
	node->base64.offset = (struct rule_number){0, -1};
	while ((item = rule_item(&arg))) {
		char *value = item + strcspn(item, " \t");

		if (*value)
			*value++ = '\0';
		value = rule_trim(value);
		if (!strcmp(item, "relative") && !*value)
			node->relative = true;
		else if (!strcmp(item, "bytes")) {
			if (rule_number(parser, value, 1, BASE64_BYTES_MAX, &node->base64.bytes))
				return -EINVAL;
		} else if (!strcmp(item, "offset")) {
			if (rule_number(parser, value, 0, UINT16_MAX, &node->base64.offset))
				return -EINVAL;
		} else {
			return rule_refuse(parser, "unknown option");
		}
	}
	node->variable = node->base64.bytes.variable >= 0 || node->base64.offset.variable >= 0;
	rule_follow(parser, node);
	parser->last = -1;
	return 0;
}

int keyword_asn1(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = rule_add_node(parser, NODE_ASN1);
	struct rule_number number;
	char *item;

	if (!node)
		return -EINVAL;
	while ((item = rule_item(&arg))) {
		char *value = item + strcspn(item, " \t");

		if (*value)
			*value++ = '\0';
		value = rule_trim(value);
		if (!strcmp(item, "bitstring_overflow") && !*value)
			node->asn1.bitstring = true;
		else if (!strcmp(item, "double_overflow") && !*value)
			node->asn1.real = true;
		else if (!strcmp(item, "oversize_length")) {
			if (rule_number(parser, value, 1, UINT32_MAX, &number) || number.variable >= 0)
				return rule_refuse(parser, "oversize_length is not a number above 0");
			node->asn1.oversize = (uint32_t)number.value;
		} else if (!strcmp(item, "relative_offset") || !strcmp(item, "absolute_offset")) {
			if (rule_number(parser, value, -65535, 65535, &number) || number.variable >= 0)
				return rule_refuse(parser, "the offset is not a number");
			node->asn1.offset = (int32_t)number.value;
			node->relative = item[0] == 'r';
		} else {
			return rule_refuse(parser, "unknown option");
		}
	}
	if (!node->asn1.bitstring && !node->asn1.real && !node->asn1.oversize)
		return rule_refuse(parser, "nothing is asked for");
	if (node->relative)
		rule_follow(parser, node);
	return 0;
}
