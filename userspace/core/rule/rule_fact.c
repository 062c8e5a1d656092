// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_fact.c - keywords whose value is compared with what a decoder knows:
 * events, versions and states. The decoder offers it as an inner buffer, the
 * keyword makes a content or expression over it, and the matcher needs nothing new.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/app/app_event.h"
#include "rule_parse.h"
#include "core/app/x509.h"

struct rule_node *rule_fact_node(struct rule_parser *parser, enum buffer_id buffer, enum rule_node_kind kind)
{
	int list = rule_find_list(parser, buffer, false);
	struct rule_node *node = list < 0 ? NULL : rule_add_node(parser, kind);

	if (node)
		node->list = (uint8_t)list;
	parser->last = -1;
	return node;
}

/* The buffer is exactly text. */
static int fact_is(struct rule_parser *parser, enum buffer_id buffer, const char *text, bool negated)
{
	struct rule_node *node = rule_fact_node(parser, buffer, NODE_CONTENT);

	if (!node)
		return -EINVAL;
	node->negated = negated;
	node->content.startswith = node->content.endswith = true;
	node->content.len = (uint16_t)strlen(text);
	node->content.data = arena_copy(parser->context->scratch, text, strlen(text));
	return node->content.data ? 0 : -ENOMEM;
}

static int fact_expression(struct rule_parser *parser, enum buffer_id buffer, const char *expression,
			   bool negated)
{
	struct rule_node *node = rule_fact_node(parser, buffer, NODE_PCRE);

	if (!node)
		return -EINVAL;
	node->negated = negated;
	return rule_compile_pcre(parser, node, expression, 0);
}

/* app-layer-event, decode-event, stream-event: the table of events says what may stand there. */
int keyword_event(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	enum app_event event = app_event_find(keyword->name, arg);
	enum app_event_group group = app_event_group_of(event);
	struct rule *rule = parser->rule;
	struct rule_test *test;

	if (event == EVENT_NONE)
		return rule_refuse(parser, "no event has that name");
	if (!app_event_infos[event].raised)
		return rule_refuse(parser, "nothing here notices that event");
	if (app_event_groups[group].app == APP_UNKNOWN) {
		test = rule_add_test(parser, TEST_EVENT);
		if (!test)
			return -EINVAL;
		test->range.low = event;
		rule->event_packet = true;
		return 0;
	}
	if (rule->app != APP_UNKNOWN && rule->app != app_event_groups[group].app)
		return rule_refuse(parser, "an event of another protocol");
	rule->app = app_event_groups[group].app;
	rule->app_required = true;
	return fact_is(parser, BUFFER_APP_EVENT, app_event_infos[event].name, false);
}

/* "uuid[,[<>=!]version][,any_frag]": calls of that interface, and of such a version of it. */
int keyword_dcerpc_iface(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		char sign;
		uint8_t op;
		bool negated;
	} signs[] = {
		{'<', BYTE_LT, false}, {'>', BYTE_GT, false}, {'=', BYTE_EQ, false}, {'!', BYTE_EQ, true}};
	char *uuid = rule_item(&arg), *option;
	struct rule_node *node;
	uint64_t version;
	int error;

	for (size_t i = 0; i < 36 && uuid && uuid[i]; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		uuid[i] = (char)tolower((unsigned char)uuid[i]);
		if (dash ? uuid[i] != '-' : !isxdigit((unsigned char)uuid[i]))
			return rule_refuse(parser, "not a UUID");
	}
	if (!uuid || strlen(uuid) != 36)
		return rule_refuse(parser, "not a UUID");
	error = fact_is(parser, BUFFER_DCERPC_INTERFACE, uuid, false);
	while (!error && (option = rule_item(&arg))) {
		size_t row = 0;

		if (!strcmp(option, "any_frag")) /* calls are looked at whole */
			continue;
		while (row < ARRAY_LEN(signs) && signs[row].sign != option[0])
			row++;
		if (row == ARRAY_LEN(signs) || rule_unsigned(rule_trim(option + 1), UINT16_MAX, &version))
			return rule_refuse(parser, "not a version with <, >, = or !, nor any_frag");
		node = rule_fact_node(parser, BUFFER_DCERPC_VERSION, NODE_BYTE_TEST);
		if (!node)
			return -EINVAL;
		node->negated = signs[row].negated;
		node->bytes = (struct node_bytes){.count = {2, -1},
						  .offset = {0, -1},
						  .value = {(int64_t)version, -1},
						  .op = signs[row].op,
						  .result = -1};
	}
	return error;
}

/* One of a few words; keyword->value is the buffer that holds it. */
int keyword_ftp_word(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		uint16_t buffer;
		const char *word, *value;
	} rows[] = {
		{BUFFER_FTP_MODE, "active", "active"}, {BUFFER_FTP_MODE, "passive", "passive"},
		{BUFFER_FTP_REPLIED, "yes", "yes"},    {BUFFER_FTP_REPLIED, "on", "yes"},
		{BUFFER_FTP_REPLIED, "true", "yes"},   {BUFFER_FTP_REPLIED, "1", "yes"},
		{BUFFER_FTP_REPLIED, "no", "no"},      {BUFFER_FTP_REPLIED, "off", "no"},
		{BUFFER_FTP_REPLIED, "false", "no"},   {BUFFER_FTP_REPLIED, "0", "no"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].buffer == keyword->value && !strcasecmp(arg, rows[i].word))
			return fact_is(parser, (enum buffer_id)keyword->value, rows[i].value, false);
	return rule_refuse(parser,
			   keyword->value == BUFFER_FTP_MODE ? "not active or passive" : "not yes or no");
}

/* "1,3,5-7": any of these operations. */
int keyword_dcerpc_opnum(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	char expression[4096] = "^(?:", *item;
	size_t n = strlen(expression);
	uint64_t first, last;

	while ((item = rule_item(&arg))) {
		char *dash = strchr(item, '-');

		if (dash)
			*dash = '\0';
		if (rule_unsigned(rule_trim(item), UINT16_MAX, &first) ||
		    rule_unsigned(rule_trim(dash ? dash + 1 : item), UINT16_MAX, &last) || first > last)
			return rule_refuse(parser, "not numbers of operations or ranges of them");
		for (; first <= last; first++) {
			if (n + 16 > sizeof(expression))
				return rule_refuse(parser, "too many operations");
			n += (size_t)snprintf(expression + n, sizeof(expression) - n, "%s%u",
					      expression[n - 1] == ':' ? "" : "|", (unsigned int)first);
		}
	}
	if (expression[n - 1] == ':')
		return rule_refuse(parser, "no operation is named");
	snprintf(expression + n, sizeof(expression) - n, ")$");
	return fact_expression(parser, BUFFER_DCERPC_OPNUM, expression, false);
}

int keyword_ftpdata_command(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const char *const words[] = {"stor", "appe", "stou", "retr", "nlst", "list", "mlsd"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!strcasecmp(arg, words[i]))
			return fact_is(parser, BUFFER_FTP_DATA_COMMAND, words[i], false);
	}
	return rule_refuse(parser, "not a command that opens a data connection");
}

/* keyword->value: an inner buffer that is a number; keyword->max: the greatest there is. */
int keyword_number(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = rule_fact_node(parser, (enum buffer_id)keyword->value, NODE_NUMBER);

	if (!node)
		return -EINVAL;
	return rule_range(arg, keyword->max, &node->size)
		       ? rule_refuse(parser, "not a number or range that the field can have")
		       : 0;
}

/* Names of record types (IANA, DNS parameters) that rules use beside numbers. */
int keyword_dns_rrtype(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *name;
		uint16_t type;
	} rows[] = {{"A", 1},	{"NS", 2},     {"CNAME", 5},   {"SOA", 6},    {"PTR", 12},   {"HINFO", 13},
		    {"MX", 15}, {"TXT", 16},   {"AAAA", 28},   {"SRV", 33},   {"NAPTR", 35}, {"OPT", 41},
		    {"DS", 43}, {"RRSIG", 46}, {"DNSKEY", 48}, {"HTTPS", 65}, {"ANY", 255},  {"NULL", 10}};
	bool negated = *arg == '!';
	char number[16];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcasecmp(rule_trim(arg + negated), rows[i].name))
			continue;
		snprintf(number, sizeof(number), "%s%u", negated ? "!" : "", rows[i].type);
		return keyword_number(parser, keyword, number);
	}
	return keyword_number(parser, keyword, arg);
}

/* "2020", ">2020-01-31", "2019<>2021-06-30T12:00:00": keyword->value is the date's buffer. */
int keyword_tls_date(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = rule_fact_node(parser, (enum buffer_id)keyword->value, NODE_NUMBER);
	char *between = strstr(arg, "<>");
	uint32_t first, second = 0;

	if (!node)
		return -EINVAL;
	node->size.op = between ? RANGE_IN : *arg == '<' ? RANGE_LT : *arg == '>' ? RANGE_GT : RANGE_EQ;
	if (between)
		*between = '\0';
	else if (*arg == '<' || *arg == '>')
		arg++;
	if (x509_seconds(rule_trim(arg), &first) ||
	    (between && x509_seconds(rule_trim(between + 2), &second)) || (between && first >= second))
		return rule_refuse(parser, "not a date, or dates with <, > or <>");
	node->size.low = first;
	node->size.high = second;
	return 0;
}

/* The certificate's dates and the time of the packet; keyword->value 'e' expired, 'v' valid. */
int keyword_tls_validity(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	bool expired = keyword->value == 'e';
	struct rule_node *node = rule_fact_node(parser, BUFFER_TLS_NOT_AFTER, NODE_NUMBER);

	if (!node)
		return -EINVAL;
	node->size.op = expired ? RANGE_BEFORE_NOW : RANGE_NOT_BEFORE_NOW;
	if (expired)
		return 0;
	node = rule_fact_node(parser, BUFFER_TLS_NOT_BEFORE, NODE_NUMBER);
	if (!node)
		return -EINVAL;
	node->size.op = RANGE_NOT_BEHIND_NOW;
	return 0;
}

int keyword_tls_version(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const char *const versions[] = {"1.0", "1.1", "1.2", "1.3"};
	char word[16];
	bool negated = *arg == '!';
	size_t len;

	arg = rule_trim(arg + negated);
	len = strlen(arg);
	if (len > 2 && arg[0] == '"' && arg[len - 1] == '"') {
		arg[len - 1] = '\0';
		arg++;
	}
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		if (!strcmp(arg, versions[i])) {
			snprintf(word, sizeof(word), "tls%s", versions[i]);
			return fact_is(parser, BUFFER_TLS_VERSION, word, negated);
		}
	}
	return rule_refuse(parser, "not 1.0, 1.1, 1.2 or 1.3");
}

/* keyword->value: BUFFER_TLS_VERSION or BUFFER_TLS_STATE. "a,b" or "a|b": any of them; "!a,b" and "!a,!b":
 * none of them. */
int keyword_tls_words(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const char *const versions[] = {"sslv2",	 "sslv3",  "tls1.0", "tls1.1",
					       "tls1.2", "tls1.3", NULL};
	static const char *const states[] = {"client_hello", "server_hello", "client_keyx", "server_keyx",
					     NULL};
	const char *const *words = keyword->value == BUFFER_TLS_VERSION ? versions : states;
	unsigned int count = 0;
	bool negated = *arg == '!';
	char expression[256] = "";
	char *item;

	for (char *bar = strchr(arg, '|'); bar; bar = strchr(bar, '|'))
		*bar = ',';
	while ((item = rule_item(&arg))) {
		size_t i = 0, len = strlen(expression);

		if (*item == '!' && !negated)
			return rule_refuse(parser, "a ! behind words without one");
		if (*item == '!')
			item = rule_trim(item + 1);
		while (words[i] && strcasecmp(item, words[i]))
			i++;
		if (!words[i] || ++count > 6)
			return rule_refuse(parser, "unknown word, or too many");
		snprintf(expression + len, sizeof(expression) - len, "%s\\b\\Q%s\\E(?!\\S)",
			 count > 1 ? "|" : "", words[i]);
	}
	return fact_expression(parser, (enum buffer_id)keyword->value, expression, negated);
}

int keyword_tls_fingerprint(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	bool negated;
	char *text = rule_unquote(arg, &negated);

	if (!text || strlen(text) != 59)
		return rule_refuse(parser, "not a quoted SHA-1 as xx:xx:…");
	for (char *p = text; *p; p++) {
		if (*p >= 'A' && *p <= 'F')
			*p += 'a' - 'A';
		if ((p - text) % 3 == 2 ? *p != ':' : !strchr("0123456789abcdef", *p))
			return rule_refuse(parser, "not a quoted SHA-1 as xx:xx:…");
	}
	return fact_is(parser, BUFFER_TLS_CERT_FINGERPRINT, text, negated);
}

int keyword_ftpbounce(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	return fact_is(parser, BUFFER_FTP_BOUNCE, "bounce", false);
}
