// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_parse.c - one rule from text: header, options in order, then
 * rule_finish.c judges whether the parts fit together.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "rule_finish.h"
#include "rule_parse.h"
#include "rule_snort.h"

static void parser_init(struct rule_parser *parser, const struct rule_context *context)
{
	/* The big arrays stay as they are: their counts say what of them is valid. */
	parser->context = context;
	parser->why = NULL;
	parser->node_count = parser->variable_count = parser->test_count = parser->state_count = 0;
	parser->metadata_count = parser->reference_count = 0;
	memset(parser->lists, 0, sizeof(parser->lists));
	parser->lists[0].view.buffer = BUFFER_PAYLOAD;
	parser->lists[0].direction = LIST_ANY_DIRECTION;
	parser->list_count = 1;
	parser->list = 0;
	parser->list_fresh = parser->sticky = false;
	parser->last = -1;
	parser->address = 0;
	parser->snort = parser->services_unknown = false;
	parser->services = 0;
	parser->sid_seen = parser->msg_seen = parser->priority_seen = false;
}

static void refusal_set(struct rule_refusal *refusal, const char *keyword, const char *why)
{
	snprintf(refusal->keyword, sizeof(refusal->keyword), "%s", keyword);
	snprintf(refusal->why, sizeof(refusal->why), "%s", why);
}

/* The option that begins at *rest, NUL-terminated; *rest moves behind its semicolon. NULL: none left. */
static char *option_next(char **rest)
{
	char *p = *rest, *begin;

	while (isspace((unsigned char)*p) || *p == ';')
		p++;
	if (!*p)
		return NULL;
	begin = p;
	while (*p && *p != ';') {
		if (*p == '\\' && p[1])
			p++;
		p++;
	}
	if (*p)
		*p++ = '\0';
	*rest = p;
	return rule_trim(begin);
}

static int option_parse(struct rule_parser *parser, char *option, struct rule_refusal *refusal)
{
	char *arg = strchr(option, ':');
	const struct rule_keyword *row;
	int err;

	if (arg) {
		*arg++ = '\0';
		arg = rule_trim(arg);
	}
	option = rule_trim(option);
	row = parser->snort ? snort_keyword_find(option) : NULL;
	if (!row)
		row = rule_keyword_find(option);
	if (!row) {
		refusal_set(refusal, *option ? option : "option",
			    *option ? "unknown keyword" : "has no name");
		return -EINVAL;
	}
	parser->why = "is not valid";
	if (arg && !*arg)
		arg = NULL;
	if (row->argument == ARGUMENT_NEEDED && !arg)
		err = rule_refuse(parser, "needs a value");
	else if (row->argument == ARGUMENT_NONE && arg)
		err = rule_refuse(parser, "takes no value");
	else
		err = row->parse(parser, row, arg);
	if (err)
		refusal_set(refusal, row->name, err == -ENOMEM ? "out of memory" : parser->why);
	else if (row->flags & KEYWORD_PACKET)
		parser->rule->needs_packet = true;
	return err;
}

static void parser_release(struct rule_parser *parser)
{
	for (unsigned int i = 0; i < parser->node_count; i++) {
		if (parser->nodes[i].kind == NODE_PCRE)
			pcre2_code_free(parser->nodes[i].pcre.code);
	}
}

static int options_parse(struct rule_parser *parser, char *options, struct rule_refusal *refusal)
{
	char *option;
	int err = 0;

	while (!err && (option = parser->snort ? snort_option_next(&options) : option_next(&options)))
		err = option_parse(parser, option, refusal);
	refusal->sid = parser->rule->info.sid;
	if (err)
		return err;
	if (!parser->rule->info.sid) {
		refusal_set(refusal, "sid", "is missing");
		return -EINVAL;
	}
	err = snort_finish(parser);
	if (!err)
		err = rule_finish(parser);
	if (err)
		refusal_set(refusal, "rule", err == -ENOMEM ? "out of memory" : parser->why);
	return err;
}

/* Finds the sid of a rule whose parsing ended before it. */
static uint32_t rule_guess_sid(const char *text)
{
	const char *at = strstr(text, "sid:");
	uint64_t value = 0;

	for (; at; at = strstr(at + 4, "sid:")) {
		if (at == text || !strchr("; (", at[-1]))
			continue;
		for (at += 4; *at == ' '; at++)
			;
		for (; isdigit((unsigned char)*at) && value < UINT32_MAX; at++)
			value = value * 10 + (uint64_t)(*at - '0');
		return value <= UINT32_MAX ? (uint32_t)value : 0;
	}
	return 0;
}

int rule_parse(const struct rule_context *context, const char *text, size_t len, struct rule **out,
	       struct rule_refusal *refusal)
{
	AUTO_FREE struct rule_parser *parser = malloc(sizeof(*parser));
	AUTO_FREE char *copy = NULL;
	struct rule rule = {.info = {.gid = 1, .priority = 3, .msg = "", .category = ""}, .fast_list = -1};
	struct arena_mark mark, scratch = arena_mark(context->scratch);
	char *open, *close;
	int err;

	*refusal = (struct rule_refusal){0};
	if (len > RULE_TEXT_MAX || memchr(text, '\0', len)) {
		refusal_set(refusal, "rule", len > RULE_TEXT_MAX ? "is too long" : "holds a NUL byte");
		return -EINVAL;
	}
	copy = malloc(len + 1);
	if (!parser || !copy)
		return -ENOMEM;
	memcpy(copy, text, len);
	copy[len] = '\0';
	refusal->sid = rule_guess_sid(copy);
	open = strchr(copy, '(');
	close = strrchr(copy, ')');
	if (!open || !close || close < open || *rule_trim(close + 1)) {
		refusal_set(refusal, "rule", "the options are not in parentheses");
		return -EINVAL;
	}
	*open = *close = '\0';
	parser_init(parser, context);
	parser->rule = &rule;
	/* Groups are shared by rules and stay, so the header comes before the mark. */
	parser->snort = snort_recognise(copy, open + 1);
	err = parser->snort ? snort_parse_header(parser, copy) : rule_parse_header(parser, copy);
	if (err) {
		refusal_set(refusal, "header",
			    err == -ENOMEM ? "out of memory"
			    : parser->why  ? parser->why
					   : "is not valid");
		return err;
	}
	mark = arena_mark(context->arena);
	err = options_parse(parser, open + 1, refusal);
	if (!err) {
		rule.info.header = text_pool_get(context->texts, text, (size_t)(open - copy));
		*out = arena_copy(context->arena, &rule, sizeof(rule));
		err = rule.info.header && *out ? 0 : -ENOMEM;
	}
	if (err) {
		parser_release(parser);
		arena_rewind(context->arena, mark);
	}
	arena_rewind(context->scratch, scratch);
	return err;
}

static void list_clear(struct rule_list *list)
{
	for (unsigned int i = 0; i < list->node_count; i++) {
		if (list->nodes[i].kind == NODE_PCRE)
			pcre2_code_free(list->nodes[i].pcre.code);
	}
}

void rule_clear(struct rule *rule)
{
	for (unsigned int i = 0; i < rule->list_count; i++)
		list_clear(&rule->lists[i]);
	for (unsigned int i = 0; i < rule->header_count; i++)
		list_clear(&rule->headers[i]);
	if (rule->decoded)
		list_clear(rule->decoded);
}
