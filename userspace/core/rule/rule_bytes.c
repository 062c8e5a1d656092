// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_bytes.c - keywords that read numbers out of the data: byte_test,
 * byte_jump, byte_extract, byte_math.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "rule_parse.h"

static const struct bytes_operator {
	const char *sign;
	uint8_t op;
} bytes_operators[] = {
	{"<", BYTE_LT},	 {">", BYTE_GT},  {"=", BYTE_EQ},    {"==", BYTE_EQ},	 {"<=", BYTE_LE},
	{">=", BYTE_GE}, {"&", BYTE_AND}, {"^", BYTE_OR},    {"+", BYTE_ADD},	 {"-", BYTE_SUB},
	{"*", BYTE_MUL}, {"/", BYTE_DIV}, {"<<", BYTE_LEFT}, {">>", BYTE_RIGHT},
};

static int bytes_operator(const char *text, bool math, uint8_t *op)
{
	for (size_t i = 0; i < ARRAY_LEN(bytes_operators); i++) {
		if (!strcmp(text, bytes_operators[i].sign) && math == (bytes_operators[i].op >= BYTE_ADD)) {
			*op = bytes_operators[i].op;
			return 0;
		}
	}
	return -EINVAL;
}

/* One of the words that all of them know. -ENOENT: another one. */
static int bytes_word(struct rule_parser *parser, struct rule_node *node, char *word)
{
	static const struct {
		const char *word;
		uint8_t base;
	} bases[] = {{"hex", 16}, {"dec", 10}, {"oct", 8}};
	struct node_bytes *bytes = &node->bytes;
	char *value = word + strcspn(word, " \t");
	uint64_t number;

	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		if (!strcmp(word, bases[i].word)) {
			bytes->base = bases[i].base;
			return 0;
		}
	}
	if (!strcmp(word, "relative")) {
		node->relative = true;
		return 0;
	}
	if (!strcmp(word, "little") || !strcmp(word, "big")) {
		bytes->little = word[0] == 'l';
		return 0;
	}
	if (!strcmp(word, "string")) {
		bytes->base = bytes->base ? bytes->base : 10;
		return 0;
	}
	if (*value)
		*value++ = '\0';
	value = rule_trim(value);
	if (!strcmp(word, "endian") && (!strcmp(value, "little") || !strcmp(value, "big"))) {
		bytes->little = value[0] == 'l';
		return 0;
	}
	if (!strcmp(word, "string")) /* byte_math: "string dec" */
		return bytes_word(parser, node, value);
	if (!strcmp(word, "bitmask")) {
		char *end;

		/* Hexadecimal, with or without 0x. */
		number = strtoull(value, &end, 16);
		if (!isxdigit((unsigned char)*value) || *end || !number || number > UINT32_MAX)
			return rule_refuse(parser, "the bitmask is not a hexadecimal number above 0");
		bytes->bitmask = (uint32_t)number;
		return 0;
	}
	if (!strcmp(word, "dce")) {
		bytes->dce = true;
		return 0;
	}
	if (*value)
		value[-1] = ' ';
	return -ENOENT;
}

static int bytes_count(struct rule_parser *parser, struct rule_node *node, const char *text, int64_t max)
{
	node->variable |= !strchr("0123456789", text[0]);
	return rule_number(parser, text, 0, max, &node->bytes.count);
}

/* After all words are read: text numbers may be longer than binary ones. */
static int bytes_check(struct rule_parser *parser, struct rule_node *node)
{
	const struct node_bytes *bytes = &node->bytes;

	if (bytes->count.variable < 0 && !bytes->base && (bytes->count.value > 8 || bytes->count.value == 0))
		return rule_refuse(parser, "a binary number has 1 to 8 bytes");
	if (node->relative)
		rule_follow(parser, node);
	return 0;
}

static int bytes_place(struct rule_parser *parser, struct rule_node *node, const char *text,
		       struct rule_number *out)
{
	int err = rule_number(parser, text, -65535, 65535, out);

	node->variable |= !err && out->variable >= 0;
	return err;
}

/* Makes a variable; the same name twice means the later value. */
static int bytes_variable(struct rule_parser *parser, const char *name, int8_t *out)
{
	size_t len = strlen(name);

	if (!len || len >= sizeof(parser->variables[0]) || strchr("0123456789-", name[0]))
		return rule_refuse(parser, "not a variable's name");
	for (unsigned int i = 0; i < parser->variable_count; i++) {
		if (!strcmp(parser->variables[i], name)) {
			*out = (int8_t)i;
			return 0;
		}
	}
	if (parser->variable_count == RULE_VARIABLES_MAX)
		return rule_refuse(parser, "too many variables");
	memcpy(parser->variables[parser->variable_count], name, len + 1);
	*out = (int8_t)parser->variable_count++;
	return 0;
}

int keyword_byte_test(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = rule_add_node(parser, NODE_BYTE_TEST);
	char *count = rule_item(&arg), *op = rule_item(&arg), *value = rule_item(&arg),
	     *offset = rule_item(&arg), *word;
	int err;

	if (!node)
		return -EINVAL;
	if (!offset)
		return rule_refuse(parser, "count, operator, value and offset are needed");
	if (*op == '!') {
		node->negated = true;
		op = rule_trim(op + 1);
		op = *op ? op : (char *)"=";
	}
	if (bytes_operator(op, false, &node->bytes.op))
		return rule_refuse(parser, "unknown operator");
	if (bytes_count(parser, node, count, 23) ||
	    rule_number(parser, value, 0, INT64_MAX, &node->bytes.value) ||
	    bytes_place(parser, node, offset, &node->bytes.offset))
		return -EINVAL;
	node->variable |= node->bytes.value.variable >= 0;
	while ((word = rule_item(&arg))) {
		err = bytes_word(parser, node, word);
		if (err)
			return err == -ENOENT ? rule_refuse(parser, "unknown option") : err;
	}
	return bytes_check(parser, node);
}

/* multiplier, align, post_offset and so on. -ENOENT: another word. */
static int bytes_jump_word(struct rule_parser *parser, struct rule_node *node, char *word)
{
	struct node_bytes *bytes = &node->bytes;
	struct rule_number number;

	if (!strcmp(word, "from_beginning"))
		bytes->from_beginning = true;
	else if (!strcmp(word, "from_end"))
		bytes->from_end = true;
	else if (!strcmp(word, "align"))
		bytes->align_to = 4;
	else if (!strncmp(word, "align ", 6) && (!strcmp(word + 6, "2") || !strcmp(word + 6, "4")))
		bytes->align_to = (uint8_t)(word[6] - '0');
	else if (!strncmp(word, "multiplier ", 11)) {
		if (rule_number(parser, rule_trim(word + 11), 1, 65535, &number) || number.variable >= 0)
			return rule_refuse(parser, "the multiplier is not a number above 0");
		bytes->multiplier = (uint32_t)number.value;
	} else if (!strncmp(word, "post_offset ", 12)) {
		if (rule_number(parser, rule_trim(word + 12), -65535, 65535, &number) || number.variable >= 0)
			return rule_refuse(parser, "post_offset is not a number");
		bytes->post_offset = (int32_t)number.value;
	} else {
		return -ENOENT;
	}
	return 0;
}

static int bytes_jump_words(struct rule_parser *parser, struct rule_node *node, char *arg)
{
	char *word;

	while ((word = rule_item(&arg))) {
		int err = bytes_jump_word(parser, node, word);

		if (err == -ENOENT)
			err = bytes_word(parser, node, word);
		if (err)
			return err == -ENOENT ? rule_refuse(parser, "unknown option") : err;
	}
	return bytes_check(parser, node);
}

int keyword_byte_jump(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = rule_add_node(parser, NODE_BYTE_JUMP);
	char *count = rule_item(&arg), *offset = rule_item(&arg);

	if (!node)
		return -EINVAL;
	if (!offset)
		return rule_refuse(parser, "count and offset are needed");
	node->bytes.multiplier = 1;
	if (bytes_count(parser, node, count, 23) || bytes_place(parser, node, offset, &node->bytes.offset))
		return -EINVAL;
	/* Without bytes to read it only moves: from_end, post_offset. */
	if (node->bytes.count.variable < 0 && !node->bytes.count.value)
		node->bytes.base = 10;
	return bytes_jump_words(parser, node, arg);
}

int keyword_byte_extract(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = rule_add_node(parser, NODE_BYTE_EXTRACT);
	char *count = rule_item(&arg), *offset = rule_item(&arg), *name = rule_item(&arg);
	int err;

	if (!node)
		return -EINVAL;
	if (!name)
		return rule_refuse(parser, "count, offset and name are needed");
	node->bytes.multiplier = 1;
	if (bytes_count(parser, node, count, 23) || bytes_place(parser, node, offset, &node->bytes.offset))
		return -EINVAL;
	err = bytes_jump_words(parser, node, arg);
	return err ? err : bytes_variable(parser, name, &node->bytes.result);
}

int keyword_byte_math(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = rule_add_node(parser, NODE_BYTE_MATH);
	const char *name = NULL;
	unsigned int seen = 0;
	char *item;

	if (!node)
		return -EINVAL;
	node->bytes.multiplier = 1;
	while ((item = rule_item(&arg))) {
		char *end = item + strcspn(item, " \t"), *value = end;
		struct node_bytes *bytes = &node->bytes;
		int err = 0;

		if (!*value) {
			err = bytes_word(parser, node, item);
			if (err)
				return err == -ENOENT ? rule_refuse(parser, "unknown option") : err;
			continue;
		}
		*value++ = '\0';
		value = rule_trim(value);
		if (!strcmp(item, "bytes")) {
			err = bytes_count(parser, node, value, 10);
			seen |= 1;
		} else if (!strcmp(item, "offset")) {
			err = bytes_place(parser, node, value, &bytes->offset);
			seen |= 2;
		} else if (!strcmp(item, "oper")) {
			if (bytes_operator(value, true, &bytes->op))
				return rule_refuse(parser, "unknown operator");
			seen |= 4;
		} else if (!strcmp(item, "rvalue")) {
			err = rule_number(parser, value, 0, UINT32_MAX, &bytes->value);
			node->variable |= bytes->value.variable >= 0;
			seen |= 8;
		} else if (!strcmp(item, "result")) {
			name = value;
			seen |= 16;
		} else {
			*end = ' ';
			err = bytes_word(parser, node, item);
		}
		if (err)
			return err == -ENOENT ? rule_refuse(parser, "unknown option") : err;
	}
	if (seen != 31)
		return rule_refuse(parser, "bytes, offset, oper, rvalue and result are needed");
	/* Suricata masks the result, Snort what it read. */
	node->bytes.mask_result = !parser->snort;
	return bytes_check(parser, node) ? -EINVAL : bytes_variable(parser, name, &node->bytes.result);
}
