// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_word.c - the words of rule options: quoting, lists, numbers, ranges,
 * names; and the tables that parsed parts are added to.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "rule_parse.h"

#define NAME_BUCKETS 2048u
#define NAMES_MAX    65536u

struct rule_name {
	struct rule_name *next;
	uint32_t number;
	uint8_t kind;
	uint16_t len;
	char text[];
};
struct rule_names {
	struct rule_name *buckets[NAME_BUCKETS];
	uint32_t count[STATE_XBIT + 1];
};

struct rule_names *rule_names_new(void)
{
	return calloc(1, sizeof(struct rule_names));
}

void rule_names_free(struct rule_names *names)
{
	for (uint32_t i = 0; names && i < NAME_BUCKETS; i++) {
		while (names->buckets[i]) {
			struct rule_name *name = names->buckets[i];

			names->buckets[i] = name->next;
			free(name);
		}
	}
	free(names);
}

int rule_names_get(struct rule_names *names, enum rule_state_kind kind, const char *text, size_t len,
		   uint32_t *number)
{
	uint32_t hash = 2166136261u ^ (uint32_t)kind;
	struct rule_name *name;

	if (!len || len > 255)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	for (name = names->buckets[hash % NAME_BUCKETS]; name; name = name->next) {
		if (name->kind == kind && name->len == len && !memcmp(name->text, text, len)) {
			*number = name->number;
			return 0;
		}
	}
	if (names->count[kind] == NAMES_MAX)
		return -EINVAL;
	name = malloc(sizeof(*name) + len);
	if (!name)
		return -ENOMEM;
	*name = (struct rule_name){names->buckets[hash % NAME_BUCKETS], names->count[kind]++, (uint8_t)kind,
				   (uint16_t)len};
	memcpy(name->text, text, len);
	names->buckets[hash % NAME_BUCKETS] = name;
	*number = name->number;
	return 0;
}

uint32_t rule_names_count(const struct rule_names *names, enum rule_state_kind kind)
{
	return names->count[kind];
}

int rule_refuse(struct rule_parser *parser, const char *why)
{
	parser->why = why;
	return -EINVAL;
}

struct rule_node *rule_add_node(struct rule_parser *parser, enum rule_node_kind kind)
{
	struct rule_node *node;

	if (parser->address) {
		parser->why = "only dataset and datarep look at an address";
		return NULL;
	}
	if (parser->node_count == RULE_NODES_MAX) {
		parser->why = "too many contents and tests in one rule";
		return NULL;
	}
	node = &parser->nodes[parser->node_count++];
	*node = (struct rule_node){.kind = (uint8_t)kind, .list = (uint8_t)parser->list};
	parser->list_fresh = false;
	return node;
}

void rule_follow(struct rule_parser *parser, struct rule_node *node)
{
	ptrdiff_t i = node - parser->nodes;

	if (!parser->sticky && i > 0)
		node->list = parser->nodes[i - 1].list;
}

struct rule_test *rule_add_test(struct rule_parser *parser, enum rule_test_kind kind)
{
	struct rule_test *test;

	if (parser->test_count == RULE_TESTS_MAX) {
		parser->why = "too many header tests in one rule";
		return NULL;
	}
	test = &parser->tests[parser->test_count++];
	*test = (struct rule_test){.kind = (uint8_t)kind};
	return test;
}

struct rule_state *rule_add_state(struct rule_parser *parser)
{
	if (parser->state_count == RULE_STATES_MAX) {
		parser->why = "too many flowbits, flowint and xbits in one rule";
		return NULL;
	}
	parser->states[parser->state_count] = (struct rule_state){0};
	return &parser->states[parser->state_count++];
}

int rule_find_list(struct rule_parser *parser, enum buffer_id buffer, bool fresh)
{
	/* A buffer with many instances gets a list of its own each time: the instances may differ. */
	bool many = buffer_infos[buffer].many == 'M';

	for (unsigned int i = 0; i < parser->list_count && !(many && fresh); i++) {
		if (parser->lists[i].view.buffer == buffer && !parser->lists[i].view.transform_count)
			return (int)i;
	}
	if (parser->list_count == RULE_LISTS_MAX) {
		parser->why = "too many buffers in one rule";
		return -1;
	}
	parser->lists[parser->list_count] = (struct rule_list){
		.view = {.buffer = (uint8_t)buffer},
		.direction = buffer_infos[buffer].dir == 'S'   ? TO_SERVER
			     : buffer_infos[buffer].dir == 'C' ? TO_CLIENT
							       : LIST_ANY_DIRECTION,
	};
	return (int)parser->list_count++;
}

void rule_stick_to(struct rule_parser *parser, int list)
{
	parser->list = list;
	parser->list_fresh = parser->sticky = true;
	parser->address = 0;
	parser->last = -1;
}

char *rule_trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	for (len = strlen(text); len && isspace((unsigned char)text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

char *rule_unquote(char *arg, bool *negated)
{
	size_t len;

	*negated = false;
	arg = rule_trim(arg);
	if (*arg == '!') {
		*negated = true;
		arg = rule_trim(arg + 1);
	}
	len = strlen(arg);
	if (len < 2 || arg[0] != '"' || arg[len - 1] != '"')
		return NULL;
	arg[len - 1] = '\0';
	return arg + 1;
}

char *rule_item(char **rest)
{
	char *item = *rest, *comma;

	if (!item)
		return NULL;
	comma = strchr(item, ',');
	if (comma)
		*comma++ = '\0';
	*rest = comma;
	return rule_trim(item);
}

int rule_unsigned(const char *text, uint64_t max, uint64_t *out)
{
	char *end;
	unsigned long long value;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
	if (errno || *end || value > max)
		return -EINVAL;
	*out = value;
	return 0;
}

int rule_number(struct rule_parser *parser, const char *text, int64_t min, int64_t max,
		struct rule_number *out)
{
	bool minus = *text == '-';
	uint64_t value;

	if (isalpha((unsigned char)*text) || *text == '_') {
		for (unsigned int i = 0; i < parser->variable_count; i++) {
			if (!strcmp(parser->variables[i], text)) {
				*out = (struct rule_number){.variable = (int8_t)i};
				return 0;
			}
		}
		return rule_refuse(parser, "a variable that no byte_extract or byte_math made before");
	}
	if (rule_unsigned(text + minus, INT64_MAX, &value) ||
	    (minus ? -(int64_t)value : (int64_t)value) < min ||
	    (minus ? -(int64_t)value : (int64_t)value) > max)
		return rule_refuse(parser, "not a number in the allowed range");
	*out = (struct rule_number){.value = minus ? -(int64_t)value : (int64_t)value, .variable = -1};
	return 0;
}

int rule_range(const char *text, uint64_t max, struct rule_range *out)
{
	static const struct {
		const char *sign;
		uint8_t op;
	} signs[] = {{"<=", RANGE_LE}, {">=", RANGE_GE}, {"<", RANGE_LT}, {">", RANGE_GT},
		     {"!=", RANGE_NE}, {"!", RANGE_NE},	 {"=", RANGE_EQ}};
	char copy[64], *middle, *low;
	size_t len = strlen(text);
	uint64_t first, second;

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len + 1);
	low = rule_trim(copy);
	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		size_t sign = strlen(signs[i].sign);

		if (strncmp(low, signs[i].sign, sign))
			continue;
		if (rule_unsigned(rule_trim(low + sign), max, &first))
			return -EINVAL;
		*out = (struct rule_range){signs[i].op, first, 0};
		return 0;
	}
	middle = strstr(low, "<=>");
	if (middle) {
		*middle = '\0';
		if (rule_unsigned(rule_trim(low), max, &first) ||
		    rule_unsigned(rule_trim(middle + 3), max, &second) || first > second)
			return -EINVAL;
		*out = (struct rule_range){RANGE_WITHIN, first, second};
		return 0;
	}
	middle = strstr(low, "<>");
	if (!middle)
		middle = strchr(low, '-');
	if (!middle) {
		if (rule_unsigned(low, max, &first))
			return -EINVAL;
		*out = (struct rule_range){RANGE_EQ, first, 0};
		return 0;
	}
	second = *middle == '<' ? 2 : 1;
	*middle = '\0';
	if (rule_unsigned(rule_trim(low), max, &first) ||
	    rule_unsigned(rule_trim(middle + second), max, &second) || first >= second)
		return -EINVAL;
	*out = (struct rule_range){RANGE_IN, first, second};
	return 0;
}
