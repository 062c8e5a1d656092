// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_content.c - content and what may follow it: position, case, edges,
 * fast pattern, and the older buffer modifiers.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "rule_content.h"

static int content_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int content_bytes(struct rule_parser *parser, const char *text, const uint8_t **data, uint16_t *len)
{
	uint8_t bytes[RULE_CONTENT_MAX];
	size_t count = 0;
	int high = -1;
	bool hex = false;

	for (; *text; text++) {
		if (count == sizeof(bytes))
			return rule_refuse(parser, "the content is too long");
		if (*text == '|') {
			if (high >= 0)
				return rule_refuse(parser, "half a byte between the bars");
			hex = !hex;
		} else if (hex) {
			int digit = content_hex(*text);

			if (isspace((unsigned char)*text))
				continue;
			if (digit < 0)
				return rule_refuse(parser, "not hexadecimal between the bars");
			if (high < 0) {
				high = digit;
			} else {
				bytes[count++] = (uint8_t)(high << 4 | digit);
				high = -1;
			}
		} else if (*text == '\\') {
			if (!text[1] || !strchr("\";:\\|", text[1]))
				return rule_refuse(parser, "a backslash before something that needs none");
			bytes[count++] = (uint8_t) * ++text;
		} else {
			bytes[count++] = (uint8_t)*text;
		}
	}
	if (hex)
		return rule_refuse(parser, "the bars do not close");
	if (!count)
		return rule_refuse(parser, "the content is empty");
	*data = arena_copy(parser->context->scratch, bytes, count);
	*len = (uint16_t)count;
	return *data ? 0 : -ENOMEM;
}

/* "fast_pattern_offset n", "fast_pattern_length n": what of the content is searched for first. */
static int content_chop(struct rule_parser *parser, bool offset, const char *value)
{
	struct node_content *content = &parser->nodes[parser->last].content;
	uint64_t number;

	if (rule_unsigned(value, content->len, &number))
		return rule_refuse(parser, "offset and length do not lie inside the content");
	content->fast = true;
	*(offset ? &content->chop_offset : &content->chop_len) = (uint16_t)number;
	if (content->chop_offset + content->chop_len > content->len || content->chop_offset == content->len)
		return rule_refuse(parser, "offset and length do not lie inside the content");
	return 0;
}

/* Modifiers behind the closing quote: "x",nocase,depth 4. */
static int content_inline(struct rule_parser *parser, char *rest)
{
	char *item;

	while ((item = rule_item(&rest))) {
		char *value = item + strcspn(item, " \t");
		const struct rule_keyword *row;
		int err;

		if (*value)
			*value++ = '\0';
		value = rule_trim(value);
		if (!strcmp(item, "fast_pattern_offset") || !strcmp(item, "fast_pattern_length")) {
			err = content_chop(parser, item[13] == 'o', value);
			if (err)
				return err;
			continue;
		}
		row = rule_keyword_find(item);
		if (!row || (row->parse != keyword_nocase && row->parse != keyword_position &&
			     row->parse != keyword_edge && row->parse != keyword_fast_pattern))
			return rule_refuse(parser, "unknown modifier behind the content");
		err = row->parse(parser, row, *value ? value : NULL);
		if (err)
			return err;
	}
	return 0;
}

int keyword_content(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	bool negated = *arg == '!';
	struct rule_node *node;
	char *end;
	int err;

	arg = rule_trim(arg + negated);
	if (*arg != '"')
		return rule_refuse(parser, "the content is not quoted");
	for (end = ++arg; *end && *end != '"'; end++) {
		if (*end == '\\' && end[1])
			end++;
	}
	if (!*end)
		return rule_refuse(parser, "the quote does not close");
	*end++ = '\0';
	end = rule_trim(end);
	node = rule_add_node(parser, NODE_CONTENT);
	if (!node)
		return -EINVAL;
	node->negated = negated;
	err = content_bytes(parser, arg, &node->content.data, &node->content.len);
	if (err)
		return err;
	parser->last = (int)parser->node_count - 1;
	if (!*end)
		return 0;
	if (*end != ',')
		return rule_refuse(parser, "something stands behind the quote");
	return content_inline(parser, end + 1);
}

/* The content that a modifier means. NULL: refused. */
static struct rule_node *content_last(struct rule_parser *parser)
{
	if (parser->last < 0 || parser->nodes[parser->last].kind != NODE_CONTENT) {
		parser->why = "there is no content before it";
		return NULL;
	}
	return &parser->nodes[parser->last];
}

int keyword_nocase(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = content_last(parser);

	if (!node)
		return -EINVAL;
	node->content.nocase = true; /* rule_finish() folds the bytes */
	return 0;
}

/* keyword->value: the letter of the position. */
int keyword_position(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = content_last(parser);
	struct rule_number number;
	struct node_content *content;

	if (!node)
		return -EINVAL;
	if (!arg)
		return rule_refuse(parser, "needs a number");
	if (rule_number(parser, arg, keyword->value == 'd' ? -1048576 : 0, 1048576, &number))
		return -EINVAL;
	content = &node->content;
	node->variable |= number.variable >= 0;
	switch (keyword->value) {
	case 'o':
		content->has_offset = true;
		content->offset = number;
		break;
	case 'p':
		if (number.variable < 0 && number.value < content->len)
			return rule_refuse(parser, "depth is smaller than the content");
		content->has_depth = true;
		content->depth = number;
		break;
	case 'd':
		content->has_distance = true;
		content->distance = number;
		break;
	case 'w':
		if (number.variable < 0 && number.value < content->len)
			return rule_refuse(parser, "within is smaller than the content");
		content->has_within = true;
		content->within = number;
		break;
	}
	node->relative = content->has_distance || content->has_within;
	return 0;
}

int keyword_edge(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = content_last(parser);

	if (!node)
		return -EINVAL;
	if (keyword->value == 's')
		node->content.startswith = true;
	else
		node->content.endswith = true;
	return 0;
}

int keyword_fast_pattern(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = content_last(parser);
	uint64_t offset, len;
	char *first, *second;

	if (!node)
		return -EINVAL;
	node->content.fast = true;
	if (!arg)
		return 0;
	if (!strcmp(arg, "only")) {
		node->content.fast_only = true;
		return 0;
	}
	first = rule_item(&arg);
	second = rule_item(&arg);
	if (!second || rule_unsigned(first, UINT16_MAX, &offset) || rule_unsigned(second, UINT16_MAX, &len) ||
	    !len || offset + len > node->content.len)
		return rule_refuse(parser, "offset and length do not lie inside the content");
	node->content.chop_offset = (uint16_t)offset;
	node->content.chop_len = (uint16_t)len;
	return 0;
}

/* keyword->value: the buffer that the content before it belongs to. */
int keyword_old_buffer(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = content_last(parser);
	int list;

	if (!node)
		return -EINVAL;
	if (node->list != 0)
		return rule_refuse(parser, "the content already belongs to a buffer");
	list = rule_find_list(parser, (enum buffer_id)keyword->value, false);
	if (list < 0)
		return -EINVAL;
	node->list = (uint8_t)list;
	return 0;
}

/* keyword->value: the buffer that this kind of content always belongs to. */
int keyword_buffer_content(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	int kept = parser->list, err;

	parser->list = 0;
	err = keyword_content(parser, keyword, arg);
	parser->list = kept;
	return err ? err : keyword_old_buffer(parser, keyword, NULL);
}
