// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_snort.c - Snort 3 rules. Where the languages differ:
 *   http_uri and its kin are sticky; services take the place of ports; options
 *   of a content stand behind its quote; lengths are bufferlen; relative
 *   isdataat wants one byte more; a negated content beyond the end of the
 *   buffer does not match; flowbits join names with &.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rule_snort.h"

#define SERVICES_MAX 32u

/* --- keywords */

/* "http_header: field user-agent": the buffer of that field, where there is one. */
static int snort_http_header(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *field;
		enum buffer_id buffer;
	} fields[] = {
		{"user-agent", BUFFER_HTTP_USER_AGENT},
		{"host", BUFFER_HTTP_HOST_RAW},
		{"referer", BUFFER_HTTP_REFERER},
		{"accept", BUFFER_HTTP_ACCEPT},
		{"accept-encoding", BUFFER_HTTP_ACCEPT_ENC},
		{"accept-language", BUFFER_HTTP_ACCEPT_LANG},
		{"connection", BUFFER_HTTP_CONNECTION},
		{"content-type", BUFFER_HTTP_CONTENT_TYPE},
		{"content-length", BUFFER_HTTP_CONTENT_LEN},
		{"server", BUFFER_HTTP_SERVER},
		{"location", BUFFER_HTTP_LOCATION},
		{"cookie", BUFFER_HTTP_COOKIE},
	};
	struct rule_keyword row = *keyword;

	if (!arg)
		return keyword_buffer(parser, keyword, NULL);
	if (keyword->value != BUFFER_HTTP_HEADER || strncmp(arg, "field", 5) ||
	    !isspace((unsigned char)arg[5]))
		return rule_refuse(parser, "only the whole buffer is offered here");
	arg = rule_trim(arg + 5);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (strcasecmp(arg, fields[i].field))
			continue;
		row.value = (int32_t)fields[i].buffer;
		return keyword_buffer(parser, &row, NULL);
	}
	return rule_refuse(parser, "there is no buffer of that header field");
}

/* pkt_data and raw_data: back to the payload. */
static int snort_payload(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	return keyword_buffer(parser, keyword, NULL);
}

static int snort_service(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *name;
		enum app_proto app;
	} services[] = {
		{"http", APP_HTTP},	  {"ssl", APP_TLS}, {"tls", APP_TLS},		{"dns", APP_DNS},
		{"smtp", APP_SMTP},	  {"ftp", APP_FTP}, {"ftp-data", APP_FTP_DATA}, {"ssh", APP_SSH},
		{"netbios-ssn", APP_SMB}, {"smb", APP_SMB}, {"dcerpc", APP_DCERPC},
	};
	char *item;

	while ((item = rule_item(&arg))) {
		bool known = false;

		if (!*item)
			return rule_refuse(parser, "a name is missing");
		for (size_t i = 0; i < ARRAY_LEN(services) && !known; i++) {
			known = !strcasecmp(item, services[i].name);
			if (known)
				parser->services |= 1ull << services[i].app;
		}
		/* "file" means any service that carries files. */
		parser->services_unknown |= !known && strcasecmp(item, "file") != 0;
	}
	return 0;
}

/* "set,a&b", "isset,a|b", "isset,a&b": one option per name that must hold for itself. */
static int snort_flowbits(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	char *action = rule_item(&arg), *names = rule_item(&arg), one[512];
	int err = 0;

	if (!names) {
		snprintf(one, sizeof(one), "%s", action);
		return keyword_flowbits(parser, keyword, one);
	}
	if (strchr(names, '&') && strchr(names, '|'))
		return rule_refuse(parser, "& and | in one list of names");
	while (names && !err) {
		char *rest = strchr(names, '&');

		if (rest)
			*rest++ = '\0';
		if (snprintf(one, sizeof(one), "%s,%s", action, rule_trim(names)) >= (int)sizeof(one))
			return rule_refuse(parser, "the names are too long");
		err = keyword_flowbits(parser, keyword, one);
		names = rest;
	}
	return err;
}

/* In Snort the place itself must be there, also behind the last match. */
static int snort_isdataat(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	int err = keyword_isdataat(parser, keyword, arg);
	struct rule_node *node;

	if (err)
		return err;
	node = &parser->nodes[parser->node_count - 1];
	node->at.value += node->relative;
	return 0;
}

/* "range[,relative]": length of the current buffer, or of what is left behind the last match. */
static int snort_bufferlen(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	char *range = rule_item(&arg), *word = rule_item(&arg);
	struct rule_node *node = rule_add_node(parser, NODE_SIZE);

	if (!node)
		return -EINVAL;
	if (word && strcmp(word, "relative"))
		return rule_refuse(parser, "only relative may follow");
	node->relative = word != NULL;
	return rule_range(range, UINT32_MAX, &node->size)
		       ? rule_refuse(parser, "not a length or range of lengths")
		       : 0;
}

static int snort_content(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	int err = keyword_content(parser, keyword, arg);
	struct rule_node *node;

	if (err)
		return err;
	node = &parser->nodes[parser->node_count - 1];
	node->content.needs_place = node->negated;
	return 0;
}

#define WORD(word, function, argument_is, text)                                                              \
	{                                                                                                    \
		.name = word, .parse = function, .argument = argument_is, .help = text                       \
	}
#define HTTP(word, buffer, text)                                                                             \
	{                                                                                                    \
		.name = word, .parse = snort_http_header, .argument = ARGUMENT_OPTIONAL,                     \
		.value = BUFFER_##buffer, .help = text                                                       \
	}

static const struct rule_keyword snort_keywords[] = {
	WORD("service", snort_service, ARGUMENT_NEEDED, "name, …: protocols of the flow, in place of ports"),
	{.name = "rem",
	 .parse = keyword_ignored,
	 .argument = ARGUMENT_NEEDED,
	 .flags = KEYWORD_NO_EFFECT,
	 .help = "\"text\": a remark"},
	WORD("content", snort_content, ARGUMENT_NEEDED,
	     "[!]\"bytes\"[, nocase, depth n, …]: the modifiers stand behind the quote"),
	WORD("bufferlen", snort_bufferlen, ARGUMENT_NEEDED,
	     "range[, relative]: length of the current buffer"),
	WORD("isdataat", snort_isdataat, ARGUMENT_NEEDED, "[!]n[, relative]: that byte is (not) there"),
	WORD("flowbits", snort_flowbits, ARGUMENT_NEEDED,
	     "set, unset, isset or isnotset,name&name or name|name: marks on the flow"),
	{.name = "pkt_data",
	 .parse = snort_payload,
	 .value = BUFFER_PAYLOAD,
	 .help = "payload or reassembled stream"},
	{.name = "raw_data",
	 .parse = snort_payload,
	 .value = BUFFER_PAYLOAD,
	 .help = "payload or reassembled stream"},
	HTTP("http_uri", HTTP_URI, "sticky: normalised request target"),
	HTTP("http_raw_uri", HTTP_URI_RAW, "sticky: request target as sent"),
	HTTP("http_method", HTTP_METHOD, "sticky: request method"),
	HTTP("http_header", HTTP_HEADER, "[field name]: sticky: headers, or the value of one"),
	HTTP("http_raw_header", HTTP_HEADER_RAW, "sticky: headers as sent"),
	HTTP("http_cookie", HTTP_COOKIE, "sticky: Cookie or Set-Cookie value"),
	HTTP("http_raw_cookie", HTTP_COOKIE, "sticky: Cookie or Set-Cookie value"),
	HTTP("http_client_body", HTTP_REQUEST_BODY, "sticky: request body"),
	HTTP("http_stat_code", HTTP_STAT_CODE, "sticky: status code"),
	HTTP("http_stat_msg", HTTP_STAT_MSG, "sticky: status text"),
	HTTP("http_version", HTTP_PROTOCOL, "sticky: HTTP version"),
	HTTP("http_raw_request", HTTP_REQUEST_LINE, "sticky: first line of the request"),
	HTTP("http_raw_status", HTTP_RESPONSE_LINE, "sticky: first line of the response"),
};

const struct rule_keyword *snort_keyword_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(snort_keywords); i++) {
		if (!strcmp(snort_keywords[i].name, name))
			return &snort_keywords[i];
	}
	return NULL;
}

const struct rule_keyword *snort_keyword_at(unsigned int index)
{
	return index < ARRAY_LEN(snort_keywords) ? &snort_keywords[index] : NULL;
}

/* --- which language is it? */

static size_t header_words(const char *header)
{
	size_t count = 0;

	while (*header) {
		while (isspace((unsigned char)*header))
			header++;
		count += *header != '\0';
		while (*header && !isspace((unsigned char)*header))
			header++;
	}
	return count;
}

/* Does a comma stand behind the closing quote of value? */
static bool quote_has_comma(const char *value)
{
	value += strspn(value, " \t!");
	if (*value++ != '"')
		return false;
	for (; *value && *value != '"'; value++) {
		if (*value == '\\' && value[1])
			value++;
	}
	if (!*value)
		return false;
	value += 1 + strspn(value + 1, " \t");
	return *value == ',';
}

static size_t option_name(const char *option)
{
	size_t len = strcspn(option, ":;");

	while (len && isspace((unsigned char)option[len - 1]))
		len--;
	return len;
}

static bool option_is(const char *option, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(option, name, len);
}

/* Behind the option: quoted text may hold semicolons. */
static const char *option_end(const char *p)
{
	bool quoted = false;

	for (; *p && (quoted || *p != ';'); p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
	}
	return p;
}

bool snort_recognise(const char *header, const char *options)
{
	/* Words that Suricata does not have. */
	static const char *const own[] = {
		"service",    "rem",	      "bufferlen",	  "raw_data",	     "regex",
		"http_param", "http_version", "http_raw_request", "http_raw_status", "http_raw_cookie",
		"js_data",    "vba_data",     "http_trailer",	  "http_true_ip",    "http_raw_body",
		"file_type",  "appids",
	};
	/* Sticky there, a modifier of the content before in Suricata. */
	static const char *const sticky[] = {"http_uri",	 "http_raw_uri",    "http_method",
					     "http_header",	 "http_raw_header", "http_cookie",
					     "http_client_body", "http_stat_code",  "http_stat_msg"};
	bool content = false;

	if (header_words(header) < 3)
		return true;
	for (const char *p = options; *p; p = option_end(p) + (*option_end(p) == ';')) {
		size_t len;

		while (isspace((unsigned char)*p))
			p++;
		len = option_name(p);
		for (size_t i = 0; i < ARRAY_LEN(own); i++) {
			if (option_is(p, len, own[i]))
				return true;
		}
		if (option_is(p, len, "content") || option_is(p, len, "uricontent")) {
			content = true;
			if (p[len] && quote_has_comma(p + len + 1 + strspn(p + len, " \t")))
				return true;
		}
		for (size_t i = 0; !content && i < ARRAY_LEN(sticky); i++) {
			if (option_is(p, len, sticky[i]))
				return true;
		}
	}
	return false;
}

char *snort_option_next(char **rest)
{
	char *begin = *rest, *end;

	while (isspace((unsigned char)*begin) || *begin == ';')
		begin++;
	if (!*begin)
		return NULL;
	end = (char *)option_end(begin);
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return rule_trim(begin);
}

/* --- header and services */

int snort_parse_header(struct rule_parser *parser, char *text)
{
	char *action = rule_trim(text), *protocol = action + strcspn(action, " \t"), whole[128];
	int err = rule_groups_get(parser->context->groups, GROUP_PORT, "any", 3, &parser->any_port,
				  &parser->why);

	if (err)
		return err;

	if (header_words(action) > 2)
		return rule_parse_header(parser, text);
	if (*protocol)
		*protocol++ = '\0';
	protocol = rule_trim(protocol);
	if (!*action)
		return rule_refuse(parser, "the action is missing");
	if (!*protocol || !strcmp(protocol, "file"))
		protocol = (char *)"ip";
	if (snprintf(whole, sizeof(whole), "%s %s any any -> any any", action, protocol) >=
	    (int)sizeof(whole))
		return rule_refuse(parser, "action or protocol is too long");
	return rule_parse_header(parser, whole);
}

/*
 * One service that is decoded here is the protocol of the rule. Of several, any
 * will do; that is known where transactions are looked at. A known service makes the
 * ports not matter, as it does in Snort; with others among them the ports hold.
 */
int snort_finish(struct rule_parser *parser)
{
	struct rule *rule = parser->rule;
	struct rule_test *test;
	bool tx = false;

	if (!parser->services || parser->services_unknown)
		return 0;
	for (unsigned int i = 0; i < parser->node_count; i++)
		tx |= parser->lists[parser->nodes[i].list].view.buffer != BUFFER_PAYLOAD;
	if (!(parser->services & (parser->services - 1))) {
		uint8_t app = (uint8_t)__builtin_ctzll(parser->services);

		if (rule->app != APP_UNKNOWN && rule->app != app)
			return rule_refuse(parser, "a service that is not the protocol of the rule");
		rule->app = app;
		rule->app_required = true;
	} else if (tx) {
		test = rule_add_test(parser, TEST_APP_ANY);
		if (!test)
			return -EINVAL;
		test->range.low = parser->services;
	} else {
		return 0;
	}
	rule->sport = rule->dport = parser->any_port;
	return 0;
}
