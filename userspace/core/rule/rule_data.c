// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_data.c - keywords about values that lie beside the rules: dataset,
 * datarep, iprep.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dataset.h"
#include "lib/digest.h"
#include "reputation.h"
#include "rule_parse.h"

/* keyword->value: 's' or 'd'. What follows asks about an address; only sets and scores of values do. */
int keyword_address(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	parser->address = (char)keyword->value;
	parser->list_fresh = false;
	parser->last = -1;
	return 0;
}

struct data_options {
	const char *name, *load;
	enum dataset_type type;
	bool typed, subdomain;
	uint64_t memory;
	struct dataset_source source;
};

/* The options that tell how a file of JSON holds its values. context_key names what alerts would repeat of
 * it, remove_key what of that they would not: here they repeat nothing. */
static int data_json_option(struct rule_parser *parser, const char *name, const char *value,
			    struct dataset_source *out)
{
	static const char *const formats[] = {
		[DATASET_LINES] = "csv", [DATASET_JSON] = "json", [DATASET_NDJSON] = "ndjson"};

	if (!strcmp(name, "value_key"))
		out->value_key = value;
	else if (!strcmp(name, "array_key"))
		out->array_key = value;
	else if (strcmp(name, "context_key") && strcmp(name, "format"))
		return rule_refuse(parser, "unknown option");
	if (strcmp(name, "format"))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (formats[i] && !strcmp(value, formats[i])) {
			out->format = (enum dataset_format)i;
			return 0;
		}
	}
	return rule_refuse(parser, "the format is not csv, json or ndjson");
}

static int data_memory(struct rule_parser *parser, const char *text, uint64_t *out)
{
	static const char units[] = "bkmg";
	char digits[32];
	size_t len = strlen(text);
	const char *unit;

	/* "10mb", "10m" and "10485760" are the same. */
	if (len > 2 && (text[len - 1] | 32) == 'b' && strchr(units + 1, text[len - 2] | 32))
		len--;
	unit = len ? strchr(units, text[len - 1] | 32) : NULL;
	if (unit)
		len--;
	if (!len || len >= sizeof(digits))
		return rule_refuse(parser, "memcap is not a number of bytes");
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (rule_unsigned(digits, DATASET_MEMORY_MAX, out))
		return rule_refuse(parser, "memcap is not a number of bytes up to 1g");
	*out <<= unit ? 10 * (unit - units) : 0;
	if (!*out || *out > DATASET_MEMORY_MAX)
		return rule_refuse(parser, "memcap is not a number of bytes up to 1g");
	return 0;
}

/* "type string, load FILE, memcap n, …" behind the name. */
static int data_options(struct rule_parser *parser, char *arg, struct data_options *out)
{
	char *item;

	while ((item = rule_item(&arg))) {
		char *value = item + strcspn(item, " \t");
		uint64_t number;

		if (*value)
			*value++ = '\0';
		value = rule_trim(value);
		if (!strcmp(item, "remove_key"))
			continue;
		if (!*value)
			return rule_refuse(parser, "an option has no value");
		if (!strcmp(item, "type")) {
			if (dataset_type_parse(value, &out->type))
				return rule_refuse(parser,
						   "the type is not string, md5, sha256, ipv4, ipv6 or ip");
			out->typed = true;
		} else if (!strcmp(item, "load") || !strcmp(item, "state")) {
			/* What a rule adds lasts as long as the set; a state file is read, not written. */
			if (out->load)
				return rule_refuse(parser, "more than one file");
			out->load = value;
		} else if (!strcmp(item, "match")) {
			if (strcmp(value, "subdomain"))
				return rule_refuse(parser, "only match subdomain is known");
			out->subdomain = true;
		} else if (!strcmp(item, "save")) {
			/* Nothing is written, by whatever word. */
		} else if (!strcmp(item, "memcap")) {
			if (data_memory(parser, value, &out->memory))
				return -EINVAL;
		} else if (!strcmp(item, "hashsize")) {
			if (rule_unsigned(value, UINT32_MAX, &number))
				return rule_refuse(parser, "hashsize is not a number");
		} else if (data_json_option(parser, item, value, &out->source)) {
			return -EINVAL;
		}
	}
	if (!out->typed)
		return rule_refuse(parser, "the type is missing");
	if (out->source.format >= DATASET_JSON && !out->source.value_key)
		return rule_refuse(parser, "JSON needs a value_key");
	if (out->subdomain && out->type != DATASET_STRING)
		return rule_refuse(parser, "match subdomain is about strings");
	return 0;
}

static int data_set(struct rule_parser *parser, const struct data_options *options, struct dataset **out)
{
	const struct rule_context *context = parser->context;
	bool fresh;
	int err = dataset_define(context->datasets, options->name, options->type, options->memory, out,
				 &fresh, &parser->why);

	if (err || !options->load || !fresh)
		return err;
	err = context->load(context, options->load, *out, &options->source);
	switch (err) {
	case -EINVAL: /* lines were refused one by one */
		return 0;
	case -ENOSPC:
		return rule_refuse(parser, "the file does not fit into the memory of the set");
	case -ENOENT:
		return rule_refuse(parser, "the file of the set cannot be read");
	}
	return err;
}

int rule_load_digests(struct rule_parser *parser, const char *path, int type, struct dataset **out)
{
	struct data_options options = {.load = path, .type = (enum dataset_type)type, .typed = true};
	char name[DATASET_NAME_MAX], digits[3 * DIGEST_BYTES_MAX + 1];
	uint8_t digest[DIGEST_BYTES_MAX];

	/* A name of its own for each file and kind, as short as names of sets must be. */
	digest_of(DIGEST_SHA1, (struct span){(const uint8_t *)path, (uint32_t)strlen(path)}, digest);
	digest_text(digest, digest_bytes(DIGEST_SHA1), '\0', digits);
	snprintf(name, sizeof(name), "file %d %.40s", type, digits);
	options.name = name;
	return data_set(parser, &options, out);
}

/* The node, or for an address the test, that asks set. Both return what to fill in. */
static struct data_question *data_question(struct rule_parser *parser)
{
	struct rule_node *node;
	struct rule_test *test;

	if (parser->address) {
		test = rule_add_test(parser, TEST_DATASET);
		if (!test)
			return NULL;
		test->mode = parser->address;
		return &test->data;
	}
	if (!parser->list) {
		parser->why = "there is no sticky buffer before it";
		return NULL;
	}
	node = rule_add_node(parser, NODE_DATASET);
	return node ? &node->data : NULL;
}

int keyword_dataset(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *word;
		uint8_t action;
	} actions[] = {{"isset", STATE_ISSET},
		       {"isnotset", STATE_ISNOTSET},
		       {"set", STATE_SET},
		       {"unset", STATE_UNSET}};
	char *action = rule_item(&arg), *name = rule_item(&arg);
	struct data_options options = {.name = name};
	struct data_question *question;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_LEN(actions) && strcmp(action, actions[i].word); i++)
		;
	if (i == ARRAY_LEN(actions))
		return rule_refuse(parser, "not isset, isnotset, set or unset");
	if (!name)
		return rule_refuse(parser, "the name is missing");
	err = data_options(parser, arg, &options);
	question = err ? NULL : data_question(parser);
	if (!question)
		return err ? err : -EINVAL;
	question->action = actions[i].action;
	question->subdomain = options.subdomain;
	if (options.subdomain && question->action != STATE_ISSET && question->action != STATE_ISNOTSET)
		return rule_refuse(parser, "match subdomain goes with isset and isnotset");
	err = data_set(parser, &options, &question->set);
	if (!err && (question->action == STATE_SET || question->action == STATE_UNSET)) {
		dataset_will_change(question->set);
		parser->rule->changes_data = true;
	}
	return err;
}

static int data_comparison(struct rule_parser *parser, const char *sign, const char *value, uint64_t max,
			   struct rule_range *out)
{
	char text[64];

	if (!sign || !value || !*sign || strspn(sign, "<>=") != strlen(sign) ||
	    snprintf(text, sizeof(text), "%s%s", strcmp(sign, "==") ? sign : "=", value) >=
		    (int)sizeof(text) ||
	    rule_range(text, max, out))
		return rule_refuse(parser, "not an operator <, >, =, <=, >= and a number");
	return 0;
}

int keyword_datarep(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	char *name = rule_item(&arg), *sign = rule_item(&arg), *value = rule_item(&arg);
	struct data_options options = {.name = name};
	struct data_question *question;
	struct rule_range range;
	int err = data_comparison(parser, sign, value, UINT16_MAX, &range);

	if (!err)
		err = data_options(parser, arg, &options);
	if (!err && !options.load)
		err = rule_refuse(parser, "the file is missing");
	if (!err && (options.source.format != DATASET_LINES || options.subdomain))
		err = rule_refuse(parser, "scores stand in lines of value,score");
	options.source.format = DATASET_SCORES;
	question = err ? NULL : data_question(parser);
	if (!question)
		return err ? err : -EINVAL;
	question->action = STATE_COMPARE;
	question->range = range;
	return data_set(parser, &options, &question->set);
}

int keyword_iprep(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *word;
		char side;
	} sides[] = {{"any", 'a'}, {"src", 's'}, {"dst", 'd'}, {"both", 'b'}};
	struct rule_test *test = rule_add_test(parser, TEST_IPREP);
	char *side = rule_item(&arg), *category = rule_item(&arg), *sign = rule_item(&arg),
	     *value = rule_item(&arg);

	if (!test)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		if (!strcmp(side, sides[i].word))
			test->mode = sides[i].side;
	}
	if (!test->mode)
		return rule_refuse(parser, "the side is not any, src, dst or both");
	if (!category || !sign || arg)
		return rule_refuse(parser, "side, category and operator are needed");
	test->ignored = reputation_category(parser->context->reputation, category);
	if (!test->ignored)
		return rule_refuse(parser, "no category of that name was read (reputation-categories)");
	if (!strcmp(sign, "isset") || !strcmp(sign, "isnotset")) {
		test->negated = !strcmp(sign, "isnotset");
		test->range = (struct rule_range){RANGE_GE, 0, 0};
		return value ? rule_refuse(parser, "a value where none belongs") : 0;
	}
	return data_comparison(parser, sign, value, REPUTATION_SCORE_MAX, &test->range);
}
