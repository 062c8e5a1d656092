// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_stix.c - STIX 2.1 indicators whose pattern is addresses joined by
 * OR: bundles and TAXII envelopes. A pattern that asks for more than an address
 * (AND, FOLLOWEDBY, a qualifier) is refused: listing the address would widen it.
 */
#include <string.h>

#include "list_import_parts.h"

struct token {
	enum { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_SIGN, TOKEN_BAD } kind;
	struct text text; /* of strings: without quotes */
};

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_' || c == ':' || c == '.';
}

static struct token token_take(struct text *text)
{
	struct token token = {.kind = TOKEN_END};
	size_t len = 1;

	while (text->len && memchr(" \t\r\n", *text->at, 4)) {
		text->at++;
		text->len--;
	}
	if (!text->len)
		return token;
	if (*text->at == '\'') {
		/* Addresses need no escapes: a backslash never belongs to one. */
		const char *end = memchr(text->at + 1, '\'', text->len - 1);

		if (!end)
			return (struct token){.kind = TOKEN_BAD};
		token = (struct token){TOKEN_STRING, {text->at + 1, (size_t)(end - text->at) - 1}};
		if (memchr(token.text.at, '\\', token.text.len))
			token.kind = TOKEN_BAD;
		len = token.text.len + 2;
	} else if (word_char(*text->at)) {
		while (len < text->len && word_char(text->at[len]))
			len++;
		token = (struct token){TOKEN_WORD, {text->at, len}};
	} else {
		token = (struct token){TOKEN_SIGN, {text->at, 1}};
	}
	text->at += len;
	text->len -= len;
	return token;
}

static bool token_is(const struct token *token, const char *word)
{
	return token->kind != TOKEN_STRING && token->kind != TOKEN_BAD && text_is(token->text, word);
}

struct pattern {
	struct list_import *in;
	struct list_entry *entry;
	struct text rest;
	bool v6, subset;
	bool adds; /* second reading: the pattern is good, its addresses are added */
	unsigned int brackets, parentheses;
};

static bool pattern_refuse(struct pattern *p, const char *what, const struct token *token)
{
	import_refuse(p->in, "pattern: %s%.*s", what,
		      token ? (int)(token->text.len < 60 ? token->text.len : 60) : 0,
		      token && token->text.at ? token->text.at : "");
	return false;
}

static int pattern_value(struct pattern *p, const struct token *value)
{
	const char *why = NULL;
	struct prefix prefix;

	if (value->kind != TOKEN_STRING) {
		pattern_refuse(p, "a value that is no plain string", NULL);
	} else if (prefix_parse(value->text.at, value->text.len, &prefix, &why)) {
		import_refuse(p->in, "pattern: '%.*s': %s",
			      (int)(value->text.len < 60 ? value->text.len : 60), value->text.at, why);
	} else if (prefix_is_v4(&prefix) == p->v6) {
		pattern_refuse(p, "an address of the other family: ", value);
	} else if (p->adds) {
		p->entry->prefix = prefix;
		return import_add(p->in, p->entry);
	}
	return 0;
}

/* ('a', 'b') behind IN */
static int pattern_values(struct pattern *p)
{
	struct token token = token_take(&p->rest);
	int err = 0;

	if (!token_is(&token, "("))
		pattern_refuse(p, "IN without a list", NULL);
	while (!err && !*p->in->why) {
		token = token_take(&p->rest);
		err = pattern_value(p, &token);
		if (err || *p->in->why)
			break;
		token = token_take(&p->rest);
		if (token_is(&token, ")"))
			break;
		if (!token_is(&token, ","))
			pattern_refuse(p, "a list that does not end", NULL);
	}
	return err;
}

/* path operator value; path is read. */
static int pattern_comparison(struct pattern *p, const struct token *path)
{
	struct token operator= token_take(&p->rest), value;

	p->v6 = token_is(path, "ipv6-addr:value");
	if (!p->v6 && !token_is(path, "ipv4-addr:value")) {
		pattern_refuse(p, "asks for more than addresses: ", path);
		return 0;
	}
	if (token_is(&operator, "IN"))
		return pattern_values(p);
	if (!token_is(&operator, "=") && !token_is(&operator, "ISSUBSET")) {
		pattern_refuse(p, "an operator that is not = IN ISSUBSET: ", &operator);
		return 0;
	}
	value = token_take(&p->rest);
	return pattern_value(p, &value);
}

/* '(' and '[' before a comparison, their ends behind it: with nothing but OR they change nothing, but must
 * match. */
static bool pattern_nests(struct pattern *p, const struct token *token)
{
	if (token_is(token, "[") && !p->brackets)
		p->brackets++;
	else if (token_is(token, "(") && p->parentheses < 64)
		p->parentheses++;
	else
		return false;
	return true;
}

static bool pattern_unnests(struct pattern *p, const struct token *token)
{
	if (token_is(token, "]") && p->brackets)
		p->brackets--;
	else if (token_is(token, ")") && p->parentheses)
		p->parentheses--;
	else
		return false;
	return true;
}

static int pattern_read(struct pattern *p, struct text pattern)
{
	struct token token;
	int err;

	p->rest = pattern;
	p->brackets = p->parentheses = 0;
	do {
		token = token_take(&p->rest);
		while (pattern_nests(p, &token))
			token = token_take(&p->rest);
		if (token.kind != TOKEN_WORD || !p->brackets) {
			pattern_refuse(p, "not a comparison: ", &token);
			return 0;
		}
		err = pattern_comparison(p, &token);
		if (err || (*p->in->why && !p->adds))
			return err;
		token = token_take(&p->rest);
		while (pattern_unnests(p, &token))
			token = token_take(&p->rest);
	} while (token_is(&token, "OR"));
	if (token.kind != TOKEN_END)
		pattern_refuse(p, "narrowed by what a list of addresses cannot say: ", &token);
	else if (p->brackets || p->parentheses)
		pattern_refuse(p, "a bracket that does not end", NULL);
	return 0;
}

static void indicator_times(struct list_import *in, struct list_entry *entry, const json_t *object)
{
	struct text from = json_text(object, "valid_from"), until = json_text(object, "valid_until");

	if (from.len && !time_iso(from, &entry->created))
		import_refuse(in, "valid_from is not a time");
	if (until.len && !time_iso(until, &entry->expires))
		import_refuse(in, "valid_until is not a time");
}

static int indicator_row(struct list_import *in, const struct json_element *element, void *arg)
{
	struct text pattern = json_text(element->object, "pattern"),
		    type = json_text(element->object, "pattern_type"),
		    name = json_text(element->object, "name");
	struct pattern p = {.in = in};
	int err = 0;

	if (!text_is(json_text(element->object, "type"), "indicator"))
		return 0; /* identities, reports, relations: no rows of a list */
	p.entry = import_row(in, element->line, pattern.len ? pattern : element->text);
	import_reason(in, "", name.len ? name : json_text(element->object, "description"));
	if (type.len && !text_is(type, "stix"))
		import_refuse(in, "pattern_type \"%.*s\" is not stix", (int)(type.len < 40 ? type.len : 40),
			      type.at);
	if (json_is_true(json_object_get(element->object, "revoked")))
		import_refuse(in, "it is revoked");
	indicator_times(in, p.entry, element->object);
	/* Read twice: nothing of a pattern that turns out to be narrower is added. */
	if (!*in->why)
		err = pattern_read(&p, pattern);
	if (!err && !*in->why) {
		p.adds = true;
		err = pattern_read(&p, pattern);
	}
	if (!err)
		import_end(in);
	return err;
}

static int stix_parse(struct list_import *in)
{
	static const char *const arrays[] = {"objects", NULL};
	const struct json_reader reader = {.arrays = arrays, .element = indicator_row};

	return import_json(in, &reader);
}

static enum list_sniff stix_sniff(struct text head)
{
	return json_has(head, "objects") && (json_has(head, "spec_version") || json_has(head, "bundle"))
		       ? SNIFF_YES
		       : SNIFF_NO;
}

const struct list_format list_format_stix = {
	.help = "STIX 2.1 indicators on addresses: =, IN, ISSUBSET, joined by OR",
	.sniff = stix_sniff,
	.parse = stix_parse,
};
